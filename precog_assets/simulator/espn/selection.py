"""Which games a scoreboard request gets: days, months, football weeks and seasons, college groups, limits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import days_between, eastern_day
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.query import BoardQuery
from precog_assets.simulator.espn.teams import conference_ids
from precog_assets.simulator.world.model import SimGame, WorldView
from precog_assets.simulator.world.randomness import digest

FEATURED = 12
"""College games that come at most when no group is named (Q14)."""
DIVISIONS = {Sport.BASKETBALL: frozenset({"50"}), Sport.FOOTBALL: frozenset({"80", "90"})}
"""Groups that hold every game: the first divisions, and in football all of Division I."""
CHAMPIONSHIP = "100"
_WEEK_STARTS = 1
"""Football weeks run from Tuesday to Monday."""


class Selection:
    """Chooses games of one world for boards."""

    def __init__(self, world: WorldView) -> None:
        self._world = world

    def games(self, face: Face, query: BoardQuery, now: datetime) -> list[SimGame]:
        """The games of a board before its limit, by day, start and id."""
        games = [game for day in self._days(face, query, eastern_day(now)) for game in self.listed(face.key, day, now)]
        if face.sport is Sport.FOOTBALL:
            season = self._season_asked(face, query, eastern_day(now))
            if season is not None:
                games = [game for game in games if game.season == season]
            if query.season_type is not None:
                games = [game for game in games if game.season_type == query.season_type]
            if query.week is not None:
                games = [game for game in games if game.week == query.week]
        return _grouped(face, games, query.group) if face.college else games

    def listed(self, league: str, day: date, now: datetime) -> list[SimGame]:
        """The games a day's board shows; none outside of the world's seasons."""
        return self._world.listed_on(league, day, now)

    def season_at(self, face: Face, day: date) -> int:
        """The last season that has begun by a day, or the first one."""
        seasons = self._world.seasons(face.key)
        begun = [season for season in seasons if self._world.season_days(face.key, season)[0] <= day]
        return begun[-1] if begun else seasons[0]

    def kind_at(self, face: Face, season: int, day: date) -> int:
        """The season type of the last game up to a day; off season after the end."""
        first, last = self._world.season_days(face.key, season)
        if day > last:
            return 4
        for earlier in reversed(days_between(first, day)):
            games = self._world.games_on(face.key, earlier)
            if games:
                return games[-1].season_type
        return 1

    def _season_asked(self, face: Face, query: BoardQuery, today: date) -> int | None:
        """A year of football is a season; a week or type without a date means the one that runs."""
        if query.year is not None:
            return query.year
        if query.dated or (query.week is None and query.season_type is None):
            return None
        return self.season_at(face, today)

    def _days(self, face: Face, query: BoardQuery, today: date) -> Iterable[date]:
        if query.day is not None:
            return [query.day]
        if face.sport is Sport.FOOTBALL:
            season = self._season_asked(face, query, today)
            if season is not None:
                known = season in self._world.seasons(face.key)
                return days_between(*self._world.season_days(face.key, season)) if known else []
        if query.days:
            return query.days
        if face.sport is Sport.FOOTBALL:
            first = today - timedelta(days=(today.weekday() - _WEEK_STARTS) % 7)
            return days_between(first, first + timedelta(days=6))
        return [today]


def _grouped(face: Face, games: list[SimGame], group: str | None) -> list[SimGame]:
    """College games of a group; without one, a featured dozen."""
    if group is None:
        ranked = sorted(games, key=lambda game: digest("featured", game.event_id))[:FEATURED]
        return [game for game in games if game in ranked]
    if group == CHAMPIONSHIP:
        return [game for game in games if in_championship(game)]
    if group in DIVISIONS[face.sport]:
        return [game for game in games if not in_championship(game)]
    return [game for game in games if group in (_conference(game, True), _conference(game, False))]


def in_championship(game: SimGame) -> bool:
    """True for the national basketball tournament, which group 50 lacks."""
    return game.season_type == 3 and game.note is not None and game.note.startswith("NCAA")


def _conference(game: SimGame, home: bool) -> str | None:
    side = game.home if home else game.away
    found = conference_ids(game.league).get(side.espn_id)
    return found[0] if found else None
