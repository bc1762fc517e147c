"""The forecast of one coming game from the ratings that are known, by the formulas the replay uses.

What belongs here: one game ahead. What does not: draws, live scores and prices, which build on this.
"""

from __future__ import annotations

from dataclasses import dataclass

from precog_assets.domain.leagues import EloParameters
from precog_assets.ratings import kernel
from precog_assets.ratings.elo import EloState
from precog_assets.ratings.rules import RatingStatus, rating_status


@dataclass(frozen=True, slots=True)
class EloForecast:
    """Ratings as they will stand at the start of the game (season regression done) and what follows."""

    model_version: str
    home_rating: float
    away_rating: float
    home_games: int
    away_games: int
    expected_home: float
    """Win probability of the home side; in soccer its expected score."""
    status: RatingStatus
    """`unrated` when either side is."""


def rating_at(state: EloState, team_id: str, season: int, parameters: EloParameters) -> tuple[float, int]:
    """Rating and rated games of a team at the start of a game of `season`."""
    team = state.teams.get(team_id)
    if team is None:
        return parameters.new_team, 0
    if season > team.season:
        return kernel.carried(team.rating, parameters.carry, parameters.mean), team.games
    return team.rating, team.games


def forecast(
    state: EloState,
    parameters: EloParameters,
    home_team_id: str,
    away_team_id: str,
    season: int,
    *,
    neutral: bool = False,
    playoff: bool = False,
) -> EloForecast:
    """Expected score of the home side of a game of `season`; a team never met starts as a new one."""
    home, home_games = rating_at(state, home_team_id, season, parameters)
    away, away_games = rating_at(state, away_team_id, season, parameters)
    gap = home - away
    if not neutral:
        gap += parameters.home_edge
    if playoff:
        gap *= parameters.playoff_factor
    return EloForecast(
        model_version=state.model_version,
        home_rating=home,
        away_rating=away,
        home_games=home_games,
        away_games=away_games,
        expected_home=kernel.win_probability(gap),
        status=rating_status(min(home_games, away_games), parameters.min_games),
    )
