"""Names that follow from what they name: of decisions, and of the orders made from them.

Belongs here: ids that a crash, a repeat or a replay makes again. Does not: ids that others give (fills, venues).
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ORDERS = uuid.UUID("5b3f3a52-7f0f-5f0e-9d57-1d7f0d3c8a11")
_BETWEEN = "\x1f"
"""Parts are joined by what stands in none of them."""


def decision_id(market_id: str, strategy: str, strategy_hash: str, as_of: datetime) -> str:
    """Twenty hex digits of market, strategy (its name and all its settings) and instant.

    The same instant in another zone gives the same id; an instant without a zone is read as UTC.
    """
    aware = as_of if as_of.tzinfo is not None else as_of.replace(tzinfo=UTC)
    text = _BETWEEN.join((market_id, strategy, strategy_hash, str((aware - _EPOCH) // _MICROSECOND)))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def order_client_id(decision_id: str, number: int = 0) -> str:
    """Our id of the `number`-th order of a decision, a UUID: sent twice it is one order. A replaced order counts on.

    Raises ValueError for a number below 0.
    """
    if number < 0:
        raise ValueError(f"order number {number} of decision {decision_id}; expected 0 or more")
    return str(uuid.uuid5(_ORDERS, f"{decision_id}{_BETWEEN}{number}"))
