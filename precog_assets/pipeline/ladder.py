"""Strategies graded by what became of their decisions, and moved: up by figures, down by themselves.

Belongs here: which decisions are evidence, what they closed at, and keeping a rung where it or its figures changed.
Does not: figures and rungs (`trading.ladder`), decisions, payouts.

Evidence is the first decision of a game that was taken, or would have been but for its rung, by the version of the
strategy that is in force: another version begins anew. Only games that were played to an end count.

The closing price is the mid of the exchange's last two-sided quote before the game truly began: before its scheduled
start, or later where its board still showed it as not begun, and never after it was first seen in play. What came
later may know the score. A game of unknown start has a closing price only where its board was watched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from precog_assets.config import load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.strategies import Strategy
from precog_assets.domain.times import eastern_day
from precog_assets.domain.trading import Rung, Side, SkillFacts
from precog_assets.environment import orders_mode
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.store import book as store
from precog_assets.store.snapshots import PAPER
from precog_assets.trading.ladder import HEIGHT, GradedDecision, skill_facts

if TYPE_CHECKING:
    from precog_assets.services import Services

_GRADED = sa.text(
    """
    WITH paid AS (
        SELECT DISTINCT ON (market_id) market_id, result, yes_value FROM book.settlements
        ORDER BY market_id, amends DESC
    ), evidence AS (
        SELECT DISTINCT ON (d.strategy, d.league, d.game_id) d.strategy, d.league, d.game_id, d.market_id, m.market_key,
               d.as_of, d.side, d.limit_price, d.p_model, d.p_market, d.p_trading, g.start_time, g.start_time_valid,
               worth.yes_value
        FROM book.decisions d
        JOIN market.markets m ON m.market_id = d.market_id
        JOIN core.games g ON g.game_id = d.game_id AND g.phase = 'final'
        LEFT JOIN paid ON paid.market_id = d.market_id
        CROSS JOIN LATERAL (SELECT CASE
            WHEN paid.result <> 'void' THEN paid.yes_value
            WHEN paid.market_id IS NULL AND m.status = 'finalized' THEN coalesce(
                m.settlement_value, CASE m.result WHEN 'yes' THEN 1 WHEN 'no' THEN 0 END)
        END AS yes_value) worth
        WHERE d.strategy_hash = ANY(:hashes) AND d.reason IN ('taken', 'skill')
          AND d.details ->> 'would_take' = 'true' AND d.side IS NOT NULL AND d.limit_price IS NOT NULL
          AND d.league IS NOT NULL AND worth.yes_value IS NOT NULL
        ORDER BY d.strategy, d.league, d.game_id, d.as_of, d.market_id
    )
    SELECT e.*, closing.mid AS closing_mid
    FROM evidence e
    LEFT JOIN LATERAL (
        SELECT least(
            min(s.observed_at) FILTER (WHERE s.state = 'in'),
            greatest(CASE WHEN e.start_time_valid THEN e.start_time END,
                     max(s.confirmed_at) FILTER (WHERE s.state = 'pre'))) AS at
        FROM core.game_states s WHERE s.game_id = e.game_id AND s.origin = 'live'
    ) began ON true
    LEFT JOIN LATERAL (
        SELECT (q.yes_bid + q.yes_ask) / 2 AS mid, q.confirmed_at FROM market.quotes q
        WHERE q.market_key = e.market_key AND q.observed_at < began.at
        ORDER BY q.observed_at DESC LIMIT 1
    ) closing ON closing.confirmed_at >= began.at - interval '24 hours'
    """
)
_RUNGS = sa.text("SELECT DISTINCT ON (strategy, league) * FROM book.rungs ORDER BY strategy, league, decided_at DESC")
_FIGURES = ("graded", "skill", "skill_low", "closing_line_value", "closing_line_value_low")


def climb(services: Services, *, correlation_id: str) -> StepReport:
    """Grade every strategy in each of its leagues, and keep where it stands from now on where that changed.

    `rows_in` counts strategies in leagues, `inserted` rows of rungs; moves are lines in the notes. Raises
    PrecogError(system.database) when the server is away, ConfigurationError for a wrong `strategies.yaml`.
    """
    now = services.clock.now()
    report = StepReport("rungs", correlation_id, now)
    strategies = load_trading_rules().strategies
    live_allowed = _live_allowed(services)
    with in_database(services.engine) as connection:
        at = store.take_turn(connection, PAPER, services.clock.now)
        graded = graded_decisions(connection, strategies)
        before = {(row.strategy, row.league): row for row in connection.execute(_RUNGS)}
        for name, strategy in strategies.items():
            for league in strategy.leagues:
                last = before.get((name, league))
                was = None if last is None else Rung(last.rung)
                facts = skill_facts(graded[name, league], strategy, before=was, live_allowed=live_allowed)
                report.rows_in += 1
                if last is not None and _as_before(last, facts):
                    report.unchanged += 1
                    continue
                store.write_rung(connection, name, league, facts, said(was, facts, strategy), at)
                report.inserted += 1
                if was is not None and was is not facts.rung:
                    report.notes[f"{name} {league}"] = f"{was.value} to {facts.rung.value}"
        report.finish()
        report.record(connection)
    return report


def said(was: Rung | None, facts: SkillFacts, strategy: Strategy) -> str:
    """Why a strategy stands where it stands, in a line."""
    moved = "starts" if was is None else "stays"
    if was is not None and HEIGHT[facts.rung] != HEIGHT[was]:
        moved = "rises" if HEIGHT[facts.rung] > HEIGHT[was] else "falls"
    climb_at = strategy.climb
    evidence = f"{facts.graded} of {climb_at.min_graded} games graded"
    if facts.graded >= climb_at.min_graded:
        evidence += (
            f", skill {_low(facts.skill_low, climb_at.min_skill_low)}, closing line value "
            f"{_low(facts.closing_line_value_low, climb_at.min_closing_line_value_low)}"
        )
    return f"{moved}: {evidence}"


def _low(low: float | None, mark: float) -> str:
    if low is None:
        return "not measured"
    return f"at least {low:+.4f}, {'above' if low > mark else 'not above'} {mark:g}"


def graded_decisions(
    connection: sa.Connection, strategies: Mapping[str, Strategy]
) -> defaultdict[tuple[str, str], list[GradedDecision]]:
    """The evidence of each strategy in each league."""
    found = defaultdict[tuple[str, str], list[GradedDecision]](list)
    for row in connection.execute(_GRADED, {"hashes": [strategy.hash for strategy in strategies.values()]}):
        strategy = strategies.get(row.strategy)
        used = None if strategy is None else row.p_model if strategy.probability == "model" else row.p_trading
        if used is None or row.p_market is None:
            continue
        found[row.strategy, row.league].append(
            GradedDecision(
                game_id=row.game_id,
                market_id=row.market_id,
                day=eastern_day(row.start_time),
                decided_at=row.as_of,
                side=Side(row.side),
                price=float(row.limit_price),
                probability=used,
                p_market=row.p_market,
                yes_value=float(row.yes_value),
                closing_mid=None if row.closing_mid is None else float(row.closing_mid),
            )
        )
    return found


def _as_before(last: Any, facts: SkillFacts) -> bool:
    return last.rung == facts.rung.value and all(getattr(last, name) == getattr(facts, name) for name in _FIGURES)


def _live_allowed(services: Services) -> bool:
    """Whether this environment permits real orders: without that nothing stands above paper."""
    try:
        return orders_mode(services.environment) == "live"
    except ConfigurationError:
        return False
