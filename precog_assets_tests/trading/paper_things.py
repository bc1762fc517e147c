"""Orders, books and fees that tests of the paper venue share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from precog_assets.domain.trading import Book, Fill, Level, Order, Side

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
MARKET = "kalshi:KXNFLGAME-26NOV22TBDAL-DAL"


def D(text: str | int) -> Decimal:
    return Decimal(text)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def book(yes: list[tuple[str, int]], no: list[tuple[str, int]]) -> Book:
    """Bids of both sides, best first."""
    return Book(
        tuple(Level(D(price), D(count)) for price, count in yes),
        tuple(Level(D(price), D(count)) for price, count in no),
    )


BOOK = book([("0.50", 100), ("0.49", 200)], [("0.46", 30), ("0.45", 50), ("0.40", 500)])
"""YES is bid 0.50 and offered at 0.54 (30), 0.55 (50), 0.60 (500)."""


def free(*, price: Decimal, contracts: Decimal, maker: bool) -> Decimal:
    return Decimal(0)


def fee(*, price: Decimal, contracts: Decimal, maker: bool) -> Decimal:
    """A cent a contract for takers, a tenth of it for makers."""
    return contracts * (D("0.001") if maker else D("0.01"))


def order(client_id: str = "a", price: str = "0.55", contracts: int | str = 10, **more: Any) -> Order:
    terms: dict[str, Any] = {
        "venue": "paper",
        "market_id": MARKET,
        "ticker": MARKET.partition(":")[2],
        "side": Side.YES,
        "post_only": False,
        "created_at": NOW,
        "expires_at": None,
        "strategy": "default",
    }
    return Order(client_id=client_id, limit_price=D(price), contracts=D(contracts), **{**terms, **more})


def fill(fill_id: str, side: Side, price: str, contracts: int | str, fee: str = "0", **more: Any) -> Fill:
    terms: dict[str, Any] = {"client_id": "a", "market_id": MARKET, "is_maker": False, "filled_at": NOW}
    return Fill(fill_id=fill_id, side=side, price=D(price), contracts=D(contracts), fee=D(fee), **{**terms, **more})
