"""The configuration in force on real results, walking forward: the scores the README quotes are reached."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from precog_assets.config import load_leagues
from precog_assets.grading import scores
from precog_assets.pipeline.offline import forecast_file, market_aware

GAMES = Path(__file__).resolve().parents[3] / "shared" / "data" / "games"
pytestmark = pytest.mark.skipif(not GAMES.is_dir(), reason="the real results do not lie beside the checkout")

REACHED = {
    "nfl": (2015, 2022, 0.2212),
    "nba": (2018, 2023, 0.2180),
    "nhl": (2016, 2023, 0.2392),
    "mlb": (2015, 2022, 0.2425),
    "epl": (2016, 2022, 0.1965),
    "ligue1": (2016, 2022, 0.2035),
    "atp": (2010, 2021, 0.2050),
    "wta": (2010, 2021, 0.2135),
    "ncaab": (2004, 2016, 0.1745),
    "wncaab": (2012, 2022, 0.1630),
}
"""MLB: plain Elo's own score; starting pitchers are not in results (README, ratings and forecasts)."""


@pytest.mark.parametrize("league", REACHED)
def test_forecasts_of_real_games_are_as_good_as_the_readme_says(league: str) -> None:
    first, last, wanted = REACHED[league]
    rules = load_leagues()[league]
    found = forecast_file(GAMES / f"{league}.parquet", rules)
    games = found.games.frame
    forecasts = found.frame.select("p_home", "p_draw", "p_away", "model_version")[(games["row"] - 1).to_list()]
    everything = games.with_columns(forecasts).filter("learns")
    graded = everything.filter(pl.col("season").is_between(first, last))
    home, away = graded["home_score"].to_numpy(), graded["away_score"].to_numpy()
    if rules.has_draw:
        outcome = (home <= away).astype(int) + (home < away)
        score = scores.rps(graded.select("p_home", "p_draw", "p_away").to_numpy(), outcome)
    else:
        decided = home != away
        score = scores.brier(graded["p_home"].to_numpy()[decided], (home > away)[decided])
    assert score <= wanted

    aware, _ = market_aware(rules, everything)
    aware = aware.filter(pl.col("season").is_between(first, last))
    if aware.height:
        sides = ["home", "draw", "away"] if rules.has_draw else ["home", "away"]
        home, away = aware["home_score"].to_numpy(), aware["away_score"].to_numpy()
        draws = (home <= away).astype(int) + (home < away)
        losses = []
        for prefix in ("p", "close"):
            p = aware.select(f"{prefix}_{side}" for side in sides).to_numpy().astype(float)
            p /= p.sum(axis=1, keepdims=True)
            losses.append(scores.log_loss(p, draws) if rules.has_draw else scores.log_loss(p[:, 0], home > away))
        assert losses[0] <= losses[1] + 0.0005
