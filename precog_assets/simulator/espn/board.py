"""The scoreboard: the page around the events of a request."""

from __future__ import annotations

from datetime import date, datetime

import orjson

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import eastern_day
from precog_assets.simulator.espn.betting import PROVIDER
from precog_assets.simulator.espn.catalog import ALL_SOCCER, Face, stage_type
from precog_assets.simulator.espn.fragments import Fragments
from precog_assets.simulator.espn.leagues import Leagues
from precog_assets.simulator.espn.pieces import COMMA, Page, Pages, Piece, between
from precog_assets.simulator.espn.query import BoardQuery
from precog_assets.simulator.espn.selection import Selection
from precog_assets.simulator.espn.teams import board_team
from precog_assets.simulator.espn.tennis import Tournaments
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.world.model import SimGame, WorldView

WHOLE_SOCCER = 100
"""Events of `soccer/all` at most, whatever the limit."""


class Boards:
    """Scoreboards of one world."""

    def __init__(self, world: WorldView, fragments: Fragments, leagues: Leagues) -> None:
        self._world = world
        self._fragments = fragments
        self._leagues = leagues
        self._selection = Selection(world)
        self._tournaments = Tournaments(world, fragments)
        self._pages = Pages()

    @property
    def selection(self) -> Selection:
        return self._selection

    def page(self, face: Face, query: BoardQuery, now: datetime) -> Page:
        """The answer to a request at an instant."""
        if face.sport is Sport.TENNIS:
            return self._tennis_page(face, query, now)
        games = self._selection.games(face, query, now)
        head, tail = self._around(face, query, games, now)
        events = [self._fragments.event(face, game, now) for game in games[: query.at_most]]
        return self._pages.joined((face.key, query), between(head, events, tail))

    def soccer_page(self, faces: list[Face], query: BoardQuery, now: datetime) -> Page:
        """`soccer/all`: every league's matches on one board (Q16), which names no league."""
        found = [(game, face) for face in faces for game in self._selection.games(face, query, now)]
        found.sort(key=lambda entry: (entry[0].start, entry[0].event_id))
        shown = found[: min(query.at_most, WHOLE_SOCCER)]
        events = [self._fragments.event(face, game, now) for game, face in shown]
        head, tail = _split({"leagues": [{"calendar": []}], "events": [], "provider": PROVIDER})
        return self._pages.joined((ALL_SOCCER, query), between(head, events, tail))

    def _tennis_page(self, face: Face, query: BoardQuery, now: datetime) -> Page:
        """Every draw of the tournaments that run on a day, or on the days of a month, year or range."""
        day = query.day or eastern_day(now)
        first, last = (query.days[0], query.days[-1]) if query.days else (day, day)
        draws = self._tournaments.running(face.key, first, last)
        events: list[Piece] = []
        for games in draws[: query.at_most]:
            events += [COMMA] if events else []
            events += self._tournaments.event(face, games, now)
        season = draws[0][0].season if draws else self._selection.season_at(face, day)
        head, tail = _split(self._head(face, query, day, season, 2) | {"events": []})
        return self._pages.joined((face.key, query), (Piece(head), *events, Piece(tail)))

    def _around(self, face: Face, query: BoardQuery, games: list[SimGame], now: datetime) -> tuple[bytes, bytes]:
        """What stands before and behind the events."""
        day = query.day or eastern_day(now)
        season = games[0].season if games else self._selection.season_at(face, day)
        kind = games[0].season_type if games else self._selection.kind_at(face, season, day)
        page = self._head(face, query, day, season, kind)
        if not query.dated and face.sport is Sport.FOOTBALL:
            number = next((game.week for game in reversed(games) if game.week is not None), 1)
            page["week"] = {"number": query.week or number, "teamsOnBye": self._resting(face, games, kind)}
        page["events"] = []
        if face.college and query.group:
            page["eventsDate"] = {"date": f"{day.isoformat()}T00:00Z", "seasonType": stage_type(face, season, kind)}
        page["provider"] = PROVIDER
        return _split(page)

    def _head(self, face: Face, query: BoardQuery, day: date, season: int, kind: int) -> Json:
        """The league and, unless a date was asked for, the season and the day."""
        page: Json = {"leagues": [self._leagues.league(face, season, kind)]}
        if face.college and query.group:
            page["groups"] = [query.group]
        if not query.dated:
            page["season"] = {"type": stage_type(face, season, kind), "year": season}
            if face.sport is not Sport.FOOTBALL:
                page["day"] = {"date": day.isoformat()}
        return page

    def _resting(self, face: Face, games: list[SimGame], kind: int) -> list[Json]:
        """Teams without a game in a week of the regular season; college boards list none."""
        if face.college or kind != 2 or not games:
            return []
        playing = {side.espn_id for game in games for side in (game.home, game.away)}
        keys = (
            "id",
            "uid",
            "location",
            "name",
            "abbreviation",
            "displayName",
            "shortDisplayName",
            "isActive",
            "links",
            "logo",
        )
        rest = [board_team(face, team) for team in self._world.teams(face.key) if team.espn_id not in playing]
        return [{key: team[key] for key in keys} for team in rest]


def _split(page: Json) -> tuple[bytes, bytes]:
    """A page with an empty list of events, cut where they go."""
    head, _, tail = orjson.dumps(page).partition(b'"events":[]')
    return head + b'"events":[', b"]" + tail
