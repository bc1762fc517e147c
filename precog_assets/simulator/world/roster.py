"""Who plays: teams from the seeds with the codes of the anchor's day, and invented players."""

from __future__ import annotations

from precog_assets.domain.times import EASTERN
from precog_assets.seeds import TeamSeed, kalshi_codes, team_seeds
from precog_assets.simulator.world.model import SimTeam
from precog_assets.simulator.world.names import MEN, SURNAMES, WOMEN
from precog_assets.simulator.world.randomness import shuffled, stream
from precog_assets.simulator.world.settings import WorldSettings

TENNIS = frozenset({"atp", "wta"})
PLAYERS = 240
"""Players a tour has."""


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
