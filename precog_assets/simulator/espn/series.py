"""Playoff series: which games make one, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from precog_assets.domain.times import days_between
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.world.model import SimGame, WorldView

LEAGUES = frozenset({"nba", "wnba", "nhl", "mlb"})
"""Leagues that decide their rounds over several games."""
_LONG_AFTER = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Standing:
    """A series at an instant."""

    wins: tuple[tuple[str, str, int], ...]
    """(team id, abbreviation, games won) of both sides, in the order of the first game."""
    total: int
    """Games at most."""

    @property
    def completed(self) -> bool:
        return max(count for _, _, count in self.wins) > self.total // 2

    def record(self, team_id: str) -> str:
        """Won-lost of one side, e.g. `3-2`."""
        own = next((count for number, _, count in self.wins if number == team_id), 0)
        return f"{own}-{sum(count for _, _, count in self.wins) - own}"

    def summary(self) -> str:
        """As boards word it: `FLA wins series 4-2`, `EDM leads series 2-1`, `Series tied 1-1`."""
        (_, _, low), (_, short, high) = sorted(self.wins, key=lambda side: side[2])
        if high == low:
            return f"Series tied {high}-{low}" if high else "Series starts"
        return f"{short} {'wins' if self.completed else 'leads'} series {high}-{low}"


class Series:
    """The playoff series of a world's leagues."""

    def __init__(self, world: WorldView) -> None:
        self._world = world
        self._games = lru_cache(maxsize=32)(self._make_games)

    def of(self, game: SimGame) -> tuple[SimGame, ...]:
        """The games of the series a game belongs to, in order; none outside of playoffs."""
        if game.series is None or game.league not in LEAGUES:
            return ()
        return self._games(game.league, game.season).get(game.series, ())

    def standing(self, game: SimGame, now: datetime) -> Standing | None:
        """How the game's series stands; None outside of playoffs."""
        games = self.of(game)
        if not games:
            return None
        first = games[0]
        won = {first.home.espn_id: 0, first.away.espn_id: 0}
        for one in games:
            truth = self._world.truth(one, now) if one.start <= now else None
            if truth is not None and truth.completed:
                won[one.home.espn_id if truth.winner == "home" else one.away.espn_id] += 1
        sides = ((team.espn_id, team.abbreviation, won[team.espn_id]) for team in (first.home, first.away))
        return Standing(tuple(sides), self._length(games))

    def _length(self, games: tuple[SimGame, ...]) -> int:
        """2n - 1 for a series won with n games."""
        winners = [self._winner(game) for game in games]
        return 2 * max(winners.count(side) for side in set(winners)) - 1

    def _winner(self, game: SimGame) -> str:
        truth = self._world.truth(game, game.start + _LONG_AFTER)
        return game.home.espn_id if truth.winner == "home" else game.away.espn_id

    def _make_games(self, league: str, season: int) -> dict[str, tuple[SimGame, ...]]:
        found: dict[str, list[SimGame]] = {}
        for day in days_between(*self._world.season_days(league, season)):
            for game in self._world.games_on(league, day):
                if game.series is not None and game.season == season:
                    found.setdefault(game.series, []).append(game)
        return {name: tuple(games) for name, games in found.items()}


def series_block(face: Face, game: SimGame, standing: Standing) -> Json:
    """`competition.series`."""
    core = f"http://sports.core.api.espn.pvt/v2/sports/{face.path.replace('/', '/leagues/')}/seasons/{game.season}"
    return {
        "type": "playoff",
        "title": "Playoff Series",
        "summary": standing.summary(),
        "completed": standing.completed,
        "totalCompetitions": standing.total,
        "competitors": [
            {
                "id": number,
                "uid": face.team_uid(number),
                "wins": count,
                "ties": 0,
                "href": f"{core}/teams/{number}?lang=en&region=us",
            }
            for number, _, count in standing.wins
        ],
    }
