"""When the seasons of the world are: their weeks, and the calendar in which every league plays together.

In the `together` calendar real months do not matter: each league has a past season, complete, and a
current one that began seven weeks before the anchor's week and runs on for at least 90 days after it.
Labels follow the league's rule as if the season began when it does here, and the past season is the one
before. The `real` calendar is in `real_calendar`; both make the same `SeasonPlan`s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from precog_assets.domain.leagues import League, SeasonLabel, Sport
from precog_assets.domain.times import EASTERN

WEEKS_BEFORE_ANCHOR = 7
CURRENT_WEEKS = 22
PAST_WEEKS = 18
LONG_PAST_WEEKS = 21
"""Of the tours and of soccer, who have little or nothing after the regular season."""
IDLE_WEEKS = 5
"""Between the past season's end and the current one's first regular game; preseasons fall into it."""
MAJOR_WEEK = 9
"""Of a season of tennis in which everything is together: its one major begins."""
_RESTS = frozenset({4, 13})
_ALL_STAR_WEEK = 12
_PAST_ALL_STAR_WEEK = 10
_OVERHANG = timedelta(days=2)
"""How far a week's games reach into the next one: Monday nights, make-ups."""


@dataclass(frozen=True, slots=True)
class Around:
    """Weeks of a league's season around the regular one."""

    preseason: int = 0
    gap: int = 0
    """Weeks without games between preseason and season."""
    postseason: int = 0


AROUND = {
    "nfl": Around(4, 1, 5),
    "nba": Around(2, 0, 9),
    "nhl": Around(2, 0, 9),
    "mlb": Around(4, 0, 5),
    "ncaab": Around(postseason=4),
    "wncaab": Around(postseason=4),
    "epl": Around(),
    "ligue1": Around(postseason=2),
    "mls": Around(postseason=6),
    "wnba": Around(1, 0, 5),
    "ncaaf": Around(postseason=6),
    "atp": Around(),
    "wta": Around(),
}
ALL_STARS = frozenset({"nba", "nhl", "mlb", "wnba"})
"""Leagues that stop for an all-star game; the NFL's falls into its postseason."""


@dataclass(frozen=True, slots=True)
class Major:
    """One of the four big tournaments of tennis, which both tours play at once."""

    number: int
    """The provider's, equal in both tours."""
    name: str
    part: str
    """Of the world, whose hours it keeps: `america`, `europe`, `australia`."""


MAJORS = (
    Major(154, "Australian Open", "australia"),
    Major(172, "Roland Garros", "europe"),
    Major(188, "Wimbledon", "europe"),
    Major(189, "US Open", "america"),
)


@dataclass(frozen=True, slots=True)
class SeasonPlan:
    """One season of one league: Mondays of its weeks, and what is played in them."""

    label: int
    index: int
    """Place among the world's seasons of the league, from 0."""
    first_monday: date
    weeks: int
    """Weeks of the regular season."""
    around: Around = Around()
    rests: frozenset[int] = frozenset()
    """Weeks in which a soccer league does not play: internationals, cups, winter."""
    all_star: int | None = None
    """The week of the all-star game."""
    majors: tuple[tuple[int, Major], ...] = ()
    """Weeks in which a major of tennis begins; each takes two."""
    anchored: bool = False
    """Everything is together, and the anchor falls into this season."""

    def day(self, week: int, weekday: int) -> date:
        """The day of a week (0 first, negative before) and weekday (0 Monday)."""
        return self.first_monday + timedelta(days=7 * week + weekday)

    def preseason_day(self, week: int, weekday: int) -> date:
        """The same, by the week of the preseason."""
        return self.day(week - self.around.preseason - self.around.gap, weekday)

    def postseason_day(self, week: int, weekday: int) -> date:
        """The same, by the week of the postseason."""
        return self.day(self.weeks + week, weekday)

    @property
    def first_day(self) -> date:
        """No game of the season is earlier."""
        return self.preseason_day(0, 0)

    def may_hold_regular(self, day: date) -> bool:
        """False for days that certainly have no game before the postseason."""
        return self.first_day <= day <= self.day(self.weeks, 0) + _OVERHANG

    def may_hold_postseason(self, day: date) -> bool:
        """False for days that certainly have no game of the postseason."""
        if not self.around.postseason:
            return False
        return self.postseason_day(0, 0) <= day <= self.postseason_day(self.around.postseason, 0) + _OVERHANG


def at_eastern(day: date, hour: int, minute: int = 0) -> datetime:
    """The UTC instant of an Eastern wall time; hours from 24 on are those of the next day."""
    day += timedelta(days=hour // 24)
    return datetime(day.year, day.month, day.day, hour % 24, minute, tzinfo=EASTERN).astimezone(UTC)


def label_of(league: League, first_day: date) -> int:
    """The provider's label for a season whose regular part begins on `first_day`."""
    return first_day.year + 1 if league.season_label is SeasonLabel.END_YEAR else first_day.year


def together_plans(league: League, anchor_day: date) -> tuple[SeasonPlan, ...]:
    """The league's past and current season around the anchor, everything in season."""
    monday = anchor_day - timedelta(days=anchor_day.weekday(), weeks=WEEKS_BEFORE_ANCHOR)
    label = label_of(league, monday)
    around = AROUND[league.key]
    long = league.sport in (Sport.SOCCER, Sport.TENNIS) and league.key != "mls"
    past_weeks = LONG_PAST_WEEKS - around.postseason if long else PAST_WEEKS
    soccer, stars, tennis = league.sport is Sport.SOCCER, league.key in ALL_STARS, league.sport is Sport.TENNIS
    rests = frozenset({min(_RESTS)}) if league.key == "mls" else _RESTS if soccer else frozenset[int]()
    majors = ((MAJOR_WEEK, MAJORS[-1]),) if tennis else ()
    past = SeasonPlan(
        label=label - 1,
        index=0,
        first_monday=monday - timedelta(weeks=IDLE_WEEKS + past_weeks + around.postseason),
        weeks=past_weeks,
        around=around,
        rests=rests,
        all_star=_PAST_ALL_STAR_WEEK if stars else None,
        majors=majors,
    )
    now = SeasonPlan(
        label=label,
        index=1,
        first_monday=monday,
        weeks=CURRENT_WEEKS,
        around=around,
        rests=rests,
        all_star=_ALL_STAR_WEEK if stars else None,
        majors=majors,
        anchored=True,
    )
    return past, now
