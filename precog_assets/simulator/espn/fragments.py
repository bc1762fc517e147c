"""Events rendered once and kept as bytes until they change.

A kept event is given again while all it depends on is equal; for a game in play, or over, the span in which
that holds is known beforehand, so that most looks cost a comparison of two instants.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.event import team_event
from precog_assets.simulator.espn.pieces import Piece
from precog_assets.simulator.espn.records import ROLLOVER
from precog_assets.simulator.espn.showing import PLAYERS_DAY, RECENT, Showing, Showings, Vital
from precog_assets.simulator.espn.tennis_match import doubles as doubles_match
from precog_assets.simulator.espn.tennis_match import singles as singles_match
from precog_assets.simulator.espn.wire import Json
from precog_assets.simulator.world.model import SimGame, WorldView

EVENTS = 3000
"""Events kept at most; one has some ten thousand bytes."""
_EVER = datetime.max.replace(tzinfo=UTC)


_Key = tuple[str, str, str]
"""League of the feed, event id, what it is rendered as."""


@dataclass(frozen=True, slots=True)
class _Kept:
    vital: Vital
    body: Piece
    since: datetime
    until: datetime
    """The body holds from `since` on and before `until`; with equal instants every look compares."""


class Fragments:
    """The events of one world as bytes."""

    def __init__(self, world: WorldView, showings: Showings, size: int = EVENTS) -> None:
        self._world = world
        self._showings = showings
        self._size = size
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()

    def event(self, face: Face, game: SimGame, now: datetime) -> Piece:
        """The event of a game as it stands at `now`."""
        return self._rendered((face.key, game.event_id, "event"), face, game, now, team_event)

    def match(self, face: Face, game: SimGame, now: datetime, *, doubles: bool) -> Piece:
        """The competition of a tennis match in a feed; `doubles`: of the pairs that play like its players."""
        if doubles:
            return self._rendered((face.key, game.event_id, "doubles"), face, game, now, doubles_match)
        return self._rendered((face.key, game.event_id, "singles"), face, game, now, singles_match)

    def _rendered(
        self, key: _Key, face: Face, game: SimGame, now: datetime, render: Callable[[Showing], Json]
    ) -> Piece:
        kept = self._kept.get(key)
        if kept is not None and kept.since <= now < kept.until:
            self._kept.move_to_end(key)
            return kept.body
        vital = self._showings.vital(game, now)
        if kept is not None and same(kept.vital, vital):
            body = kept.body
        else:
            body = Piece(orjson.dumps(render(self._showings.showing(face, game, vital))))
        self._kept[key] = _Kept(vital, body, *self._span(game, vital, now))
        self._kept.move_to_end(key)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return body

    def _span(self, game: SimGame, vital: Vital, now: datetime) -> tuple[datetime, datetime]:
        """How long an event certainly stays as it is; empty where other games or the schedule could change it."""
        truth, start = vital.truth, vital.listing.start
        settled = truth.state == "in" or truth.completed
        plain = vital.standing is None and vital.counted in (eastern_day(start), PLAYERS_DAY)
        if not (settled and plain):
            return now, now
        until = _EVER
        if not truth.completed:
            course = self._world.timeline(game)
            place = bisect_right(course, now, key=lambda state: state.at)
            until = course[place].at if place < len(course) else now
        since = max(truth.at, eastern_day_bounds(eastern_day(start))[0] + ROLLOVER)
        if vital.recent:
            since, until = max(since, start - RECENT), min(until, start + RECENT)
        else:
            since = max(since, start + RECENT)
        # At the edges of the span every look compares.
        return (since, until) if since < now else (now, now)


def same(one: Vital, other: Vital) -> bool:
    """True when two looks at a game give equal events; states of the world are told apart by their instants."""
    ours, theirs = one.truth, other.truth
    alike = ours is theirs or (ours.at == theirs.at and ours == theirs)
    return alike and (one.listing, one.counted, one.standing, one.recent, one.primed) == (
        other.listing,
        other.counted,
        other.standing,
        other.recent,
        other.primed,
    )
