"""Bets and results to report on, made by hand: prices, payoffs and days said where they matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from precog_assets.config import load_trading_rules
from precog_assets.domain.trading import Action, Decision, Fill, Side
from precog_assets.pipeline.backtest.account import Bet
from precog_assets.pipeline.backtest.result import EquityPoint, Result

START = datetime(2025, 10, 22, 23, 30, tzinfo=UTC)
"""19:30 Eastern."""


def bet(
    number: int = 0,
    *,
    day: int = 0,
    side: Side = Side.YES,
    price: str = "0.50",
    contracts: str = "10",
    fees: str = "0.20",
    yes_value: str | None = "1",
    closing_mid: float | None = None,
    p_trading: float | None = 0.55,
    league: str = "nba",
    synthetic: bool = False,
    returned: bool = False,
    hours_before: float = 2,
) -> Bet:
    """A bet on the game `day` days after START, filled at once `hours_before` it."""
    start = START + timedelta(days=day)
    at = start - timedelta(hours=hours_before)
    decision = Decision(
        decision_id=f"d{number}-{day}",
        as_of=at,
        market_id=f"kalshi:M{number}-{day}",
        game_id=f"{league}:{number}-{day}",
        league=league,
        strategy="value",
        strategy_hash="0" * 12,
        action=Action.TAKE,
        reason="taken",
        gates=(),
        side=side,
        limit_price=Decimal(price),
        contracts=Decimal(contracts),
        p_trading=p_trading,
    )
    fill = Fill(
        f"f{number}-{day}", "c", decision.market_id, side, Decimal(price), Decimal(contracts), Decimal(fees), False, at
    )
    return Bet(
        decision,
        f"M{number}-{day}",
        start,
        synthetic,
        contracts=Decimal(contracts),
        cost=Decimal(price) * Decimal(contracts),
        fees=Decimal(fees),
        yes_value=None if yes_value is None else Decimal(yes_value),
        returned=returned,
        closing_mid=closing_mid,
        fills=[fill],
    )


def points(*equities: str, at_stake: str = "0") -> list[EquityPoint]:
    """Equity at the ends of Eastern days from START's on."""
    end = datetime(2025, 10, 23, 4, 0, tzinfo=UTC)
    return [EquityPoint(end + timedelta(days=at), Decimal(one), Decimal(at_stake)) for at, one in enumerate(equities)]


def result(*bets: Bet, **fields: Any) -> Result:
    """A result of the strategy `value` as it is configured."""
    rules = load_trading_rules()
    made = Result(rules.strategies["value"], rules.limits, rules.backtests, bets=list(bets))
    for name, value in fields.items():
        assert hasattr(made, name), name
        setattr(made, name, value)
    return made
