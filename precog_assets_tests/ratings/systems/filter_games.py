"""Games of a small team league, by hand or drawn, and the promises every system of the Gaussian filters keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from precog_assets.ratings.games import UNKNOWN_SURFACE, Games
from precog_assets.ratings.systems import Rated, State, System

TEAMS = 6


@dataclass(frozen=True)
class Row:
    """One game; no score: nothing to learn. `factor` is that of the home edge."""

    day: int
    home: int
    away: int
    home_score: float | None
    away_score: float | None = 0.0
    season: int = 2000
    factor: float = 1.0
    margin_known: bool = True


def games_of(rows: Sequence[Row], teams: int = TEAMS) -> Games:
    """Rows in the order given, which has to be that of days."""
    n = len(rows)
    blank = np.zeros(n, np.bool_)
    day = np.array([row.day for row in rows], np.int64)
    home_score = np.array([np.nan if row.home_score is None else row.home_score for row in rows], float)
    away_score = np.array([np.nan if row.home_score is None else row.away_score for row in rows], float)
    return Games(
        teams=tuple(f"t{k}" for k in range(teams)),
        home=np.array([row.home for row in rows], np.int64),
        away=np.array([row.away for row in rows], np.int64),
        day=day,
        batch=day.copy(),
        season=np.array([row.season for row in rows], np.int64),
        home_score=home_score,
        away_score=away_score,
        result=np.where(np.isnan(home_score), np.nan, 0.5 + 0.5 * np.sign(home_score - away_score)),
        neutral=np.array([row.factor == 0 for row in rows], np.bool_),
        playoff=blank,
        home_factor=np.array([row.factor for row in rows], float),
        margin_known=np.array([row.margin_known for row in rows], np.bool_),
        surface=np.full(n, UNKNOWN_SURFACE, np.int64),
        best_of=np.zeros(n, np.int64),
        team_event=blank,
        retired=blank,
    )


@st.composite
def row_lists(
    draw: st.DrawFn, factors: Sequence[float] = (0.0, 0.3, 1.0), highest: int = 90, max_size: int = 40
) -> list[Row]:
    """Games of six teams over days and seasons: some not played, some ties, some of a side with itself."""
    drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from([0, 0, 0, 1, 2, 9]),
                st.sampled_from([0, 0, 0, 0, 0, 1, 3]),
                st.integers(0, TEAMS - 1),
                st.integers(0, TEAMS - 1),
                st.one_of(st.none(), st.integers(0, highest), st.integers(0, highest)),
                st.integers(0, highest),
                st.sampled_from(factors),
                st.booleans(),
            ),
            max_size=max_size,
        )
    )
    rows, day, season = [], 0, 2000
    for rest, seasons, home, away, home_score, away_score, factor, margin_known in drawn:
        if rest:
            day += rest + 150 * seasons
            season += seasons
        score = None if home_score is None else float(home_score)
        rows.append(Row(day, home, away, score, float(away_score), season, factor, margin_known))
    return rows


def rate(system: System, rows: Sequence[Row], teams: int = TEAMS) -> tuple[Rated, State]:
    state = system.start(teams)
    return system.advance(games_of(rows, teams), state), state


def picked(rated: Rated, at: Sequence[int] | slice) -> Rated:
    return Rated(**{f.name: getattr(rated, f.name)[at] for f in fields(rated)})


def assert_close(one: Rated, other: Rated, within: float = 0.0) -> None:
    """Every array of the same numbers; `within` 0 means bit for bit."""
    for f in fields(one):
        np.testing.assert_allclose(
            getattr(one, f.name), getattr(other, f.name), rtol=within, atol=within, err_msg=f.name
        )


def assert_same_state(one: State, other: State, within: float = 0.0) -> None:
    for mine, theirs in ((one.teams, other.teams), (one.league, other.league)):
        assert mine.keys() == theirs.keys()
        for name, array in mine.items():
            assert array.dtype == theirs[name].dtype
            np.testing.assert_allclose(array, theirs[name], rtol=within, atol=within, err_msg=name)


def assert_order_within_a_day_is_nothing(system: System, rows: list[Row], shuffle: Callable[[list[int]], None]) -> None:
    order = list(range(len(rows)))
    shuffle(order)
    order.sort(key=lambda i: rows[i].day)
    whole, state = rate(system, rows)
    mixed, mixed_state = rate(system, [rows[i] for i in order])
    assert_close(picked(whole, order), mixed, 1e-9)
    assert_same_state(state, mixed_state, 1e-9)


def assert_mirrors(system: System, rows: list[Row]) -> None:
    """On neutral ground; the last term is the deviation, the rest change sign."""
    swapped = [
        replace(row, home=row.away, away=row.home, home_score=None if row.home_score is None else row.away_score,
                away_score=row.home_score)
        for row in rows
    ]  # fmt: skip
    one, _ = rate(system, rows)
    other, _ = rate(system, swapped)
    for f in fields(one):
        if f.name != "terms":
            np.testing.assert_array_equal(getattr(one, f.name), getattr(other, f.name)[:, ::-1], err_msg=f.name)
    np.testing.assert_array_equal(one.terms[:, :-1], -other.terms[:, :-1])
    np.testing.assert_array_equal(one.terms[:, -1], other.terms[:, -1])


def assert_parts_equal_the_whole(system: System, rows: list[Row]) -> None:
    """Split at every border of days, one after the other."""
    whole, end = rate(system, rows)
    games = games_of(rows)
    borders = [0, *(i for i in range(1, len(rows)) if rows[i].day != rows[i - 1].day), len(rows)]
    state = system.start(TEAMS)
    parts = [system.advance(games.part(first, last), state) for first, last in pairwise(borders)]
    assert_same_state(state, end)
    for f in fields(whole):
        joined = np.concatenate([getattr(part, f.name) for part in parts])
        np.testing.assert_array_equal(joined, getattr(whole, f.name), err_msg=f.name)


def assert_unplayed_games_leave_no_trace(system: System, rows: list[Row], teaches: Callable[[Row], bool]) -> None:
    whole, state = rate(system, rows)
    kept = [i for i, row in enumerate(rows) if teaches(row)]
    without, state_without = rate(system, [rows[i] for i in kept])
    assert_close(picked(whole, kept), without)
    assert_same_state(state, state_without)


def assert_later_sides_equal_early_ones(system: System, rows: list[Row], split: int) -> None:
    """The state of a league of fewer sides is grown by those of `start` before the rest is rated."""
    first = next((i for i in range(split, len(rows)) if i == 0 or rows[i].day != rows[i - 1].day), len(rows))
    few = 1 + max([0, *(max(row.home, row.away) for row in rows[:first])])
    state = system.start(few)
    early = system.advance(games_of(rows[:first], few), state)
    added = system.start(TEAMS - few)
    state.teams = {name: np.concatenate([array, added.teams[name]]) for name, array in state.teams.items()}
    late = system.advance(games_of(rows[first:]), state)
    whole, end = rate(system, rows)
    assert_close(picked(whole, slice(0, first)), early)
    assert_close(picked(whole, slice(first, None)), late)
    assert_same_state(state, end)


def assert_finite(rated: Rated, state: State) -> None:
    for f in fields(rated):
        assert np.isfinite(getattr(rated, f.name)).all(), f.name
    for name, array in (state.teams | state.league).items():
        assert np.isfinite(array).all(), name


def assert_a_side_playing_itself_is_shown_as_it_stands(system: System) -> None:
    won = Row(0, 0, 1, 9.0, 2.0)
    rated, state = rate(system, [won, Row(1, 0, 0, 9.0, 2.0), Row(1, 0, 2, None)])
    alone, state_alone = rate(system, [won])
    assert (rated.terms[1] == 0.0).all()
    assert rated.before[1].tolist() == rated.after[1].tolist() == [alone.after[0, 0]] * 2
    assert rated.played[1].tolist() == [1, 1]
    assert_same_state(state, state_alone)


def assert_deviations_shrink_by_playing_and_grow_by_resting(system: System) -> None:
    rested, _ = rate(system, [Row(0, 0, 1, 3.0, 2.0), Row(3, 0, 1, 3.0, 2.0), Row(300, 0, 1, 3.0, 2.0, 2001)])
    assert (rested.deviation_after < rested.deviation_before).all()
    assert (rested.deviation_before[1] > rested.deviation_after[0]).all()
    assert (rested.deviation_before[2] > rested.deviation_after[1]).all()
    longer, _ = rate(system, [Row(0, 0, 1, 3.0, 2.0), Row(5, 0, 1, None)])
    assert (longer.deviation_before[1] > rested.deviation_before[1]).all()
