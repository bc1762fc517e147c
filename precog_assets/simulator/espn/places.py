"""Where a home side plays: the state or province that ESPN's venues name beside the city."""

from __future__ import annotations

from functools import lru_cache

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.world.model import SimGame, SimTeam
from precog_assets.simulator.world.randomness import digest

INDOOR = frozenset({Sport.BASKETBALL, Sport.HOCKEY})
NEUTRAL_ID = "999"
_STATES = """
    AL Alabama|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DC District of Columbia|FL Florida
    GA Georgia|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|MD Maryland|MA Massachusetts
    MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|NE Nebraska|NV Nevada|NJ New Jersey|NM New Mexico|NY New York
    NC North Carolina|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania|RI Rhode Island|SC South Carolina|TN Tennessee
    TX Texas|UT Utah|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|AB Alberta
    BC British Columbia|MB Manitoba|ON Ontario|QC Quebec
"""
_CITIES = """
    AZ Arizona Phoenix|GA Atlanta|MD Baltimore|MA Boston|NY Brooklyn Buffalo|NC Carolina Charlotte
    IL Chicago|OH Cincinnati Cleveland Columbus|TX Dallas Houston|CO Colorado Denver|MI Detroit|FL Florida Miami Orlando
    CA Anaheim|IN Indiana Indianapolis|FL Jacksonville|MO Kansas|NV Vegas|CA Angeles Sacramento|TN Memphis Nashville
    WI Milwaukee|MN Minnesota|LA Orleans|NY York|CA Oakland Athletics|OK Oklahoma|PA Philadelphia Pittsburgh
    OR Portland|CA Diego Francisco Jose State|WA Seattle|MO Louis|FL Tampa|TN Tennessee|TX Texas Antonio
    UT Utah|DC Washington|MA England|WI Bay|NJ Jersey|CT Connecticut|AB Calgary Edmonton|QC Montreal Montréal
    ON Ottawa Toronto|BC Vancouver|MB Winnipeg|GA Georgia|TX Austin|UT Salt
"""


def _pairs(text: str) -> list[tuple[str, str]]:
    entries = [entry.strip().partition(" ") for line in text.splitlines() for entry in line.split("|") if entry.strip()]
    return [(code, rest) for code, _, rest in entries]


NAMES = dict(_pairs(_STATES))
_BY_NAME = {name: code for code, name in NAMES.items()}
_BY_WORD = {word: code for code, words in _pairs(_CITIES) for word in words.split()}
_STATED = tuple(code for code in NAMES if code not in ("AB", "BC", "MB", "ON", "QC"))


def state_of(team: SimTeam) -> str:
    """Two letters: of a state in the team's name, of its city, or drawn for a college whose name tells nothing."""
    for name in sorted(_BY_NAME, key=len, reverse=True):
        if name in team.location:
            return _BY_NAME[name]
    found = (_BY_WORD[word] for word in team.location.split() if word in _BY_WORD)
    return next(found, None) or _STATED[digest("state", team.location) % len(_STATED)]


def venue_id(team: SimTeam) -> str:
    return str(1000 + digest("venue", team.league, team.espn_id) % 9000)


@lru_cache(maxsize=4096)
def home_venue(face: Face, host: SimTeam, *, neutral: bool) -> Json:
    """`venue` of a competition. Shared between events: never change it."""
    word = "Arena" if face.sport in INDOOR else "Stadium" if face.sport is not Sport.BASEBALL else "Park"
    address: Json = {"city": "Springfield" if neutral else host.location}
    if face.sport is Sport.SOCCER:
        address["country"] = "USA" if face.key == "mls" else face.name.split()[0]
    else:
        code = "IL" if neutral else state_of(host)
        address |= {"state": NAMES[code] if face.sport is Sport.BASEBALL else code, "country": "USA"}
    venue: Json = {
        "id": NEUTRAL_ID if neutral else venue_id(host),
        "fullName": f"Neutral {word}" if neutral else f"{host.location} {word}",
        "address": address,
    }
    if face.sport is not Sport.SOCCER:
        venue["indoor"] = face.sport in INDOOR
    return venue


def venue_of(face: Face, game: SimGame) -> Json:
    return home_venue(face, game.home, neutral=game.neutral)
