"""A tennis tournament as an event: the whole draw of singles, whatever day was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from precog_assets.domain.times import days_between, eastern_day, eastern_day_bounds
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.wire import Json, instant, link, status, status_type
from precog_assets.simulator.world.model import SimGame, SimTeam, Truth, WorldView
from precog_assets.simulator.world.names import CITIES, COUNTRIES
from precog_assets.simulator.world.randomness import digest

LONGEST = timedelta(days=6)
_ROUNDS = {
    "Round 1": ("1", "Round 1"),
    "Round 2": ("2", "Round 2"),
    "Quarterfinal": ("5", "Quarterfinal"),
    "Semifinal": ("6", "Semifinal"),
    "Final": ("7", "Final"),
}
_KINDS = {"atp": ("1", "mens-singles", "Men's Singles"), "wta": ("2", "womens-singles", "Women's Singles")}
_COUNTRY_OF = dict(CITIES)
_DAY_SLOTS = 8


@dataclass(frozen=True, slots=True)
class Match:
    """A match and its state."""

    game: SimGame
    truth: Truth
    decided: bool


def running(world: WorldView, league: str, day: date) -> list[list[SimGame]]:
    """The matches of each tournament whose first and last day enclose `day`, by tournament."""
    draws: dict[str, list[SimGame]] = {}
    for near in days_between(day - LONGEST, day + LONGEST):
        for game in world.games_on(league, near):
            draws.setdefault(game.tournament_id or "", []).append(game)
    return [
        games
        for _, games in sorted(draws.items())
        if eastern_day(games[0].start) <= day <= eastern_day(games[-1].start)
    ]


def tournament_event(world: WorldView, face: Face, games: Sequence[SimGame], now: datetime) -> Json:
    """The event with its one grouping, matches by start."""
    matches = [Match(game, world.truth(game, now), game.known_from is None or now >= game.known_from) for game in games]
    first, last = matches[0].game, matches[-1].game
    number = first.tournament_id or ""
    kind, slug, name = _KINDS[face.key]
    start, _ = eastern_day_bounds(eastern_day(first.start))
    _, end = eastern_day_bounds(eastern_day(last.start))
    city = (first.tournament_name or "").rpartition(" ")[0]
    place = f"{city}, {_COUNTRY_OF.get(city, '')}"
    latest = next((match for match in matches if match.truth.state == "in"), matches[-1])
    return {
        "id": number,
        "uid": face.event_uid(number),
        "date": instant(start),
        "endDate": instant(end - timedelta(minutes=1)),
        "major": first.best_of == 5,
        "name": first.tournament_name,
        "shortName": first.tournament_name,
        "season": {"year": first.season, "type": first.season_type},
        "groupings": [
            {
                "grouping": {"id": kind, "slug": slug, "displayName": name},
                "competitions": [_competition(face, match, place, now) for match in matches],
            }
        ],
        "status": {
            "period": max(1, latest.truth.period),
            "type": status_type(latest.truth, latest.game.start, undecided=not latest.decided),
        },
        "venue": {"displayName": place},
        "links": [link("summary", "https://www.espn.com/tennis/scoreboard", "Summary")],
        "previousWinners": [],
        "calendar": {
            "type": "day",
            "timeZone": "America/New_York",
            "startDate": instant(start),
            "endDate": instant(end - timedelta(days=1)),
            "calendar": [
                instant(eastern_day_bounds(day)[0])
                for day in days_between(eastern_day(first.start), eastern_day(last.start))
            ],
        },
    }


def _competition(face: Face, match: Match, place: str, now: datetime) -> Json:
    game = match.game
    kind, slug, name = _KINDS[face.key]
    round_id, round_name = _ROUNDS[game.round_name or "Final"]
    return {
        "id": game.event_id,
        "uid": f"{face.event_uid(game.tournament_id or '')}~c:{game.event_id}",
        "date": instant(game.start),
        "startDate": instant(game.start),
        "timeValid": match.decided,
        "recent": abs(now - game.start) < timedelta(days=1),
        "status": status(match.truth, game, face.sport, undecided=not match.decided),
        "venue": {"fullName": place, "court": f"Court {1 + digest('court', game.event_id) % _DAY_SLOTS}"},
        "format": {"regulation": {"periods": game.best_of}},
        "notes": _notes(match),
        "geoBroadcasts": [],
        "broadcasts": [],
        "broadcast": "",
        "competitors": [_competitor(face, match, home=False), _competitor(face, match, home=True)],
        "tournamentId": int((game.tournament_id or "0-").partition("-")[0]),
        "type": {"id": kind, "text": name, "slug": slug},
        "round": {"id": round_id, "displayName": round_name},
        "wasSuspended": False,
    }


def _competitor(face: Face, match: Match, *, home: bool) -> Json:
    game, truth = match.game, match.truth
    player = game.home if home else game.away
    number = player.espn_id if match.decided else ("-3" if home else "-4")
    competitor: Json = {
        "id": number,
        "uid": f"{face.uid}~a:{number}",
        "type": "athlete",
        "order": 1 if home else 2,
        "homeAway": "home" if home else "away",
    }
    if truth.completed:
        competitor["winner"] = truth.winner == competitor["homeAway"]
    if truth.state != "pre":
        competitor["linescores"] = _sets(truth, home=home)
    facts: dict[str, Any] = dict(truth.situation or {})
    if truth.state == "in":
        competitor["possession"] = facts["serving"] == competitor["homeAway"]
    competitor["athlete"] = _athlete(player) if match.decided else _nobody()
    competitor["statistics"] = []
    return competitor


def _sets(truth: Truth, *, home: bool) -> list[Json]:
    """Games by set; the running set has no winner."""
    own, other = (truth.home_lines, truth.away_lines) if home else (truth.away_lines, truth.home_lines)
    facts: dict[str, Any] = dict(truth.situation or {})
    result: list[Json] = []
    for index, (won, lost) in enumerate(zip(own, other, strict=True)):
        line: Json = {"value": float(won)}
        points = facts["tie_breaks"][index]
        if points is not None:
            line["tiebreak"] = points[0 if home else 1]
        if truth.completed or index < len(own) - 1:
            line["winner"] = won > lost
        result.append(line)
    return result


def _country(player: SimTeam) -> tuple[str, str]:
    return COUNTRIES[digest("country", player.league, player.espn_id) % len(COUNTRIES)]


def _short(player: SimTeam) -> str:
    return f"{player.display_name[0]}. {player.name}"


def _athlete(player: SimTeam) -> Json:
    code, country = _country(player)
    guid = f"{digest('guid', player.league, player.espn_id):016x}"
    return {
        "guid": f"{guid[:8]}-{guid[8:12]}-{guid[12:]}-0000-000000000000",
        "displayName": player.display_name,
        "shortName": _short(player),
        "fullName": player.display_name,
        "flag": {
            "href": f"https://a.espncdn.com/i/teamlogos/countries/500/{code.lower()}.png",
            "alt": country,
            "rel": ["country-flag"],
        },
        "links": [link("playercard", f"https://www.espn.com/tennis/player/_/id/{player.espn_id}", "Player Card")],
    }


def _nobody() -> Json:
    return {"displayName": "TBD", "shortName": "TBD", "fullName": "TBD", "links": []}


def _notes(match: Match) -> list[Json]:
    """`A (DEN) leads B (EGY) 6-2 3-1`, the side ahead first."""
    game, truth = match.game, match.truth
    if truth.state == "pre":
        return []
    behind = truth.away_score > truth.home_score or truth.winner == "away"
    one, other = (game.away, game.home) if behind else (game.home, game.away)
    mine, theirs = (truth.away_lines, truth.home_lines) if behind else (truth.home_lines, truth.away_lines)
    verb = "bt" if truth.completed else "leads" if truth.home_score != truth.away_score else "v"
    score = " ".join(f"{a}-{b}" for a, b in zip(mine, theirs, strict=True))
    text = f"{one.display_name} ({_country(one)[0]}) {verb} {other.display_name} ({_country(other)[0]}) {score}"
    return [{"text": text, "type": "event"}]
