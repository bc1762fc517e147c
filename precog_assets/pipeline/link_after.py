"""What follows from links: targets learnt from proven matches, and settled markets held against their games.

Belongs here: what a pass does after deciding. Does not: deciding (`link.py`), statements (`store.links`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.facts import Rejection
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.tickers import TickerParts, TickerRefusal
from precog_assets.matching.games import GameIndex
from precog_assets.matching.results import Match, Refusal
from precog_assets.matching.settlement import Agreement, compare
from precog_assets.pipeline.link_memory import Codes
from precog_assets.pipeline.link_reading import target_of
from precog_assets.pipeline.report import StepReport
from precog_assets.store import links as store

CONTRADICTION = "contradicts_game"
TOO_WEAK_TO_TEACH = frozenset({"venue_ids", "sub_title", "surname_codes"})
"""Rules whose matches teach no target: ids teach nothing new, the others are the weakest evidence."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A market's row with what its ticker says and what came of it."""

    row: Any
    parsed: TickerParts | TickerRefusal
    result: Match | Refusal


def learn(
    connection: sa.Connection, decided: Iterable[Decided], index: GameIndex, codes: Codes, report: StepReport
) -> int:
    """Keep what the structured targets of markets stand for that codes or names proved; the number that is new."""
    learnt: list[tuple[str, str, str, str]] = []
    for one in decided:
        result, parts, target = one.result, one.parsed, target_of(one.row.strike)
        if target is None or not isinstance(result, Match) or not isinstance(parts, TickerParts):
            continue
        if result.rule in TOO_WEAK_TO_TEACH or result.outcome not in (Outcome.HOME, Outcome.AWAY):
            continue
        game = index.get(result.game_id)
        team = game.home_team_id if result.outcome is Outcome.HOME else game.away_team_id
        if team is not None and codes.targets.get((parts.league, target)) != team:
            learnt.append((parts.league, target, team, one.row.ticker))
    new = store.learn_targets(connection, learnt, report.started_at)
    if new:
        report.notes["targets_learnt"] = new
    return new


def compare_settled(connection: sa.Connection, report: StepReport, now: datetime) -> None:
    """Hold each settled market against its game where one of them changed; contradictions go into the report."""
    leagues = load_leagues()
    verdicts: list[tuple[str, str | None]] = []
    for row in store.to_compare(connection):
        agreement = compare(
            leagues[row.league],
            Outcome(row.outcome),
            result=row.result,
            settlement_value=row.settlement_value,
            phase=row.phase,
            winner=row.winner,
        )
        if agreement is not None or row.settlement is not None:
            verdicts.append((row.market_id, agreement.value if agreement else None))
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
