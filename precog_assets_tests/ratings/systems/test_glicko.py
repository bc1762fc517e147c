"""Glicko-2 against its paper's worked example and its paper's steps in plain Python."""

from __future__ import annotations

from itertools import groupby
from math import exp, inf, log, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.domain.rating_rules import GlickoParameters
from precog_assets.ratings.systems import POINTS_PER_LOGIT, Rated, State
from precog_assets.ratings.systems.glicko import Glicko, next_volatility
from precog_assets_tests.ratings.systems.elo_games import (
    SIDES,
    Game,
    bits,
    chosen,
    cuts,
    games_of,
    histories,
    with_later_sides,
)

PLAIN = {"deviation": 350, "volatility": 0.06, "tau": 0.5, "period_days": 1, "home_edge": 0, "mean": 1500}
unhurried = settings(deadline=None)
"""The first example compiles."""


def glicko(**changes: float) -> Glicko:
    return Glicko(GlickoParameters.model_validate(PLAIN | changes))


def rated(system: Glicko, rows: list[Game], **how: bool) -> tuple[Rated, State]:
    state = system.start(SIDES)
    return system.advance(games_of(rows, **how), state), state


@st.composite
def systems(draw: st.DrawFn) -> Glicko:
    return glicko(
        deviation=draw(st.floats(30, 400)),
        volatility=draw(st.floats(0.01, 0.2)),
        tau=draw(st.floats(0.1, 1.2)),
        period_days=draw(st.sampled_from([1, 7, 30.5])),
        home_edge=draw(st.floats(-50, 120)),
        carry=draw(st.sampled_from([1.0, 0.75])),
    )


def test_the_papers_example_comes_out() -> None:
    system = glicko()
    state = system.start(4)
    state.teams["rating"][:] = [1500, 1400, 1550, 1700]
    state.teams["deviation"][:] = [200, 30, 100, 300]
    system.advance(games_of([Game(0, 1, (1, 0)), Game(0, 2, (0, 1)), Game(3, 0, (1, 0))], sides=4), state)
    assert state.teams["rating"][0] == pytest.approx(1464.06, abs=0.01)
    assert state.teams["deviation"][0] == pytest.approx(151.52, abs=0.01)
    assert state.teams["volatility"][0] == pytest.approx(0.05999, abs=1e-5)


class Plain:
    """One side of `steps`."""

    def __init__(self, p: GlickoParameters) -> None:
        self.rating, self.deviation, self.volatility = p.mean, p.deviation, p.volatility
        self.day: int | None = None
        self.season: float = inf
        self.played = 0

    def at(self, day: int, season: int, p: GlickoParameters) -> tuple[float, float]:
        """Rating and deviation as a game finds them."""
        rating = p.mean + p.carry * (self.rating - p.mean) if season > self.season else self.rating
        if self.day is None:
            return rating, self.deviation
        idle = max(day - self.day - 1, 0) / p.period_days
        grown = sqrt((self.deviation / POINTS_PER_LOGIT) ** 2 + idle * self.volatility**2) * POINTS_PER_LOGIT
        return rating, min(grown, p.deviation) if idle else self.deviation


def g(phi: float) -> float:
    return 1 / sqrt(1 + 3 * phi**2 / pi**2)


def illinois(volatility: float, delta: float, phi: float, v: float, tau: float) -> float:
    """Step 5 as written: the Illinois variant of false position."""
    a = log(volatility**2)

    def f(x: float) -> float:
        return exp(x) * (delta**2 - phi**2 - v - exp(x)) / (2 * (phi**2 + v + exp(x)) ** 2) - (x - a) / tau**2

    low = a
    if delta**2 > phi**2 + v:
        high = log(delta**2 - phi**2 - v)
    else:
        k = 1
        while f(a - k * tau) < 0:
            k += 1
        high = a - k * tau
    f_low, f_high = f(low), f(high)
    for _ in range(200):
        if abs(high - low) < 1e-13 or f_high == f_low:
            break
        middle = low + (low - high) * f_low / (f_high - f_low)
        f_middle = f(middle)
        if f_middle * f_high <= 0:
            low, f_low = high, f_high
        else:
            f_low /= 2
        high, f_high = middle, f_middle
    return exp(low / 2)


def steps(rows: list[Game], p: GlickoParameters, *, alone: bool) -> list[list[float]]:
    """Before, after, deviations before and after (home, away each), gap and deviation of each game."""
    sides = [Plain(p) for _ in range(SIDES)]
    said: list[list[float]] = []
    numbered = list(enumerate(rows))
    for _, batch in groupby(numbered, lambda one: one[0] if alone else one[1].day):
        games = [row for _, row in batch]
        found = [[sides[side].at(row.day, row.season, p) for side in (row.home, row.away)] for row in games]
        results: dict[int, list[tuple[float, float, float]]] = {}
        for row, ((home_rating, home_deviation), (away_rating, away_deviation)) in zip(games, found, strict=True):
            if row.score is None or row.home == row.away:
                continue
            won = 0.5 + 0.5 * ((row.score[0] > row.score[1]) - (row.score[0] < row.score[1]))
            gap = (home_rating - away_rating + p.home_edge * row.home_factor) / POINTS_PER_LOGIT
            results.setdefault(row.home, []).append((gap, away_deviation / POINTS_PER_LOGIT, won))
            results.setdefault(row.away, []).append((-gap, home_deviation / POINTS_PER_LOGIT, 1 - won))
        for number, met in results.items():
            side, row = sides[number], next(row for row in games if row.score and number in (row.home, row.away))
            rating, deviation = side.at(row.day, row.season, p)
            phi = deviation / POINTS_PER_LOGIT
            expected = [1 / (1 + exp(-g(other) * gap)) for gap, other, _ in met]
            v = 1 / sum(g(other) ** 2 * e * (1 - e) for (_, other, _), e in zip(met, expected, strict=True))
            total = sum(g(other) * (won - e) for (_, other, won), e in zip(met, expected, strict=True))
            side.volatility = illinois(side.volatility, v * total, phi, v, p.tau)
            phi = 1 / sqrt(1 / (phi**2 + side.volatility**2) + 1 / v)
            side.rating = rating + POINTS_PER_LOGIT * phi**2 * total
            side.deviation = min(POINTS_PER_LOGIT * phi, p.deviation)
            side.day, side.season = row.day, row.season
        for row, (home, away) in zip(games, found, strict=True):
            after = [sides[side].at(row.day, row.season, p) for side in (row.home, row.away)]
            both = sqrt(home[1] ** 2 + away[1] ** 2) / POINTS_PER_LOGIT
            gap = g(both) * (home[0] - away[0] + p.home_edge * row.home_factor) / POINTS_PER_LOGIT
            terms = [0.0, 0.0] if row.home == row.away else [gap, both]
            said.append(
                [home[0], away[0], after[0][0], after[1][0], home[1], away[1], after[0][1], after[1][1], *terms]
            )
    return said


@unhurried
@given(histories(), systems(), st.booleans())
def test_equals_the_papers_steps(rows: list[Game], system: Glicko, alone: bool) -> None:
    said, _ = rated(system, rows, alone=alone)
    wanted = np.array(steps(rows, system.parameters, alone=alone)).reshape(-1, 10)
    columns = [said.before, said.after, said.deviation_before, said.deviation_after, said.terms]
    np.testing.assert_allclose(np.hstack(columns), wanted, rtol=1e-10, atol=1e-9)


@unhurried
@given(st.floats(0.001, 1), st.floats(-30, 30), st.floats(0.01, 3), st.floats(0.01, 1000), st.floats(0.05, 3))
def test_newtons_volatility_is_the_papers(volatility: float, delta: float, phi: float, v: float, tau: float) -> None:
    wanted = illinois(volatility, delta, phi, v, tau)
    assert next_volatility(volatility, delta, phi**2, v, tau) == pytest.approx(wanted, rel=1e-9)


@unhurried
@given(histories(), systems(), st.data())
def test_rating_in_parts_that_end_with_a_batch_is_rating_at_once(
    rows: list[Game], system: Glicko, data: st.DataObject
) -> None:
    games = games_of(rows)
    cut = data.draw(st.sampled_from([*cuts(games), len(games)]))
    at_once, state = system.start(SIDES), system.start(SIDES)
    whole = system.advance(games, at_once)
    parts = [system.advance(part, state) for part in (games.part(0, cut), games.part(cut, len(games)))]
    assert bits(state) == bits(at_once)
    for name in ("before", "after", "deviation_before", "deviation_after", "played", "terms"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tobytes() == getattr(whole, name).tobytes(), name


@unhurried
@given(histories(), systems(), st.data())
def test_sides_met_later_rate_as_if_known_from_the_start(rows: list[Game], system: Glicko, data: st.DataObject) -> None:
    games = games_of(rows)
    cut = data.draw(st.sampled_from([*cuts(games), len(games)]))
    met = max([0, *games.home[:cut], *games.away[:cut]]) + 1
    known, state = system.start(SIDES), system.start(met)
    system.advance(games, known)
    system.advance(games_of(rows[:cut], sides=met), state)
    state = with_later_sides(state, system, SIDES)
    system.advance(games.part(cut, len(games)), state)
    assert bits(state) == bits(known)


@unhurried
@given(histories(), systems(), st.randoms(use_true_random=False))
def test_the_order_of_one_days_games_means_nothing(rows: list[Game], system: Glicko, random: object) -> None:
    keys = [(row.day, random.random()) for row in rows]  # type: ignore[attr-defined]
    order = np.array(sorted(range(len(rows)), key=keys.__getitem__), np.int64)
    as_given, _ = rated(system, rows)
    shuffled, _ = rated(system, [rows[i] for i in order])
    for name in ("after", "deviation_after", "terms"):
        np.testing.assert_allclose(getattr(shuffled, name), getattr(as_given, name)[order], rtol=0, atol=1e-9)


@unhurried
@given(histories(), systems())
def test_swapping_the_sides_on_neutral_ground_mirrors_the_game(rows: list[Game], system: Glicko) -> None:
    neutral = [row._replace(home_factor=0.0) for row in rows]
    swapped = [row._replace(home=row.away, away=row.home, score=row.score and row.score[::-1]) for row in neutral]
    (one, _), (other, _) = rated(system, neutral), rated(system, swapped)
    np.testing.assert_allclose(other.terms, one.terms * [-1.0, 1.0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(other.after, one.after[:, ::-1], rtol=1e-12)
    np.testing.assert_allclose(other.deviation_after, one.deviation_after[:, ::-1], rtol=1e-12)


@unhurried
@given(histories(), systems())
def test_games_without_a_result_or_of_a_side_against_itself_teach_nothing(rows: list[Game], system: Glicko) -> None:
    games = games_of(rows)
    learnt = ~np.isnan(games.result) & (games.home != games.away)
    all_of_them, alone = system.start(SIDES), system.start(SIDES)
    said = system.advance(games, all_of_them)
    of_learnt = system.advance(chosen(games, learnt), alone)
    assert bits(all_of_them) == bits(alone)
    assert said.terms[learnt].tobytes() == of_learnt.terms.tobytes()
    assert (said.terms[games.home == games.away] == 0).all()


@unhurried
@given(histories(), systems())
def test_a_deviation_stays_between_nothing_and_a_new_sides(rows: list[Game], system: Glicko) -> None:
    said, state = rated(system, rows)
    assert (said.deviation_after > 0).all()
    assert (said.deviation_after <= system.parameters.deviation).all()
    assert (state.teams["volatility"] > 0).all()


def test_ratings_worlds_apart_leave_finite_numbers() -> None:
    system = glicko(tau=1.2)
    state = system.start(SIDES)
    state.teams["rating"][:2] = [60_000.0, -60_000.0]
    state.teams["deviation"][:2] = 1.0
    said = system.advance(games_of([Game(0, 1, (0, 1), day=day) for day in range(50)]), state)
    assert np.isfinite(np.hstack([said.after, said.deviation_after, said.terms])).all()
    assert np.isfinite(state.teams["volatility"]).all()


def test_a_deviation_shrinks_by_playing_and_grows_by_resting() -> None:
    rows = [Game(0, 1, (day % 2, 1 - day % 2), day=day) for day in range(10)]
    said, _ = rated(glicko(), [*rows, Game(0, 1, None, day=40), Game(0, 1, None, day=400)])
    assert (np.diff(said.deviation_after[:10, 0]) < 0).all()
    assert said.deviation_after[9, 0] < said.deviation_before[10, 0] < said.deviation_before[11, 0]


def test_a_part_of_a_period_grows_a_part_of_a_variance() -> None:
    said, state = rated(glicko(period_days=7), [Game(0, 1, day=100), Game(0, 1, None, day=104)])
    wanted = said.deviation_after[0, 0] ** 2 + (state.teams["volatility"][0] * POINTS_PER_LOGIT) ** 2 * 3 / 7
    assert said.deviation_before[1, 0] ** 2 == pytest.approx(wanted, rel=1e-12)


def test_a_deviation_grows_to_a_new_sides_and_no_further() -> None:
    said, _ = rated(glicko(), [Game(0, 1, day=1), Game(0, 1, None, day=100_000)])
    assert said.deviation_before[1].tolist() == [350.0, 350.0]


def test_a_rating_regresses_once_at_the_first_game_of_a_later_season() -> None:
    rows = [Game(0, 1, day=1), Game(0, 1, day=9, season=2003), Game(0, 1, day=10, season=2003)]
    said, _ = rated(glicko(carry=0.5), rows)
    assert said.before[1] - 1500 == pytest.approx(0.5 * (said.after[0] - 1500), rel=1e-12)
    assert said.before[2].tolist() == said.after[1].tolist()


def test_the_home_edge_lies_inside_the_expectation() -> None:
    won = [Game(0, 1, (1, 0), home_factor=factor) for factor in (0.0, 0.5, 1.0)]
    gains = [rated(glicko(home_edge=100), [row])[0].after[0, 0] - 1500 for row in won]
    gaps = [rated(glicko(home_edge=100), [row])[0].terms[0, 0] for row in won]
    assert gains[0] > gains[1] > gains[2] > 0
    assert gaps == pytest.approx([0.0, gaps[2] / 2, g(sqrt(2) * 350 / POINTS_PER_LOGIT) * 100 / POINTS_PER_LOGIT])


def test_both_games_of_a_doubleheader_count_in_one_period() -> None:
    said, state = rated(glicko(), [Game(0, 1), Game(0, 1)])
    assert said.before.tolist() == [[1500.0, 1500.0]] * 2
    assert said.after[0].tolist() == said.after[1].tolist()
    assert said.played.tolist() == [[0, 0]] * 2
    assert state.teams["played"].tolist() == [2, 2, 0, 0, 0]


def test_a_state_of_too_few_sides_is_refused() -> None:
    with pytest.raises(ValueError, match="state of 2 sides, games of 5"):
        glicko().advance(games_of([Game(0, 4)]), glicko().start(2))
