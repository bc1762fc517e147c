"""A game's course told play by play, as summaries and core pages list it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.media import stamp
from precog_assets.simulator.espn.showing import Showing
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.world.model import Truth
from precog_assets.simulator.world.play.frame import ordinal

MOST = 700
"""Plays a page lists at most; a longer course keeps its last ones."""
_PERIODS = {Sport.FOOTBALL: "Quarter", Sport.BASKETBALL: "Quarter", Sport.HOCKEY: "Period", Sport.BASEBALL: "Inning"}


@dataclass(frozen=True, slots=True)
class Told:
    """What happened so far."""

    plays: tuple[dict[str, Any], ...]
    chances: tuple[Json, ...]
    """`winprobability`, a row a play."""
    scoring: tuple[Json, ...]
    """Football's scoring plays."""

    @property
    def drives(self) -> tuple[Json, ...]:
        """The plays between one score and the next, as one drive."""
        drives: list[Json] = []
        begun: list[dict[str, Any]] = []
        for play in self.plays:
            begun.append(play)
            if play["scoringPlay"] or play is self.plays[-1]:
                drives.append(_drive(begun))
                begun = []
        return tuple(drives)


def told(show: Showing, course: Sequence[Truth]) -> Told:
    """The plays of a game's states, oldest first."""
    states = [state for state in course if state.state != "pre"][-MOST:]
    plays, chances, scoring = [], [], []
    before = (0, 0)
    for number, state in enumerate(states, start=1):
        score = (state.home_score, state.away_score)
        play = _play(show, state, number, sum(score) - sum(before))
        plays.append(play)
        chances.append(
            {
                "homeWinPercentage": round(state.home_win, 4),
                "tiePercentage": round(state.draw, 4),
                "playId": play["id"],
            }
        )
        if play["scoringPlay"]:
            scoring.append(_scoring(show, play, home=score[0] > before[0]))
        before = score
    return Told(tuple(plays), tuple(chances), tuple(scoring))


def _play(show: Showing, state: Truth, number: int, points: int) -> dict[str, Any]:
    facts: dict[str, Any] = dict(state.situation or {})
    game, sport = show.game, show.face.sport
    play: dict[str, Any] = {
        "id": f"{game.event_id}{number:04d}",
        "sequenceNumber": str(number),
        "type": {"id": "1", "text": "Play", "type": "play"},
        "text": facts.get("text") or state.detail,
        "awayScore": state.away_score,
        "homeScore": state.home_score,
        "period": {
            "number": state.period,
            "displayValue": f"{ordinal(state.period)} {_PERIODS.get(sport, 'Half')}",
        },
        "clock": {"displayValue": state.display_clock},
        "scoringPlay": points > 0,
        "scoreValue": max(0, points),
        "team": {"id": facts.get("team_id", game.home.espn_id)},
        "wallclock": stamp(state.at),
    }
    if sport is Sport.BASEBALL:
        play |= {"atBatId": f"{game.event_id}{number:04d}00", "summaryType": "A", "outs": facts.get("outs", 0)}
    else:
        play["shootingPlay"] = points > 0
    return play


def _scoring(show: Showing, play: dict[str, Any], *, home: bool) -> Json:
    team = show.game.home if home else show.game.away
    kind = ("Touchdown", "touchdown", "TD") if play["scoreValue"] >= 6 else ("Field Goal", "field-goal", "FG")
    return {
        "id": play["id"],
        "type": {"id": "67", "text": kind[0], "abbreviation": kind[2]},
        "text": play["text"],
        "awayScore": play["awayScore"],
        "homeScore": play["homeScore"],
        "period": {"number": play["period"]["number"]},
        "clock": {"value": 0.0, "displayValue": play["clock"]["displayValue"]},
        "team": {"id": team.espn_id, "displayName": team.display_name, "abbreviation": team.abbreviation},
        "scoringType": {"name": kind[1], "displayName": kind[0], "abbreviation": kind[2]},
    }


def _drive(plays: Sequence[dict[str, Any]]) -> Json:
    last = plays[-1]
    return {
        "id": plays[0]["id"],
        "description": f"{len(plays)} plays",
        "team": last["team"],
        "start": {"period": {"number": plays[0]["period"]["number"]}, "clock": plays[0]["clock"]},
        "end": {"period": {"number": last["period"]["number"]}, "clock": last["clock"]},
        "result": "Score" if last["scoringPlay"] else "",
        "isScore": last["scoringPlay"],
        "offensivePlays": len(plays),
        "plays": list(plays),
    }
