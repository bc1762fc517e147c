"""Requests to ESPN's public site API: paths, parameters and feed names. No parsing, no time of its own.

Boards are asked for by single US Eastern days (`domain.times.board_days` says which): ranges of dates are
refused since September 2026. College boards need one request per group, or only featured games come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from precog_assets.domain.facts import Origin
from precog_assets.domain.leagues import League

if TYPE_CHECKING:
    from precog_assets.sources.http import Fetch, HttpClient

TEAM_LIST_LIMIT = 1000
"""Team lists are cut at 50 by default; 1000 gave the longest one, 754 football teams, whole."""


@dataclass(frozen=True, slots=True)
class EspnRequest:
    """One request, ready to send; `feed` names the stream of answers it belongs to."""

    league: str
    path: str
    params: Mapping[str, str | int]
    feed: str


def board_request(league: League, day: date, group: str | None = None) -> EspnRequest:
    """A league's board of one Eastern day, of one group where the league has groups."""
    dates = day.strftime("%Y%m%d")
    params: dict[str, str | int] = {"dates": dates, "limit": league.espn.limit}
    feed = f"espn:scoreboard:{league.key}:{dates}"
    if group is not None:
        params["groups"] = group
        feed = f"{feed}:{group}"
    return EspnRequest(league.key, _site(league, "scoreboard"), params, feed)


def requests_for(league: League, day: date) -> list[EspnRequest]:
    """Every request that a league's day takes: one per group, or one."""
    return [board_request(league, day, group) for group in league.espn.groups or (None,)]


def teams_request(league: League) -> EspnRequest:
    """The league's list of teams."""
    return EspnRequest(league.key, _site(league, "teams"), {"limit": TEAM_LIST_LIMIT}, f"espn:teams:{league.key}")


def schedule_request(league: League, espn_team_id: str, season: int, season_type: int | None = None) -> EspnRequest:
    """One team's season; `season` is ESPN's year, `season_type` 1 to 4. Holds no future soccer games."""
    params: dict[str, str | int] = {"season": season}
    feed = f"espn:schedule:{league.key}:{espn_team_id}:{season}"
    if season_type is not None:
        params["seasontype"] = season_type
        feed = f"{feed}:{season_type}"
    return EspnRequest(league.key, _site(league, f"teams/{espn_team_id}/schedule"), params, feed)


def summary_request(league: League, espn_event_id: str) -> EspnRequest:
    """One game's summary; an event can stand on a board before it has one (404)."""
    feed = f"espn:summary:{league.key}:{espn_event_id}"
    return EspnRequest(league.key, _site(league, "summary"), {"event": espn_event_id}, feed)


def standings_request(league: League, season: int | None = None, level: int | None = None) -> EspnRequest:
    """The league's standings; `level` 3 gives college conferences. The site path answers with a stub."""
    params: dict[str, str | int] = {}
    feed = f"espn:standings:{league.key}"
    if season is not None:
        params["season"] = season
        feed = f"{feed}:{season}"
    if level is not None:
        params["level"] = level
    return EspnRequest(league.key, f"/apis/v2/sports/{league.espn.path}/standings", params, feed)


def _site(league: League, rest: str) -> str:
    return f"/apis/site/v2/sports/{league.espn.path}/{rest}"


class EspnClient:
    """Sends ESPN's requests through the HTTP layer, which owns retries, rates, archive and outcome classes."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def fetch(self, request: EspnRequest, *, correlation_id: str, origin: Origin = Origin.LIVE) -> Fetch:
        """Send one request; never raises for what a venue does, the outcome says."""
        return self._http.get(
            request.path,
            params=request.params,
            feed=request.feed,
            correlation_id=correlation_id,
            origin=origin,
        )

    def requests_for(self, league: League, day: date) -> list[EspnRequest]:
        """Every request that a league's day takes: one per group, or one."""
        return requests_for(league, day)

    def scoreboard(
        self, league: League, day: date, group: str | None = None, *, correlation_id: str, origin: Origin = Origin.LIVE
    ) -> Fetch:
        """A league's board of one Eastern day."""
        return self.fetch(board_request(league, day, group), correlation_id=correlation_id, origin=origin)

    def teams(self, league: League, *, correlation_id: str, origin: Origin = Origin.LIVE) -> Fetch:
        """The league's list of teams."""
        return self.fetch(teams_request(league), correlation_id=correlation_id, origin=origin)

    def team_schedule(
        self,
        league: League,
        espn_team_id: str,
        season: int,
        season_type: int | None = None,
        *,
        correlation_id: str,
        origin: Origin = Origin.LIVE,
    ) -> Fetch:
        """One team's season."""
        request = schedule_request(league, espn_team_id, season, season_type)
        return self.fetch(request, correlation_id=correlation_id, origin=origin)

    def summary(
        self, league: League, espn_event_id: str, *, correlation_id: str, origin: Origin = Origin.LIVE
    ) -> Fetch:
        """One game's summary."""
        return self.fetch(summary_request(league, espn_event_id), correlation_id=correlation_id, origin=origin)

    def standings(
        self,
        league: League,
        season: int | None = None,
        level: int | None = None,
        *,
        correlation_id: str,
        origin: Origin = Origin.LIVE,
    ) -> Fetch:
        """The league's standings."""
        return self.fetch(standings_request(league, season, level), correlation_id=correlation_id, origin=origin)
