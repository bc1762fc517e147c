"""The shape of `fees.yaml`: what venues charge, by fee type, series, event and the instant it holds from.

Belongs here: types and the checks of a file. Does not: formulas (`pricing/fees.py`), choosing terms
(`pricing/fee_book.py`), and what venues announce, which is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

Member = Literal["direct", "non_direct"]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _power_of_ten(step: Decimal) -> Decimal:
    if not step.is_finite() or not 0 < step <= 1 or step != Decimal(1).scaleb(step.adjusted()):
        raise ValueError(f"expected 1, 0.1, 0.01 and so on, was {step}")
    return step


Step = Annotated[Decimal, AfterValidator(_power_of_ten)]
"""What is rounded to, dollars."""


class Rates(_Row):
    """Fees as a share of contracts * price * (1 - price)."""

    taker: Decimal = Field(ge=0, le=1)
    maker: Decimal = Field(ge=0, le=1)


class Period(_Row):
    """Formulas that hold from an instant to the next period's."""

    start: AwareDatetime = Field(alias="from")
    source: str
    round_up_to: Step
    fee_types: dict[str, Rates] = Field(min_length=1)


class Terms(_Row):
    """A fee type and what it is multiplied by."""

    fee_type: str
    multiplier: Decimal = Field(ge=0, le=100)


class DatedTerms(Terms):
    """Terms that hold from an instant to the next ones'."""

    start: AwareDatetime = Field(alias="from")


class VenueFees(_Row):
    """All that is configured of one venue."""

    member: Member
    """Whose balance is rounded how: ours."""
    balance_precision: dict[Member, Step]
    rebate_step: Step
    """Rounding paid too much over the fills of an order comes back in steps of this."""
    periods: tuple[Period, ...] = Field(min_length=1)
    default: Terms | None
    """For series nobody knows the terms of; None: such a series is refused."""
    series: dict[str, tuple[DatedTerms, ...]]
    events: dict[str, tuple[DatedTerms, ...]]

    @model_validator(mode="after")
    def _consistent(self) -> VenueFees:
        if self.member not in self.balance_precision:
            raise ValueError(f"balance_precision has no row for member {self.member!r}")
        _ascending("periods", [period.start for period in self.periods])
        known = {name for period in self.periods for name in period.fee_types}
        if self.default is not None:
            _known("default", self.default.fee_type, known)
        for kind, rows in (("series", self.series), ("events", self.events)):
            for ticker, dated in rows.items():
                _ascending(f"{kind}.{ticker}", [terms.start for terms in dated])
                for terms in dated:
                    _known(f"{kind}.{ticker}", terms.fee_type, known)
        return self


class FeeRules(_Row):
    """What every venue charges."""

    venues: dict[str, VenueFees] = Field(min_length=1)


def _ascending(name: str, starts: Sequence[datetime]) -> None:
    for earlier, later in pairwise(starts):
        if later <= earlier:
            raise ValueError(f"{name}: `from` {later.isoformat()} is not after {earlier.isoformat()}")


def _known(name: str, fee_type: str, known: set[str]) -> None:
    if fee_type not in known:
        raise ValueError(f"{name}: fee type {fee_type!r} is in no period; known: {', '.join(sorted(known))}")
