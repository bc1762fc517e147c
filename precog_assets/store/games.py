"""Writing teams, games and their states. States are facts; `core.games` shows the latest of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa

from precog_assets.domain import statuses
from precog_assets.domain.facts import GameSeen, Observation, Origin, TeamSeen
from precog_assets.domain.leagues import League
from precog_assets.seeds import CodeSeed, TeamSeed
from precog_assets.store import tables
from precog_assets.store.bulk import CurrentTarget, FactTarget, WriteCounts, write

STATE_VALUES = (
    "status",
    "state",
    "completed",
    "period",
    "clock",
    "display_clock",
    "home_score",
    "away_score",
    "home_shootout_score",
    "away_shootout_score",
    "winner",
    "start_time",
    "start_time_valid",
    "home_team_id",
    "away_team_id",
    "detail",
    "linescores",
    "situation",
)
PROJECTED = (
    "status",
    "state",
    "completed",
    "home_score",
    "away_score",
    "winner",
    "start_time",
    "start_time_valid",
    "home_team_id",
    "away_team_id",
)
GAME_STATES = FactTarget(tables.game_states, key=("game_id",), values=STATE_VALUES)
GAMES = CurrentTarget(
    tables.games,
    key=("game_id",),
    values=(
        "league",
        "espn_event_id",
        "season",
        "season_type",
        "game_kind",
        "week",
        "neutral_site",
        "venue",
        "headline",
        "makeup_of_date",
    ),
    stamps=("last_observed_at",),
    once=(*PROJECTED, "phase", "first_observed_at", "last_changed_at"),
    newer="last_observed_at",
)
_TEAM_NAMES = ("league", "espn_team_id", "kind", "abbreviation", "location", "name", "display_name")
SEEDED_TEAMS = CurrentTarget(
    tables.teams,
    key=("team_id",),
    values=(*_TEAM_NAMES, "conference", "division", "provisional"),
    once=("first_seen_at",),
)
SEEN_TEAMS = CurrentTarget(
    tables.teams,
    key=("team_id",),
    values=(),
    once=(*_TEAM_NAMES, "conference", "division", "provisional", "first_seen_at"),
)
ALIASES = CurrentTarget(
    tables.team_aliases, key=("source", "league", "code", "team_id", "valid_from"), values=("valid_to",)
)
DELAYS = sorted(statuses.DELAYS)
NAMED_PHASES = orjson.dumps({name: phase.value for name, phase in statuses.UNPLAYED_BY_NAME.items()}).decode()
FIRST_DAY = date(1900, 1, 1)
"""`valid_from` of a code that always held: a key cannot be null."""


def write_seeds(
    connection: sa.Connection, seeds: Iterable[TeamSeed], codes: Iterable[CodeSeed], now: datetime
) -> WriteCounts:
    """Write the seeded teams and their codes; a team met before its seed stops being provisional.

    A code of the same source and league that is no longer among `codes` goes: it would match wrongly. Aliases that
    somebody accepted (they have an author) stay.
    """
    teams = write(
        connection,
        SEEDED_TEAMS,
        [
            (
                seed.team_id,
                seed.league,
                seed.espn_team_id,
                "team",
                seed.abbreviation,
                seed.location,
                seed.name,
                seed.display_name,
                seed.conference,
                seed.division,
                False,
                now,
            )
            for seed in seeds
        ],
    )
    rows = [
        (code.source, code.league, code.code, code.team_id, code.valid_from or FIRST_DAY, code.valid_to)
        for code in codes
    ]
    aliases = write(connection, ALIASES, rows)
    _drop_aliases(connection, {row[:5] for row in rows})
    return teams + aliases


def _drop_aliases(connection: sa.Connection, kept: set[tuple[Any, ...]]) -> None:
    table = tables.team_aliases
    key = (table.c.source, table.c.league, table.c.code, table.c.team_id, table.c.valid_from)
    feeds = {(source, league) for source, league, *_ in kept}
    stored = connection.execute(sa.select(*key).where(table.c.author.is_(None))).all()
    for row in [row for row in stored if tuple(row[:2]) in feeds and tuple(row) not in kept]:
        connection.execute(sa.delete(table).where(*(column == value for column, value in zip(key, row, strict=True))))


def write_teams_seen(connection: sa.Connection, teams: Iterable[TeamSeen], now: datetime) -> WriteCounts:
    """Add teams nobody seeded as provisional, and players as players; known ones stay as they are."""
    unique = {team.team_id: team for team in teams}
    if not unique:
        return WriteCounts()
    known = set(connection.scalars(sa.select(tables.teams.c.team_id).where(tables.teams.c.team_id.in_(list(unique)))))
    rows = [
        (
            team.team_id,
            team.league,
            team.espn_team_id,
            team.kind,
            team.abbreviation,
            team.location,
            team.name,
            team.display_name,
            None,
            None,
            team.kind == "team",
            now,
        )
        for team in unique.values()
        if team.team_id not in known
    ]
    written = write(connection, SEEN_TEAMS, rows)
    return WriteCounts(len(unique), written.inserted, 0)


def known_at(game: GameSeen, league: League, observation: Observation) -> datetime:
    """When a state could be known: now if live; a backfilled result a declared lag after the start."""
    if observation.origin is Origin.LIVE or not game.completed:
        return observation.observed_at
    return min(observation.observed_at, game.start_time + timedelta(hours=league.result_lag_h))


def write_games(
    connection: sa.Connection,
    observed: Sequence[tuple[GameSeen, Observation]],
    leagues: Mapping[str, League],
) -> WriteCounts:
    """Append the states that changed and bring `core.games` up to date; the counts are of states.

    Teams of the games must be there already. All in the connection's transaction.
    """
    if not observed:
        return WriteCounts()
    write(connection, GAMES, [_game_row(game, observation) for game, observation in observed])
    counts = write(
        connection, GAME_STATES, [_state_row(game, observation, leagues[game.league]) for game, observation in observed]
    )
    if counts.written:
        _project(connection, sorted({game.game_id for game, _ in observed}))
    return counts


def _game_row(game: GameSeen, observation: Observation) -> tuple[Any, ...]:
    at = observation.observed_at
    return (
        game.game_id,
        game.league,
        game.espn_event_id,
        game.season,
        game.season_type,
        game.game_kind.value,
        game.week,
        game.neutral_site,
        game.venue,
        game.headline,
        game.makeup_of_date,
        at,
        game.status,
        game.state,
        game.completed,
        game.home_score,
        game.away_score,
        game.winner,
        game.start_time,
        game.start_time_valid,
        game.home_team_id,
        game.away_team_id,
        game.phase,
        at,
        at,
    )


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, default=str).decode()


def _state_row(game: GameSeen, observation: Observation, league: League) -> tuple[Any, ...]:
    return (
        game.game_id,
        observation.observed_at,
        game.status,
        game.state,
        game.completed,
        game.period,
        game.clock,
        game.display_clock,
        game.home_score,
        game.away_score,
        game.home_shootout_score,
        game.away_shootout_score,
        game.winner,
        game.start_time,
        game.start_time_valid,
        game.home_team_id,
        game.away_team_id,
        game.detail,
        _json(game.linescores),
        _json(dict(game.situation)) if game.situation is not None else None,
        known_at(game, league, observation),
        observation.origin.value,
        observation.response_id,
    )


_PROJECT = sa.text(
    """
    UPDATE core.games g SET
        status = s.status, state = s.state, completed = s.completed,
        phase = CASE
            WHEN s.completed AND s.state = 'post' THEN 'final'
            WHEN s.state = 'pre' THEN 'scheduled'
            WHEN s.state = 'in' THEN
                CASE WHEN s.status = ANY(:delays) THEN 'delayed' ELSE 'in_play' END
            ELSE coalesce(CAST(:named AS jsonb) ->> s.status, 'unresolved')
        END,
        home_score = s.home_score, away_score = s.away_score, winner = s.winner,
        start_time = s.start_time, start_time_valid = s.start_time_valid,
        home_team_id = s.home_team_id, away_team_id = s.away_team_id,
        first_observed_at = least(g.first_observed_at, s.first_at),
        last_observed_at = greatest(g.last_observed_at, s.observed_at), last_changed_at = s.observed_at
    FROM (
        SELECT DISTINCT ON (game_id) *, min(observed_at) OVER (PARTITION BY game_id) AS first_at
        FROM core.game_states WHERE game_id = ANY(:game_ids) ORDER BY game_id, observed_at DESC
    ) s
    WHERE g.game_id = s.game_id AND (
        g.first_observed_at > s.first_at OR
        (g.last_changed_at, g.status, g.state, g.completed, g.home_score, g.away_score,
            g.winner, g.start_time, g.start_time_valid, g.home_team_id, g.away_team_id)
        IS DISTINCT FROM (s.observed_at, s.status, s.state, s.completed, s.home_score, s.away_score,
            s.winner, s.start_time, s.start_time_valid, s.home_team_id, s.away_team_id))
    """
)


def _project(connection: sa.Connection, game_ids: list[str]) -> None:
    connection.execute(_PROJECT, {"game_ids": game_ids, "delays": DELAYS, "named": NAMED_PHASES})


LINK_MAKEUPS = sa.text(
    """
    UPDATE core.games makeup SET makeup_of_game_id = postponed.game_id
    FROM core.games postponed
    WHERE makeup.makeup_of_date IS NOT NULL AND makeup.makeup_of_game_id IS NULL
      AND postponed.league = makeup.league AND postponed.phase IN ('postponed', 'canceled')
      AND postponed.home_team_id = makeup.home_team_id AND postponed.away_team_id = makeup.away_team_id
      AND postponed.game_id <> makeup.game_id AND postponed.start_time < makeup.start_time
      AND to_char(postponed.start_time AT TIME ZONE 'America/New_York', 'MM-DD') = makeup.makeup_of_date
      AND makeup.start_time - postponed.start_time < interval '250 days'
    """
)


def link_makeups(connection: sa.Connection) -> int:
    """Link make-up games to the postponed game of the same pair on the day their note names; how many."""
    return connection.execute(LINK_MAKEUPS).rowcount
