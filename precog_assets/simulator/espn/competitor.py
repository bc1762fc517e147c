"""A side of a game as boards write it: identity, score and its linescores, records, leaders, figures."""

from __future__ import annotations

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.figures import leaders, probables, statistics
from precog_assets.simulator.espn.records import NOTHING, Tally, summarised
from precog_assets.simulator.espn.showing import Showing
from precog_assets.simulator.espn.teams import board_team, undecided_team
from precog_assets.simulator.espn.wire import BROKEN_OFF, Json, lines
from precog_assets.simulator.world.model import Truth

UNRANKED = 99
_WITHOUT_SHORT = frozenset({"nba", "nfl", "wnba"})
"""Leagues whose home and road records carry no abbreviation."""
PENALTIES = frozenset({"STATUS_SHOOTOUT", "STATUS_FINAL_PEN"})
EXTRA = frozenset({"STATUS_FINAL_AET", "STATUS_FINAL_PEN"})


def competitor(show: Showing, *, home: bool) -> Json:
    """`competitors[n]`; home comes first in team sports."""
    face, game, truth = show.face, show.game, show.truth
    known = show.listing.home_known if home else show.listing.away_known
    side = game.home if home else game.away
    team = board_team(face, side) if known else undecided_team(face, home=home)
    result: Json = {
        "id": team["id"],
        "uid": team["uid"],
        "type": "team",
        "order": 0 if home else 1,
        "homeAway": "home" if home else "away",
    }
    _add_winner(show, result, home=home)
    result |= {
        "team": team,
        "score": str(truth.home_score if home else truth.away_score),
        "statistics": statistics(face, game, truth, home=home) if known else [],
    }
    shown = _linescores(show, home=home)
    if shown is not None:
        result["linescores"] = shown
    tally = show.tally(home=home) if known else NOTHING
    result["records"] = records(face, tally)
    if face.sport is Sport.SOCCER:
        result["form"] = tally.form
    if truth.state == "pre" or face.sport not in (Sport.SOCCER, Sport.FOOTBALL):
        result["leaders"] = leaders(face, game, truth, home=home) if known else []
    if face.sport in (Sport.HOCKEY, Sport.BASEBALL):
        result["probables"] = probables(face, game, truth, home=home) if known else []
    if face.sport is Sport.BASEBALL:
        facts = truth.situation or {}
        result |= {"hits": facts.get("home_hits" if home else "away_hits", 0), "errors": 0}
    if face.college or show.standing is not None:
        result["curatedRank"] = {"current": UNRANKED}
    if show.standing is not None:
        result["record"] = show.standing.record(side.espn_id)
    return result


def _add_winner(show: Showing, result: Json, *, home: bool) -> None:
    """`winner`: absent in US sports until the end, false in soccer until someone has won; `advance` in cups."""
    truth = show.truth
    own = "home" if home else "away"
    if show.face.sport is Sport.SOCCER:
        result["winner"] = truth.completed and through(truth) == own
        if truth.status in PENALTIES:
            result["shootoutScore"] = shootout(truth, home=home)
        if truth.completed and truth.advanced is not None:
            result["advance"] = truth.advanced == own
    elif truth.completed:
        result["winner"] = truth.winner == own


def through(truth: Truth) -> str | None:
    """Who is shown as the winner of a match: who goes through after extra time, else who scored more."""
    if truth.status in EXTRA and truth.advanced is not None:
        return truth.advanced
    return None if truth.winner == "draw" else truth.winner


def shootout(truth: Truth, *, home: bool) -> int:
    return (truth.home_shootout if home else truth.away_shootout) or 0


def _linescores(show: Showing, *, home: bool) -> list[Json] | None:
    """By period; none in soccer and where nothing was played, a lone zero just before some games begin."""
    face, truth = show.face, show.truth
    if face.sport is Sport.SOCCER or truth.status in BROKEN_OFF:
        return None
    if truth.state != "pre":
        return lines(truth.home_lines if home else truth.away_lines)
    if show.primed:
        return [{"value": 0.0, "displayValue": "0", "period": 1}] if home or face.sport is Sport.FOOTBALL else []
    return None


def records(face: Face, tally: Tally) -> list[Json]:
    """Season records: all, at home and on the road; soccer has one line."""
    if face.sport is Sport.SOCCER:
        summary = "-".join(map(str, tally.total))
        return [{"name": "All Splits", "abbreviation": "Total", "type": "total", "summary": summary}]
    if face.sport is Sport.HOCKEY:
        won, _, lost = tally.total
        summary = f"{won}-{lost - tally.overtime_losses}-{tally.overtime_losses}"
    else:
        summary = summarised(tally.total)
    short = face.key not in _WITHOUT_SHORT
    return [
        {"name": "overall", "abbreviation": "Total", "type": "total", "summary": summary},
        {"name": "Home", **_short("Home", short), "type": "home", "summary": summarised(tally.home)},
        {"name": "Road", **_short("AWAY", short), "type": "road", "summary": summarised(tally.road)},
    ]


def _short(text: str, shown: bool) -> Json:
    return {"abbreviation": text} if shown else {}
