"""Every gate by itself: what passes it, what fails it, and what it says where there is nothing to read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from precog_assets.config import load_fees, load_trading_rules
from precog_assets.domain.trading import Book, GateResult, LinkFacts, Rung, SkillFacts
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.trading.asked import Asked, Rules
from precog_assets.trading.decide import decide
from precog_assets.trading.gates import GATES
from precog_assets_tests.trading.builders import AS_OF, START, book, limits, play, snapshot, strategy

LATER = AS_OF + timedelta(seconds=1)
LONG_AGO = AS_OF - timedelta(hours=2)
NAIVE = START.replace(tzinfo=None)
NAN = Decimal("NaN")
IN_PLAY = {"gates": {"in_play": True}}
FAILS: dict[str, dict[str, Any]] = {
    "matched": {"link": LinkFacts("ambiguous")},
    "league": {"market": {"league": "khl"}, "game": {"league": "khl"}},
    "rated": {"forecast": {"games_home": 7}},
    "rating_age": {"forecast": {"rated_at": AS_OF - timedelta(days=201)}},
    "not_exhibition": {"game": {"game_kind": "all_star"}},
    "quote_age": {"quote": {"observed_at": LONG_AGO, "confirmed_at": AS_OF - timedelta(seconds=121)}},
    "game_state_age": {"game": {"observed_at": AS_OF - timedelta(seconds=901)}},
    "market_open": {"market": {"status": "inactive"}},
    "game_phase": {"game": {"phase": "suspended"}},
    "no_in_play_model": {"game": {"phase": "delayed"}},
    "time_to_start": {"game": {"start_time": AS_OF + timedelta(seconds=71)}},
    "spread": {"quote": {"book": book(yes=(("0.44", "500"),))}},
    "depth": {"quote": {"book": book(no=(("0.50", "9.99"),))}},
    "price_bounds": {
        "quote": {"book": book((("0.955", "9"),), (("0.04", "9"),))},
        "price": {"p_trading": 1},
    },
    "min_net_value": {"price": {"p_trading": 0.527}},
    "max_net_value": {"price": {"p_trading": 0.62}},
    "skill": {"skill": {"skill_low": 0.0}},
    "exposure_market": {"exposure": {"market": Decimal(200)}},
    "exposure_game": {"exposure": {"game": Decimal(300)}},
    "exposure_league": {"exposure": {"league": Decimal(1500)}},
    "exposure_day": {"exposure": {"day": Decimal(1000)}},
    "exposure_total": {"exposure": {"total": Decimal(3000)}},
    "drawdown": {"exposure": {"equity": Decimal(8000)}},
    "order_rate": {"exposure": {"orders_last_minute": 30}},
    "kill_switch": {"kill_switch": True},
}
NOTHING_TO_READ: list[tuple[str, dict[str, Any], bool | None, str]] = [
    ("matched", {"link": LinkFacts("not_looked_at")}, False, "tied to no game"),
    ("matched", {"link": LinkFacts("matched", "nfl:1")}, False, "what YES pays for is not known"),
    ("league", {"game": None, "market": {"league": None}}, None, ""),
    ("rated", {"forecast": None}, False, "no forecast"),
    ("rating_age", {"forecast": None}, None, ""),
    ("rating_age", {"forecast": {"rated_at": None}}, False, "never rated"),
    ("not_exhibition", {"game": None}, None, ""),
    ("quote_age", {"quote": None}, False, "no quote"),
    ("game_state_age", {"game": None}, False, "no state of the game"),
    ("market_open", {"market": {"status": ""}}, False, ""),
    ("market_open", {"market": {"close_time": NAIVE}}, False, f"closes {NAIVE.isoformat()}"),
    ("game_phase", {"game": None}, None, ""),
    ("no_in_play_model", {"game": None}, None, ""),
    ("no_in_play_model", {"game": {"phase": "in_play"}}, False, "the state of the game was not read"),
    (
        "no_in_play_model",
        {"game": {"phase": "delayed"}, "play": play(p_in_play=None, why_not="the board tells no clock")},
        False,
        "the board tells no clock",
    ),
    (
        "no_in_play_model",
        {"game": {"phase": "in_play"}, "play": play(p_in_play=float("nan"))},
        False,
        "nan is no probability",
    ),
    ("time_to_start", {"game": None}, None, ""),
    ("time_to_start", {"game": {"start_time": NAIVE}}, False, "times with and without a time zone"),
    ("time_to_start", {"game": {"start_time_valid": False}}, False, "the start time is not announced"),
    ("spread", {"quote": None}, None, ""),
    ("spread", {"quote": {"book": Book()}}, False, "empty book"),
    ("depth", {"quote": None}, None, ""),
    ("depth", {"price": None}, None, ""),
    ("price_bounds", {"quote": {"book": Book()}}, None, ""),
    ("min_net_value", {"quote": None}, False, "no quote"),
    ("min_net_value", {"price": None}, False, "no price"),
    ("min_net_value", {"quote": {"book": Book()}}, False, "nobody offers yes"),
    ("max_net_value", {"price": None}, None, ""),
    ("skill", {"skill": SkillFacts()}, False, "0 graded"),
    ("exposure_market", {"exposure": {"market": NAN}}, False, "exposure is no number"),
    ("exposure_game", {"exposure": {"game": NAN}}, False, "exposure is no number"),
    ("exposure_league", {"exposure": {"league": NAN}}, False, "exposure is no number"),
    ("exposure_day", {"exposure": {"day": NAN}}, False, "exposure is no number"),
    ("exposure_total", {"exposure": {"total": NAN}}, False, "exposure is no number"),
    ("drawdown", {"exposure": {"equity": Decimal(0)}}, False, "equity 0, highest 10000"),
    ("drawdown", {"exposure": {"peak_equity": NAN}}, False, "equity 10000, highest NaN"),
]
NEVER_EMPTY = {"order_rate", "kill_switch"}
"""Gates that read a number or a switch that is always there."""
JUST_PASSES: dict[str, dict[str, Any]] = {
    "rated": {"forecast": {"games_home": 8}},
    "rating_age": {"forecast": {"rated_at": AS_OF - timedelta(days=200)}},
    "not_exhibition": {"game": {"game_kind": "postseason"}},
    "quote_age": {"quote": {"observed_at": LONG_AGO, "confirmed_at": AS_OF - timedelta(seconds=120)}},
    "game_state_age": {"game": {"observed_at": AS_OF - timedelta(seconds=900)}},
    "market_open": {"market": {"close_time": LATER}},
    "no_in_play_model": {"game": {"phase": "in_play"}, "play": play()},
    "game_phase": {"game": {"phase": "scheduled"}},
    "time_to_start": {"game": {"start_time": AS_OF + timedelta(hours=36)}},
    "spread": {"quote": {"book": book(yes=(("0.45", "500"),))}},
    "depth": {"quote": {"book": book(no=(("0.50", "10"),))}},
    "price_bounds": {"quote": {"book": book((("0.94", "9"),), (("0.05", "9"),))}, "price": {"p_trading": 1}},
    "max_net_value": {"price": {"p_trading": 0.6174}},
    "skill": {"skill": {"graded": 200, "skill_low": 1e-9}},
    "exposure_market": {"exposure": {"market": Decimal("199.99")}},
    "drawdown": {"exposure": {"equity": Decimal("8000.01")}},
    "order_rate": {"exposure": {"orders_last_minute": 29}},
}


def ask(name: str, **changes: Any) -> GateResult:
    rules = Rules(strategy(), limits(), FeeBook.of(load_fees()))
    return GATES[name](Asked(snapshot(**changes), rules))


@pytest.mark.parametrize("name", GATES)
def test_a_market_of_which_everything_is_fine_passes_every_gate(name: str) -> None:
    found = ask(name)
    assert (found.name, found.passed) == (name, True)
    assert found.value is not None
    assert found.threshold is not None


@pytest.mark.parametrize(("name", "changes"), JUST_PASSES.items(), ids=list(JUST_PASSES))
def test_what_is_just_allowed_passes(name: str, changes: dict[str, Any]) -> None:
    assert ask(name, **changes).passed is True


@pytest.mark.parametrize("name", GATES)
def test_what_is_just_not_allowed_fails_with_what_was_read_and_wanted(name: str) -> None:
    found = ask(name, **FAILS[name])
    assert (found.name, found.passed) == (name, False)
    assert found.value is not None
    assert found.threshold == ask(name).threshold


@pytest.mark.parametrize(("name", "changes", "passed", "detail"), NOTHING_TO_READ)
def test_where_there_is_nothing_to_read_a_gate_fails_or_cannot_be_asked_and_never_passes(
    name: str, changes: dict[str, Any], passed: bool | None, detail: str
) -> None:
    found = ask(name, **changes)
    assert (found.passed, found.detail) == (passed, detail)


PLAYING = {"game": {"phase": "in_play", "start_time": AS_OF - timedelta(hours=1)}, "play": play()}


def test_a_game_in_play_that_the_model_speaks_of_is_traded_by_a_strategy_that_is_told_to_alone() -> None:
    snapped = snapshot(**PLAYING)
    default, told = (Rules(one, limits(), FeeBook.of(load_fees())) for one in (strategy(), strategy(**IN_PLAY)))
    asked = {name: (GATES[name](Asked(snapped, default)), GATES[name](Asked(snapped, told))) for name in GATES}
    assert [name for name, (stopped, _) in asked.items() if stopped.passed is not True] == [
        "game_phase",
        "time_to_start",
    ]
    assert all(passed.passed for _, passed in asked.values())
    assert asked["no_in_play_model"][0].value == 0.7


def test_a_game_seen_in_play_before_its_announced_start_is_not_traded_by_default() -> None:
    early = snapshot(game={"phase": "in_play", "start_time": START}, play=play())
    assert decide(early, strategy(), limits()).reason == "game_phase"


def test_a_strategy_on_the_model_believes_the_probability_in_play_and_never_the_forecast() -> None:
    by_model = strategy(probability="model", **IN_PLAY)
    decision = decide(snapshot(**PLAYING), by_model, limits())
    assert (decision.p_model, decision.reason) == (0.7, "max_net_value")
    silent = snapshot(game=PLAYING["game"], play=play(p_in_play=None, why_not="the board tells no score"))
    decision = decide(silent, by_model, limits())
    assert (decision.p_model, decision.net_value, decision.reason) == (None, None, "no_in_play_model")
    assert {gate.name: gate.detail for gate in decision.gates}["min_net_value"] == "no probability in play"


def test_no_default_strategy_trades_in_play() -> None:
    assert not any(one.gates.in_play for one in load_trading_rules().strategies.values())


def test_no_gate_is_left_out_of_these_tests() -> None:
    assert set(FAILS) == set(GATES)
    assert {name for name, *_ in NOTHING_TO_READ} | NEVER_EMPTY == set(GATES)


def test_a_fallen_strategy_says_from_where() -> None:
    found = ask("skill", skill={"rung": Rung.PAPER, "skill_low": -0.1})
    assert (found.value, found.detail) == ("shadow", "400 graded; fell from paper")


def test_one_answer_is_made_once_for_markets_that_answer_alike_and_never_mixed_up() -> None:
    rules = Rules(strategy(), limits(), FeeBook.of(load_fees()))
    good, other = Asked(snapshot(), rules), Asked(snapshot(game_number=2), rules)
    stopped = Asked(snapshot(kill_switch=True), rules)
    assert GATES["kill_switch"](good) is GATES["kill_switch"](other)
    assert GATES["kill_switch"](stopped).passed is False
    full = Asked(snapshot(exposure={"market": Decimal(300), "game": Decimal(250)}), rules)
    assert [GATES[name](full).passed for name in ("exposure_market", "exposure_game")] == [False, True]
    yes, no = (GATES["depth"](Asked(snapshot(price={"p_trading": p}), rules)) for p in (0.56, 0.42))
    assert (yes.value, yes.detail, no.value, no.detail) == (500.0, "yes", 500.0, "no")


def test_a_clock_that_is_off_is_named_before_every_other_gate_and_is_no_question_otherwise() -> None:
    wrong = "kalshi's clock is +9.00 s against ours, within 0.50 s, more than the 2 s of config/sources.yaml"
    off = decide(snapshot(clock=wrong), strategy(), limits())
    assert (off.action.value, off.reason, off.gates[0].detail) == ("pass", "clock", wrong)
    assert [gate.name for gate in off.gates][:2] == ["clock", "matched"]
    assert decide(snapshot(clock=wrong), strategy(), limits(), complete=False).reason == "clock"
    assert "clock" not in [gate.name for gate in decide(snapshot(), strategy(), limits()).gates]


def test_a_venue_that_is_down_stops_everything_and_is_no_question_otherwise() -> None:
    why = "the stream away for 30 s or longer"
    down = decide(snapshot(venue_away=why), strategy(), limits())
    assert (down.action.value, down.reason, down.gates[0].detail) == ("pass", "venue", why)
    assert decide(snapshot(venue_away=why), strategy(), limits(), complete=False).reason == "venue"
    assert decide(snapshot(clock="off", venue_away=why), strategy(), limits()).reason == "clock"
    assert "venue" not in [gate.name for gate in decide(snapshot(), strategy(), limits()).gates]
