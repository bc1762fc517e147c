"""Links: every market that is not settled tied to its game, or refused with the reason, and kept so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from precog_assets.config import league_of_series, load_leagues
from precog_assets.domain.facts import GameKind
from precog_assets.domain.tickers import TickerParts, TickerRefusal, parse_ticker
from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.matching.games import GameCandidate, GameIndex
from precog_assets.matching.match import Explanation, explain, match_market
from precog_assets.matching.registry import AliasRegistry
from precog_assets.matching.results import Match, Refusal
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.seeds import CodeSeed, kalshi_guests, team_seeds
from precog_assets.store.bulk import CurrentTarget, write
from precog_assets.store.tables import market_games

if TYPE_CHECKING:
    from precog_assets.services import Services

DAYS_AROUND = 4
"""Games this many days around a ticker's day are candidates: moved games, and hints for refusals."""
LINKS = CurrentTarget(
    market_games,
    key=("market_id",),
    values=("verdict", "game_id", "outcome", "rule", "detail", "evidence"),
    stamps=("last_changed_at",),
    once=("first_decided_at",),
)
_OPEN = sa.text(
    """
    SELECT m.market_id, m.ticker, m.event_ticker, m.yes_sub_title FROM market.markets m
    WHERE m.venue = 'kalshi' AND m.event_ticker IN (
        SELECT o.event_ticker FROM market.markets o LEFT JOIN market.market_games l USING (market_id)
        WHERE l.market_id IS NULL OR o.status <> 'finalized'
           OR (l.verdict IN ('no_game', 'unknown_code') AND l.last_changed_at > :retried))
    ORDER BY m.event_ticker, m.ticker
    """
)
_EVENT = sa.text(
    "SELECT ticker, event_ticker, yes_sub_title FROM market.markets WHERE event_ticker = :event_ticker ORDER BY ticker"
)
_GAMES = sa.text(
    """
    SELECT g.game_id, g.league, g.season, g.game_kind, g.start_time, g.start_time_valid, g.home_team_id,
           g.away_team_id, g.phase, h.display_name AS home_name, a.display_name AS away_name,
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


@dataclass(frozen=True, slots=True)
class _Market:
    market_id: str
    ticker: str
    event_ticker: str
    yes_sub_title: str
    parsed: TickerParts | TickerRefusal


def link_markets(services: Services, *, correlation_id: str) -> StepReport:
    """Decide every market that is open, or has no verdict yet, and write the verdicts that changed."""
    now = services.clock.now()
    report = StepReport("links", correlation_id, now)
    series = league_of_series()
    with in_database(services.engine) as connection:
        markets = [
            _Market(row.market_id, row.ticker, row.event_ticker, row.yes_sub_title, parse_ticker(row.ticker, series))
            for row in connection.execute(_OPEN, {"retried": now - timedelta(days=3)})
        ]
        index = read_games(connection, [market.parsed for market in markets])
        registry = read_registry(connection)
        rows = [_row(market, result, now) for market, result in _decide(markets, index, registry)]
        report.rows_in = len(rows)
        report.wrote(write(connection, LINKS, rows))
        for row in rows:
            report.notes[row[1]] = int(report.notes.get(row[1], 0)) + 1
        report.finish()
        report.record(connection)
    return report


def explain_tickers(services: Services, tickers: Sequence[str]) -> list[Explanation]:
    """What matching does with each ticker, in words, against the stored games and sibling markets."""
    series = league_of_series()
    parsed = {ticker: parse_ticker(ticker.strip().upper(), series) for ticker in tickers}
    explained = []
    with in_database(services.engine) as connection:
        index = read_games(connection, parsed.values())
        registry = read_registry(connection)
        for ticker, parts in parsed.items():
            codes: list[str] = []
            names: dict[str, str] = {}
            if isinstance(parts, TickerParts):
                for row in connection.execute(_EVENT, {"event_ticker": parts.event_ticker}):
                    code = row.ticker.rpartition("-")[2]
                    codes.append(code)
                    names[code] = row.yes_sub_title
            explained.append(explain(ticker, index, registry, load_leagues(), event_codes=codes, names=names))
    return explained


def read_registry(connection: sa.Connection) -> AliasRegistry:
    """The codes in force, from core.team_aliases."""
    rows = connection.execute(
        sa.text("SELECT source, league, code, team_id, valid_from, valid_to FROM core.team_aliases")
    )
    codes = [CodeSeed(*row) for row in rows]
    return AliasRegistry(codes, guests=kalshi_guests(), teams=team_seeds())


def read_games(connection: sa.Connection, parsed: Iterable[TickerParts | TickerRefusal]) -> GameIndex:
    """The games around the days that these tickers name."""
    days: dict[str, set[date]] = defaultdict(set)
    for parts in parsed:
        if isinstance(parts, TickerParts):
            days[parts.league].add(parts.eastern_date)
    candidates: list[GameCandidate] = []
    for league, wanted in days.items():
        for first, last in _spans(sorted(wanted)):
            rows = connection.execute(_GAMES, {"leagues": [league], "first": first, "last": last})
            candidates.extend(_candidate(row) for row in rows)
    return GameIndex({candidate.game_id: candidate for candidate in candidates}.values())


def _spans(days: Sequence[date]) -> list[tuple[datetime, datetime]]:
    """Stretches of time around the days, joined where they touch."""
    spans: list[tuple[datetime, datetime]] = []
    for day in days:
        first = eastern_day_bounds(day - timedelta(days=DAYS_AROUND))[0]
        last = eastern_day_bounds(day + timedelta(days=DAYS_AROUND))[1]
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
        original_days=tuple(earlier),
    )


def _decide(
    markets: Sequence[_Market], index: GameIndex, registry: AliasRegistry
) -> list[tuple[_Market, Match | Refusal]]:
    events: dict[str, list[_Market]] = defaultdict(list)
    for market in markets:
        events[market.event_ticker].append(market)
    leagues = load_leagues()
    decided = []
    for siblings in events.values():
        codes = [one.parsed.yes_code for one in siblings if isinstance(one.parsed, TickerParts) and one.parsed.yes_code]
        names = {one.ticker.rpartition("-")[2]: one.yes_sub_title for one in siblings}
        for market in siblings:
            result = match_market(market.parsed, index, registry, leagues, event_codes=codes, names=names)
            decided.append((market, result))
    return decided


def _row(market: _Market, result: Match | Refusal, now: datetime) -> tuple[Any, ...]:
    if isinstance(result, Match):
        evidence = orjson.dumps({**result.evidence, "score": result.score}).decode()
        outcome = result.outcome.value if result.outcome else None
        return (market.market_id, "matched", result.game_id, outcome, result.rule, result.steps[-1], evidence, now, now)
    evidence = orjson.dumps({"candidates": result.candidates, "suggestion": result.suggestion}).decode()
    return (market.market_id, result.reason.value, None, None, None, result.detail, evidence, now, now)
