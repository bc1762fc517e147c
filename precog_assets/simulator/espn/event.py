"""One game of a team sport as an event of a scoreboard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face, season_type
from precog_assets.simulator.espn.records import NOTHING, Tallies, Tally
from precog_assets.simulator.espn.situation import details, situation
from precog_assets.simulator.espn.teams import board_team, conference_ids, undecided_team, venue_id
from precog_assets.simulator.espn.wire import Json, instant, lines, link, status
from precog_assets.simulator.world.model import SimGame, SimTeam, Truth
from precog_assets.simulator.world.randomness import digest

INDOOR = frozenset({Sport.BASKETBALL, Sport.HOCKEY})
UNRANKED = 99
_RECENT = timedelta(days=1)
_WITHOUT_SHORT = frozenset({"nba", "nfl"})
"""Leagues whose home and road records carry no abbreviation."""
_SPREAD_PER_ELO = {Sport.FOOTBALL: 25.0, Sport.BASKETBALL: 28.0}


@dataclass(frozen=True, slots=True)
class Showing:
    """What an event is made from."""

    face: Face
    game: SimGame
    truth: Truth
    tallies: Tallies
    now: datetime

    @property
    def decided(self) -> bool:
        """True once both sides are known."""
        return self.game.known_from is None or self.now >= self.game.known_from


def team_event(show: Showing) -> Json:
    """The event: identity, season, one competition, status."""
    face, game = show.face, show.game
    kind, slug = season_type(face, game.season, game.season_type)
    state = status(show.truth, game, face.sport, undecided=not show.decided)
    home, away = ("TBD", "TBD") if not show.decided else (game.home.abbreviation, game.away.abbreviation)
    names = ("TBD", "TBD") if not show.decided else (game.home.display_name, game.away.display_name)
    event: Json = {
        "id": game.event_id,
        "uid": face.event_uid(game.event_id),
        "date": instant(game.start),
        "name": f"{names[1]} at {names[0]}",
        "shortName": f"{away} VS {home}" if game.neutral else f"{away} @ {home}",
        "season": {"year": game.season, "type": kind, "slug": slug},
    }
    if game.week is not None:
        event["week"] = {"number": game.week}
    event["competitions"] = [_competition(show, state)]
    event["links"] = [link("summary", f"https://www.espn.com/{face.slug}/game?gameId={game.event_id}", "Gamecast")]
    if face.sport in (Sport.FOOTBALL, Sport.BASEBALL) and show.truth.state != "post":
        event["weather"] = _weather(game)
    event["status"] = state
    if face.sport is Sport.SOCCER:
        event["venue"] = {"displayName": _venue(face, game)["fullName"]}
    return event


def _competition(show: Showing, state: Json) -> Json:
    face, game, truth = show.face, show.game, show.truth
    hockey = face.sport is Sport.HOCKEY
    competition: Json = {
        "id": game.event_id,
        "uid": f"{face.event_uid(game.event_id)}~c:{game.event_id}",
        "date": instant(game.start),
        "startDate": instant(game.start),
        "attendance": 0 if truth.state == "pre" else 8000 + digest("attendance", game.event_id) % 30000,
        "timeValid": show.decided,
        "recent": abs(show.now - game.start) < _RECENT,
        "playByPlayAvailable": truth.state != "pre",
        "venue": _venue(face, game) | ({"capacity": 0} if hockey and truth.state != "post" else {}),
        "competitors": [_competitor(show, home=True), _competitor(show, home=False)],
        "notes": [{"type": "event", "headline": game.note}] if game.note else [],
        "status": state,
        "broadcasts": [],
        "broadcast": "",
        "geoBroadcasts": [],
        "format": {"regulation": {"periods": load_leagues()[face.key].regulation_periods}},
    }
    if face.sport is Sport.SOCCER:
        competition |= {"wasSuspended": False, "playByPlayAthletes": truth.state != "pre", "details": details(truth)}
    else:
        competition["highlights"] = []
        tournament = face.college and game.season_type == 3
        kind = {"id": "6", "abbreviation": "TRNMNT"} if tournament else {"id": "1", "abbreviation": "STD"}
        competition |= {"type": kind, "neutralSite": game.neutral}
        if not hockey:
            competition["conferenceCompetition"] = bool(shared_conference(game))
    if face.key == "mls":
        competition["altGameNote"] = face.abbreviation
    _add_by_state(show, competition)
    return competition


def _add_by_state(show: Showing, competition: Json) -> None:
    """Keys that come and go with the sport and the state of the game."""
    face, game, truth = show.face, show.game, show.truth
    live = situation(game, truth, face.sport)
    if live is not None:
        competition["situation"] = live
    if face.sport is Sport.SOCCER and truth.state != "post":
        competition |= {"tickets": [], "odds": [None]}
    elif truth.state == "pre" and face.sport is not Sport.HOCKEY:
        competition |= {"tickets": [], "odds": [_odds(show)]}
    if truth.state != "pre" and face.sport in (Sport.FOOTBALL, Sport.BASEBALL):
        competition["leaders"] = []
    if face.sport is Sport.BASEBALL:
        competition["wasSuspended"] = False
        if truth.state == "in":
            outs = (truth.situation or {}).get("outs", 0)
            competition["outsText"] = f"{outs} Out" if outs == 1 else f"{outs} Outs"
    if truth.completed:
        competition["headlines"] = [_recap(game, truth)]
    if face.college and (shared := shared_conference(game)):
        competition["groups"] = {"id": shared[0], "name": shared[1], "shortName": shared[1], "isConference": True}


def shared_conference(game: SimGame) -> tuple[str, str] | None:
    """(id, name) of the conference both sides belong to."""
    known = conference_ids(game.league)
    home = known.get(game.home.espn_id)
    return home if home is not None and home == known.get(game.away.espn_id) else None


def _competitor(show: Showing, *, home: bool) -> Json:
    face, game, truth = show.face, show.game, show.truth
    side = game.home if home else game.away
    team = board_team(face, side) if show.decided else undecided_team(face, home=home)
    competitor: Json = {
        "id": team["id"],
        "uid": team["uid"],
        "type": "team",
        "order": 0 if home else 1,
        "homeAway": "home" if home else "away",
    }
    if truth.completed or face.sport is Sport.SOCCER:
        competitor["winner"] = truth.winner == ("home" if home else "away")
    competitor |= {"team": team, "score": str(truth.home_score if home else truth.away_score), "statistics": []}
    if truth.state != "pre" and truth.status != "STATUS_POSTPONED" and face.sport is not Sport.SOCCER:
        competitor["linescores"] = lines(truth.home_lines if home else truth.away_lines)
    tally = show.tallies.get(side.espn_id, NOTHING) if show.decided else NOTHING
    if truth.completed and game.season_type == 2:
        tally = tally.after(truth, home=home)
    competitor["records"] = _records(face, tally)
    if face.sport is Sport.SOCCER:
        competitor["form"] = tally.form
    if truth.state == "pre" or face.sport not in (Sport.SOCCER, Sport.FOOTBALL):
        competitor["leaders"] = []
    if face.sport in (Sport.HOCKEY, Sport.BASEBALL):
        competitor["probables"] = []
    if face.sport is Sport.BASEBALL:
        facts = truth.situation or {}
        competitor |= {"hits": facts.get("home_hits" if home else "away_hits", 0), "errors": 0}
    if face.college:
        competitor["curatedRank"] = {"current": UNRANKED}
    return competitor


def _records(face: Face, tally: Tally) -> list[Json]:
    if face.sport is Sport.SOCCER:
        summary = "-".join(map(str, tally.total))
        return [{"name": "All Splits", "abbreviation": "Total", "type": "total", "summary": summary}]
    if face.sport is Sport.HOCKEY:
        won, _, lost = tally.total
        summary = f"{won}-{lost - tally.overtime_losses}-{tally.overtime_losses}"
    else:
        summary = summarised(tally.total)
    short = face.key not in _WITHOUT_SHORT
    return [
        {"name": "overall", "abbreviation": "Total", "type": "total", "summary": summary},
        {"name": "Home", **_short("Home", short), "type": "home", "summary": summarised(tally.home)},
        {"name": "Road", **_short("AWAY", short), "type": "road", "summary": summarised(tally.road)},
    ]


def _short(text: str, shown: bool) -> Json:
    return {"abbreviation": text} if shown else {}


def summarised(counts: tuple[int, int, int]) -> str:
    """`12-4`, or `12-4-1` with ties."""
    won, drawn, lost = counts
    return f"{won}-{lost}-{drawn}" if drawn else f"{won}-{lost}"


def _venue(face: Face, game: SimGame) -> Json:
    host: SimTeam = game.home
    word = "Arena" if face.sport in INDOOR else "Stadium" if face.sport is not Sport.BASEBALL else "Park"
    name = f"Neutral {word}" if game.neutral else f"{host.location} {word}"
    venue: Json = {
        "id": "999" if game.neutral else venue_id(host),
        "fullName": name,
        "address": {"city": "Springfield" if game.neutral else host.location, "country": "USA"},
    }
    if face.sport is not Sport.SOCCER:
        venue["indoor"] = face.sport in INDOOR
    return venue


def _weather(game: SimGame) -> Json:
    degrees = 30 + digest("weather", game.event_id) % 60
    return {
        "displayValue": "Cloudy",
        "temperature": degrees,
        "highTemperature": degrees,
        "conditionId": "7",
        "link": link("weather", "http://www.accuweather.com/", "Weather"),
    }


def _odds(show: Showing) -> Json:
    """A sportsbook's line: the true chances, some margin, a spread where the sport has one."""
    game, truth = show.game, show.truth
    favorite = game.home if truth.home_win >= truth.away_win else game.away
    points = round(abs(game.home_gap) / _SPREAD_PER_ELO.get(show.face.sport, 250.0) * 2) / 2
    chances = {"home": truth.home_win + truth.draw / 2, "away": truth.away_win + truth.draw / 2}
    return {
        "provider": {"id": "100", "name": "DraftKings", "priority": 1},
        "details": f"{favorite.abbreviation} -{points:g}" if points else "EVEN",
        "spread": -points if favorite is game.home else points,
        "moneyline": {side: {"close": {"odds": _american(1.045 * chance)}} for side, chance in chances.items()},
    }


def _american(chance: float) -> str:
    chance = min(0.99, max(0.01, chance))
    if chance >= 0.5:
        return f"{-round(100 * chance / (1 - chance))}"
    return f"+{round(100 * (1 - chance) / chance)}"


def _recap(game: SimGame, truth: Truth) -> Json:
    home, away = f"{game.home.name} {truth.home_score}", f"{game.away.name} {truth.away_score}"
    text = f"{home}, {away}" if truth.winner != "away" else f"{away}, {home}"
    return {"type": "Recap", "description": text, "shortLinkText": text}
