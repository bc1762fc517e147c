"""Games, players, aliases and closing odds that a person's file brought: reading what is stored, writing it.

Belongs here: rows of core.games that no venue's board made. Does not: what a file may say
(`ratings.exchange`), which team an id means and what is written (`pipeline.imports`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from precog_assets.store import tables
from precog_assets.store.bulk import CurrentTarget, WriteCounts, write
from precog_assets.store.games import ALIASES, FIRST_DAY, GAME_STATES, SEEN_TEAMS, STATE_VALUES

ATTRIBUTES = ("surface", "level", "round", "best_of", "tourney", "retired", "winner_only")
"""Keys of core.games.attributes."""
SHOWN = (
    "season",
    "game_kind",
    "start_time",
    "home_team_id",
    "away_team_id",
    "neutral_site",
    "home_score",
    "away_score",
    "winner",
)
"""What a file says of a game beside its attributes: a difference in one of them is a change."""
_FINAL = {"status": "STATUS_FINAL", "state": "post", "completed": True, "phase": "final", "start_time_valid": False}
_OFF = {
    "status": "STATUS_KNOWN_ELSEWHERE",
    "state": "post",
    "completed": False,
    "phase": "canceled",
    "start_time_valid": False,
    "winner": None,
}
"""An imported game that a board has brought since: it stands for nothing any more."""
GAMES = CurrentTarget(
    tables.games,
    key=("game_id",),
    values=("league", "source", *SHOWN, "season_type", *_FINAL, "attributes"),
    stamps=("last_observed_at", "last_changed_at"),
    once=("first_observed_at",),
)
CLOSING_ODDS = CurrentTarget(
    tables.closing_odds, key=("source", "game_id"), values=("p_home", "p_draw", "p_away"), stamps=("imported_at",)
)

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_ELSEWHERE = sa.text(
    """
    SELECT game_id, (start_time AT TIME ZONE 'America/New_York')::date AS day, home_team_id, away_team_id,
        home_score, away_score, winner, coalesce(neutral_site, false) AS neutral, completed
    FROM core.games
    WHERE league = :league AND (espn_event_id IS NOT NULL OR source <> CAST(:source AS text))
      AND phase NOT IN ('postponed', 'canceled') AND home_team_id IS NOT NULL AND away_team_id IS NOT NULL
      AND last_changed_at > :changed_after
    ORDER BY start_time, game_id
    """
)
_IMPORTED = sa.text(
    """
    SELECT game_id, (start_time AT TIME ZONE 'America/New_York')::date AS day, home_team_id, away_team_id,
        home_score, away_score, coalesce(neutral_site, false) AS neutral
    FROM core.games
    WHERE league = :league AND espn_event_id IS NULL AND completed
      AND start_time BETWEEN CAST(:first AS date) AND CAST(:last AS date)
    ORDER BY start_time, game_id
    """
)
_MOVE_ODDS = sa.text(
    """
    UPDATE market.closing_odds odds SET
        game_id = twice.theirs,
        p_home = CASE WHEN twice.turned THEN odds.p_away ELSE odds.p_home END,
        p_away = CASE WHEN twice.turned THEN odds.p_home ELSE odds.p_away END
    FROM unnest(CAST(:ours AS text[]), CAST(:theirs AS text[]), CAST(:turned AS boolean[]))
        AS twice (ours, theirs, turned)
    WHERE odds.game_id = twice.ours AND NOT EXISTS (
        SELECT 1 FROM market.closing_odds there WHERE there.source = odds.source AND there.game_id = twice.theirs)
    """
)
_OWN = sa.text(
    """
    SELECT game_id, completed, season, game_kind, start_time, home_team_id, away_team_id, neutral_site,
        home_score, away_score, winner, attributes ->> 'surface', attributes ->> 'level', attributes ->> 'round',
        attributes ->> 'best_of', attributes ->> 'tourney', attributes ->> 'retired', attributes ->> 'winner_only'
    FROM core.games WHERE league = :league AND source = :source AND espn_event_id IS NULL
    """
)


def one_at_a_time(connection: sa.Connection, league: str) -> None:
    """Imports of a league take turns for the length of their transactions."""
    connection.execute(_LOCK, {"name": f"import {league}"})


def league_teams(connection: sa.Connection, league: str) -> list[Any]:
    """Teams and players of a league."""
    table = tables.teams
    return list(connection.execute(sa.select(table).where(table.c.league == league).order_by(table.c.team_id)))


def aliases(connection: sa.Connection, source: str, league: str) -> list[Any]:
    """What a source's codes stand for: code, team_id, valid_from, valid_to (both days included)."""
    table = tables.team_aliases
    query = sa.select(table.c.code, table.c.team_id, table.c.valid_from, table.c.valid_to)
    return list(connection.execute(query.where(table.c.source == source, table.c.league == league)))


def games_elsewhere(
    connection: sa.Connection, league: str, source: str | None = None, *, changed_after: datetime | None = None
) -> list[Any]:
    """Games of a league that others than this import brought, in order of start; called-off ones left out.

    Without a source those of boards alone; with `changed_after` those that changed since.
    """
    given = {"league": league, "source": source, "changed_after": changed_after or "-infinity"}
    return list(connection.execute(_ELSEWHERE, given))


def imported_between(connection: sa.Connection, league: str, first: date, last: date) -> list[Any]:
    """Completed games of a league's imports from one day to another, in order of start."""
    return list(connection.execute(_IMPORTED, {"league": league, "first": first, "last": last}))


def give_way(connection: sa.Connection, twice: Sequence[tuple[str, str, bool]], now: datetime) -> None:
    """Call off imported games for a board's, given as (game_id, the board's game_id, whether its sides are turned).

    Their rows stay, without a result, so that whoever reads changes learns of it; their closing odds move over.
    """
    ours, theirs, turned = (list(values) for values in zip(*twice, strict=True))
    table = tables.games
    query = sa.select(table.c.game_id, *(table.c[name] for name in SHOWN)).where(table.c.game_id.in_(ours))
    games = [(*row, None, now) for row in connection.execute(query)]
    connection.execute(sa.update(table).where(table.c.game_id.in_(ours)).values(**_OFF, last_changed_at=now))
    write(connection, GAME_STATES, _states(games, _OFF, now))
    connection.execute(_MOVE_ODDS, {"ours": ours, "theirs": theirs, "turned": turned})
    connection.execute(sa.delete(tables.closing_odds).where(tables.closing_odds.c.game_id.in_(ours)))


def own_games(connection: sa.Connection, league: str, source: str) -> list[Any]:
    """Games that earlier imports of a source brought: game_id, completed, SHOWN, then ATTRIBUTES as text."""
    return list(connection.execute(_OWN, {"league": league, "source": source}))


def write_imported(
    connection: sa.Connection,
    league: str,
    source: str,
    games: Sequence[tuple[Any, ...]],
    now: datetime,
) -> WriteCounts:
    """Write games, given as (game_id, *SHOWN, attributes as JSON or None, known_at), and their states."""
    kind, fixed = 1 + SHOWN.index("game_kind"), tuple(_FINAL.values())
    rows = [
        (game[0], league, source, *game[1 : len(SHOWN) + 1], game[kind], *fixed, game[-2], now, now, now)
        for game in games
    ]
    written = write(connection, GAMES, rows)
    write(connection, GAME_STATES, _states(games, _FINAL, now))
    return written


def _states(games: Sequence[tuple[Any, ...]], fixed: Mapping[str, Any], now: datetime) -> list[tuple[Any, ...]]:
    """Rows of core.game_states of games as `write_imported` takes them; `fixed` are the values all of them have."""
    position = {name: 1 + index for index, name in enumerate(SHOWN) if name not in fixed}
    common = [fixed.get(name) for name in STATE_VALUES]
    places = [(index, position[name]) for index, name in enumerate(STATE_VALUES) if name in position]
    facts = []
    for game in games:
        state = list(common)
        for index, place in places:
            state[index] = game[place]
        facts.append((game[0], now, *state, game[-1], "import", None))
    return facts


def analyze(connection: sa.Connection) -> None:
    """Tell the planner of a large import now: until autovacuum does, it would plan for a table without it."""
    connection.execute(sa.text("ANALYZE core.games, core.game_states"))


def write_closing_odds(connection: sa.Connection, rows: Sequence[tuple[Any, ...]]) -> WriteCounts:
    """Closing odds as (source, game_id, p_home, p_draw or None, p_away, imported_at)."""
    return write(connection, CLOSING_ODDS, rows)


def create_players(
    connection: sa.Connection, league: str, source: str, players: Iterable[tuple[str, str]], now: datetime
) -> WriteCounts:
    """Add players, given as (code, display name), as provisional, each with the source's code for it."""
    given = [(code, name, player_id(league, source, code)) for code, name in players]
    rows = [
        (team_id, league, team_id.partition(":")[2], "player", None, None, None, name, None, None, True, now)
        for _, name, team_id in given
    ]
    written = write(connection, SEEN_TEAMS, rows)
    write(connection, ALIASES, [(source, league, code, team_id, FIRST_DAY, None) for code, _, team_id in given])
    return written


def player_id(league: str, source: str, code: str) -> str:
    """Id of a player that no board has shown: `atp:sackmann-100092`."""
    return f"{league}:{source}-{code}"


def write_aliases(
    connection: sa.Connection, source: str, rows: Sequence[tuple[str, str, str, date | None, date | None]]
) -> WriteCounts:
    """Add or update codes, given as (league, code, team_id, valid_from, valid_to)."""
    return write(
        connection,
        ALIASES,
        [(source, league, code, team, first or FIRST_DAY, last) for league, code, team, first, last in rows],
    )


def drop_aliases(connection: sa.Connection, source: str, keys: Collection[tuple[str, str, str, date]]) -> int:
    """Forget aliases of a source, given as (league, code, team_id, valid_from); how many rows went."""
    table = tables.team_aliases
    condition = sa.tuple_(table.c.league, table.c.code, table.c.team_id, table.c.valid_from).in_(list(keys))
    return connection.execute(sa.delete(table).where(table.c.source == source, condition)).rowcount
