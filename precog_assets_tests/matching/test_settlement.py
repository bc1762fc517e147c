"""What the venue paid is held against how the game ended; a contradiction is named, never explained away."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.statuses import GamePhase
from precog_assets.matching.settlement import Agreement, compare

LEAGUES = load_leagues()
HOME, AWAY, DRAW = Outcome.HOME, Outcome.AWAY, Outcome.DRAW
AGREES, CONTRADICTS, VOID = Agreement.AGREES, Agreement.CONTRADICTS, Agreement.VOID


def held(outcome: Outcome, result: str, winner: str | None, **more: object) -> Agreement | None:
    league = LEAGUES[str(more.pop("league", "nfl"))]
    value = more.pop("value", None)
    phase = str(more.pop("phase", GamePhase.FINAL))
    paid = None if value is None else Decimal(str(value))
    return compare(league, outcome, result=result, settlement_value=paid, phase=phase, winner=winner)


@pytest.mark.parametrize(
    ("outcome", "result", "winner", "verdict"),
    [
        (HOME, "yes", "home", AGREES),
        (AWAY, "no", "home", AGREES),
        (HOME, "no", "home", CONTRADICTS),
        (AWAY, "yes", "home", CONTRADICTS),
        (HOME, "", "home", None),
        (HOME, "yes", None, None),
    ],
)
def test_a_result_is_that_of_the_game_or_contradicts_it(
    outcome: Outcome, result: str, winner: str | None, verdict: Agreement | None
) -> None:
    assert held(outcome, result, winner) is verdict


def test_a_result_of_a_game_that_still_runs_waits() -> None:
    assert held(HOME, "yes", "home", phase=GamePhase.IN_PLAY) is None


def test_a_draw_in_soccer_pays_the_draw_alone() -> None:
    said = [held(side, "yes" if side is DRAW else "no", "draw", league="epl") for side in (HOME, AWAY, DRAW)]
    assert said == [AGREES, AGREES, AGREES]
    assert held(HOME, "yes", "draw", league="epl") is CONTRADICTS


def test_an_nfl_tie_pays_half_to_each_side_and_nothing_else() -> None:
    assert held(HOME, "scalar", "draw", value="0.5") is AGREES
    assert held(AWAY, "scalar", "draw", value="0.5000") is AGREES
    assert held(AWAY, "scalar", "draw", value="0.4") is CONTRADICTS
    assert held(AWAY, "yes", "draw", value="1") is CONTRADICTS


@pytest.mark.parametrize("phase", [GamePhase.CANCELED, GamePhase.POSTPONED])
def test_a_fair_price_for_a_game_called_off_is_void_and_a_winner_contradicts(phase: GamePhase) -> None:
    assert held(HOME, "scalar", None, value="0.62", phase=phase) is VOID
    assert held(HOME, "yes", None, value="1", phase=phase) is CONTRADICTS


def test_a_fair_price_for_a_game_that_was_played_says_nothing_of_who_won() -> None:
    assert held(HOME, "scalar", "home", value="0.11", league="atp") is VOID


def test_a_yes_that_did_not_pay_a_dollar_contradicts() -> None:
    assert held(HOME, "yes", "home", value="1.0000") is AGREES
    assert held(HOME, "yes", "home", value="0.0000") is CONTRADICTS
    assert held(HOME, "no", "away", value="1.0000") is CONTRADICTS


@given(
    league=st.sampled_from(["nba", "epl", "atp"]),
    outcome=st.sampled_from([HOME, AWAY]),
    winner=st.sampled_from(["home", "away"]),
    result=st.sampled_from(["yes", "no"]),
)
def test_exactly_one_of_yes_and_no_agrees_with_a_decided_game(
    league: str, outcome: Outcome, winner: str, result: str
) -> None:
    other = {"yes": "no", "no": "yes"}[result]
    verdicts = {held(outcome, one, winner, league=league) for one in (result, other)}
    assert verdicts == {AGREES, CONTRADICTS}
