"""Soccer schedules: a double round robin at weekends and in some midweeks, at the hours each league plays.

Matches are announced for the weekend's usual hour until television has chosen; a postponed one keeps its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random

from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Slot, double_rounds, moved_hours, on, weekday_of
from precog_assets.simulator.world.model import Announced, SimTeam
from precog_assets.simulator.world.randomness import shuffled

Times = tuple[tuple[int, Slot], ...]
"""Weekday and Eastern slot of each match of a round, the last repeated for the rest."""


@dataclass(frozen=True, slots=True)
class Matchdays:
    """When a league's rounds are played, and how many there are."""

    rounds: int
    weekend: Times
    midweek: Times
    usual: tuple[int, Slot] | None
    """For when a weekend's matches are announced before television chooses. None: hours never move."""
    chosen_days: int
    """How long before the match its hour is set."""


_EPL_WEEKEND: Times = (
    (5, (7, 30)),
    (5, (10, 0)),
    (5, (10, 0)),
    (5, (12, 30)),
    (6, (9, 0)),
    (6, (11, 30)),
    (6, (9, 0)),
    (4, (15, 0)),
    (5, (10, 0)),
)
_LIGUE1_WEEKEND: Times = (
    (5, (11, 0)),
    (5, (13, 0)),
    (5, (15, 5)),
    (4, (14, 45)),
    (6, (9, 0)),
    (6, (11, 15)),
    (6, (14, 45)),
    (6, (11, 15)),
    (6, (9, 0)),
)
_MLS_WEEKEND: Times = ((5, (14, 30)), (5, (19, 30)), (5, (20, 30)), (5, (22, 30)), (6, (16, 45)), (5, (19, 30)))
MATCHDAYS = {
    "epl": Matchdays(38, _EPL_WEEKEND, ((1, (14, 30)), (1, (15, 15)), (2, (14, 30)), (2, (15, 15))), (5, (10, 0)), 38),
    "ligue1": Matchdays(34, _LIGUE1_WEEKEND, ((1, (13, 0)), (2, (13, 0)), (2, (15, 0))), (6, (9, 0)), 24),
    "mls": Matchdays(34, _MLS_WEEKEND, ((2, (19, 30)), (2, (22, 30))), None, 0),
}
POSTPONED_SHARE = 0.012
"""Of the matches: fog, storms and cups; each is played later under the same id."""
_LAST_ROUND: dict[str, tuple[int, Slot]] = {"epl": (6, (11, 0)), "ligue1": (5, (15, 0)), "mls": (5, (18, 0))}
"""The matches of the last round begin together."""
_REST_DAYS = (2, 1)
_WAIT = (18, 60)
"""Days from a postponed match to its new date."""


def soccer_fixtures(league: str, plan: SeasonPlan, teams: Sequence[SimTeam], rng: Random) -> list[Fixture]:
    """One round each weekend, the remaining ones in midweeks spread over the season; none in weeks of rest."""
    days = MATCHDAYS[league]
    numbers = double_rounds(shuffled(teams, rng))[: days.rounds]
    weeks = [week for week in range(plan.weeks) if week not in plan.rests]
    midweeks = len(numbers) - len(weeks)
    fixtures: list[Fixture] = []
    left = iter(numbers)
    for place, week in enumerate(weeks):
        kinds = [days.weekend]
        if (place + 1) * midweeks // len(weeks) > place * midweeks // len(weeks):
            kinds.insert(0, days.midweek)
        for times in kinds:
            for index, pair in enumerate(shuffled(next(left, []), rng)):
                last = week == weeks[-1] and times is days.weekend
                weekday, slot = _LAST_ROUND[league] if last else times[min(index, len(times) - 1)]
                fixtures.append(Fixture(*pair, on(plan.day(week, weekday), slot)))
    return fixtures


def soccer_changes(league: str, fixtures: Sequence[Fixture], spared: frozenset[date], rng: Random) -> list[Fixture]:
    """The same fixtures with hours chosen for television weeks before, and some postponed under the same id."""
    days = MATCHDAYS[league]
    busy: dict[str, set[date]] = {}
    for fixture in fixtures:
        for side in fixture.sides:
            busy.setdefault(side, set()).add(eastern_day(fixture.start))
    last = max(eastern_day(fixture.start) for fixture in fixtures) - timedelta(days=5)
    changed = []
    for fixture in fixtures:
        chance, cup = rng.random(), rng.random() < 0.5
        day = eastern_day(fixture.start)
        made = fixture
        if fixture.plain and days.usual is not None and day.weekday() >= 4 and not fixture.neutral:
            weekday, slot = days.usual
            made = moved_hours(fixture, on(weekday_of(day, weekday), slot), timedelta(days=days.chosen_days))
        if chance < POSTPONED_SHARE and day not in spared and not fixture.neutral:
            free = _free_day(fixture, day, last, busy, rng)
            if free is not None:
                for side in fixture.sides:
                    busy[side].add(free)
                made = _postponed(made, on(free, days.midweek[0][1]), cup=cup, rng=rng)
        changed.append(made)
    return changed


def _free_day(fixture: Fixture, day: date, last: date, busy: dict[str, set[date]], rng: Random) -> date | None:
    """A day from Monday to Thursday some weeks later on which both sides are rested and rest afterwards.

    Two days are the rule; where there is none, one must do.
    """
    earliest = _WAIT[0] + int(20 * rng.random())
    ahead = [day + timedelta(days=days) for days in range(earliest, _WAIT[1])]
    for rest in _REST_DAYS:
        for free in ahead:
            around = {free + timedelta(days=step) for step in range(-rest, rest + 1)}
            if free <= last and free.weekday() < 4 and not any(busy[side] & around for side in fixture.sides):
                return free
    return None


def _postponed(fixture: Fixture, start: datetime, *, cup: bool, rng: Random) -> Fixture:
    """Called off (weeks before for a cup, else on the day), dated anew still postponed, then scheduled again."""
    before = timedelta(days=12 + int(8 * rng.random())) if cup else timedelta(hours=3 + int(20 * rng.random()))
    off = fixture.start - before
    wait = start - fixture.start
    dated = fixture.start + wait * (0.2 + 0.2 * rng.random())
    again = fixture.start + wait * (0.5 + 0.2 * rng.random())
    history = fixture.history or (Announced(None, fixture.start),)
    return replace(fixture, start=start, announced=(*history, Announced(dated, start)), off_from=off, off_until=again)
