"""Recorded ESPN payloads at ESPN's paths.

Each `sport/league` path has a folder (`FOLDERS` where it is not the league's own slug). A scoreboard is
the union of all boards and single-event files of the folder; an event recorded more than once is served
as it was furthest on (post over in over pre, then the later file name). Team lists, one team, schedules,
standings and summaries are served at their own paths and never mixed into boards. `core/` is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from precog_assets.domain.times import eastern_day, parse_instant
from precog_assets.simulator.recorded.files import read_json

Json = dict[str, Any]

FOLDERS = {
    "mens-college-basketball": "ncaab",
    "womens-college-basketball": "ncaaw",
    "college-football": "ncaaf",
    "usa.1": "mls",
    "all": "soccer-all",
}
_SITE = "/apis/site/v2/sports/{sport}/{league}"
_PROGRESS = {"pre": 0, "in": 1, "post": 2}
_DATES = re.compile(r"^\d{4}(\d{2}(\d{2})?)?$")


class League:
    """What was recorded of one league, by kind."""

    def __init__(self, folder: Path) -> None:
        self.leagues: list[Any] = []
        self.events: dict[str, Json] = {}
        self.summaries: dict[str, Json] = {}
        self.schedules: dict[str, Json] = {}
        self.teams: Json | None = None
        self.team: dict[str, Json] = {}
        self.standings: Json | None = None
        for path in sorted(folder.glob("*.json")):
            self._take(read_json(path))

    def _take(self, payload: Any) -> None:
        """Sort one file in by its keys; files come in order of their names, so that a later one wins."""
        if not isinstance(payload, dict) or "$ref" in payload:
            return
        if "leagues" in payload and isinstance(payload.get("events"), list):
            self.leagues = self.leagues or payload["leagues"]
            for event in payload["events"]:
                self._keep(event)
        elif "competitions" in payload and "date" in payload:
            self._keep(payload)
        elif "header" in payload:
            _keep_furthest(self.summaries, str(payload["header"]["id"]), payload, _progress_of_summary)
        elif "events" in payload and "team" in payload:
            self.schedules[str(payload["team"]["id"])] = payload
        elif "sports" in payload:
            self.teams = payload
        elif "team" in payload:
            self.team[str(payload["team"]["id"])] = payload
        elif "children" in payload:
            self.standings = payload

    def _keep(self, event: Json) -> None:
        """An event without an id (the board once sent `{}`) is kept under its place, so that it is served."""
        key = str(event["id"]) if "id" in event else f"unnamed-{len(self.events)}"
        _keep_furthest(self.events, key, event, _progress)

    def board(self, dates: str | None) -> Json:
        """The scoreboard of a day, month or year (`YYYYMMDD`, `YYYYMM`, `YYYY`; US Eastern).

        A span in which nothing was recorded, and no span at all, give every event: one poll of today
        reads every recording.
        """
        events = list(self.events.values())
        if dates is not None:
            events = [event for event in events if any(day.startswith(dates) for day in _days(event))] or events
        return {"leagues": self.leagues, "events": events}


def _keep_furthest(kept: dict[str, Json], key: str, payload: Json, progress: Any) -> None:
    if key not in kept or progress(payload) >= progress(kept[key]):
        kept[key] = payload


def _state(status: Any) -> int:
    kind = status.get("type") if isinstance(status, dict) else None
    return _PROGRESS.get(kind.get("state", ""), -1) if isinstance(kind, dict) else -1


def _progress(event: Json) -> int:
    return _state(event.get("status"))


def _progress_of_summary(summary: Json) -> int:
    return max((_state(competition.get("status")) for competition in summary["header"]["competitions"]), default=-1)


def _days(event: Json) -> Iterator[str]:
    """The Eastern days on which an event, or a match of a tournament, starts, as YYYYMMDD."""
    matches = [m for grouping in event.get("groupings", []) for m in grouping.get("competitions", [])]
    for item in (event, *event.get("competitions", []), *matches):
        date = item.get("date")
        if isinstance(date, str):
            yield f"{eastern_day(parse_instant(date)):%Y%m%d}"


class RecordedEspn:
    """ESPN as a folder of league folders."""

    def __init__(self, folder: Path) -> None:
        self.leagues = {
            path.name: League(path) for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "core"
        }

    def routes(self) -> list[Route]:
        """Scoreboard, teams, one team, its schedule, summary and standings of every recorded league."""
        return [
            Route(_SITE + "/scoreboard", self._scoreboard),
            Route(_SITE + "/summary", self._summary),
            Route(_SITE + "/teams", self._teams),
            Route(_SITE + "/teams/{team_id}", self._team),
            Route(_SITE + "/teams/{team_id}/schedule", self._schedule),
            Route("/apis/v2/sports/{sport}/{league}/standings", self._standings),
        ]

    def _league(self, request: Request) -> League | None:
        slug: str = request.path_params["league"]
        return self.leagues.get(FOLDERS.get(slug, slug))

    async def _scoreboard(self, request: Request) -> Response:
        league = self._league(request)
        dates = request.query_params.get("dates") or None
        if league is None or (dates is not None and not _DATES.match(dates)):
            return _error(400, "Failed to get events endpoint.")
        return _answer(league.board(dates))

    async def _summary(self, request: Request) -> Response:
        league, event_id = self._league(request), request.query_params.get("event", "")
        return _found(league.summaries.get(event_id) if league else None, f"no summary of event {event_id!r}")

    async def _teams(self, request: Request) -> Response:
        league = self._league(request)
        return _found(league.teams if league else None, "no team list")

    async def _team(self, request: Request) -> Response:
        league, team_id = self._league(request), request.path_params["team_id"]
        return _found(league.team.get(team_id) if league else None, f"no team {team_id!r}")

    async def _schedule(self, request: Request) -> Response:
        league, team_id = self._league(request), request.path_params["team_id"]
        return _found(league.schedules.get(team_id) if league else None, f"no schedule of team {team_id!r}")

    async def _standings(self, request: Request) -> Response:
        league = self._league(request)
        return _found(league.standings if league else None, "no standings")


def _found(payload: Json | None, missing: str) -> Response:
    return _error(404, f"Recorded: {missing}.") if payload is None else _answer(payload)


def _error(status_code: int, message: str) -> Response:
    return _answer({"code": status_code, "message": message}, status_code)


def _answer(payload: Any, status_code: int = 200) -> Response:
    return Response(orjson.dumps(payload), status_code, media_type="application/json;charset=UTF-8")
