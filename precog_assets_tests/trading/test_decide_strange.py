"""Deciding on what nobody would send: a named refusal each time, no exception, no limit exceeded by a hundredth."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.config import load_fees
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import (
    Action,
    Book,
    Decision,
    ExposureFacts,
    ForecastFacts,
    GameFacts,
    Level,
    LinkFacts,
    MarketFacts,
    PriceFacts,
    QuoteFacts,
    Rung,
    SkillFacts,
    Snapshot,
)
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.pricing.value import maker_value, taker_value
from precog_assets.trading.decide import Decider, decide
from precog_assets.trading.gates import GATES, SIZE
from precog_assets_tests.trading.builders import AS_OF, START, book, change, limits, snapshot, strategy

LATER = AS_OF + timedelta(minutes=3)
OPEN = strategy(gates={"min_price": "0", "max_price": "1", "min_depth_contracts": "0", "max_spread": "1"})


def gate(decision: Decision, name: str) -> Any:
    return next(one for one in decision.gates if one.name == name)


@pytest.mark.parametrize(
    ("quoted", "name", "detail"),
    [
        (Book(), "spread", "empty book"),
        (book(no=()), "spread", "one-sided book"),
        (book(yes=()), "spread", "one-sided book"),
        (book(yes=(("0.55", "9"),)), "spread", "crossed book"),
        (book(yes=(("0.50", "9"),)), "spread", "locked book"),
        (book(yes=(("NaN", "9"),)), "spread", "a price is no number"),
        (book(yes=(("sNaN", "9"),)), "spread", "a price is no number"),
        (book(yes=(("1E+400", "9"),)), "spread", "a price is no number"),
        (book(no=(("0.50", "NaN"),)), "depth", "a count is no number"),
    ],
)
def test_a_book_that_cannot_be_traded_is_refused_in_words(quoted: Book, name: str, detail: str) -> None:
    found = decide(snapshot(quote={"book": quoted}), strategy(), limits())
    assert (found.action, gate(found, name).passed, gate(found, name).detail) == (Action.PASS, False, detail)
    assert found.reason == name


@pytest.mark.parametrize(("yes", "no"), [("0", "0.999"), ("0.001", "1"), ("0", "1"), ("0.5", "0"), ("1", "0")])
def test_prices_0_and_1_are_never_paid_whatever_the_strategy_allows(yes: str, no: str) -> None:
    quoted = book(yes=((yes, "500"),), no=((no, "500"),))
    for p_trading in (0.0005, 0.5, 0.9995):
        found = decide(snapshot(quote={"book": quoted}, price={"p_trading": p_trading}), OPEN, limits())
        assert found.limit_price is None or 0 < found.limit_price < 1


def test_a_closed_market_that_still_quotes_is_not_traded() -> None:
    quoting = snapshot(market={"status": "finalized"})
    assert decide(quoting, strategy(), limits()).reason == "market_open"
    past = decide(snapshot(market={"close_time": AS_OF}), strategy(), limits())
    assert past.reason == "market_open"
    assert "closes" in gate(past, "market_open").detail


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"quote": {"observed_at": LATER, "confirmed_at": LATER}}, "quote_age"),
        ({"quote": {"confirmed_at": LATER}}, "quote_age"),
        ({"game": {"observed_at": LATER}}, "game_state_age"),
        ({"forecast": {"as_of": LATER}}, "rated"),
        ({"forecast": {"rated_at": LATER}}, "rating_age"),
    ],
)
def test_what_was_known_only_later_is_refused_as_from_the_future(changes: dict[str, Any], name: str) -> None:
    found = decide(snapshot(**changes), strategy(), limits())
    assert found.reason == name
    assert gate(found, name).detail.endswith("from the future by 180 s")


@pytest.mark.parametrize("believed", [math.nan, math.inf, -0.1, 1.1])
def test_a_probability_that_is_none_has_no_value(believed: float) -> None:
    found = decide(snapshot(price={"p_trading": believed}), strategy(), limits())
    assert found.reason == "min_net_value"
    assert "no probability" in gate(found, "min_net_value").detail


def test_a_market_of_a_venue_without_known_fees_is_refused_and_never_free() -> None:
    found = decide(snapshot(market={"venue": "elsewhere"}), strategy(), limits())
    assert found.reason == "min_net_value"
    assert "elsewhere" in gate(found, "min_net_value").detail


def test_a_link_that_contradicts_the_facts_is_no_match() -> None:
    for changes in (
        {"link": LinkFacts("matched", None, None)},
        {"link": LinkFacts("matched", "nfl:1", None)},
        {"link": LinkFacts("matched", "nfl:2", Outcome.HOME)},
        {"market": {"league": "nba"}},
    ):
        found = decide(snapshot(**changes), strategy(), limits())
        assert (found.reason, gate(found, "matched").passed) == ("matched", False)
        assert gate(found, "matched").detail


def test_an_announced_start_is_needed() -> None:
    found = decide(snapshot(game={"start_time_valid": False}), strategy(), limits())
    assert (found.reason, gate(found, "time_to_start").detail) == ("time_to_start", "the start time is not announced")


def test_a_league_the_strategy_does_not_trade_is_refused() -> None:
    assert decide(snapshot(), strategy(leagues=("nba",)), limits()).reason == "league"


def test_live_needs_the_strategy_and_a_permission() -> None:
    standing = snapshot(skill={"rung": Rung.LIVE})
    live = strategy(highest_rung="live")
    assert decide(standing, live, limits()).rung is Rung.PAPER
    assert decide(standing, strategy(), limits(), live_allowed=True).rung is Rung.PAPER
    assert decide(standing, live, limits(), live_allowed=True).rung is Rung.LIVE


def test_a_strategy_whose_figures_fell_is_in_shadow_whatever_rung_is_noted() -> None:
    found = decide(snapshot(skill={"skill_low": -0.01}), strategy(), limits())
    assert (found.reason, found.rung) == ("skill", Rung.SHADOW)
    assert gate(found, "skill").detail == "400 graded; fell from paper"


@pytest.mark.parametrize("p_trading", [0.49, 0.42, 0.56])
@pytest.mark.parametrize("depths", [("30", "40"), ("500", "500")])
def test_the_value_is_that_of_pricing_over_the_levels_used(p_trading: float, depths: tuple[str, str]) -> None:
    deep = book(
        yes=(("0.48", depths[0]), ("0.47", depths[1])),
        no=(("0.50", depths[0]), ("0.49", depths[1])),
    )
    asked = snapshot(quote={"book": deep}, price={"p_trading": p_trading})
    found = decide(asked, strategy(gates={"min_net_value": "-0.5"}), limits())
    schedule = FeeBook.of(load_fees()).schedule_at("kalshi", "KXNFLGAME", None, AS_OF)
    assert found.side is not None
    if found.contracts:
        priced = taker_value(deep, found.side, p_trading, found.contracts, schedule, limit_price=found.limit_price)
        assert float(found.net_value or 0) == pytest.approx(priced.net, abs=1e-6)
        assert found.details["slippage"] == pytest.approx(priced.slippage, abs=1e-9)
        assert found.details["half_spread"] == pytest.approx(priced.half_spread, abs=1e-9)
        assert (found.limit_price, found.contracts) == (priced.limit_price, priced.contracts)
    else:
        priced = taker_value(deep, found.side, p_trading, Decimal(10), schedule)
        assert float(found.net_value or 0) == pytest.approx(priced.net, abs=1e-4)


def test_a_taker_walks_the_levels_that_are_worth_it_and_no_further() -> None:
    stairs = book(no=(("0.50", "20"), ("0.49", "20"), ("0.46", "20"), ("0.40", "900")))
    found = decide(snapshot(quote={"book": stairs}), strategy(), limits())
    assert (found.contracts, found.limit_price) == (Decimal(40), Decimal("0.51"))
    assert found.details["bound_by"] == "min_net_value"
    assert found.details["slippage"] == pytest.approx(0.005)


def test_a_maker_improves_the_bid_on_the_grid_and_stays_below_the_ask() -> None:
    wide = {"book": book(yes=(("0.47", "500"),))}
    found = decide(snapshot(quote=wide), strategy("maker"), limits())
    schedule = FeeBook.of(load_fees()).schedule_at("kalshi", "KXNFLGAME", None, AS_OF)
    assert (found.action, found.limit_price) == (Action.TAKE, Decimal("0.48"))
    priced = maker_value(wide["book"], found.side, 0.56, found.limit_price, found.contracts, schedule)  # type: ignore[arg-type]
    assert float(found.net_value or 0) == pytest.approx(priced.net, abs=1e-6)
    tight = decide(snapshot(quote={"book": book(yes=(("0.49", "500"),))}), strategy("maker"), limits())
    assert tight.limit_price == Decimal("0.49")
    finer = strategy("maker", maker_improvement="0.007")
    assert decide(snapshot(quote=wide), finer, limits()).limit_price == Decimal("0.47")


def test_a_no_price_is_on_the_grid_of_yes() -> None:
    ranges = ((Decimal("0"), Decimal("1"), Decimal("0.01")),)
    asked = snapshot(market={"price_ranges": ranges}, quote={"book": book(yes=(("0.47", "500"),))})
    found = decide(change(asked, price={"p_trading": 0.42}), strategy("maker", maker_improvement="0.015"), limits())
    assert (found.side is not None, found.side and found.side.value, found.limit_price) == (True, "no", Decimal("0.51"))


def test_stopping_early_gives_the_same_action_reason_and_size() -> None:
    decider = Decider(strategy(), limits())
    for changes in ({}, {"kill_switch": True}, {"quote": None}, {"skill": {"rung": Rung.SHADOW}}, {"game": None}):
        full, early = (decider.decide(snapshot(**changes), complete=complete) for complete in (True, False))
        assert (full.action, full.reason, full.contracts) == (early.action, early.reason, early.contracts)
        assert full.gates[: len(early.gates)] == early.gates


def test_gates_are_asked_in_the_order_of_the_registry() -> None:
    found = decide(snapshot(), strategy(), limits())
    assert [one.name for one in found.gates] == [*GATES, SIZE]


NUMBERS = st.decimals(allow_nan=True, allow_infinity=True) | st.decimals(0, 1, places=2)
FLOATS = st.floats() | st.floats(0, 1)
ZONES = st.none() | st.just(UTC) | st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
TIMES = st.datetimes(timezones=ZONES) | st.sampled_from([AS_OF, START, LATER, AS_OF - timedelta(hours=1)])
TEXTS = st.text(max_size=4) | st.sampled_from(["nfl", "kalshi", "active", "scheduled", "in_play", "regular", "nfl:1"])
BOOKS = st.builds(Book, *(st.lists(st.builds(Level, NUMBERS, NUMBERS), max_size=3).map(tuple) for _ in range(2)))
ANYTHING = st.builds(
    Snapshot,
    as_of=TIMES,
    market=st.builds(
        MarketFacts, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.none() | TEXTS, TEXTS, TIMES,
        st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=2).map(tuple),
    ),
    link=st.builds(
        LinkFacts, st.sampled_from(["matched", "no_game", ""]), st.none() | TEXTS, st.none() | st.sampled_from(Outcome)
    ),
    game=st.none() | st.builds(GameFacts, TEXTS, TEXTS, st.integers(), TEXTS, TEXTS, TIMES, st.booleans(), TIMES),
    quote=st.none() | st.builds(QuoteFacts, TIMES, TIMES, TEXTS, BOOKS, st.none() | NUMBERS, st.booleans()),
    forecast=st.none()
    | st.builds(ForecastFacts, TEXTS, FLOATS, st.integers(), st.integers(), st.none() | TIMES, TIMES, TIMES),
    price=st.none() | st.builds(PriceFacts, FLOATS, FLOATS, FLOATS, st.none() | FLOATS),
    skill=st.builds(SkillFacts, st.sampled_from(Rung), st.integers(), *(st.none() | FLOATS for _ in range(4))),
    exposure=st.builds(ExposureFacts, *(NUMBERS for _ in range(8)), st.integers()),
    kill_switch=st.booleans(),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(asked=ANYTHING, name=st.sampled_from(["value", "maker", "divergence"]))
def test_any_snapshot_at_all_is_decided_and_written_down(asked: Snapshot, name: str) -> None:
    found = decide(asked, strategy(name), limits())
    assert found.reason == "taken" or any(one.name == found.reason and one.passed is not True for one in found.gates)
    json.dumps({**asdict(found), "gates": [asdict(one) for one in found.gates]}, default=str, allow_nan=False)
    assert repr(found) == repr(decide(asked, strategy(name), limits()))


CENTS = st.integers(1, 99)
AMOUNTS = st.decimals(0, 400, places=4)


@settings(max_examples=300, deadline=None)
@given(
    prices=st.lists(CENTS, min_size=1, max_size=5, unique=True),
    counts=st.lists(st.decimals("0.01", 300, places=2), min_size=5, max_size=5),
    believed=st.floats(0.02, 0.98),
    money=st.fixed_dictionaries(dict.fromkeys(("cash", "market", "game", "league", "day", "total"), AMOUNTS)),
    name=st.sampled_from(["value", "maker"]),
    when=st.sampled_from([AS_OF, datetime(2025, 11, 21, 17, tzinfo=UTC)]),
)
def test_all_that_is_laid_out_is_within_every_limit(
    prices: list[int], counts: list[Decimal], believed: float, money: dict[str, Decimal], name: str, when: datetime
) -> None:
    bids = [Decimal(cents) / 100 for cents in sorted(prices, reverse=True)]
    offers = tuple(Level(price, count) for price, count in zip(bids, counts, strict=False))
    under = max(Decimal("0.01"), 1 - bids[0] - Decimal("0.02"))
    asked = snapshot(
        quote={"book": Book((Level(under, Decimal(50)),), offers)}, price={"p_trading": believed}, exposure=money
    )
    moved = change(asked, as_of=when, game={"start_time": when + timedelta(hours=2), "observed_at": when},
                   quote={"observed_at": when, "confirmed_at": when},
                   forecast={"as_of": when, "rated_at": when, "computed_at": when})  # fmt: skip
    tried = strategy(
        name, gates={"min_price": "0.01", "max_price": "0.99", "min_depth_contracts": "0", "max_net_value": "1"}
    )
    found, bounds = decide(moved, tried, limits()), limits()
    if found.action is Action.PASS:
        return
    assert found.limit_price is not None
    assert found.side is not None
    schedule = FeeBook.of(load_fees()).schedule_at("kalshi", "KXNFLGAME", None, when)
    worst = maker_value if name == "maker" else None
    if worst is None:
        priced = taker_value(
            moved.quote.book, found.side, believed, found.contracts, schedule, limit_price=found.limit_price
        )
        outlay = priced.average_price * found.contracts + priced.total_fee
    else:
        resting = worst(moved.quote.book, found.side, believed, found.limit_price, found.contracts, schedule)
        outlay = found.limit_price * found.contracts + resting.total_fee
    for room in (
        bounds.per_market - money["market"],
        bounds.per_game - money["game"],
        bounds.per_league - money["league"],
        bounds.per_day - money["day"],
        bounds.total - money["total"],
        money["cash"],
        Decimal("0.02") * moved.exposure.equity - money["market"],
    ):
        assert outlay <= room + Decimal("1e-20")
    assert found.net_value is not None
    assert found.net_value >= tried.gates.min_net_value
