"""One game of a team sport as an event of a scoreboard."""

from __future__ import annotations

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import season_type
from precog_assets.simulator.espn.competition import competition
from precog_assets.simulator.espn.links import event_links
from precog_assets.simulator.espn.places import venue_of
from precog_assets.simulator.espn.showing import Showing
from precog_assets.simulator.espn.wire import Json, instant, link, status
from precog_assets.simulator.world.model import SimGame
from precog_assets.simulator.world.randomness import digest

OUTDOOR = frozenset({Sport.FOOTBALL, Sport.BASEBALL})
TRANSPOSED = 8
"""One game in so many shows its weather with code and words exchanged (Q19)."""
_SKIES = (("7", "Cloudy"), ("1", "Sunny"), ("4", "Intermittent clouds"), ("6", "Mostly cloudy"), ("33", "Clear"))


def team_event(show: Showing) -> Json:
    """The event: identity, season, one competition, status."""
    face, game = show.face, show.game
    kind, slug = season_type(face, game)
    state = event_status(show)
    away, home = names(show)
    event: Json = {
        "id": game.event_id,
        "uid": face.event_uid(game.event_id),
        "date": instant(show.listing.start),
        "name": f"{away} at {home}",
        "shortName": short_name(show),
        "season": {"year": game.season, "type": kind, "slug": slug},
    }
    if game.week is not None:
        event["week"] = {"number": game.week}
    event["competitions"] = [competition(show, state)]
    event["links"] = event_links(face, game, show.truth)
    if face.sport in OUTDOOR and show.truth.state != "post":
        event["weather"] = weather(game)
    event["status"] = state
    if face.sport is Sport.SOCCER:
        event["venue"] = {"displayName": venue_of(face, game)["fullName"]}
    return event


def event_status(show: Showing) -> Json:
    """`status` of the event; a primed one shows the first period before it has begun (Q5)."""
    state = status(show.truth, show.game, show.face.sport, show.listing)
    if show.primed:
        state["period"] = 1
        if show.face.sport is Sport.FOOTBALL:
            state |= {"clock": 900.0, "displayClock": "15:00"}
    return state


def names(show: Showing) -> tuple[str, str]:
    """Away and home as names are read out; TBD for a side that is not known."""
    away = show.game.away.display_name if show.listing.away_known else "TBD"
    return away, show.game.home.display_name if show.listing.home_known else "TBD"


def short_name(show: Showing) -> str:
    """`AWY @ HOM`, `AWY VS HOM` on neutral ground (Q13)."""
    away = show.game.away.abbreviation if show.listing.away_known else "TBD"
    home = show.game.home.abbreviation if show.listing.home_known else "TBD"
    return f"{away} {'VS' if show.game.neutral else '@'} {home}"


def weather(game: SimGame) -> Json:
    """Outdoor weather; now and then code and words have changed places (Q19)."""
    chance = digest("weather", game.event_id)
    degrees = 30 + chance % 60
    code, words = _SKIES[chance // 64 % len(_SKIES)]
    transposed = chance // 4096 % TRANSPOSED == 0
    return {
        "displayValue": code if transposed else words,
        "temperature": degrees,
        "highTemperature": degrees + 4,
        "conditionId": words if transposed else code,
        "link": link("weather", "http://www.accuweather.com/", "Weather", about="event") | {"isExternal": True},
    }
