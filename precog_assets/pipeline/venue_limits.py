"""The limits of the account at the exchange: the last look before an order is written for it.

Belongs here: an order against what that account has at stake. Does not: what a decision is allowed (`trading.limits`,
on paper), the guard before the wire (`sources.kalshi.order_guard`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from precog_assets.domain.strategies import Limits
from precog_assets.domain.trading import ExposureFacts, Order, OrderStatus
from precog_assets.pipeline.venue_truth import KALSHI
from precog_assets.store.exposure import Exposure, read_standing
from precog_assets.store.known import read_known


def admitted(connection: sa.Connection, orders: Sequence[Order], at: datetime, limits: Limits) -> list[Order]:
    """The orders, those that limits do not let through rejected with the limit; each counts against the next."""
    standing = read_standing(connection, KALSHI, at)
    markets = {*standing.market_ids, *(one.market_id for one in orders)}
    exposure = Exposure(standing, read_known(connection, markets, at, versions={}))
    told: list[Order] = []
    for order in orders:
        refusal = refused_by(order, exposure.facts(order.market_id), limits)
        if refusal:
            told.append(replace(order, status=OrderStatus.REJECTED, reason=refusal))
            continue
        exposure.add(order)
        told.append(order)
    return told


def refused_by(order: Order, facts: ExposureFacts, limits: Limits) -> str:
    """The limit that an order, filled whole at its price, would break; empty for none. Fees are not counted."""
    outlay = order.limit_price * order.contracts
    for name, at_stake, limit in (
        ("per_market", facts.market, limits.per_market),
        ("per_game", facts.game, limits.per_game),
        ("per_league", facts.league, limits.per_league),
        ("per_day", facts.day, limits.per_day),
        ("total", facts.total, limits.total),
    ):
        if at_stake + outlay > limit:
            return f"risk_limit: {at_stake + outlay:f} dollars would be above {name} {limit}"
    if outlay > facts.cash:
        return f"risk_limit: {outlay:f} dollars are above the {facts.cash:f} that may be spent"
    if float(facts.equity) < (1 - limits.max_drawdown) * float(facts.peak_equity):
        return f"risk_limit: equity {facts.equity:f} is below max_drawdown {limits.max_drawdown} of its peak"
    if facts.orders_last_minute >= limits.orders_per_minute:
        return f"risk_limit: {facts.orders_last_minute} orders in a minute reach orders_per_minute"
    return ""
