"""The exchange's turn: orders of decisions sent through the guarded venue, our tables held against what it says.

Belongs here: which orders may be sent, and when the two are reconciled. Does not: requests and their answers
(`sources.kalshi.orders`), what a difference becomes (`venue_truth.py`), limits (`venue_limits.py`), the paper account.

Off unless this environment permits orders: KALSHI_TRADING, keys, in live the risk limit file. In live an order is sent
of decisions on the live rung alone; at the demo and the simulator of every one that is taken, which rehearses the way
of an order and is evidence of nothing. While our clock is off none is sent. An order is committed before it is sent,
sent once, and never again: what a crash or a lost answer leaves is settled by reconciliation, at the start, every
minute, and after sending. The venue is the truth; what cannot be mended by writing down what it says is an alarm, named
in the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.config import load_trading_rules
from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.domain.strategies import Limits
from precog_assets.domain.trading import Order, OrderStatus, Rung
from precog_assets.environment import Environment, orders_mode
from precog_assets.pipeline.clocks import clock_limits_s, why_clocks_forbid
from precog_assets.pipeline.feeds import in_database, only_one
from precog_assets.pipeline.live.standing_down import REASON as VENUE_DOWN
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.roles import fence
from precog_assets.pipeline.venue_limits import admitted
from precog_assets.pipeline.venue_truth import KALSHI, queued, reconcile_account
from precog_assets.store import book as store
from precog_assets.store.account import open_orders, order_of
from precog_assets.store.leases import Lease
from precog_assets.store.snapshots import PAPER
from precog_assets.trading.identity import order_client_id

if TYPE_CHECKING:
    from precog_assets.services import Services
    from precog_assets.sources.kalshi.orders import KalshiVenue

STEP = "venue kalshi"
EVERY = timedelta(minutes=1)
SENT_WITHIN = timedelta(minutes=1)
"""A decision older than this is sent no more: its price is of another time."""
KILL_SWITCH = "kill_switch"
_LAST = sa.text("SELECT max(started_at) FROM ops.steps WHERE step = :step")
_TO_SEND = sa.text(
    """
    SELECT o.* FROM book.orders o JOIN book.decisions d USING (decision_id)
    JOIN market.markets m ON m.market_id = o.market_id AND m.venue = :venue AND m.status = 'active'
    WHERE o.venue = :paper AND o.created_at > :since AND (o.expires_at IS NULL OR o.expires_at > :now)
      AND d.action = 'take' AND (:rehearsal OR d.rung = :live)
      AND o.status <> 'rejected' AND NOT (o.status = 'canceled' AND o.reason = ANY(:forbidden))
      AND NOT EXISTS (SELECT 1 FROM book.orders s WHERE s.venue = :venue AND s.decision_id = o.decision_id)
    ORDER BY o.created_at, o.client_id
    """
)


def why_off(environment: Environment) -> str:
    """Why this environment sends no orders to Kalshi; empty where it does.

    Raises ConfigurationError where orders are asked for and something is in the way.
    """
    settings, mode = environment.settings, environment.venues[KALSHI].mode
    if mode != "sim" and settings.kalshi_trading == "off":
        return "KALSHI_TRADING=off"
    if mode == "sim" and (settings.kalshi_key_id is None or settings.kalshi_private_key_path is None):
        return "KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH are not set"
    orders_mode(environment)
    return ""


@contextmanager
def open_venue(services: Services, correlation_id: str) -> Iterator[KalshiVenue]:
    """Our account at Kalshi, for the length of the block. Raises ConfigurationError unless orders are permitted."""
    from precog_assets.sources.kalshi.auth import load_credentials
    from precog_assets.sources.kalshi.orders import KalshiVenue
    from precog_assets.sources.sending import HttpSender
    from precog_assets.store.response_log import DatabaseResponseLog

    environment = services.environment
    settings, where = environment.settings, environment.venues[KALSHI]
    credentials = None
    if settings.kalshi_key_id is not None and settings.kalshi_private_key_path is not None:
        credentials = load_credentials(settings.kalshi_key_id.get_secret_value(), settings.kalshi_private_key_path)
    sender = HttpSender(
        lambda: services.limiter.config(KALSHI),
        mode=where.mode,
        base_url=where.base_url,
        user_agent=settings.http_user_agent,
        response_log=DatabaseResponseLog(services.engine, services.archive),
        clock=services.clock,
        limiter=services.limiter,
    )
    try:
        yield KalshiVenue(environment, sender, credentials, clock=services.clock, correlation_id=correlation_id)
    finally:
        sender.close()


def work_venue(
    services: Services, *, correlation_id: str, lease: Lease | None = None, venue_away: Callable[[], str] = str
) -> StepReport:
    """Reconcile where it is due, send what was decided, reconcile what came of it; nothing where orders are off.

    While the kill switch is on, or `venue_away` says why the venue is down, nothing is sent: both are asked again in
    the transaction that writes the orders, since reconciling takes seconds.
    `rows_in` counts the orders sent, `inserted` fills that were booked, `changed` orders that changed. What the venue
    did not answer is in `outcomes`, differences that nothing mends are lines of `failures`. Raises ConfigurationError
    where orders are asked for and not permitted, PrecogError(system.database) when the server is away.
    """
    report = StepReport(STEP, correlation_id, services.clock.now())
    off = why_off(services.environment)
    if off:
        report.notes["off"] = off
        return report.finish()
    with only_one(services.engine, STEP) as mine:
        if not mine:
            report.notes["off"] = "another process is at it"
            return report.finish()
        with in_database(services.engine) as connection:
            last = connection.execute(_LAST, {"step": STEP}).scalar_one()
            stopped = store.is_stopped(connection)
            resting = open_orders(connection, KALSHI) if stopped else []
            wanted = orders_to_send(connection, services.clock.now(), rehearsal=_rehearses(services))
        due = last is None or services.clock.now() - last >= EVERY
        if not due and not resting and not (wanted and not stopped):
            return report.finish()
        with open_venue(services, correlation_id) as venue:
            try:
                if due:
                    reconcile_account(services, venue, report, last)
                touched = (
                    _take_back(services, venue, resting, report, KILL_SWITCH)
                    if stopped
                    else _send(services, venue, report, lease, venue_away)
                )
                if touched:
                    reconcile_account(services, venue, report, last)
            except PrecogError as error:
                if error.code in ("system.database", "system.epoch"):
                    raise
                report.outcomes[error.code] += 1
                report.failures.append(f"{error.code}: {error}")
    with in_database(services.engine) as connection:
        report.finish()
        report.record(connection)
    return report


def take_back(services: Services, *, reason: str, correlation_id: str, lease: Lease | None = None) -> StepReport:
    """Cancel whatever rests at the exchange; nothing where orders are off.

    `changed` counts the orders that ended. What the venue did not answer, or another process that is at it, is a line
    of `failures`: then something may rest still. Raises as `work_venue`.
    """
    report = StepReport(f"{STEP} taken back", correlation_id, services.clock.now())
    if off := why_off(services.environment):
        report.notes["off"] = off
        return report.finish()
    with only_one(services.engine, STEP) as mine:
        if not mine:
            report.failures.append("another process is at it")
            return report.finish()
        with in_database(services.engine) as connection:
            off = fence(connection, lease)
            resting = [] if off else open_orders(connection, KALSHI)
        if off:
            report.notes["off"] = off
            return report.finish()
        with open_venue(services, correlation_id) as venue:
            try:
                _take_back(services, venue, resting, report, reason)
            except PrecogError as error:
                if error.code in ("system.database", "system.epoch"):
                    raise
                report.outcomes[error.code] += 1
                report.failures.append(f"{error.code}: {error}")
    with in_database(services.engine) as connection:
        report.finish()
        report.record(connection)
    return report


def orders_to_send(connection: sa.Connection, now: datetime, *, rehearsal: bool) -> list[Order]:
    """What may go to the venue of the orders on paper, under an id of its own; what went before is not there again.

    What paper refused, and what was taken back there because of the kill switch or a venue that was down, does not go.
    In a rehearsal every decision that was taken, otherwise those on the live rung.
    """
    given = {
        "venue": KALSHI,
        "paper": PAPER,
        "now": now,
        "since": now - SENT_WITHIN,
        "rehearsal": rehearsal,
        "live": Rung.LIVE.value,
        "forbidden": [KILL_SWITCH, VENUE_DOWN],
    }
    return [_for_venue(order_of(row), now) for row in connection.execute(_TO_SEND, given)]


def _for_venue(order: Order, now: datetime) -> Order:
    return replace(
        order,
        client_id=order_client_id(f"{order.decision_id}@{KALSHI}"),
        venue=KALSHI,
        created_at=now,
        status=OrderStatus.WRITTEN,
        filled=order.filled - order.filled,
        venue_order_id=None,
        reason="",
    )


def _send(
    services: Services, venue: KalshiVenue, report: StepReport, lease: Lease | None, venue_away: Callable[[], str]
) -> int:
    """Write the orders that limits let through, commit, send them, and write what came back; how many were sent."""
    with in_database(services.engine) as connection:
        at = store.take_turn(connection, KALSHI, services.clock.now)
        off = fence(connection, lease)
        if off:
            report.notes["off"] = off
            return 0
        services.clocks.keep(connection)
        wrong = why_clocks_forbid(connection, clock_limits_s(services))
        if wrong:
            report.outcomes["system.clock"] += 1
            report.failures.append(f"no order is sent: {wrong}")
            return 0
        if forbidden := KILL_SWITCH if store.is_stopped(connection) else venue_away():
            report.notes["not_sent"] = forbidden
            return 0
        wanted = orders_to_send(connection, at, rehearsal=_rehearses(services))
        written = admitted(connection, wanted, at, _limits(services))
        sent = [one for one in store.write_orders(connection, written) if one.status is OrderStatus.WRITTEN]
    if not sent:
        return 0
    report.rows_in += len(sent)
    answers = venue.place_many(sent)
    with in_database(services.engine) as connection:
        at = store.take_turn(connection, KALSHI, services.clock.now)
        report.changed += store.update_orders(connection, answers, at, queued(answers, at))
    report.failures.extend(
        f"order {one.client_id} of {one.ticker}: {one.status.value}, {one.reason}"
        for one in answers
        if one.status in (OrderStatus.WRITTEN, OrderStatus.REJECTED)
    )
    return len(sent)


def _rehearses(services: Services) -> bool:
    return services.environment.venues[KALSHI].mode != "live"


def _limits(services: Services) -> Limits:
    from precog_assets.sources.kalshi.order_guard import read_risk_limits

    path = services.environment.settings.kalshi_risk_limits_path
    if _rehearses(services):
        return load_trading_rules().limits
    if path is None:
        raise ConfigurationError("KALSHI_TRADING=live needs KALSHI_RISK_LIMITS_PATH to name a file (was None).")
    return read_risk_limits(path)


def _take_back(
    services: Services, venue: KalshiVenue, resting: Sequence[Order], report: StepReport, reason: str
) -> int:
    """Cancel what rests; how many orders that were."""
    open_there = [one.client_id for one in resting if one.status is OrderStatus.RESTING]
    if not open_there:
        return 0
    ended = [
        replace(one, reason=reason) if one.status is OrderStatus.CANCELED else one
        for one in venue.cancel_many(open_there)
    ]
    with in_database(services.engine) as connection:
        at = store.take_turn(connection, KALSHI, services.clock.now)
        report.changed += store.update_orders(connection, ended, at)
    return len(ended)
