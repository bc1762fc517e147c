"""What a backtest did: its bets, refusals, equity and counts. Reports are made of this and of nothing else.

Belongs here: the type. Does not: how it comes about (`run.py`), figures and pages (`report.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from precog_assets.domain.facts import Origin
from precog_assets.domain.strategies import Backtests, Limits, Strategy
from precog_assets.domain.trading import Decision
from precog_assets.pipeline.backtest.account import Bet

GateCount = tuple[str, str, str]
"""League (empty where unknown), month as YYYY-MM, and the gate that failed first, or `taken`."""


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The account at the end of a chunk."""

    at: datetime
    equity: Decimal
    at_stake: Decimal


@dataclass(slots=True)
class Result:
    """What a backtest did."""

    strategy: Strategy
    limits: Limits
    assumptions: Backtests
    first: datetime | None = None
    last: datetime | None = None
    """The time decided in, from and to; None without any chunk. Payouts may come later, and are in the equity."""
    events: int = 0
    """Quotes in the time asked for."""
    asked: int = 0
    """Decisions that `decide` was called for."""
    by_gate: Counter[GateCount] = field(default_factory=Counter)
    origins: Counter[Origin] = field(default_factory=Counter)
    """Facts by origin, quotes among them."""
    synthetic: int = 0
    """Quotes whose bid and ask were made from one price."""
    assumed_starts: int = 0
    """Games whose start nobody said."""
    markets: int = 0
    bets: list[Bet] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    """Those that took a position; all of them where the run was asked to keep them."""
    equity: list[EquityPoint] = field(default_factory=list)
    orders_sent: int = 0
    disputed: int = 0
    balances: Mapping[str, Decimal] = field(default_factory=dict)
    """The ledger's accounts at the end; they sum to zero."""

    @property
    def not_live_share(self) -> float | None:
        """Share of the facts that were not observed live; None without facts."""
        total = sum(self.origins.values())
        return 1.0 - self.origins[Origin.LIVE] / total if total else None
