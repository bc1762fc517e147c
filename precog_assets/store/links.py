"""Links of markets to games as they are kept: verdicts, milestones, aliases people accepted or matches taught.

Belongs here: statements. Does not: deciding (`matching`), nor when (`pipeline.link`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from precog_assets.store.bulk import CurrentTarget, WriteCounts, write
from precog_assets.store.games import FIRST_DAY
from precog_assets.store.tables import market_games, team_aliases
from precog_assets.store.tables.market import milestones

LINKS = CurrentTarget(
    market_games,
    key=("market_id",),
    values=("verdict", "game_id", "outcome", "rule", "detail", "evidence", "candidates", "score"),
    stamps=("last_changed_at",),
    once=("first_decided_at",),
)
MILESTONES = CurrentTarget(
    milestones,
    key=("event_ticker",),
    values=("milestone_id", "title", "start_time", "status", "home_target", "away_target"),
    stamps=("last_observed_at",),
    newer="last_observed_at",
)
VENUE = "kalshi"
TARGETS = "kalshi_target"
"""Source of aliases whose code is a structured target's id."""
_SETTLED = sa.text(
    """
    SELECT l.market_id, m.ticker, m.league, l.outcome, m.result, m.settlement_value, l.settlement, l.game_id,
           g.phase, g.winner, g.home_score, g.away_score
    FROM market.market_games l JOIN market.markets m USING (market_id) JOIN core.games g USING (game_id)
    WHERE l.verdict = 'matched' AND m.result IN ('yes', 'no', 'scalar') AND m.league IS NOT NULL
      AND (l.settlement IS NULL
           OR greatest(l.last_changed_at, m.last_changed_at, g.last_changed_at) >= l.settlement_checked_at)
    ORDER BY m.ticker
    """
)
_KEEP_SETTLEMENT = sa.text(
    "UPDATE market.market_games SET settlement = :settlement, settlement_checked_at = :at WHERE market_id = :market_id"
)
_LEARN = sa.text(
    """
    INSERT INTO core.team_aliases (source, league, code, team_id, valid_from, author, accepted_at)
    SELECT :source, w.league, w.target, w.team, :first_day, w.author, :at
    FROM unnest(CAST(:leagues AS text[]), CAST(:targets AS text[]), CAST(:teams AS text[]), CAST(:authors AS text[]))
        AS w (league, target, team, author)
    ON CONFLICT DO NOTHING
    """
)
_REFUSED = sa.text(
    """
    SELECT m.event_ticker, l.verdict, coalesce(m.league, '') AS league, min(l.detail) AS detail, max(l.score) AS score,
           array_agg(m.ticker ORDER BY m.ticker) AS tickers,
           (array_agg(l.candidates ORDER BY m.ticker))[1] AS candidates,
           (array_agg(l.evidence ORDER BY m.ticker))[1] AS evidence, max(l.last_changed_at) AS last_changed_at
    FROM market.market_games l JOIN market.markets m USING (market_id)
    WHERE l.verdict = ANY(:reasons) AND (CAST(:league AS text) IS NULL OR m.league = :league)
      AND l.last_changed_at >= :since
    GROUP BY m.event_ticker, l.verdict, m.league
    ORDER BY max(l.score) DESC NULLS LAST, max(l.last_changed_at) DESC, m.event_ticker LIMIT :most
    """
)
_GAMES_IN_WORDS = sa.text(
    """
    SELECT g.game_id, concat(coalesce(a.display_name, '?'), ' at ', coalesce(h.display_name, '?'), ', ',
               to_char(g.start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), ' UTC, ', g.phase) AS said
    FROM core.games g LEFT JOIN core.teams h ON h.team_id = g.home_team_id
    LEFT JOIN core.teams a ON a.team_id = g.away_team_id WHERE g.game_id = ANY(:games)
    """
)
_VERDICTS = sa.text(
    """
    SELECT m.ticker, l.verdict, l.game_id, l.outcome FROM market.market_games l JOIN market.markets m USING (market_id)
    WHERE m.league = :league ORDER BY m.ticker
    """
)
_TEAMS = sa.text(
    """
    SELECT team_id, display_name, CAST(:text AS text) IN (team_id, lower(abbreviation), lower(display_name),
               lower(location), lower(name)) AS meant
    FROM core.teams WHERE league = :league AND kind = 'team' ORDER BY team_id
    """
)


def write_milestones(connection: sa.Connection, seen: Iterable[Any], at: datetime) -> WriteCounts:
    """Keep what the venue says of each event's game; `seen`: rows of `sources.kalshi.rows.MilestoneSeen`."""
    rows = {
        event: (event, one.milestone_id, one.title, one.start_time, one.status, one.home_team, one.away_team, at)
        for one in seen
        for event in one.event_tickers
    }
    return write(connection, MILESTONES, list(rows.values()))


def read_targets(connection: sa.Connection) -> dict[tuple[str, str], str]:
    """(league, structured target) -> team id, of the targets that stand for exactly one team."""
    found: dict[tuple[str, str], set[str]] = {}
    table = team_aliases.c
    query = sa.select(table.league, table.code, table.team_id).where(table.source == TARGETS)
    for league, target, team in connection.execute(query):
        found.setdefault((league, target), set()).add(team)
    return {key: next(iter(teams)) for key, teams in found.items() if len(teams) == 1}


def learn_targets(connection: sa.Connection, learnt: Sequence[tuple[str, str, str, str]], at: datetime) -> int:
    """Keep (league, target, team id, ticker it was learnt from); the number that is new."""
    first = {(league, target, team): ticker for league, target, team, ticker in reversed(learnt)}
    if not first:
        return 0
    leagues, targets, teams = zip(*first, strict=True)
    given = {
        "source": TARGETS,
        "leagues": list(leagues),
        "targets": list(targets),
        "teams": list(teams),
        "authors": [f"learnt from {ticker}" for ticker in first.values()],
        "first_day": FIRST_DAY,
        "at": at,
    }
    return connection.execute(_LEARN, given).rowcount


def accept_alias(
    connection: sa.Connection,
    *,
    league: str,
    code: str,
    team_id: str,
    valid_from: date | None,
    valid_to: date | None,
    author: str,
    at: datetime,
) -> None:
    """Let the venue's code stand for the team on these days (both included), with who said so and when."""
    row = {
        "source": VENUE,
        "league": league,
        "code": code,
        "team_id": team_id,
        "valid_from": valid_from or FIRST_DAY,
        "valid_to": valid_to,
        "author": author,
        "accepted_at": at,
    }
    statement = insert(team_aliases).values(row)
    changed = {name: statement.excluded[name] for name in ("valid_to", "author", "accepted_at")}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["source", "league", "code", "team_id", "valid_from"], set_=changed
        )
    )


def aliases_of(connection: sa.Connection, league: str, code: str) -> list[Any]:
    """Rows of the venue's code: team_id, valid_from, valid_to, author."""
    table = team_aliases.c
    query = sa.select(table.team_id, table.valid_from, table.valid_to, table.author)
    return list(connection.execute(query.where(table.source == VENUE, table.league == league, table.code == code)))


def refused_events(
    connection: sa.Connection, *, league: str | None, since: datetime, reasons: Sequence[str], most: int
) -> list[Any]:
    """Events with markets refused for these reasons, of which something changed since then, the most promising first.

    Rows: event_ticker, verdict, league, detail, score, tickers, candidates, evidence, last_changed_at.
    """
    given = {"league": league, "since": since, "reasons": list(reasons), "most": most}
    return list(connection.execute(_REFUSED, given))


def games_in_words(connection: sa.Connection, games: Sequence[str]) -> dict[str, str]:
    """Sides, start and phase of each game that is stored."""
    return {row.game_id: row.said for row in connection.execute(_GAMES_IN_WORDS, {"games": list(games)})}


def verdicts_of(connection: sa.Connection, league: str) -> dict[str, tuple[str, str | None, str | None]]:
    """Ticker -> (verdict, game id, outcome) of every decided market of a league."""
    rows = connection.execute(_VERDICTS, {"league": league})
    return {row.ticker: (row.verdict, row.game_id, row.outcome) for row in rows}


def teams_meant(connection: sa.Connection, league: str, text: str) -> list[Any]:
    """The league's teams: team_id, display_name, and `meant` where the text is id, abbreviation, name or city."""
    return list(connection.execute(_TEAMS, {"league": league, "text": text.strip().lower()}))


def to_compare(connection: sa.Connection) -> list[Any]:
    """Settled matched markets whose result was not yet held against the game as both are now."""
    return list(connection.execute(_SETTLED))


def keep_settlements(connection: sa.Connection, verdicts: Iterable[tuple[str, str | None]], at: datetime) -> None:
    """Keep (market id, agreement) of each compared market; None: a result was taken back."""
    rows = [{"market_id": market, "settlement": verdict, "at": at} for market, verdict in verdicts]
    if rows:
        connection.execute(_KEEP_SETTLEMENT, rows)
