"""Links: every market that is not settled tied to its game, or refused with the reason, and kept so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from precog_assets.config import league_of_series, load_leagues
from precog_assets.domain.facts import Rejection
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.tickers import TickerParts, TickerRefusal, parse_ticker
from precog_assets.matching.events import check_event
from precog_assets.matching.games import GameIndex
from precog_assets.matching.ids import NOTHING, VenueIds
from precog_assets.matching.match import Explanation, explain, match_market
from precog_assets.matching.registry import AliasRegistry
from precog_assets.matching.results import Match, Refusal
from precog_assets.matching.settlement import Agreement, compare
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.link_reading import read_games, read_registry, target_of, venue_ids
from precog_assets.pipeline.report import StepReport
from precog_assets.store import links as store
from precog_assets.store.bulk import write

if TYPE_CHECKING:
    from precog_assets.services import Services

RETRIED = timedelta(days=3)
CONTRADICTION = "contradicts_game"
_OPEN = sa.text(
    """
    SELECT m.market_id, m.ticker, m.event_ticker, m.yes_sub_title, m.title, m.rules_primary, m.strike,
           s.start_time, s.home_target, s.away_target
    FROM market.markets m LEFT JOIN market.milestones s USING (event_ticker)
    WHERE m.venue = 'kalshi' AND m.event_ticker IN (
        SELECT o.event_ticker FROM market.markets o LEFT JOIN market.market_games l USING (market_id)
        WHERE l.market_id IS NULL OR o.status <> 'finalized'
           OR (l.verdict IN ('no_game', 'unknown_code') AND (l.last_changed_at > :retried OR EXISTS (
               SELECT 1 FROM core.team_aliases a WHERE a.source = 'kalshi' AND a.league = o.league
                  AND a.accepted_at > :retried AND a.accepted_at >= l.last_changed_at))))
    ORDER BY m.event_ticker, m.ticker
    """
)
_EVENT = sa.text(
    """
    SELECT m.market_id, m.ticker, m.event_ticker, m.yes_sub_title, m.title, m.rules_primary, m.strike,
           s.start_time, s.home_target, s.away_target
    FROM market.markets m LEFT JOIN market.milestones s USING (event_ticker)
    WHERE m.event_ticker = :event_ticker ORDER BY m.ticker
    """
)


@dataclass(frozen=True, slots=True)
class _Event:
    """What is known of an event beside one market's ticker."""

    rows: Sequence[Any]

    @property
    def codes(self) -> list[str]:
        return [_code(row) for row in self.rows]

    @property
    def names(self) -> dict[str, str]:
        return {_code(row): row.yes_sub_title for row in self.rows}

    @property
    def text(self) -> str:
        """Title and rules of the first market: they name a tennis tournament."""
        return f"{self.rows[0].title} {self.rows[0].rules_primary}" if self.rows else ""

    def ids(self, league: str, targets: Mapping[tuple[str, str], str]) -> VenueIds:
        if not self.rows:
            return NOTHING
        milestone = self.rows[0] if self.rows[0].start_time is not None else None
        return venue_ids(league, {_code(row): row.strike for row in self.rows}, milestone, targets)


def link_markets(services: Services, *, correlation_id: str) -> StepReport:
    """Decide every market that is open, or has no verdict yet, and write the verdicts that changed.

    Then hold settled markets against their games: a contradiction is counted, and kept as a rejection.
    """
    now = services.clock.now()
    report = StepReport("links", correlation_id, now)
    series = league_of_series()
    with in_database(services.engine) as connection:
        rows = list(connection.execute(_OPEN, {"retried": now - RETRIED}))
        parsed = {row.ticker: parse_ticker(row.ticker, series) for row in rows}
        index = read_games(connection, parsed.values())
        registry, targets = read_registry(connection), store.read_targets(connection)
        decided = list(_decide(rows, parsed, index, registry, targets))
        links = [_row(row, result, now) for row, result in decided]
        report.rows_in = len(links)
        report.wrote(write(connection, store.LINKS, links))
        for link in links:
            report.notes[link[1]] = int(report.notes.get(link[1], 0)) + 1
        _learn(connection, decided, parsed, index, targets, report, now)
        _compare(connection, report, now)
        report.keep_refused(connection, now)
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
        registry, targets = read_registry(connection), store.read_targets(connection)
        for ticker, parts in parsed.items():
            event, ids = _Event(()), NOTHING
            if isinstance(parts, TickerParts):
                event = _Event(list(connection.execute(_EVENT, {"event_ticker": parts.event_ticker})))
                ids = event.ids(parts.league, targets)
            explained.append(
                explain(
                    ticker,
                    index,
                    registry,
                    load_leagues(),
                    event_codes=event.codes,
                    names=event.names,
                    ids=ids,
                    text=event.text,
                )
            )
    return explained


def _code(row: Any) -> str:
    return row.ticker.rpartition("-")[2]


def _decide(
    rows: Sequence[Any],
    parsed: Mapping[str, TickerParts | TickerRefusal],
    index: GameIndex,
    registry: AliasRegistry,
    targets: Mapping[tuple[str, str], str],
) -> Iterator[tuple[Any, Match | Refusal]]:
    events: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        events[row.event_ticker].append(row)
    leagues = load_leagues()
    for siblings in events.values():
        event = _Event(siblings)
        league = next((one.league for row in siblings if isinstance(one := parsed[row.ticker], TickerParts)), None)
        ids = event.ids(league, targets) if league else NOTHING
        codes = [_code(row) for row in siblings if isinstance(parsed[row.ticker], TickerParts)]
        results = {
            row.ticker: match_market(
                parsed[row.ticker],
                index,
                registry,
                leagues,
                event_codes=codes,
                names=event.names,
                ids=ids,
                text=event.text,
            )
            for row in siblings
        }
        checked = check_event(leagues[league], results) if league else results
        for row in siblings:
            yield row, checked[row.ticker]


def _row(market: Any, result: Match | Refusal, now: datetime) -> tuple[Any, ...]:
    if isinstance(result, Match):
        evidence = orjson.dumps({**result.evidence, "score": result.score}).decode()
        outcome = result.outcome.value if result.outcome else None
        said = (result.game_id, outcome, result.rule, result.steps[-1], evidence, None, result.score)
        return (market.market_id, "matched", *said, now, now)
    alias = result.alias
    named = {"league": alias.league, "code": alias.code, "team_id": alias.team_id} if alias else None
    evidence = orjson.dumps({"suggestion": result.suggestion, "alias": named}).decode()
    candidates = orjson.dumps(result.candidates).decode()
    said = (None, None, None, result.detail, evidence, candidates, result.score)
    return (market.market_id, result.reason.value, *said, now, now)


def _learn(
    connection: sa.Connection,
    decided: Sequence[tuple[Any, Match | Refusal]],
    parsed: Mapping[str, TickerParts | TickerRefusal],
    index: GameIndex,
    targets: Mapping[tuple[str, str], str],
    report: StepReport,
    now: datetime,
) -> None:
    """Structured targets of markets that codes or names proved: what they stand for is used from the next time on."""
    learnt: list[tuple[str, str, str, str]] = []
    for row, result in decided:
        parts, target = parsed[row.ticker], target_of(row.strike)
        if target is None or not isinstance(result, Match) or not isinstance(parts, TickerParts):
            continue
        if result.rule in ("venue_ids", "sub_title", "surname_codes") or result.outcome not in (
            Outcome.HOME,
            Outcome.AWAY,
        ):
            continue
        game = index.get(result.game_id)
        team = game.home_team_id if result.outcome is Outcome.HOME else game.away_team_id
        if team is None or targets.get((parts.league, target)) == team:
            continue
        learnt.append((parts.league, target, team, row.ticker))
    if new := store.learn_targets(connection, learnt, now):
        report.notes["targets_learnt"] = new


def _compare(connection: sa.Connection, report: StepReport, now: datetime) -> None:
    leagues = load_leagues()
    verdicts: list[tuple[str, str]] = []
    for row in store.to_compare(connection):
        agreement = compare(
            leagues[row.league],
            Outcome(row.outcome),
            result=row.result,
            settlement_value=row.settlement_value,
            phase=row.phase,
            winner=row.winner,
        )
        if agreement is None:
            continue
        verdicts.append((row.market_id, agreement.value))
        if agreement is Agreement.CONTRADICTS:
            detail = (
                f"{row.ticker} settled {row.result}, YES is {row.outcome}; {row.game_id} is {row.phase}, won by "
                f"{row.winner} ({row.away_score}-{row.home_score} away-home)"
            )
            report.rejections[CONTRADICTION] += 1
            report.refused.append((Rejection("kalshi.settlement", row.ticker, CONTRADICTION, detail), None))
            if row.settlement != agreement:
                report.failures.append(detail)
    store.keep_settlements(connection, verdicts, now)
