"""Checks of prices and of the book: each fails on the state it is for, names it, and passes without."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.checks import book
from precog_assets.checks.bridge import checked
from precog_assets.checks.findings import Finding
from precog_assets.checks.prices import priced, sums_to_one
from precog_assets.domain.facts import Observation, Origin
from precog_assets.domain.trading import Side
from precog_assets.store import tables
from precog_assets.store.markets import write_markets, write_quotes
from precog_assets.trading.ledger import Ledger
from precog_assets_tests.pipeline.book_world import (
    KC,
    LATER,
    decision,
    fill,
    order,
    put,
    put_fills,
    put_ledger,
    settlement,
)
from precog_assets_tests.pipeline.sql_world import NOW, build_world, link, market, quote

HOME, AWAY = "kalshi:KXNFLGAME-26NOV23BUFATL-ATL", "kalshi:KXNFLGAME-26NOV23BUFATL-BUF"
HOUR = timedelta(hours=1)


@pytest.fixture
def world(engine: sa.Engine) -> sa.Engine:
    """The small world, and a game of tomorrow with both its markets quoted for an hour."""
    build_world(engine)
    seen = Observation(NOW - HOUR, Origin.LIVE)
    with engine.begin() as connection:
        markets = [
            (market(HOME.partition(":")[2], quote("0.60", "0.62")), seen),
            (market(AWAY.partition(":")[2], quote("0.38", "0.40")), seen),
        ]
        write_markets(connection, markets, {"KXNFLGAME": "nfl"})
        link(connection, HOME.partition(":")[2], "nfl:4", "home")
        link(connection, AWAY.partition(":")[2], "nfl:4", "away")
        connection.execute(sa.text("UPDATE market.market_games SET last_changed_at = :at"), {"at": NOW - HOUR})
    return engine


def found(engine: sa.Engine, check: Any, *arguments: Any) -> Finding:
    with engine.connect() as connection:
        return check(connection, *arguments)


def price(market_id: str, outcome: str, p_market: float, **given: Any) -> dict[str, Any]:
    row = {
        "market_id": market_id,
        "game_id": "nfl:4",
        "outcome": outcome,
        "model_version": "nfl-default-00000000",
        "as_of": NOW,
        "p_model": p_market + 0.1,
        "p_market": p_market,
        "p_trading": p_market,
        "model_weight": 0.0,
        "divergence": 0.1,
        "forecast_computed_at": NOW - HOUR,
        "quote_observed_at": NOW - HOUR,
        "computed_at": NOW,
    }
    return {**row, **given}


def test_quoted_games_without_prices_are_named_until_they_have_some(world: sa.Engine) -> None:
    missing = found(world, priced, NOW)
    assert (missing.passed, missing.warn, missing.facts["count"]) == (False, True, 2)
    assert AWAY.partition(":")[2] in missing.description
    put(world, tables.prices, price(HOME, "home", 0.61), price(AWAY, "away", 0.39))
    assert found(world, priced, NOW).passed


def test_a_game_of_which_one_outcome_is_quoted_on_one_side_only_needs_no_price(world: sa.Engine) -> None:
    with world.begin() as connection:
        seen = Observation(NOW - HOUR / 2, Origin.LIVE)
        write_quotes(connection, [(AWAY, quote("0.38", None), seen)])
    assert found(world, priced, NOW).passed


def test_prices_of_a_game_that_do_not_add_up_are_told(world: sa.Engine) -> None:
    put(world, tables.prices, price(HOME, "home", 0.61), price(AWAY, "away", 0.39))
    assert found(world, sums_to_one, NOW).facts["events"] == 1
    assert found(world, sums_to_one, NOW).passed
    put(world, tables.prices, price(HOME, "home", 0.65, as_of=NOW + HOUR, computed_at=NOW + HOUR))
    wrong = found(world, sums_to_one, NOW)
    assert (wrong.passed, wrong.facts["wrong"]) == (False, {"KXNFLGAME-26NOV23BUFATL": [1.04, 1.04]})


def test_markets_of_coming_games_on_which_nothing_was_decided_fail_by_league(world: sa.Engine) -> None:
    empty = found(world, book.not_empty, ["nfl", "nba"], NOW)
    assert (empty.passed, empty.warn) == (False, False)
    assert empty.facts["missing"] == {"nfl": [HOME.partition(":")[2], AWAY.partition(":")[2]]}
    assert found(world, book.not_empty, ["nba"], NOW).passed
    put(
        world, tables.decisions, decision(HOME, game_id="nfl:4"), decision(AWAY, game_id="nfl:4", as_of=NOW - 30 * HOUR)
    )
    assert found(world, book.not_empty, ["nfl"], NOW).facts["missing"] == {"nfl": [AWAY.partition(":")[2]]}
    again = {"repeats": 3, "last_repeated_at": NOW - HOUR, "as_of": NOW - 31 * HOUR}
    put(world, tables.decisions, decision(AWAY, game_id="nfl:4", strategy="maker", **again))
    assert found(world, book.not_empty, ["nfl"], NOW).passed


def test_a_decision_whose_quote_is_nowhere_is_named(world: sa.Engine) -> None:
    there = {"quote": {"observed_at": NOW.isoformat()}}
    put(world, tables.decisions, decision(KC, snapshot=there), decision(KC, snapshot={"quote": None}))
    assert found(world, book.lineage, NOW).facts == {"decisions": 1, "lost": []}
    never = decision(KC, snapshot={"quote": {"observed_at": (NOW + timedelta(microseconds=1)).isoformat()}})
    put(world, tables.decisions, never)
    lost = found(world, book.lineage, NOW)
    assert (lost.passed, lost.facts["lost"]) == (False, [never["decision_id"]])


def test_a_quote_that_was_read_from_an_order_book_counts(world: sa.Engine) -> None:
    at = NOW - HOUR / 3
    with world.begin() as connection:
        key = connection.execute(
            sa.text("SELECT market_key FROM market.markets WHERE market_id = :id"), {"id": KC}
        ).scalar_one()
    levels = {"yes_levels": [["0.6", "10"]], "no_levels": []}
    row = {"market_key": key, "observed_at": at, "known_at": at, "confirmed_at": at, "origin": "live", **levels}
    put(world, tables.order_books, row)
    put(world, tables.decisions, decision(KC, snapshot={"quote": {"observed_at": at.isoformat()}}))
    assert found(world, book.lineage, NOW).passed


def test_orders_without_a_decision_and_orders_filled_otherwise_than_they_say_are_named(world: sa.Engine) -> None:
    made = decision(KC)
    put(world, tables.decisions, made)
    put(world, tables.orders, order("good", decision_id=made["decision_id"], filled=Decimal(0), status="resting"))
    assert found(world, book.orders_without_decision).passed
    assert found(world, book.filled_otherwise).passed
    put(world, tables.orders, order("stray"))
    assert found(world, book.orders_without_decision).facts["ids"] == ["stray"]
    assert found(world, book.filled_otherwise).facts["ids"] == ["stray"]


def test_a_fill_beyond_its_orders_limit_is_no_fill_of_it(world: sa.Engine) -> None:
    put_fills(world, [fill("1", KC, Side.YES, "0.50", 10)])
    assert found(world, book.fills_without_order).passed
    put(world, tables.orders, order("cheap", limit_price=Decimal("0.30")))
    dear = {"fill_id": "dear", "client_id": "cheap", "market_id": KC, "side": "yes", "price": Decimal("0.31")}
    rest = {"contracts": Decimal(10), "fee": Decimal(0), "is_maker": False, "filled_at": NOW, "recorded_at": NOW}
    put(world, tables.fills, {**dear, **rest})
    assert found(world, book.fills_without_order).facts["ids"] == ["dear"]


def test_the_ledger_sums_to_zero_and_knows_every_fill(world: sa.Engine) -> None:
    ledger, one = Ledger(), fill("1", KC, Side.YES, "0.50", 10, "0.18")
    put_fills(world, [one])
    put_ledger(world, ledger.deposit("deposit:1", Decimal(100), at=NOW))
    assert found(world, book.fills_not_booked).facts["ids"] == ["1"]
    put_ledger(world, ledger.fill(one, "value"))
    assert found(world, book.fills_not_booked).passed
    balanced = found(world, book.sums_to_zero)
    assert (balanced.passed, balanced.facts["cash"]) == (True, {"paper": 94.82})
    with world.begin() as connection:
        connection.execute(sa.text("UPDATE book.ledger SET amount = amount - 0.00000001 WHERE account = 'fees'"))
    off = found(world, book.sums_to_zero)
    assert (off.passed, off.warn) == (False, False)
    assert off.description == "1 transactions do not sum to zero: fill:1 leaves -0.00000001 dollars"


def test_an_account_with_less_than_no_cash_fails(world: sa.Engine) -> None:
    put_ledger(world, Ledger().fill(fill("1", KC, Side.YES, "0.50", 10), "value"))
    assert found(world, book.sums_to_zero).description == "paper has -5.00000000 dollars of cash"


def test_a_position_in_a_market_final_for_long_waits_for_its_money(world: sa.Engine) -> None:
    ledger = Ledger()
    put_ledger(world, ledger.fill(fill("1", KC, Side.NO, "0.50", 10), "value"))
    assert found(world, book.paid_in_time, NOW).passed
    with world.begin() as connection:
        connection.execute(
            sa.text("UPDATE market.markets SET status = 'finalized', last_changed_at = :at WHERE market_id = :id"),
            {"at": NOW - book.SETTLED_WITHIN, "id": KC},
        )
    assert found(world, book.paid_in_time, NOW).passed
    late = found(world, book.paid_in_time, NOW + timedelta(seconds=1))
    assert (late.passed, late.facts["positions"]) == (False, ["paper: KXNFLGAME-26NOV22JACKC-KC"])
    put_ledger(world, ledger.pay_out("settlement:1", KC, Decimal(0), at=NOW))
    assert found(world, book.paid_in_time, NOW + HOUR).passed


def test_a_market_that_settled_against_its_game_alarms_until_it_is_amended(world: sa.Engine) -> None:
    put(world, tables.settlements, settlement(KC, "no", game_agrees=False), settlement(LATER, game_agrees=None))
    against = found(world, book.game_agrees)
    assert (against.passed, against.warn, against.facts["markets"]) == (False, False, ["KXNFLGAME-26NOV22JACKC-KC"])
    assert "paid no, nfl:1 ended 7:3" in against.description
    put(world, tables.settlements, settlement(KC, amends=1))
    assert found(world, book.game_agrees).passed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"contracts": Decimal(0)}, "a position has side, price and size", id="nothing taken"),
        pytest.param({"reason": "taken", "action": "pass"}, "taken exactly when no gate failed", id="taken and passed"),
        pytest.param({"game_id": None}, "only a matched market is taken", id="no game"),
        pytest.param({"repeats": 2}, "repeated exactly when there was a repeat", id="repeated never"),
        pytest.param({"computed_at": NOW - 9 * HOUR}, "decided when its facts were known", id="before it was known"),
        pytest.param({"p_trading": 1.2}, "p_trading: less_than_or_equal_to", id="no probability"),
    ],
)
def test_decisions_that_contradict_themselves_fail_their_schema(
    world: sa.Engine, given: dict[str, Any], said: str
) -> None:
    put(world, tables.decisions, decision(KC), decision(KC, reason="spread"))
    assert found(world, checked, "book.decisions", NOW).passed
    put(world, tables.decisions, decision(KC, **given))
    wrong = found(world, checked, "book.decisions", NOW)
    assert not wrong.passed
    assert said in wrong.description


def test_rows_as_the_ledger_and_the_paper_venue_make_them_pass_their_schemas(world: sa.Engine) -> None:
    ledger, one = Ledger(), fill("1", KC, Side.YES, "0.333333", 3, "0.0467")
    put_fills(world, [one])
    put_ledger(world, [*ledger.deposit("deposit:1", Decimal(100), at=NOW), *ledger.fill(one, "value")])
    put_ledger(world, ledger.pay_out("settlement:1", KC, Decimal("0.5"), at=NOW))
    put(world, tables.settlements, settlement(KC, "scalar", yes_value=Decimal("0.5")), settlement(LATER, "void"))
    put(world, tables.prices, price(HOME, "home", 0.61), price(AWAY, "away", 0.39, p_model=None, divergence=None))
    for table in ("book.orders", "book.fills", "book.ledger", "book.settlements", "model.prices"):
        finding = found(world, checked, table, NOW + HOUR)
        assert (finding.passed, finding.facts["rows_checked"] > 0) == (True, True), finding.description
