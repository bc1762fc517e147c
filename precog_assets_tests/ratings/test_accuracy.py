"""The configured models on real results: as accurate as the published ones, and not better than credible."""

import numpy as np
import pytest

from precog_assets.config import load_leagues
from precog_assets.ratings.elo import home_result, replay
from precog_assets_tests.ratings.builders import real_games

# League, first and last season, Brier to reach, Brier below which something has leaked.
BANDS = [
    ("nfl", 2015, 2022, 0.2235, 0.205),
    ("nba", 2010, 2023, 0.2160, 0.198),
    ("nhl", 2012, 2023, 0.2405, 0.230),
    ("mlb", 2012, 2022, 0.2445, 0.235),
    ("ncaab", 2003, 2016, 0.1800, 0.160),
    ("atp", 2010, 2021, 0.2125, 0.190),
]


def brier(league: str, first: int, last: int) -> float:
    frame, games = real_games(league)
    changes, _ = replay(games, load_leagues()[league].rating)
    seasons = frame["season"].to_numpy()
    results = np.array([home_result(game) for game in games])
    squares = (changes.numbers[:, 4] - results) ** 2
    return float(squares[(seasons >= first) & (seasons <= last)].mean())


@pytest.mark.parametrize(("league", "first", "last", "reach", "leak"), BANDS)
def test_the_brier_score_lies_in_the_accepted_band(league, first, last, reach, leak):
    assert leak < brier(league, first, last) <= reach


def test_the_published_nba_parameters_give_an_independent_implementation_s_forecasts():
    frame, games = real_games("nba")
    parameters = load_leagues()["nba"].rating.model_copy(
        update={"home_edge": 100.0, "k": 20.0, "carry": 0.75, "playoff_factor": 1.0}
    )
    changes, _ = replay(games, parameters)
    assert np.abs(changes.numbers[:, 4] - frame["oracle_elo_home"].to_numpy()).max() < 1e-5


@pytest.mark.parametrize("league", ["nfl", "nba", "nhl", "mlb"])
def test_the_mean_rating_of_a_league_does_not_drift(league):
    _, games = real_games(league)
    parameters = load_leagues()[league].rating
    _, state = replay(games, parameters)
    mean = sum(team.rating for team in state.teams.values()) / len(state.teams)
    assert mean == pytest.approx(parameters.mean, abs=6)
