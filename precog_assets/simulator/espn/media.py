"""Broadcasts, tickets, recaps and videos: what stands around a game on a board and means nothing to its score."""

from __future__ import annotations

from datetime import datetime, timedelta

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.randomness import digest

_NATIONAL = {
    Sport.FOOTBALL: ("CBS", "FOX", "NBC", "ESPN"),
    Sport.BASKETBALL: ("ESPN", "ESPN2", "ESPN+", "ABC"),
    Sport.BASEBALL: ("MLB.TV", "Apple TV+", "FS1"),
    Sport.HOCKEY: ("ESPN+", "NHL NET", "TNT"),
    Sport.SOCCER: ("USA Net", "Peacock", "NBC"),
}
_LOCAL = frozenset({"nba", "wnba", "nhl", "mlb"})
"""Leagues most of whose games are shown by each side's own station."""
_STREAMS = frozenset({"ESPN+", "MLB.TV", "Apple TV+", "Peacock", "Apple TV"})
_MARKETS = {"national": ("1", "National"), "home": ("2", "Home"), "away": ("3", "Away")}
_VIDEO_PAGES = (
    "web",
    "web.self",
    "web.self.dsi",
    "web.seo",
    "mobile",
    "mobile.alert",
    "mobile.source",
    "mobile.streaming",
    "mobile.progressiveDownload",
    "api.self",
    "api.artwork",
    "source",
    "source.mezzanine",
    "source.flash",
    "source.hds",
    "source.HLS",
    "source.HLS.HD",
    "source.HLS.cmaf",
    "source.HLS.cmaf.shield",
    "source.full",
    "source.HD",
    "sportscenter",
)
_VIDEOS = frozenset({"nba", "wnba", "ncaab", "wncaab"})
"""Leagues whose recaps come with a video."""
_HIGHLIGHTS = _VIDEOS | {"mlb"}
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


def shown_by(face: Face, game: SimGame) -> list[tuple[str, str]]:
    """(market, station) of each broadcast of a game."""
    chance = digest("broadcast", game.event_id)
    if face.key == "mls":
        return [("national", "Apple TV")]
    stations = _NATIONAL[face.sport]
    if face.key not in _LOCAL or chance % 5 == 0:
        return [("national", stations[chance // 5 % len(stations)])]
    return [("home", f"{game.home.location} SN"), ("away", f"{game.away.location} SN")]


def add_broadcasts(face: Face, game: SimGame, competition: Json) -> None:
    """`broadcasts`, `broadcast` and `geoBroadcasts`."""
    shows = shown_by(face, game)
    competition["broadcasts"] = [{"market": market, "names": [name]} for market, name in shows]
    competition["broadcast"] = "/".join(name for market, name in shows if market == "national")
    competition["geoBroadcasts"] = [_geo(face, market, name) for market, name in shows]


def _geo(face: Face, market: str, name: str) -> Json:
    number, words = _MARKETS[market]
    kind = ("4", "Streaming") if name in _STREAMS else ("1", "TV")
    media: Json = {"shortName": name}
    if face.sport is Sport.HOCKEY:
        stem = f"https://a.espncdn.com/guid/{digest('station', name):016x}/logos/default"
        media |= {"logo": f"{stem}.png", "darkLogo": f"{stem}-dark.png"}
    return {
        "type": {"id": kind[0], "shortName": kind[1]},
        "market": {"id": number, "type": words},
        "media": media,
        "lang": "en",
        "region": "us",
    }


def tickets(game: SimGame) -> list[Json]:
    """Offers of a seller, before the game."""
    chance = digest("tickets", game.event_id)
    slug = game.home.display_name.lower().replace(" ", "-")
    return [
        {
            "summary": f"Tickets as low as ${8 + chance % 140}",
            "numberAvailable": 20 + chance // 140 % 900,
            "links": [
                {"href": f"https://www.vividseats.com/{slug}-tickets/production/{game.event_id}?wsUser=717"},
                {"href": f"https://www.vividseats.com/venues/{slug}.html?wsUser=717"},
            ],
        }
    ]


def recap(face: Face, game: SimGame, truth: Truth) -> Json:
    """`headlines[0]` of a game that is over, or was broken off."""
    home, away = f"{game.home.name} {truth.home_score}", f"{game.away.name} {truth.away_score}"
    text = f"{away}, {home}" if truth.away_score > truth.home_score else f"{home}, {away}"
    if truth.status == "STATUS_SUSPENDED":
        text = f"{game.away.name} and {game.home.name} suspended after {max(1, truth.period)} innings"
    result: Json = {"type": "Recap", "description": f"— {text}", "shortLinkText": text}
    if face.key in _VIDEOS and truth.completed:
        result["video"] = [_video(face, game, truth)]
    return result


def highlights(face: Face, game: SimGame, truth: Truth) -> list[Json]:
    """Clips of a finished game, in the leagues that have them."""
    if not truth.completed or face.key not in _HIGHLIGHTS:
        return []
    published = truth.at + timedelta(minutes=20)
    return [
        _video(face, game, truth)
        | {
            "cerebroId": f"{digest('clip', game.event_id):016x}",
            "description": _headline(game),
            "lastModified": (published + timedelta(minutes=5)).strftime(_STAMP),
            "originalPublishDate": published.strftime(_STAMP),
            "timeRestrictions": {
                "embargoDate": published.strftime(_STAMP),
                "expirationDate": (published + timedelta(days=110)).strftime(_STAMP),
            },
            "ad": {"sport": face.slug, "bundle": f"{face.slug}_top_plays"},
        }
    ]


def _headline(game: SimGame) -> str:
    return f"{game.away.display_name} vs. {game.home.display_name}: Game Highlights"


def _video(face: Face, game: SimGame, truth: Truth) -> Json:
    number = 40_000_000 + digest("video", game.event_id) % 9_000_000
    stem = f"{game.away.name}_{game.home.name}".lower().replace(" ", "_")
    allowed = {"type": "whitelist"}
    return {
        "id": number,
        "source": "espn",
        "headline": _headline(game),
        "thumbnail": f"https://a.espncdn.com/media/motion/{number}.jpg",
        "duration": 30 + number % 90,
        "tracking": {
            "sportName": face.path.partition("/")[0],
            "leagueName": face.abbreviation,
            "coverageType": "Final Game Highlight",
            "trackingName": f"{face.abbreviation}_One-Play ({_headline(game)}) {truth.at:%Y/%m/%d} ESHEET",
            "trackingId": f"dm_{truth.at:%Y%m%d}_{face.abbreviation}_{stem}_highlights",
        },
        "deviceRestrictions": allowed | {"devices": ["desktop", "settop", "handset", "tablet"]},
        "geoRestrictions": allowed | {"countries": ["PR", "US", "VI"]},
        "links": _pages(number),
    }


def _pages(number: int) -> Json:
    links: Json = {}
    for path in _VIDEO_PAGES:
        place: Json = links
        for part in path.split("."):
            inner = place.setdefault(part, {})
            if isinstance(inner, dict):
                place = inner
        place["href"] = f"https://media.video-cdn.espn.com/{path.replace('.', '/')}?id={number}"
    return links


def stamp(moment: datetime) -> str:
    """Whole seconds and Z, as videos and schedules write instants."""
    return moment.strftime(_STAMP)
