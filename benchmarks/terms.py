"""What each term of a league's default model is worth: the score with it left out, calibration refitted.

Belongs here: ablation over the seasons the README grades. Does not: choosing terms. The real results lie beside the
checkout; without them nothing is measured.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from benchmarks.measure import Figure, Scale
from benchmarks.ratings import GAMES, WINDOWS, score
from precog_assets.config import load_leagues
from precog_assets.domain.leagues import League
from precog_assets.pipeline.offline import forecast_games
from precog_assets.ratings.exchange import GamesFile, read_games


def measure(scale: Scale) -> list[Figure]:
    """One figure a league and term: by how much the score is worse without it."""
    there = [key for key in WINDOWS if (GAMES / f"{key}.parquet").is_file()]
    return [figure for key in (there[:1] if scale.quick else there) for figure in _league(load_leagues()[key])]


def _league(league: League) -> list[Figure]:
    games = read_games(GAMES / f"{league.key}.parquet", league)
    whole = _score(games)
    unit = "RPS" if league.has_draw else "Brier"
    first, last, _ = WINDOWS[league.key]
    figures = []
    for term in league.rating.models["default"].terms[1:]:
        without = _score(replace(games, league=_without(league, term)))
        note = f"{first}-{last}: {whole:.5f} with all terms, {without:.5f} without this one"
        figures.append(Figure(f"{league.key}: {term}", without - whole, unit, note=note))
    return figures


def _without(league: League, term: str) -> League:
    model = league.rating.models["default"]
    kept = [place for place, name in enumerate(model.terms) if name != term]
    fewer = model.model_copy(
        update={
            "terms": tuple(model.terms[place] for place in kept),
            "calibration": model.calibration.model_copy(
                update={"prior": tuple(model.calibration.prior[place] for place in kept)}
            ),
        }
    )
    models = {**league.rating.models, "default": fewer}
    return league.model_copy(update={"rating": league.rating.model_copy(update={"models": models})})


def _score(games: GamesFile) -> float:
    league = games.league
    first, last, _ = WINDOWS[league.key]
    found = forecast_games(games).frame
    p = found.select("p_home", "p_draw", "p_away")[(games.frame["row"] - 1).to_list()]
    graded = games.frame.with_columns(p).filter("learns", pl.col("season").is_between(first, last))
    if not league.has_draw:
        graded = graded.filter(pl.col("home_score") != pl.col("away_score"))
    return score(league, graded, "p")
