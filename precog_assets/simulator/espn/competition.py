"""The one competition of a team sport's event, and the keys that come and go with its state."""

from __future__ import annotations

from datetime import datetime, timedelta

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.betting import odds
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.competitor import competitor, shootout
from precog_assets.simulator.espn.figures import best_of_both, featured
from precog_assets.simulator.espn.media import add_broadcasts, highlights, recap, tickets
from precog_assets.simulator.espn.places import venue_of
from precog_assets.simulator.espn.series import series_block
from precog_assets.simulator.espn.showing import Showing
from precog_assets.simulator.espn.situation import details, situation
from precog_assets.simulator.espn.teams import shared_conference
from precog_assets.simulator.espn.wire import BROKEN_OFF, Json, instant
from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.randomness import digest

_TYPES = {
    "STD": "1",
    "ALLSTAR": "4",
    "TRNMNT": "6",
    "RD16": "14",
    "QTR": "15",
    "SEMI": "16",
    "FINAL": "17",
}
KINDS = {
    "STD": ("Standard", "standard"),
    "ALLSTAR": ("All-Star", "all-star"),
    "TRNMNT": ("Tournament", "tournament"),
    "RD16": ("Round of 16", "round-of-16"),
    "QTR": ("Quarterfinals", "quarterfinals"),
    "SEMI": ("Semifinals", "semifinals"),
    "FINAL": ("Finals", "finals"),
}
"""What a type is called in words, and in addresses."""
_ALWAYS_PRICED = frozenset({"mls"})
"""Soccer leagues every match of which has a line; the others have `[null]` for half of theirs (Q7)."""
_UNSURE_DATES = frozenset({"ncaaf"})
"""Leagues whose competitions carry `dateValid`."""


def competition(show: Showing, state: Json) -> Json:
    """`competitions[0]`; `state` is the event's status, which it carries too."""
    face, game, truth = show.face, show.game, show.truth
    hockey = face.sport is Sport.HOCKEY
    start = instant(show.listing.start)
    result: Json = {
        "id": game.event_id,
        "uid": f"{face.event_uid(game.event_id)}~c:{game.event_id}",
        "date": start,
        "startDate": start,
        "attendance": attendance(truth, game),
        "timeValid": show.listing.time_valid and show.listing.decided,
        "recent": show.recent,
        "playByPlayAvailable": truth.state != "pre" and truth.status not in BROKEN_OFF,
        "venue": venue_of(face, game) | ({"capacity": 0} if hockey and truth.state != "post" else {}),
        "competitors": [competitor(show, home=True), competitor(show, home=False)],
        "notes": notes(show),
        "status": _status(show, state),
        "format": {"regulation": {"periods": load_leagues()[face.key].regulation_periods}},
    }
    add_broadcasts(face, game, result)
    if face.sport is Sport.SOCCER:
        result |= {
            "wasSuspended": was_suspended(game, truth),
            "playByPlayAthletes": truth.state != "pre" and truth.status not in BROKEN_OFF,
            "details": details(face, game, truth),
        }
    else:
        result |= {"type": kind_of(face, game), "neutralSite": game.neutral}
        result["highlights"] = highlights(face, game, truth)
        if not hockey:
            result["conferenceCompetition"] = bool(shared_conference(game)) and show.listing.decided
    if (resumes := _resumes(show)) is not None:
        result["endDate"] = instant(resumes)
    if face.key in _UNSURE_DATES:
        result["dateValid"] = False
    if face.key == "mls" or (face.sport is Sport.SOCCER and truth.state == "in"):
        result["altGameNote"] = f"{face.name}, {game.round_name}" if game.round_name else face.name
    _add_by_state(show, result)
    return result


def was_suspended(game: SimGame, truth: Truth) -> bool:
    """True from the moment a game is broken off to be resumed another day."""
    breaks = (pause for pause in game.pauses if pause.status == "STATUS_SUSPENDED")
    return truth.state != "pre" and any(truth.at >= game.start + timedelta(seconds=one.after_s) for one in breaks)


def _resumes(show: Showing) -> datetime | None:
    """When a suspended game is to go on."""
    if show.truth.status != "STATUS_SUSPENDED":
        return None
    lengths = (one.length_s for one in show.game.pauses if one.status == "STATUS_SUSPENDED")
    return show.truth.at + timedelta(seconds=next(lengths, 0.0))


def attendance(truth: Truth, game: SimGame) -> int:
    """Zero until the gates have counted, and where nobody came."""
    return 8000 + digest("attendance", game.event_id) % 30_000 if truth.completed or truth.state == "in" else 0


def _status(show: Showing, state: Json) -> Json:
    """The event's status with what only the competition's says."""
    result = dict(state)
    if show.game.league == "nfl":
        result["isTBDFlex"] = not show.listing.time_valid
    if show.truth.completed and show.face.sport in (Sport.HOCKEY, Sport.BASEBALL):
        result["featuredAthletes"] = featured(show.face, show.game, show.truth)
    return result


def kind_of(face: Face, game: SimGame) -> Json:
    """`type`: standard, a tournament's, a playoff round's, or an all-star game's."""
    short = "STD"
    if game.exhibition:
        short = "ALLSTAR"
    elif face.college and game.season_type == 3:
        short = "TRNMNT"
    elif game.season_type == 3:
        words = f"{game.round_name or ''} {game.note or ''}".lower()
        rounds = (("semi", "SEMI"), ("quarter", "QTR"), ("round", "RD16"), ("final", "FINAL"))
        short = next((code for word, code in rounds if word in words), "STD")
    return {"id": _TYPES[short], "abbreviation": short}


def notes(show: Showing) -> list[Json]:
    """Headlines: make-ups, tournament rounds, series games, and who went through on penalties."""
    game, truth = show.game, show.truth
    result: list[Json] = []
    if headline := show.listing.note:
        result.append({"type": "event", "headline": headline})
    if truth.status == "STATUS_FINAL_PEN":
        winner = game.home if truth.advanced == "home" else game.away
        scored = sorted((shootout(truth, home=True), shootout(truth, home=False)), reverse=True)
        text = f"{winner.display_name} advance {scored[0]}-{scored[1]} on penalties"
        result.append({"type": "event", "text": text, "headline": text})
    if not result and show.standing is not None:
        played = sum(count for _, _, count in show.standing.wins)
        text = f"{game.round_name or 'Playoffs'} - Game {played if truth.completed else played + 1}"
        result.append({"type": "event", "headline": text})
    return result


def _add_by_state(show: Showing, result: Json) -> None:
    face, game, truth = show.face, show.game, show.truth
    live = situation(face, game, truth)
    if live is not None:
        result["situation"] = live
    if face.sport is Sport.SOCCER:
        _add_match_prices(show, result)
    elif truth.state == "pre" and show.listing.decided:
        result["tickets"] = tickets(game)
        if face.sport is not Sport.HOCKEY:
            result["odds"] = [odds(face, game, truth, show.opening)]
    if truth.state != "pre" and truth.status not in BROKEN_OFF and face.sport in (Sport.FOOTBALL, Sport.BASEBALL):
        result["leaders"] = best_of_both(face, game, truth)
    if face.sport is Sport.BASEBALL:
        result["wasSuspended"] = was_suspended(game, truth)
        if truth.state == "in":
            outs = (truth.situation or {}).get("outs", 0)
            result["outsText"] = f"{outs} Out" if outs == 1 else f"{outs} Outs"
    if truth.completed or truth.status == "STATUS_SUSPENDED":
        result["headlines"] = [recap(face, game, truth)]
    if show.standing is not None:
        result["series"] = series_block(face, game, show.standing)
    if face.college and show.listing.decided and (shared := shared_conference(game)):
        result["groups"] = {"id": shared[0], "name": shared[1], "shortName": shared[1], "isConference": True}


def _add_match_prices(show: Showing, result: Json) -> None:
    """Soccer keeps odds while it is played; without a price they are an array that holds null (Q7)."""
    face, game, truth = show.face, show.game, show.truth
    over = truth.state == "post"
    priced = show.listing.decided and (face.key in _ALWAYS_PRICED or digest("priced", game.event_id) % 2 == 0)
    result["odds"] = [odds(face, game, truth, show.opening)] if priced and not over else [None]
    if not over:
        result["tickets"] = tickets(game)
