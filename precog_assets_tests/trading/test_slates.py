"""Markets of a game and games of a slate: sized together, under limits that bind after."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import Action, Decision, Rung, Side, Snapshot
from precog_assets.trading.decide import Decider, decide, decide_game, decide_slate
from precog_assets_tests.trading.builders import AS_OF, book, limits, snapshot, strategy

SHADOW = {"rung": Rung.SHADOW}


def both_sides(p_home: float = 0.56) -> tuple[Snapshot, Snapshot]:
    """A game's two markets that are wrong in the same way: YES on one and NO on the other are the same bet."""
    home = snapshot(Outcome.HOME, price={"p_trading": p_home})
    mirrored = book(yes=(("0.50", "500"),), no=(("0.48", "500"),))
    return home, snapshot(Outcome.AWAY, price={"p_trading": 1 - p_home}, quote={"book": mirrored})


def outlay(decision: Decision) -> Decimal:
    return Decimal(str(decision.details["outlay"])) if decision.action is Action.TAKE else Decimal(0)


def test_one_market_of_a_game_is_decided_as_by_itself() -> None:
    assert decide_game([snapshot()], strategy(), limits()) == (decide(snapshot(), strategy(), limits()),)


def test_two_markets_of_a_game_share_what_one_bet_would_get() -> None:
    roomy = strategy(sizing={"max_contracts": "5000", "max_equity_share": 1.0, "kelly_fraction": 0.05})
    home, away = decide_game(both_sides(), roomy, limits())
    alone = decide(both_sides()[0], roomy, limits())
    assert (home.side, away.side) == (Side.YES, Side.NO)
    assert alone.details["bound_by"] == "kelly"
    assert float(home.contracts + away.contracts) == pytest.approx(float(alone.contracts), abs=2)


def test_a_game_is_limited_once_however_many_markets_it_has() -> None:
    bounds = limits(per_game="120")
    taken = decide_game(both_sides(), strategy(), bounds)
    assert sum(map(outlay, taken)) <= 120
    assert [one.action for one in taken].count(Action.TAKE) >= 1
    assert "per_game" in {one.details["bound_by"] for one in taken}


def test_a_market_left_without_room_says_which_limit_it_was() -> None:
    big = strategy(sizing={"kelly_fraction": 1.0})
    taken = decide_game(both_sides(), big, limits(per_game="40"))
    left_out = next(one for one in taken if one.action is Action.PASS)
    assert (left_out.reason, left_out.gates[-1].detail) == ("size", "per_game")


def test_the_order_rate_binds_within_a_round() -> None:
    slate = [snapshot(game_number=number, exposure={"orders_last_minute": 28}) for number in range(5)]
    decisions = decide_slate(slate, strategy(), limits())
    assert [one.action for one in decisions].count(Action.TAKE) == 2
    assert {one.gates[-1].detail for one in decisions if one.action is Action.PASS} == {"order_rate"}


def test_room_goes_to_the_bets_worth_most_and_answers_keep_the_order_asked() -> None:
    slate = [snapshot(game_number=n, price={"p_trading": p}) for n, p in enumerate((0.545, 0.575, 0.56))]
    decisions = decide_slate(slate, strategy(), limits(per_day="150"))
    assert [one.market_id for one in decisions] == [one.market.market_id for one in slate]
    assert outlay(decisions[1]) > outlay(decisions[2]) > 0
    assert decisions[0].reason == "size"


def test_what_is_in_shadow_takes_no_room_from_what_is_not() -> None:
    real = snapshot(game_number=1)
    imagined = snapshot(game_number=2, skill=SHADOW, price={"p_trading": 0.58})
    bounds = limits(per_day="104")
    found, ghost = decide_slate([real, imagined], strategy(), bounds)
    assert found.contracts == decide(real, strategy(), bounds).contracts
    assert (ghost.reason, ghost.details["would_take"]) == ("skill", True)


def test_what_is_held_already_is_not_bought_again() -> None:
    fresh = decide(snapshot(), strategy(), limits())
    held = decide(snapshot(exposure={"market": Decimal("180")}), strategy(), limits())
    assert 0 < held.contracts < fresh.contracts
    full = decide(snapshot(exposure={"market": Decimal("199.8")}), strategy(), limits())
    assert (full.reason, full.gates[-1].detail) == ("size", "per_market")


def test_a_game_with_a_draw_is_sized_on_all_three_outcomes() -> None:
    three = [
        snapshot(Outcome.HOME, price={"p_trading": 0.47}, quote={"book": book((("0.40", "500"),), (("0.58", "500"),))}),
        snapshot(Outcome.DRAW, price={"p_trading": 0.30}, quote={"book": book((("0.24", "500"),), (("0.74", "500"),))}),
        snapshot(Outcome.AWAY, price={"p_trading": 0.23}, quote={"book": book((("0.26", "500"),), (("0.70", "500"),))}),
    ]
    decisions = decide_game(three, strategy(gates={"max_net_value": "0.5"}), limits())
    for one in decisions[:2]:
        assert (one.action, one.side) == (Action.TAKE, Side.YES)
        assert one.details["kelly_together"] > one.details["kelly_alone"]
    assert sum(map(outlay, decisions)) <= limits().per_game


def test_markets_of_several_games_instants_or_given_twice_are_no_game() -> None:
    with pytest.raises(ValueError, match="markets of 2 games"):
        decide_game([snapshot(), snapshot(game_number=2)], strategy(), limits())
    with pytest.raises(ValueError, match="one instant"):
        decide_slate([snapshot(), snapshot(game_number=2, as_of=AS_OF + timedelta(seconds=1))], strategy(), limits())
    with pytest.raises(ValueError, match="given twice"):
        decide_slate([snapshot(), snapshot()], strategy(), limits())
    assert decide_slate([], strategy(), limits()) == ()


OUTCOMES = st.lists(st.sampled_from(list(Outcome)), min_size=1, max_size=3, unique=True)


@settings(max_examples=80, deadline=None)
@given(
    games=st.lists(st.tuples(OUTCOMES, st.floats(0.3, 0.75)), min_size=1, max_size=4),
    bounds=st.fixed_dictionaries(
        dict.fromkeys(("per_market", "per_game", "per_league", "per_day", "total"), st.decimals(1, 300, places=2))
    ),
    cash=st.decimals(0, 300, places=2),
    fraction=st.floats(0.05, 1.0),
)
def test_together_they_never_exceed_a_limit(
    games: list[tuple[list[Outcome], float]], bounds: dict[str, Decimal], cash: Decimal, fraction: float
) -> None:
    slate = [
        snapshot(outcome, number, price={"p_trading": p}, exposure={"cash": cash})
        for number, (outcomes, p) in enumerate(games)
        for outcome in outcomes
    ]
    decider = Decider(strategy(sizing={"kelly_fraction": fraction}, gates={"max_net_value": "1"}), limits(**bounds))
    decisions = decider.slate(slate)
    assert decisions == decider.slate(slate)
    by_game: dict[str | None, Decimal] = {}
    for one in decisions:
        spent = outlay(one)
        assert spent <= bounds["per_market"]
        by_game[one.game_id] = by_game.get(one.game_id, Decimal(0)) + spent
    assert all(spent <= bounds["per_game"] for spent in by_game.values())
    assert sum(by_game.values()) <= min(bounds["per_league"], bounds["per_day"], bounds["total"], cash)
