"""What a trade costs: Kalshi's published formulas with their rounding, in whole numbers throughout.

taker: M * 0.07 * C * P * (1 - P); maker: a quarter of it, a half for combos, or nothing, by the fee type; each
trade's fee is rounded up to $0.0001.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from precog_assets.simulator.kalshi.exchange.units import DOLLAR, LEAST_MONEY

_TAKER = Fraction(7, 100)
_MAKER_SHARE = {
    "quadratic": Fraction(0),
    "quadratic_with_maker_fees": Fraction(1, 4),
    "quadratic_with_combo_maker_fees": Fraction(1, 2),
}


@dataclass(frozen=True)
class FeeTerms:
    """The rates that hold in a market at a time."""

    fee_type: str
    multiplier: Fraction = Fraction(1)

    @cached_property
    def _rates(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Of makers and takers: steps of $0.0001 for one count at one price and its complement, as fractions."""
        if self.fee_type not in _MAKER_SHARE:
            raise ValueError(f"fee type {self.fee_type!r}: expected one of {', '.join(_MAKER_SHARE)}")
        taker = self.multiplier * _TAKER / (DOLLAR * LEAST_MONEY)
        maker = taker * _MAKER_SHARE[self.fee_type]
        return maker.as_integer_ratio(), taker.as_integer_ratio()

    def fee(self, price: int, count: int, *, taker: bool) -> int:
        """The fee of one trade as money. Raises ValueError for a fee type without a published formula."""
        numerator, denominator = self._rates[taker]
        return -(-numerator * count * price * (DOLLAR - price) // denominator) * LEAST_MONEY
