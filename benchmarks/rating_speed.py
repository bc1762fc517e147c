"""Elo of the NBA's games: the compiled loop against a plain Python loop of the same arithmetic, and against elote.

Belongs here: speed. Accuracy is `ratings.py`'s. The results lie beside the checkout and are not part of it; without
them nothing is measured. elote is no dependency: where it is not importable, the note says so.
"""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable
from itertools import product

import numpy as np

from benchmarks.house import ROOT
from benchmarks.measure import Figure, Scale, Target, interleaved
from precog_assets.config import load_leagues
from precog_assets.domain.rating_rules import EloParameters
from precog_assets.ratings.exchange import read_games
from precog_assets.ratings.games import Games, games_from
from precog_assets.ratings.systems.elo import Elo, scores_many
from precog_assets_tests.ratings.plain_elo import PlainGame, plain_elo

RESULTS = ROOT.parent / "shared" / "data" / "games" / "nba.parquet"
NBA = EloParameters(k=20, home_edge=100, margin="nba", carry=0.75, mean=1505, new_team=1300)
"""FiveThirtyEight's published parameters."""
PASSES = 40
"""Compiled passes a sample, so that all samples are of like length and meet like disturbance."""
SETS = 1000
SHARE = 10
"""Of the sets, so many are rated by the plain loop, and their time multiplied."""


def measure(scale: Scale) -> list[Figure]:
    """Each figure is how many times as fast the compiled loop is."""
    if not RESULTS.is_file():
        return []
    league = load_leagues()["nba"]
    games = games_from(read_games(RESULTS, league).frame, league)
    rows = plain_games(games)
    return [*one_pass(games, rows, scale.of(25, 3)), many_sets(games, rows, scale.of(5, 1))]


def plain_games(games: Games) -> list[PlainGame]:
    """The same games as the plain loop reads them."""
    names = games.teams
    scores = [
        [None if score != score else score for score in side]
        for side in (games.home_score.tolist(), games.away_score.tolist())
    ]
    told = (games.home_factor, games.playoff, games.margin_known)
    columns = (games.batch.tolist(), games.season.tolist(), *scores, *(column.tolist() for column in told))
    pairs = zip(games.home.tolist(), games.away.tolist(), strict=True)
    return [PlainGame(names[home], names[away], *rest) for (home, away), *rest in zip(pairs, *columns, strict=True)]


def one_pass(games: Games, rows: list[PlainGame], rounds: int) -> list[Figure]:
    """Ratings before and after and expected scores of every game, by each side in turn."""
    system = Elo(NBA)
    after = system.advance(games, system.start(len(games.teams))).after
    if not np.allclose(after, [row[2:4] for row in plain_elo(rows, NBA)], rtol=0, atol=1e-6):
        raise RuntimeError("the compiled and the plain loop do not rate alike: their times mean nothing")

    def passes() -> None:
        for _ in range(PASSES):
            system.advance(games, system.start(len(games.teams)))

    sides: dict[str, Callable[[], object]] = {
        "compiled": passes,
        "plain": lambda: plain_elo(rows, NBA),
    }
    elote = elote_pass(rows)
    if elote is not None:
        sides["elote"] = elote
    samples = interleaved(sides, rounds, warm_up=2)
    one = samples.median("compiled") / PASSES * 1000
    took = f"{len(games):,} games: {one:.2f} ms, {{:.1f}} ms; margin, home edge, seasons"
    figures = [
        Figure(
            "Elo pass, compiled against a plain loop",
            samples.ratio("plain", "compiled") * PASSES,
            "times",
            Target(">=", 15),
            took.format(samples.median("plain") * 1000) + ("" if elote else "; elote not measured: not installed"),
            {**samples.detail(), "compiled_passes": PASSES},
        )
    ]
    if elote is not None:
        version = importlib.metadata.version("elote")
        figures.append(
            Figure(
                f"Elo pass, compiled against elote {version}",
                samples.ratio("elote", "compiled") * PASSES,
                "times",
                Target(">=", 100),
                took.format(samples.median("elote") * 1000) + ", which elote does not do",
                {**samples.detail("compiled", "elote"), "compiled_passes": PASSES},
            )
        )
    return figures


def elote_pass(rows: list[PlainGame]) -> Callable[[], list[float]] | None:
    """The same games through elote's documented use: expected_score, then beat, lost_to or tied; None without it."""
    try:
        competitor = importlib.import_module("elote").EloCompetitor
    except ImportError:
        return None
    results = [(row.home, row.away, (row.home_score or 0) - (row.away_score or 0)) for row in rows]

    def run() -> list[float]:
        sides, expected = {}, []
        for home, away, margin in results:
            for team in (home, away):
                if team not in sides:
                    sides[team] = competitor(initial_rating=1500, k_factor=20)
            one, other = sides[home], sides[away]
            expected.append(one.expected_score(other))
            if margin > 0:
                one.beat(other)
            elif margin < 0:
                one.lost_to(other)
            else:
                one.tied(other)
        return expected

    return run


def many_sets(games: Games, rows: list[PlainGame], rounds: int) -> Figure:
    """Brier score and log loss of a grid of parameter sets; the plain loop only rates, and rates a share of them."""
    grid = product(np.linspace(8, 32, 10), np.linspace(40, 130, 10), np.linspace(0.5, 1, 10))
    sets = [
        NBA.model_copy(update={"k": float(k), "home_edge": float(edge), "carry": float(carry)})
        for k, edge, carry in grid
    ]
    mask = ~np.isnan(games.result)
    samples = interleaved(
        {
            "sets": lambda: scores_many(games, sets, mask),
            "plain": lambda: [plain_elo(rows, one) for one in sets[:: SETS // SHARE]],
        },
        rounds,
    )
    return Figure(
        f"Elo of {SETS:,} parameter sets, compiled against plain loops",
        samples.ratio("plain", "sets") * (SETS / SHARE),
        "times",
        Target(">=", 30),
        f"{samples.median('sets'):.3f} s with scores; {samples.median('plain') / SHARE * SETS:.0f} s without, "
        f"from {SHARE} sets",
        samples.detail(),
    )
