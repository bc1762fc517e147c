"""Ratings: a league's stored results into rating changes, equal to a full recomputation by construction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import League
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.ratings.elo import RatedGame, model_version, replay
from precog_assets.ratings.rules import counts
from precog_assets.store.ratings import rated_games, write_ratings

if TYPE_CHECKING:
    from precog_assets.services import Services


def rate_league(services: Services, league: League, *, correlation_id: str) -> StepReport:
    """Rate every result of a league and write what differs from what is stored.

    The whole history is replayed each time (a season of any league takes milliseconds), so a late, corrected
    or voided result needs no rule of its own: rows it changes are superseded, all others stay untouched.
    """
    report = StepReport(f"ratings {league.key}", correlation_id, services.clock.now())
    with in_database(services.engine) as connection:
        games = [_rated(row) for row in rated_games(connection, league.key) if _counts(league, row)]
    changes, _ = replay(games, league.rating)
    version = model_version(league.key, league.rating)
    seasons = {game.game_id: (game.season, game.start_time) for game in games}
    rows = [
        (
            league.key,
            change.game_id,
            change.team_id,
            version,
            *seasons[change.game_id],
            change.before,
            change.after,
            change.expected,
            change.games_before,
        )
        for change in changes
    ]
    report.rows_in = len(games)
    with in_database(services.engine) as connection:
        report.wrote(write_ratings(connection, league.key, version, rows, services.clock.now()))
        report.notes["model_version"] = version
        report.finish()
        report.record(connection)
    return report


def _counts(league: League, row: Any) -> bool:
    return counts(
        league.sport,
        GameKind(row.game_kind),
        completed=row.completed,
        home_team_id=row.home_team_id,
        away_team_id=row.away_team_id,
        home_score=row.home_score,
        away_score=row.away_score,
    )


def _rated(row: Any) -> RatedGame:
    return RatedGame(
        game_id=row.game_id,
        league=row.league,
        season=row.season,
        start_time=row.start_time,
        home_team_id=row.home_team_id,
        away_team_id=row.away_team_id,
        home_score=row.home_score,
        away_score=row.away_score,
        neutral=row.neutral_site,
        playoff=row.game_kind == GameKind.POSTSEASON.value,
        winner=row.winner,
    )
