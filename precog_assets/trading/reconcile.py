"""Our orders, fills and positions against the venue's: what must be corrected for ours to say the same. Pure.

Belongs here: the comparison. Does not: asking the venue, nor writing corrections. The venue is the truth, with one
reserve: it answers late. Its reads lag behind its own acknowledgements (a cancelled order was seen resting 0.4 s
later), and an order that was sent may arrive after we gave up waiting. So within `grace` a difference that time alone
may mend is left alone, and later what the venue says holds, also against what was concluded before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from precog_assets.domain.trading import Fill, Order, OrderStatus, Position, Side

GRACE = timedelta(seconds=60)
ZERO = Decimal(0)


class CorrectionKind(StrEnum):
    ORDER_CHANGED = "order_changed"
    """The venue has our order otherwise than we do."""
    ORDER_NEVER_ARRIVED = "order_never_arrived"
    """Written, and unknown to the venue after the grace: not sent, or lost. It is rejected, and never sent again."""
    ORDER_LOST = "order_lost"
    """The venue took it and lists it no more."""
    ORDER_FOREIGN = "order_foreign"
    """At the venue, and not in our table: somebody else trades on the account, or our table lost it."""
    FILL_MISSING = "fill_missing"
    FILL_CHANGED = "fill_changed"
    FILL_UNKNOWN = "fill_unknown"
    """Ours, and the venue does not know it."""
    POSITION_DIFFERS = "position_differs"
    """Even with every fill in place; nothing mends it by itself."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One difference; `order` and `fill` are as they should be written."""

    kind: CorrectionKind
    key: str
    """Client id, fill id, or market and side."""
    ours: str
    venue: str
    order: Order | None = None
    fill: Fill | None = None

    @property
    def mends_itself(self) -> bool:
        """Whether writing what the venue says is all there is to do; otherwise somebody must look."""
        return self.kind in (
            CorrectionKind.ORDER_CHANGED,
            CorrectionKind.ORDER_NEVER_ARRIVED,
            CorrectionKind.FILL_MISSING,
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Orders, fills and positions as one side has them. Fills of both sides must begin at the same instant."""

    orders: Sequence[Order] = ()
    fills: Sequence[Fill] = ()
    positions: Sequence[Position] = ()


def reconcile(ours: Standing, venue: Standing, *, now: datetime, grace: timedelta = GRACE) -> list[Correction]:
    """What to correct on our side, orders first, then fills, then positions. Empty: both say the same."""
    return [
        *_orders(ours.orders, venue.orders, now, grace),
        *_fills(ours.fills, venue.fills, now, grace),
        *_positions(ours, venue, now, grace),
    ]


def _orders(ours: Sequence[Order], venue: Sequence[Order], now: datetime, grace: timedelta) -> list[Correction]:
    theirs = {order.client_id: order for order in venue}
    found = []
    for order in ours:
        at_venue = theirs.pop(order.client_id, None)
        young = now - order.created_at < grace
        if at_venue is not None:
            as_it_should = _merged(order, at_venue)
            if as_it_should != order and not (young and _lags(order, at_venue)):
                found.append(_order(CorrectionKind.ORDER_CHANGED, order, at_venue, as_it_should))
        elif order.status.is_open and not young:
            written = order.status is OrderStatus.WRITTEN
            kind = CorrectionKind.ORDER_NEVER_ARRIVED if written else CorrectionKind.ORDER_LOST
            status = OrderStatus.REJECTED if written else OrderStatus.CANCELED
            reason = "never reached the venue" if written else "the venue lists it no more"
            found.append(_order(kind, order, None, replace(order, status=status, reason=reason)))
    found += [_order(CorrectionKind.ORDER_FOREIGN, None, order, order) for order in theirs.values()]
    return found


def _merged(ours: Order, venue: Order) -> Order:
    """Our order with everything the venue decides; strategy, decision and reasons stay ours."""
    reason = "" if venue.status.is_open or venue.status is OrderStatus.FILLED else ours.reason or venue.reason
    return replace(
        ours,
        status=venue.status,
        filled=venue.filled,
        limit_price=venue.limit_price,
        contracts=venue.contracts,
        venue_order_id=venue.venue_order_id,
        reason=reason,
    )


def _lags(ours: Order, venue: Order) -> bool:
    """Whether the venue's answer may be older than what it acknowledged to us."""
    return venue.filled < ours.filled or (venue.status.is_open and not ours.status.is_open)


def _order(kind: CorrectionKind, ours: Order | None, venue: Order | None, right: Order) -> Correction:
    return Correction(kind, right.client_id, _told(ours), _told(venue), order=right)


def _told(order: Order | None) -> str:
    if order is None:
        return "none"
    return f"{order.status.value}, {order.filled} of {order.contracts} at {order.limit_price}"


def _fills(ours: Sequence[Fill], venue: Sequence[Fill], now: datetime, grace: timedelta) -> list[Correction]:
    theirs = {fill.fill_id: fill for fill in venue}
    found = []
    for fill in ours:
        at_venue = theirs.pop(fill.fill_id, None)
        if at_venue is None:
            if now - fill.filled_at >= grace:
                found.append(Correction(CorrectionKind.FILL_UNKNOWN, fill.fill_id, _said(fill), "none", fill=fill))
        elif _said(at_venue) != _said(fill):
            told = (_said(fill), _said(at_venue))
            found.append(Correction(CorrectionKind.FILL_CHANGED, fill.fill_id, *told, fill=at_venue))
    missing = sorted(theirs.values(), key=lambda fill: (fill.filled_at, fill.fill_id))
    found += [Correction(CorrectionKind.FILL_MISSING, f.fill_id, "none", _said(f), fill=f) for f in missing]
    return found


def _said(fill: Fill) -> str:
    # Normalized: 5.00 and 5 contracts are the same fill.
    contracts, price, fee = fill.contracts.normalize(), fill.price.normalize(), fill.fee.normalize()
    return f"{contracts:f} {fill.market_id} {fill.side.value} at {price:f} for {fee:f}"


def _positions(ours: Standing, venue: Standing, now: datetime, grace: timedelta) -> list[Correction]:
    """Positions that differ although no fill is missing; a market with a fill within the grace is given time."""
    held, theirs = _held(ours.positions), _held(venue.positions)
    known = {fill.fill_id for fill in ours.fills}
    moving = {f.market_id for f in (*ours.fills, *venue.fills) if now - f.filled_at < grace or f.fill_id not in known}
    found = []
    for market_id, side in sorted(held.keys() | theirs.keys()):
        mine, other = held.get((market_id, side), ZERO), theirs.get((market_id, side), ZERO)
        if mine != other and market_id not in moving:
            key = f"{market_id}:{side.value}"
            found.append(Correction(CorrectionKind.POSITION_DIFFERS, key, f"{mine} contracts", f"{other} contracts"))
    return found


def _held(positions: Sequence[Position]) -> dict[tuple[str, Side], Decimal]:
    return {(p.market_id, p.side): p.contracts for p in positions if p.contracts}
