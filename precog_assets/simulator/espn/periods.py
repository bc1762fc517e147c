"""How a sport counts its time: `format` of summaries and of the core API."""

from __future__ import annotations

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.wire import Json

_WORDS = {
    Sport.FOOTBALL: ("Quarter", 900.0, 600.0),
    Sport.BASKETBALL: ("Quarter", 720.0, 300.0),
    Sport.HOCKEY: ("Period", 1200.0, None),
    Sport.BASEBALL: ("Inning", None, None),
    Sport.SOCCER: ("Half", 2700.0, None),
}
_SHORTER = {"ncaab": ("Half", 1200.0), "wncaab": ("Quarter", 600.0), "wnba": ("Quarter", 600.0)}


def game_format(face: Face) -> Json:
    """Regulation and overtime: what a period is called, and its seconds where it has a clock."""
    word, clock, extra = _WORDS[face.sport]
    word, clock = _SHORTER.get(face.key, (word, clock))
    periods = load_leagues()[face.key].regulation_periods
    regulation: Json = {"periods": periods, "displayName": word, "slug": word.lower()}
    if clock is not None:
        regulation["clock"] = clock
    result: Json = {"regulation": regulation}
    if extra is None:
        return result
    if face.sport is Sport.FOOTBALL:
        sudden = "sudden-death"
        return result | {"overtime": {"periods": 1, "displayName": sudden, "slug": sudden, "clock": extra}}
    return result | {"overtime": {"clock": extra}}
