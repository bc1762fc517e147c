"""What a connection's frames mean: books that are right or named suspect, facts, gaps, and the commands that mend.

Belongs here: the protocol as a whole, without a socket or a clock. Does not: reading bytes off the wire (`client.py`).
A session outlives its connections: what is wanted stays, and after a reconnect everything is asked for anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from random import Random

from precog_assets.domain.facts import ContractCounts, QuoteSeen, Rejection
from precog_assets.domain.live import Gap, GapKind
from precog_assets.domain.pacing import Pace
from precog_assets.sources.kalshi.parse_markets import VENUE
from precog_assets.sources.kalshi.stream.books import BookKeeper, BookMoved, BookOutcome
from precog_assets.sources.kalshi.stream.events import (
    Acknowledged,
    BookDelta,
    BookSnapshot,
    MarketLifeTold,
    OtherTold,
    Refused,
    StreamEvent,
    Subscribed,
    TickerTold,
    TradeTold,
    Unreadable,
    Unsubscribed,
)
from precog_assets.sources.kalshi.stream.frames import FrameReader
from precog_assets.sources.kalshi.stream.pacing import Asking
from precog_assets.sources.kalshi.stream.sequence import Sequence as Numbers
from precog_assets.sources.kalshi.stream.sequence import Step
from precog_assets.sources.kalshi.stream.subscriptions import (
    CHANNELS,
    LINE_PACE,
    MARKETS_A_COMMAND,
    ORDERBOOK,
    TICKER,
    TRADE,
    LineState,
    Subscriptions,
)

FORGOTTEN = 4096
"""Markets and sids given up lately, of which something may still be under way."""


Happening = BookMoved | TickerTold | TradeTold | MarketLifeTold | Gap | Rejection | Refused
"""What a frame gave. Gaps and rejections are to be recorded; a refusal is the venue's word to a command of ours."""

_GAPS = {
    Step.MISSING: GapKind.MISSING,
    Step.REPEATED: GapKind.REPEATED,
    Step.OUT_OF_ORDER: GapKind.OUT_OF_ORDER,
    Step.CONFLICT: GapKind.CONFLICT,
}


class StreamSession:
    """The protocol's state. `counts` has what was seen by what became of it."""

    def __init__(
        self,
        random: Random,
        channels: Sequence[str] = CHANNELS,
        *,
        batch: int = MARKETS_A_COMMAND,
        pace: Pace = LINE_PACE,
    ) -> None:
        self.books = BookKeeper()
        self.subscriptions = Subscriptions(random, channels, batch=batch, pace=pace)
        self.counts: Counter[str] = Counter()
        self._reader = FrameReader()
        self._numbers: dict[int, Numbers] = {}
        self._heard_s: dict[int, float] = {}
        """By sid: when its last numbered frame came."""
        self._began_s: float | None = None
        """When the connection's first frame came."""
        self._retired: dict[int, None] = {}
        self._left: dict[str, None] = {}
        self._tickers: dict[str, TickerTold] = {}
        self._asking = Asking()
        self._noticed: list[Happening] = []
        self._connected = False
        self.restless = False
        """Whether there may be something to say at once."""

    def want(self, tickers: Iterable[str]) -> None:
        """Follow these markets, in order of importance, and no other."""
        new, gone = self.subscriptions.want(tickers)
        self.books.follow(new)
        self.books.forget(gone)
        for ticker in gone:
            self._tickers.pop(ticker, None)
            self._asking.forget(ticker)
            _remember(self._left, ticker)
        for ticker in new:
            self._left.pop(ticker, None)

    def opened(self) -> None:
        """A new connection is there; nothing is subscribed on it."""
        self._connected = True
        self._numbers.clear()
        self._heard_s.clear()
        self._began_s = None
        self._retired.clear()
        self.subscriptions.lost()

    def closed(self, now_s: float, kind: GapKind = GapKind.DISCONNECTED, detail: str = "") -> list[Happening]:
        """The connection is over: no book is known any more."""
        if not self._connected:
            return []
        self._connected = False
        # A lost frame shows by the next one of its sid; of the last ones none came.
        quiet_s = max((now_s - at for sid, at in self._heard_s.items() if self._channel(sid) == TRADE), default=0.0)
        self.subscriptions.lost()
        self.books.suspect()
        self._tickers.clear()
        self.counts[f"gap:{kind}"] += 1
        return [Gap(VENUE, "", kind, now_s, tickers=self.subscriptions.wanted, detail=detail, quiet_s=quiet_s)]

    def tells_only(self, channel: str, tickers: Collection[str]) -> None:
        """The venue tells of these markets by a channel: what it said of others there may be another by now."""
        if channel == ORDERBOOK:
            self.books.suspect([one for one in self.subscriptions.wanted if one not in tickers])
        elif channel == TICKER:
            self._tickers = {one: told for one, told in self._tickers.items() if one in tickers}

    def due(self, now_s: float) -> list[bytes]:
        """The commands to send now; `noticed` is to be asked afterwards."""
        self.restless = False
        if not self._connected:
            return []
        self._ask_again(now_s)
        return self.subscriptions.due(now_s)

    def noticed(self) -> list[Happening]:
        """What showed by no frame since the last call: snapshots that did not come in time."""
        found, self._noticed = self._noticed, []
        return found

    def unanswered(self, now_s: float) -> tuple[str, ...]:
        """Channels whose command was not answered in time: the connection is of no use."""
        return self.subscriptions.unanswered(now_s)

    def ticker(self, ticker: str) -> TickerTold | None:
        """What the ticker channel said last of a market."""
        return self._tickers.get(ticker)

    def quote(self, ticker: str) -> QuoteSeen | None:
        """A market's quote now: top of its book while that is sound, else the ticker channel's; None without either."""
        book, told = self.books.get(ticker), self._tickers.get(ticker)
        return book.quote(told) if book is not None else told.quote if told is not None else None

    def contracts(self) -> list[ContractCounts]:
        """The keys that came since the last call, by kind of frame."""
        return self._reader.contracts()

    def receive(self, data: bytes | str, now_s: float) -> list[Happening]:
        """Take in one frame."""
        event = self._reader.read(data)
        self.counts["frames"] += 1
        self._began_s = now_s if self._began_s is None else self._began_s
        sid = getattr(event, "sid", None)
        happened: list[Happening] = []
        retired = sid in self._retired
        if retired and not isinstance(event, Acknowledged | Unsubscribed | Refused):
            self.counts["retired"] += 1
            return happened
        seq = getattr(event, "seq", None)
        if sid is not None and seq is not None and not retired:
            numbers = self._numbers.get(sid)
            if numbers is None:
                numbers = self._numbers[sid] = Numbers()
            expected = numbers.last + 1
            step = numbers.take(seq, event)
            quiet_s = now_s - self._heard_s.get(sid, self._began_s)
            self._heard_s[sid] = now_s
            if step is not Step.NEXT:
                channel = self.subscriptions.channel_of_frame(event) or ""
                told = Gap(VENUE, channel, _GAPS[step], now_s, sid, expected, seq, quiet_s=quiet_s)
                if not self._may_be_used(step, event, told, now_s, happened):
                    return happened
        self._apply(event, now_s, happened)
        return happened

    def _channel(self, sid: int) -> str:
        return self.subscriptions.channel_of(sid) or ""

    def _may_be_used(self, step: Step, event: StreamEvent, told: Gap, now_s: float, into: list[Happening]) -> bool:
        """Record what is wrong with a frame's number, and begin to mend; whether the frame itself counts."""
        if step is Step.REPEATED:
            self._record(told, into)
            return False
        if told.channel == ORDERBOOK:
            self._mend_books(told, into, now_s)
            return isinstance(event, Acknowledged | Unsubscribed | Refused)
        self._record(told, into)
        return step is not Step.CONFLICT

    def _apply(self, event: StreamEvent, now_s: float, into: list[Happening]) -> None:
        match event:
            case BookDelta():
                outcome = self.books.delta(event)
                if outcome is BookOutcome.MOVED or outcome is BookOutcome.DEEPER:
                    self._moved(event.ticker, outcome, into)
                else:
                    self._not_used(event, outcome, now_s, into)
            case BookSnapshot():
                outcome = self.books.snapshot(event)
                self._asking.came(event.ticker)
                if outcome is BookOutcome.MOVED:
                    self._moved(event.ticker, outcome, into)
                    self.subscriptions.steady(ORDERBOOK, now_s)
                else:
                    self._not_used(event, outcome, now_s, into)
            case TickerTold():
                self._told(event, into)
            case TradeTold():
                self.counts["trades"] += 1
                into.append(event)
            case MarketLifeTold():
                self.counts["lifecycle"] += 1
                into.append(event)
            case Unreadable():
                self._unreadable(event, now_s, into)
            case OtherTold():
                self.counts[f"other:{event.kind}"] += 1
            case _:
                self._answer(event, now_s, into)

    def _moved(self, ticker: str, outcome: BookOutcome, into: list[Happening]) -> None:
        self.counts[f"book:{outcome.value}"] += 1
        book = self.books.get(ticker)
        if book is not None:
            into.append(BookMoved(ticker, book, outcome is BookOutcome.DEEPER))

    def _told(self, event: TickerTold, into: list[Happening]) -> None:
        if self.books.follows(event.ticker):
            self.counts["tickers"] += 1
            self._tickers[event.ticker] = event
            into.append(event)
        else:
            self._unknown("ticker", event.ticker, into)

    def _not_used(
        self, event: BookDelta | BookSnapshot, outcome: BookOutcome, now_s: float, into: list[Happening]
    ) -> None:
        self.counts[f"book:{outcome.value}"] += 1
        if outcome is BookOutcome.UNKNOWN_MARKET:
            self._unknown(ORDERBOOK, event.ticker, into)
        elif outcome is BookOutcome.NEGATIVE_SIZE:
            named = Gap(VENUE, ORDERBOOK, GapKind.NEGATIVE_SIZE, now_s, event.sid, None, event.seq, (event.ticker,))
            self._record(named, into)
            self._refresh(event.ticker, now_s)

    def _unknown(self, channel: str, ticker: str, into: list[Happening]) -> None:
        """Of a market just left something may still come; of any other it is refused by name."""
        if ticker in self._left:
            self.counts["left"] += 1
            return
        self.counts["rejected:unknown_market"] += 1
        into.append(
            Rejection(f"kalshi.stream.{channel}", ticker, "unknown_market", "a frame of a market nobody asked for")
        )

    def _unreadable(self, event: Unreadable, now_s: float, into: list[Happening]) -> None:
        rejection = event.rejection
        self.counts[f"rejected:{rejection.reason}"] += 1
        into.append(rejection)
        channel = self.subscriptions.channel_of(event.sid)
        of_book = rejection.payload_type.rpartition(".")[2].startswith("orderbook_")
        named = () if event.ticker is None else (event.ticker,)
        told = Gap(VENUE, channel or "", GapKind.UNREADABLE, now_s, event.sid, None, event.seq, named, rejection.reason)
        if of_book and event.seq is not None and event.ticker is not None:
            if self.books.suspect(named):
                self._record(told, into)
                self._refresh(event.ticker, now_s)
        elif of_book or channel == ORDERBOOK or (event.sid is None and rejection.payload_type.endswith(".frame")):
            self._mend_books(told, into, now_s)
        elif channel is not None and (event.seq is None or channel == TRADE):
            # A trade that was told and not read is missed as one that was not told: REST has it.
            self._record(told, into)

    def _mend_books(self, told: Gap, into: list[Happening], now_s: float) -> None:
        """Every book of the subscription may be wrong: none is shown until it is subscribed anew."""
        self.books.suspect()
        self._record(told, into)
        line = self.subscriptions.line(ORDERBOOK)
        if line.sid is not None:
            self.subscriptions.resubscribe(ORDERBOOK, now_s)
            _remember(self._retired, line.sid)
            self.restless = True

    def _record(self, gap: Gap, into: list[Happening]) -> None:
        self.counts[f"gap:{gap.kind}"] += 1
        into.append(gap)

    def _answer(self, event: StreamEvent, now_s: float, into: list[Happening]) -> None:
        subscriptions, self.restless = self.subscriptions, True
        if isinstance(event, Subscribed):
            subscriptions.subscribed(event)
        elif isinstance(event, Acknowledged):
            subscriptions.acknowledged(event)
        elif isinstance(event, Unsubscribed):
            subscriptions.unsubscribed(event)
        elif isinstance(event, Refused):
            self.counts[f"refused:{event.code}"] += 1
            into.append(event)
            channel = subscriptions.failed(event, now_s)
            if channel is not None:
                if channel == ORDERBOOK:
                    self.books.suspect()
                ended = Gap(VENUE, channel, GapKind.ENDED, now_s, event.sid, detail=f"{event.code} {event.message}")
                self._record(ended, into)

    def _refresh(self, ticker: str, now_s: float) -> None:
        if self._asking.ask(ticker, now_s):
            self.subscriptions.refresh(ticker)
            self.restless = True

    def _ask_again(self, now_s: float) -> None:
        """A snapshot that does not come is asked for again; it may have been the last frame, and been lost."""
        line = self.subscriptions.line(ORDERBOOK)
        if line.reopen or line.state not in (LineState.OPEN, LineState.CHANGING):
            self._asking.anew()
            return
        if line.command is not None:
            return
        late: list[str] = []
        for ticker in self.books.awaited:
            if ticker in line.told and ticker not in line.refresh and self._asking.awaited(ticker, now_s):
                self.subscriptions.refresh(ticker)
                if self._asking.overdue(ticker, now_s):
                    late.append(ticker)
        if late:
            self._record(
                Gap(VENUE, ORDERBOOK, GapKind.NO_SNAPSHOT, now_s, line.sid, tickers=tuple(late)), self._noticed
            )


def _remember(where: dict, key: object) -> None:
    where[key] = None
    while len(where) > FORGOTTEN:
        del where[next(iter(where))]
