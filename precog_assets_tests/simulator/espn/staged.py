"""The real world with one game in a state of the test's choice: rare states, at an instant that is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world import World
from precog_assets.simulator.world.model import Listing, SimGame, SimTeam, Truth


class StagedWorld:
    """A `WorldView`: another world, in which a game stands as it is told to."""

    def __init__(self, world: World, game: SimGame, shown: SimGame | None = None, **changes: Any) -> None:
        """`shown`: the game with other facts; `changes`: what is other about its truth at any instant."""
        self._world = world
        self._game = game
        self._shown = shown or game
        self._changes = changes
        self.announced: Listing | None = None

    @property
    def leagues(self) -> tuple[str, ...]:
        return self._world.leagues

    def games_on(self, league: str, day: date) -> list[SimGame]:
        return [self._put(game) for game in self._world.games_on(league, day)]

    def listed_on(self, league: str, day: date, now: datetime) -> list[SimGame]:
        games = [self._put(game) for game in self._world.listed_on(league, day, now)]
        if self.announced is None:
            return games
        others = [game for game in games if game.event_id != self._game.event_id]
        return [*others, self._shown] if eastern_day(self.announced.start) == day else others

    def listing(self, game: SimGame, now: datetime) -> Listing:
        if self.announced is not None and game.event_id == self._game.event_id:
            return self.announced
        return self._world.listing(game, now)

    def season_days(self, league: str, season: int) -> tuple[date, date]:
        return self._world.season_days(league, season)

    def seasons(self, league: str) -> tuple[int, ...]:
        return self._world.seasons(league)

    def teams(self, league: str) -> tuple[SimTeam, ...]:
        return self._world.teams(league)

    def truth(self, game: SimGame, now: datetime) -> Truth:
        if game.event_id == self._game.event_id:
            return replace(self._world.truth(self._game, now), **self._changes)
        return self._world.truth(game, now)

    def timeline(self, game: SimGame) -> tuple[Truth, ...]:
        return self._world.timeline(self._game if game.event_id == self._game.event_id else game)

    def _put(self, game: SimGame) -> SimGame:
        return self._shown if game.event_id == self._game.event_id else game
