"""A team's schedule and its next game: the same games as boards have, in another shape.

The score is an object, and absent before the game; there is no event status; soccer has no future games, and
its order differs by league.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import eastern_day
from precog_assets.simulator.espn.catalog import TYPE_NAMES, Face, season_words, stage_type
from precog_assets.simulator.espn.competition import KINDS, attendance, kind_of
from precog_assets.simulator.espn.competitor import through
from precog_assets.simulator.espn.core_odds import next_odds
from precog_assets.simulator.espn.event import event_status, names, short_name
from precog_assets.simulator.espn.links import event_links
from precog_assets.simulator.espn.media import shown_by, stamp, tickets
from precog_assets.simulator.espn.places import venue_of
from precog_assets.simulator.espn.records import NOTHING, Records, Tally, summarised
from precog_assets.simulator.espn.registry import Registry
from precog_assets.simulator.espn.showing import Showing, Showings
from precog_assets.simulator.espn.standings import place_in_words
from precog_assets.simulator.espn.teams import conference_ids, logo, logos
from precog_assets.simulator.espn.teams import short_name as short_team_name
from precog_assets.simulator.espn.wire import Json, colors, instant, link
from precog_assets.simulator.world.model import SimGame, SimTeam, Truth, WorldView

NEWEST_FIRST = frozenset({"mls"})
"""Soccer leagues whose schedules begin with the last match."""
_SITE = "https://www.espn.com"
_BEFORE_NOVEMBER = timedelta(days=308)
"""From the turn of the year to the first week of college basketball."""


class Schedules:
    """Team schedules of one world."""

    def __init__(self, world: WorldView, showings: Showings, records: Records, registry: Registry) -> None:
        self._world = world
        self._showings = showings
        self._records = records
        self._registry = registry

    def page(
        self, face: Face, team: SimTeam, season: int, kind: int | None, current: tuple[int, int], now: datetime
    ) -> Json:
        """The answer of `teams/{id}/schedule`; `current` is (season, type) of today, the kind where none is asked."""
        wanted = kind or (min(current[1], 3) if season == current[0] else 2)
        games = [game for game in self._registry.of_team(face, team, season, now) if game.season_type == wanted]
        if face.sport is Sport.SOCCER:
            games = [game for game in games if self._world.truth(game, now).completed]
            games = games[::-1] if face.key in NEWEST_FIRST else games
        page: Json = {
            "timestamp": stamp(now),
            "status": "success",
            "season": season_block(face, *current) | {"half": 1},
            "team": self._team(face, team, season, now),
            "events": [schedule_event(self._showings.look(face, game, now)) for game in games],
            "requestedSeason": season_block(face, season, wanted),
        }
        bye = _bye_week(face, games, wanted)
        return page | ({"byeWeek": bye} if bye is not None else {})

    def next_event(self, face: Face, team: SimTeam, season: int, now: datetime) -> list[Json]:
        """The game that runs, or the next one; none after the last."""
        for game in self._registry.of_team(face, team, season, now):
            if self._world.truth(game, now).state != "post":
                return [schedule_event(self._showings.look(face, game, now), upcoming=True)]
        return []

    def tally(self, face: Face, team: SimTeam, season: int, now: datetime) -> Tally:
        return self._records.before(face.key, season, eastern_day(now), now).get(team.espn_id, NOTHING)

    def _team(self, face: Face, team: SimTeam, season: int, now: datetime) -> Json:
        first, _ = colors(team.espn_id, team.league)
        club = "soccer/club" if face.sport is Sport.SOCCER else f"{face.slug}/team"
        result: Json = {
            "id": team.espn_id,
            "abbreviation": team.abbreviation,
            "location": team.location,
            "name": team.name,
            "displayName": team.display_name,
            "clubhouse": f"{_SITE}/{club}/_/id/{team.espn_id}",
            "color": first,
            "logo": logo(face, team),
            "recordSummary": record_words(face, self.tally(face, team, season, now)),
            "seasonSummary": season_words(face, season).split(" ")[0],
            "standingSummary": place_in_words(self._world, self._records, face, team, season, now),
        }
        if face.sport is Sport.SOCCER:
            result["isNational"] = False
        return result | {"groups": groups_of(face, team)}


def groups_of(face: Face, team: SimTeam) -> Json:
    """`groups`: the team's conference, and the division above it."""
    found = conference_ids(face.key).get(team.espn_id)
    if found is None:
        return {"id": "1"}
    return {"id": found[0], "parent": {"id": "50" if face.college else "9"}, "isConference": True}


def record_words(face: Face, tally: Tally) -> str:
    """`15-2`, in soccer won-drawn-lost."""
    return "-".join(map(str, tally.total)) if face.sport is Sport.SOCCER else summarised(tally.total)


def season_block(face: Face, season: int, kind: int) -> Json:
    """`season` and `requestedSeason`."""
    words = season_words(face, season)
    name = words if face.stage and face.key != "mls" else TYPE_NAMES[kind][0]
    return {"year": season, "type": stage_type(face, season, kind), "name": name, "displayName": words}


def schedule_event(show: Showing, *, upcoming: bool = False) -> Json:
    """An event of a schedule, or a team's `nextEvent`."""
    face, game = show.face, show.game
    away, home = names(show)
    words = season_words(face, game.season)
    kind: Json = {
        "id": "1" if face.stage else str(game.season_type),
        "type": stage_type(face, game.season, game.season_type),
    }
    name, short = TYPE_NAMES[game.season_type]
    kind |= {"name": words if face.stage else name, "abbreviation": words if face.stage else short}
    event: Json = {
        "id": game.event_id,
        "date": instant(show.listing.start),
        "name": f"{away} at {home}",
        "shortName": short_name(show),
        "season": {"year": game.season, "displayName": words},
        "seasonType": kind,
    }
    week = week_of(show)
    if week is not None:
        event["week"] = {"number": week, "text": f"Week {week}"}
    event |= {
        "timeValid": _valid(show),
        "competitions": [_competition(show, upcoming=upcoming)],
        "links": event_links(face, game, show.truth),
    }
    if face.sport is Sport.SOCCER:
        event["league"] = league_block(face)
    return event


def week_of(show: Showing) -> int | None:
    """The week of a football game; college basketball counts weeks of its calendar year too, outside of boards."""
    if show.game.week is not None:
        return show.game.week
    if not (show.face.college and show.game.season_type == 2):
        return None
    autumn = (show.listing.start - _BEFORE_NOVEMBER).timetuple().tm_yday
    return 1 + autumn // 7


def league_block(face: Face) -> Json:
    """The league as soccer's events name it."""
    return {
        "id": face.league_id,
        "alternateId": face.league_id,
        "name": face.name,
        "abbreviation": face.abbreviation,
        "shortName": face.abbreviation,
        "midsizeName": face.midsize or face.abbreviation,
        "slug": face.slug,
        "isTournament": False,
    }


def _valid(show: Showing) -> bool:
    return show.listing.time_valid and show.listing.decided


def _competition(show: Showing, *, upcoming: bool) -> Json:
    face, game, truth = show.face, show.game, show.truth
    soccer = face.sport is Sport.SOCCER
    venue: Json = {key: venue_of(face, game)[key] for key in ("fullName", "address")}
    result: Json = {"id": game.event_id, "date": instant(show.listing.start), "attendance": attendance(truth, game)}
    if not soccer:
        kind = kind_of(face, game)
        words, slug = KINDS[str(kind["abbreviation"])]
        result["type"] = {
            "id": kind["id"],
            "text": words,
            "abbreviation": kind["abbreviation"],
            "slug": slug,
            "type": slug,
        }
    note = show.listing.note
    result |= {
        "timeValid": _valid(show),
        "neutralSite": game.neutral,
        "boxscoreAvailable": truth.state != "pre" or (soccer and upcoming),
        "ticketsAvailable": truth.state == "pre" and upcoming,
        "venue": venue,
        "competitors": [_competitor(show, home=True), _competitor(show, home=False)],
        "notes": [{"type": "event", "headline": note}] if note else [],
        "broadcasts": [_broadcast(market, station) for market, station in shown_by(face, game)],
        "status": _status(show),
    }
    if upcoming:
        result["tickets"] = [_priced(ticket, game) for ticket in tickets(game)]
        if soccer:
            result["odds"] = next_odds(show)
    return result


def _priced(ticket: Json, game: SimGame) -> Json:
    price = float(str(ticket["summary"]).rpartition("$")[2])
    links = ticket["links"] if isinstance(ticket["links"], list) else []
    return ticket | {
        "links": [offer | {"rel": ["tickets", "desktop", "event"]} for offer in links],
        "id": game.event_id,
        "description": f"{game.away.display_name} at {game.home.display_name}",
        "startingPrice": price + 0.85,
        "maxPrice": price * 40,
        "totalPostings": 100,
    }


def _status(show: Showing) -> Json:
    """Clock and period as on boards; soccer adds the added time, and a period before the game."""
    result = event_status(show)
    if show.face.sport is Sport.SOCCER:
        added = show.truth.display_clock.rpartition("+")[2].strip("'")
        result["addedClock"] = 60.0 * int(added) if "+" in show.truth.display_clock and added.isdigit() else 0.0
        result.setdefault("period", 0)
    if show.game.league == "nfl":
        result["isTBDFlex"] = not show.listing.time_valid
    return result


def _broadcast(market: str, station: str) -> Json:
    number = {"national": "1", "home": "2", "away": "3"}[market]
    return {
        "type": {"id": "1", "shortName": "TV"},
        "market": {"id": number, "type": market.title()},
        "media": {"shortName": station},
        "lang": "en",
        "region": "us",
    }


def _competitor(show: Showing, *, home: bool) -> Json:
    face, game, truth = show.face, show.game, show.truth
    side = game.home if home else game.away
    known = show.listing.home_known if home else show.listing.away_known
    own = "home" if home else "away"
    result: Json = {
        "id": side.espn_id if known else ("-1" if home else "-2"),
        "type": "team",
        "order": 0 if home else 1,
        "homeAway": own,
        "team": _team(face, side)
        if known
        else {"id": "-1" if home else "-2", "displayName": "TBD", "abbreviation": "TBD"},
    }
    if truth.completed or face.sport is Sport.SOCCER:
        result["winner"] = truth.completed and (through(truth) if face.sport is Sport.SOCCER else truth.winner) == own
    if truth.completed:
        result["score"] = _score(face, game, truth, home=home)
        result["record"] = [_record(face, show.tally(home=home))]
    if face.college:
        result["curatedRank"] = {"current": 99}
    return result


def _team(face: Face, side: SimTeam) -> Json:
    return {
        "id": side.espn_id,
        "location": side.location,
        "nickname": side.name,
        "abbreviation": side.abbreviation,
        "displayName": side.display_name,
        "shortDisplayName": short_team_name(face, side),
        "logos": logos(face, side),
        "links": [link("clubhouse", f"{_SITE}/{face.slug}/team/_/id/{side.espn_id}", "Clubhouse", about="team")],
    }


def _score(face: Face, game: SimGame, truth: Truth, *, home: bool) -> Json:
    """`score` of a finished game: an object here, text on boards (Q6)."""
    points = truth.home_score if home else truth.away_score
    score: Json = {"value": float(points), "displayValue": str(points)}
    if face.sport is not Sport.SOCCER:
        return score
    side = game.home if home else game.away
    core = f"http://sports.core.api.espn.pvt/v2/sports/{face.path.replace('/', '/leagues/')}/events/{game.event_id}"
    return {
        "$ref": f"{core}/competitions/{game.event_id}/competitors/{side.espn_id}/score?lang=en&region=us",
        **score,
        "winner": through(truth) == ("home" if home else "away"),
        "source": {"id": "38", "description": "SA.ENVOY"},
    }


def _record(face: Face, tally: Tally) -> Json:
    return {
        "id": "0",
        "abbreviation": "Total",
        "displayName": "Overall",
        "shortDisplayName": "OVER",
        "description": "Overall Record",
        "type": "total",
        "displayValue": record_words(face, tally),
    }


def _bye_week(face: Face, games: list[SimGame], kind: int) -> int | None:
    """The week of the regular season a football team has off."""
    weeks: set[Any] = {game.week for game in games if game.week is not None}
    if face.sport is not Sport.FOOTBALL or face.college or kind != 2 or not weeks:
        return None
    return next((week for week in range(1, max(weeks) + 1) if week not in weeks), None)
