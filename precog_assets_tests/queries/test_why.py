"""What is said of gates, prices and times: in words that a person can act on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.trading import GateResult
from precog_assets.queries.why import ago, count_text, later_failures, needed, price_text, value_text, why
from precog_assets.trading.gates import GATES
from precog_assets_tests.queries.decided import EVENT, JAC, KC, World, strategy
from precog_assets_tests.store.rows import at, game, quote

QUOTED = {"KC": quote("0.40", "0.42"), "JAC": quote("0.58", "0.60")}


@pytest.fixture
def world(engine: sa.Engine, tmp_path: Path) -> World:
    return World(engine, tmp_path)


@pytest.mark.parametrize("name", [*GATES, "size"])
def test_every_gate_that_fails_says_what_would_have_to_change(name: str) -> None:
    text = needed(GateResult(name, False, 7.5, 3.0, "seven and a half"))
    assert "would have to read" not in text
    assert "7.5" in text or name in ("kill_switch", "no_in_play_model", "skill")


@pytest.mark.parametrize("name", [*GATES, "size", "a_gate_of_tomorrow"])
def test_a_gate_with_nothing_to_read_says_that(name: str) -> None:
    assert "nothing there" in needed(GateResult(name, False, None, 3.0, "nothing there")) or name.startswith("exposure")


def test_gates_after_the_first_failing_one_that_failed_too_are_named() -> None:
    gates = [
        GateResult(name, passed, 1.0, 1.0) for name, passed in zip("abcd", (False, True, None, False), strict=True)
    ]
    assert later_failures(gates, "a") == ["d"]
    assert later_failures(gates, "d") == []


@pytest.mark.parametrize(
    ("price", "said"),
    [(None, "-"), ("0.4", "0.40"), ("0.42", "0.42"), ("0.4250", "0.425"), ("0.000100", "0.0001"), ("1", "1.00")],
)
def test_prices_are_shown_to_the_cent_and_further_only_where_they_go_further(price: str | None, said: str) -> None:
    assert price_text(None if price is None else Decimal(price)) == said


@pytest.mark.parametrize(("count", "said"), [("143.00", "143"), ("0.50", "0.5"), ("1000", "1000"), ("0", "0")])
def test_counts_are_shown_without_decimals_that_say_nothing(count: str, said: str) -> None:
    assert count_text(Decimal(count)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "unknown"), ("matched", "matched"), (1234.5, "1,234.5"), (0.12345678, "0.1235"), (3, "3")],
)
def test_values_are_shown_with_four_decimals_at_most(value: str | float | None, said: str) -> None:
    assert value_text(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(12, "12 s ago"), (119, "119 s ago"), (120, "2 min ago"), (7200, "2 h ago"), (172_800, "2 d ago")],
)
def test_a_time_ago_has_one_unit(seconds: float, said: str) -> None:
    assert ago(at(seconds), at(0)) == said


def test_what_is_yet_to_come_is_said_with_its_instant() -> None:
    assert ago(at(0), at(60)) == "at 2026-11-22 18:01:00 UTC"


def test_quotes_later_than_the_instant_asked_for_are_not_told(world: World) -> None:
    world.fill()
    world.markets({"KC": quote("0.70", "0.72")}, 90)
    before, after = (why(world.engine, KC, now=at(second))[0] for second in (60, 120))
    assert (before.yes_bid, after.yes_bid) == (Decimal("0.40"), Decimal("0.70"))


def test_only_the_last_decision_of_each_strategy_answers(world: World) -> None:
    world.fill(p_home=0.42)
    both = [strategy("other"), strategy()]
    world.decide(60, by=both)
    world.markets({"KC": quote("0.20", "0.22")}, 70)
    last = world.decide(80, by=both[1:])
    answers = {one.decision.strategy: one.decision for one in why(world.engine, KC, now=at(90))[0].answers}
    assert answers["value"].decision_id == next(one.decision_id for one in last if one.market_id == KC)
    assert answers["other"].as_of == at(60)


def test_an_event_gives_its_markets_by_ticker_each_with_its_own_orders(world: World) -> None:
    world.fill()
    made = next(one for one in world.decide() if one.market_id == KC)
    world.ordered(made)
    found = why(world.engine, EVENT, now=at(90))
    assert [one.market_id for one in found] == [JAC, KC]
    orders = {
        one.market_id: [order["decision_id"] for answer in one.answers for order in answer.orders] for one in found
    }
    assert orders == {JAC: [], KC: [made.decision_id]}


def test_an_instant_without_a_zone_is_refused(world: World) -> None:
    world.fill()
    with pytest.raises((ConfigurationError, ValueError), match="now"):
        why(world.engine, KC, now=at(0).replace(tzinfo=None))


def test_a_game_in_play_is_shown_with_its_score_and_what_the_model_makes_of_it(world: World) -> None:
    world.fill()
    world.games(game(start_time=at(7200), home_score=17, away_score=14, period=3), 9000)
    world.markets(QUOTED, 9050)
    world.one(second=9060)
    (found,) = why(world.engine, KC, now=at(9090))
    assert found.standing[-1].startswith(
        "in play when last decided, home 17, away 14, period 3, clock 10:00; in play 0."
    )
    (answer,) = found.answers
    assert "stopped by game_phase" in answer.sentence


def test_a_state_that_says_too_little_is_said_to(world: World) -> None:
    world.fill()
    world.games(game(start_time=at(7200), clock=None), 9000)
    world.markets(QUOTED, 9050)
    world.one(second=9060)
    (found,) = why(world.engine, KC, now=at(9090))
    assert found.standing[-1].endswith("in play not known: the board tells no clock")
    assert found.answers[0].needed.endswith("the board tells no clock")
