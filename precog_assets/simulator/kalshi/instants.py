"""Instants as whole microseconds since 1970: the exact unit of quotes, prints and books."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
NEVER_US = 1 << 62
"""Later than any instant."""
_MICROSECOND = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970 of an aware instant, exactly."""
    return (instant - EPOCH) // _MICROSECOND


def instant_of(time_us: int) -> datetime:
    """The instant, in UTC."""
    return EPOCH + timedelta(microseconds=time_us)
