"""Wins, losses and form of every team as they stood before a day: what boards and standings print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.simulator.world.model import SimGame, Truth, WorldView

ROLLOVER = timedelta(hours=5)
"""A night's games count from five in the morning, when all of them are over."""
_LONG = timedelta(days=2)
_STEP = 100
"""Days that are counted in one go; a season is walked in such steps, or the recursion would be too deep."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Results of one team so far in a regular season."""

    home: tuple[int, int, int] = (0, 0, 0)
    """Won, drawn, lost."""
    road: tuple[int, int, int] = (0, 0, 0)
    overtime_losses: int = 0
    scored: int = 0
    conceded: int = 0
    form: str = ""
    """Last five results, oldest first, of W, D and L."""

    @property
    def total(self) -> tuple[int, int, int]:
        return self.home[0] + self.road[0], self.home[1] + self.road[1], self.home[2] + self.road[2]

    def after(self, truth: Truth, *, home: bool) -> Tally:
        """The tally with one more result."""
        place = 1 if truth.winner == "draw" else 0 if (truth.winner == "home") == home else 2
        counts = list(self.home if home else self.road)
        counts[place] += 1
        own, other = (truth.home_score, truth.away_score) if home else (truth.away_score, truth.home_score)
        late = place == 2 and ("OT" in truth.detail or "SO" in truth.detail)
        changed = replace(
            self,
            overtime_losses=self.overtime_losses + late,
            scored=self.scored + own,
            conceded=self.conceded + other,
            form=(self.form + "WDL"[place])[-5:],
        )
        where: tuple[int, int, int] = (counts[0], counts[1], counts[2])
        return replace(changed, home=where) if home else replace(changed, road=where)


NOTHING = Tally()
Tallies = Mapping[str, Tally]


def summarised(counts: tuple[int, int, int]) -> str:
    """`12-4`, or `12-4-1` with ties."""
    won, drawn, lost = counts
    return f"{won}-{lost}-{drawn}" if drawn else f"{won}-{lost}"


class Records:
    """Tallies of a world's leagues by day, each built from the day before and kept."""

    def __init__(self, world: WorldView) -> None:
        self._world = world
        self._through = lru_cache(maxsize=512)(self._make_through)

    @staticmethod
    def counted(day: date, now: datetime) -> date:
        """The first day that does not count for a game on `day`, at `now`."""
        return min(day, eastern_day(now - ROLLOVER))

    def before(self, league: str, season: int, day: date, now: datetime) -> Tallies:
        """By team id, counting games on days before `day` that are over at `now`."""
        return self.through(league, season, self.counted(day, now))

    def through(self, league: str, season: int, counted: date) -> Tallies:
        """By team id, counting games on days before `counted`."""
        first, last = self._world.season_days(league, season)
        day = min(counted, last + timedelta(days=1)) - timedelta(days=1)
        if day < first:
            return {}
        for earlier in range((day - first).days % _STEP, (day - first).days, _STEP):
            self._through(league, season, first + timedelta(days=earlier))
        return self._through(league, season, day)

    def _make_through(self, league: str, season: int, day: date) -> Tallies:
        first, _ = self._world.season_days(league, season)
        previous: Tallies = self._through(league, season, day - timedelta(days=1)) if day > first else {}
        games = [game for game in self._world.games_on(league, day) if game.season == season and game.season_type == 2]
        if not games:
            return previous
        tallies = dict(previous)
        after = eastern_day_bounds(day)[1] + _LONG
        for game in games:
            self._count(tallies, game, self._world.truth(game, after))
        return tallies

    def _count(self, tallies: dict[str, Tally], game: SimGame, truth: Truth) -> None:
        if truth.completed:
            for team, home in ((game.home, True), (game.away, False)):
                tallies[team.espn_id] = tallies.get(team.espn_id, NOTHING).after(truth, home=home)
