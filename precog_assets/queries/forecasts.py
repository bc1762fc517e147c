"""Forecasts: what a model version says of games, how that went, how it is graded, what is missing.

Belongs here: reading `model` beside games and prices. Does not: grading (`grading`), ratings as they stand (`ratings`).
Probabilities are those of the game's outcomes; p_draw is null in leagues of two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa
from psycopg import sql

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.facts import RATED_KINDS
from precog_assets.domain.leagues import League, Sport
from precog_assets.domain.times import eastern_day_bounds
from precog_assets.queries.connection import UTC_INSTANT, aware
from precog_assets.ratings.versions import model_version
from precog_assets.store import tables
from precog_assets.store.frames import read_frame, schema_of

FORECASTS = {
    "league": pl.String,
    "season": pl.Int32,
    "game_id": pl.String,
    "start_time": UTC_INSTANT,
    "home_team_id": pl.String,
    "away_team_id": pl.String,
    "home_team": pl.String,
    "away_team": pl.String,
    "p_home": pl.Float64,
    "p_draw": pl.Float64,
    "p_away": pl.Float64,
    "rating_home": pl.Float64,
    "rating_away": pl.Float64,
    "deviation_home": pl.Float64,
    "deviation_away": pl.Float64,
    "games_home": pl.Int32,
    "games_away": pl.Int32,
    "as_of": UTC_INSTANT,
    "computed_at": UTC_INSTANT,
    "superseded_at": UTC_INSTANT,
    "made_before_start": pl.Boolean,
    "model_version": pl.String,
}
GRADED_GAMES = {
    "league": pl.String,
    "season": pl.Int32,
    "date": pl.Date,
    "home": pl.String,
    "away": pl.String,
    "home_score": pl.Int32,
    "away_score": pl.Int32,
    "p_home": pl.Float64,
    "p_draw": pl.Float64,
    "p_away": pl.Float64,
    "close_home": pl.Float64,
    "close_draw": pl.Float64,
    "close_away": pl.Float64,
    "close_source": pl.String,
    "model_version": pl.String,
    "made_before_start": pl.Boolean,
    "game_id": pl.String,
    "start_time": UTC_INSTANT,
    "home_team_id": pl.String,
    "away_team_id": pl.String,
}
EVALUATIONS = schema_of(
    tables.evaluations, [column.name for column in tables.evaluations.c if column.name != "superseded_at"]
)
RATING_HISTORY = {
    "team_id": pl.String,
    "team": pl.String,
    "game_id": pl.String,
    "season": pl.Int32,
    "start_time": UTC_INSTANT,
    "rating_after": pl.Float64,
    "deviation_after": pl.Float64,
}
MISSING_FORECASTS = {
    "league": pl.String,
    "model_version": pl.String,
    "game_id": pl.String,
    "start_time": UTC_INSTANT,
    "home_team": pl.String,
    "away_team": pl.String,
}
_FORECASTS = """
    SELECT f.league, f.season, f.game_id, f.start_time, f.home_team_id, f.away_team_id, h.display_name, a.display_name,
           f.p_home, f.p_draw, f.p_away, f.rating_home, f.rating_away, f.deviation_home, f.deviation_away,
           f.games_home, f.games_away, f.as_of, f.computed_at, f.superseded_at, f.computed_at < f.start_time,
           f.model_version
    FROM ({chosen}) f LEFT JOIN core.teams h ON h.team_id = f.home_team_id
    LEFT JOIN core.teams a ON a.team_id = f.away_team_id
    ORDER BY f.start_time, f.game_id COLLATE "C"
"""
_OF_VERSION = """
    league = %(league)s AND model_version = %(version)s AND start_time >= %(first)s AND start_time < %(last)s
"""
_CURRENT = "SELECT * FROM model.forecasts WHERE {of_version} AND superseded_at IS NULL"
_AT_START = """
    SELECT DISTINCT ON (game_id) * FROM model.forecasts
    WHERE {of_version} AND computed_at < start_time AND (superseded_at IS NULL OR superseded_at >= start_time)
    ORDER BY game_id, computed_at DESC
"""
_GRADED = sql.SQL(
    """
    WITH graded AS (
        SELECT g.*, f.season AS forecast_season, f.p_home, f.p_draw, f.p_away, f.model_version, f.computed_at
        FROM model.forecasts f JOIN core.games g USING (game_id)
        WHERE f.league = %(league)s AND f.model_version = %(version)s AND f.superseded_at IS NULL
          AND g.completed AND g.game_kind = ANY(%(kinds)s) AND g.home_team_id <> g.away_team_id
          AND g.home_score IS NOT NULL AND g.away_score IS NOT NULL
          AND (%(soccer)s OR (g.home_score, g.away_score) <> (0, 0))
    ), quoted AS (
        SELECT g.game_id, m.venue, m.event_ticker, l.outcome, (q.yes_bid + q.yes_ask) / 2 AS mid, q.confirmed_at
        FROM graded g JOIN market.market_games l ON l.game_id = g.game_id AND l.verdict = 'matched'
        JOIN market.markets m USING (market_id)
        CROSS JOIN LATERAL (
            SELECT * FROM market.quotes q WHERE q.market_key = m.market_key AND q.observed_at < g.start_time
            ORDER BY q.observed_at DESC LIMIT 1
        ) q
        WHERE q.yes_bid IS NOT NULL AND q.yes_ask IS NOT NULL
          AND q.confirmed_at >= g.start_time - interval '24 hours'
    ), events AS (
        SELECT game_id, venue, event_ticker, sum(mid) AS total, min(confirmed_at) AS confirmed_at,
               max(mid) FILTER (WHERE outcome = 'home') AS home, max(mid) FILTER (WHERE outcome = 'draw') AS draw,
               max(mid) FILTER (WHERE outcome = 'away') AS away
        FROM quoted GROUP BY game_id, venue, event_ticker
        HAVING array_agg(outcome ORDER BY outcome) = %(outcomes)s
    ), venue AS (
        SELECT DISTINCT ON (game_id) game_id, venue AS source, CAST(home / total AS double precision) AS p_home,
               CAST(draw / total AS double precision) AS p_draw, CAST(away / total AS double precision) AS p_away
        FROM events ORDER BY game_id, confirmed_at DESC, event_ticker
    ), odds AS (
        SELECT DISTINCT ON (game_id) game_id, source, p_home, p_draw, p_away
        FROM market.closing_odds ORDER BY game_id, imported_at DESC, source
    ), close AS (
        SELECT * FROM venue
        UNION ALL
        SELECT * FROM odds o WHERE NOT EXISTS (SELECT 1 FROM venue v WHERE v.game_id = o.game_id)
    )
    SELECT g.league, g.forecast_season, CAST(g.start_time AT TIME ZONE 'America/New_York' AS date),
           h.display_name, a.display_name,
           CASE WHEN %(individual)s AND g.winner IN ('home', 'away') THEN CAST(g.winner = 'home' AS int)
                ELSE g.home_score END,
           CASE WHEN %(individual)s AND g.winner IN ('home', 'away') THEN CAST(g.winner = 'away' AS int)
                ELSE g.away_score END,
           g.p_home, g.p_draw, g.p_away, c.p_home, c.p_draw, c.p_away, c.source, g.model_version,
           g.computed_at < g.start_time, g.game_id, g.start_time, g.home_team_id, g.away_team_id
    FROM graded g LEFT JOIN close c ON c.game_id = g.game_id
    JOIN core.teams h ON h.team_id = g.home_team_id JOIN core.teams a ON a.team_id = g.away_team_id
    ORDER BY g.start_time, g.game_id COLLATE "C"
    """
)
_EVALUATIONS = sql.SQL(
    """
    SELECT {columns} FROM model.evaluations
    WHERE superseded_at IS NULL AND (CAST(%(league)s AS text) IS NULL OR league = %(league)s)
    ORDER BY league, model_version, forecast, scope, label
    """
).format(columns=sql.SQL(", ").join(sql.Identifier(name) for name in EVALUATIONS))
_HISTORY = sql.SQL(
    """
    WITH current AS (
        SELECT * FROM model.ratings
        WHERE league = %(league)s AND model_version = %(version)s AND superseded_at IS NULL
    ), latest AS (
        SELECT DISTINCT ON (team_id) team_id, rating_after, season FROM current
        ORDER BY team_id, start_time DESC, game_id DESC
    ), highest AS (
        SELECT team_id, rating_after AS standing FROM latest WHERE season >= (SELECT max(season) FROM latest) - 1
        ORDER BY rating_after DESC, team_id LIMIT %(top)s
    )
    SELECT r.team_id, t.display_name, r.game_id, r.season, r.start_time, r.rating_after, r.deviation_after
    FROM current r JOIN highest USING (team_id) JOIN core.teams t USING (team_id)
    ORDER BY highest.standing DESC, r.team_id, r.start_time, r.game_id COLLATE "C"
    """
)
_MISSING = sql.SQL(
    """
    SELECT g.league, v.model_version, g.game_id, g.start_time, h.display_name, a.display_name
    FROM unnest(CAST(%(leagues)s AS text[]), CAST(%(versions)s AS text[])) AS v (league, model_version)
    JOIN core.games g ON g.league = v.league
    JOIN core.teams h ON h.team_id = g.home_team_id JOIN core.teams a ON a.team_id = g.away_team_id
    WHERE g.phase = 'scheduled' AND g.start_time >= %(first)s AND g.start_time <= %(until)s
      AND g.game_kind = ANY(%(kinds)s) AND g.home_team_id <> g.away_team_id AND NOT EXISTS (
        SELECT 1 FROM model.forecasts f
        WHERE f.model_version = v.model_version AND f.game_id = g.game_id AND f.superseded_at IS NULL
          AND f.start_time = g.start_time
          AND f.home_team_id = g.home_team_id AND f.away_team_id = g.away_team_id)
    ORDER BY g.start_time, g.game_id COLLATE "C"
    """
)
_KINDS = sorted(kind.value for kind in RATED_KINDS)


def forecasts(
    engine: sa.Engine, league: str, *, version: str | None = None, day: date | None = None, live_only: bool = False
) -> pl.DataFrame:
    """The current forecasts of a model version, by start; columns of FORECASTS.

    `version`: by default that of the parameters in force. `day`: games of one US Eastern day.
    `live_only`: instead, the forecasts that were made before their game started and stood when it did, also where a
    replay has superseded them since: what was said ahead. Raises ConfigurationError for an unknown league.
    """
    first, last = eastern_day_bounds(day) if day else ("-infinity", "infinity")
    chosen_version = version or model_version(_league(league))
    given = {"league": _league(league).key, "version": chosen_version, "first": first, "last": last}
    chosen = sql.SQL(_AT_START if live_only else _CURRENT).format(of_version=sql.SQL(_OF_VERSION))
    return _read(engine, sql.SQL(_FORECASTS).format(chosen=chosen), given, FORECASTS)


def graded_games(engine: sa.Engine, league: str, version: str) -> pl.DataFrame:
    """Completed games that count (`ratings.rules`) with the version's current forecast; columns of GRADED_GAMES.

    `date` is the US Eastern day; `home` and `away` are names. Scores are final ones, in tennis 1 and 0 by the winner,
    who may have lost more sets when the other retired. The closing price is the venue's, the middle of bid and ask of
    the last quote of each outcome observed before the start, divided by their sum, where all outcomes have a two-sided
    one that was still seen in the 24 hours before; else that of the newest import; else null. `close_source` names the
    venue or the import. Raises ConfigurationError for an unknown league.
    """
    chosen = _league(league)
    given = {
        "league": league,
        "version": version,
        "kinds": _KINDS,
        "soccer": chosen.sport is Sport.SOCCER,
        "individual": chosen.is_individual,
        "outcomes": sorted(outcome.value for outcome in chosen.outcomes),
    }
    return _read(engine, _GRADED, given, GRADED_GAMES)


def evaluations(engine: sa.Engine, league: str | None = None) -> pl.DataFrame:
    """The current grades of every model version, of one league or all; columns of EVALUATIONS.

    `leak_findings` is a JSON list as text. Raises ConfigurationError for an unknown league.
    """
    return _read(engine, _EVALUATIONS, {"league": league and _league(league).key}, EVALUATIONS)


def rating_history(engine: sa.Engine, league: str, *, version: str, top: int = 8) -> pl.DataFrame:
    """Every rating of the `top` teams that stand highest now, highest first, each by time; columns of RATING_HISTORY.

    Teams that played in neither of the last two seasons do not stand. Raises ConfigurationError for an unknown league.
    """
    return _read(engine, _HISTORY, {"league": _league(league).key, "version": version, "top": top}, RATING_HISTORY)


def missing_forecasts(
    engine: sa.Engine,
    leagues: Sequence[str],
    versions: Mapping[str, str],
    until: datetime,
    *,
    since: datetime | None = None,
) -> pl.DataFrame:
    """Scheduled games that should have a forecast and have none; columns of MISSING_FORECASTS.

    `versions` names the model version of each league. Games of known teams that will count, starting from `since`
    (default: any time) to `until`; a forecast for another start or other teams is none. Raises ValueError for a league
    without a version and for an instant without a zone.
    """
    if absent := [league for league in leagues if league not in versions]:
        raise ValueError(f"no version given for {', '.join(absent)}; given for {', '.join(versions)}")
    given = {
        "leagues": list(leagues),
        "versions": [versions[league] for league in leagues],
        "kinds": _KINDS,
        "first": aware("since", since) if since else "-infinity",
        "until": aware("until", until),
    }
    return _read(engine, _MISSING, given, MISSING_FORECASTS)


def _league(key: str) -> League:
    leagues = load_leagues()
    if key not in leagues:
        raise ConfigurationError(f"Unknown league {key!r}; known: {', '.join(leagues)}.")
    return leagues[key]


def _read(
    engine: sa.Engine, query: sql.Composable, parameters: Mapping[str, Any], schema: Mapping[str, Any]
) -> pl.DataFrame:
    with engine.connect() as connection:
        return read_frame(connection, query, parameters, schema)
