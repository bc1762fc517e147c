"""What a trade costs: the formula of prediction markets, exact in Decimal and the same over arrays.

Belongs here: fees of trades under a schedule, and the rounding of balances. Does not: which schedule a market has
(`fee_book.py`), rates (`config/fees.yaml`), how an order fills. The simulator charges by code of its own, on purpose.

    fee = round_up(multiplier * rate * contracts * price * (1 - price))

Kalshi fee schedule effective 7 July 2026 and its page on fee rounding; Polymarket's page on fees. No venue here
charges for settlement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

import numpy as np

_EXACT = Context(prec=80, rounding=ROUND_CEILING)
_PRICE_STEPS = 1_000_000
"""Steps of a price that arrays can hold: six decimals, the most a venue sends."""
_CONTRACT_STEPS = 100
"""Contracts come in hundredths."""
_OFF_GRID = 1e-6
"""Of a step: further from the grid than floats explain."""
_LARGEST_DIVISOR = 2**58


class UnknownFeeError(ValueError):
    """A market's fee cannot be said: its type has no published formula, or nobody knows its terms. Never zero."""


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """What a market charges at an instant."""

    venue: str
    fee_type: str
    multiplier: Decimal
    taker_rate: Decimal
    """Multiplier included: the share of contracts * price * (1 - price)."""
    maker_rate: Decimal
    round_up_to: Decimal
    """Dollars."""
    balance_precision: Decimal
    """Dollars that our balance is kept to."""
    rebate_step: Decimal
    source: str
    """Whose word it is: `event`, `series` (both as read from the venue or configured), or `default`."""
    since: datetime | None
    """When the terms began to hold, as far as is known."""

    def __post_init__(self) -> None:
        for name in ("multiplier", "taker_rate", "maker_rate"):
            if not getattr(self, name).is_finite() or getattr(self, name) < 0:
                raise ValueError(f"{name} of {self.venue} {self.fee_type}: {getattr(self, name)}; a fee is not below 0")
        for name in ("round_up_to", "balance_precision", "rebate_step"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} of {self.venue} {self.fee_type}: {getattr(self, name)}; expected above 0")

    @property
    def assumed(self) -> bool:
        """Whether nobody said so: the venue's default stands in."""
        return self.source == "default"

    def rate(self, *, maker: bool) -> Decimal:
        return self.maker_rate if maker else self.taker_rate


def check_price(price: Decimal) -> None:
    """Raises ValueError for a price no trade can have: 0, 1, outside them, or no number."""
    if not price.is_finite() or not 0 < price < 1:
        raise ValueError(f"price {price}: expected dollars a contract above 0 and below 1")


def check_contracts(contracts: Decimal) -> None:
    """Raises ValueError for a count no trade can have."""
    if not contracts.is_finite() or contracts <= 0:
        raise ValueError(f"contracts {contracts}: expected a number above 0")


def exact_fee(schedule: FeeSchedule, *, price: Decimal, contracts: Decimal, maker: bool) -> Decimal:
    """Dollars before rounding. Raises ValueError as `fee` does."""
    check_price(price)
    check_contracts(contracts)
    at_risk = _EXACT.multiply(_EXACT.multiply(contracts, price), _EXACT.subtract(Decimal(1), price))
    return _EXACT.multiply(schedule.rate(maker=maker), at_risk)


def fee(schedule: FeeSchedule, *, price: Decimal, contracts: Decimal, maker: bool) -> Decimal:
    """Dollars that one fill of `contracts` at `price` is charged, rounded up to the schedule's step.

    The same for YES at `price` and NO at `1 - price`. Raises ValueError for a price outside (0, 1) or a count that
    is not above 0.
    """
    exact = exact_fee(schedule, price=price, contracts=contracts, maker=maker)
    return exact.quantize(schedule.round_up_to, context=_EXACT)


def fee_array(schedule: FeeSchedule, prices: np.ndarray, contracts: np.ndarray | float, *, maker: bool) -> np.ndarray:
    """`fee` over arrays that broadcast: dollars as float64, each the float nearest to the exact rounded fee.

    Prices have at most six decimals, contracts two and are at most 10^9; whole numbers are computed throughout, so
    that no float decides which way a fee rounds. Raises ValueError naming the first value that is none of these.
    """
    price_steps = _on_grid(prices, _PRICE_STEPS, "price")
    count_steps = _on_grid(contracts, _CONTRACT_STEPS, "contracts")
    _first_bad((price_steps <= 0) | (price_steps >= _PRICE_STEPS), prices, "price", "above 0 and below 1")
    _first_bad((count_steps <= 0) | (count_steps > 10**11), contracts, "contracts", "above 0 and at most 10^9")
    at_risk, count_steps = np.broadcast_arrays(price_steps * (_PRICE_STEPS - price_steps), count_steps)
    steps_per_dollar = int(1 / schedule.round_up_to)
    a_step = Fraction(schedule.rate(maker=maker)) * steps_per_dollar / (_PRICE_STEPS**2 * _CONTRACT_STEPS)
    if a_step.numerator >= 2**31 or a_step.denominator >= _LARGEST_DIVISOR:
        pairs = zip(at_risk.ravel().tolist(), count_steps.ravel().tolist(), strict=True)
        whole = [-(-risk * count * a_step.numerator // a_step.denominator) for risk, count in pairs]
        return np.array(whole, np.float64).reshape(at_risk.shape) / steps_per_dollar
    return _ceiling(at_risk, count_steps, a_step) / steps_per_dollar


def _ceiling(at_risk: np.ndarray, counts: np.ndarray, a_step: Fraction) -> np.ndarray:
    """ceil(at_risk * counts * a_step), exact although the product overflows 64 bits.

    A float quotient is off by a few units at most; its remainder is small, so that it is right modulo 2^64.
    """
    numerator, divisor = a_step.numerator, a_step.denominator
    quotient = np.ceil(at_risk * counts.astype(np.float64) * (numerator / divisor)).astype(np.int64)
    with np.errstate(over="ignore"):
        left = at_risk * counts * np.int64(numerator) - quotient * np.int64(divisor)
    return quotient - (-left) // np.int64(divisor)


def _on_grid(values: np.ndarray | float, steps: int, name: str) -> np.ndarray:
    given = np.asarray(values, np.float64)
    _first_bad(~np.isfinite(given), given, name, "a number")
    scaled = given * steps
    whole = np.rint(scaled)
    _first_bad(
        np.abs(scaled - whole) > np.maximum(_OFF_GRID, np.abs(scaled) * 1e-15),
        given,
        name,
        f"at most {len(str(steps)) - 1} decimals",
    )
    return whole.astype(np.int64)


def _first_bad(bad: np.ndarray, values: np.ndarray | float, name: str, expected: str) -> None:
    if np.any(bad):
        index = int(np.argmax(np.ravel(bad)))
        raise ValueError(f"{name} {np.ravel(values)[index]!r} at {index}: expected {expected}")


@dataclass(frozen=True, slots=True)
class ChargedFill:
    """What one fill did to a balance, dollars."""

    trade_fee: Decimal
    rounding_fee: Decimal
    """What brought the balance back to its precision."""
    rebate: Decimal
    balance_change: Decimal
    """Revenue less the fees, plus the rebate; a multiple of the balance's precision."""

    @property
    def net_fee(self) -> Decimal:
        return self.trade_fee + self.rounding_fee - self.rebate


def floor_balance(schedule: FeeSchedule, *, revenue: Decimal, trade_fee: Decimal) -> tuple[Decimal, Decimal]:
    """(change of the balance, rounding fee) of a fill: revenue less fee, floored to the balance's precision.

    revenue is signed, below zero for a buyer. Raises ValueError for a fee below zero.
    """
    if trade_fee < 0:
        raise ValueError(f"trade fee {trade_fee}: a fee is not below 0")
    change = revenue - trade_fee
    floored = change.quantize(schedule.balance_precision, rounding=ROUND_FLOOR, context=_EXACT)
    return floored, change - floored


class OrderCharges:
    """Fees of one order's fills in turn: rounding is carried, and comes back in whole steps.

    The carry is of the order, whether its fills take or make. Once it exceeds the schedule's rebate step, whole steps
    of it are paid back, never more than the fill's own fees.
    """

    def __init__(self, schedule: FeeSchedule) -> None:
        self._schedule = schedule
        self.carried = Decimal(0)

    def fill(self, *, price: Decimal, contracts: Decimal, maker: bool, buys: bool = True) -> ChargedFill:
        """Charge the next fill. Raises ValueError as `fee` does."""
        trade_fee = fee(self._schedule, price=price, contracts=contracts, maker=maker)
        revenue = -price * contracts if buys else price * contracts
        change, rounding_fee = floor_balance(self._schedule, revenue=revenue, trade_fee=trade_fee)
        self.carried += rounding_fee
        step, rebate = self._schedule.rebate_step, Decimal(0)
        while self.carried > step and rebate + step <= trade_fee + rounding_fee:
            self.carried -= step
            rebate += step
        return ChargedFill(trade_fee, rounding_fee, rebate, change + rebate)
