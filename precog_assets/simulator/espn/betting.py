"""A sportsbook's lines on a board: spread, total and money lines, from the world's chances with some margin."""

from __future__ import annotations

from dataclasses import dataclass

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.teams import board_team
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.world.model import SimGame, SimTeam, Truth
from precog_assets.simulator.world.randomness import digest

MARGIN = 1.045
PROVIDER: Json = {
    "id": "100",
    "name": "DraftKings",
    "priority": 1,
    "displayName": "DraftKings",
    "logos": [
        {"href": "https://a.espncdn.com/i/betting/Draftkings_Light.svg", "rel": ["light"]},
        {"href": "https://a.espncdn.com/i/betting/Draftkings_Dark.svg", "rel": ["dark"]},
    ],
}
_HEADER: Json = {
    "logo": {
        name: f"https://a.espncdn.com/i/betting/{name}.svg"
        for name in ("dark", "light", "exclusivesLogoDark", "exclusivesLogoLight")
    },
    "text": "Game Odds",
}
_FOOTER: Json = {"disclaimer": "Odds by DraftKings. Simulated lines; nobody takes these bets."}
_SPREAD_PER_ELO = {Sport.FOOTBALL: 25.0, Sport.BASKETBALL: 28.0}
_TOTALS = {
    "nfl": 44.5,
    "ncaaf": 52.5,
    "nba": 226.5,
    "wnba": 164.5,
    "ncaab": 147.5,
    "wncaab": 131.5,
    "nhl": 6.5,
    "mlb": 8.5,
}
_GOALS = 2.5


@dataclass(frozen=True, slots=True)
class Lines:
    """What the book offers on one game."""

    spread: float
    """Points the home side is given; negative for a favourite."""
    total: float
    chances: tuple[tuple[str, float], ...]
    """(side, probability), home first; with `draw` in soccer."""


def lines_of(face: Face, game: SimGame, truth: Truth) -> Lines:
    """The lines at a state; before the game and, in soccer, during it."""
    if face.sport is Sport.SOCCER:
        chances = (("home", truth.home_win), ("away", truth.away_win), ("draw", truth.draw))
        spread = -0.5 if truth.home_win >= truth.away_win else 0.5
        return Lines(spread, _GOALS, chances)
    points = round(abs(game.home_gap) / _SPREAD_PER_ELO.get(face.sport, 1e9) * 2) / 2
    if face.sport not in _SPREAD_PER_ELO:
        points = 1.5
    total = _TOTALS[face.key] + digest("total", game.event_id) % 13 / 2 - 3 * (_TOTALS[face.key] > 20)
    home_favored = truth.home_win >= truth.away_win
    chances = (("home", truth.home_win + truth.draw / 2), ("away", truth.away_win + truth.draw / 2))
    return Lines(-points if home_favored else points, total, chances)


def american(chance: float) -> str:
    """`-150` or `+130` for a probability, kept within what books write."""
    chance = min(0.99, max(0.01, chance))
    if chance >= 0.5:
        return f"{-round(100 * chance / (1 - chance))}"
    return f"+{round(100 * (1 - chance) / chance)}"


def odds(face: Face, game: SimGame, truth: Truth, opening: Truth) -> Json:
    """`competition.odds[0]`. Spread is relative to the home side: a favourite away gives a positive one."""
    lines, opened = lines_of(face, game, truth), lines_of(face, game, opening)
    favorite = game.home if lines.spread < 0 or (lines.spread == 0 and truth.home_win >= truth.away_win) else game.away
    live = truth.state == "in"
    result: Json = {
        "provider": PROVIDER,
        "details": _details(face, favorite, lines, home=favorite is game.home),
        "overUnder": lines.total,
        "spread": lines.spread,
    }
    for side, team in (("awayTeamOdds", game.away), ("homeTeamOdds", game.home)):
        result[side] = _team_odds(face, team, favored=team is favorite)
    if face.sport is Sport.SOCCER:
        drawn = american(MARGIN * truth.draw)
        result["drawOdds"] = {"moneyLine": int(drawn), "link": _bet(face, game, "draw", "Draw Bet")}
    result |= {
        "moneyline": _money(face, game, lines, opened, live=live),
        "pointSpread": _spreads(face, game, lines, opened, live=live),
        "total": _totals(face, game, lines, opened, live=live),
        "link": _bet(face, game, "game", "See More Odds"),
        "header": _HEADER,
        "footer": _FOOTER,
    }
    return result


def _details(face: Face, favorite: SimTeam, lines: Lines, *, home: bool) -> str:
    if face.sport in _SPREAD_PER_ELO:
        return f"{favorite.abbreviation} -{abs(lines.spread):g}" if lines.spread else "EVEN"
    chance = dict(lines.chances)["home" if home else "away"]
    return f"{favorite.abbreviation} {american(MARGIN * chance)}"


def _team_odds(face: Face, team: SimTeam, *, favored: bool) -> Json:
    shown = board_team(face, team)
    keys = ("id", "uid", "abbreviation", "name", "displayName", "logo")
    return {
        "favorite": favored,
        "underdog": not favored,
        "team": {key: shown[key] for key in keys},
        "favoriteAtOpen": favored,
    }


def _bet(face: Face, game: SimGame, side: str, text: str, details: str | None = None) -> Json:
    tags: Json = {
        "league": face.slug,
        "sport": face.path.partition("/")[0],
        "gameId": int(game.event_id),
        "betSide": side if side in ("home", "away", "draw", "over", "under") else "none",
        "betType": "straight",
    }
    if details:
        tags["betDetails"] = details
    bet: Json = {
        "language": "en-US",
        "rel": [side, "desktop", "bets", "draft-kings"],
        "href": f"https://sportsbook.draftkings.com/gateway?wpcn=ESPN&preurl=event%2F{game.event_id}%3F{side}",
        "text": text,
        "shortText": "Game" if side == "game" else text,
        "isExternal": True,
        "isPremium": False,
        "tracking": {"campaign": "betting-integrations", "tags": tags},
    }
    return bet | ({"isHidden": False} if face.sport is Sport.SOCCER else {})


def _offer(now: Json, opened: Json, link: Json, *, live: bool) -> Json:
    """Open and close lines; while play runs the link belongs to the current one."""
    if live:
        return {"open": opened, "close": opened, "current": now | {"link": link}}
    return {"open": opened, "close": now | {"link": link}}


def _money(face: Face, game: SimGame, lines: Lines, opened: Lines, *, live: bool) -> Json:
    result: Json = {"displayName": "Moneyline", "shortDisplayName": "ML"}
    for (side, chance), (_, first) in zip(lines.chances, opened.chances, strict=True):
        link = _bet(face, game, side, f"{side.title()} Bet")
        now: Json = {"odds": american(MARGIN * chance)}
        result[side] = _offer(now, {"odds": american(MARGIN * first)}, link, live=live)
    return result


def _spreads(face: Face, game: SimGame, lines: Lines, opened: Lines, *, live: bool) -> Json:
    result: Json = {"displayName": "Spread", "shortDisplayName": "Spread"}
    for side, sign, team in (("home", 1, game.home), ("away", -1, game.away)):
        line, first = f"{sign * lines.spread:+g}", f"{sign * opened.spread:+g}"
        price = american(MARGIN * 0.5)
        details = f"Spread:{team.abbreviation}{line}"
        link = _bet(face, game, f"{side}Spread", f"{side.title()} Point Spread", details)
        result[side] = _offer({"line": line, "odds": price}, {"line": first, "odds": price}, link, live=live)
    return result


def _totals(face: Face, game: SimGame, lines: Lines, opened: Lines, *, live: bool) -> Json:
    result: Json = {"displayName": "Total", "shortDisplayName": "Total"}
    for side in ("over", "under"):
        line, first, price = f"{side[0]}{lines.total:g}", f"{side[0]}{opened.total:g}", american(MARGIN * 0.5)
        link = _bet(face, game, side, f"{side.title()} Odds", f"{side.title()}:{lines.total:g}")
        result[side] = _offer({"line": line, "odds": price}, {"line": first, "odds": price}, link, live=live)
    return result
