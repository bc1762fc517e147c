"""`situation` and soccer's `details`: what a board tells of a game while it is played."""

from __future__ import annotations

from typing import Any

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.world.model import SimGame, Truth

_PLAY_TYPES = {
    Sport.FOOTBALL: ("5", "Rush", "RUSH"),
    Sport.BASKETBALL: ("92", "Jump Shot", None),
    Sport.BASEBALL: ("58", "Play Result", None),
    Sport.HOCKEY: ("505", "Goal", "goal"),
}
_DETAILS = {"goal": ("70", "Goal"), "penalty": ("98", "Penalty - Scored"), "yellow": ("94", "Yellow Card")}
_RED = ("93", "Red Card")


def situation(game: SimGame, truth: Truth, sport: Sport) -> Json | None:
    """The block while in play, `{}` where nothing has happened yet; None for sports and states without one."""
    if truth.state != "in" or sport in (Sport.SOCCER, Sport.TENNIS):
        return None
    facts: dict[str, Any] = dict(truth.situation or {})
    if sport is Sport.FOOTBALL:
        return _football(game, truth, facts)
    if sport is Sport.BASEBALL:
        return {
            "lastPlay": _last_play(game, truth, facts, sport),
            "balls": facts["balls"],
            "strikes": facts["strikes"],
            "outs": facts["outs"],
            "onFirst": facts["on_first"],
            "onSecond": facts["on_second"],
            "onThird": facts["on_third"],
        }
    return {"lastPlay": _last_play(game, truth, facts, sport)} if facts else {}


def _last_play(game: SimGame, truth: Truth, facts: dict[str, Any], sport: Sport) -> Json:
    number, text, short = _PLAY_TYPES[sport]
    kind: Json = {"id": number, "text": text}
    if short:
        kind["abbreviation"] = short
    seconds = int((truth.at - game.start).total_seconds())
    play: Json = {
        "id": f"{game.event_id}{seconds:05d}",
        "type": kind,
        "text": facts.get("text", ""),
        "scoreValue": facts.get("score_value", 0),
        "team": {"id": facts.get("team_id", game.home.espn_id)},
    }
    if sport is Sport.BASEBALL:
        play["atBatId"] = f"{game.event_id}{truth.period:02d}{seconds:05d}"
    elif sport is Sport.HOCKEY:
        play["athletesInvolved"] = []
    else:
        play["probability"] = {
            "tiePercentage": round(truth.draw, 4),
            "homeWinPercentage": round(truth.home_win, 4),
            "awayWinPercentage": round(truth.away_win, 4),
        }
    return play


def _football(game: SimGame, truth: Truth, facts: dict[str, Any]) -> Json:
    play = _last_play(game, truth, facts, Sport.FOOTBALL)
    spot, side = facts.get("yard_line", 0), facts.get("team_id", game.home.espn_id)
    play |= {
        "drive": {"description": facts.get("text", ""), "result": ""},
        "start": {"yardLine": spot, "team": {"id": side}},
        "end": {"yardLine": spot, "team": {"id": side}},
        "statYardage": 0,
    }
    block: Json = {
        "lastPlay": play,
        "down": facts.get("down", 0),
        "yardLine": spot,
        "distance": facts.get("distance", 0),
        "isRedZone": facts.get("is_red_zone", False),
        "homeTimeouts": 3,
        "awayTimeouts": 3,
    }
    if "down" in facts:
        block |= {
            "downDistanceText": facts["down_distance_text"],
            "shortDownDistanceText": facts["short_down_distance_text"],
            "possessionText": facts["possession_text"],
            "possession": facts["possession"],
        }
    return block


def details(truth: Truth) -> list[Json]:
    """Soccer's goals and cards so far."""
    facts: dict[str, Any] = dict(truth.situation or {})
    return [_detail(incident) for incident in facts.get("incidents", ())]


def _detail(incident: dict[str, Any]) -> Json:
    kind = incident["kind"]
    number, text = _DETAILS.get(kind, _RED)
    goal = kind in ("goal", "penalty")
    return {
        "type": {"id": number, "text": text},
        "clock": {"value": incident["clock_s"], "displayValue": incident["display_clock"]},
        "team": {"id": incident["team_id"]},
        "scoreValue": int(goal),
        "scoringPlay": goal,
        "redCard": kind == "red",
        "yellowCard": kind == "yellow",
        "penaltyKick": kind == "penalty",
        "ownGoal": False,
        "shootout": False,
        "athletesInvolved": [],
    }
