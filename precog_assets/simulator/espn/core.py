"""sports.core.api over a simulated world: lists of links with pages, events and their parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import Clock, eastern_day
from precog_assets.simulator.espn.answers import core_answer, core_refusal
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.core_odds import odds_items
from precog_assets.simulator.espn.core_pages import (
    competition_page,
    event_page,
    listed,
    ref,
    score_page,
    situation_page,
    status_page,
)
from precog_assets.simulator.espn.core_query import Malformed, asked_days, window
from precog_assets.simulator.espn.registry import Registry, is_listed
from precog_assets.simulator.espn.selection import Selection
from precog_assets.simulator.espn.showing import Showing, Showings
from precog_assets.simulator.espn.teams import conference_ids
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.turns import TURNS
from precog_assets.simulator.world.model import SimGame, WorldView

ROOT = "/v2/sports/{sport}/leagues/{league}"
BROKEN = "application error"
_CALENDARS = ("ondays", "offdays", "blacklist", "whitelist")
_DIVISIONS = ("50", "51")
_CONFERENCES = ("7", "8")


class CoreApi:
    """The core API's paths; pure but for the clock it is given."""

    def __init__(
        self, world: WorldView, clock: Clock, faces: dict[str, Face], showings: Showings, registry: Registry
    ) -> None:
        self._world = world
        self._clock = clock
        self._faces = faces
        self._showings = showings
        self._registry = registry
        self._selection = Selection(world)

    def routes(self) -> list[BaseRoute]:
        """The paths below `/v2/sports`."""
        competition = f"{ROOT}/events/{{event}}/competitions/{{competition}}"
        season = f"{ROOT}/seasons/{{season}}/types/{{kind}}"
        paths: list[tuple[str, Callable[[Request, Face, datetime], Response]]] = [
            (f"{ROOT}/events", self._events),
            (f"{ROOT}/events/{{event}}", self._shown(event_page)),
            (competition, self._shown(competition_page)),
            (f"{competition}/status", self._shown(status_page)),
            (f"{competition}/situation", self._situation),
            (f"{competition}/odds", self._odds),
            (f"{competition}/competitors/{{competitor}}/score", self._score),
            (f"{ROOT}/groups", self._groups),
            (f"{season}/groups", self._groups),
            (f"{season}/weeks", self._weeks),
            (f"{ROOT}/calendar", self._calendar),
            (f"{ROOT}/{{rest:path}}", self._elsewhere),
        ]
        return [Route(path, TURNS.take(self._answering(handler))) for path, handler in paths]

    def _answering(self, handler: Callable[[Request, Face, datetime], Response]) -> Callable[[Request], Response]:
        def answering(request: Request) -> Response:
            league = request.path_params["league"]
            face = self._faces.get(f"{request.path_params['sport']}/{league}")
            if face is None:
                return core_refusal(request, f"Invalid league: {league}", 400)
            try:
                return handler(request, face, self._clock.now())
            except Malformed as error:
                return core_refusal(request, str(error), 400)

        return answering

    def _events(self, request: Request, face: Face, now: datetime) -> Response:
        asked = window(request.query_params)
        dates = request.query_params.get("dates", "")
        today = eastern_day(now)
        season = self._selection.season_at(face, today)
        kind = min(self._selection.kind_at(face, season, today), 3)
        if dates:
            games = [game for day in asked_days(dates) for game in self._selection.listed(face.key, day, now)]
        else:
            every = self._registry.season(face.key, season).values()
            games = [game for game in every if game.season_type == kind and is_listed(game, now)]
        page = listed([ref(face, f"events/{game.event_id}") for game in games], asked)
        if not dates:
            return core_answer(request, page)
        parameters = {"seasTypes": [str(kind)], "season": [str(season)], "groups": [""]}
        parameters["dates"] = [dates.partition("-")[0]]
        return core_answer(request, {"$meta": {"parameters": parameters}, **page})

    def _game(self, request: Request, face: Face, now: datetime) -> SimGame | None:
        """The game a path names; in team sports the competition has the event's id."""
        event = request.path_params["event"]
        if request.path_params.get("competition", event) != event or face.sport is Sport.TENNIS:
            return None
        return self._registry.event(face, event, now)

    def _missing(self, request: Request) -> Response:
        return core_refusal(request, f"No event found for eventId: {request.path_params['event']}")

    def _shown(self, page: Callable[[Showing], Json]) -> Callable[[Request, Face, datetime], Response]:
        """Serves a page of the event a path names."""

        def handler(request: Request, face: Face, now: datetime) -> Response:
            game = self._game(request, face, now)
            if game is None:
                return self._missing(request)
            return core_answer(request, page(self._showings.look(face, game, now)))

        return handler

    def _situation(self, request: Request, face: Face, now: datetime) -> Response:
        game = self._game(request, face, now)
        page = situation_page(self._showings.look(face, game, now)) if game is not None else None
        return core_answer(request, page) if page is not None else self._missing(request)

    def _odds(self, request: Request, face: Face, now: datetime) -> Response:
        game = self._game(request, face, now)
        if game is None:
            return self._missing(request)
        items = odds_items(self._showings.look(face, game, now))
        return core_answer(request, listed(items, window(request.query_params)))

    def _score(self, request: Request, face: Face, now: datetime) -> Response:
        game = self._game(request, face, now)
        if game is None:
            return self._missing(request)
        show = self._showings.look(face, game, now)
        number = request.path_params["competitor"]
        for home, side, known in (
            (True, game.home, show.listing.home_known),
            (False, game.away, show.listing.away_known),
        ):
            if known and number == side.espn_id:
                return core_answer(request, score_page(show, home=home))
        return core_refusal(request, f"No competitor found for competitorId: {number}")

    def _groups(self, request: Request, face: Face, now: datetime) -> Response:
        season = int_of(request, "season", self._selection.season_at(face, eastern_day(now)))
        kind = int_of(request, "kind", 2)
        numbers = (
            _DIVISIONS if face.college else tuple(sorted({number for number, _ in conference_ids(face.key).values()}))
        )
        root = f"seasons/{season}/types/{kind}/groups"
        items = [ref(face, f"{root}/{number}") for number in numbers or _CONFERENCES]
        return core_answer(request, listed(items, window(request.query_params)))

    def _weeks(self, request: Request, face: Face, _now: datetime) -> Response:
        season, kind = int_of(request, "season", 0), int_of(request, "kind", 2)
        if season not in self._world.seasons(face.key):
            return core_refusal(request, f"No weeks found for season: {season}")
        games = self._registry.season(face.key, season).values()
        weeks = sorted({game.week for game in games if game.season_type == kind and game.week is not None})
        items = [ref(face, f"seasons/{season}/types/{kind}/weeks/{week}") for week in weeks]
        return core_answer(request, listed(items, window(request.query_params)))

    def _calendar(self, request: Request, face: Face, _now: datetime) -> Response:
        items = [ref(face, f"calendar/{name}") for name in _CALENDARS]
        return core_answer(request, listed(items, window(request.query_params)))

    def _elsewhere(self, request: Request, _face: Face, _now: datetime) -> Response:
        return core_refusal(request, BROKEN, 500)


def int_of(request: Request, name: str, otherwise: int) -> int:
    """A number of the path; raises Malformed for one that is none."""
    text = request.path_params.get(name)
    if text is None:
        return otherwise
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Malformed(f"Invalid value for parameter {name}: {text}")
    return int(text)
