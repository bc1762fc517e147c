"""What matching is given from the database: markets, games around the tickers' days, codes, the venue's ids.

Belongs here: reading, and fingerprints of what is read. Does not: deciding and writing (`link.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.facts import GameKind
from precog_assets.domain.tickers import TickerParts, TickerRefusal
from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.matching.games import GameCandidate, GameIndex
from precog_assets.matching.ids import TIE, VenueIds
from precog_assets.matching.registry import AliasRegistry
from precog_assets.seeds import CodeSeed, kalshi_guests, team_seeds
from precog_assets.store.tables import markets
from precog_assets.store.tables.market import milestones

DAYS_AROUND = 4
"""Games this many days around a ticker's day are candidates: moved games, and hints for refusals."""
RETRIED = timedelta(days=3)
"""A settled market without a game is tried again for this long."""
_SCOPE = sa.text(
    """
    SELECT DISTINCT o.event_ticker FROM market.markets o LEFT JOIN market.market_games l USING (market_id)
    WHERE o.venue = 'kalshi' AND (l.market_id IS NULL OR o.status <> 'finalized'
       OR (l.verdict IN ('no_game', 'unknown_code') AND (l.last_changed_at > :retried OR EXISTS (
           SELECT 1 FROM core.team_aliases a WHERE a.source = 'kalshi' AND a.league = o.league
              AND a.accepted_at > :retried AND a.accepted_at >= l.last_changed_at))))
    """
)
_ROWS = (
    sa.select(
        markets.c.market_id,
        markets.c.ticker,
        markets.c.event_ticker,
        markets.c.league,
        markets.c.yes_sub_title,
        markets.c.title,
        markets.c.rules_primary,
        markets.c.strike,
        milestones.c.start_time,
        milestones.c.home_target,
        milestones.c.away_target,
    )
    .select_from(markets.outerjoin(milestones, milestones.c.event_ticker == markets.c.event_ticker))
    .order_by(markets.c.event_ticker, markets.c.ticker)
)
_EVENTS = sa.bindparam("events", type_=sa.ARRAY(sa.Text))
_OPEN = _ROWS.where(
    markets.c.event_ticker == sa.func.any(_EVENTS),
    sa.func.coalesce(markets.c.league, "") == sa.func.any(sa.bindparam("leagues", type_=sa.ARRAY(sa.Text))),
)
_MARKET_PRINTS = sa.text(
    """
    SELECT coalesce(m.league, '') AS league, count(*) FILTER (WHERE l.market_id IS NULL) AS undecided,
           concat(count(*), ':', sum(hashtextextended(concat_ws('|', m.market_id, m.yes_sub_title, m.title,
               m.rules_primary, m.strike, s.start_time, s.home_target, s.away_target), 0))) AS print
    FROM market.markets m LEFT JOIN market.milestones s USING (event_ticker)
    LEFT JOIN market.market_games l USING (market_id)
    WHERE m.event_ticker = ANY(CAST(:events AS text[])) GROUP BY 1
    """
)
_GAMES = sa.text(
    """
    SELECT g.game_id, g.league, g.season, g.game_kind, g.start_time, g.start_time_valid, g.home_team_id,
           g.away_team_id, g.phase, h.display_name AS home_name, a.display_name AS away_name,
           coalesce(g.attributes->>'tourney', g.headline, '') AS tournament,
           (SELECT array_agg(DISTINCT s.start_time) FROM core.game_states s
            WHERE s.game_id = g.game_id AND s.start_time <> g.start_time) AS earlier_starts
    FROM core.games g
    LEFT JOIN core.teams h ON h.team_id = g.home_team_id LEFT JOIN core.teams a ON a.team_id = g.away_team_id
    WHERE g.league = ANY(:leagues) AND (
        (g.start_time >= :first AND g.start_time < :last)
        OR EXISTS (SELECT 1 FROM core.game_states s WHERE s.game_id = g.game_id
                   AND s.start_time >= :first AND s.start_time < :last AND s.start_time <> g.start_time))
    """
)
_GAME_PRINTS = sa.text(
    """
    SELECT w.league, concat(count(*), ':', sum(hashtextextended(concat_ws('|', g.game_id, g.game_kind, g.start_time,
               g.start_time_valid, g.home_team_id, g.away_team_id, g.phase, g.headline, h.display_name,
               a.display_name), 0))) AS print
    FROM unnest(CAST(:leagues AS text[]), CAST(:first AS timestamptz[]), CAST(:last AS timestamptz[]))
        AS w (league, first, last)
    JOIN core.games g ON g.league = w.league AND g.start_time >= w.first AND g.start_time < w.last
    LEFT JOIN core.teams h ON h.team_id = g.home_team_id LEFT JOIN core.teams a ON a.team_id = g.away_team_id
    GROUP BY w.league
    """
)
_CODE_PRINTS = sa.text(
    """
    SELECT league, concat(count(*), ':', sum(hashtextextended(
               concat_ws('|', source, code, team_id, valid_from, valid_to), 0))) AS print
    FROM core.team_aliases GROUP BY league
    """
)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class MarketPrint:
    """Of a league's markets to decide: how many have no verdict, and what they say, as a fingerprint."""

    undecided: int
    print: str


def events_to_decide(connection: sa.Connection, now: datetime) -> list[str]:
    """Events with markets that are open, undecided, or to be tried again."""
    return list(connection.scalars(_SCOPE, {"retried": now - RETRIED}))


def market_prints(connection: sa.Connection, events: Sequence[str]) -> dict[str, MarketPrint]:
    """Fingerprints of these events' markets with their milestones, by league ('' for none)."""
    rows = connection.execute(_MARKET_PRINTS, {"events": list(events)})
    return {row.league: MarketPrint(row.undecided, row.print) for row in rows}


def game_prints(connection: sa.Connection, spans: Mapping[str, Span]) -> dict[str, str]:
    """Fingerprints of each league's games that start in the span, as far as matching reads them."""
    if not spans:
        return {}
    first, last = zip(*spans.values(), strict=True)
    given = {"leagues": list(spans), "first": list(first), "last": list(last)}
    return {row.league: row.print for row in connection.execute(_GAME_PRINTS, given)}


def code_prints(connection: sa.Connection) -> dict[str, str]:
    """Fingerprints of each league's codes and structured targets."""
    return {row.league: row.print for row in connection.execute(_CODE_PRINTS)}


def read_open(connection: sa.Connection, events: Sequence[str], leagues: Sequence[str]) -> list[Any]:
    """The markets of these events in these leagues ('' for none): all of an event, those that are final too."""
    return list(connection.execute(_OPEN, {"events": list(events), "leagues": list(leagues)}))


def read_event(connection: sa.Connection, event_ticker: str) -> list[Any]:
    """The markets of an event, in the columns of `read_open`."""
    return list(connection.execute(_ROWS.where(markets.c.event_ticker == event_ticker)))


def venue_ids(
    league: str,
    strikes: Mapping[str, Mapping[str, Any] | None],
    milestone: Any | None,
    targets: Mapping[tuple[str, str], str],
) -> VenueIds:
    """What the venue's ids say of an event. `strikes`: YES code -> strike of its market; `milestone`: a row with
    start_time, home_target, away_target."""
    sides = {
        code: team
        for code, strike in strikes.items()
        if code != TIE and (team := targets.get((league, target_of(strike) or "")))
    }
    if milestone is None:
        return VenueIds(sides)
    home, away = (targets.get((league, one or "")) for one in (milestone.home_target, milestone.away_target))
    return VenueIds(sides, home, away, milestone.start_time)


def target_of(strike: Mapping[str, Any] | None) -> str | None:
    """The structured target of a market's strike, where it names exactly one."""
    texts = [value for value in (strike or {}).values() if isinstance(value, str) and value]
    return texts[0] if len(texts) == 1 else None


def read_registry(connection: sa.Connection) -> AliasRegistry:
    """The codes in force, from core.team_aliases."""
    rows = connection.execute(
        sa.text("SELECT source, league, code, team_id, valid_from, valid_to FROM core.team_aliases")
    )
    codes = [CodeSeed(*row) for row in rows]
    return AliasRegistry(codes, guests=kalshi_guests(), teams=team_seeds())


def days_of(parsed: Iterable[TickerParts | TickerRefusal]) -> dict[str, list[date]]:
    """The Eastern days that tickers name, by league, in order."""
    days: dict[str, set[date]] = defaultdict(set)
    for parts in parsed:
        if isinstance(parts, TickerParts):
            days[parts.league].add(parts.eastern_date)
    return {league: sorted(found) for league, found in days.items()}


def hulls(days: Mapping[str, Sequence[date]]) -> dict[str, Span]:
    """From the first to the last start that a game of these days may have, by league."""
    return {league: (_around(found[0])[0], _around(found[-1])[1]) for league, found in days.items()}


def read_games(connection: sa.Connection, days: Mapping[str, Sequence[date]]) -> GameIndex:
    """The games around these days of each league."""
    candidates: list[GameCandidate] = []
    for league, wanted in days.items():
        for first, last in _spans(wanted):
            rows = connection.execute(_GAMES, {"leagues": [league], "first": first, "last": last})
            candidates.extend(_candidate(row) for row in rows)
    return GameIndex({candidate.game_id: candidate for candidate in candidates}.values())


def _around(day: date) -> Span:
    around = timedelta(days=DAYS_AROUND)
    return eastern_day_bounds(day - around)[0], eastern_day_bounds(day + around)[1]


def _spans(days: Sequence[date]) -> list[Span]:
    """Stretches of time around the days, joined where they touch."""
    spans: list[Span] = []
    for day in days:
        first, last = _around(day)
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _candidate(row: Any) -> GameCandidate:
    day = eastern_day(row.start_time)
    earlier = sorted({eastern_day(start) for start in row.earlier_starts or ()} - {day})
    return GameCandidate(
        game_id=row.game_id,
        league=row.league,
        start_time=row.start_time,
        start_time_valid=row.start_time_valid,
        home_team_id=row.home_team_id,
        away_team_id=row.away_team_id,
        game_kind=GameKind(row.game_kind),
        phase=row.phase,
        home_name=row.home_name or "",
        away_name=row.away_name or "",
        season=row.season,
        tournament=row.tournament,
        original_days=tuple(earlier),
    )
