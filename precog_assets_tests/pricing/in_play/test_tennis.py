"""Tennis scoring against brute force: every sequence of points, games and sets, counted out."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.config.in_play import in_play_rules
from precog_assets.domain.in_play import PlayStates, TennisRules
from precog_assets.pricing.in_play import in_play_probabilities
from precog_assets.pricing.in_play.tennis import game, match_chances, serves, tie_break

SERVES = st.floats(0.45, 0.8)
TO_TEN = TennisRules(family="tennis", source="a slam", serve=0.64, last_set_tie_break=((5, 10),))


def one(value: float) -> np.ndarray:
    return np.array([value])


@settings(deadline=None)
@given(SERVES)
def test_a_game_is_the_sum_over_every_sequence_of_points(p: float) -> None:
    """All sequences of six points; those level at three all go on to deuce, p^2 / (p^2 + q^2)."""
    total, q = 0.0, 1 - p
    for points in product((True, False), repeat=6):
        won = lost = 0
        chance = p ** sum(points) * q ** (6 - sum(points))
        for point in points:
            won, lost = won + point, lost + (not point)
            if max(won, lost) == 4 and abs(won - lost) >= 2:
                break
        if won == lost == 3:
            total += chance * p**2 / (p**2 + q**2)
        else:
            total += chance * (won > lost)
    assert game(one(p), 0, 0)[0] == pytest.approx(total, abs=1e-12)


@settings(deadline=None)
@given(SERVES, SERVES, st.booleans(), st.sampled_from([7, 10]))
def test_a_tie_break_is_the_sum_over_its_points(own: float, other: float, first: bool, to: int) -> None:
    """Carried forward point by point until less than 1e-13 is undecided: no closed form, no recursion."""
    alive, total, played = {(0, 0): 1.0}, 0.0, 0
    while sum(alive.values()) > 1e-13:
        home_serves = first if played == 0 else first == (((played + 1) // 2) % 2 == 0)
        point = own if home_serves else 1 - other
        following: dict[tuple[int, int], float] = {}
        for (a, b), chance in alive.items():
            for now, share in (((a + 1, b), point), ((a, b + 1), 1 - point)):
                if max(now) >= to and abs(now[0] - now[1]) >= 2:
                    total += chance * share * (now[0] > now[1])
                else:
                    following[now] = following.get(now, 0.0) + chance * share
        alive, played = following, played + 1
    assert tie_break(one(own), one(other), 0, 0, first=first, to=to)[0] == pytest.approx(total, abs=1e-11)


def enumerated(own: float, other: float, best_of: int, last_to: int, start: tuple[int, ...], serving: bool) -> float:
    """P(home wins) carried forward game by game over every score that can follow."""
    hold, broken = game(one(own), 0, 0)[0], 1 - game(one(other), 0, 0)[0]

    @cache
    def breaks(first: bool, to: int) -> float:
        return float(tie_break(one(own), one(other), 0, 0, first=first, to=to)[0])

    alive = {(*start, serving): 1.0}
    total = 0.0
    while alive:
        following: dict[tuple[int, int, int, int, bool], float] = {}
        for (s, t, a, b, serves_now), chance in alive.items():
            to = last_to if s + t == best_of - 1 else 7
            won = breaks(serves_now, to) if a == b == 6 else hold if serves_now else broken
            for home, share in ((1, won), (0, 1 - won)):
                x, y = a + home, b + 1 - home
                sets, games = (s, t), (x, y)
                if max(x, y) == 7 or (max(x, y) == 6 and abs(x - y) >= 2):
                    sets, games = (s + (x > y), t + (y > x)), (0, 0)
                if max(sets) > best_of // 2:
                    total += chance * share * (sets[0] > sets[1])
                else:
                    key = (*sets, *games, not serves_now)
                    following[key] = following.get(key, 0.0) + chance * share
        alive = following
    return total


SETS = {3: [(0, 0), (1, 0), (0, 1), (1, 1)], 5: [(0, 0), (2, 1), (1, 2), (2, 2), (2, 0)]}


@settings(deadline=None)
@given(SERVES, SERVES, st.sampled_from([3, 5]), st.data(), st.booleans())
def test_a_match_is_the_sum_over_every_way_it_can_go(
    own: float, other: float, best_of: int, data: st.DataObject, serving: bool
) -> None:
    sets = data.draw(st.sampled_from(SETS[best_of]))
    games = data.draw(st.sampled_from([(0, 0), (5, 4), (2, 5), (6, 6), (6, 5), (3, 3)]))
    last = 10 if best_of == 5 else 7
    states = PlayStates.of(
        home_score=sets[0], away_score=sets[1], period=1, home_games=games[0], away_games=games[1],
        server=1 if serving else -1,
    )  # fmt: skip
    wanted = enumerated(own, other, best_of, last, (*sets, *games), serving)
    assert match_chances(TO_TEN, one(own), one(other), states, best_of)[0] == pytest.approx(wanted, abs=1e-10)


@settings(deadline=None)
@given(SERVES, SERVES, st.integers(0, 3), st.integers(0, 3))
def test_a_state_is_worth_the_mean_of_what_its_next_point_makes_of_it(
    own: float, other: float, won: int, lost: int
) -> None:
    def at(a: int, b: int) -> float:
        states = PlayStates.of(period=1, home_games=4, away_games=3, home_points=a, away_points=b, server=1)
        return float(match_chances(TO_TEN, one(own), one(other), states, 3)[0])

    if (won, lost) in ((3, 0), (3, 1), (3, 2), (0, 3), (1, 3), (2, 3), (3, 3)):
        return
    assert at(won, lost) == pytest.approx(own * at(won + 1, lost) + (1 - own) * at(won, lost + 1), abs=1e-12)


def test_points_of_a_tie_break_are_told_by_who_serves_now() -> None:
    """At 1-0 the other side serves two: the one who began does not serve again before the fourth point."""
    states = PlayStates.of(period=1, home_games=6, away_games=6, home_points=1, away_points=0, server=-1)
    after_first = match_chances(TO_TEN, one(0.7), one(0.6), states, 3)[0]
    chance = tie_break(one(0.7), one(0.6), 1, 0, first=True, to=7)[0]
    won = match_chances(TO_TEN, one(0.7), one(0.6), PlayStates.of(home_score=1, period=2, server=-1), 3)[0]
    gone = match_chances(TO_TEN, one(0.7), one(0.6), PlayStates.of(away_score=1, period=2, server=-1), 3)[0]
    assert after_first == pytest.approx(chance * won + (1 - chance) * gone, abs=1e-12)


def test_a_set_that_the_board_still_shows_as_running_is_counted() -> None:
    shown = PlayStates.of(period=1, home_games=6, away_games=3, server=1)
    counted = PlayStates.of(home_score=1, period=2, server=1)
    both = [match_chances(TO_TEN, one(0.66), one(0.62), states, 3)[0] for states in (shown, counted)]
    assert both[0] == pytest.approx(both[1])


def test_best_of_five_favours_the_better_side() -> None:
    rules = in_play_rules("atp")
    own, other = serves(rules, one(0.7), 3)
    three, five = (match_chances(rules, own, other, PlayStates.of(period=1), best_of)[0] for best_of in (3, 5))
    assert three == pytest.approx(0.7, abs=1e-9)
    assert five > 0.72


@settings(deadline=None)
@given(st.floats(0.005, 0.995), st.sampled_from([3, 5]))
def test_serve_chances_imply_the_price(home: float, best_of: int) -> None:
    rules = in_play_rules("wta")
    own, other = serves(rules, one(home), best_of)
    assert match_chances(rules, own, other, PlayStates.of(period=1), best_of)[0] == pytest.approx(home, abs=1e-7)


def test_a_match_won_in_sets_is_over() -> None:
    p = in_play_probabilities(in_play_rules("atp"), (0.3, 0, 0.7), PlayStates.of(home_score=2, period=2))
    assert p[0].tolist() == [1, 0, 0]
