"""Decisions with what came of their orders, and the configuration that they name."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import PrecogError
from precog_assets.queries.traded import Traded, recorded_rules, traded
from precog_assets.store import tables
from precog_assets_tests.queries.decided import JAC, KC, LIMITS, World, strategy
from precog_assets_tests.store.rows import at


@pytest.fixture
def world(engine: sa.Engine, tmp_path: Path) -> World:
    one = World(engine, tmp_path)
    one.fill()
    return one


def read(world: World, **given: object) -> dict[str, Traded]:
    bounds = {"since": at(0), "until": at(3600), **given}
    return {one.market_id: one for one in traded(world.engine, **bounds)}  # type: ignore[arg-type]


def settle(world: World, result: str, value: int, *, venue_value: int | None, amends: int = 0) -> None:
    row = {
        "market_id": KC,
        "amends": amends,
        "result": result,
        "yes_value": Decimal(value),
        "venue_value": None if venue_value is None else Decimal(venue_value),
        "settled_at": at(600),
        "game_agrees": None,
        "recorded_at": at(600 + amends),
    }
    with world.engine.begin() as connection:
        connection.execute(sa.insert(tables.settlements).values(row))


def test_fills_of_the_decisions_own_order_are_summed(world: World) -> None:
    made = world.one()
    world.ordered(made, filled=7)
    one = read(world)[KC]
    assert (one.decision_id, one.action, one.side) == (made.decision_id, "take", "yes")
    assert (one.contracts, one.cost, one.fees) == (7, 7 * (made.limit_price or 0), Decimal("0.09"))
    assert (one.yes_value, one.given_back) == (None, None)


def test_decisions_without_fills_have_none(world: World) -> None:
    world.decide()
    assert {one.market_id: one.contracts for one in read(world).values()} == {KC: 0, JAC: 0}


def test_the_last_amendment_of_a_settlement_counts(world: World) -> None:
    world.decide()
    settle(world, "no", 0, venue_value=0)
    settle(world, "yes", 1, venue_value=1, amends=1)
    assert (read(world)[KC].yes_value, read(world)[KC].given_back) == (1, False)


def test_a_void_without_a_value_gives_back(world: World) -> None:
    world.decide()
    settle(world, "void", 0, venue_value=None)
    assert read(world)[KC].given_back is True


def test_only_the_time_league_and_strategy_asked_for_are_read(world: World) -> None:
    world.decide(60)
    assert read(world, since=at(61)) == {}
    assert read(world, until=at(60)) == {}
    assert read(world, league="nba") == {}
    assert set(read(world, league="nfl", strategy="value")) == {KC, JAC}
    assert read(world, strategy="maker") == {}
    with pytest.raises(ValueError, match="no time zone"):
        read(world, since=(at(0) + timedelta(0)).replace(tzinfo=None))


def test_the_recorded_configuration_is_the_one_decided_under(world: World) -> None:
    world.decide()
    one = read(world)[KC]
    assert recorded_rules(world.engine, one.strategy_hash, one.limits_hash) == (strategy(), LIMITS)
    with pytest.raises(PrecogError, match="strategy nothing with limits"):
        recorded_rules(world.engine, "nothing", one.limits_hash)
