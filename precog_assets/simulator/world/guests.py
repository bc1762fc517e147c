"""Sides that are of no league's list: all-star teams, clubs that come for a game of the preseason or a play-off.

All-star sides and guests have ids of their own (the provider's where they are known); they never count
in standings, and `World.teams` does not name them.
"""

from __future__ import annotations

from functools import cache

from precog_assets.seeds import TeamSeed, kalshi_guests, team_seeds
from precog_assets.simulator.world.model import SimTeam

GUEST_STRENGTH = -220.0
"""Elo points of a club from outside, among the league it visits."""
LOWER_LEAGUE_STRENGTH = -130.0
_GUEST_IDS = 990_000


def _side(league: str, espn_id: int, code: str, location: str, name: str) -> SimTeam:
    display = f"{location} {name}".strip()
    return SimTeam(league, str(espn_id), code, location or name, name, display, code)


ALL_STARS: dict[str, tuple[SimTeam, SimTeam]] = {
    "nfl": (_side("nfl", 990_101, "NFC", "NFC", "Pro Bowl"), _side("nfl", 990_102, "AFC", "AFC", "Pro Bowl")),
    "nba": (_side("nba", 990_201, "EAST", "Team", "East"), _side("nba", 990_202, "WEST", "Team", "West")),
    "nhl": (_side("nhl", 990_301, "EAS", "Team", "East"), _side("nhl", 990_302, "WES", "Team", "West")),
    "mlb": (
        _side("mlb", 32, "NL", "National League", "All-Stars"),
        _side("mlb", 31, "AL", "American League", "All-Stars"),
    ),
    "wnba": (_side("wnba", 990_401, "TMA", "Team", "Atlantic"), _side("wnba", 990_402, "TMP", "Team", "Pacific")),
}
"""Home, away."""


@cache
def visiting_clubs(league: str) -> tuple[SimTeam, ...]:
    """Clubs from outside that only play exhibition games, under the codes the exchange has for them."""
    found = [guest for guest in kalshi_guests() if guest.league == league]
    return tuple(
        SimTeam(league, str(_GUEST_IDS + place), guest.code, guest.name, guest.name, guest.name, guest.code)
        for place, guest in enumerate(found)
    )


@cache
def former_clubs(league: str) -> tuple[SimTeam, ...]:
    """Clubs of the seeds that play in the league below this year; a promotion play-off brings one back."""
    found = [seed for seed in team_seeds() if seed.league == league and not seed.current and seed.abbreviation]
    return tuple(_former(seed) for seed in sorted(found, key=lambda seed: int(seed.espn_team_id)))


def _former(seed: TeamSeed) -> SimTeam:
    code = seed.abbreviation or ""
    return SimTeam(seed.league, seed.espn_team_id, code, seed.location, seed.name, seed.display_name, code)


@cache
def guest_strengths(league: str) -> dict[str, float]:
    """Strength of every side that is not of the league, by id, Elo points."""
    stars = dict.fromkeys((team.espn_id for team in ALL_STARS.get(league, ())), 0.0)
    clubs = dict.fromkeys((team.espn_id for team in visiting_clubs(league)), GUEST_STRENGTH)
    lower = dict.fromkeys((team.espn_id for team in former_clubs(league)), LOWER_LEAGUE_STRENGTH)
    return stars | clubs | lower
