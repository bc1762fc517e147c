"""How often two teams meet in a season, and how it stands: `seasonseries` of a summary, `series` of its header."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.simulator.espn.links import event_links
from precog_assets.simulator.espn.media import stamp
from precog_assets.simulator.espn.registry import Registry
from precog_assets.simulator.espn.showing import Showing, Showings
from precog_assets.simulator.espn.teams import board_team, logos
from precog_assets.simulator.espn.wire import Json, status_type
from precog_assets.simulator.world.model import SimGame, SimTeam

_TITLE = "Regular Season Series"


class SeasonSeries:
    """Meetings of the two sides of one game."""

    def __init__(self, registry: Registry, showings: Showings, show: Showing, now: datetime) -> None:
        game = show.game
        pair = {game.home.espn_id, game.away.espn_id}
        found: list[SimGame] = []
        if show.listing.decided:
            every = registry.of_team(show.face, game.home, game.season, now)
            found = [one for one in every if one.season_type == 2 and {one.home.espn_id, one.away.espn_id} == pair]
        self._face = show.face
        self._game = game
        self._shows = [showings.look(show.face, one, now) for one in found]

    def long(self) -> list[Json]:
        """With every game; empty where they do not meet in the regular season."""
        return [self._around() | {"events": [self._event(show) for show in self._shows]}] if self._shows else []

    def short(self) -> list[Json]:
        """With links to the games, and the wins of both."""
        if not self._shows:
            return []
        core = f"http://sports.core.api.espn.pvt/v2/sports/{self._face.path.replace('/', '/leagues/')}"
        season = f"{core}/seasons/{self._game.season}"
        first = eastern_day_bounds(eastern_day(self._shows[0].listing.start))[0]
        sides: list[Json] = [
            {
                "id": team.espn_id,
                "uid": self._face.team_uid(team.espn_id),
                "wins": self._won(team),
                "ties": 0,
                "team": {"$ref": f"{season}/teams/{team.espn_id}?lang=en&region=us"},
            }
            for team in (self._game.home, self._game.away)
        ]
        events: list[Json] = [
            {"$ref": f"{core}/events/{show.game.event_id}?lang=en&region=us", "id": show.game.event_id}
            for show in self._shows
        ]
        start = first.strftime("%Y-%m-%dT%H:%MZ")
        return [self._around() | {"competitors": sides, "events": events, "startDate": start}]

    def _around(self) -> Json:
        over = [show for show in self._shows if show.truth.completed]
        return {
            "type": "season",
            "title": _TITLE,
            "description": _TITLE,
            "summary": self._summary(complete=len(over) == len(self._shows)),
            "completed": len(over) == len(self._shows),
            "totalCompetitions": len(self._shows),
        }

    def _summary(self, *, complete: bool) -> str:
        sides: Sequence[tuple[int, str]] = sorted((self._won(team), team.abbreviation) for team in self._teams())
        (low, _), (high, short) = sides
        if high == low:
            return f"Series tied {high}-{low}"
        return f"{short} {'wins' if complete else 'leads'} series {high}-{low}"

    def _teams(self) -> tuple[SimTeam, SimTeam]:
        return self._game.home, self._game.away

    def _won(self, team: SimTeam) -> int:
        won = 0
        for show in self._shows:
            own = "home" if show.game.home.espn_id == team.espn_id else "away"
            won += show.truth.completed and show.truth.winner == own
        return won

    def _event(self, show: Showing) -> Json:
        game, truth = show.game, show.truth
        event_uid = self._face.event_uid(game.event_id)
        return {
            "id": game.event_id,
            "uid": f"{event_uid}~c:{game.event_id}",
            "date": stamp(show.listing.start),
            "timeValid": show.listing.time_valid,
            "status": truth.state,
            "statusType": status_type(truth, show.listing),
            "competitors": [self._side(show, game.home, home=True), self._side(show, game.away, home=False)],
            "links": event_links(self._face, game, truth),
        }

    def _side(self, show: Showing, team: SimTeam, *, home: bool) -> Json:
        board = board_team(self._face, team)
        keys = ("id", "uid", "displayName", "abbreviation", "links", "logo")
        named = {key: board[key] for key in keys} | {"logos": logos(self._face, team)}
        side: Json = {"homeAway": "home" if home else "away", "team": named}
        if show.truth.completed:
            side["winner"] = show.truth.winner == side["homeAway"]
            side["score"] = str(show.truth.home_score if home else show.truth.away_score)
        return side
