"""ESPN's site API over a simulated world: routes, refusals, headers. What the pages hold is made elsewhere."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import Clock, eastern_day
from precog_assets.simulator.espn.board import Boards
from precog_assets.simulator.espn.catalog import Face, face_of
from precog_assets.simulator.espn.query import REFUSED, Refused, parse_query
from precog_assets.simulator.espn.records import Records
from precog_assets.simulator.espn.standings import standings_page
from precog_assets.simulator.espn.teams import listed_team
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.turns import TURNS
from precog_assets.simulator.world.model import WorldView

BOARD_AGE_S = 4
LIST_AGE_S = 63
COLLEGE_TEAMS = 50
"""Teams a college list has unless `limit` asks for more."""
_OTHER_LISTS = 500


class EspnVenue:
    """Serves a world's leagues at ESPN's paths; pure but for the clock it is given."""

    def __init__(self, world: WorldView, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._faces = {face_of(league).path: face_of(league) for league in world.leagues}
        self._records = Records(world)
        self._boards = Boards(world, self._records)

    def routes(self) -> list[BaseRoute]:
        """The paths of site.api.espn.com this venue answers."""
        return [
            Route("/apis/site/v2/sports/{sport}/{league}/scoreboard", TURNS.take(self.scoreboard)),
            Route("/apis/site/v2/sports/{sport}/{league}/teams", TURNS.take(self.teams)),
            Route("/apis/v2/sports/{sport}/{league}/standings", TURNS.take(self.standings)),
        ]

    def scoreboard(self, request: Request) -> Response:
        face = self._face(request)
        if face is None:
            return _refusal(REFUSED)
        try:
            query = parse_query(request.query_params)
        except Refused as refused:
            return _refusal(str(refused))
        return _answer(self._boards.page(face, query, self._clock.now()), BOARD_AGE_S)

    def teams(self, request: Request) -> Response:
        face = self._face(request)
        if face is None or face.sport is Sport.TENNIS:
            return _refusal("Failed to get league teams summary")
        try:
            limit = parse_query({"limit": request.query_params.get("limit", "")}).limit
        except Refused as refused:
            return _refusal(str(refused))
        if "limit" not in request.query_params:
            limit = COLLEGE_TEAMS if face.college else _OTHER_LISTS
        return _answer(self._team_page(face, limit), LIST_AGE_S)

    def standings(self, request: Request) -> Response:
        face = self._face(request)
        slug = request.path_params["league"]
        wrong = f"Unable to retrieve any standings information for {slug}"
        if face is None or face.sport is Sport.TENNIS:
            return _refusal(wrong)
        seasons = self._world.seasons(face.key)
        asked = request.query_params.get("season", str(seasons[-1]))
        if asked not in {str(season) for season in seasons}:
            return _refusal(wrong)
        page = standings_page(self._world, self._records, face, int(asked), self._clock.now())
        return _answer(page, LIST_AGE_S)

    def _face(self, request: Request) -> Face | None:
        return self._faces.get(f"{request.path_params['sport']}/{request.path_params['league']}")

    def _team_page(self, face: Face, limit: int) -> Json:
        season = self._boards.season_at(face, eastern_day(self._clock.now()))
        sport = face.path.partition("/")[0]
        teams = sorted(self._world.teams(face.key), key=lambda team: team.display_name)[:limit]
        return {
            "sports": [
                {
                    "id": face.sport_id,
                    "uid": f"s:{face.sport_id}",
                    "name": sport.title(),
                    "slug": sport,
                    "leagues": [
                        {
                            "id": face.league_id,
                            "uid": face.uid,
                            "name": face.name,
                            "abbreviation": face.abbreviation,
                            "shortName": face.abbreviation,
                            "slug": face.slug,
                            "teams": [{"team": listed_team(face, team)} for team in teams],
                            "year": season,
                            "season": {"year": season},
                        }
                    ],
                }
            ]
        }


def _answer(page: Json, age_s: int, status_code: int = 200) -> Response:
    headers = {
        "Content-Type": "application/json;charset=UTF-8",
        "Cache-Control": f"max-age={age_s}",
        "Access-Control-Allow-Origin": "*",
        "Vary": "Accept-Encoding",
    }
    return Response(orjson.dumps(page), status_code=status_code, headers=headers)


def _refusal(message: str) -> Response:
    return _answer({"code": 400, "message": message}, BOARD_AGE_S, 400)
