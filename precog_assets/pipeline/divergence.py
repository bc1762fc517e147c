"""The stored paper book of a period beside a backtest of the same markets under the configuration that was recorded.

Belongs here: reading the book, running the backtest, both together. Does not: pairing and causes
(`backtest.compare`), the feed of stored facts (`backtest.stored`).

A strategy is replayed league by league with an account of its own. Where the paper book held others beside it, their
exposure and equity are not there, and what follows of that shows as `gate` or `fill`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from precog_assets.domain.leagues import League
from precog_assets.domain.strategies import Backtests
from precog_assets.domain.trading import Action, Side
from precog_assets.pipeline.backtest.compare import TOLERANCE, Comparison, Made, compare, made_of
from precog_assets.pipeline.backtest.feed import Feed
from precog_assets.pipeline.backtest.result import Result
from precog_assets.pipeline.backtest.run import run_backtest
from precog_assets.pipeline.fees import fee_book
from precog_assets.queries.traded import Traded, recorded_rules, traded

FeedOf = Callable[[League, datetime, datetime], Feed]
Progress = Callable[[str, int, int | None], None]


def compare_book(
    engine: sa.Engine,
    leagues: Sequence[League],
    feed_of: FeedOf,
    assumptions: Backtests,
    *,
    since: datetime,
    until: datetime,
    strategy: str | None = None,
    tolerance: timedelta = TOLERANCE,
    progress: Progress | None = None,
) -> Comparison:
    """The decisions made from `since` to before `until` beside those that the backtest makes on their markets.

    `feed_of` gives the stored facts of a league from an instant to another. Each version of a strategy, with the limits
    it was decided under last, is replayed by itself. Raises PrecogError(system.internal) where a decision names a
    configuration that is not stored.
    """
    paper: list[Made] = []
    replayed: list[Made] = []
    with engine.connect() as connection:
        fees = fee_book(connection)
    for league in leagues:
        rows = traded(engine, since=since, until=until, league=league.key, strategy=strategy)
        for strategy_hash in dict.fromkeys(row.strategy_hash for row in rows):
            mine = [row for row in rows if row.strategy_hash == strategy_hash]
            rules, limits = recorded_rules(engine, strategy_hash, mine[-1].limits_hash)
            result = run_backtest(
                feed_of(league, since, until),
                rules,
                limits,
                assumptions,
                fees=fees,
                since=since,
                until=until,
                screened=False,
                keep_all=True,
                progress=progress,
            )
            paper += [_made(row) for row in mine]
            replayed += _replayed(result, {row.market_id for row in mine})
    return compare(paper, replayed, tolerance=tolerance)


def _made(row: Traded) -> Made:
    return Made(
        decision_id=row.decision_id,
        strategy=f"{row.strategy} {row.strategy_hash}",
        market_id=row.market_id,
        as_of=row.as_of,
        took=row.action == Action.TAKE.value,
        reason=row.reason,
        side=Side(row.side) if row.side else None,
        limit_price=row.limit_price,
        contracts=row.contracts,
        cost=row.cost,
        fees=row.fees,
        yes_value=None if row.given_back else row.yes_value,
        given_back=bool(row.given_back),
    )


def _replayed(result: Result, markets: set[str]) -> list[Made]:
    """The backtest's decisions on these markets, each with its bet."""
    name = f"{result.strategy.name} {result.strategy.hash}"
    bets = {bet.decision.decision_id: bet for bet in result.bets}
    return [
        replace(made_of(decision, bets.get(decision.decision_id)), strategy=name)
        for decision in result.decisions
        if decision.market_id in markets
    ]
