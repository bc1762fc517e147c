"""Decisions: the first gate that fails is the reason, nothing raises, no limit is exceeded, equal in is equal out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import Action, Book, Level, LinkFacts, Rung, Side
from precog_assets.trading.decide import decide, decide_game, decide_slate
from precog_assets_tests.trading.builders import AS_OF, START, book, change, limits, snapshot, strategy

LATER = AS_OF + timedelta(seconds=1)
OLD = {"observed_at": AS_OF - timedelta(hours=2), "confirmed_at": AS_OF - timedelta(hours=1)}


def reason(changes: dict[str, Any], **bounds: Any) -> str:
    decision = decide(snapshot(**changes), strategy(), limits(**bounds))
    assert decision.action is (Action.TAKE if decision.reason == "taken" else Action.PASS)
    assert decision.contracts == 0 or decision.action is Action.TAKE or decision.reason == "skill"
    return decision.reason


def test_a_market_of_which_everything_is_fine_is_taken() -> None:
    decision = decide(snapshot(), strategy(), limits())
    assert (decision.action, decision.reason, decision.side) == (Action.TAKE, "taken", Side.YES)
    assert decision.contracts > 0
    assert all(gate.passed for gate in decision.gates)
    assert decision.limit_price == Decimal("0.5")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"link": LinkFacts("ambiguous")}, "matched"),
        ({"game": None}, "game_state_age"),
        ({"forecast": {"games_away": 3}}, "rated"),
        ({"forecast": {"rated_at": AS_OF - timedelta(days=400)}}, "rating_age"),
        ({"game": {"game_kind": "preseason"}}, "not_exhibition"),
        ({"quote": OLD}, "quote_age"),
        ({"quote": {"observed_at": LATER, "confirmed_at": LATER}}, "quote_age"),
        ({"quote": None}, "quote_age"),
        ({"game": {"observed_at": AS_OF - timedelta(hours=2)}}, "game_state_age"),
        ({"market": {"status": "finalized"}}, "market_open"),
        ({"market": {"status": "closed"}}, "market_open"),
        ({"game": {"phase": "final"}}, "game_phase"),
        ({"game": {"phase": "postponed"}}, "game_phase"),
        ({"game": {"phase": "in_play", "start_time": AS_OF - timedelta(hours=1)}}, "no_in_play_model"),
        ({"game": {"start_time": AS_OF + timedelta(days=9)}}, "time_to_start"),
        ({"quote": {"book": book(yes=(("0.40", "500"),))}}, "spread"),
        ({"quote": {"book": book(yes=(("0.60", "500"),))}}, "spread"),
        ({"quote": {"book": book(yes=())}}, "spread"),
        ({"quote": {"book": Book()}}, "spread"),
        ({"quote": {"book": book(no=(("0.50", "3"),))}}, "depth"),
        ({"price": {"p_trading": 0.505}}, "min_net_value"),
        ({"price": {"p_trading": 0.85}}, "max_net_value"),
        ({"skill": {"rung": Rung.SHADOW, "graded": 0, "skill_low": None, "closing_line_value_low": None}}, "skill"),
        ({"exposure": {"market": Decimal("200")}}, "exposure_market"),
        ({"exposure": {"game": Decimal("300")}}, "exposure_game"),
        ({"exposure": {"league": Decimal("1500")}}, "exposure_league"),
        ({"exposure": {"day": Decimal("1000")}}, "exposure_day"),
        ({"exposure": {"total": Decimal("3000")}}, "exposure_total"),
        ({"exposure": {"equity": Decimal("7000")}}, "drawdown"),
        ({"exposure": {"orders_last_minute": 30}}, "order_rate"),
        ({"kill_switch": True}, "kill_switch"),
    ],
)  # fmt: skip
def test_the_first_gate_that_fails_is_the_reason(changes: dict[str, Any], wanted: str) -> None:
    assert reason(changes) == wanted


@pytest.mark.parametrize(("bid", "ask"), [("0.01", "0.02"), ("0.98", "0.99")])
def test_prices_near_0_and_1_are_out_of_bounds(bid: str, ask: str) -> None:
    quoted = book(yes=((bid, "500"),), no=((str(1 - Decimal(ask)), "500"),))
    found = decide(snapshot(quote={"book": quoted}, price={"p_trading": 0.5}), strategy(), limits())
    assert not next(gate for gate in found.gates if gate.name == "price_bounds").passed


def test_every_gate_that_can_be_asked_is_answered_also_after_the_first_that_failed() -> None:
    found = decide(snapshot(quote=OLD), strategy(), limits())
    assert [gate.name for gate in found.gates if gate.passed is False] == ["quote_age"]
    assert next(gate for gate in found.gates if gate.name == "min_net_value").passed is True


def test_a_shadow_decision_takes_nothing_and_keeps_what_it_would_have_done() -> None:
    fresh = {"rung": Rung.SHADOW, "graded": 0, "skill_low": None, "closing_line_value_low": None}
    found = decide(snapshot(skill=fresh), strategy(), limits())
    assert (found.action, found.reason, found.rung) == (Action.PASS, "skill", Rung.SHADOW)
    assert found.details["would_take"] is True
    assert found.contracts > 0


def test_the_raw_model_is_read_only_by_a_strategy_that_says_so() -> None:
    apart = snapshot(price={"p_trading": 0.49}, forecast={"p_model": 0.58})
    assert decide(apart, strategy("value"), limits()).reason == "min_net_value"
    assert decide(apart, strategy("divergence"), limits()).p_trading == 0.49


def test_the_better_side_is_bought() -> None:
    found = decide(snapshot(price={"p_trading": 0.42}), strategy(), limits())
    assert (found.side, found.limit_price) == (Side.NO, Decimal("0.52"))


def test_equal_snapshots_give_equal_decisions_and_ids() -> None:
    one, other = (decide(snapshot(), strategy(), limits()) for _ in range(2))
    assert one == other
    assert decide(replace(snapshot(), as_of=LATER), strategy(), limits()).decision_id != one.decision_id
    assert decide(snapshot(), strategy(gates={"min_games": 9}), limits()).decision_id != one.decision_id


def test_a_market_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="given twice"):
        decide_game([snapshot(), snapshot()], strategy(), limits())


PRICES = st.integers(0, 100).map(lambda cents: Decimal(cents) / 100)
LEVELS = st.lists(st.builds(Level, PRICES, st.integers(0, 5_000).map(Decimal)), max_size=4).map(tuple)
MONEY = st.integers(0, 20_000).map(Decimal)
ANY = st.fixed_dictionaries(
    {
        "quote": st.none()
        | st.fixed_dictionaries(
            {"book": st.builds(Book, LEVELS, LEVELS), "confirmed_at": st.sampled_from([AS_OF, LATER, START])}
        ),
        "game": st.none()
        | st.fixed_dictionaries(
            {
                "phase": st.sampled_from(["scheduled", "in_play", "final", "odd"]),
                "start_time": st.integers(-9, 99).map(lambda hours: AS_OF + timedelta(hours=hours)),
            }
        ),
        "price": st.none() | st.fixed_dictionaries({"p_trading": st.floats(0, 1), "p_market": st.floats(0, 1)}),
        "forecast": st.none()
        | st.fixed_dictionaries({"p_model": st.floats(0, 1), "rated_at": st.none() | st.just(AS_OF)}),
        "skill": st.fixed_dictionaries({"rung": st.sampled_from(list(Rung))}),
        "exposure": st.fixed_dictionaries(
            dict.fromkeys(("equity", "cash", "peak_equity", "market", "game", "league", "day", "total"), MONEY)
        ),
        "market": st.fixed_dictionaries({"status": st.sampled_from(["active", "closed", "settled", ""])}),
        "kill_switch": st.booleans(),
    }
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(changes=ANY, name=st.sampled_from(["value", "maker", "divergence"]))
def test_no_snapshot_raises_and_no_limit_is_exceeded(changes: dict[str, Any], name: str) -> None:
    asked = snapshot(**changes)
    found = decide(asked, strategy(name), limits())
    assert found == decide(asked, strategy(name), limits())
    failed = [gate.name for gate in found.gates if not gate.passed]
    assert (found.action is Action.TAKE) == (found.reason == "taken")
    if found.action is Action.TAKE:
        assert not failed
        assert found.limit_price is not None
        cost = found.contracts * found.limit_price
        bounds = limits()
        held = asked.exposure
        for room in (
            bounds.per_market - held.market,
            bounds.per_game - held.game,
            bounds.per_league - held.league,
            bounds.per_day - held.day,
            bounds.total - held.total,
            held.cash,
        ):
            assert cost <= room
        assert found.contracts <= strategy(name).sizing.max_contracts


@settings(max_examples=60, deadline=None)
@given(beliefs=st.lists(st.floats(0.3, 0.9), min_size=1, max_size=6), room=st.integers(1, 400))
def test_a_slate_shares_its_limits(beliefs: list[float], room: int) -> None:
    slate = [
        change(snapshot(Outcome.HOME, game_number=number), price={"p_trading": belief})
        for number, belief in enumerate(beliefs, 1)
    ]
    bounds = limits(per_day=room, per_league=room)
    taken = [one for one in decide_slate(slate, strategy(), bounds) if one.action is Action.TAKE]
    assert sum(one.contracts * (one.limit_price or 0) for one in taken) <= room
