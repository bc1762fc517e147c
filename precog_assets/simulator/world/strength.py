"""How strong every side truly is on a day: ratings by season, and a walk by week within it.

Strengths are on the Elo scale around 0 within a league. What a side is at the end of a season lasts in
part into the next; within one it walks at random from week to week. In college it is its conference's
level plus its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from random import Random

from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.guests import guest_strengths
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.randomness import stream

CARRY = 0.75
"""Share of a strength that lasts from one season to the next."""
DRIFT = 0.07
"""Standard deviation of a week's step, of the league's own spread."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How unequal a league is, in Elo points: standard deviations, and the home side's edge."""

    own: float
    home_edge: float
    conference: float = 0.0


SPREADS = {
    "nfl": Spread(96, 36),
    "nba": Spread(106, 48),
    "nhl": Spread(62, 29),
    "mlb": Spread(45, 26),
    "ncaab": Spread(130, 105, 140),
    "wncaab": Spread(230, 60, 250),
    "epl": Spread(102, 56),
    "ligue1": Spread(96, 54),
    "atp": Spread(140, 0),
    "wta": Spread(130, 0),
    "ncaaf": Spread(110, 60, 100),
    "wnba": Spread(105, 75),
    "mls": Spread(65, 80),
}
GAP_STEP = 5.0
GAP_LIMIT = 900.0
"""Gaps are multiples of 5 up to 900, so that games of equal gap share their probability tables."""


def normal(rng: Random) -> float:
    """A standard normal number by Box and Muller, from `random()` only."""
    return math.sqrt(-2.0 * math.log(1.0 - rng.random())) * math.cos(2.0 * math.pi * rng.random())


def gap(home: float, away: float, league: str, *, neutral: bool) -> float:
    """The strength gap as games carry it: home edge included unless neutral, in steps of 5, within 900."""
    raw = home - away + (0.0 if neutral else SPREADS[league].home_edge)
    return max(-GAP_LIMIT, min(GAP_LIMIT, GAP_STEP * round(raw / GAP_STEP)))


class Strengths:
    """The strengths of one league over the seasons a world has."""

    def __init__(
        self,
        league: str,
        seed: int,
        teams: Sequence[SimTeam],
        group: Mapping[str, str],
        plans: Sequence[SeasonPlan],
    ) -> None:
        """`group` is the conference by team id, empty where there is none; `plans` are in order."""
        self._league, self._seed, self._plans = league, seed, tuple(plans)
        self._spread = SPREADS[league]
        levels = {
            name: self._spread.conference * normal(stream(seed, league, "level", name))
            for name in sorted({group.get(team.espn_id, "") for team in teams})
        }
        self._levels = {team.espn_id: levels[group.get(team.espn_id, "")] for team in teams}
        self._guests = guest_strengths(league)
        self._walk = lru_cache(maxsize=len(plans) * len(teams))(self._make_walk)

    def at(self, espn_id: str, plan: SeasonPlan, day: date) -> float:
        """Elo points on a day of a season; before the season's first week those of its beginning."""
        if espn_id not in self._levels:
            return self._guests[espn_id]
        walk = self._walk(espn_id, plan.index)
        week = max(0, min(len(walk) - 1, (day - plan.first_monday).days // 7))
        return self._levels[espn_id] + self._spread.own * walk[week]

    def _make_walk(self, espn_id: str, index: int) -> tuple[float, ...]:
        """Strength by week in units of the league's own spread, the conference's level left out."""
        rng = stream(self._seed, self._league, "strength", espn_id, index)
        news = normal(rng)
        now = CARRY * self._walk(espn_id, index - 1)[-1] + math.sqrt(1.0 - CARRY**2) * news if index else news
        walk = [now]
        plan = self._plans[index]
        for _ in range(plan.weeks + plan.around.postseason):
            walk.append(walk[-1] + DRIFT * normal(rng))
        return tuple(walk)
