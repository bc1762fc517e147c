"""SQL models of the book: what is held, what it is worth, what was decided and what became of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.domain.facts import Observation, Origin
from precog_assets.domain.trading import LedgerEntry, Position, Side
from precog_assets.pipeline.sql_models.build import build_models
from precog_assets.pipeline.sql_models.checks import run_tests
from precog_assets.queries.decisions import funnel
from precog_assets.store import tables
from precog_assets.store.engine import engine_for
from precog_assets.store.markets import write_quotes
from precog_assets.trading.ledger import Ledger
from precog_assets_tests.pipeline.book_world import (
    JAC,
    KC,
    LATER,
    decision,
    eastern,
    fill,
    gates,
    order,
    put,
    put_fills,
    put_ledger,
    put_strategy,
    settlement,
)
from precog_assets_tests.pipeline.sql_world import NOW, build_world, quote
from precog_assets_tests.pipeline.test_sql_models import EMPTY_MART

STAGING = [
    "stg_games",
    "stg_markets",
    "stg_quotes_latest",
    "stg_market_values",
    "stg_closing_quotes",
    "stg_graded_decisions",
]
SINCE = NOW - timedelta(days=2)


@pytest.fixture
def world(emptied: str) -> Iterator[sa.Engine]:
    shared = engine_for(emptied)
    with shared.begin() as connection:
        connection.exec_driver_sql(EMPTY_MART, execution_options={"no_parameters": True})
    build_world(shared)
    yield shared
    with shared.begin() as connection:
        connection.exec_driver_sql(EMPTY_MART, execution_options={"no_parameters": True})


def mart(engine: sa.Engine, *names: str) -> list[Any]:
    """The rows of the last of these models, all of them built and tested."""
    build_models(engine, [*STAGING, *names])
    failed = [test.sentence() for name in (*STAGING, *names) for test in run_tests(engine, name) if not test.passed]
    assert failed == []
    with engine.connect() as connection:
        return list(connection.execute(sa.text(f"SELECT * FROM mart.{names[-1]} ORDER BY 1")))


def traded(engine: sa.Engine, seed: int) -> list[Position]:
    """Random fills and payouts of three markets, written; what the ledger itself says is held."""
    chance, ledger, entries = random.Random(seed), Ledger(), list[LedgerEntry]()
    entries += ledger.deposit("deposit:1", Decimal(1000), at=eastern(20))
    fills = [
        fill(
            str(number),
            chance.choice([KC, JAC, LATER]),
            chance.choice(list(Side)),
            f"0.{chance.randint(5, 95):02d}",
            chance.randint(1, 20),
            f"0.{chance.randint(0, 40):02d}",
            filled_at=eastern(21) + timedelta(minutes=number),
        )
        for number in range(25)
    ]
    for one in fills:
        entries += ledger.fill(one, "value")
    entries += ledger.pay_out("settlement:1", JAC, Decimal(chance.randint(0, 1)), at=eastern(22))
    put_fills(engine, fills)
    put_ledger(engine, entries)
    put(engine, tables.settlements, settlement(JAC))
    return ledger.positions()


@pytest.mark.parametrize("seed", range(4))
def test_positions_are_what_the_ledger_holds(world: sa.Engine, seed: int) -> None:
    expected: dict[str, list[Decimal]] = {}
    for one in traded(world, seed):
        sums = expected.setdefault(one.market_id, [Decimal(0)] * 4)
        for at, value in enumerate((one.contracts, one.contracts * one.average_price, one.fees, one.realised)):
            sums[at] += value
    held = mart(world, "positions")
    assert {row.market_id for row in held} == set(expected)
    for row in held:
        contracts, cost, fees, realised = expected[row.market_id]
        assert (row.contracts, row.fees, row.realised) == (contracts, fees, realised)
        assert row.cost == pytest.approx(cost, abs=Decimal("0.0000001"))
    assert {row.market_id for row in held if row.is_settled} == {JAC}


def test_a_position_is_marked_by_mid_and_by_the_best_bid_of_its_side(world: sa.Engine) -> None:
    """Kansas City is quoted 0.64 to 0.66, Jacksonville 0.38 and nothing offered."""
    ledger = Ledger()
    fills = [fill("1", KC, Side.NO, "0.30", 10), fill("2", JAC, Side.YES, "0.40", 5)]
    put_fills(world, fills)
    put_ledger(world, [entry for one in fills for entry in ledger.fill(one, "value")])
    found = {row.market_id: row for row in mart(world, "positions")}
    assert (found[KC].side, found[KC].average_price) == ("no", Decimal("0.30"))
    assert (found[KC].mark_mid, found[KC].mark_best) == (Decimal("0.35"), Decimal("0.34"))
    assert (found[JAC].mark_mid, found[JAC].mark_best) == (None, Decimal("0.38"))


def test_two_accounts_hold_the_same_market_apart(world: sa.Engine) -> None:
    for venue, price in (("paper", "0.50"), ("kalshi", "0.60")):
        one = fill(f"of {venue}", KC, Side.YES, price, 10)
        put_fills(world, [one], venue=venue)
        put_ledger(world, Ledger().fill(one, "value"), venue=venue)
    assert [(row.venue, row.cost) for row in mart(world, "positions")] == [("kalshi", 6), ("paper", 5)]


def test_exposure_says_what_each_outcome_of_a_game_would_bring(world: sa.Engine) -> None:
    ledger = Ledger()
    fills = [fill("1", KC, Side.YES, "0.60", 10), fill("2", JAC, Side.NO, "0.50", 4)]
    put_fills(world, fills)
    put_ledger(world, [entry for one in fills for entry in ledger.fill(one, "value")])
    resting = {"status": "resting", "filled": Decimal(2), "limit_price": Decimal("0.40")}
    put(world, tables.orders, order("resting", LATER, **resting), order("over", LATER, filled=Decimal(0)))
    now, later = mart(world, "positions", "exposure_by_game")
    assert (now.game_id, now.positions, now.contracts, now.at_stake) == ("nfl:1", 2, 14, Decimal("8.00"))
    assert (now.gain_if_home, now.gain_if_away, now.gain_if_draw) == (6, -8, -4)
    assert (later.game_id, later.at_stake, later.resting_orders, later.resting_dollars) == (
        "nfl:2",
        0,
        1,
        Decimal("3.20"),
    )


def test_equity_is_told_by_eastern_day_with_profit_fees_and_the_fall_from_its_best(world: sa.Engine) -> None:
    ledger, entries = Ledger(), list[LedgerEntry]()
    entries += ledger.deposit("deposit:1", Decimal(100), at=eastern(20, 23))
    fills = [
        fill("1", KC, Side.YES, "0.60", 10, "0.20", filled_at=eastern(21)),
        fill("2", JAC, Side.YES, "0.40", 10, "0.10", filled_at=eastern(22)),
    ]
    entries += ledger.fill(fills[0], "value")
    entries += ledger.pay_out("settlement:1", KC, Decimal(1), at=eastern(21, 23))
    entries += ledger.fill(fills[1], "value")
    entries += ledger.pay_out("settlement:2", JAC, Decimal(0), at=eastern(23))
    put_ledger(world, entries)
    days = mart(world, "equity_by_day")
    assert [row.day.day for row in days] == [20, 21, 22, 23]
    assert [row.equity_at_cost for row in days] == [100, Decimal("103.8"), Decimal("103.7"), Decimal("99.7")]
    assert [row.profit for row in days] == [0, Decimal("3.8"), Decimal("-0.1"), Decimal("-4.0")]
    assert [row.below_best for row in days] == [0, 0, Decimal("0.1"), Decimal("4.1")]
    assert (days[0].deposited, days[2].positions_at_cost, days[2].cash) == (100, 4, Decimal("99.7"))


def test_a_day_on_which_only_marks_moved_has_its_equity_too(world: sa.Engine) -> None:
    put_ledger(world, Ledger().deposit("deposit:1", Decimal(100), at=eastern(20)))
    moving = {"venue": "paper", "cash": 94, "positions_cost": 6, "resting": 1}
    put(
        world,
        tables.equity,
        {**moving, "at": eastern(21, 1), "positions_mid": 1, "positions_liquidation": 1},
        {**moving, "at": eastern(21, 2), "positions_mid": 8, "positions_liquidation": 7},
    )
    first, second = mart(world, "equity_by_day")
    assert (first.equity_at_mid, first.equity_at_cost) == (None, 100)
    assert (second.equity_at_mid, second.equity_at_liquidation, second.cash) == (102, 101, 100)


def test_the_latest_decision_stands_with_the_gate_that_stopped_it(world: sa.Engine) -> None:
    put(
        world,
        tables.decisions,
        decision(as_of=NOW - timedelta(hours=3)),
        decision(
            reason="spread",
            gates=gates(True, True, False),
            repeats=4,
            last_repeated_at=NOW,
            as_of=NOW - timedelta(hours=2),
        ),
        decision(strategy="maker"),
    )
    stopped, taken = sorted(mart(world, "decisions_latest"), key=lambda row: row.strategy, reverse=True)
    assert (stopped.reason, stopped.gate_value, stopped.gate_threshold) == ("spread", "0.07", "0.05")
    assert (stopped.gate_detail, stopped.held_until, stopped.outcome) == ("spread says", NOW, "home")
    assert (taken.strategy, taken.reason, taken.gate_value) == ("maker", "taken", None)


def test_the_funnel_counts_as_the_reader_does(world: sa.Engine) -> None:
    hours = [NOW - timedelta(hours=hour) for hour in range(5)]
    put(
        world,
        tables.decisions,
        decision(reason="spread", gates=gates(True, True, False), as_of=hours[4]),
        decision(reason="rated", gates=gates(True, False, None, None), as_of=hours[1]),
        decision(JAC, as_of=hours[3]),
        decision(LATER, reason="matched", gates=gates(False, None, None, None), league=None, as_of=hours[2]),
        decision(LATER, reason="skill", gates=gates(True, True, True, False), strategy="maker", as_of=hours[2]),
        decision(KC, reason="size", gates=gates(True, None), strategy="odd", as_of=hours[2]),
        decision(JAC, as_of=NOW - timedelta(days=3), strategy="long ago"),
    )
    counted: dict[tuple[str, str], list[int]] = {}
    for row in mart(world, "funnel"):
        sums = counted.setdefault((row.strategy, row.gate), [0, 0, 0])
        for at, value in enumerate((row.markets, row.passed, row.stopped)):
            sums[at] += value
    read = funnel(world, since=NOW - timedelta(days=1), until=NOW + timedelta(seconds=1))
    assert counted == {
        (row["strategy"], row["gate"]): [row["markets"], row["passed"], row["stopped"]]
        for row in read.iter_rows(named=True)
    }
    assert counted["value", "matched"] == [3, 2, 1]
    assert counted["value", "spread"] == [2, 1, 1]


def graded(world: sa.Engine, *decisions: dict[str, Any], result: str = "yes") -> list[Any]:
    """Decisions about a game that began half an hour ago and whose market paid."""
    put_strategy(world)
    put(world, tables.decisions, *decisions)
    put(world, tables.settlements, settlement(KC, result))
    before = Observation(NOW - timedelta(hours=1), Origin.LIVE)
    with world.begin() as connection:
        write_quotes(connection, [(KC, quote("0.56", "0.60"), before)])
    return mart(world, "closing_line_value")


def test_closing_line_value_is_the_last_mid_before_the_start_less_the_price(world: sa.Engine) -> None:
    """The quotes since the start, 0.60 to 0.62 and 0.64 to 0.66, know the score."""
    [row] = graded(world, decision(as_of=NOW - timedelta(hours=3)))
    assert (row.price, row.closing_price) == (Decimal("0.50"), Decimal("0.58"))
    assert (row.closing_line_value, row.beat_the_close, row.was_taken) == (Decimal("0.08"), True, True)
    assert (row.paid_out, row.gain_before_fees, row.hours_before_close) == (1, Decimal("0.5"), 2)


def test_of_a_bought_no_the_close_is_that_of_no(world: sa.Engine) -> None:
    [row] = graded(world, decision(side="no", limit_price=Decimal("0.45"), as_of=NOW - timedelta(hours=3)))
    assert (row.closing_price, row.closing_line_value) == (Decimal("0.42"), Decimal("-0.03"))
    assert (row.paid_out, row.beat_the_close) == (0, False)


def test_one_decision_a_game_is_evidence_and_what_only_the_rung_stopped_counts(world: sa.Engine) -> None:
    hours = [NOW - timedelta(hours=hour) for hour in range(6)]
    shadow = {"reason": "skill", "side": "yes", "limit_price": Decimal("0.52"), "rung": "shadow"}
    [row] = graded(
        world,
        decision(reason="spread", as_of=hours[5]),
        decision(**shadow, as_of=hours[4]),
        decision(as_of=hours[3]),
        decision(JAC, as_of=hours[3]),
    )
    assert (row.as_of, row.was_taken, row.price) == (hours[4], False, Decimal("0.52"))


def test_skill_compares_the_used_probability_with_the_markets_and_shows_the_rung(world: sa.Engine) -> None:
    rung = {"strategy": "value", "league": "nfl", "graded": 1, "decided_at": NOW}
    put(
        world,
        tables.rungs,
        {**rung, "rung": "shadow", "reason": "1 graded of 200"},
        {**rung, "rung": "paper", "reason": "old", "decided_at": NOW - timedelta(days=1)},
        {**rung, "league": "nba", "rung": "shadow", "reason": "0 graded of 200", "graded": 0},
    )
    graded(world, decision(p_trading=0.6, p_market=0.5, as_of=NOW - timedelta(hours=3)))
    nba, nfl = mart(world, "skill_against_market")
    assert (nfl.graded, nfl.taken, nfl.closed) == (1, 1, 1)
    assert (nfl.brier, nfl.market_brier) == (pytest.approx(0.16), pytest.approx(0.25))
    assert (nfl.skill, nfl.rung, nfl.rung_reason) == (pytest.approx(0.36), "shadow", "1 graded of 200")
    assert (nba.graded, nba.skill, nba.rung) == (0, None, "shadow")


def test_a_void_grades_nobody_and_a_strategy_of_the_raw_model_is_graded_by_it(world: sa.Engine) -> None:
    assert graded(world, decision(as_of=NOW - timedelta(hours=3)), result="void") == []
    put(world, tables.settlements, settlement(KC, "yes", amends=1))
    put_strategy(world, "model", "ba9876543210")
    by_model = decision(
        strategy="divergence", strategy_hash="ba9876543210", p_model=0.9, as_of=NOW - timedelta(hours=3)
    )
    put(world, tables.decisions, by_model)
    briers = {row.strategy: row.brier for row in mart(world, "skill_against_market")}
    assert briers == {"value": pytest.approx(0.45**2), "divergence": pytest.approx(0.1**2)}
