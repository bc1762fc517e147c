"""How a season comes together: the league's schedule, what changes in it, games that count for nothing, the postseason.

Belongs here: which parts a league's season has and in which order they are made; each part is a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from random import Random

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Sport
from precog_assets.simulator.world.brackets import Ladder
from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.championship import TOURNAMENT, championship_fixtures
from precog_assets.simulator.world.exhibitions import exhibitions
from precog_assets.simulator.world.fixtures import Fixture, Play, on
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.postponements import postponements
from precog_assets.simulator.world.postseason import Table, postseason_fixtures, table
from precog_assets.simulator.world.randomness import stream
from precog_assets.simulator.world.roster import TENNIS, conferences
from precog_assets.simulator.world.schedule_baseball import baseball_fixtures
from precog_assets.simulator.world.schedule_college import COLLEGES, college_fixtures
from precog_assets.simulator.world.schedule_football import football_changes, football_fixtures
from precog_assets.simulator.world.schedule_nightly import nightly_fixtures
from precog_assets.simulator.world.schedule_soccer import soccer_changes, soccer_fixtures
from precog_assets.simulator.world.schedule_tennis import tennis_fixtures
from precog_assets.simulator.world.settings import WorldSettings
from precog_assets.simulator.world.slate import settle_slate
from precog_assets.simulator.world.strength import Strengths
from precog_assets.simulator.world.weather import Weather

Numbered = list[tuple[int, Fixture]]
"""Fixtures with the numbers their ids are made of."""
_LARGEST_NUMBER = 8999


class SeasonMaker:
    """Makes the fixtures of one league's seasons."""

    def __init__(self, league: str, settings: WorldSettings, teams: Sequence[SimTeam], strengths: Strengths) -> None:
        self._league, self._settings, self._teams, self._strengths = league, settings, tuple(teams), strengths
        self._sport = load_leagues()[league].sport
        self._conference = {} if league in TENNIS else conferences(league)

    def regular(self, plan: SeasonPlan, play: Play) -> Numbered:
        """Everything before the postseason; a tour's whole season, in which `play` decides who goes on."""
        rng = self._stream(plan, "schedule")
        spared = self._spared() if plan.anchored else frozenset()
        if self._sport is Sport.TENNIS:
            anchor = self._settings.anchor if plan.anchored else None
            return tennis_fixtures(self._league, plan, self._teams, self._by_week(plan), anchor, rng, play)
        fixtures = self._schedule(plan, rng)
        if plan.anchored:
            fixtures = settle_slate(fixtures, self._sport, self._settings.anchor)
        changes = self._stream(plan, "changes")
        if self._league == "nfl":
            fixtures = football_changes(_ordered(fixtures), spared, changes)
        elif self._league == "mlb":
            fixtures = Weather(_ordered(fixtures), spared, changes).fixtures()
        elif self._sport is Sport.SOCCER:
            fixtures = soccer_changes(self._league, _ordered(fixtures), spared, changes)
        else:
            within = self._conference if self._league in COLLEGES else {}
            fixtures = postponements(_ordered(fixtures), spared, within, changes)
        fixtures += exhibitions(self._league, plan, self._teams, self._stream(plan, "exhibitions"))
        if len(fixtures) > _LARGEST_NUMBER:
            raise ValueError(
                f"{self._league} {plan.label}: {len(fixtures)} games; at most {_LARGEST_NUMBER} get a number."
            )
        return list(enumerate(_ordered(fixtures)))

    def postseason(self, plan: SeasonPlan, regular: Numbered, play: Play) -> Numbered:
        """The games after the regular season, whose table decides who is in."""
        if not plan.around.postseason:
            return []
        ladder = Ladder(play)
        if self._league in TOURNAMENT:
            strong = self._strong(plan, plan.postseason_day(0, 0))
            return championship_fixtures(self._league, plan, self._teams, self._conference, strong, ladder)
        return postseason_fixtures(self._league, plan, self._table(plan, regular, play), self._conference, ladder)

    def _table(self, plan: SeasonPlan, regular: Numbered, play: Play) -> Table:
        if self._league in COLLEGES:
            day = plan.postseason_day(0, 6)
            strong = self._strong(plan, day)
            order = sorted(self._teams, key=lambda team: -strong(team))
            return Table(tuple(order), on(day, (12, 0)))
        counted = [
            (fixture, play(number, fixture))
            for number, fixture in regular
            if fixture.season_type == 2 and fixture.fate == "played" and not fixture.exhibition
        ]
        soccer = self._sport is Sport.SOCCER
        return table(self._teams, counted, win=3.0 if soccer else 1.0, draw=1.0 if soccer else 0.5, by_share=not soccer)

    def _schedule(self, plan: SeasonPlan, rng: Random) -> list[Fixture]:
        league, teams = self._league, self._teams
        if league == "nfl":
            return football_fixtures(plan, teams, rng)
        if league == "mlb":
            return baseball_fixtures(plan, teams, rng)
        if self._sport is Sport.SOCCER:
            return soccer_fixtures(league, plan, teams, rng)
        if league in COLLEGES:
            return college_fixtures(league, plan, teams, self._conference, self._strong(plan, plan.first_monday), rng)
        return nightly_fixtures(league, plan, teams, rng)

    def _strong(self, plan: SeasonPlan, day: date) -> Callable[[SimTeam], float]:
        """Strength of a team on a day."""
        return lambda team: self._strengths.at(team.espn_id, plan, day)

    def _spared(self) -> frozenset[date]:
        """The anchor's day and the next, on which all goes as planned, so that every league can be seen playing."""
        day = self._settings.anchor_day
        return frozenset({day, day + timedelta(days=1)})

    def _by_week(self, plan: SeasonPlan) -> Mapping[str, Sequence[float]]:
        days = [plan.day(week, 0) for week in range(plan.weeks)]
        return {team.espn_id: [self._strengths.at(team.espn_id, plan, day) for day in days] for team in self._teams}

    def _stream(self, plan: SeasonPlan, name: str) -> Random:
        return stream(self._settings.seed, self._league, plan.label, plan.first_monday, name)


def _ordered(fixtures: Sequence[Fixture]) -> list[Fixture]:
    return sorted(fixtures, key=lambda fixture: (fixture.start, fixture.home.espn_id, fixture.away.espn_id))
