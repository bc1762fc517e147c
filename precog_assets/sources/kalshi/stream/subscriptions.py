"""Which markets the venue is to tell of, as a state machine: what is wanted, what it was told, which command is next.

Belongs here: commands and what their answers mean. Does not: sockets, books, sequence numbers.
One command of a channel is under way at a time. A market is refreshed (a new snapshot) by taking it out and putting
it in again; a channel is resubscribed by closing and opening it, which gives a new sid whose numbers begin with 1.
A command that was refused may have been carried out all the same (a timeout says nothing else): a subscription whose
sid is known lives until the venue says that it ended, and one is learned from whatever answer names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any

import orjson

from precog_assets.domain.pacing import Backoff, Pace
from precog_assets.sources.kalshi.stream.events import (
    Acknowledged,
    BookDelta,
    BookSnapshot,
    MarketLifeTold,
    Refused,
    StreamEvent,
    Subscribed,
    TickerTold,
    TradeTold,
    Unsubscribed,
)

ORDERBOOK, TICKER, TRADE, LIFECYCLE = "orderbook_delta", "ticker", "trade", "market_lifecycle_v2"
CHANNELS = (ORDERBOOK, TICKER, TRADE, LIFECYCLE)
BY_MARKET = frozenset({ORDERBOOK, TICKER, TRADE})
"""Channels that are narrowed to markets; without any they would tell of all, so they are closed then."""

UNKNOWN_SID, INVALID, MARKET_REQUIRED, CHANNEL_ERROR, OVERFLOW, MARKET_LIMIT, RATE = 7, 11, 14, 10, 25, 26, 27
ENDING = frozenset({CHANNEL_ERROR, OVERFLOW, UNKNOWN_SID})
"""Errors after which the subscription is no more."""
MARKETS_A_COMMAND = 400
ANSWER_S = 10.0
"""A command that is not answered by then has not been understood, or the connection is dead."""
LINE_PACE = Pace(initial_s=0.25, max_s=5.0, floor_s=0.05, steady_s=10.0)
_TOLD_BY: dict[type, str] = {
    BookSnapshot: ORDERBOOK,
    BookDelta: ORDERBOOK,
    TickerTold: TICKER,
    TradeTold: TRADE,
    MarketLifeTold: LIFECYCLE,
}
"""The channel that tells each kind of fact."""


class LineState(Enum):
    """Where a channel stands on this connection."""

    CLOSED = "closed"
    OPENING = "opening"
    OPEN = "open"
    CHANGING = "changing"
    CLOSING = "closing"


@dataclass(slots=True)
class _Command:
    id: int
    name: str
    tickers: tuple[str, ...]
    sent_s: float


class Line:
    """One channel of one connection."""

    def __init__(self, channel: str, backoff: Backoff) -> None:
        self.channel = channel
        self.state = LineState.CLOSED
        self.sid: int | None = None
        """Known of a line that is open, changing or closing."""
        self.limit: int | None = None
        """How many markets the venue takes, once it has said that it takes no more."""
        self.told: dict[str, None] = {}
        """The markets the venue knows we want."""
        self.refresh: dict[str, None] = {}
        self.reopen = False
        self.not_before_s = 0.0
        self.command: _Command | None = None
        self.backoff = backoff

    def closed(self) -> None:
        """Nothing of it is left at the venue."""
        self.state, self.sid, self.command, self.reopen = LineState.CLOSED, None, None, False
        self.told.clear()
        self.refresh.clear()


class Subscriptions:
    """The channels of one connection. Call `lost` when it ends; what is wanted stays."""

    def __init__(
        self,
        random: Random,
        channels: Sequence[str] = CHANNELS,
        *,
        batch: int = MARKETS_A_COMMAND,
        pace: Pace = LINE_PACE,
    ) -> None:
        self._wanted: dict[str, None] = {}
        self._refused: set[str] = set()
        self._batch = batch
        self._next_id = 1
        self._lines = {name: Line(name, Backoff(pace, random)) for name in channels}

    @property
    def wanted(self) -> tuple[str, ...]:
        """The markets to be told of, first the most important ones."""
        return tuple(self._wanted)

    @property
    def refused(self) -> frozenset[str]:
        """Markets the venue does not know; they are not asked for again before they are wanted anew."""
        return frozenset(self._refused)

    def want(self, tickers: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Be told of these markets, in order of importance, and of no other; those that are new, and those gone."""
        wanted = dict.fromkeys(tickers)
        new = tuple(ticker for ticker in wanted if ticker not in self._wanted)
        gone = tuple(ticker for ticker in self._wanted if ticker not in wanted)
        self._wanted = wanted
        self._refused.difference_update(new, gone)
        return new, gone

    def lost(self) -> None:
        """The connection is gone, and every subscription with it."""
        for line in self._lines.values():
            line.closed()
            line.not_before_s, line.limit = 0.0, None

    def line(self, channel: str) -> Line:
        """Where a channel stands."""
        return self._lines[channel]

    def channel_of(self, sid: int | None) -> str | None:
        """The channel of an open subscription."""
        if sid is None:
            return None
        return next((line.channel for line in self._lines.values() if line.sid == sid), None)

    def channel_of_frame(self, event: StreamEvent) -> str | None:
        """The channel of a frame: its subscription's; before that is known, what it answers or tells of."""
        known = self.channel_of(getattr(event, "sid", None))
        if known is not None:
            return known
        if isinstance(event, Acknowledged | Unsubscribed | Refused):
            line = self._answered(event.command_id)
        else:
            line = self._lines.get(_TOLD_BY.get(type(event), ""))
        return None if line is None or line.sid is not None else line.channel

    @property
    def settled(self) -> bool:
        """Whether the venue tells of just what is wanted, and no command is under way."""
        return all(
            line.command is None
            and not line.reopen
            and not line.refresh
            and (line.state is LineState.OPEN) == self._is_wanted(line)
            and (line.channel not in BY_MARKET or list(line.told.keys() ^ self._targets(line).keys()) == [])
            for line in self._lines.values()
        )

    def resubscribe(self, channel: str, now_s: float) -> None:
        """Close the channel and open it again, at once the first time, later and later if it goes on so."""
        line = self._lines[channel]
        if line.state is LineState.CLOSED or line.reopen:
            return
        first = line.backoff.failures == 0
        wait_s = line.backoff.failed(now_s)
        line.reopen = True
        line.not_before_s = now_s if first else now_s + wait_s

    def refresh(self, ticker: str) -> None:
        """Have a new snapshot of one market sent."""
        line = self._lines[ORDERBOOK]
        if ticker in line.told and not line.reopen:
            line.refresh[ticker] = None

    def steady(self, channel: str, now_s: float) -> None:
        """The channel does well."""
        self._lines[channel].backoff.succeeded(now_s)

    def due(self, now_s: float) -> list[bytes]:
        """The commands to send now."""
        found = []
        for line in self._lines.values():
            if line.command is None and now_s >= line.not_before_s:
                said = self._next(line, now_s)
                if said is not None:
                    found.append(said)
        return found

    def unanswered(self, now_s: float) -> tuple[str, ...]:
        """The channels whose command was not answered in time."""
        return tuple(
            line.channel
            for line in self._lines.values()
            if line.command is not None and now_s - line.command.sent_s > ANSWER_S
        )

    def subscribed(self, event: Subscribed) -> None:
        """A channel is open, be it late, by a command that was given up."""
        line = self._lines.get(event.channel)
        if line is None:
            return
        command = line.command
        if command is not None and command.id == event.command_id:
            line.state, line.sid, line.command = LineState.OPEN, event.sid, None
            line.told = dict.fromkeys(command.tickers)
        elif line.sid is None:
            # Which markets it is about is told by the answer to the command that is under way, or is next.
            line.sid = event.sid
            line.state = LineState.OPEN if command is None else line.state

    def adopt(self, event: Subscribed) -> None:
        """A channel is open that was asked for by someone else: a kept stream is read again."""
        line = self._lines.get(event.channel)
        if line is not None:
            line.closed()
            line.state, line.sid = LineState.OPEN, event.sid

    def acknowledged(self, event: Acknowledged) -> None:
        """A change was made; what the venue lists is what it tells of. Opening what is open is answered so too.

        Where nobody says which subscription that is, nothing is answered: the connection is given up for it in time.
        """
        line = self._answered(event.command_id)
        if line is None or line.command is None:
            return
        sid = line.sid if event.sid is None else event.sid
        if sid is None:
            return
        command, line.sid = line.command, sid
        if event.tickers is not None:
            line.told = dict.fromkeys(event.tickers)
        elif command.name == "delete_markets":
            for ticker in command.tickers:
                line.told.pop(ticker, None)
        else:
            line.told.update(dict.fromkeys(command.tickers))
        line.state, line.command = LineState.OPEN, None

    def unsubscribed(self, event: Unsubscribed) -> None:
        """A channel is closed."""
        line = self._answered(event.command_id) or self._by_sid(event.sid)
        if line is not None:
            line.closed()

    def failed(self, event: Refused, now_s: float) -> str | None:
        """A command was refused or a subscription ended; the channel that was ended by it."""
        line = self._answered(event.command_id) or self._by_sid(event.sid)
        if line is None:
            return None
        line.not_before_s = now_s + line.backoff.failed(now_s)
        self._learn(line, event)
        if line.sid is not None and event.code not in ENDING:
            line.state, line.command = LineState.OPEN, None
            return None
        ended = line.sid is not None and line.state is not LineState.CLOSING
        line.closed()
        return line.channel if ended else None

    def _learn(self, line: Line, event: Refused) -> None:
        command = line.command
        if event.code == MARKET_LIMIT:
            asked = len(command.tickers) if command is not None else 0
            line.limit = len(line.told) or max(1, asked // 2)
        elif event.code in (INVALID, MARKET_REQUIRED):
            named = event.tickers or (command.tickers if command is not None and len(command.tickers) == 1 else ())
            self._refused.update(named)

    def _answered(self, command_id: int) -> Line | None:
        if not command_id:
            return None
        return next((one for one in self._lines.values() if one.command and one.command.id == command_id), None)

    def _by_sid(self, sid: int | None) -> Line | None:
        return None if sid is None else next((one for one in self._lines.values() if one.sid == sid), None)

    def _is_wanted(self, line: Line) -> bool:
        return line.channel not in BY_MARKET or bool(self._targets(line))

    def _targets(self, line: Line) -> dict[str, None]:
        found = {ticker: None for ticker in self._wanted if ticker not in self._refused}
        return found if line.limit is None else dict.fromkeys(tuple(found)[: line.limit])

    def _next(self, line: Line, now_s: float) -> bytes | None:
        if line.state is LineState.CLOSED:
            return self._open(line, now_s) if self._is_wanted(line) else None
        if line.reopen or not self._is_wanted(line):
            line.state = LineState.CLOSING
            return self._say(line, now_s, "unsubscribe", (), {"sids": [line.sid]})
        if line.channel not in BY_MARKET:
            return None
        targets = self._targets(line)
        for name, tickers in (
            ("delete_markets", [*line.refresh, *(one for one in line.told if one not in targets)]),
            ("add_markets", [one for one in targets if one not in line.told]),
        ):
            if tickers:
                return self._change(line, now_s, name, tuple(dict.fromkeys(tickers))[: self._batch])
        return None

    def _open(self, line: Line, now_s: float) -> bytes:
        params: dict[str, Any] = {"channels": [line.channel]}
        tickers: tuple[str, ...] = ()
        if line.channel in BY_MARKET:
            tickers = tuple(self._targets(line))[: self._batch]
            params["market_tickers"] = list(tickers)
        if line.channel == ORDERBOOK:
            # The venue means to turn its default; both sides stay bids only where that is said.
            params["use_yes_price"] = False
        if line.channel == TICKER:
            params["send_initial_snapshot"] = True
        line.state = LineState.OPENING
        return self._say(line, now_s, "subscribe", tickers, params)

    def _change(self, line: Line, now_s: float, action: str, tickers: tuple[str, ...]) -> bytes:
        params: dict[str, Any] = {"sids": [line.sid], "action": action, "market_tickers": list(tickers)}
        if line.channel == TICKER and action == "add_markets":
            params["send_initial_snapshot"] = True
        for ticker in tickers:
            line.refresh.pop(ticker, None)
        line.state = LineState.CHANGING
        return self._say(line, now_s, action, tickers, params, cmd="update_subscription")

    def _say(
        self,
        line: Line,
        now_s: float,
        name: str,
        tickers: tuple[str, ...],
        params: dict[str, Any],
        *,
        cmd: str | None = None,
    ) -> bytes:
        line.command = _Command(self._next_id, name, tickers, now_s)
        self._next_id += 1
        return orjson.dumps({"id": line.command.id, "cmd": cmd or name, "params": params})
