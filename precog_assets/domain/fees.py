"""What a venue says its markets charge: scheduled changes, and the terms that its series and events were seen with.

Types only. Fee types and multipliers are the venue's own words; what they cost is `pricing.fees`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class FeeScope(StrEnum):
    """What terms hold for: all markets of a series, or those of one event, which overrides its series."""

    SERIES = "series"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class FeeTermsSeen:
    """Terms of a series or event: scheduled to hold from an instant, or seen to hold when they were read."""

    venue: str
    change_id: str
    """The venue's id of a scheduled change; of terms seen, `seen:{scope}:{ticker}`."""
    scope: FeeScope
    ticker: str
    series_ticker: str
    effective_at: datetime | None
    """When a scheduled change takes effect. None: the terms held when they were read."""
    fee_type: str | None
    """None: an event has no override (any more) and its series' holds."""
    multiplier: Decimal | None


@dataclass(frozen=True, slots=True)
class FeeFact:
    """A stored statement of terms, and from when to when the venue was seen to make it."""

    terms: FeeTermsSeen
    observed_at: datetime
    confirmed_at: datetime
    known_at: datetime


def seen_terms(
    venue: str, scope: FeeScope, ticker: str, series_ticker: str, fee_type: str | None, multiplier: Decimal | None
) -> FeeTermsSeen:
    """Terms as a series' or event's own fields show them."""
    return FeeTermsSeen(
        venue=venue,
        change_id=f"seen:{scope.value}:{ticker}",
        scope=scope,
        ticker=ticker,
        series_ticker=series_ticker,
        effective_at=None,
        fee_type=fee_type,
        multiplier=multiplier,
    )
