"""A stream read again from its kept frames: the same session, without a venue to ask.

Belongs here: what a session learns from its own commands when it is live, read from the venue's answers instead. Does
not: where frames are kept (`store.segments`). Frames of several connections may follow each other: a subscription that
opens under a number that is not new begins another connection, as the venue counts from 1 on each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from random import Random

from precog_assets.sources.kalshi.stream.events import (
    Acknowledged,
    BookSnapshot,
    Subscribed,
    TickerTold,
    Unsubscribed,
)
from precog_assets.sources.kalshi.stream.frames import FrameReader
from precog_assets.sources.kalshi.stream.session import Happening, StreamSession
from precog_assets.sources.kalshi.stream.subscriptions import CHANNELS

_ANSWERS = (b'"subscribed"', b'"ok"', b'"unsubscribed"')
_HEAD_BYTES = 40
"""A frame says its kind within them."""


def tickers_of(frames: Iterable[bytes]) -> tuple[str, ...]:
    """The markets that frames show a book or a ticker of, in the order they come."""
    reader, found = FrameReader(), dict[str, None]()
    for data in frames:
        event = reader.read(data)
        if isinstance(event, BookSnapshot | TickerTold):
            found[event.ticker] = None
    return tuple(found)


class StreamReplay:
    """Takes in kept frames in the order they came, and gives what the live session gave."""

    def __init__(self, tickers: Iterable[str]) -> None:
        self.session = StreamSession(Random(0), CHANNELS)  # noqa: S311 - waits are never drawn
        self._reader = FrameReader()
        self._last_sid = 0
        self.session.want(tickers)
        self.session.opened()

    def receive(self, data: bytes, monotonic_s: float) -> list[Happening]:
        """Take in one frame, at the monotonic instant it was received at."""
        head = data[:_HEAD_BYTES]
        event = self._reader.read(data) if any(kind in head for kind in _ANSWERS) else None
        if isinstance(event, Subscribed):
            return self._opened(event, monotonic_s)
        # The live session knew which markets it left; here it shows by what the venue still tells of.
        if isinstance(event, Acknowledged) and event.tickers is not None:
            self._tells_only(event.sid, event.tickers)
        elif isinstance(event, Unsubscribed):
            self._tells_only(event.sid, ())
        return self.session.receive(data, monotonic_s)

    def _tells_only(self, sid: int | None, tickers: Collection[str]) -> None:
        channel = self.session.subscriptions.channel_of(sid)
        if channel is not None:
            self.session.tells_only(channel, frozenset(tickers))

    def _opened(self, event: Subscribed, monotonic_s: float) -> list[Happening]:
        happened: list[Happening] = []
        if event.sid <= self._last_sid:
            happened = self.session.closed(monotonic_s)
            self.session.opened()
        self._last_sid = event.sid
        self.session.subscriptions.adopt(event)
        return happened
