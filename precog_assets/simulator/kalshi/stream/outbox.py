"""What waits to be sent on one connection: filled in the exchange's turn, emptied by the connection's writer.

One thread puts and another takes at any time; each writes only what is its own, and the queue is a deque, whose
ends are safe to use from two threads.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

Monotonic = Callable[[], float]


class Lane:
    """How many frames of one subscription were put and taken; what lies between is its buffer."""

    __slots__ = ("put", "taken")

    def __init__(self) -> None:
        self.put = 0
        self.taken = 0

    @property
    def waiting(self) -> int:
        return self.put - self.taken


class Waiting(NamedTuple):
    """A frame on its way."""

    due_s: float
    """When it may leave, by the monotonic clock; 0 for at once."""
    lane: Lane
    frame: bytes


class Outbox:
    """The frames of one connection in the order they leave.

    `wake` is called from the exchange's turn when there is something to do: frames to send, or `silent` or `full`
    to act on.
    """

    def __init__(self, wake: Callable[[], None], monotonic: Monotonic = time.monotonic) -> None:
        self._wake = wake
        self._monotonic = monotonic
        self._frames: deque[Waiting] = deque()
        self._woken = False
        self.delay_s = 0.0
        """How long what is put now waits."""
        self.silent = False
        """Whether the connection is to look alive and is not."""
        self.full = False
        """Whether the connection is given up."""

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, lane: Lane, frame: bytes) -> None:
        """Queue a frame behind all others."""
        due_s = self._monotonic() + self.delay_s if self.delay_s else 0.0
        lane.put += 1
        self._frames.append(Waiting(due_s, lane, frame))
        if not self._woken:
            self._woken = True
            self._wake()

    def fall_silent(self) -> None:
        """Send nothing from now on, and leave the socket open."""
        self.silent = True
        self._wake()

    def give_up(self) -> None:
        """End the connection without another word: its client does not read."""
        self.full = True
        self._wake()

    def begin(self) -> None:
        """Said before taking: what is put from now on wakes the taker anew."""
        self._woken = False

    def take(self, most: int) -> list[Waiting]:
        """Up to `most` frames, oldest first; empty when there are none, or nothing is to be sent any more."""
        if self.silent or self.full:
            self._frames.clear()
        return [self._frames.popleft() for _ in range(min(most, len(self._frames)))]

    def left_s(self, waiting: Waiting) -> float:
        """How much longer a frame waits; 0 or less when it may leave."""
        return waiting.due_s - self._monotonic() if waiting.due_s else 0.0
