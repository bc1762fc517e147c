"""What a world is made from: a seed, the instant its user starts it, and the leagues it plays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import EASTERN, eastern_day

Calendar = Literal["together", "real"]
"""`together`: every league is in season at the anchor. `real`: each in its own months."""


def _default_leagues() -> tuple[str, ...]:
    return tuple(key for key, league in load_leagues().items() if league.default)


def default_anchor(now: datetime) -> datetime:
    """The most recent Saturday, 20:00 Eastern, not after `now`, in UTC: an evening on which every league plays."""
    local = now.astimezone(EASTERN)
    day = local.date() - timedelta(days=(local.weekday() - 5) % 7)
    evening = datetime(day.year, day.month, day.day, 20, tzinfo=EASTERN)
    if evening > local:
        day -= timedelta(days=7)
        evening = datetime(day.year, day.month, day.day, 20, tzinfo=EASTERN)
    return evening.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """The same settings make the same world, in any process.

    `anchor` is an aware instant; a naive one, an unknown league and an unknown calendar raise ConfigurationError.
    """

    anchor: datetime
    seed: int = 1
    leagues: tuple[str, ...] = ()
    """Empty means the default leagues of the configuration."""
    calendar: Calendar = "together"

    def __post_init__(self) -> None:
        if self.anchor.tzinfo is None:
            raise ConfigurationError(f"World anchor {self.anchor.isoformat()} has no time zone; give an aware instant.")
        if self.calendar not in get_args(Calendar):
            kinds = " or ".join(get_args(Calendar))
            raise ConfigurationError(f"World calendar {self.calendar!r}: expected {kinds}.")
        known = load_leagues()
        for key in self.leagues:
            if key not in known:
                raise ConfigurationError(f"Unknown league {key!r} for the world; known: {', '.join(known)}.")
        object.__setattr__(self, "anchor", self.anchor.astimezone(UTC))
        object.__setattr__(self, "leagues", tuple(self.leagues) or _default_leagues())

    @property
    def anchor_day(self) -> date:
        """The Eastern day of the anchor."""
        return eastern_day(self.anchor)
