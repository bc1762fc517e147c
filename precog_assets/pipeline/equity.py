"""What an account is worth after all that was recorded, kept as a row for each change.

Belongs here: putting ledger, orders and quotes together for `book.equity`. Does not: marks (`store.exposure`).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from precog_assets.store import book as store
from precog_assets.store.exposure import read_standing, worth
from precog_assets.store.known import read_known

ZERO = Decimal(0)


def keep_equity(connection: sa.Connection, venue: str, now: datetime) -> bool:
    """Write what an account is worth after all that was recorded until now, where that changed; whether it did.

    The caller has the account's turn. Positions without a quote are counted at what they cost.
    """
    at = store.next_instant(connection, venue, now)
    standing = read_standing(connection, venue, at)
    quotes = read_known(connection, standing.costs, at, versions={}).quotes if standing.costs else {}
    value = worth(standing, quotes)
    values = {
        "cash": standing.cash,
        "positions_cost": value.cost,
        "positions_mid": value.mid,
        "positions_liquidation": value.liquidation,
        "resting": sum(standing.resting.values(), ZERO),
    }
    return store.write_equity(connection, venue, at, values)
