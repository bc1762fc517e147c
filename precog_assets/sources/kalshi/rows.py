"""What Kalshi says about itself, its games and our account, as frozen rows.

Belongs here: rows that no other venue has. Markets, quotes, books, trades and candles are in `domain.facts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ExchangeStatusSeen:
    exchange_active: bool
    """False in maintenance: nothing changes, not even orders."""
    trading_active: bool
    estimated_resume_time: datetime | None


@dataclass(frozen=True, slots=True)
class CutoffSeen:
    """Where the historical tier begins: what is older is served under `/historical/` only."""

    market_settled_time: datetime
    trades_created_time: datetime
    orders_updated_time: datetime | None


@dataclass(frozen=True, slots=True)
class MilestoneSeen:
    """A game as Kalshi keeps it; the only place where it gives the start and the home side."""

    milestone_id: str
    type: str
    """basketball_game, football_game ..., as sent."""
    title: str
    start_time: datetime
    event_tickers: tuple[str, ...]
    """Events that this game decides."""
    related_event_tickers: tuple[str, ...]
    league: str | None
    """Kalshi's own name of it, e.g. NBA, NCAAMB."""
    status: str | None
    home_team: str | None
    """Structured-target UUID, as in the markets' `custom_strike`."""
    away_team: str | None
    source_ids: Mapping[str, str]
    updated_time: datetime | None


@dataclass(frozen=True, slots=True)
class BalanceSeen:
    """Dollars; `available` is cut to whole cents by the venue, `positions_value` counts open positions only."""

    available: Decimal
    positions_value: Decimal
    updated_time: datetime


@dataclass(frozen=True, slots=True)
class PositionSeen:
    market_id: str
    ticker: str
    contracts: Decimal
    """Above zero is YES, below is NO."""
    exposure: Decimal
    """Dollars at stake, as are the next three."""
    realized_pnl: Decimal
    fees_paid: Decimal
    total_traded: Decimal
    updated_time: datetime | None


@dataclass(frozen=True, slots=True)
class ApiError:
    """A refusal of the venue, whichever of its shapes it came in."""

    code: str
    message: str
    details: str = ""
