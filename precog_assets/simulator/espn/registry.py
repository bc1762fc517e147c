"""Games and teams by their ids, which the world itself knows by day only."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from precog_assets.domain.times import days_between
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.world.model import SimGame, SimTeam, WorldView


class Registry:
    """Finds what a path names in one world."""

    def __init__(self, world: WorldView) -> None:
        self._world = world
        self._season = lru_cache(maxsize=40)(self._make_season)

    def season(self, league: str, season: int) -> dict[str, SimGame]:
        """The games of a season by event id, in the order of their starts."""
        return self._season(league, season)

    def event(self, face: Face, event_id: str, now: datetime) -> SimGame | None:
        """The game with an id, if any page would name it by now."""
        for season in reversed(self._world.seasons(face.key)):
            game = self._season(face.key, season).get(event_id)
            if game is not None:
                return game if is_listed(game, now) else None
        return None

    def of_team(self, face: Face, team: SimTeam, season: int, now: datetime) -> list[SimGame]:
        """A team's games of a season as far as it is known to be in them, by announced start."""
        found = []
        for game in self._season(face.key, season).values():
            listing = self._world.listing(game, now)
            home = listing.home_known and game.home.espn_id == team.espn_id
            away = listing.away_known and game.away.espn_id == team.espn_id
            if (home or away) and is_listed(game, now):
                found.append((listing.start, game.event_id, game))
        return [game for _, _, game in sorted(found, key=lambda entry: entry[:2])]

    def team(self, face: Face, asked: str) -> SimTeam | None:
        """The team with an id, or with an abbreviation in any case."""
        teams = self._world.teams(face.key)
        by_id = next((team for team in teams if team.espn_id == asked), None)
        return by_id or next((team for team in teams if team.abbreviation.lower() == asked.lower()), None)

    def _make_season(self, league: str, season: int) -> dict[str, SimGame]:
        days = days_between(*self._world.season_days(league, season))
        games = [game for day in days for game in self._world.games_on(league, day) if game.season == season]
        return {game.event_id: game for game in games}


def is_listed(game: SimGame, now: datetime) -> bool:
    """False for a make-up before it is set, and for a game a series may yet turn out not to need."""
    return game.listed_from is None or now >= game.listed_from
