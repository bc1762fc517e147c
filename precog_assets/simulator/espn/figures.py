"""Statistics, leaders and probable starters: ornaments that agree with the score where they overlap with it."""

from __future__ import annotations

from dataclasses import dataclass

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.people import Player, player
from precog_assets.simulator.espn.teams import logos
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.world.model import SimGame, SimTeam, Truth
from precog_assets.simulator.world.play.frame import ordinal
from precog_assets.simulator.world.randomness import digest


@dataclass(frozen=True, slots=True)
class Figure:
    """A statistic: its names, what a whole game brings at least and at most, and how it is written."""

    name: str
    short: str
    low: float
    high: float
    written: str = "{:.0f}"
    season: int = 80
    """By how much a season's figure is larger; 1 for averages and shares."""


def _average(name: str, short: str, low: float, high: float) -> Figure:
    return Figure(name, short, low, high, "{:.1f}", season=1)


_COURT = (
    Figure("rebounds", "REB", 34, 54),
    _average("avgRebounds", "REB", 40, 46),
    Figure("assists", "AST", 18, 32),
    Figure("fieldGoalsAttempted", "FGA", 78, 96),
    Figure("fieldGoalsMade", "FGM", 34, 48),
    _average("fieldGoalPct", "FG%", 41, 52),
    _average("freeThrowPct", "FT%", 70, 86),
    Figure("freeThrowsAttempted", "FTA", 14, 30),
    Figure("freeThrowsMade", "FTM", 10, 24),
    Figure("points", "PTS", 0, 0),
    _average("threePointPct", "3P%", 29, 41),
    Figure("threePointFieldGoalsAttempted", "3PA", 26, 44),
    Figure("threePointFieldGoalsMade", "3PM", 8, 18),
    _average("avgPoints", "PTS", 104, 121),
    _average("avgAssists", "AST", 22, 29),
    _average("threePointFieldGoalPct", "3P%", 29, 41),
)
_DIAMOND = (
    Figure("hits", "H", 0, 0),
    Figure("runs", "R", 0, 0),
    Figure("avg", "AVG", 0.215, 0.285, "{:.3f}", season=1),
    Figure("saves", "SV", 0, 1),
    Figure("losses", "L", 0, 1),
    Figure("wins", "W", 0, 1),
    Figure("ERA", "ERA", 3.1, 5.2, "{:.2f}", season=1),
    Figure("errors", "E", 0, 0),
)
_ICE = (
    Figure("saves", "SV", 20, 38),
    Figure("savePct", "SV%", 0.87, 0.94, "{:.3f}", season=1),
    Figure("goals", "G", 0, 0),
    Figure("ytdGoals", "YTDG", 80, 260, season=1),
    Figure("assists", "A", 2, 9),
    Figure("points", "PTS", 3, 13),
)
_PITCH = (
    Figure("appearances", "APP", 0, 0),
    Figure("foulsCommitted", "FC", 6, 18),
    Figure("wonCorners", "CW", 1, 11),
    Figure("goalAssists", "A", 0, 2),
    _average("possessionPct", "PP", 50, 50),
    Figure("shotAssists", "SHAST", 3, 14),
    Figure("shotsOnTarget", "ST", 1, 9),
    Figure("totalGoals", "G", 0, 0),
    Figure("totalShots", "SH", 5, 22),
)
FIGURES = {Sport.BASKETBALL: _COURT, Sport.BASEBALL: _DIAMOND, Sport.HOCKEY: _ICE, Sport.SOCCER: _PITCH}
_RANKED = frozenset({Sport.BASKETBALL, Sport.BASEBALL})
"""Sports whose season figures carry a rank before the game."""
_SCORED = frozenset({"points", "runs", "goals", "totalGoals"})
_NOT_IN_COLLEGE = "threePointPct"

_Words = tuple[str, str, str, str]
"""Name, display name, short display name, abbreviation."""
_SEASON: dict[Sport, tuple[_Words, ...]] = {
    Sport.BASKETBALL: (
        ("pointsPerGame", "Points Per Game", "PPG", "PTS"),
        ("reboundsPerGame", "Rebounds Per Game", "RPG", "REB"),
        ("assistsPerGame", "Assists Per Game", "APG", "AST"),
        ("rating", "Rating", "RAT", "RAT"),
    ),
    Sport.FOOTBALL: (
        ("passingLeader", "Passing Leader", "PASS", "PYDS"),
        ("rushingLeader", "Rushing Leader", "RUSH", "RYDS"),
        ("receivingLeader", "Receiving Leader", "REC", "RECYDS"),
    ),
    Sport.SOCCER: (("goals", "Goals", "Goals", "G"), ("goalsLeaders", "Goals", "Goals", "G")),
}
_GAME: dict[Sport, tuple[_Words, ...]] = {
    Sport.BASKETBALL: (
        ("points", "Points", "Pts", "Pts"),
        ("rebounds", "Rebounds", "Reb", "Reb"),
        ("assists", "Assists", "Ast", "Ast"),
        ("rating", "Rating", "RAT", "RAT"),
    ),
    Sport.BASEBALL: (
        ("avg", "Batting Average", "BA", "AVG"),
        ("homeRuns", "Home Runs", "HR", "HR"),
        ("RBIs", "Runs Batted In", "RBI", "RBI"),
        ("MLBRating", "MLB Rating", "RAT", "RAT"),
    ),
    Sport.HOCKEY: (
        ("goals", "Goals", "Goals", "G"),
        ("assists", "Assists", "Assists", "A"),
        ("points", "Points", "Points", "PTS"),
    ),
}
_BOTH: dict[Sport, tuple[_Words, ...]] = {
    Sport.FOOTBALL: (
        ("passingYards", "Passing Leader", "PASS", "PYDS"),
        ("rushingYards", "Rushing Leader", "RUSH", "RYDS"),
        ("receivingYards", "Receiving Leader", "REC", "RECYDS"),
    ),
    Sport.BASEBALL: (("MLBRating", "MLB Rating", "RAT", "RAT"),),
}
"""Leaders of both sides together, which stand on the competition."""


def statistics(face: Face, game: SimGame, truth: Truth, *, home: bool) -> list[Json]:
    """`competitor.statistics`: the season's before the game, the game's own from then on; soccer has none before."""
    wanted = FIGURES.get(face.sport, ())
    waiting = truth.state == "pre"
    if truth.status in ("STATUS_POSTPONED", "STATUS_CANCELED") or (waiting and face.sport is Sport.SOCCER):
        return []
    return [
        _statistic(figure, face, game, truth, home=home)
        for figure in wanted
        if not (face.college and figure.name == _NOT_IN_COLLEGE)
    ]


def _statistic(figure: Figure, face: Face, game: SimGame, truth: Truth, *, home: bool) -> Json:
    side = game.home if home else game.away
    result: Json = {"name": figure.name, "abbreviation": figure.short}
    if truth.state == "pre":
        share = _share("season", side.espn_id, figure.name)
        low, high = (figure.low, figure.high) if figure.high else (1.0, 4.0)
        result["displayValue"] = figure.written.format((low + share * (high - low)) * figure.season)
        if face.sport in _RANKED:
            result["rankDisplayValue"] = ordinal(1 + int(30 * share))
    else:
        result["displayValue"] = figure.written.format(_value(figure, game, truth, home=home))
    return result


def _value(figure: Figure, game: SimGame, truth: Truth, *, home: bool) -> float:
    if figure.name in _SCORED:
        return truth.home_score if home else truth.away_score
    facts = truth.situation or {}
    if figure.name == "hits":
        hits = facts.get("home_hits" if home else "away_hits", 0)
        return hits if isinstance(hits, int) else 0
    if figure.name == "possessionPct":
        at_home = round(38 + 24 * _share(game.event_id, figure.name), 1)
        return at_home if home else round(100 - at_home, 1)
    played = 1.0 if figure.season == 1 else _played(truth, game)
    share = _share(game.event_id, figure.name, home)
    return (figure.low + share * (figure.high - figure.low)) * played


def _played(truth: Truth, game: SimGame) -> float:
    """How much of an ordinary game is over, by the wall."""
    hours = (truth.at - game.start).total_seconds() / 3600.0
    return 1.0 if truth.completed else min(1.0, max(0.0, hours / 2.5))


def _share(*parts: object) -> float:
    return digest("figure", *parts) % 10_000 / 10_000.0


def leaders(face: Face, game: SimGame, truth: Truth, *, home: bool) -> list[Json]:
    """`competitor.leaders`: the season's best before the game, the game's own from then on."""
    side = game.home if home else game.away
    waiting = truth.state == "pre"
    words = (_SEASON if waiting else _GAME).get(face.sport) or _GAME.get(face.sport, ())
    if face.college and waiting:
        words = words[:3]
    return [_leader(face, side, game, truth, place, named) for place, named in enumerate(words)]


def best_of_both(face: Face, game: SimGame, truth: Truth) -> list[Json]:
    """`competition.leaders`: the best of the two sides."""
    return [
        _leader(face, game.home if _share(game.event_id, named[0]) < 0.5 else game.away, game, truth, place, named)
        for place, named in enumerate(_BOTH.get(face.sport, ()))
    ]


def _leader(face: Face, side: SimTeam, game: SimGame, truth: Truth, place: int, named: _Words) -> Json:
    name, words, brief, short = named
    value = round(4 + 30 * _share(side.espn_id, name, truth.state != "pre" and game.event_id), 1)
    entry: Json = {
        "displayValue": f"{value:g}",
        "value": float(value),
        "athlete": player(face, side, place).leading(),
        "team": {"id": side.espn_id},
    }
    return {
        "name": name,
        "displayName": words,
        "shortDisplayName": brief,
        "abbreviation": short,
        "leaders": [entry],
    }


def starter(face: Face, game: SimGame, *, home: bool) -> Player:
    """Who begins on the mound, or in goal."""
    side = game.home if home else game.away
    position = "SP" if face.sport is Sport.BASEBALL else "G"
    return player(face, side, digest("starter", game.event_id) % 5, position)


def probables(face: Face, game: SimGame, truth: Truth, *, home: bool) -> list[Json]:
    """Who is expected to pitch, or to keep goal."""
    baseball = face.sport is Sport.BASEBALL
    one = starter(face, game, home=home)
    role = "Pitcher" if baseball else "Goalie"
    entry: Json = {
        "name": f"probableStarting{role}",
        "displayName": f"Probable Starting {role}",
        "shortDisplayName": "Starter",
        "abbreviation": "SP" if baseball else "SG",
        "playerId": int(one.number),
        "athlete": one.named(),
    }
    if baseball:
        entry["statistics"] = _pitching(one)
        entry["record"] = f"({int(9 * _share(one.number, 'w'))}-{int(7 * _share(one.number, 'l'))}, {_era(one)})"
        return [entry]
    entry |= {"statistics": [], "record": ""}
    said = ("101", "Expected") if truth.state == "pre" else ("102", "Confirmed")
    entry["status"] = {"id": said[0], "name": said[1], "type": said[1].lower(), "abbreviation": said[1]}
    return [entry]


def _era(one: Player) -> str:
    return f"{2.5 + 3 * _share(one.number, 'era'):.2f}"


def _pitching(one: Player) -> list[Json]:
    values = (("saves", "SV", "0"), ("ERA", "ERA", _era(one)))
    return [{"name": name, "abbreviation": short, "displayValue": value} for name, short, value in values]


def deciders(face: Face, game: SimGame, truth: Truth) -> list[tuple[SimTeam, Player]]:
    """(side, player) of the winner, then of the loser."""
    sides = (game.home, game.away) if truth.home_score > truth.away_score else (game.away, game.home)
    return [(side, player(face, side, 6, "RP" if face.sport is Sport.BASEBALL else "G")) for side in sides]


def featured(face: Face, game: SimGame, truth: Truth) -> list[Json]:
    """`status.featuredAthletes` of a decided game: who won and who lost it on the mound, or in goal."""
    baseball = face.sport is Sport.BASEBALL
    role, figure = ("Pitcher", ("saves", "SV", "0")) if baseball else ("Goalie", ("saves", "SV", "27"))
    result: list[Json] = []
    for (side, one), word in zip(deciders(face, game, truth), ("winning", "losing"), strict=True):
        won = word == "winning"
        result.append(
            {
                "name": f"{word}{role}",
                "displayName": f"{word.title()} {role}",
                "shortDisplayName": ("Win" if won else "Loss") if baseball else f"{word.title()} {role}",
                "abbreviation": ("W" if won else "L") + ("P" if baseball else ""),
                "playerId": int(one.number),
                "athlete": one.named(),
                "team": {"id": side.espn_id},
                "statistics": [{"name": figure[0], "abbreviation": figure[1], "displayValue": figure[2]}],
            }
        )
    return result


def probable_profiles(face: Face, game: SimGame, truth: Truth, *, home: bool) -> list[Json]:
    """`probables` as the header of a summary writes them: splits instead of a list, the player in full."""
    rows = probables(face, game, truth, home=home)
    for row in rows:
        row["athlete"] = starter(face, game, home=home).profile(face.uid)
        numbers = [{"name": "wins", "abbreviation": "W", "value": 4.0, "displayValue": "4"}]
        row["statistics"] = {"splits": {"categories": numbers}}
    return rows


def featured_profiles(face: Face, game: SimGame, truth: Truth) -> list[Json]:
    """`featuredAthletes` as the header of a summary writes them."""
    rows = featured(face, game, truth)
    for row, (side, one) in zip(rows, deciders(face, game, truth), strict=True):
        row["athlete"] = one.profile(face.uid)
        row["team"] = {"id": side.espn_id, "name": side.name, "nickname": side.name, "logos": logos(face, side)}
    return rows
