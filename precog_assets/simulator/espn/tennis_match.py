"""A tennis match as a competition of its tournament: two players, sets, notes; and the doubles drawn after them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.simulator.espn.catalog import FACES
from precog_assets.simulator.espn.people import Player, player
from precog_assets.simulator.espn.showing import Showing
from precog_assets.simulator.espn.wire import Json, guid, instant, link, status
from precog_assets.simulator.world.model import SimGame, SimTeam, Truth
from precog_assets.simulator.world.names import CITIES, COUNTRIES
from precog_assets.simulator.world.randomness import digest

ROUNDS = {
    "Round 1": "1",
    "Round 2": "2",
    "Round 3": "3",
    "Round 4": "4",
    "Quarterfinal": "5",
    "Semifinal": "6",
    "Final": "7",
    "Qualifying 1st Round": "11",
    "Qualifying 2nd Round": "12",
    "Qualifying Final": "14",
}
SINGLES = {"atp": ("1", "mens-singles", "Men's Singles"), "wta": ("2", "womens-singles", "Women's Singles")}
DOUBLES = {"atp": ("3", "mens-doubles", "Men's Doubles"), "wta": ("4", "womens-doubles", "Women's Doubles")}
BOTH_AWAY = 11
"""One match in so many says `away` of both players (Q8)."""
_COURTS = 8
_MAJORS = {
    "Australian Open": "Melbourne, Australia",
    "Roland Garros": "Paris, France",
    "Wimbledon": "London, Great Britain",
    "US Open": "New York, USA",
}
_COUNTRY_OF = dict(CITIES)
_PARTNER = 40


def tour(game: SimGame) -> str:
    """atp or wta: whose match it is, in whichever feed it is shown."""
    return game.league


def place_of(game: SimGame) -> str:
    """City and country of a tournament: of a major, or read from its name."""
    if game.tournament_name in _MAJORS:
        return _MAJORS[game.tournament_name]
    city = (game.tournament_name or "").rpartition(" ")[0]
    return f"{city}, {_COUNTRY_OF[city]}" if city in _COUNTRY_OF else city or "Springfield, USA"


def singles(show: Showing) -> Json:
    """A match of the singles draw."""
    return _match(show, SINGLES[tour(show.game)], doubles=False)


def doubles(show: Showing) -> Json:
    """A match of doubles: the pairs of two singles players, with the course of their match."""
    return _match(show, DOUBLES[tour(show.game)], doubles=True)


def doubles_id(game: SimGame) -> str:
    return f"2{game.event_id[1:]}"


def announced(show: Showing) -> datetime:
    """The start as it is written: midnight Eastern while the players or the hour are open."""
    listing = show.listing
    if listing.time_valid and listing.decided:
        return listing.start
    return eastern_day_bounds(eastern_day(listing.start))[0]


def _match(show: Showing, kind: tuple[str, str, str], *, doubles: bool) -> Json:
    face, game, truth = show.face, show.game, show.truth
    number = doubles_id(game) if doubles else game.event_id
    state = status(truth, game, face.sport, show.listing)
    date = instant(announced(show))
    shown_in = "Max" if game.best_of == 5 else "Tennis Channel"
    return {
        "id": number,
        "uid": f"{face.event_uid(game.tournament_id or '')}~c:{number}",
        "date": date,
        "startDate": date,
        "timeValid": show.listing.time_valid and show.listing.decided,
        "recent": show.recent,
        "status": state,
        "venue": {"fullName": place_of(game), "court": f"Court {1 + digest('court', number) % _COURTS}"},
        "format": {"regulation": {"periods": 3 if doubles else game.best_of}},
        "notes": _notes(show, doubles=doubles),
        "geoBroadcasts": [
            {
                "type": {"id": "1", "shortName": "TV"},
                "market": {"id": "1", "type": "National"},
                "media": {"shortName": shown_in},
                "lang": "en",
                "region": "us",
            }
        ],
        "broadcasts": [{"market": "national", "names": [shown_in]}],
        "broadcast": shown_in,
        "competitors": [_side(show, home=False, doubles=doubles), _side(show, home=True, doubles=doubles)],
        "tournamentId": int((game.tournament_id or "0-").partition("-")[0]),
        "type": {"id": kind[0], "text": kind[2], "slug": kind[1]},
        "round": {"id": ROUNDS.get(game.round_name or "Final", "1"), "displayName": game.round_name or "Final"},
        "wasSuspended": truth.status == "STATUS_SUSPENDED",
    }


def _side(show: Showing, *, home: bool, doubles: bool) -> Json:
    face, game, truth = show.face, show.game, show.truth
    own = "home" if home else "away"
    known = show.listing.home_known if home else show.listing.away_known
    one = game.home if home else game.away
    number = one.espn_id if known else ("-3" if home else "-4")
    if doubles:
        number = f"{number}-{partner(one).number}" if known else "-3--4"
    both_away = digest("homeAway", game.event_id) % BOTH_AWAY == 0
    result: Json = {
        "id": number,
        "uid": f"{face.uid}~{'t' if doubles else 'a'}:{number}",
        "type": "team" if doubles else "athlete",
        "order": 1 if home else 2,
        "homeAway": "away" if both_away else own,
    }
    if truth.completed:
        result["winner"] = truth.winner == own
    if truth.state != "pre" and truth.home_lines:
        result["linescores"] = _sets(truth, home=home)
    facts: dict[str, Any] = dict(truth.situation or {})
    if truth.state == "in" and "serving" in facts:
        result["possession"] = facts["serving"] == own
    if doubles:
        result["roster"] = (
            _pair(one)
            if known
            else {"displayName": "TBD", "shortDisplayName": "TBD", "athletes": [_nobody(), _nobody()]}
        )
    else:
        result["athlete"] = athlete(one) if known else _nobody()
    result["statistics"] = []
    return result


def _sets(truth: Truth, *, home: bool) -> list[Json]:
    """Games by set; the running set has no winner, one broken off was won by nobody."""
    own, other = (truth.home_lines, truth.away_lines) if home else (truth.away_lines, truth.home_lines)
    facts: dict[str, Any] = dict(truth.situation or {})
    ties = facts.get("tie_breaks", ())
    result: list[Json] = []
    for index, (won, lost) in enumerate(zip(own, other, strict=True)):
        line: Json = {"value": float(won)}
        last = index == len(own) - 1
        points = ties[index] if index < len(ties) else None
        if points is not None:
            line["tiebreak"] = points[0 if home else 1]
        if truth.completed or not last:
            line["winner"] = won > lost and not (last and truth.status == "STATUS_RETIRED")
        result.append(line)
    return result


def country(one: SimTeam) -> tuple[str, str]:
    """Code and name of a player's country."""
    return COUNTRIES[digest("country", one.league, one.espn_id) % len(COUNTRIES)]


def partner(one: SimTeam) -> Player:
    """With whom a player enters the doubles."""
    return player(FACES[one.league], one, _PARTNER)


def athlete(one: SimTeam) -> Json:
    """`athlete`: without an id, which stands on the competitor."""
    code, name = country(one)
    return _person(one.display_name, f"{one.display_name[0]}. {one.name}", one.espn_id, code, name)


def _person(name: str, short: str, number: str, code: str, nation: str) -> Json:
    page = f"https://www.espn.com/tennis/player/_/id/{number}"
    return {
        "guid": guid(number, name),
        "displayName": name,
        "shortName": short,
        "fullName": name,
        "flag": {
            "href": f"https://a.espncdn.com/i/teamlogos/countries/500/{code.lower()}.png",
            "alt": nation,
            "rel": ["country-flag"],
        },
        "links": [link("playercard", page, "Player Card", about="athlete") | {"isHidden": False}],
    }


def _pair(one: SimTeam) -> Json:
    other = partner(one)
    code, nation = country(one)
    return {
        "displayName": f"{one.display_name} / {other.name}",
        "shortDisplayName": f"{one.display_name[0]}. {one.name} / {other.short}",
        "athletes": [athlete(one), _person(other.name, other.short, other.number, code, nation)],
    }


def _nobody() -> Json:
    return {"displayName": "TBD", "shortName": "TBD", "fullName": "TBD", "links": []}


def _called(one: SimTeam, *, doubles: bool) -> str:
    code, _ = country(one)
    single = f"{one.display_name} ({code})"
    return f"{single} & {partner(one).name} ({code})" if doubles else single


def _notes(show: Showing, *, doubles: bool) -> list[Json]:
    """`A (DEN) leads B (EGY) 6-2 3-1`, the side ahead first; `w/o` and `ret` at their ends."""
    game, truth = show.game, show.truth
    if truth.state == "pre" or (not truth.completed and not truth.home_lines):
        return []
    behind = truth.winner == "away" if truth.completed else truth.away_score > truth.home_score
    one, other = (game.away, game.home) if behind else (game.home, game.away)
    mine, theirs = (truth.away_lines, truth.home_lines) if behind else (truth.home_lines, truth.away_lines)
    verb = "bt" if truth.completed else "leads" if truth.home_score != truth.away_score else "v"
    score = " ".join(f"{a}-{b}" for a, b in zip(mine, theirs, strict=True))
    ending = {"STATUS_WALKOVER": "w/o", "STATUS_RETIRED": f"{score} ret"}.get(truth.status, score)
    text = f"{_called(one, doubles=doubles)} {verb} {_called(other, doubles=doubles)} {ending}"
    return [{"text": text, "type": "event"}]
