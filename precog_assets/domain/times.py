"""Time: UTC inside, Eastern days at the edges, season labels, and the clocks that are passed in.

ESPN's boards and Kalshi's tickers name the US Eastern day of a game, which differs from the UTC
date for most evening games; every conversion between the two is here and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from precog_assets.domain.leagues import League, SeasonLabel

EASTERN = ZoneInfo("America/New_York")

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_FRACTION = re.compile(r"\.(\d{1,9})")


class Clock(Protocol):
    """Wall time as the platform sees it; simulated worlds bring their own."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A simulated clock: at `real_anchor` it showed `world_anchor`, and it runs `speed` times as fast."""

    real_anchor: datetime
    world_anchor: datetime
    speed: float = 1.0

    def now(self) -> datetime:
        return self.at(datetime.now(UTC))

    def at(self, real: datetime) -> datetime:
        return self.world_anchor + (real - self.real_anchor) * self.speed


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that stands still: replays, and tests."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant


def speed_of(clock: Clock) -> float:
    """How many seconds of the clock pass in one of the machine's: a simulated world may run faster."""
    return float(getattr(clock, "speed", 1.0))


def parse_instant(text: str) -> datetime:
    """An RFC 3339 instant, with or without seconds, up to nanoseconds, as aware UTC (microseconds).

    Raises ValueError naming the text when it is not one, or carries no zone.
    """
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        raise ValueError(f"not an instant: {text!r}; expected e.g. 2026-10-09T00:15Z or 2026-10-09T00:15:00.123Z")
    whole = _FRACTION.sub(lambda m: "." + m.group(1)[:6].ljust(6, "0"), text) if "." in text else text
    try:
        return datetime.fromisoformat(whole).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"not an instant: {text!r} ({error})") from error


def eastern_day(instant: datetime) -> date:
    """The US Eastern calendar day an instant falls on."""
    return instant.astimezone(EASTERN).date()


def eastern_day_bounds(day: date) -> tuple[datetime, datetime]:
    """Start (inclusive) and end (exclusive) of a US Eastern day in UTC; 23, 24 or 25 hours apart."""
    start = datetime(day.year, day.month, day.day, tzinfo=EASTERN)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=EASTERN)
    return start.astimezone(UTC), end.astimezone(UTC)


def board_days(instant: datetime, *, rollover_hours: int = 5) -> tuple[date, ...]:
    """The Eastern days whose boards can hold a running game: today, and yesterday until `rollover_hours`."""
    local = instant.astimezone(EASTERN)
    if local.hour < rollover_hours:
        return (local.date() - timedelta(days=1), local.date())
    return (local.date(),)


def days_between(first: date, last: date) -> list[date]:
    """Every day from first to last, both included; empty when last is before first."""
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def season_of(league: League, instant: datetime) -> int:
    """The season label of an instant by the league's calendar; used only where the provider sent none."""
    local = instant.astimezone(EASTERN).date()
    if league.season_label is SeasonLabel.CALENDAR_YEAR:
        return local.year
    month, day = (int(part) for part in league.season_starts.split("-"))
    start_year = local.year if (local.month, local.day) >= (month, day) else local.year - 1
    return start_year if league.season_label is SeasonLabel.START_YEAR else start_year + 1
