"""Objects of the core API: links (`$ref`) to links, and the few leaves that hold values."""

from __future__ import annotations

from collections.abc import Sequence

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.competition import KINDS, attendance, kind_of
from precog_assets.simulator.espn.core_query import Window
from precog_assets.simulator.espn.event import OUTDOOR, event_status, names, short_name
from precog_assets.simulator.espn.links import event_links
from precog_assets.simulator.espn.periods import game_format
from precog_assets.simulator.espn.places import venue_of
from precog_assets.simulator.espn.showing import Showing
from precog_assets.simulator.espn.situation import situation
from precog_assets.simulator.espn.teams import shared_conference
from precog_assets.simulator.espn.wire import BROKEN_OFF, Json, guid, instant
from precog_assets.simulator.world.randomness import digest

HOST = "http://sports.core.api.espn.com"
PRIVATE = "http://sports.core.api.espn.pvt"
"""Some links name a host that only ESPN reaches."""
_PRIVATE_EVERY = 10
_LOCALE = "lang=en&region=us"
_PARTS = ("situation", "status", "odds", "broadcasts", "officials", "leaders", "predictor", "probabilities")
_FLAGS = (
    "previewAvailable",
    "recapAvailable",
    "boxscoreAvailable",
    "lineupAvailable",
    "gamecastAvailable",
    "playByPlayAvailable",
    "conversationAvailable",
    "commentaryAvailable",
    "pickcenterAvailable",
    "summaryAvailable",
    "liveAvailable",
    "ticketsAvailable",
    "shotChartAvailable",
    "timeoutsAvailable",
    "possessionArrowAvailable",
    "onWatchESPN",
    "recent",
    "bracketAvailable",
    "wallclockAvailable",
    "highlightsAvailable",
)
_BEGUN = frozenset({"boxscoreAvailable", "playByPlayAvailable", "wallclockAvailable", "conversationAvailable"})
_OVER = frozenset({"recapAvailable", "highlightsAvailable"})
_ALWAYS = frozenset({"gamecastAvailable", "summaryAvailable", "pickcenterAvailable"})
_SOURCES = ("gameSource", "boxscoreSource", "playByPlaySource", "linescoreSource", "statsSource")
_COMPETITOR_PARTS = ("score", "linescores", "roster", "statistics", "leaders")


def league_path(face: Face) -> str:
    sport, _, league = face.path.partition("/")
    return f"/v2/sports/{sport}/leagues/{league}"


def ref(face: Face, rest: str) -> Json:
    """A link to a part of the league's tree."""
    path = f"{league_path(face)}/{rest}"
    host = PRIVATE if digest("host", path) % _PRIVATE_EVERY == 0 else HOST
    return {"$ref": f"{host}{path}?{_LOCALE}"}


def listed(items: Sequence[Json], asked: Window) -> Json:
    """A list's page: how many there are, which page this is, and its items."""
    first = (asked.page - 1) * asked.size
    return {
        "count": len(items),
        "pageIndex": asked.page,
        "pageSize": asked.size,
        "pageCount": -(-len(items) // asked.size),
        "items": list(items[first : first + asked.size]),
    }


def own(face: Face, rest: str) -> Json:
    """A page's link to itself."""
    return {"$ref": f"{HOST}{league_path(face)}/{rest}?{_LOCALE}"}


def competition_path(show: Showing) -> str:
    """Where a competition stands below its league; in team sports it has the event's id."""
    number = show.game.event_id
    return f"events/{number}/competitions/{number}"


def event_page(show: Showing) -> Json:
    """`events/{id}`."""
    face, game = show.face, show.game
    away, home = names(show)
    number = "1" if face.stage else str(game.season_type)
    season = f"seasons/{game.season}"
    page: Json = {
        **own(face, f"events/{game.event_id}"),
        "id": game.event_id,
        "uid": face.event_uid(game.event_id),
        "date": instant(show.listing.start),
        "name": f"{away} at {home}",
        "shortName": short_name(show),
        "season": ref(face, season),
        "seasonType": ref(face, f"{season}/types/{number}"),
    }
    if game.week is not None:
        page["week"] = ref(face, f"{season}/types/{number}/weeks/{game.week}")
    page["timeValid"] = show.listing.time_valid and show.listing.decided
    page["competitions"] = [competition_page(show)]
    page["links"] = event_links(face, game, show.truth)
    page["venues"] = [ref(face, f"venues/{venue_of(face, game)['id']}")]
    page["league"] = {"$ref": f"{HOST}{league_path(face)}?{_LOCALE}"}
    return page


def competition_page(show: Showing) -> Json:
    """`events/{id}/competitions/{id}`."""
    face, game, truth = show.face, show.game, show.truth
    root = competition_path(show)
    begun = truth.state != "pre" and truth.status not in BROKEN_OFF
    true = _ALWAYS | (_BEGUN if begun else frozenset()) | (_OVER if truth.completed else frozenset())
    page: Json = {
        **own(face, root),
        "id": game.event_id,
        "guid": guid("competition", game.event_id),
        "uid": f"{face.event_uid(game.event_id)}~c:{game.event_id}",
        "date": instant(show.listing.start),
        "attendance": attendance(truth, game),
    }
    if face.sport is not Sport.SOCCER:
        kind = kind_of(face, game)
        words, slug = KINDS[str(kind["abbreviation"])]
        page["type"] = {
            "id": kind["id"],
            "text": words,
            "abbreviation": kind["abbreviation"],
            "slug": slug,
            "type": slug,
        }
    page |= {
        "timeValid": show.listing.time_valid and show.listing.decided,
        "dateValid": True,
        "neutralSite": game.neutral,
        "divisionCompetition": False,
        "conferenceCompetition": bool(shared_conference(game)) and show.listing.decided,
        **{flag: flag in true for flag in _FLAGS},
    }
    page["recent"] = show.recent
    for name in _SOURCES:
        page[name] = (
            {"id": "2", "description": "feed", "state": "full"}
            if begun
            else {
                "id": "0",
                "description": "none",
                "state": "none",
            }
        )
    venue = venue_of(face, game)
    picture: Json = {"width": 2000, "height": 1125, "alt": "", "rel": ["full", "day"]}
    address = venue["address"] if isinstance(venue["address"], dict) else {}
    place = ref(face, f"venues/{venue['id']}") | venue
    page["venue"] = place | {
        "address": address | {"zipCode": f"{10_000 + digest('zip', venue['id']) % 89_999}"},
        "grass": face.sport in OUTDOOR,
        "images": [picture | {"href": f"https://a.espncdn.com/i/venues/day/{venue['id']}.jpg"}],
    }
    page["competitors"] = [_competitor(show, home=True), _competitor(show, home=False)]
    note = show.listing.note
    page["notes"] = [{"type": "event", "headline": note}] if note else []
    page |= {
        name: ref(face, f"{root}/{name}") for name in _PARTS if name != "situation" or face.sport is not Sport.SOCCER
    }
    page |= {"details": ref(face, f"{root}/plays"), "powerIndexes": ref(face, f"{root}/powerindex")}
    page |= {"format": game_format(face), "links": event_links(face, game, truth)}
    if face.sport is Sport.FOOTBALL:
        page["drives"] = ref(face, f"{root}/drives")
    page["hasDefensiveStats"] = False
    return page


def _competitor(show: Showing, *, home: bool) -> Json:
    face, game, truth = show.face, show.game, show.truth
    known = show.listing.home_known if home else show.listing.away_known
    side = game.home if home else game.away
    number = side.espn_id if known else ("-1" if home else "-2")
    root = f"{competition_path(show)}/competitors/{number}"
    result: Json = {
        **own(face, root),
        "id": number,
        "uid": face.team_uid(number),
        "type": "team",
        "order": 0 if home else 1,
        "homeAway": "home" if home else "away",
    }
    if truth.completed:
        result["winner"] = truth.winner == result["homeAway"]
    result["team"] = ref(face, f"seasons/{game.season}/teams/{number}")
    result |= {part: ref(face, f"{root}/{part}") for part in _COMPETITOR_PARTS}
    return result | {"record": ref(face, f"{root}/records")}


def score_page(show: Showing, *, home: bool) -> Json:
    """`.../competitors/{id}/score`."""
    side = show.game.home if home else show.game.away
    points = show.truth.home_score if home else show.truth.away_score
    page: Json = {
        **own(show.face, f"{competition_path(show)}/competitors/{side.espn_id}/score"),
        "value": float(points),
        "displayValue": str(points),
    }
    if show.truth.completed:
        page["winner"] = show.truth.winner == ("home" if home else "away")
    return page | {"source": {"id": "2", "description": "feed"}}


def status_page(show: Showing) -> Json:
    """`.../status`: clock, period and type."""
    return own(show.face, f"{competition_path(show)}/status") | event_status(show)


def situation_page(show: Showing) -> Json | None:
    """`.../situation`: the last play as a link, and the rest as boards have it; None where there is none."""
    root = competition_path(show)
    block = situation(show.face, show.game, show.truth)
    if block is None:
        return None
    page: Json = own(show.face, f"{root}/situation")
    play = block.get("lastPlay")
    if isinstance(play, dict):
        page["lastPlay"] = ref(show.face, f"{root}/plays/{play['id']}")
    kept = ("down", "yardLine", "distance", "isRedZone", "homeTimeouts", "awayTimeouts")
    kept += ("balls", "strikes", "outs", "onFirst", "onSecond", "onThird")
    return page | {key: block[key] for key in kept if key in block}
