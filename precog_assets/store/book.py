"""Writing the book: an account's turn, orders, fills, the ledger, settlements, rungs, the kill switch.

Belongs here: writes to schema `book`, idempotent by id. Does not: decisions (`decisions.py`), reading the book as of
an instant (`exposure.py`) or to go on from it (`account.py`), what is written (`trading`).

Two processes that work on one account take turns (`take_turn`), and each turn is given an instant after all before
it: what a decision could know of the account is what was recorded before its instant. An order is committed before
it is sent, in the transaction of its decision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from precog_assets.domain.trading import Fill, LedgerEntry, Order, Settlement, SkillFacts
from precog_assets.store import tables
from precog_assets.store.leases import limit_frozen
from precog_assets.store.snapshots import PAPER

ZERO = Decimal(0)
CENT_PARTS = Decimal("0.00000001")
"""Dollars as the tables keep them."""
TICK = timedelta(microseconds=1)
_TURN = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('book account ' || :venue, 0))")
_INSTANT = sa.text(
    "INSERT INTO book.accounts AS a (venue, opened_at, last_at) VALUES (:venue, :now, :now) "
    "ON CONFLICT (venue) DO UPDATE SET last_at = greatest(:now, a.last_at + :tick) RETURNING last_at"
)

_CHANGED = sa.text(
    """
    UPDATE book.orders o SET status = v.status, filled = v.filled, limit_price = v.limit_price,
        contracts = v.contracts, venue_order_id = v.venue_order_id, reason = v.reason,
        placed_at = coalesce(v.placed_at, o.placed_at), last_changed_at = :at
    FROM unnest(
        CAST(:client_ids AS text[]), CAST(:statuses AS text[]), CAST(:filled AS numeric[]),
        CAST(:limit_prices AS numeric[]), CAST(:contracts AS numeric[]), CAST(:venue_order_ids AS text[]),
        CAST(:reasons AS text[]), CAST(:placed_at AS timestamptz[])
    ) AS v (client_id, status, filled, limit_price, contracts, venue_order_id, reason, placed_at)
    WHERE o.client_id = v.client_id
      AND (o.status, o.filled, o.limit_price, o.contracts, o.venue_order_id, o.reason, o.placed_at)
          IS DISTINCT FROM (v.status, v.filled, v.limit_price, v.contracts, v.venue_order_id, v.reason,
                            coalesce(v.placed_at, o.placed_at))
    """
)


def take_turn(connection: sa.Connection, venue: str, now: Callable[[], datetime]) -> datetime:
    """Wait for the account's turn, held to the transaction's end; its instant: `now`, or just after the turn before.

    The clock is read when the turn has come, so that waiting for it makes nothing look fresher than it is. A process
    that freezes in its turn loses it (`leases.limit_frozen`).
    """
    limit_frozen(connection)
    connection.execute(_TURN, {"venue": venue})
    return connection.execute(_INSTANT, {"venue": venue, "now": now(), "tick": TICK}).scalar_one()


def next_instant(connection: sa.Connection, venue: str, now: datetime) -> datetime:
    """A later instant within the same turn."""
    return connection.execute(_INSTANT, {"venue": venue, "now": now, "tick": TICK}).scalar_one()


def write_orders(connection: sa.Connection, orders: Sequence[Order]) -> list[Order]:
    """Write orders that are about to be sent; those that were not there before."""
    if not orders:
        return []
    rows = [
        {
            "client_id": one.client_id,
            "venue": one.venue,
            "market_id": one.market_id,
            "ticker": one.ticker,
            "side": one.side.value,
            "limit_price": one.limit_price,
            "contracts": one.contracts,
            "filled": one.filled,
            "post_only": one.post_only,
            "strategy": one.strategy,
            "decision_id": one.decision_id,
            "status": one.status.value,
            "reason": one.reason,
            "venue_order_id": one.venue_order_id,
            "created_at": one.created_at,
            "expires_at": one.expires_at,
            "last_changed_at": one.created_at,
        }
        for one in orders
    ]
    statement = insert(tables.orders).on_conflict_do_nothing().returning(tables.orders.c.client_id)
    new = set(connection.scalars(statement, rows))
    return [one for one in orders if one.client_id in new]


def update_orders(
    connection: sa.Connection, orders: Iterable[Order], at: datetime, placed_at: Mapping[str, datetime] | None = None
) -> int:
    """Bring orders to what became of them at `at`; how many changed. `placed_at`: since when each queues, where new."""
    given = list(orders)
    if not given:
        return 0
    columns = {
        "client_ids": [one.client_id for one in given],
        "statuses": [one.status.value for one in given],
        "filled": [one.filled for one in given],
        "limit_prices": [one.limit_price for one in given],
        "contracts": [one.contracts for one in given],
        "venue_order_ids": [one.venue_order_id for one in given],
        "reasons": [one.reason for one in given],
        "placed_at": [(placed_at or {}).get(one.client_id) for one in given],
    }
    return connection.execute(_CHANGED, {**columns, "at": at}).rowcount


def write_fills(connection: sa.Connection, fills: Iterable[Fill], at: datetime) -> int:
    """Record fills, each once; how many were new."""
    rows = [
        {
            "fill_id": one.fill_id,
            "client_id": one.client_id,
            "market_id": one.market_id,
            "side": one.side.value,
            "price": one.price,
            "contracts": one.contracts,
            "fee": one.fee,
            "is_maker": one.is_maker,
            "filled_at": one.filled_at,
            "recorded_at": at,
        }
        for one in fills
    ]
    return _insert(connection, tables.fills, rows)


def stored_transaction(transaction_id: str, venue: str) -> str:
    """A transaction's id in the table: deposits and payouts of two accounts have the same name, fills never."""
    return transaction_id if venue == PAPER or transaction_id.startswith("fill:") else f"{transaction_id}@{venue}"


def own_transaction(stored: str, venue: str) -> str:
    """The id that the account's ledger gave: `stored_transaction` undone."""
    return stored if venue == PAPER or stored.startswith("fill:") else stored.removesuffix(f"@{venue}")


def write_ledger(connection: sa.Connection, entries: Iterable[LedgerEntry], venue: str, at: datetime) -> int:
    """Book transactions, each once; how many legs were new. Raises ValueError for one whose legs do not sum to zero."""
    sums = defaultdict[str, Decimal](Decimal)
    rows = []
    for one in entries:
        sums[one.transaction_id] += one.amount
        rows.append(
            {
                "transaction_id": stored_transaction(one.transaction_id, venue),
                "leg": one.leg,
                "at": one.at,
                "venue": venue,
                "account": one.account,
                "amount": one.amount,
                "strategy": one.strategy,
                "note": one.note,
                "recorded_at": at,
            }
        )
    for transaction_id, total in sums.items():
        if total != ZERO:
            raise ValueError(f"transaction {transaction_id}: its legs sum to {total} dollars, not to zero")
    return _insert(connection, tables.ledger, rows)


def write_settlements(
    connection: sa.Connection, settlements: Iterable[tuple[Settlement, Decimal | None]], at: datetime
) -> int:
    """Record how venues settled, with the value as the venue named it; how many were new."""
    rows = [
        {
            "market_id": one.market_id,
            "amends": one.amends,
            "result": one.result,
            "yes_value": one.yes_value,
            "venue_value": venue_value,
            "settled_at": one.settled_at,
            "game_agrees": one.game_agrees,
            "recorded_at": at,
        }
        for one, venue_value in settlements
    ]
    return _insert(connection, tables.settlements, rows)


def note_agreement(connection: sa.Connection, market_id: str, amends: int, agrees: bool | None) -> int:
    """Say of a settlement whether the game's result, known or corrected since, is the same; 1 where that is new."""
    table = tables.settlements
    statement = sa.update(table).where(
        table.c.market_id == market_id, table.c.amends == amends, table.c.game_agrees.is_distinct_from(agrees)
    )
    return connection.execute(statement.values(game_agrees=agrees)).rowcount


def write_equity(connection: sa.Connection, venue: str, at: datetime, values: Mapping[str, Decimal]) -> bool:
    """Keep what an account is worth where it is not what its last row says. `values`: the other columns."""
    table = tables.equity
    last = connection.execute(
        sa.select(table).where(table.c.venue == venue).order_by(table.c.at.desc()).limit(1)
    ).first()
    rounded = {name: value.quantize(CENT_PARTS) for name, value in values.items()}
    if last is not None and all(getattr(last, name) == value for name, value in rounded.items()):
        return False
    return bool(_insert(connection, table, [{"venue": venue, "at": at, **rounded}]))


def write_rung(
    connection: sa.Connection, strategy: str, league: str, facts: SkillFacts, reason: str, at: datetime
) -> None:
    """Record where a strategy stands in a league from `at` on."""
    row = {
        "strategy": strategy,
        "league": league,
        "rung": facts.rung.value,
        "reason": reason,
        "graded": facts.graded,
        "skill": facts.skill,
        "skill_low": facts.skill_low,
        "closing_line_value": facts.closing_line_value,
        "closing_line_value_low": facts.closing_line_value_low,
        "decided_at": at,
    }
    _insert(connection, tables.rungs, [row])


def set_kill_switch(connection: sa.Connection, *, on: bool, reason: str, author: str, at: datetime) -> None:
    """Stop every new order, or release the stop, from `at` on. Raises ValueError without a reason or an author."""
    if not reason.strip() or not author.strip():
        raise ValueError(f"kill switch: reason {reason!r} and author {author!r} must both be said")
    row = {"set_at": at, "is_on": on, "reason": reason.strip(), "author": author.strip()}
    _insert(connection, tables.kill_switch, [row])


def is_stopped(connection: sa.Connection) -> bool:
    """Whether the kill switch is on: what was said last."""
    table = tables.kill_switch
    return bool(connection.scalar(sa.select(table.c.is_on).order_by(table.c.set_at.desc()).limit(1)))


def _insert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> int:
    if not rows:
        return 0
    key = next(iter(table.primary_key.columns))
    return len(list(connection.scalars(insert(table).on_conflict_do_nothing().returning(key), rows)))
