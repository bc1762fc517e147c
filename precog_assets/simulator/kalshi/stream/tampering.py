"""What may be done to a stream on its way to the client: the hook that faults are put into, and its absence.

Sequence numbers are given before, so that a frame withheld here leaves the gap a client would see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Tampering(Protocol):
    """Asked in the exchange's turn, one call at a time. `connection` is a number no other connection ever has."""

    def frame(self, connection: int, channel: str, sid: int, frame: bytes) -> Sequence[bytes]:
        """What the client is sent instead of a frame of a subscription: nothing, itself, itself twice, something else.

        What is kept back may be given before or after a later frame of the same connection and sid.
        """
        ...

    def delay_s(self, connection: int) -> float:
        """Real seconds for which what is sent now waits on its way; the order of frames stays."""
        ...

    def half_open(self, connection: int) -> bool:
        """Whether the connection goes silent for good: the socket stays open and answers nothing, no ping either.

        Asked a few times a second while the connection is open, until it is True.
        """
        ...

    def cut(self, connection: int) -> bool:
        """Whether the connection ends now, without a word; asked as often."""
        ...

    def closed(self, connection: int) -> None:
        """The connection is gone: forget what was kept for it."""
        ...


class Untampered:
    """The hook of a stream without faults."""

    def frame(self, connection: int, channel: str, sid: int, frame: bytes) -> Sequence[bytes]:  # noqa: ARG002
        return (frame,)

    def delay_s(self, connection: int) -> float:  # noqa: ARG002
        return 0.0

    def half_open(self, connection: int) -> bool:  # noqa: ARG002
        return False

    def cut(self, connection: int) -> bool:  # noqa: ARG002
        return False

    def closed(self, connection: int) -> None:
        pass
