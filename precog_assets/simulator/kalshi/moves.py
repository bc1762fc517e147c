"""As what a game is listed: once as the schedule has it a week before, and anew where it is moved too far.

A game moved by no more than 48 hours keeps its event; one moved further gets a new event for its new day, and the
old event settles at fair prices.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from precog_assets.simulator.world.model import SimGame

LISTED_BEFORE = timedelta(days=7)
DEADLINE_AFTER = timedelta(hours=48)
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
_EVER = datetime(1, 1, 1, tzinfo=UTC)


class Offer(NamedTuple):
    """A game as it was to start when an event for it was listed."""

    start: datetime
    since: datetime
    """From when it can be listed: announced like this, its sides known, not called off."""
    again: bool
    """Whether an earlier event of the game exists."""


def offers(game: SimGame, lead: timedelta = LISTED_BEFORE) -> tuple[Offer, ...]:
    """The events a game gets, oldest first; none where it is called off before anyone would list it.

    `lead` is how long before its start an event is listed.
    """
    found: list[Offer] = []
    entries = [(entry.since or _EVER, entry.start) for entry in game.announced] or [(_EVER, game.start)]
    known = game.known_from or _EVER
    for number, (since, start) in enumerate(entries):
        until = entries[number + 1][0] if number + 1 < len(entries) else _FOREVER
        if found and start <= found[-1].start + DEADLINE_AFTER:
            continue
        earliest = max(since, known, _back_from(game, since))
        listed = max(earliest, start - lead)
        if listed < min(until, start) and not _off_at(game, listed):
            found.append(Offer(start, earliest, again=bool(found)))
    return tuple(found)


def _back_from(game: SimGame, since: datetime) -> datetime:
    """When a game that is off at `since` is back on the schedule."""
    return game.off_until if game.off_until is not None and _off_at(game, since) else _EVER


def _off_at(game: SimGame, instant: datetime) -> bool:
    return game.off_from is not None and game.off_from <= instant < (game.off_until or _FOREVER)
