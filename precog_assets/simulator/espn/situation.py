"""`situation` and soccer's `details`: what a board tells of a game while it is played."""

from __future__ import annotations

from typing import Any

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.people import Player, player
from precog_assets.simulator.espn.wire import Json, half_inning
from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.randomness import digest

_PLAY_TYPES = {
    Sport.FOOTBALL: ("5", "Rush", "RUSH"),
    Sport.BASKETBALL: ("92", "Jump Shot", None),
    Sport.BASEBALL: ("58", "Play Result", None),
    Sport.HOCKEY: ("505", "Goal", "goal"),
}
_BREAKS = {
    Sport.BASKETBALL: ("412", "End Period", None),
    Sport.FOOTBALL: ("2", "End Period", "EP"),
    Sport.BASEBALL: ("58", "End Inning", None),
    Sport.HOCKEY: ("521", "Period End", None),
}
_DETAILS = {
    "goal": ("70", "Goal"),
    "own_goal": ("97", "Own Goal"),
    "penalty": ("98", "Penalty - Scored"),
    "yellow": ("94", "Yellow Card"),
    "red": ("93", "Red Card"),
    "kick": ("104", "Penalty - Scored"),
    "missed_kick": ("105", "Penalty - Missed"),
}
_AFTER_ALL = {"clock_s": 7200.0, "display_clock": "120'"}
"""When the kicks of a shoot-out are taken."""
_GOALS = frozenset({"goal", "own_goal", "penalty"})
_REGULATION_S = {Sport.FOOTBALL: (4, 900), Sport.BASKETBALL: (4, 720)}


def situation(face: Face, game: SimGame, truth: Truth) -> Json | None:
    """The block while in play, `{}` before anything has happened; None for sports and states without one."""
    sport = face.sport
    if truth.state != "in" or sport in (Sport.SOCCER, Sport.TENNIS):
        return None
    facts: dict[str, Any] = dict(truth.situation or {})
    if sport is Sport.FOOTBALL:
        return _football(face, game, truth, facts)
    if sport is Sport.BASEBALL:
        return _baseball(face, game, truth, facts)
    begun = bool(facts) or truth.period > 1 or truth.home_score or truth.away_score
    return {"lastPlay": _last_play(face, game, truth, facts)} if begun else {}


def _last_play(face: Face, game: SimGame, truth: Truth, facts: dict[str, Any]) -> Json:
    number, text, short = (_PLAY_TYPES if facts.get("text") else _BREAKS)[face.sport]
    kind: Json = {"id": number, "text": text}
    if short:
        kind["abbreviation"] = short
    seconds = int((truth.at - game.start).total_seconds())
    play: Json = {
        "id": f"{game.event_id}{seconds:05d}",
        "type": kind,
        "text": facts.get("text") or truth.detail,
        "scoreValue": facts.get("score_value", 0),
        "team": {"id": facts.get("team_id", game.home.espn_id)},
    }
    if face.sport is Sport.BASEBALL:
        kind["type"] = text.lower().replace(" ", "-")
        play["atBatId"] = f"{game.event_id}{truth.period:02d}{seconds:05d}"
        play |= {"summaryType": "A", "athletesInvolved": []}
        kind["alternativeText"] = text
    elif face.sport is Sport.HOCKEY:
        play["athletesInvolved"] = []
    else:
        play["probability"] = {
            "tiePercentage": round(truth.draw, 4),
            "homeWinPercentage": round(truth.home_win, 4),
            "awayWinPercentage": round(truth.away_win, 4),
            "secondsLeft": _seconds_left(face.sport, truth),
        }
    return play


def _seconds_left(sport: Sport, truth: Truth) -> int:
    periods, length = _REGULATION_S[sport]
    return int(truth.clock_s) + length * max(0, periods - truth.period)


def _baseball(face: Face, game: SimGame, truth: Truth, facts: dict[str, Any]) -> Json:
    block: Json = {
        "lastPlay": _last_play(face, game, truth, facts),
        "balls": facts.get("balls", 0),
        "strikes": facts.get("strikes", 0),
        "outs": facts.get("outs", 0),
        "onFirst": facts.get("on_first", False),
        "onSecond": facts.get("on_second", False),
        "onThird": facts.get("on_third", False),
    }
    top = half_inning(truth).startswith("Top")
    batting, pitching = (game.away, game.home) if top else (game.home, game.away)
    if truth.detail.startswith(("Mid", "End")):
        block["dueUp"] = [_at_work(face, game, truth, player(face, batting, place), "0-0") for place in (0, 1, 2)]
        return block
    turn = digest("turn", game.event_id, truth.period, truth.home_score, truth.away_score, facts.get("outs")) % 9
    block["pitcher"] = _at_work(face, game, truth, player(face, pitching, 5, "SP"), "3.0 IP, 1 ER, 4 H, 1 BB")
    block["batter"] = _at_work(face, game, truth, player(face, batting, turn), "0-1")
    return block


def _at_work(face: Face, game: SimGame, truth: Truth, one: Player, summary: str) -> Json:
    core = f"http://sports.core.api.espn.pvt/v2/sports/{face.path.replace('/', '/leagues/')}/events/{game.event_id}"
    return {
        "playerId": int(one.number),
        "period": truth.period,
        "athlete": one.named(),
        "summary": summary,
        "projections": {"$ref": f"{core}/competitions/{game.event_id}/athletes/{one.number}/projections"},
    }


def _football(face: Face, game: SimGame, truth: Truth, facts: dict[str, Any]) -> Json:
    play = _last_play(face, game, truth, facts)
    spot, side = facts.get("yard_line", 0), facts.get("team_id", game.home.espn_id)
    place = facts.get("possession_text", f"{game.home.abbreviation} 25")
    run = digest("drive", game.event_id, truth.period, truth.home_score, truth.away_score) % 240
    play |= {
        "drive": {
            "description": f"{1 + run % 9} plays, {run % 70} yards, {run // 60}:{run % 60:02d}",
            "start": {"yardLine": spot, "text": place},
            "timeElapsed": {"displayValue": f"{run // 60}:{run % 60:02d}"},
            "result": "",
        },
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


def details(face: Face, game: SimGame, truth: Truth) -> list[Json]:
    """Soccer's goals, cards and kicks of a shoot-out so far."""
    facts: dict[str, Any] = dict(truth.situation or {})
    kicks = [
        {"kind": "kick" if kick["scored"] else "missed_kick", "team_id": kick["team_id"], **_AFTER_ALL}
        for kick in facts.get("shootout", ())
    ]
    incidents = [*facts.get("incidents", ()), *kicks]
    return [_detail(face, game, incident, place) for place, incident in enumerate(incidents)]


def _detail(face: Face, game: SimGame, incident: dict[str, Any], place: int) -> Json:
    kind = incident["kind"]
    number, text = _DETAILS[kind]
    goal, kick = kind in _GOALS, kind in ("kick", "missed_kick")
    side = game.home if incident["team_id"] == game.home.espn_id else game.away
    scorer = player(face, side, digest("scorer", game.event_id, place) % 11)
    return {
        "type": {"id": number, "text": text},
        "clock": {"value": incident["clock_s"], "displayValue": incident["display_clock"]},
        "team": {"id": incident["team_id"]},
        "scoreValue": int(goal or kind == "kick"),
        "scoringPlay": goal or kind == "kick",
        "redCard": kind == "red",
        "yellowCard": kind == "yellow",
        "penaltyKick": kind == "penalty" or kick,
        "ownGoal": kind == "own_goal",
        "shootout": kick,
        "athletesInvolved": [scorer.scoring()],
    }
