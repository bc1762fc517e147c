"""The live path's vocabulary: irregularities of a stream, where a raw frame lies, which market goes first.

Belongs here: types that sources, store and pipeline share while they follow a stream. Does not: any protocol, any
queue, any clock. Instants called `monotonic_s` are seconds of the process's monotonic clock and mean nothing outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class GapKind(StrEnum):
    """What was wrong with a stream; anything but `repeated` means that something may have been lost."""

    MISSING = "missing"
    """Sequence numbers were skipped."""
    REPEATED = "repeated"
    """The frame before came again, word for word; nothing is lost."""
    OUT_OF_ORDER = "out_of_order"
    """A frame came after a later one."""
    CONFLICT = "conflict"
    """A sequence number came again with another frame."""
    UNREADABLE = "unreadable"
    """A frame could not be read."""
    NEGATIVE_SIZE = "negative_size"
    """A change would leave a level of a book below zero."""
    NO_SNAPSHOT = "no_snapshot"
    """A change of a book came whose snapshot did not come in time."""
    ENDED = "ended"
    """The venue ended the subscription (its errors 10 and 25)."""
    SILENT = "silent"
    """The socket was open and nothing came."""
    UNANSWERED = "unanswered"
    """A command was not answered in time."""
    DISCONNECTED = "disconnected"
    """The connection ended."""


GAP_CODES = {
    GapKind.MISSING: "stream.missing",
    GapKind.OUT_OF_ORDER: "stream.missing",
    GapKind.NO_SNAPSHOT: "stream.missing",
    GapKind.ENDED: "stream.missing",
    GapKind.CONFLICT: "stream.spoiled",
    GapKind.UNREADABLE: "stream.spoiled",
    GapKind.NEGATIVE_SIZE: "stream.spoiled",
    GapKind.SILENT: "stream.silent",
    GapKind.UNANSWERED: "stream.silent",
    GapKind.DISCONNECTED: "stream.closed",
}
"""By what is counted under which code of `domain.errors`; a repeated frame is no failure."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One irregularity: what was followed, what was expected, what came, which markets it may concern."""

    venue: str
    channel: str
    """The channel's name; empty when it concerns the whole connection."""
    kind: GapKind
    monotonic_s: float
    sid: int | None = None
    expected: int | None = None
    """The sequence number that was due."""
    got: int | None = None
    tickers: tuple[str, ...] = ()
    """The markets that are not known any more; empty when none is, or the channel's all are."""
    detail: str = ""
    quiet_s: float = 0.0
    """For how long before it was noticed nothing came that would have shown it: since then something may be missing."""


@dataclass(frozen=True, slots=True)
class RawPlace:
    """Where a raw frame lies: its segment, and the offset of its record in it."""

    segment: str
    offset: int


@dataclass(frozen=True, slots=True)
class Received:
    """A frame as it came off the wire, and where it is kept."""

    data: bytes
    received_at: datetime
    """Our wall clock: the observation time of every fact in it."""
    monotonic_s: float
    place: RawPlace | None = None
    """None where nobody keeps raw frames (tests, tools)."""


class Priority(IntEnum):
    """Which market is served first when there is more than can be done; the least number goes first."""

    IN_PLAY_HELD = 0
    """Its game is in play and we hold a position or a resting order in it."""
    IN_PLAY = 1
    PRE_GAME = 2
    REST = 3


@dataclass(frozen=True, slots=True)
class DateSeen:
    """A venue's `Date` header between two instants of our wall clock; it is cut off to whole seconds."""

    source: str
    date: datetime
    asked_at: datetime
    answered_at: datetime
    monotonic_s: float
    """When it was answered."""
