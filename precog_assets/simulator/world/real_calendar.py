"""The `real` calendar: seasons in their real months, with the breaks and the length they have in life.

Dates are rules, not tables, so that any year has them: the week of a date, the Monday on or after one.
A league has the season around the anchor, the one before it and the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from precog_assets.domain.leagues import League
from precog_assets.simulator.world.calendars import AROUND, MAJORS, Major, SeasonPlan, label_of

Day = tuple[int, int]
"""Month and day."""


def _week_of(year: int, month: int, day: int) -> date:
    """The Monday of the week a date lies in."""
    given = date(year, month, day)
    return given - timedelta(days=given.weekday())


def _monday_from(year: int, month: int, day: int) -> date:
    """The first Monday on or after a date."""
    return _week_of(year, month, day) + timedelta(weeks=0 if date(year, month, day).weekday() == 0 else 1)


def _labor_day(year: int) -> date:
    return _monday_from(year, 9, 1)


def _championship(year: int) -> date:
    """The Monday of the men's college final in the year after the season began."""
    return _monday_from(year + 1, 4, 2)


def _conference_week(year: int) -> date:
    return _championship(year) - timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class _Months:
    """When a league's season is, by the year in which it begins."""

    begins: Callable[[int], date]
    """The Monday of the first week."""
    ends: Callable[[int], date]
    """The Monday after the last week of the regular season."""
    rests: tuple[Day, ...] = ()
    """Dates in whose weeks a soccer league does not play."""
    all_star: Day | None = None
    """A date in the week of the all-star game."""


def _lasting(weeks: int, begins: Callable[[int], date]) -> tuple[Callable[[int], date], Callable[[int], date]]:
    return begins, lambda year: begins(year) + timedelta(weeks=weeks)


_INTERNATIONALS: tuple[Day, ...] = ((9, 5), (10, 10), (11, 14), (3, 27))
_EPL_CUPS: tuple[Day, ...] = ((1, 9), (4, 3))
_WINTER: tuple[Day, ...] = ((12, 26), (1, 2), (2, 6))
_MLS_BREAKS: tuple[Day, ...] = ((3, 28), (6, 6), (6, 13), (9, 5), (10, 10))
_COLLEGE = (lambda year: _monday_from(year, 11, 1), _conference_week)
_MONTHS = {
    "nfl": _Months(*_lasting(18, _labor_day)),
    "nba": _Months(*_lasting(25, lambda year: _week_of(year, 10, 21)), all_star=(2, 15)),
    "nhl": _Months(*_lasting(27, lambda year: _week_of(year, 10, 7)), all_star=(2, 3)),
    "mlb": _Months(*_lasting(27, lambda year: _week_of(year, 3, 26)), all_star=(7, 14)),
    "ncaab": _Months(*_COLLEGE),
    "wncaab": _Months(*_COLLEGE),
    "epl": _Months(*_lasting(40, lambda year: _week_of(year, 8, 19)), rests=_INTERNATIONALS + _EPL_CUPS),
    "ligue1": _Months(*_lasting(39, lambda year: _week_of(year, 8, 19)), rests=_INTERNATIONALS + _WINTER),
    "mls": _Months(*_lasting(36, lambda year: _week_of(year, 2, 22)), rests=_MLS_BREAKS),
    "wnba": _Months(*_lasting(18, lambda year: _week_of(year, 5, 16)), all_star=(7, 18)),
    "ncaaf": _Months(*_lasting(14, lambda year: _labor_day(year) - timedelta(weeks=1))),
    "atp": _Months(*_lasting(46, lambda year: _monday_from(year, 1, 1))),
    "wta": _Months(*_lasting(45, lambda year: _monday_from(year, 1, 1))),
}
_MAJOR_MONDAYS: tuple[Day, ...] = ((1, 14), (5, 24), (6, 28), (8, 25))
"""Each of the majors begins on the first Monday on or after its date."""


def real_plans(league: League, anchor_day: date) -> tuple[SeasonPlan, ...]:
    """The season before the anchor's, the anchor's (the last whose first day has come), and the next."""
    starts = range(anchor_day.year - 2, anchor_day.year + 3)
    begun = [year for year in starts if _plan(league, year, 1).first_day <= anchor_day]
    return tuple(_plan(league, begun[-1] + step, step + 1) for step in (-1, 0, 1))


def _plan(league: League, year: int, index: int) -> SeasonPlan:
    months = _MONTHS[league.key]
    first, end = months.begins(year), months.ends(year)
    weeks = (end - first).days // 7

    def week_of(day: Day) -> int:
        """The season's week in which a date lies, in this year or the next."""
        found = (_week_of(year, *day) - first).days // 7
        return found if found >= 0 else (_week_of(year + 1, *day) - first).days // 7

    return SeasonPlan(
        label=label_of(league, first),
        index=index,
        first_monday=first,
        weeks=weeks,
        around=AROUND[league.key],
        rests=frozenset(week_of(day) for day in months.rests),
        all_star=week_of(months.all_star) if months.all_star else None,
        majors=_majors(year, first) if league.key in ("atp", "wta") else (),
    )


def _majors(year: int, first: date) -> tuple[tuple[int, Major], ...]:
    mondays = [_monday_from(year, *day) for day in _MAJOR_MONDAYS]
    return tuple(((monday - first).days // 7, major) for monday, major in zip(mondays, MAJORS, strict=True))
