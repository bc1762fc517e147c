"""Games for the tests of the Bayesian filter, drawn by hypothesis, and the filter once more, written to be read.

`slowly` shares nothing with the package but the parameters: recent matches are counted from the list of past
ones, and a batch's games enter a side's covariance together, by the formula of Woodbury.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from math import exp, log, nan, pi, sqrt
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from precog_assets.domain.rating_rules import BayesParameters
from precog_assets.ratings.games import Games

UNKNOWN = 4
SIDES = 5
ATP = {
    "prior_sd": 0.65,
    "prior_mean_team_event": -1.0,
    "drift_per_year": 0.25,
    "drift_per_match": 0.03,
    "prior_correlation": (0.9, 0.95, 0.8),
    "drift_correlation": (0.94, 0.95, 0.83),
    "best_of_5": 1.3,
    "retired_weight": 0.7,
    "team_event_weight": 1.5,
    "activity_gain": 0.3,
}
LEAGUE = {
    "prior_sd": 0.5,
    "drift_per_year": 0.4,
    "prior_correlation": (1.0, 1.0, 1.0),
    "drift_correlation": (1.0, 1.0, 1.0),
    "home_edge": 0.35,
}


class Game(NamedTuple):
    home: int
    away: int
    result: float = 1.0
    day: int = 0
    surface: int = UNKNOWN
    best_of: int = 3
    team_event: bool = False
    retired: bool = False
    home_factor: float = 0.0


def atp(**changes: object) -> BayesParameters:
    return BayesParameters.model_validate(ATP | changes)


def league(**changes: object) -> BayesParameters:
    return BayesParameters.model_validate(LEAGUE | changes)


def arrays(games: list[Game], *, by_day: bool, sides: int = SIDES) -> Games:
    """The games in the order given; a batch is a day or a row."""
    n = len(games)

    def column(name: str, kind: type) -> np.ndarray:
        return np.array([getattr(one, name) for one in games], dtype=kind)

    day, result, factor = column("day", np.int64), column("result", np.float64), column("home_factor", np.float64)
    return Games(
        teams=tuple(f"side {k}" for k in range(sides)),
        home=column("home", np.int64),
        away=column("away", np.int64),
        day=day,
        batch=day if by_day else np.arange(n, dtype=np.int64),
        season=2000 + day // 365,
        home_score=result,
        away_score=1.0 - result,
        result=result,
        neutral=factor == 0.0,
        playoff=np.zeros(n, np.bool_),
        home_factor=factor,
        margin_known=np.zeros(n, np.bool_),
        surface=column("surface", np.int64),
        best_of=column("best_of", np.int64),
        team_event=column("team_event", np.bool_),
        retired=column("retired", np.bool_),
    )


@st.composite
def game_lists(draw: st.DrawFn, *, neutral: bool = False, least: int = 0) -> list[Game]:
    """Up to 40 games of five sides, from before 1970 on, several a day, some without a result, some self-played."""
    pair = st.tuples(st.integers(0, SIDES - 1), st.integers(0, SIDES - 1))
    rows = draw(
        st.lists(
            st.tuples(
                pair,
                st.sampled_from([1.0, 0.0, 1.0, 0.0, 0.5, nan]),
                st.sampled_from([0, 0, 0, 1, 7, 90, 2000]),
                st.integers(0, UNKNOWN),
                st.sampled_from([0, 1, 3, 5]),
                st.booleans(),
                st.booleans(),
                st.just(0.0) if neutral else st.sampled_from([0.0, 0.3, 1.0]),
            ),
            min_size=least,
            max_size=40,
        )
    )
    games, day = [], -100
    for (home, away), result, rest, *others in rows:
        day += rest
        games.append(Game(home, away, result, day, *others))
    return games


@st.composite
def parameter_sets(draw: st.DrawFn) -> BayesParameters:
    correlations = st.sampled_from([(1.0, 1.0, 1.0), (0.9, 0.95, 0.8), (0.0, 0.0, 0.0), (0.5, 0.2, 0.3)])
    return BayesParameters(
        prior_sd=draw(st.floats(0.1, 3.0)),
        prior_mean_team_event=draw(st.floats(-2.0, 2.0)),
        drift_per_year=draw(st.floats(0.0, 1.0)),
        drift_per_match=draw(st.floats(0.0, 0.2)),
        prior_correlation=draw(correlations),
        drift_correlation=draw(correlations),
        best_of_5=draw(st.floats(0.5, 2.0)),
        retired_weight=draw(st.floats(0.1, 1.0)),
        team_event_weight=draw(st.floats(0.5, 2.0)),
        activity_days=(draw(st.floats(5.0, 50.0)), draw(st.floats(100.0, 1000.0))),
        activity_gain=draw(st.floats(-0.5, 0.5)),
        home_edge=draw(st.floats(-1.0, 1.0)),
    )


@dataclass
class Side:
    mean: np.ndarray
    covariance: np.ndarray
    matches: list[tuple[int, int]] = field(default_factory=list)
    """Days and surfaces of those learnt from."""

    def points(self) -> tuple[float, float]:
        every = np.full(4, 0.25)
        scale = 400.0 / log(10.0)
        return 1505.0 + scale * float(every @ self.mean), scale * sqrt(float(every @ self.covariance @ every))


def matrix(three: tuple[float, float, float]) -> np.ndarray:
    hard_clay, hard_grass, clay_grass = three
    hard, clay, grass, carpet = range(4)
    out = np.eye(4)
    for one, two, value in (
        (hard, clay, hard_clay),
        (hard, grass, hard_grass),
        (hard, carpet, hard_grass),
        (grass, carpet, hard_grass),
        (clay, grass, clay_grass),
        (clay, carpet, clay_grass),
    ):
        out[one, two] = out[two, one] = value
    return out


def on(day: int, side: Side | None, team_event: bool, own: BayesParameters) -> Side:
    """What is known of a side on a day, before it plays."""
    most = own.prior_sd**2
    if side is None:
        mean = own.prior_mean_team_event if team_event else 0.0
        return Side(np.full(4, mean), most * matrix(own.prior_correlation))
    years = (day - side.matches[-1][0]) / 365.25
    drift = own.drift_per_year**2 * years + own.drift_per_match**2
    wide = side.covariance + drift * matrix(own.drift_correlation)
    return Side(side.mean, wide * min(1.0, most / wide[0, 0]), side.matches)


def counts(side: Side, day: int, surface: int, own: BayesParameters) -> list[float]:
    fast, slow = own.activity_days
    return [
        log(1 + sum(exp((d - day) / fast) for d, _ in side.matches)),
        log(1 + sum(exp((d - day) / slow) for d, _ in side.matches)),
        log(1 + sum(exp((d - day) / slow) for d, s in side.matches if s == surface)),
        (day - side.matches[0][0]) / 365.25 if side.matches else 0.0,
        exp(-len(side.matches) / 2),
    ]


def slowly(games: list[Game], own: BayesParameters, *, by_day: bool) -> list[dict[str, object]]:
    """Ratings before and after, deviations, matches played and terms of each game."""
    known: dict[int, Side] = {}
    rows: list[dict[str, object]] = []
    numbered = groupby(enumerate(games), key=lambda pair: pair[1].day if by_day else pair[0])
    for batch in ([game for _, game in group] for _, group in numbered):
        lessons: dict[int, list[tuple[np.ndarray, float, float, int]]] = {}
        grown: dict[int, Side] = {}
        shown = []
        for game in batch:
            h = np.full(4, 0.25) if game.surface == UNKNOWN else np.eye(4)[game.surface]
            home = on(game.day, known.get(game.home), game.team_event, own)
            away = on(game.day, known.get(game.away), game.team_event, own)
            shown.append((home, away))
            row: dict[str, object] = {
                "before": (home.points()[0], away.points()[0]),
                "deviation_before": (home.points()[1], away.points()[1]),
                "played": (len(home.matches), len(away.matches)),
                "terms": [0.0] * 8,
            }
            rows.append(row)
            if game.home == game.away:
                continue
            ours, theirs = (counts(side, game.day, game.surface, own) for side in (home, away))
            differences = [a - b for a, b in zip(ours, theirs, strict=True)]
            v_home, v_away = float(h @ home.covariance @ h), float(h @ away.covariance @ h)
            b = own.best_of_5 if game.best_of == 5 else 1.0
            gap = float(h @ (home.mean - away.mean))
            gap += own.activity_gain * differences[0] + own.home_edge * game.home_factor
            z = b * gap / sqrt(1 + pi * b**2 * (v_home + v_away) / 8)
            row["terms"] = [z, z * sqrt(v_home + v_away), z * game.team_event, *differences]
            if game.result != game.result:
                continue
            weight = (own.retired_weight if game.retired else 1) * (own.team_event_weight if game.team_event else 1)
            p = 1 / (1 + exp(-z))
            information = weight * b**2 * p * (1 - p)
            for number, side, other, sign in ((game.home, home, v_away, 1), (game.away, away, v_home, -1)):
                share = 1 / (1 + information * other)
                score = sign * weight * b * (game.result - p)
                lessons.setdefault(number, []).append((h, information * share, score * share, game.surface))
                grown.setdefault(number, side)
        for number, learnt in lessons.items():
            side, at = grown[number], np.array([one[0] for one in learnt])
            information = np.diag([one[1] for one in learnt])
            spread = at @ side.covariance
            inner = np.eye(len(learnt)) + information @ spread @ at.T
            covariance = side.covariance - spread.T @ np.linalg.solve(inner, information @ spread)
            pull = at.T @ np.array([one[2] for one in learnt])
            matches = [*side.matches, *((batch[0].day, one[3]) for one in learnt)]
            known[number] = Side(side.mean + covariance @ pull, covariance, matches)
        for row, game, stood in zip(rows[-len(batch) :], batch, shown, strict=True):
            ends = [
                known[number] if number in lessons else side
                for number, side in zip((game.home, game.away), stood, strict=True)
            ]
            row["after"] = tuple(side.points()[0] for side in ends)
            row["deviation_after"] = tuple(side.points()[1] for side in ends)
    return rows
