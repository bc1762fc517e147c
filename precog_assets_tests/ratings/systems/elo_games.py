"""Games for the tests of Elo and Glicko-2: written by hand or drawn by hypothesis, as arrays and as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from precog_assets.domain.rating_rules import EloParameters
from precog_assets.ratings.games import Games
from precog_assets.ratings.systems import State, System
from precog_assets_tests.ratings.plain_elo import PlainGame

SIDES = 5


class Game(NamedTuple):
    home: int
    away: int
    score: tuple[float, float] | None = (1, 0)
    """Home, away; None where there is no result."""
    day: int = 0
    season: int = 2000
    home_factor: float = 0.0
    playoff: bool = False
    margin_known: bool = True


def games_of(rows: Sequence[Game], sides: int = SIDES, *, alone: bool = False) -> Games:
    """Arrays; a batch is a day, or with `alone` a row, as in tennis."""
    n = len(rows)
    scores = np.array([row.score or (np.nan, np.nan) for row in rows], np.float64).reshape(n, 2)
    result = np.where(scores[:, 0] > scores[:, 1], 1.0, np.where(scores[:, 0] < scores[:, 1], 0.0, 0.5))
    day = np.array([row.day for row in rows], np.int64)
    factor = np.array([row.home_factor for row in rows], np.float64)
    return Games(
        teams=tuple(f"side {i}" for i in range(sides)),
        home=np.array([row.home for row in rows], np.int64),
        away=np.array([row.away for row in rows], np.int64),
        day=day,
        batch=np.arange(n) if alone else day,
        season=np.array([row.season for row in rows], np.int64),
        home_score=scores[:, 0].copy(),
        away_score=scores[:, 1].copy(),
        result=np.where(np.isnan(scores[:, 0]), np.nan, result),
        neutral=factor == 0.0,
        playoff=np.array([row.playoff for row in rows], np.bool_),
        home_factor=factor,
        margin_known=np.array([row.margin_known for row in rows], np.bool_),
        surface=np.full(n, 4, np.int64),
        best_of=np.zeros(n, np.int64),
        team_event=np.zeros(n, np.bool_),
        retired=np.zeros(n, np.bool_),
    )


def plain(rows: Sequence[Game], *, alone: bool = False) -> list[PlainGame]:
    return [
        PlainGame(
            f"side {row.home}",
            f"side {row.away}",
            number if alone else row.day,
            row.season,
            *(row.score or (None, None)),
            row.home_factor,
            row.playoff,
            row.margin_known,
        )
        for number, row in enumerate(rows)
    ]


def chosen(games: Games, which: np.ndarray) -> Games:
    """The games of a mask or in the order of an index."""
    return replace(games, **{f.name: getattr(games, f.name)[which] for f in fields(games) if f.name != "teams"})


def cuts(games: Games) -> list[int]:
    """The places where a batch begins."""
    return [i for i in range(len(games)) if i == 0 or games.batch[i] != games.batch[i - 1]]


def with_later_sides(state: State, system: System, sides: int) -> State:
    """A state of fewer sides as it is continued with `sides`."""
    known = next(iter(state.teams.values())).shape[0]
    new = system.start(sides - known).teams
    return State({name: np.concatenate([array, new[name]]) for name, array in state.teams.items()}, state.league)


def bits(state: State) -> dict[str, bytes]:
    return {name: array.tobytes() for part in (state.teams, state.league) for name, array in part.items()}


@st.composite
def histories(draw: st.DrawFn, *, most_games: int = 30, extreme: bool = False) -> list[Game]:
    """Games of five sides over some seasons: several a day, some without a result, some of a side against itself."""
    side = st.integers(0, SIDES - 1)
    points = st.integers(0, 1_000_000 if extreme else 150)
    steps = draw(
        st.lists(
            st.tuples(
                st.tuples(side, side),
                st.one_of(st.none(), st.tuples(points, points), st.tuples(points, points)),
                st.sampled_from([0, 0, 1, 3, 40]),
                st.sampled_from([0, 0, 0, 0, 1, 2]),
                st.sampled_from([0.0, 0.5, 1.0]),
                st.booleans(),
                st.sampled_from([True, True, False]),
            ),
            max_size=most_games,
        )
    )
    rows, day, season = [], 10_000, 2000
    for (home, away), score, days, seasons, factor, playoff, known in steps:
        day, season = day + days + seasons, season + seasons
        rows.append(Game(home, away, score, day, season, factor, playoff, known))
    return rows


@st.composite
def parameters(draw: st.DrawFn) -> EloParameters:
    k_rule = draw(st.sampled_from(["constant", "tennis"]))
    return EloParameters.model_validate(
        {
            "k": draw(st.floats(1, 60)) * (10 if k_rule == "tennis" else 1),
            "k_rule": k_rule,
            "home_edge": draw(st.floats(-50, 120)),
            "home_edge_rate": draw(st.sampled_from([0.0, 0.5])),
            "margin": draw(st.sampled_from(["none", "nfl", "nba", "nhl", "log", "goals"])),
            "carry": draw(st.sampled_from([1.0, 0.75, 0.0])),
            "mean": 1505,
            "new_team": draw(st.sampled_from([1505.0, 1300.0])),
            "playoff_factor": draw(st.sampled_from([1.0, 1.25])),
        }
    )
