"""A sportsbook's lines in the shape of the core API, which team pages carry too: prices in every notation."""

from __future__ import annotations

from precog_assets.simulator.espn.betting import MARGIN, PROVIDER, american, lines_of
from precog_assets.simulator.espn.core_pages import competition_path, own, ref
from precog_assets.simulator.espn.showing import Showing
from precog_assets.simulator.espn.wire import Json, link
from precog_assets.simulator.world.model import SimTeam

_EVEN = "-110"
_EVEN_DECIMAL = 1.909


def odds_items(show: Showing) -> list[Json]:
    """The one provider's line as `.../odds` lists it; none while a side is unknown."""
    if not show.listing.decided:
        return []
    face = show.face
    item: Json = {
        **own(face, f"{competition_path(show)}/odds/{PROVIDER['id']}"),
        "provider": ref(face, f"providers/{PROVIDER['id']}")
        | {key: PROVIDER[key] for key in ("id", "name", "priority")},
        **_lines(show),
    }
    for side, team in (("away", show.game.away), ("home", show.game.home)):
        item[f"{side}TeamOdds"] = _side(show, side) | {
            "team": ref(face, f"seasons/{show.game.season}/teams/{team.espn_id}")
        }
    total = f"{lines_of(face, show.game, show.opening).total:g}"
    totals = {
        "over": _price(_EVEN, _EVEN_DECIMAL),
        "under": _price(_EVEN, _EVEN_DECIMAL),
        "total": _price(total, _EVEN_DECIMAL),
    }
    return [item | {"open": totals, "current": totals, "links": [], "moneylineWinner": False, "spreadWinner": False}]


def next_odds(show: Showing) -> list[Json]:
    """`odds` of a team's next game: teams named, links to bets."""
    if not show.listing.decided:
        return []

    def named(team: SimTeam) -> Json:
        return {"team": {"id": team.espn_id, "name": team.name, "abbreviation": team.abbreviation}}

    page = f"https://sportsbook.draftkings.com/event/{show.game.event_id}"
    bets = [
        link(side, page, f"{side.title()} Bet", about="bets") | {"isExternal": True}
        for side in ("home", "away", "draw")
    ]
    return [
        {
            "awayTeamOdds": _side(show, "away") | named(show.game.away),
            "homeTeamOdds": _side(show, "home") | named(show.game.home),
            "links": bets,
            "provider": {key: PROVIDER[key] for key in ("id", "name", "priority")},
            **_lines(show),
        }
    ]


def _lines(show: Showing) -> Json:
    lines = lines_of(show.face, show.game, show.opening)
    favorite = show.game.home if _favored(show) == "home" else show.game.away
    return {
        "details": f"{favorite.abbreviation} {-abs(lines.spread):g}",
        "overUnder": lines.total,
        "spread": lines.spread,
        "overOdds": float(_EVEN),
        "underOdds": float(_EVEN),
    }


def _favored(show: Showing) -> str:
    spread = lines_of(show.face, show.game, show.opening).spread
    if spread:
        return "home" if spread < 0 else "away"
    return "home" if show.opening.home_win >= show.opening.away_win else "away"


def _side(show: Showing, side: str) -> Json:
    """A side's prices, without the team."""
    lines = lines_of(show.face, show.game, show.opening)
    chance = dict(lines.chances)[side]
    line = f"{lines.spread if side == 'home' else -lines.spread:+g}"
    favored = side == _favored(show)
    return {
        "favorite": favored,
        "underdog": not favored,
        "moneyLine": int(american(MARGIN * chance)),
        "spreadOdds": float(_EVEN),
        "open": {"favorite": favored, **_prices(chance, line)},
        "close": _prices(chance, line),
        "current": _prices(chance, line),
    }


def _prices(chance: float, line: str) -> Json:
    decimal = round(1.0 / min(0.99, max(0.01, MARGIN * chance)), 3)
    return {
        "pointSpread": {"alternateDisplayValue": line, "american": line},
        "spread": _price(_EVEN, _EVEN_DECIMAL),
        "moneyLine": _price(american(MARGIN * chance), decimal),
    }


def _price(shown: str, decimal: float) -> Json:
    return {
        "value": decimal,
        "displayValue": f"{decimal - 1:.2f}/1",
        "alternateDisplayValue": shown,
        "decimal": decimal,
        "fraction": f"{decimal - 1:.2f}/1",
        "american": shown,
    }
