"""Who plays, and how strong they truly are: teams from the seeds, invented players, ratings by season.

Strengths are on the Elo scale around 0 within a league. A team's strength in a season keeps part of
the one before; in college it is its conference's level plus its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from precog_assets.domain.times import EASTERN
from precog_assets.seeds import TeamSeed, kalshi_codes, team_seeds
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.names import MEN, SURNAMES, WOMEN
from precog_assets.simulator.world.randomness import shuffled, stream
from precog_assets.simulator.world.settings import WorldSettings

TENNIS = frozenset({"atp", "wta"})
PLAYERS = 240
"""Players a tour has."""

CARRY = 0.75
"""Share of a strength that lasts from one season to the next."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How unequal a league is, in Elo points: standard deviations, and the home side's edge."""

    own: float
    home_edge: float
    conference: float = 0.0


SPREADS = {
    "nfl": Spread(85, 50),
    "nba": Spread(105, 80),
    "nhl": Spread(55, 35),
    "mlb": Spread(45, 24),
    "ncaab": Spread(110, 100, 120),
    "wncaab": Spread(125, 90, 120),
    "epl": Spread(120, 65),
    "ligue1": Spread(110, 65),
    "atp": Spread(140, 0),
    "wta": Spread(130, 0),
    "ncaaf": Spread(110, 60, 100),
    "wnba": Spread(105, 75),
    "mls": Spread(65, 80),
}
GAP_STEP = 5.0
GAP_LIMIT = 700.0
"""Gaps are multiples of 5 up to 700, so that games of equal gap share their probability tables."""


def normal(rng: Random) -> float:
    """A standard normal number by Box and Muller, from `random()` only."""
    return math.sqrt(-2.0 * math.log(1.0 - rng.random())) * math.cos(2.0 * math.pi * rng.random())


def conferences(league: str) -> dict[str, str]:
    """ESPN team id to conference name for the league's current teams; empty name where there is none."""
    return {seed.espn_team_id: seed.conference or "" for seed in _seeds(league)}


def _seeds(league: str) -> list[TeamSeed]:
    found = [seed for seed in team_seeds() if seed.league == league and seed.current]
    return sorted(found, key=lambda seed: int(seed.espn_team_id))


def league_teams(league: str, settings: WorldSettings) -> tuple[SimTeam, ...]:
    """The sides of a league by id: its current teams with the code Kalshi uses on the anchor's day, or its players."""
    if league in TENNIS:
        return _players(league, settings)
    codes: dict[str, str] = {}
    day = settings.anchor.astimezone(EASTERN).date()
    for code in kalshi_codes():
        if code.league == league and code.holds_on(day):
            codes.setdefault(code.team_id, code.code)
    teams = []
    for seed in _seeds(league):
        abbreviation = seed.abbreviation or codes.get(seed.team_id) or seed.location[:4].upper()
        teams.append(
            SimTeam(
                league=league,
                espn_id=seed.espn_team_id,
                abbreviation=abbreviation,
                location=seed.location,
                name=seed.name,
                display_name=seed.display_name,
                kalshi_code=codes.get(seed.team_id, abbreviation),
            )
        )
    return tuple(teams)


def _players(league: str, settings: WorldSettings) -> tuple[SimTeam, ...]:
    rng = stream(settings.seed, league, "players")
    firsts, first_id = (MEN, 4000) if league == "atp" else (WOMEN, 7000)
    players = []
    for index, surname in enumerate(sorted(shuffled(SURNAMES, rng)[:PLAYERS])):
        first = firsts[int(rng.random() * len(firsts))]
        code = surname[:3].upper()
        players.append(
            SimTeam(
                league=league,
                espn_id=str(first_id + 7 * index),
                abbreviation=code,
                location="",
                name=surname,
                display_name=f"{first} {surname}",
                kalshi_code=code,
            )
        )
    return tuple(players)


def strengths(league: str, settings: WorldSettings, *, current: bool) -> dict[str, float]:
    """True strength by ESPN id in the past or the current season, Elo points."""
    spread = SPREADS[league]
    teams = league_teams(league, settings)
    group = {team.espn_id: "" for team in teams} if league in TENNIS else conferences(league)
    levels = {name: spread.conference * normal(stream(settings.seed, league, "level", name)) for name in group.values()}
    result = {}
    for team in teams:
        rng = stream(settings.seed, league, "strength", team.espn_id)
        past, news = normal(rng), normal(rng)
        own = past if not current else CARRY * past + math.sqrt(1.0 - CARRY**2) * news
        result[team.espn_id] = levels[group[team.espn_id]] + spread.own * own
    return result


def gap(home: float, away: float, league: str, *, neutral: bool) -> float:
    """The strength gap as games carry it: home edge included unless neutral, in steps of 5, within 700."""
    raw = home - away + (0.0 if neutral else SPREADS[league].home_edge)
    return max(-GAP_LIMIT, min(GAP_LIMIT, GAP_STEP * round(raw / GAP_STEP)))
