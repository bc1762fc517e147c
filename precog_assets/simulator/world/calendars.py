"""When the seasons of the world are: a fictional calendar in which every league is in season at the anchor.

Each league has a past season, complete, and a current one that began seven weeks before the anchor's
week and runs on for at least 90 days after it. Real months do not matter; labels follow the league's
rule as if the season began when it does here, and the past season is the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from precog_assets.domain.leagues import League, SeasonLabel
from precog_assets.domain.times import EASTERN

WEEKS_BEFORE_ANCHOR = 7
CURRENT_WEEKS = 22
PAST_WEEKS = 21
POSTSEASON_WEEKS = 3
IDLE_WEEKS = 5
"""Between the past season's end and the current one's first regular game; preseasons fall into it."""
PRESEASON_WEEKS = 3
_OVERHANG = timedelta(days=2)
"""How far a week's games reach into the next one: Monday nights, make-ups."""


@dataclass(frozen=True, slots=True)
class SeasonPlan:
    """One season of one league: Mondays of its weeks, and what is played in them."""

    label: int
    first_monday: date
    weeks: int
    """Weeks of the regular season."""
    preseason_weeks: int
    postseason_weeks: int
    current: bool

    def day(self, week: int, weekday: int) -> date:
        """The day of a week (0 first, negative before) and weekday (0 Monday)."""
        return self.first_monday + timedelta(days=7 * week + weekday)

    def may_hold(self, day: date) -> bool:
        """False for days that certainly have no game of this season."""
        first, last = self.day(-self.preseason_weeks, 0), self.day(self.weeks + self.postseason_weeks, 0)
        return first <= day <= last + _OVERHANG


def at_eastern(day: date, hour: int, minute: int = 0) -> datetime:
    """The UTC instant of an Eastern wall time."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=EASTERN).astimezone(UTC)


def current_label(league: League, first_day: date) -> int:
    """The provider's label for a season that begins on `first_day`."""
    return first_day.year + 1 if league.season_label is SeasonLabel.END_YEAR else first_day.year


def season_plans(league: League, anchor_day: date) -> tuple[SeasonPlan, SeasonPlan]:
    """The league's past and current season around the anchor."""
    monday = anchor_day - timedelta(days=anchor_day.weekday(), weeks=WEEKS_BEFORE_ANCHOR)
    label = current_label(league, monday)
    post = POSTSEASON_WEEKS if league.key not in _NO_POSTSEASON else 0
    past = SeasonPlan(
        label=label - 1,
        first_monday=monday - timedelta(weeks=IDLE_WEEKS + PAST_WEEKS),
        weeks=PAST_WEEKS - post,
        preseason_weeks=0,
        postseason_weeks=post,
        current=False,
    )
    now = SeasonPlan(
        label=label,
        first_monday=monday,
        weeks=CURRENT_WEEKS,
        preseason_weeks=PRESEASON_WEEKS if league.key in _PRESEASON else 0,
        postseason_weeks=0,
        current=True,
    )
    return past, now


_NO_POSTSEASON = frozenset({"epl", "ligue1", "mls", "atp", "wta"})
_PRESEASON = frozenset({"nfl", "nba"})
