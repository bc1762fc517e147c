"""What a game is before it is played, or instead: scheduled, moved, called off, back on the schedule, delayed.

Pure functions from a game's history of announcements to its listing and to the states that come before play.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from precog_assets.simulator.world.model import Announced, Listing, Pause, SimGame, Truth
from precog_assets.simulator.world.play import frame

LISTED_BEFORE = timedelta(days=21)
"""How long before its first start a game's first state begins, unless something happens to it earlier."""
DELAYED = "STATUS_DELAYED"
SUSPENDED = "STATUS_SUSPENDED"
_OFF = {
    "postponed": ("STATUS_POSTPONED", "Postponed"),
    "canceled": ("STATUS_CANCELED", "Canceled"),
    "walkover": ("STATUS_WALKOVER", "Walkover"),
}
_PAUSED = {SUSPENDED: "Suspended", "STATUS_RAIN_DELAY": "Rain Delay"}


def announcement(game: SimGame, now: datetime) -> Announced:
    """What the schedule says at `now`; before anything is announced, what it will say first."""
    if not game.announced:
        return Announced(None, game.start)
    said = game.announced[0]
    for one in game.announced[1:]:
        if one.since is not None and one.since <= now:
            said = one
    return said


def listing(game: SimGame, now: datetime) -> Listing:
    """How the schedule shows the game at `now`."""
    said = announcement(game, now)
    home = game.home_known_from is None or now >= game.home_known_from
    away = game.away_known_from is None or now >= game.away_known_from
    note = next((pause.note for begins, pause in paused_at(game) if begins <= now < begins + _length(pause)), None)
    return Listing(said.start, said.time_valid and home and away, home, away, note or said.note)


def is_listed(game: SimGame, now: datetime) -> bool:
    """False before boards have the game at all."""
    return game.listed_from is None or now >= game.listed_from


def paused_at(game: SimGame) -> list[tuple[datetime, Pause]]:
    """The instants at which play stops."""
    found, lost_s = [], 0.0
    for pause in game.pauses:
        found.append((game.start + timedelta(seconds=pause.after_s + lost_s), pause))
        lost_s += pause.length_s
    return found


def _length(pause: Pause) -> timedelta:
    return timedelta(seconds=pause.length_s)


def before_play(game: SimGame, scheduled: Truth) -> tuple[Truth, ...]:
    """The states up to the start, or up to the last one where no play comes; `scheduled` is one of them all."""
    turns = sorted({one.since for one in game.announced if one.since} | {t for t in _turns(game) if t})
    first = game.listed_from or min(turn - LISTED_BEFORE for turn in (game.first_start, *turns[:1]))
    states: list[Truth] = []
    for at in (first, *(turn for turn in turns if turn > first)):
        state = _state(game, scheduled, at)
        if not states or state != replace(states[-1], at=at):
            states.append(state)
    return tuple(states)


def _turns(game: SimGame) -> tuple[datetime | None, ...]:
    """Instants at which a game's standing changes, beside announcements."""
    said = announcement(game, game.start)
    late = said.start if game.fate == "played" and said.start < game.start else None
    return game.off_from, game.off_until, late


def _state(game: SimGame, scheduled: Truth, at: datetime) -> Truth:
    said = announcement(game, at)
    base = replace(scheduled, at=at, detail=frame.scheduled_detail(said.start))
    if game.off_from is not None and at >= game.off_from and (game.off_until is None or at < game.off_until):
        status, detail = _OFF["postponed" if game.fate == "played" else game.fate]
        off = replace(base, state="post", status=status, detail=detail, void=game.fate != "played")
        if game.fate != "walkover":
            return off
        through = walkover_winner(game)
        return replace(off, completed=True, period=1, winner=through, advanced=through)
    if game.fate == "played" and said.start <= at < game.start:
        return replace(base, status=DELAYED, detail="Delayed")
    return base


def walkover_winner(game: SimGame) -> str:
    """Who goes through without play: home or away, by the id of the game."""
    return "home" if int(game.event_id) % 2 else "away"


def with_pauses(game: SimGame, course: list[Truth]) -> list[Truth]:
    """The course of play with its stops put in and everything behind them later."""
    result = list(course)
    for begins, pause in paused_at(game):
        if begins >= result[-1].at:
            continue
        place = max(index for index, truth in enumerate(result) if truth.at <= begins)
        last = result[place]
        state = "post" if pause.status == SUSPENDED else "in"
        stopped = replace(last, at=begins, state=state, status=pause.status, detail=_PAUSED[pause.status])
        again = replace(last, at=begins + _length(pause))
        later = [replace(truth, at=truth.at + _length(pause)) for truth in result[place + 1 :]]
        result = [*result[: place + 1], stopped, again, *later]
    return result


def ending_with_pauses(game: SimGame, ending: Truth) -> Truth:
    """The last state, later by the stops that came before it."""
    for begins, pause in paused_at(game):
        if begins < ending.at:
            ending = replace(ending, at=ending.at + _length(pause))
    return ending
