"""ESPN's APIs over a simulated world: routes, refusals, headers. What the pages hold is made elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import Clock, eastern_day
from precog_assets.simulator.espn.agents import lets_through
from precog_assets.simulator.espn.answers import (
    LIST_AGE_S,
    SUMMARY_AGE_S,
    answer,
    blocked,
    board_age_s,
    page_answer,
    refusal,
)
from precog_assets.simulator.espn.board import Boards
from precog_assets.simulator.espn.catalog import ALL_SOCCER, Face, face_of
from precog_assets.simulator.espn.core import CoreApi
from precog_assets.simulator.espn.fragments import Fragments
from precog_assets.simulator.espn.leagues import Leagues
from precog_assets.simulator.espn.query import REFUSED, BoardQuery, Refused, parse_query
from precog_assets.simulator.espn.records import Records
from precog_assets.simulator.espn.registry import Registry
from precog_assets.simulator.espn.schedule import Schedules
from precog_assets.simulator.espn.season_series import SeasonSeries
from precog_assets.simulator.espn.showing import Showings
from precog_assets.simulator.espn.standings import place_in_words, standings_page
from precog_assets.simulator.espn.summary import has_summary, standings_block, summary_page
from precog_assets.simulator.espn.team_page import COLLEGE_TEAMS, team_list, team_page
from precog_assets.simulator.turns import TURNS
from precog_assets.simulator.world.model import WorldView
from precog_assets.simulator.world.randomness import digest

SITE = "/apis/site/v2/sports/{sport}/{league}"
NO_TEAMS = "Failed to get league teams summary"
_OTHER_LISTS = 500
Handler = Callable[[Request], Response]


class EspnVenue:
    """Serves a world's leagues at ESPN's paths; pure but for the clock it is given.

    `refuse_user_agents` is the edge's filter: while it is true, clients it does not know get its 403 page.
    It may be changed at any time.
    """

    def __init__(self, world: WorldView, clock: Clock, *, refuse_user_agents: bool = False) -> None:
        self._world = world
        self._clock = clock
        self.refuse_user_agents = refuse_user_agents
        self._faces = {face_of(league).path: face_of(league) for league in world.leagues}
        self._records = Records(world)
        self._showings = Showings(world, self._records)
        self._boards = Boards(world, Fragments(world, self._showings), Leagues(world))
        self._registry = Registry(world)
        self._schedules = Schedules(world, self._showings, self._records, self._registry)
        self._core = CoreApi(world, clock, self._faces, self._showings, self._registry)

    def routes(self) -> list[BaseRoute]:
        """The paths of site.api.espn.com and sports.core.api.espn.com this venue answers."""
        site = {
            f"{SITE}/scoreboard": self.scoreboard,
            f"{SITE}/summary": self.summary,
            f"{SITE}/teams": self.teams,
            f"{SITE}/teams/{{team}}": self.team,
            f"{SITE}/teams/{{team}}/schedule": self.schedule,
            f"{SITE}/standings": self.standings_stub,
            "/apis/v2/sports/{sport}/{league}/standings": self.standings,
        }
        return [
            *(Route(path, TURNS.take(self._behind_edge(page))) for path, page in site.items()),
            *self._core.routes(),
        ]

    def _behind_edge(self, handler: Handler) -> Handler:
        """The edge in front of the site's pages."""

        def guarded(request: Request) -> Response:
            if self.refuse_user_agents and not lets_through(request.headers.get("user-agent", "")):
                return blocked(request, f"18.{digest('edge', request.url.path, self._clock.now()):016x}")
            return handler(request)

        return guarded

    def scoreboard(self, request: Request) -> Response:
        now = self._clock.now()
        whole = request.path_params == {"sport": "soccer", "league": ALL_SOCCER}
        face = self._face(request)
        if face is None and not whole:
            return refusal(request, REFUSED)
        try:
            query = parse_query(request.query_params, ranges=face is not None and face.sport is Sport.TENNIS)
        except Refused as refused:
            return refusal(request, str(refused))
        if face is None:
            clubs = [one for one in self._faces.values() if one.sport is Sport.SOCCER]
            page = self._boards.soccer_page(clubs, query, now)
        else:
            page = self._boards.page(face, query, now)
        return page_answer(request, page, board_age_s(now), "scoreboard")

    def summary(self, request: Request) -> Response:
        face, now = self._face(request), self._clock.now()
        if face is None or face.sport is Sport.TENNIS:
            return refusal(request, "Failed to get event summary")
        number = request.query_params.get("event", "")
        game = self._registry.event(face, number, now)
        if game is None or not has_summary(number, self._world.truth(game, now)):
            sport, _, league = face.path.partition("/")
            behind = f"http://sports.core.api.espn.pvt/v2/sports/{sport}/leagues/{league}/events/{number}"
            return refusal(request, f"Error invoking GET: {behind}", 404)
        course = tuple(state for state in self._world.timeline(game) if state.at <= now)
        table = standings_page(self._world, self._records, face, game.season, now)
        show = self._showings.look(face, game, now)
        meetings = SeasonSeries(self._registry, self._showings, show, now)
        page = summary_page(show, course, meetings, standings_block(face, table, game.season), now)
        return answer(request, page, SUMMARY_AGE_S, "summary")

    def teams(self, request: Request) -> Response:
        face = self._face(request)
        if face is None or face.sport is Sport.TENNIS:
            return refusal(request, NO_TEAMS)
        try:
            limit = parse_query({"limit": request.query_params.get("limit", "")}).limit
        except Refused as refused:
            return refusal(request, str(refused))
        if "limit" not in request.query_params:
            limit = COLLEGE_TEAMS if face.college else _OTHER_LISTS
        season, _ = self._today(face, self._clock.now())
        return answer(request, team_list(self._world, face, season, limit), LIST_AGE_S, "teams")

    def team(self, request: Request) -> Response:
        face, now = self._face(request), self._clock.now()
        team = self._registry.team(face, request.path_params["team"]) if face is not None else None
        if face is None or team is None or face.sport is Sport.TENNIS:
            return refusal(request, NO_TEAMS)
        season, _ = self._today(face, now)
        summary = place_in_words(self._world, self._records, face, team, season, now)
        return answer(request, team_page(self._schedules, face, team, season, summary, now), LIST_AGE_S, "team")

    def schedule(self, request: Request) -> Response:
        face, now = self._face(request), self._clock.now()
        team = self._registry.team(face, request.path_params["team"]) if face is not None else None
        if face is None or team is None or face.sport is Sport.TENNIS:
            return refusal(request, NO_TEAMS)
        current = self._today(face, now)
        asked, kind = request.query_params.get("season", str(current[0])), request.query_params.get("seasontype", "")
        if asked not in self._seasons(face) or kind not in ("", "1", "2", "3"):
            return refusal(request, f"Failed to get schedule for season {asked}")
        page = self._schedules.page(face, team, int(asked), int(kind) if kind else None, current, now)
        return answer(request, page, LIST_AGE_S, "schedule")

    def standings_stub(self, request: Request) -> Response:
        """What the site's own path for standings has left: a link."""
        face = self._face(request)
        if face is None:
            return refusal(request, "Failed to get league standings")
        href = f"https://www.espn.com/{face.slug}/standings"
        return answer(request, {"fullViewLink": {"text": "Full Standings", "href": href}}, LIST_AGE_S, "standings")

    def standings(self, request: Request) -> Response:
        face = self._face(request)
        wrong = f"Unable to retrieve any standings information for {request.path_params['league']}"
        if face is None or face.sport is Sport.TENNIS:
            return refusal(request, wrong)
        seasons = self._seasons(face)
        asked = request.query_params.get("season", seasons[-1])
        if asked not in seasons:
            return refusal(request, wrong)
        page = standings_page(self._world, self._records, face, int(asked), self._clock.now())
        return answer(request, page, LIST_AGE_S, "standings")

    def board_bytes(self, league: str, query: BoardQuery, now: datetime) -> bytes:
        """A league's board at an instant, for whoever measures or compares without HTTP."""
        return self._boards.page(face_of(league), query, now).body

    def _seasons(self, face: Face) -> list[str]:
        return [str(season) for season in self._world.seasons(face.key)]

    def _today(self, face: Face, now: datetime) -> tuple[int, int]:
        """Season and season type of the day."""
        day = eastern_day(now)
        season = self._boards.selection.season_at(face, day)
        return season, self._boards.selection.kind_at(face, season, day)

    def _face(self, request: Request) -> Face | None:
        return self._faces.get(f"{request.path_params['sport']}/{request.path_params['league']}")
