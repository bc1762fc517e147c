"""What holds of a win probability in play whatever the sport: bounds, ends, the start, mirrors, continuity."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.config.in_play import load_in_play
from precog_assets.domain.in_play import BaseballRules, GoalRules, InPlayRules, LeadRules, PlayStates, TennisRules
from precog_assets.pricing.in_play import in_play_probabilities

RULES = load_in_play()
CLOCKED = [key for key, rules in RULES.items() if isinstance(rules, LeadRules | GoalRules)]
LEAGUES = st.sampled_from(sorted(RULES))


def length_s(rules: InPlayRules, period: int) -> float:
    """Seconds of a period, stoppage time included; 0 without a clock."""
    if isinstance(rules, LeadRules):
        return rules.period_s
    if isinstance(rules, GoalRules):
        return rules.period_s + rules.stoppage_s[period - 1]
    return 0.0


def regulation(rules: InPlayRules) -> int:
    if isinstance(rules, LeadRules):
        return rules.periods
    if isinstance(rules, GoalRules):
        return len(rules.shares)
    return rules.innings if isinstance(rules, BaseballRules) else 1


def drawn(rules: InPlayRules) -> bool:
    return isinstance(rules, GoalRules) and rules.draws


@st.composite
def prices(draw: st.DrawFn, rules: InPlayRules) -> tuple[float, float, float]:
    home = draw(st.floats(0.02, 0.98))
    if not drawn(rules):
        return home, 0.0, 1.0 - home
    draws = draw(st.floats(0.12, 0.34))
    return home * (1 - draws), draws, (1 - home) * (1 - draws)


@st.composite
def situations(draw: st.DrawFn) -> tuple[str, tuple[float, float, float], dict[str, Any]]:
    """A league, a price before the game, and a state in regulation."""
    league = draw(LEAGUES)
    rules = RULES[league]
    period = draw(st.integers(1, regulation(rules)))
    most = 60 if isinstance(rules, LeadRules) else 1 if isinstance(rules, TennisRules) else 6
    state: dict[str, Any] = {
        "home_score": draw(st.integers(0, most)),
        "away_score": draw(st.integers(0, most)),
        "period": period,
        "clock_s": draw(st.floats(0, 1)) * length_s(rules, period),
        "postseason": not drawn(rules) and draw(st.booleans()),
    }
    if isinstance(rules, TennisRules):
        games = draw(st.sampled_from([(0, 0), (3, 2), (5, 5), (6, 5), (6, 6), (1, 4)]))
        points = draw(st.sampled_from([(0, 0), (2, 1), (3, 3), (5, 4)]))
        state |= {"home_games": games[0], "away_games": games[1], "server": draw(st.sampled_from([-1, 0, 1]))}
        state |= {"home_points": points[0], "away_points": points[1]}
    if isinstance(rules, BaseballRules):
        state |= {"outs": draw(st.integers(0, 3)), "bases": draw(st.integers(0, 7)), "bottom": draw(st.integers(0, 1))}
    if isinstance(rules, LeadRules) and rules.possession is not None:
        state |= {"possession": draw(st.sampled_from([-1, 0, 1])), "yards_to_goal": draw(st.integers(1, 99))}
    return league, draw(prices(rules)), state


def probability(league: str, before: tuple[float, float, float], **state: Any) -> np.ndarray:
    return in_play_probabilities(RULES[league], before, PlayStates.of(**state))[0]


@settings(deadline=None)
@given(situations())
def test_probabilities_are_between_0_and_1_and_sum_to_1(
    found: tuple[str, tuple[float, float, float], dict[str, Any]],
) -> None:
    league, before, state = found
    p = probability(league, before, **state)
    assert np.isfinite(p).all()
    assert (p >= 0).all()
    assert (p <= 1).all()
    assert p.sum() == pytest.approx(1.0, abs=1e-12)


@settings(deadline=None)
@given(situations())
def test_one_more_for_home_is_never_worse_for_home_and_never_better_for_away(
    found: tuple[str, tuple[float, float, float], dict[str, Any]],
) -> None:
    league, before, state = found
    fewer = probability(league, before, **state)
    more = probability(league, before, **{**state, "home_score": state["home_score"] + 1})
    assert more[0] >= fewer[0] - 1e-9
    assert more[2] <= fewer[2] + 1e-9


@settings(deadline=None)
@given(st.data(), LEAGUES)
def test_the_start_is_worth_what_the_price_said(data: st.DataObject, league: str) -> None:
    rules = RULES[league]
    before = data.draw(prices(rules))
    p = probability(league, before, period=1, clock_s=length_s(rules, 1))
    if isinstance(rules, LeadRules) and rules.overtime.kind == "ends_level":
        assert p[0] / (p[0] + p[2]) == pytest.approx(before[0], abs=1e-6)
        assert 0.0 < p[1] < 0.01
    else:
        assert p == pytest.approx(before, abs=1e-6)


@settings(deadline=None)
@given(st.floats(0.1, 0.9), st.floats(0.001, 0.05))
def test_a_draw_that_is_priced_before_an_nfl_game_is_what_its_start_says(home: float, draw: float) -> None:
    before = (home * (1 - draw), draw, (1 - home) * (1 - draw))
    assert probability("nfl", before, period=1, clock_s=900) == pytest.approx(before, abs=1e-6)


@settings(deadline=None)
@given(situations())
def test_swapping_the_sides_swaps_the_probabilities(
    found: tuple[str, tuple[float, float, float], dict[str, Any]],
) -> None:
    league, before, state = found
    if isinstance(RULES[league], BaseballRules):
        return
    pairs = (("home_score", "away_score"), ("home_games", "away_games"), ("home_points", "away_points"))
    swapped = dict(state)
    for one, other in pairs:
        swapped |= {one: state.get(other, 0), other: state.get(one, 0)}
    swapped |= {name: -state[name] for name in ("server", "possession") if name in state}
    p = probability(league, before, **state)
    assert probability(league, (before[2], before[1], before[0]), **swapped) == pytest.approx(p[::-1], abs=1e-7)


@settings(deadline=None)
@given(st.data(), st.sampled_from(CLOCKED), st.integers(-8, 8), st.booleans())
def test_the_end_of_a_period_is_the_start_of_the_next(
    data: st.DataObject, league: str, lead: int, postseason: bool
) -> None:
    rules = RULES[league]
    before = data.draw(prices(rules))
    scores = {"home_score": max(lead, 0), "away_score": max(-lead, 0), "postseason": postseason and not drawn(rules)}
    for period in range(1, regulation(rules)):
        end = probability(league, before, **scores, period=period, clock_s=0)
        start = probability(league, before, **scores, period=period + 1, clock_s=length_s(rules, period + 1))
        assert start == pytest.approx(end, abs=1e-9)


@settings(deadline=None)
@given(st.data(), st.sampled_from(CLOCKED))
def test_a_second_changes_little_while_nothing_happens(data: st.DataObject, league: str) -> None:
    rules = RULES[league]
    before, lead = data.draw(prices(rules)), data.draw(st.integers(-3, 3))
    period = data.draw(st.integers(1, regulation(rules)))
    clock = data.draw(st.floats(120, length_s(rules, period)))
    scores = {"home_score": max(lead, 0), "away_score": max(-lead, 0), "period": period}
    now, later = (probability(league, before, **scores, clock_s=seconds) for seconds in (clock, clock - 1))
    assert np.abs(now - later).max() < 0.01


@settings(deadline=None)
@given(st.data(), st.sampled_from(CLOCKED), st.integers(1, 30))
def test_a_lead_with_no_time_left_is_the_result(data: st.DataObject, league: str, lead: int) -> None:
    rules = RULES[league]
    before = data.draw(prices(rules))
    last = regulation(rules)
    assert probability(league, before, home_score=lead, period=last, clock_s=0) == pytest.approx((1, 0, 0))
    assert probability(league, before, away_score=lead, period=last, clock_s=0) == pytest.approx((0, 0, 1))


@pytest.mark.parametrize("league", sorted(RULES))
def test_a_game_that_is_over_is_what_it_ended_as(league: str) -> None:
    before = (0.4, 0.3, 0.3) if drawn(RULES[league]) else (0.4, 0.0, 0.6)
    assert probability(league, before, home_score=3, away_score=1, period=9, over=True)[0] == pytest.approx(
        0.0 if drawn(RULES[league]) else 1.0
    )
    assert probability(league, before, home_score=1, away_score=3, period=2, over=True).tolist() == [0, 0, 1]


@pytest.mark.parametrize("league", sorted(RULES))
def test_before_the_start_the_answer_is_the_price(league: str) -> None:
    before = (0.4, 0.3, 0.3) if drawn(RULES[league]) else (0.4, 0.0, 0.6)
    assert probability(league, before, home_score=np.nan, period=0).tolist() == pytest.approx(list(before))


@pytest.mark.parametrize("league", sorted(RULES))
def test_a_state_without_a_score_or_period_is_not_guessed(league: str) -> None:
    assert np.isnan(probability(league, (0.5, 0.0, 0.5), home_score=np.nan, period=1, clock_s=60)).all()
    assert np.isnan(probability(league, (0.5, 0.0, 0.5), period=np.nan, clock_s=60)).all()


@pytest.mark.parametrize("league", CLOCKED)
def test_a_running_clock_that_is_not_known_is_not_guessed(league: str) -> None:
    assert np.isnan(probability(league, (0.5, 0.0, 0.5), period=2)).all()


@settings(deadline=None)
@given(st.lists(situations(), min_size=2, max_size=6))
def test_states_together_are_worth_what_they_are_worth_alone(
    found: list[tuple[str, tuple[float, float, float], dict[str, Any]]],
) -> None:
    league = found[0][0]
    mine = [(before, state) for key, before, state in found if key == league]
    alone = np.array([probability(league, before, **state) for before, state in mine])
    names = mine[0][1].keys()
    together = PlayStates.of(**{name: [state[name] for _, state in mine] for name in names})
    p = in_play_probabilities(RULES[league], np.array([before for before, _ in mine]), together)
    assert p == pytest.approx(alone, abs=1e-9)


def test_rows_that_are_no_probabilities_are_refused_by_number() -> None:
    states = PlayStates.of(period=[1, 1], clock_s=60)
    with pytest.raises(ValueError, match=r"row 1: before is \[0.7, 0.0, 0.7\]"):
        in_play_probabilities(RULES["nba"], [(0.5, 0.0, 0.5), (0.7, 0.0, 0.7)], states)
    with pytest.raises(ValueError, match=r"right is \(3,\) or \(2, 3\)"):
        in_play_probabilities(RULES["nba"], (0.5, 0.5), states)


def test_a_price_that_is_not_known_gives_no_probability() -> None:
    p = in_play_probabilities(RULES["nba"], (np.nan, 0.0, np.nan), PlayStates.of(period=1, clock_s=60))
    assert np.isnan(p).all()


def test_columns_are_named_or_refused_and_broadcast() -> None:
    states = PlayStates.of(home_score=[1, 2, 3], period=2)
    assert len(states) == 3
    assert states.at(np.array([True, False, True])).home_score.tolist() == [1, 3]
    assert replace(states, away_score=states.home_score).away_score.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="no such columns: goals"):
        PlayStates.of(goals=1)
    with pytest.raises(ValueError, match="shape"):
        PlayStates.of(home_score=[[1, 2]])
