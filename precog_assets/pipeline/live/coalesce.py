"""The queue of quotes between stream and database: everything while there is time, the newest when there is not.

Belongs here: which quote is next, which gives way, and the counts of both. Does not: writing, raw frames. A frame is
kept raw before its quote comes here, so nothing that is coalesced or shed is lost to a replay.

- Below `behind` waiting quotes every quote is kept as it came.
- From there on a market's newest quote takes the place of its waiting one: the queue holds one a market at most more.
- From `full` on, quotes of less important markets give way: first of the rest, then of games to come. Those of games in
  play never do; there are no more of them than markets.
A market's quotes leave in the order they came. The more important market goes first, but part of each batch belongs to
those that have waited longer than `patience_s`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from precog_assets.domain.live import Priority

ValueT = TypeVar("ValueT")
OVERDUE_SHARE = 4
"""One in so many of a batch belongs to those that have waited too long."""
MAY_SHED = (Priority.REST, Priority.PRE_GAME)


class Pressure(Enum):
    """How far behind the queue is."""

    CALM = "calm"
    BEHIND = "behind"
    """Quotes are coalesced."""
    FULL = "full"
    """Quotes of less important markets are shed."""


class Put(Enum):
    """What became of a quote, or of another one in its favour."""

    KEPT = "kept"
    COALESCED = "coalesced"
    SHED = "shed"


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Waiting quotes from which they are coalesced and shed, and seconds after which one has waited too long."""

    behind: int = 2_000
    full: int = 20_000
    patience_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Queued(Generic[ValueT]):
    """A quote whose turn it is."""

    market: str
    value: ValueT
    arrived_s: float
    """When the first quote it stands for came: what its lag is measured from."""
    stands_for: int
    """Quotes coalesced into it, itself included."""


class _Entry(Generic[ValueT]):
    __slots__ = ("arrived_s", "gone", "market", "stands_for", "value")

    def __init__(self, market: str, value: ValueT, arrived_s: float) -> None:
        self.market, self.value, self.arrived_s = market, value, arrived_s
        self.stands_for = 1
        self.gone = False


class QuoteQueue(Generic[ValueT]):
    """The queue. `counts` has how many were kept, coalesced, shed (`shed:PRIORITY`) and taken."""

    def __init__(self, limits: QueueLimits | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self._limits = limits or QueueLimits()
        self._priorities: dict[str, Priority] = {}
        self._lanes: dict[Priority, deque[_Entry[ValueT]]] = {priority: deque() for priority in Priority}
        self._of_market: dict[str, deque[_Entry[ValueT]]] = {}
        self._depth = 0

    def __len__(self) -> int:
        return self._depth

    def prioritise(self, priorities: Mapping[str, Priority]) -> None:
        """How important each market is from now on, what waits included; any other belongs to the rest."""
        changed = [
            market
            for market in self._of_market
            if priorities.get(market, Priority.REST) != self._priorities.get(market, Priority.REST)
        ]
        self._priorities = dict(priorities)
        for market in changed:
            moved: deque[_Entry[ValueT]] = deque()
            for entry in self._of_market[market]:
                copy = _Entry(market, entry.value, entry.arrived_s)
                copy.stands_for = entry.stands_for
                entry.gone = True
                moved.append(copy)
            self._of_market[market] = moved
            self._lanes[self.priority_of(market)].extend(moved)

    def priority_of(self, market: str) -> Priority:
        """How important a market is."""
        return self._priorities.get(market, Priority.REST)

    def waits(self, market: str) -> bool:
        """Whether a quote of a market waits."""
        return market in self._of_market

    def put(self, market: str, value: ValueT, now_s: float) -> Put:
        """Take a quote in. `now_s` is monotonic."""
        entries = self._of_market.get(market)
        if entries and self._depth >= self._limits.behind:
            entries[-1].value = value
            entries[-1].stands_for += 1
            self.counts[Put.COALESCED.value] += 1
            return Put.COALESCED
        outcome = Put.KEPT
        if self._depth >= self._limits.full:
            outcome = Put.SHED
            if not self._make_room(self.priority_of(market)):
                self._count_shed(self.priority_of(market), 1)
                return Put.SHED
        entry = _Entry(market, value, now_s)
        self._of_market.setdefault(market, deque()).append(entry)
        self._lanes[self.priority_of(market)].append(entry)
        self._depth += 1
        self.counts[Put.KEPT.value] += 1
        return outcome

    def take(self, most: int, now_s: float) -> list[Queued[ValueT]]:
        """The next quotes, `most` of them at most."""
        taken: list[Queued[ValueT]] = []
        before_s = now_s - self._limits.patience_s
        for priority in reversed(Priority):
            lane = self._lanes[priority]
            while len(taken) < most // OVERDUE_SHARE and (entry := _first(lane)) and entry.arrived_s <= before_s:
                taken.append(self._took(lane))
        for priority in Priority:
            lane = self._lanes[priority]
            while len(taken) < most and _first(lane) is not None:
                taken.append(self._took(lane))
        return taken

    def oldest_s(self, now_s: float) -> float:
        """How long the quote that has waited longest has; 0 when none waits."""
        firsts = [entry.arrived_s for lane in self._lanes.values() if (entry := _first(lane)) is not None]
        return now_s - min(firsts) if firsts else 0.0

    @property
    def pressure(self) -> Pressure:
        """How far behind it is."""
        if self._depth >= self._limits.full:
            return Pressure.FULL
        return Pressure.BEHIND if self._depth >= self._limits.behind else Pressure.CALM

    def _make_room(self, priority: Priority) -> bool:
        """Let go of the oldest quote of the least important market that is less important; whether there is room."""
        for lower in MAY_SHED:
            if lower <= priority:
                break
            if _first(self._lanes[lower]) is not None:
                shed = self._took(self._lanes[lower], counted=False)
                self._count_shed(lower, shed.stands_for)
                return True
        return priority not in MAY_SHED

    def _took(self, lane: deque[_Entry[ValueT]], *, counted: bool = True) -> Queued[ValueT]:
        entry = lane.popleft()
        entries = self._of_market[entry.market]
        entries.popleft()
        if not entries:
            del self._of_market[entry.market]
        self._depth -= 1
        if counted:
            self.counts["taken"] += 1
        return Queued(entry.market, entry.value, entry.arrived_s, entry.stands_for)

    def _count_shed(self, priority: Priority, quotes: int) -> None:
        self.counts[Put.SHED.value] += quotes
        self.counts[f"shed:{priority.name.lower()}"] += quotes


def _first(lane: deque[_Entry[ValueT]]) -> _Entry[ValueT] | None:
    """The first entry that is still there."""
    while lane and lane[0].gone:
        lane.popleft()
    return lane[0] if lane else None
