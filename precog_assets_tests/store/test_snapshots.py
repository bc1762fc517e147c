"""Snapshots: the same made again from stored facts whatever came later, and the same again from their JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from precog_assets.config import load_trading_rules
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.play import PlayFacts
from precog_assets.domain.trading import (
    Book,
    ExposureFacts,
    ForecastFacts,
    GameFacts,
    LedgerEntry,
    Level,
    LinkFacts,
    MarketFacts,
    PriceFacts,
    QuoteFacts,
    Rung,
    Side,
    SkillFacts,
    Snapshot,
)
from precog_assets.store import tables
from precog_assets.store.book import set_kill_switch, write_fills, write_ledger, write_rung
from precog_assets.store.snapshots import (
    from_json,
    read_for,
    snapshot_at,
    snapshot_of,
    to_json,
    version_of,
    versions_of,
)
from precog_assets_tests.databases import rolled_back
from precog_assets_tests.pipeline import book_world
from precog_assets_tests.pipeline.slate_world import (
    NOW,
    PROVEN,
    START,
    forecast_row,
    game_row,
    jac,
    kc,
    market_row,
    put_book,
    put_forecasts,
    put_games,
    put_link,
    put_markets,
    put_quote,
    put_rated,
    put_rung,
    put_slate,
    put_weight,
)
from precog_assets_tests.trading.builders import snapshot, strategy

VALUE = load_trading_rules().strategies["value"]


def read(connection: sa.Connection, market_id: str | None = None, recorded: Snapshot | None = None) -> Snapshot:
    found = snapshot_at(connection, market_id or kc(), VALUE, NOW, recorded=recorded)
    assert found is not None
    return found


def test_a_snapshot_is_everything_that_a_decision_reads(store: sa.Engine) -> None:
    put_slate(store)
    put_rung(store)
    deposit = LedgerEntry("deposit:1", 0, NOW - timedelta(days=1), "cash", Decimal(1000), "")
    book_world.put_ledger(store, [deposit, replace(deposit, leg=1, account="deposits", amount=Decimal(-1000))])
    with store.connect() as connection:
        found = read(connection)
    assert found.as_of == NOW
    assert (found.market.market_id, found.link.outcome) == (kc(), Outcome.HOME)
    assert None not in (found.game, found.quote, found.forecast, found.price)
    assert found.skill == PROVEN
    assert (found.exposure.equity, found.exposure.cash, found.exposure.total) == (1000, 1000, 0)


def test_a_strategy_stands_where_it_starts_until_it_was_put_elsewhere(store: sa.Engine) -> None:
    put_slate(store)
    with store.connect() as connection:
        assert read(connection).skill == SkillFacts(Rung.SHADOW)
        begun = snapshot_at(connection, kc(), strategy(start_rung="paper"), NOW)
    assert begun is not None
    assert begun.skill == SkillFacts(Rung.PAPER)


def test_a_strategy_reads_no_forecast_in_a_league_that_it_does_not_trade(store: sa.Engine) -> None:
    put_slate(store)
    with store.connect() as connection:
        found = snapshot_at(connection, kc(), strategy(leagues=["nba"]), NOW)
    assert found is not None
    assert found.forecast is None
    assert found.price is not None
    assert found.price.divergence is None


def test_a_market_that_nobody_knew_has_no_snapshot(store: sa.Engine) -> None:
    put_slate(store)
    with store.connect() as connection:
        assert snapshot_at(connection, "kalshi:NEVER-SEEN", VALUE, NOW) is None
        assert snapshot_at(connection, kc(), VALUE, NOW - timedelta(days=1)) is None


def test_versions_are_those_in_force_once_a_league() -> None:
    versions = versions_of(load_trading_rules().strategies.values())
    assert versions["nfl"] == [version_of("nfl", "default")]
    assert set(versions) == set(VALUE.leagues)


Later = Callable[[sa.Connection, timedelta], None]
PRICES = st.integers(1, 99).map(lambda cents: f"{cents / 100:.2f}")


def _quoted(bid: str, ask: str) -> Later:
    return lambda connection, after: put_quote(connection, kc(), bid, ask, NOW + after)


def _book(bid: str, other: str) -> Later:
    return lambda connection, after: put_book(connection, jac(), ((bid, "9"),), ((other, "9"),), NOW + after)


def _game(status: str, state: str, hours: int) -> Later:
    moved = game_row(status=status, state=state, start_time=START + timedelta(hours=hours))
    return lambda connection, after: put_games(connection, moved, at=NOW + after)


def _market(status: str) -> Later:
    return lambda connection, after: put_markets(connection, market_row(kc(), status=status), at=NOW + after)


def _forecast(p_home: float) -> Later:
    return lambda connection, after: put_forecasts(connection, forecast_row(1, p_home), at=NOW + after)


def _weight(weight: float) -> Later:
    return lambda connection, after: put_weight(connection, weight, at=NOW + after)


def _rated(days: int) -> Later:
    return lambda connection, after: put_rated(connection, days, at=NOW + after)


def _rung(rung: Rung) -> Later:
    facts = replace(PROVEN, rung=rung)
    return lambda connection, after: write_rung(connection, "value", "nfl", facts, "later", NOW + after)


def _link(game_id: str, outcome: Outcome) -> Later:
    return lambda connection, after: put_link(connection, kc(), game_id, outcome, at=NOW + after)


def _unlink(reason: str) -> Later:
    return lambda connection, after: put_link(connection, kc(), None, verdict=reason, at=NOW + after)


def _switch(connection: sa.Connection, after: timedelta) -> None:
    set_kill_switch(connection, on=True, reason="later", author="a test", at=NOW + after)


def _bought(connection: sa.Connection, after: timedelta) -> None:
    """An order, its fill and the entries of it, all recorded `after` NOW; at once too, since a turn is its instant."""
    name, at = f"later {after}", NOW + after
    order = book_world.order(name, kc(), created_at=at)
    connection.execute(sa.insert(tables.orders), [order])
    write_fills(connection, [book_world.fill(name, kc(), Side.YES, "0.50", 10, client_id=name, filled_at=at)], at)
    legs = [("cash", -5), (f"position:{kc()}:yes", 5)]
    entries = [
        LedgerEntry(f"fill:{name}", leg, at, account, Decimal(dollars), "value")
        for leg, (account, dollars) in enumerate(legs)
    ]
    write_ledger(connection, entries, "paper", at)


LATER = st.one_of(
    st.builds(_quoted, PRICES, PRICES),
    st.just(_quoted("0.49", "0.51")),
    st.builds(_book, PRICES, PRICES),
    st.builds(
        _game,
        st.sampled_from(["STATUS_SCHEDULED", "STATUS_IN_PROGRESS", "STATUS_POSTPONED"]),
        st.sampled_from(["pre", "in", "post"]),
        st.integers(0, 5),
    ),
    st.builds(_market, st.sampled_from(["active", "closed", "finalized"])),
    st.builds(_forecast, st.floats(0.05, 0.95)),
    st.builds(_weight, st.floats(0, 1)),
    st.builds(_rated, st.integers(1, 20)),
    st.builds(_rung, st.sampled_from(Rung)),
    st.builds(_link, st.sampled_from(["nfl:1", "nfl:2"]), st.sampled_from([Outcome.HOME, Outcome.AWAY])),
    st.builds(_unlink, st.sampled_from(["no_game", "ambiguous"])),
    st.just(_switch),
    st.just(_bought),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(later=st.lists(st.tuples(st.integers(1, 90_000), LATER), min_size=1, max_size=5, unique_by=lambda one: one[0]))
def test_nothing_that_came_later_changes_what_was_read(store: sa.Engine, later: list[tuple[int, Later]]) -> None:
    with store.connect() as connection:
        if connection.scalar(sa.text("SELECT count(*) FROM market.markets")) == 0:
            put_slate(store, 2)
            put_rung(store)
    with rolled_back(store) as connection:
        before = read(connection)
        for seconds, happens in later:
            happens(connection, timedelta(seconds=seconds))
        assert read(connection, recorded=before) == before
        beside = read(connection)
        if beside.link == before.link:
            confirmed = {"confirmed_at": before.quote.confirmed_at}  # type: ignore[union-attr]
            assert replace(beside.quote, **confirmed) == before.quote  # type: ignore[type-var]
            assert (beside.forecast, beside.price, beside.exposure) == (before.forecast, before.price, before.exposure)


def test_what_is_recorded_at_the_instant_itself_is_not_part_of_the_account_yet(store: sa.Engine) -> None:
    put_slate(store)
    with rolled_back(store) as connection:
        before = read(connection)
        _bought(connection, timedelta(0))
        assert read(connection) == before


def test_a_fact_that_was_on_its_way_when_the_decision_was_made_is_not_held_against_it(store: sa.Engine) -> None:
    put_slate(store)
    with rolled_back(store) as connection:
        before = read(connection)
        put_quote(connection, jac(), "0.60", "0.62", NOW - timedelta(seconds=1))
        put_games(connection, game_row(start_time=START + timedelta(hours=1)), at=NOW - timedelta(seconds=2))
        assert read(connection).price != before.price
        assert read(connection, recorded=before) == before


def test_a_fact_that_was_there_long_before_is_held_against_a_decision_that_did_not_read_it(store: sa.Engine) -> None:
    put_slate(store)
    with rolled_back(store) as connection:
        before = read(connection)
        put_quote(connection, kc(), "0.60", "0.62", NOW - timedelta(seconds=7))
        found = read(connection, recorded=before)
        assert found.quote != before.quote
        assert found == read(connection)


def test_a_recorded_confirmation_counts_only_where_the_stored_facts_allow_it(store: sa.Engine) -> None:
    put_slate(store)
    with store.connect() as connection:
        true = read(connection)
        assert true.quote is not None
        invented = replace(true, quote=replace(true.quote, confirmed_at=NOW))
        assert read(connection, recorded=invented) == true


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
TIMES = st.datetimes(timezones=st.just(UTC))
NUMBERS = st.decimals(-10_000, 10_000, places=4)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(-(2**31), 2**31 - 1)
BOOKS = st.builds(Book, *(st.lists(st.builds(Level, NUMBERS, NUMBERS), max_size=3).map(tuple) for _ in range(2)))
ANY_SNAPSHOT = st.builds(
    Snapshot,
    as_of=TIMES,
    market=st.builds(
        MarketFacts, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.none() | TEXTS, TEXTS, TIMES,
        st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=2).map(tuple),
    ),
    link=st.builds(LinkFacts, TEXTS, st.none() | TEXTS, st.none() | st.sampled_from(Outcome)),
    game=st.none() | st.builds(GameFacts, TEXTS, TEXTS, COUNTS, TEXTS, TEXTS, TIMES, st.booleans(), TIMES),
    quote=st.none() | st.builds(QuoteFacts, TIMES, TIMES, TEXTS, BOOKS, st.none() | NUMBERS, st.booleans()),
    forecast=st.none()
    | st.builds(ForecastFacts, TEXTS, FLOATS, COUNTS, COUNTS, st.none() | TIMES, TIMES, TIMES),
    price=st.none() | st.builds(PriceFacts, FLOATS, FLOATS, FLOATS, st.none() | FLOATS),
    skill=st.builds(SkillFacts, st.sampled_from(Rung), COUNTS, *(st.none() | FLOATS for _ in range(4))),
    exposure=st.builds(ExposureFacts, *(NUMBERS for _ in range(8)), COUNTS),
    kill_switch=st.booleans(),
    play=st.none()
    | st.builds(
        PlayFacts, TIMES, st.none() | COUNTS, st.none() | COUNTS, st.none() | COUNTS, st.none() | TEXTS,
        st.none() | TEXTS, st.none() | FLOATS, st.none() | FLOATS, TEXTS, TEXTS,
    ),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(one=ANY_SNAPSHOT)
def test_a_snapshot_is_the_same_again_from_its_json(one: Snapshot) -> None:
    again = from_json(to_json(one))
    assert again == one
    assert to_json(again) == to_json(one)


def test_a_snapshot_of_finite_numbers_is_equal_to_itself_from_json() -> None:
    one = snapshot(quote={"last_price": Decimal("0.4900")}, game={"start_time_valid": False})
    assert from_json(to_json(one)) == one
    assert from_json(to_json(replace(one, game=None, quote=None, forecast=None, price=None))).quote is None


def test_a_snapshot_recorded_before_states_were_read_is_read_without_one() -> None:
    recorded = orjson.loads(to_json(snapshot()))
    del recorded["play"]
    assert from_json(recorded) == snapshot()


def test_a_snapshot_in_play_is_the_same_again_whatever_the_score_became(store: sa.Engine) -> None:
    put_slate(store, 3)
    began = NOW - timedelta(hours=2)
    playing = {"status": "STATUS_IN_PROGRESS", "state": "in", "period": 3, "clock": 425.0, "display_clock": "7:05"}
    with rolled_back(store) as connection:
        for number in (1, 2, 3):
            shown = game_row(number, home_score=7 * number, away_score=10, start_time=began, **playing)
            put_games(connection, shown, at=NOW - timedelta(seconds=number))
        ids = [kc(number) for number in (1, 2, 3)]
        known, exposure = read_for(connection, ids, [VALUE], NOW)
        made = {one: from_json(to_json(snapshot_of(known, exposure, one, VALUE, NOW))) for one in ids}
        for seconds in (0, 1, 60):
            later = game_row(home_score=0, away_score=31, start_time=began, **playing)
            put_games(connection, later, at=NOW + timedelta(seconds=seconds + 1))
        put_forecasts(connection, forecast_row(1, 0.1), at=NOW + timedelta(seconds=1))
        for market_id, before in made.items():
            assert before.play is not None
            assert before.play.p_in_play is not None
            assert read(connection, market_id, recorded=before) == before


def test_what_is_no_snapshot_is_refused() -> None:
    with pytest.raises(ValidationError):
        from_json({"as_of": "yesterday"})
