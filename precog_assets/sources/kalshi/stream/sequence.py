"""The numbers of one subscription's frames: which is next, which are missing, which came twice.

Belongs here: the verdict on a number. Does not: what is done about it (`session.py`).
Every numbered frame counts, answers to commands too; numbers begin with 1 (measured on the venue's demo).
"""

from __future__ import annotations

from enum import Enum

from precog_assets.sources.kalshi.stream.events import StreamEvent

REMEMBERED = 1024
"""Missing numbers that are remembered; one that comes later still is told from a conflict by them."""


class Step(Enum):
    """How a frame's number fits those before it."""

    NEXT = "next"
    MISSING = "missing"
    """Numbers between it and the one before did not come."""
    REPEATED = "repeated"
    """The last frame, word for word."""
    OUT_OF_ORDER = "out_of_order"
    """A number that was missing until now."""
    CONFLICT = "conflict"
    """A number that came before, in another frame."""


class Sequence:
    """What one subscription's numbers have been."""

    __slots__ = ("_before", "_missing", "last")

    def __init__(self) -> None:
        self.last = 0
        """The greatest number that came; 0 before the first."""
        self._before: StreamEvent | None = None
        self._missing: dict[int, None] = {}

    def take(self, seq: int, event: StreamEvent) -> Step:
        """Count a frame in."""
        if seq == self.last + 1:
            self.last = seq
            self._before = event
            return Step.NEXT
        if seq > self.last:
            first = max(self.last + 1, seq - REMEMBERED)
            self._missing.update(dict.fromkeys(range(first, seq)))
            while len(self._missing) > REMEMBERED:
                del self._missing[next(iter(self._missing))]
            self.last = seq
            self._before = event
            return Step.MISSING
        if seq in self._missing:
            del self._missing[seq]
            return Step.OUT_OF_ORDER
        return Step.REPEATED if seq == self.last and event == self._before else Step.CONFLICT
