"""Win probability in play on real results at the ends of periods, and how many states a second one core prices.

Belongs here: the accuracy of the parameters in force on seasons after those they were fitted on, beside a logistic
regression on lead and price fitted on the same seasons as they; speed. Does not: fitting (`in_play_fit.py`). The
results lie beside the checkout and are not part of it; without them only speed is measured.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import polars as pl

from benchmarks.house import ROOT
from benchmarks.measure import Figure, Scale, Target, seconds_of
from precog_assets.cli.grade import graded
from precog_assets.config import load_leagues
from precog_assets.config.in_play import in_play_rules
from precog_assets.domain.in_play import InPlayRules, PlayStates
from precog_assets.domain.leagues import League
from precog_assets.grading import in_play, scores
from precog_assets.pricing.in_play import in_play_probabilities

DATA = ROOT.parent / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Window:
    """What is graded, and the score to reach after each period."""

    file: str
    first: int
    last: int
    wanted: tuple[float, ...]


WINDOWS = {
    "nba": Window("nba_quarters", 2019, 2023, (0.199, 0.172, 0.127)),
    "nfl": Window("nfl_quarters", 2017, 2019, (0.202, 0.149, 0.118)),
    "epl": Window("epl_halftime", 2018, 2022, (0.1466,)),
    "ligue1": Window("ligue1_halftime", 2018, 2022, (0.1587,)),
}
SPEED = 20_000
"""States a second that leads and goals must reach on one core."""
BATCH = 20_000


def measure(scale: Scale) -> list[Figure]:
    """A figure a period end, one a league for the rows that were not joined, one a family for speed."""
    figures = []
    for key, window in WINDOWS.items():
        if (DATA / "periods" / f"{window.file}.parquet").is_file():
            figures += _accuracy(load_leagues()[key], window)
    rounds = scale.of(9, 2)
    return figures + [_speed(key, rounds) for key in ("nba", "nfl", "nhl", "epl", "mlb", "atp")]


def joined_of(league: League, file: str) -> in_play.Joined:
    """Every season of a league's periods joined to its games."""
    periods = pl.read_parquet(DATA / "periods" / f"{file}.parquet")
    return in_play.join_periods(league, periods, pl.read_parquet(DATA / "games" / f"{league.key}.parquet"))


def of_seasons(joined: in_play.Joined, first: int, last: int) -> in_play.Joined:
    """The rows of some seasons."""
    chosen = joined.frame.filter(pl.col("season").is_between(first, last))
    return in_play.Joined(
        chosen, joined.periods, joined.of_elo, joined.score_differs, joined.day_differs, joined.unjoined
    )


def _accuracy(league: League, window: Window) -> list[Figure]:
    rules = in_play_rules(league.key)
    if rules.seasons is None or rules.seasons[1] >= window.first:
        raise RuntimeError(f"{league.key}: parameters of {rules.seasons} would be graded on {window.first}")
    everything = joined_of(league, window.file)
    tested = of_seasons(everything, window.first, window.last)
    learnt = of_seasons(everything, *rules.seasons)
    whole = [grade for grade in graded(league, rules, tested) if grade.season is None]
    unit = "RPS" if league.has_draw else "Brier"
    figures = [
        Figure(
            f"{league.key} {window.first}-{window.last} after period {grade.after}",
            grade.score,
            unit,
            Target("<=", wanted),
            f"{grade.games:,} games; logistic regression {logistic(league, learnt, tested, grade.after):.4f}, "
            f"before the game {grade.before:.4f}",
        )
        for grade, wanted in zip(whole, window.wanted, strict=True)
    ]
    missed = len(everything.unjoined)
    note = f"of {everything.frame.height + missed:,}: {everything.reasons() or 'every row is a game'}"
    return [*figures, Figure(f"{league.key} rows that are no game", missed, "rows", note=note)]


def logistic(league: League, learnt: in_play.Joined, tested: in_play.Joined, after: int) -> float:
    """The score of a (multinomial) logistic regression on lead and logits of the price."""
    from scipy.optimize import minimize

    x, outcome = _features(league, learnt, after)
    classes = 3 if league.has_draw else 2
    truth = np.eye(classes)[outcome]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        p = _softmax(x, flat.reshape(x.shape[1], classes - 1))
        gradient = x.T @ (p - truth)[:, 1:] / len(x)
        return float(-np.log(np.clip(p[truth == 1], 1e-12, 1)).mean()), gradient.ravel()

    found = minimize(loss, np.zeros(x.shape[1] * (classes - 1)), jac=True, method="BFGS").x
    x, outcome = _features(league, tested, after)
    p = _softmax(x, found.reshape(x.shape[1], classes - 1))
    return scores.rps(p, outcome) if league.has_draw else scores.brier(p[:, 1], outcome)


def _softmax(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    z = np.column_stack([np.zeros(len(x)), x @ weights])
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def _features(league: League, joined: in_play.Joined, after: int) -> tuple[np.ndarray, np.ndarray]:
    frame = joined.frame
    margin = (frame["final_home"] - frame["final_away"]).to_numpy()
    lead = (frame[f"home_{after}"] - frame[f"away_{after}"]).to_numpy()
    p = np.clip(in_play.before(joined), 1e-4, 1.0)
    if league.has_draw:
        x = np.column_stack([np.ones(len(lead)), lead, np.log(p[:, 0] / p[:, 1]), np.log(p[:, 2] / p[:, 1])])
        return x, np.where(margin > 0, 0, np.where(margin < 0, 2, 1))
    kept = margin != 0
    x = np.column_stack([np.ones(len(lead)), lead, np.log(p[:, 0] / p[:, 2])])
    return x[kept], (margin > 0).astype(np.int64)[kept]


def states_in_play(rules: InPlayRules, n: int) -> tuple[np.ndarray, PlayStates]:
    """n different states and prices, drawn once and for all."""
    rng = np.random.default_rng(6)
    home = rng.uniform(0.2, 0.7, n)
    draw = np.full(n, 0.25 if rules.family == "goals" and rules.draws else 0.0)
    states = PlayStates.of(
        home_score=rng.integers(0, 2, n),
        away_score=rng.integers(0, 2, n),
        period=rng.integers(1, 3, n),
        clock_s=rng.uniform(0, 700, n),
        home_games=rng.integers(0, 6, n),
        away_games=rng.integers(0, 6, n),
        server=rng.choice([-1, 1], n),
        outs=rng.integers(0, 3, n),
        bases=rng.integers(0, 8, n),
    )
    return np.column_stack([home, draw, 1.0 - home - draw]), states


def _speed(key: str, rounds: int) -> Figure:
    rules = in_play_rules(key)
    before, states = states_in_play(rules, BATCH)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        in_play_probabilities(rules, before, states)
        took = sorted(seconds_of(lambda: in_play_probabilities(rules, before, states)) for _ in range(rounds))
    finally:
        os.sched_setaffinity(0, cores)
    wanted = Target(">=", SPEED) if rules.family in ("lead", "goals") else None
    return Figure(
        f"{key} states priced", BATCH / took[len(took) // 2], "a second", wanted, f"{BATCH:,} at once, each its price"
    )
