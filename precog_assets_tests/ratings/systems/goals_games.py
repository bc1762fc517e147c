"""Soccer games for the tests of the filter and the table: rows by hand or by hypothesis, and the arrays of them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from hypothesis import strategies as st

from precog_assets.domain.rating_rules import GoalsParameters, Stakes
from precog_assets.ratings.games import UNKNOWN_SURFACE, Games

PARAMETERS = GoalsParameters(
    drift_per_day=8e-5,
    season_variance=0.004,
    variance=0.06,
    style_gain=0.9,
    carry=0.8,
    long_run_pull=0.8,
    long_run_rate=0.18,
    promoted=-0.34,
    returning=0.6,
    goals_a_side=1.3,
    goals_rate=0.003,
    home_edge=0.3,
    home_edge_rate=0.003,
    early_home_loss=0.3,
    early_home_rounds=6.0,
    stakes=0.35,
    max_goals=6.0,
    low_score_correction=-0.05,
)
STAKES = Stakes(lines=(1, 2), relegated=1, from_round=2, reach=0.75, softness=0.6)


@dataclass(frozen=True)
class Row:
    """A game; goals of None have no result yet."""

    home: int
    away: int
    goals: tuple[int, int] | None = None
    day: int = 0
    season: int = 2000
    factor: float = 1.0
    playoff: bool = False


def games_of(rows: list[Row], teams: int) -> Games:
    n = len(rows)
    day = np.array([row.day for row in rows], np.int64)
    score = np.array([row.goals or (np.nan, np.nan) for row in rows], np.float64).reshape(n, 2)
    home, away = score[:, 0].copy(), score[:, 1].copy()
    result = np.where(np.isnan(home), np.nan, np.where(home > away, 1.0, np.where(home < away, 0.0, 0.5)))
    factor = np.array([row.factor for row in rows], np.float64)
    return Games(
        teams=tuple(f"club {k}" for k in range(teams)),
        home=np.array([row.home for row in rows], np.int64),
        away=np.array([row.away for row in rows], np.int64),
        day=day,
        batch=day,
        season=np.array([row.season for row in rows], np.int64),
        home_score=home,
        away_score=away,
        result=result,
        neutral=factor == 0.0,
        playoff=np.array([row.playoff for row in rows], np.bool_),
        home_factor=factor,
        margin_known=np.ones(n, np.bool_),
        surface=np.full(n, UNKNOWN_SURFACE, np.int64),
        best_of=np.zeros(n, np.int64),
        team_event=np.zeros(n, np.bool_),
        retired=np.zeros(n, np.bool_),
    )


def picked(games: Games, which: np.ndarray) -> Games:
    """Games at these places, in this order."""
    return Games(games.teams, *(getattr(games, f.name)[which] for f in fields(Games) if f.name != "teams"))


@st.composite
def leagues(draw: st.DrawFn, teams: int = 6, longest: int = 60, factors: tuple[float, ...] = (1.0, 0.5, 0.0)) -> Games:
    """Games of a few clubs: several a day, also twice a club; open results, idle years, absent clubs, 90:0."""
    club = st.integers(0, teams - 1)
    goals = st.integers(0, 5) | st.sampled_from([9, 90])
    pace = st.sampled_from(["same day"] * 3 + ["days"] * 3 + ["season"])
    rows: list[Row] = []
    day, season = 10_000, 2000
    for _ in range(draw(st.integers(0, longest))):
        step = draw(pace)
        if step == "days":
            day += draw(st.integers(1, 50))
        elif step == "season":
            day += 70
            season += draw(st.integers(1, 2))
        result = draw(st.none() | st.tuples(goals, goals) | st.tuples(goals, goals) | st.tuples(goals, goals))
        playoff = draw(st.integers(0, 9)) == 0
        rows.append(Row(draw(club), draw(club), result, day, season, draw(st.sampled_from(factors)), playoff))
    return games_of(rows, teams)


def borders(games: Games) -> list[int]:
    """Places where a batch begins or the games end."""
    n = len(games)
    return [i for i in range(n + 1) if i in (0, n) or games.batch[i] != games.batch[i - 1]]
