"""Reading the book for people: positions with their marks, orders, the ledger, the kill switch.

Belongs here: rows of schema `book` put together to be shown. Does not: writing them (`store.book`), decisions
(`decisions.py`), an order that is only thought of (`order_preview.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.trading import OrderStatus, Position
from precog_assets.store.account import load_account
from precog_assets.store.known import Known, read_known
from precog_assets.trading.ledger import unrealised

ZERO = Decimal(0)
_OPEN = [one.value for one in OrderStatus if one.is_open]
_VENUES = sa.text("SELECT venue FROM book.accounts ORDER BY venue")
_ORDERS = sa.text(
    """
    SELECT o.client_id, o.venue, o.ticker, o.side, o.limit_price, o.contracts, o.filled, o.post_only, o.status,
           o.reason, o.strategy, o.decision_id, o.venue_order_id, o.created_at, o.expires_at, o.last_changed_at,
           f.average_price, coalesce(f.fees, 0) AS fees
    FROM book.orders o LEFT JOIN LATERAL (
        SELECT sum(price * contracts) / sum(contracts) AS average_price, sum(fee) AS fees
        FROM book.fills WHERE client_id = o.client_id
    ) f ON true
    WHERE (CAST(:venue AS text) IS NULL OR o.venue = :venue) AND (NOT :open_only OR o.status = ANY(:open))
    ORDER BY o.created_at DESC, o.client_id LIMIT :newest
    """
)
_LEDGER = sa.text(
    """
    WITH newest AS (
        SELECT transaction_id, min(number) AS number FROM book.ledger
        WHERE (CAST(:venue AS text) IS NULL OR venue = :venue)
        GROUP BY transaction_id ORDER BY min(number) DESC LIMIT :newest
    )
    SELECT l.transaction_id, l.leg, l.at, l.venue, l.account, l.amount, l.strategy, l.note, l.recorded_at
    FROM newest n JOIN book.ledger l USING (transaction_id) ORDER BY n.number DESC, l.leg
    """
)
_BALANCES = sa.text(
    """
    SELECT venue, CASE WHEN account LIKE 'position:%' THEN 'positions' ELSE account END AS account,
           sum(amount) AS amount
    FROM book.ledger WHERE (CAST(:venue AS text) IS NULL OR venue = :venue) GROUP BY 1, 2 ORDER BY 1, 2
    """
)
_SWITCH = sa.text("SELECT is_on, reason, author, set_at FROM book.kill_switch ORDER BY set_at DESC LIMIT 1")


@dataclass(frozen=True, slots=True)
class Held:
    """A side of a market that is held, or was and brought something. Dollars; None where nothing is quoted."""

    venue: str
    ticker: str
    game_id: str | None
    starts_at: datetime | None
    position: Position
    unrealised_mid: Decimal | None
    unrealised_liquidation: Decimal | None
    quote_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account and what it holds. Dollars."""

    venue: str
    cash: Decimal
    equity: Decimal
    """Cash, and positions at what selling all of them would bring; at cost where nothing is quoted."""
    realised: Decimal
    """Of everything that was sold and paid out, fees of all fills counted."""
    held: tuple[Held, ...]
    unmarked: tuple[str, ...]
    """Market ids of positions without a quote."""


def accounts(engine: sa.Engine, now: datetime, *, venue: str | None = None, closed: bool = False) -> list[Account]:
    """Every account, or that of a venue, with its positions marked to the quotes as of `now`.

    `closed`: also sides that are held no more, with what they brought.
    """
    found = []
    with engine.connect() as connection:
        for name in connection.scalars(_VENUES).all():
            if venue is None or name == venue:
                found.append(_account(connection, name, now, closed=closed))
    return found


def _account(connection: sa.Connection, venue: str, now: datetime, *, closed: bool) -> Account:
    ledger = load_account(connection, venue).ledger
    markets = {one.market_id for one in ledger.positions() if one.contracts or closed}
    known = read_known(connection, markets, now, versions={}) if markets else Known(now)
    positions = ledger.positions(known.quotes)
    worth = ledger.equity(known.quotes)
    return Account(
        venue=venue,
        cash=ledger.cash,
        equity=worth.value,
        realised=sum((one.realised for one in positions), ZERO),
        held=tuple(_held(venue, one, known) for one in positions if one.contracts or closed),
        unmarked=worth.unmarked,
    )


def _held(venue: str, position: Position, known: Known) -> Held:
    market, link = known.markets.get(position.market_id), known.links.get(position.market_id)
    game = known.games.get((link.game_id if link is not None else None) or "")
    quote = known.quotes.get(position.market_id)
    return Held(
        venue=venue,
        ticker=market.ticker if market is not None else position.market_id.partition(":")[2],
        game_id=None if game is None else game.game_id,
        starts_at=None if game is None else game.start_time,
        position=position,
        unrealised_mid=unrealised(position, at_mid=True) if position.contracts else None,
        unrealised_liquidation=unrealised(position) if position.contracts else None,
        quote_seen_at=None if quote is None else quote.confirmed_at,
    )


def orders(
    engine: sa.Engine, *, venue: str | None = None, open_only: bool = False, newest: int = 50
) -> list[dict[str, Any]]:
    """The newest orders with what they were filled at; `open_only`: those written or resting."""
    given = {"venue": venue, "open_only": open_only, "open": _OPEN, "newest": newest}
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(_ORDERS, given).mappings()]


def ledger_legs(engine: sa.Engine, *, venue: str | None = None, newest: int = 20) -> list[dict[str, Any]]:
    """The legs of the newest transactions, newest first."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(_LEDGER, {"venue": venue, "newest": newest}).mappings()]


def balances(engine: sa.Engine, *, venue: str | None = None) -> dict[str, dict[str, Decimal]]:
    """Dollars by venue and account, positions together; those of a venue sum to zero."""
    found: dict[str, dict[str, Decimal]] = {}
    with engine.connect() as connection:
        for row in connection.execute(_BALANCES, {"venue": venue}):
            found.setdefault(row.venue, {})[row.account] = row.amount
    return found


@dataclass(frozen=True, slots=True)
class Switch:
    """What was last said of the kill switch."""

    is_on: bool
    reason: str
    author: str
    set_at: datetime


def kill_switch(engine: sa.Engine) -> Switch | None:
    """The kill switch as it stands; None where nobody ever touched it."""
    with engine.connect() as connection:
        row = connection.execute(_SWITCH).one_or_none()
    return None if row is None else Switch(row.is_on, row.reason, row.author, row.set_at)
