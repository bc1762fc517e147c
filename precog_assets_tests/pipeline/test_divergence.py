"""The stored paper book beside a backtest of the same facts: one world, and one thing about it changed at a time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.domain.leagues import Outcome
from precog_assets.pipeline.backtest.compare import Cause, Comparison
from precog_assets.pipeline.backtest.feed import MemoryFeed
from precog_assets.pipeline.divergence import compare_book
from precog_assets_tests.pipeline.backtest import worlds
from precog_assets_tests.queries.decided import GAME, HOUR, JAC, KC, World
from precog_assets_tests.store.rows import at

SEEN = 60
"""Second at which the backtest learns of the quotes, and paper decides."""


@pytest.fixture
def world(engine: sa.Engine, tmp_path: Path) -> World:
    one = World(engine, tmp_path)
    one.fill()
    return one


def facts(
    *, kc: tuple[int, int] = (40, 42), jac: tuple[int, int] = (58, 60), second: float = SEEN, **given: Any
) -> MemoryFeed:
    """What `World.fill` stores, as a feed; the quotes become known at `second`."""
    known = {"known_at": at(0)}
    told = [
        worlds.market(KC, Outcome.HOME, game_id=GAME, close_time=at(14 * 24 * HOUR), **known),
        worlds.market(JAC, Outcome.AWAY, game_id=GAME, close_time=at(14 * 24 * HOUR), **known),
        worlds.game(game_id=GAME, start_time=at(2 * HOUR), observed_at=at(0), **known),
        worlds.forecast(
            0.60, game_id=GAME, games_home=10, games_away=9, rated_at=at(-7 * 24 * HOUR), model_weight=0.25, **known
        ),
    ]
    rows = [(at(second), KC, *kc), (at(second), JAC, *jac)]
    return worlds.feed(told, rows, contracts=given.get("contracts", 20.5))


def compared(world: World, feed: MemoryFeed, **given: Any) -> Comparison:
    return compare_book(
        world.engine,
        [load_leagues()["nfl"]],
        lambda *_: feed,
        load_trading_rules().backtests,
        since=at(0),
        until=at(HOUR),
        **given,
    )


def traded(world: World) -> int:
    """Paper decides, and buys all that is offered as the backtest does."""
    made = world.one(second=SEEN)
    assert made.side is not None
    contracts = int(min(made.contracts, 20))
    world.ordered(made, filled=contracts)
    return contracts


def causes(found: Comparison) -> dict[str, set[Cause]]:
    by_market: dict[str, set[Cause]] = {}
    for one in found.differences:
        by_market.setdefault(one.market_id, set()).add(one.cause)
    return by_market


def test_the_same_facts_make_the_same_decisions(world: World) -> None:
    traded(world)
    found = compared(world, facts())
    assert (found.paper_taken, found.backtest_taken, found.pairs) == (2, 2, 2)
    assert Cause.GATE not in causes(found).get(KC, set())
    assert not {Cause.PRICE, Cause.LATENCY} & causes(found).get(KC, set())


def test_quotes_known_later_are_latency(world: World) -> None:
    traded(world)
    found = compared(world, facts(second=SEEN + 90))
    assert Cause.LATENCY in causes(found)[KC]
    assert {one.seconds for one in found.differences if one.cause is Cause.LATENCY} == {-90.0}
    assert Cause.LATENCY not in causes(compared(world, facts(second=SEEN + 90), tolerance=timedelta(seconds=90)))[KC]


def test_another_quote_is_a_price(world: World) -> None:
    traded(world)
    found = compared(world, facts(kc=(41, 43), jac=(57, 59)))
    (moved,) = [one for one in found.differences if one.market_id == KC and one.cause is Cause.PRICE]
    assert moved.paper.split(",")[0].endswith("yes at 0.42")
    assert moved.backtest.split(",")[0].endswith("yes at 0.43")


def test_a_quote_that_nobody_could_trade_on_is_a_gate(world: World) -> None:
    traded(world)
    found = compared(world, facts(kc=(30, 42)))
    (gate,) = [one for one in found.differences if one.market_id == KC and one.cause is Cause.GATE]
    assert gate.backtest == "spread"


def test_less_on_offer_is_a_fill(world: World) -> None:
    contracts = traded(world)
    found = compared(world, facts(contracts=12.0))
    (fill,) = [one for one in found.differences if one.market_id == KC and one.cause is Cause.FILL]
    assert fill.paper.startswith(f"{contracts} yes")
    assert fill.backtest.startswith("12 yes")


def test_what_was_charged_by_paper_and_not_by_the_schedule_is_a_fee(world: World) -> None:
    contracts = traded(world)
    with world.engine.begin() as connection:
        connection.execute(sa.text("UPDATE book.fills SET fee = 9"))
    found = compared(world, facts(contracts=float(contracts)))
    (fee,) = [one for one in found.differences if one.market_id == KC and one.cause is Cause.FEE]
    assert fee.dollars is not None
    assert Decimal(-9) < fee.dollars < Decimal(-8)


def test_no_decisions_compare_to_nothing(world: World) -> None:
    found = compared(world, facts())
    assert (found.paper_taken, found.backtest_taken, found.differences) == (0, 0, ())


def test_of_a_strategy_that_nobody_ran_nothing_is_compared(world: World) -> None:
    traded(world)
    assert compared(world, facts(), strategy="maker").paper_taken == 0
