"""Deciding: every market under every strategy, on one account in its turn, and the orders that follow.

Belongs here: which markets are decided on, and that decisions and orders are written together. Does not: what was
known (`store.snapshots`), the decision itself (`trading.decide`), sending orders and what becomes of them (`book.py`).

One pass is one transaction under the account's turn, of the process that holds the role `trading`. Two passes at once
therefore take turns, and the second counts what the first ordered. A crash leaves nothing of a pass, or all of it: an
order that was written is placed by the account's next turn, under the id that follows from its decision. Strategies
decide one after the other, each at an instant of its own, so that a later one sees the orders of those before it, now
and when it is replayed.

Nothing here stands above paper: real orders have locks of their own, and a permission that no pass of this step has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.config import load_fees, load_trading_rules
from precog_assets.domain.statuses import QUOTED
from precog_assets.domain.strategies import Limits, Strategy, TradingRules
from precog_assets.domain.trading import Action, Decision, Order, Snapshot
from precog_assets.pipeline.clocks import clock_limits_s, why_clocks_forbid
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.roles import fence
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.store.account import open_account
from precog_assets.store.book import next_instant, take_turn, write_orders
from precog_assets.store.decisions import limits_hash, write_decisions, write_rules
from precog_assets.store.exposure import Exposure
from precog_assets.store.fees import read_fee_facts
from precog_assets.store.known import Known
from precog_assets.store.leases import Lease
from precog_assets.store.snapshots import PAPER, read_for, snapshot_of
from precog_assets.trading.decide import Decider
from precog_assets.trading.identity import order_client_id

if TYPE_CHECKING:
    from precog_assets.services import Services

LAST_WORD = timedelta(hours=1)
"""A market that was closed or settled is decided on for so long, so that its last verdict says why it is over."""
_MARKETS = sa.text(
    """
    SELECT market_id FROM market.markets
    WHERE league = ANY(:leagues) AND (status = ANY(:quoted) OR last_changed_at > :since)
    """
)


def decide_markets(
    services: Services,
    *,
    market_ids: Iterable[str] | None = None,
    correlation_id: str,
    lease: Lease | None = None,
    venue_away: Callable[[], str] = str,
) -> StepReport:
    """Decide on the markets given, or on all that are open or were until an hour ago; write what is new.

    `lease` is the caller's of the role `trading`; without it the role is taken for this pass, and the note `off` says
    why nothing was decided where another has it. While our clock is off, every market is passed at the gate `clock`,
    and `failures` says why; while `venue_away` (asked in the account's turn) says why the venue is down, at the gate
    `venue`.
    `rows_in` counts decisions, `inserted` those written as rows of their own, `unchanged` verdicts that came again.
    Raises PrecogError(system.epoch) when the lease is another's by now, PrecogError(system.database) when the server is
    away, ConfigurationError for a wrong `strategies.yaml`.
    """
    report = StepReport("decisions", correlation_id, services.clock.now())
    rules = load_trading_rules()
    with in_database(services.engine) as connection:
        at = take_turn(connection, PAPER, services.clock.now)
        off = fence(connection, lease)
        if off:
            report.notes["off"] = off
            return report.finish()
        services.clocks.keep(connection)
        wrong = why_clocks_forbid(connection, clock_limits_s(services))
        if wrong:
            report.outcomes["system.clock"] += 1
            report.failures.append(f"nothing may be taken: {wrong}")
        if open_account(connection, PAPER, rules.limits.starting_cash, at):
            at = next_instant(connection, PAPER, at)
        wanted = _wanted(connection, services, at) if market_ids is None else sorted(set(market_ids))
        _decide_all(connection, rules, wanted, at, report, (wrong, venue_away()))
        report.finish()
        report.record(connection)
    return report


def _wanted(connection: sa.Connection, services: Services, at: datetime) -> list[str]:
    leagues = [league.key for league in services.leagues]
    given = {"leagues": leagues, "quoted": [status.value for status in QUOTED], "since": at - LAST_WORD}
    return sorted(connection.scalars(_MARKETS, given))


def _decide_all(
    connection: sa.Connection,
    rules: TradingRules,
    wanted: Sequence[str],
    at: datetime,
    report: StepReport,
    forbidden: tuple[str, str],
) -> None:
    """`forbidden`: why our clock, and why the venue, forbids taking anything; empty where they do not."""
    strategies = tuple(rules.strategies.values())
    write_rules(connection, strategies, rules.limits, at)
    fees = FeeBook.of(load_fees(), read_fee_facts(connection, as_of=at))
    known, exposure = read_for(connection, wanted, strategies, at)
    known.clock, known.venue_away = forbidden
    decided: list[tuple[Decision, Snapshot]] = []
    orders: list[Order] = []
    as_of = at
    for number, strategy in enumerate(strategies):
        as_of = next_instant(connection, PAPER, at) if number else at
        by_it = _decide(known, exposure, wanted, strategy, rules.limits, fees, as_of)
        for order in [_order(one, strategy) for one, _ in by_it if one.action is Action.TAKE]:
            exposure.add(order)
            orders.append(order)
        decided.extend(by_it)
    written = write_decisions(connection, decided, limits_hash(rules.limits), as_of)
    ordered = write_orders(connection, orders)
    report.rows_in, report.inserted = len(decided), len(written.new)
    report.unchanged = report.rows_in - report.inserted
    worth_taking = sum(one.details.get("would_take") is True for one, _ in decided)
    report.notes |= {"markets": len(wanted), "orders": len(ordered), "worth_taking": worth_taking}
    reasons = Counter(one.reason for one, _ in decided)
    report.notes |= {f"reason_{reason}": count for reason, count in sorted(reasons.items())}


def _decide(
    known: Known,
    exposure: Exposure,
    wanted: Sequence[str],
    strategy: Strategy,
    limits: Limits,
    fees: FeeBook,
    as_of: datetime,
) -> list[tuple[Decision, Snapshot]]:
    """Decisions of one strategy on the markets of its leagues, and of those whose league nobody knows."""
    snapshots = [
        snapshot_of(known, exposure, market_id, strategy, as_of)
        for market_id in wanted
        if market_id in known.markets and _is_of(known, market_id, strategy)
    ]
    decisions = Decider(strategy, limits, fees=fees).slate(snapshots)
    return list(zip(decisions, snapshots, strict=True))


def _is_of(known: Known, market_id: str, strategy: Strategy) -> bool:
    game = known.games.get(known.links[market_id].game_id or "")
    league = known.markets[market_id].league if game is None else game.league
    return league is None or league in strategy.leagues


def _order(decision: Decision, strategy: Strategy) -> Order:
    """The order that follows from a decision to take, under an id that a repeat makes again."""
    assert decision.side is not None
    assert decision.limit_price is not None
    return Order(
        client_id=order_client_id(decision.decision_id),
        venue=PAPER,
        market_id=decision.market_id,
        ticker=decision.market_id.partition(":")[2],
        side=decision.side,
        limit_price=decision.limit_price,
        contracts=decision.contracts,
        post_only=strategy.entry == "maker",
        created_at=decision.as_of,
        expires_at=decision.as_of + timedelta(seconds=strategy.order_lifetime_s),
        strategy=decision.strategy,
        decision_id=decision.decision_id,
    )
