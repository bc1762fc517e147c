"""Decisions as they were recorded, and the funnel counted from them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import ConfigurationError
from precog_assets.queries.decisions import DECISIONS, FUNNEL, decision, decisions, funnel, latest_decisions
from precog_assets_tests.queries.decided import GAME, JAC, KC, World, strategy
from precog_assets_tests.store.rows import at, quote


@pytest.fixture
def world(engine: sa.Engine, tmp_path: Path) -> World:
    one = World(engine, tmp_path)
    one.fill()
    return one


def test_a_decision_is_read_back_as_it_was_made(world: World) -> None:
    made = world.one()
    read = decision(world.engine, made.decision_id)
    for name in ("market_id", "strategy_hash", "as_of", "reason", "limit_price", "contracts", "p_trading", "rung"):
        assert getattr(read, name) == getattr(made, name), name
    assert [(gate.name, gate.passed) for gate in read.gates] == [(gate.name, gate.passed) for gate in made.gates]
    assert (read.taken, read.stopped_by, read.game_id) == (True, None, GAME)


def test_the_gate_that_stopped_it_is_found_by_the_reason(world: World) -> None:
    made = world.one(by=[strategy(gates={"max_spread": "0.01"})])
    stopped = decision(world.engine, made.decision_id).stopped_by
    assert stopped is not None
    assert (stopped.name, stopped.passed) == ("spread", False)


def test_an_id_of_one_letter_case_or_with_blanks_is_the_same(world: World) -> None:
    made = world.one()
    assert decision(world.engine, f" {made.decision_id.upper()} ").decision_id == made.decision_id


@pytest.mark.parametrize("given", ["", "abc", "100%", "abcd_", "'; --", "ffffffffffffffffffffff"])
def test_what_names_no_decision_is_refused(world: World, given: str) -> None:
    world.decide()
    with pytest.raises(ConfigurationError, match="decision"):
        decision(world.engine, given)


def test_the_latest_of_each_strategy_is_given_by_name(world: World) -> None:
    world.decide(60, by=[strategy("a"), strategy("b")])
    world.markets({"KC": quote("0.90", "0.92")}, 65)
    world.decide(70, by=[strategy("b")])
    found = latest_decisions(world.engine, KC)
    assert [(one.strategy, one.as_of) for one in found] == [("a", at(60)), ("b", at(70))]
    assert [one.strategy for one in latest_decisions(world.engine, KC, strategy="a")] == ["a"]
    assert latest_decisions(world.engine, "kalshi:NONE") == []


def test_frames_have_a_row_a_verdict_within_the_range(world: World) -> None:
    world.decide(60)
    found = decisions(world.engine, since=at(0), until=at(100))
    assert dict(found.schema) == DECISIONS
    assert found["market_id"].to_list() == [JAC, KC]
    assert decisions(world.engine, since=at(0), until=at(60)).is_empty()
    assert decisions(world.engine, since=at(61), until=at(100)).is_empty()
    assert decisions(world.engine, since=at(0), until=at(100), league="nba").is_empty()


def test_a_range_that_ends_before_it_begins_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="is not after"):
        funnel(world.engine, since=at(10), until=at(10))


def test_in_the_funnel_each_gate_gets_what_the_one_before_let_through(world: World) -> None:
    made = world.decide(60, by=[strategy(gates={"max_price": "0.5"}), strategy("strict", gates={"min_games": 50})])
    found = funnel(world.engine, since=at(0), until=at(100))
    assert dict(found.schema) == FUNNEL
    for name, rows in found.group_by("strategy"):
        came, passed = rows["markets"].to_list(), rows["passed"].to_list()
        assert came[0] == 2
        assert came[1:] == passed[:-1]
        assert (rows["markets"] - rows["passed"] == rows["stopped"]).all()
        reasons = Counter(one.reason for one in made if one.strategy == name[0])
        stopped = {row["gate"]: row["stopped"] for row in rows.iter_rows(named=True) if row["stopped"]}
        assert stopped == {reason: number for reason, number in reasons.items() if reason != "taken"}


def test_a_market_counts_once_by_the_decision_that_came_furthest(world: World) -> None:
    world.decide(60)
    world.markets({"KC": quote("0.40", "0.42"), "JAC": quote("0.58", "0.60")}, 65, status="closed")
    world.decide(70)
    found = funnel(world.engine, since=at(0), until=at(100))
    closed = found.filter(pl.col("gate") == "market_open").row(0, named=True)
    assert (closed["markets"], closed["stopped"]) == (2, 0)
    later = funnel(world.engine, since=at(65), until=at(100))
    assert later.filter(pl.col("gate") == "market_open")["stopped"].item() == 2
