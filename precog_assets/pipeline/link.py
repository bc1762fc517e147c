"""Links: every market that is not settled tied to its game, or refused with the reason, and kept so.

Belongs here: the pass, and the explanation of single tickers. Does not: rules (`matching`), reading (`link_reading`),
what a pass is spared (`link_memory`), what follows from links (`link_after`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from precog_assets.config import league_of_series, load_leagues
from precog_assets.domain.tickers import TickerParts, TickerRefusal, parse_ticker
from precog_assets.matching.events import check_event
from precog_assets.matching.games import GameIndex
from precog_assets.matching.ids import NOTHING, VenueIds
from precog_assets.matching.match import Explanation, explain, match_market
from precog_assets.matching.results import Match, Refusal
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.link_after import Decided, compare_settled, learn
from precog_assets.pipeline.link_memory import Codes, Memory, Pass, memory_of
from precog_assets.pipeline.link_reading import (
    days_of,
    game_prints,
    hulls,
    read_event,
    read_games,
    read_open,
    venue_ids,
)
from precog_assets.pipeline.report import StepReport
from precog_assets.store import links as store
from precog_assets.store.bulk import write

if TYPE_CHECKING:
    from precog_assets.services import Services


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

    Leagues of which markets, milestones, games and codes are as this process last decided them are left as they are.
    Then settled markets are held against their games: a contradiction is counted as `contradicts_game`, kept as a
    rejection, and named in `failures` when it is new. Raises PrecogError(system.database).
    """
    now = services.clock.now()
    report = StepReport("links", correlation_id, now)
    memory = memory_of(services.engine)
    with in_database(services.engine) as connection:
        news = memory.news(connection, now)
        rows = read_open(connection, news.events, list(news.changed)) if news.changed else []
        series = league_of_series()
        parsed = {row.ticker: parse_ticker(row.ticker, series) for row in rows}
        days = days_of(parsed.values())
        spans = hulls(days)
        # Before the games themselves: one that changes in between is news to the next pass.
        games = game_prints(connection, spans)
        index = read_games(connection, days)
        codes, decided = news.codes, _decide(rows, parsed, index, news.codes)
        if learn(
            connection, [Decided(row, parsed[row.ticker], result) for row, result in decided], index, codes, report
        ):
            # At once, so that a pass over the same markets finds nothing to change.
            codes = memory.codes(connection)
            decided = _decide(rows, parsed, index, codes)
        links = [_row(row, result, now) for row, result in decided]
        report.wrote(write(connection, store.LINKS, links))
        compare_settled(connection, report, now)
        passes = {
            league: Pass(one.markets, codes.prints.get(league, ""), games.get(league, ""), spans.get(league), Counter())
            for league, one in news.changed.items()
        }
        for (row, _), link in zip(decided, links, strict=True):
            passes[row.league or ""].verdicts[link[1]] += 1
        _count(report, len(links), [one.verdicts for one in (*passes.values(), *news.spared.values())])
        report.keep_refused(connection, now)
        report.finish()
        report.record(connection)
    memory.keep(news, passes)
    return report


def explain_tickers(services: Services, tickers: Sequence[str]) -> list[Explanation]:
    """What matching does with each ticker, in words, against the stored games and sibling markets."""
    series = league_of_series()
    parsed = {ticker: parse_ticker(ticker.strip().upper(), series) for ticker in tickers}
    explained = []
    with in_database(services.engine) as connection:
        index = read_games(connection, days_of(parsed.values()))
        codes = Memory().codes(connection)
        for ticker, parts in parsed.items():
            event, ids = _Event(()), NOTHING
            if isinstance(parts, TickerParts):
                event = _Event(read_event(connection, parts.event_ticker))
                ids = event.ids(parts.league, codes.targets)
            explained.append(
                explain(
                    ticker,
                    index,
                    codes.registry,
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


def _count(report: StepReport, decided: int, verdicts: Sequence[Counter[str]]) -> None:
    """Rows and verdicts of the report: what was decided, and what stands as it was."""
    total: Counter[str] = sum(verdicts, Counter())
    report.rows_in = total.total()
    report.unchanged += report.rows_in - decided
    report.notes.update(total)


def _decide(
    rows: Sequence[Any],
    parsed: Mapping[str, TickerParts | TickerRefusal],
    index: GameIndex,
    known: Codes,
) -> list[tuple[Any, Match | Refusal]]:
    decided: list[tuple[Any, Match | Refusal]] = []
    events: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        events[row.event_ticker].append(row)
    leagues = load_leagues()
    for siblings in events.values():
        event = _Event(siblings)
        league = next((one.league for row in siblings if isinstance(one := parsed[row.ticker], TickerParts)), None)
        ids = event.ids(league, known.targets) if league else NOTHING
        codes = [_code(row) for row in siblings if isinstance(parsed[row.ticker], TickerParts)]
        results = {
            row.ticker: match_market(
                parsed[row.ticker],
                index,
                known.registry,
                leagues,
                event_codes=codes,
                names=event.names,
                ids=ids,
                text=event.text,
            )
            for row in siblings
        }
        checked = check_event(leagues[league], results) if league else results
        decided.extend((row, checked[row.ticker]) for row in siblings)
    return decided


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
