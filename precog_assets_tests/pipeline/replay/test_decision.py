"""Decisions made again: identical from what is stored, whatever came later; and every kind of difference is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from precog_assets.config import load_trading_rules
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import Origin, QuoteSeen
from precog_assets.domain.trading import Action, Rung, SkillFacts
from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.decide import decide_markets
from precog_assets.pipeline.replay.decision import Change, replay_decision
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.book import set_kill_switch, write_rung
from precog_assets_tests.databases import wipe
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.queries.decided import DAY, HOUR, JAC, KC, SCHEDULED, World, strategy
from precog_assets_tests.store.rows import at, final, game, quote

IN_PLAY = {"status": "STATUS_IN_PROGRESS", "state": "in"}
POSTPONED = {"status": "STATUS_POSTPONED", "state": "post", "home_score": None, "away_score": None}
STRATEGIES = (
    strategy(),
    strategy("bold", sizing={"kelly_fraction": 1.0, "max_equity_share": 0.5, "max_contracts": "5000"}),
    strategy("aware", probability="market_aware", gates={"min_net_value": "-0.5"}),
    strategy("shadow", start_rung="shadow"),
    strategy("maker", entry="maker", maker_improvement="0.01"),
)


@pytest.fixture
def world(engine: sa.Engine, tmp_path: Path) -> World:
    one = World(engine, tmp_path)
    one.fill()
    return one


cents = st.integers(1, 99).map(lambda cent: f"{cent / 100:.2f}")
sizes = st.integers(0, 500).map(lambda count: Decimal(count))
sides = st.one_of(st.tuples(cents, cents), st.tuples(st.just("0.40"), st.just("0.42")), st.tuples(cents, st.none()))


@st.composite
def quotes(draw: st.DrawFn) -> QuoteSeen:
    bid, ask = draw(sides)
    return quote(bid, ask, yes_bid_size=draw(sizes), yes_ask_size=draw(sizes))


Step = Callable[[World, float], object]


def step(draw: st.DrawFn, kind: str) -> Step:
    """Something that happens at a second: a fact, a decision, an entry in the book."""
    p, dollars = draw(st.floats(0.05, 0.95)), Decimal(draw(st.integers(1, 5000)))
    one, other = draw(quotes()), draw(quotes())
    market_id = draw(st.sampled_from((KC, JAC)))
    steps: dict[str, Step] = {
        "quotes": lambda world, second: world.markets({"KC": one, "JAC": other}, second),
        "one quote": lambda world, second: world.markets({market_id[-3:].lstrip("-"): one}, second),
        "the same": lambda world, second: world.markets({"KC": quote("0.40", "0.42")}, second),
        "closed": lambda world, second: world.markets({"KC": one}, second, status="closed"),
        "backfill": lambda world, second: world.markets({"KC": one}, second, origin=Origin.BACKFILL),
        "book": lambda world, second: world.book([("0.30", "50"), ("0.40", "70")], [("0.58", "40")], second),
        "moved": lambda world, second: world.games(game(start_time=at(second + HOUR), **SCHEDULED), second),
        "in play": lambda world, second: world.games(game(**IN_PLAY), second),
        "postponed": lambda world, second: world.games(game(**POSTPONED), second),
        "final": lambda world, second: world.games(final("401"), second),
        "forecast": lambda world, second: world.forecast(p, second, blend=round(p, 2)),
        "rating": lambda world, second: world.rated(second, 1400 + 200 * p),
        "fees": lambda world, second: world.fees("quadratic", f"{p:.2f}", second),
        "old fees": lambda world, second: world.fees("quadratic", f"{p:.2f}", second, effective=-DAY),
        "deposit": lambda world, second: world.deposit(dollars, second),
        "stop": lambda world, second: _stop(world, second, on=p > 0.4),
        "rung": lambda world, second: _rung(world, second, Rung.PAPER if p > 0.5 else Rung.SHADOW),
        "decide": lambda world, second: world.decide(second, by=STRATEGIES, orders=True),
        "decide one": lambda world, second: world.decide(second, by=STRATEGIES[:2], markets=[KC], orders=True),
    }
    return steps[kind]


def _stop(world: World, second: float, *, on: bool) -> None:
    with world.engine.begin() as connection:
        set_kill_switch(connection, on=on, reason="a test", author="tests", at=at(second))


def _rung(world: World, second: float, rung: Rung) -> None:
    with world.engine.begin() as connection:
        write_rung(connection, "value", "nfl", SkillFacts(rung, 40, 0.01, -0.01, 0.004, -0.001), "a test", at(second))


FACTS = (
    "quotes",
    "one quote",
    "the same",
    "closed",
    "backfill",
    "book",
    "moved",
    "in play",
    "postponed",
    "final",
    "forecast",
    "rating",
    "fees",
    "old fees",
    "deposit",
    "stop",
    "rung",
)


@st.composite
def histories(draw: st.DrawFn, kinds: tuple[str, ...] = FACTS) -> list[tuple[str, Step]]:
    """Facts and decisions in the order they happen; the first thing is a decision on a market worth buying."""
    named = draw(st.lists(st.sampled_from((*kinds, *["decide"] * 4, "decide one")), min_size=2, max_size=12))
    return [(kind, step(draw, kind)) for kind in ("decide", *named)]


def play(world: World, history: list[tuple[str, Step]], p_home: float) -> list[str]:
    """Let it happen, seven seconds apart; ids of the decisions that were written."""
    wipe(world.engine)
    world.fill(p_home)
    for number, (_, happens) in enumerate(history):
        happens(world, 30.0 + 7.0 * number)
    with world.engine.connect() as connection:
        return list(connection.scalars(sa.select(tables.decisions.c.decision_id).order_by("as_of", "decision_id")))


@settings(
    max_examples=25,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories(), p_home=st.floats(0.05, 0.95))
def test_any_stored_decision_is_made_again_identically(
    engine: sa.Engine, tmp_path: Path, history: list[tuple[str, Step]], p_home: float
) -> None:
    world = World(engine, tmp_path)
    for one in play(world, history, p_home):
        found = replay_decision(engine, one)
        assert found.same, ([kind for kind, _ in history], json.dumps(found.as_json(), indent=1))


def test_a_link_that_changed_since_is_the_one_that_was_recorded(world: World) -> None:
    made = world.one()
    world.link(KC, verdict="no_game", last_changed_at=at(90))
    assert replay_decision(world.engine, made.decision_id).same


def test_a_decision_sized_with_others_names_how_many(world: World) -> None:
    found = replay_decision(world.engine, world.one().decision_id)
    assert (found.same, found.sized_with, found.summary) == (True, 1, "same")


def test_bets_that_stood_without_a_row_of_that_instant_are_sized_with_too(world: World) -> None:
    bold = [strategy("bold", start_rung="shadow", sizing={**STRATEGIES[1].sizing.model_dump()})]
    world.decide(60, by=bold)
    world.markets({"JAC": quote("0.30", "0.32")}, 65)
    second = world.decide(70, by=bold)
    world.decide(80, by=bold)
    with world.engine.connect() as connection:
        rows = connection.execute(sa.select(tables.decisions.c.market_id, tables.decisions.c.as_of)).all()
    written = {(row.market_id, row.as_of) for row in rows}
    new = [one for one in second if (one.market_id, one.as_of) in written]
    assert len(new) < len(second), "nothing came again"
    for one in new:
        assert replay_decision(world.engine, one.decision_id).same


def test_a_stored_fact_that_was_tampered_with_is_found_by_place_and_value(world: World) -> None:
    made = world.one()
    with world.engine.begin() as connection:
        changed = sa.update(tables.quotes).where(tables.quotes.c.yes_ask == Decimal("0.42"))
        connection.execute(changed.values(yes_ask=Decimal("0.47")))
    found = replay_decision(world.engine, made.decision_id)
    assert not found.same
    assert any(change.name.startswith("quote.book") for change in found.facts)
    assert Change("reason", "taken", "spread") in found.verdict
    assert Change("gates.spread.value", 0.02, 0.07) in found.verdict
    assert found.code == ()
    assert found.summary.startswith("differs: facts are not what was read then")


def test_a_fact_that_differs_without_effect_is_said_to_have_none(world: World) -> None:
    made = world.one()
    with world.engine.begin() as connection:
        connection.execute(sa.update(tables.quotes).values(last_price=Decimal("0.11")))
    found = replay_decision(world.engine, made.decision_id)
    assert [change.name for change in found.facts] == ["quote.last_price"]
    assert found.verdict == ()
    assert found.summary == "differs: facts are not what was read then; the decision stays the same"


def test_code_that_decides_otherwise_is_told_from_facts_that_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from precog_assets.trading import judging

    made = world.one()
    renamed = tuple((name, gate, skill) for name, gate, skill in judging._ASKED if name != "spread")
    monkeypatch.setattr(judging, "_ASKED", renamed)
    found = replay_decision(world.engine, made.decision_id)
    assert found.facts == ()
    assert found.code == (Change("gates.spread", "asked", "not asked"),)
    assert found.summary == "differs: today's code decides otherwise on what was read then"


def test_a_recorded_gate_that_was_tampered_with_is_found(world: World) -> None:
    made = world.one()
    with world.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE book.decisions SET gates = jsonb_set(gates, '{11,value}', '0.5') WHERE decision_id = :one"),
            {"one": made.decision_id},
        )
    assert replay_decision(world.engine, made.decision_id).code == (Change("gates.spread.value", 0.5, 0.02),)


def test_a_market_that_is_gone_is_a_fact_that_differs(world: World) -> None:
    made = world.one()
    with world.engine.begin() as connection:
        connection.execute(sa.delete(tables.market_states))
    found = replay_decision(world.engine, made.decision_id)
    assert found.facts == (Change("market", KC, None),)
    assert (found.code, found.same) == ((), False)


def test_todays_configuration_does_not_matter(world: World) -> None:
    once = strategy(gates={"max_spread": "0.021"})
    made = world.one(by=[once])
    assert made.action is Action.TAKE
    world.decide(70, by=[strategy(gates={"max_spread": "0.01"})])
    assert replay_decision(world.engine, made.decision_id).same


def test_without_the_recorded_configuration_nothing_can_be_made_again(world: World) -> None:
    made = world.one()
    with world.engine.begin() as connection:
        connection.execute(sa.delete(tables.limits))
    with pytest.raises(PrecogError, match="not both are stored"):
        replay_decision(world.engine, made.decision_id)


def test_replaying_writes_nothing(world: World) -> None:
    made = world.one()
    before = contents(world.engine)
    replay_decision(world.engine, made.decision_id)
    assert contents(world.engine) == before


def contents(engine: sa.Engine) -> dict[str, int]:
    counted = {}
    with engine.connect() as connection:
        for table in tables.metadata.sorted_tables:
            counted[table.fullname] = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
    return counted


def test_decisions_of_the_live_steps_are_made_again_with_orders_filled_between_them(
    services: Services, clock: TestClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = load_trading_rules()
    named = {one.name: one for one in STRATEGIES}
    monkeypatch.setattr(
        "precog_assets.pipeline.decide.load_trading_rules", lambda: rules.model_copy(update={"strategies": named})
    )
    world = World(services.engine, tmp_path)
    world.fill()
    world.book([("0.38", "50"), ("0.40", "200")], [("0.56", "300"), ("0.58", "100")])
    for second in (30, 45, 63):
        clock.instant = at(second)
        decide_markets(services, correlation_id="c")
        clock.instant = at(second + 5)
        work_book(services, correlation_id="c")
        world.markets({"KC": quote("0.41", "0.43"), "JAC": quote("0.57", "0.59")}, second + 7)
    with services.engine.connect() as connection:
        ids = list(connection.scalars(sa.select(tables.decisions.c.decision_id)))
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.fills))
    assert len(ids) >= 2 * len(STRATEGIES)
    for one in ids:
        found = replay_decision(services.engine, one)
        assert found.same, json.dumps(found.as_json(), indent=1)
