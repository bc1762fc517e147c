"""What comes off the stream is kept raw, measured, and put where it waits to be written and reacted to.

Belongs here: the stream's sink. Does not: sockets (`sources.kalshi.stream`), writing (`writer.py`).
A frame is in its segment before anything else is done with it. Quotes may be coalesced when the writer is behind;
trades, gaps and rejections never are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime

from precog_assets.domain.facts import QuoteSeen, Rejection
from precog_assets.domain.live import DateSeen, Gap, GapKind, RawPlace, Received
from precog_assets.domain.times import Clock, speed_of
from precog_assets.pipeline.live.books import BookLog
from precog_assets.pipeline.live.coalesce import QuoteQueue
from precog_assets.pipeline.live.facts import FactBatch, GapFact, QuoteFact, TradeFact
from precog_assets.pipeline.live.timing import Offset, VenueLag
from precog_assets.sources.kalshi.parse_markets import VENUE, market_id_of
from precog_assets.sources.kalshi.stream.books import BookMoved
from precog_assets.sources.kalshi.stream.events import MarketLifeTold, Refused, TickerTold, TradeTold
from precog_assets.sources.kalshi.stream.session import Happening
from precog_assets.sources.kalshi.stream.subscriptions import TRADE
from precog_assets.store.segments import SegmentWriter

QuoteOf = Callable[[str], QuoteSeen | None]
REJECTIONS_KEPT = 1000
TRADES_KEPT = 200_000
"""More wait only while neither database nor spool takes any; the venue's REST still has the oldest of them."""


class StreamIntake:
    """The sink of one stream. `quote_of` gives a market's quote as the stream has it now.

    `wake` is called when there is something to write, `dated` with the venue's `Date` of a handshake; `offset_of` gives
    the venue's clock against ours as it is known now. `counts` has what came, by what it was.
    """

    def __init__(
        self,
        segments: SegmentWriter | None,
        queue: QuoteQueue[QuoteFact],
        books: BookLog,
        clock: Clock,
        wake: Callable[[], object],
        dated: Callable[[DateSeen], object] = lambda _seen: None,
        offset_of: Callable[[], Offset | None] = lambda: None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.lag = VenueLag(offset_of, speed_of(clock))
        """Of frames that gave a fact."""
        self.quote_of: QuoteOf = lambda _ticker: None
        self.books = books
        self._segments, self._queue, self._clock, self._wake, self._dated = segments, queue, clock, wake, dated
        self._quotes: dict[str, QuoteSeen] = {}
        self._trades: list[TradeFact] = []
        self._gaps: list[GapFact] = []
        self._lives: dict[str, None] = {}
        self._rejections: list[Rejection] = []

    def keep(self, data: bytes, received_at: datetime, monotonic_s: float) -> RawPlace | None:
        """Keep a frame raw, if there are segments. Raises PrecogError(system.archive)."""
        return None if self._segments is None else self._segments.append(data, received_at, monotonic_s)

    def take(self, received: Received | None, happened: Sequence[Happening]) -> None:
        """Put what a frame gave where it waits."""
        only_deeper = True
        for one in happened:
            if isinstance(one, BookMoved) and received is not None:
                self.books.changed(one.book, received)
                if one.deeper:
                    continue
            only_deeper = False
            if isinstance(one, Gap):
                self.counts[f"gap:{one.kind}"] += 1
                self._gaps.append(GapFact(one, received.received_at if received else self._clock.now()))
                self._forget(one.tickers)
            elif isinstance(one, Rejection):
                self.counts[f"rejected:{one.reason}"] += 1
                if len(self._rejections) < REJECTIONS_KEPT:
                    self._rejections.append(one)
            elif isinstance(one, Refused):
                self.counts[f"refused:{one.code}"] += 1
            elif received is not None:
                self._fact(received, one)
        if not only_deeper:
            # A book that changed below its top waits for its time; whoever keeps the time wakes the writer then.
            self._wake()

    def dated(self, seen: DateSeen) -> None:
        """A venue's clock against ours."""
        self._dated(seen)

    def confirmed(self, tickers: Collection[str], *, books: bool = False) -> FactBatch:
        """The quotes (and books) of markets as they are now, though nothing changed: of those that nothing waits of."""
        at = self._clock.now()
        batch = FactBatch(books=self.books.standing(tickers, at) if books else [])
        for ticker in tickers:
            quote, market_id = self._quotes.get(ticker), market_id_of(ticker)
            if quote is not None and not self._queue.waits(market_id):
                batch.quotes.append(QuoteFact(market_id, quote, at, None))
        return batch

    def drained(self, most: int, monotonic_s: float) -> FactBatch:
        """What waits to be written: trades, gaps, books whose time has come, and up to `most` quotes by importance."""
        taken = self._queue.take(most, monotonic_s)
        batch = FactBatch([one.value for one in taken], self._trades, self._gaps, self.books.take(monotonic_s))
        self._trades, self._gaps = [], []
        return batch

    def lives(self) -> tuple[str, ...]:
        """Markets whose life went on: they are to be read again over REST, which says how."""
        found, self._lives = tuple(self._lives), {}
        return found

    def rejections(self) -> list[Rejection]:
        """What could not be read since the last call, up to a bound; `counts` has all."""
        found, self._rejections = self._rejections, []
        return found

    def _fact(self, received: Received, one: BookMoved | TickerTold | TradeTold | MarketLifeTold) -> None:
        if isinstance(one, TradeTold):
            self.counts["trades"] += 1
            self._trades.append(TradeFact(one.trade, received.received_at, received.place))
            if len(self._trades) > TRADES_KEPT:
                self._shed_trades(received)
        elif isinstance(one, MarketLifeTold):
            self._lives[one.ticker] = None
            return
        else:
            self._quote(received, one.ticker)
        sent_ms = one.book.sent_ms if isinstance(one, BookMoved) else one.sent_ms
        if sent_ms is not None:
            self.lag.observe(sent_ms, received.received_at, received.monotonic_s)

    def _quote(self, received: Received, ticker: str) -> None:
        quote = self.quote_of(ticker)
        if quote is not None and _is_crossed(quote):
            # One change of several that belong together: the next one tells. Until then nothing is known to hold.
            self.counts["crossed"] += 1
            self._quotes.pop(ticker, None)
            return
        if quote is None or quote == self._quotes.get(ticker):
            self.counts["unchanged"] += 1
            return
        self._quotes[ticker] = quote
        self.counts["quotes"] += 1
        fact = QuoteFact(market_id_of(ticker), quote, received.received_at, received.place, received.monotonic_s)
        self._queue.put(fact.market_id, fact, received.monotonic_s)

    def _shed_trades(self, received: Received) -> None:
        """Let the older half go, as a gap from its first on: whoever mends gaps reads it from the venue again."""
        shed, self._trades = self._trades[: TRADES_KEPT // 2], self._trades[TRADES_KEPT // 2 :]
        self.counts["trades_shed"] += len(shed)
        detail = f"{len(shed)} trades let go: neither database nor spool took them"
        gap = Gap(VENUE, TRADE, GapKind.MISSING, received.monotonic_s, detail=detail)
        self._gaps.append(GapFact(gap, shed[0].received_at))

    def _forget(self, tickers: Iterable[str]) -> None:
        for ticker in tickers:
            self._quotes.pop(ticker, None)


def _is_crossed(quote: QuoteSeen) -> bool:
    return quote.yes_bid is not None and quote.yes_ask is not None and quote.yes_bid >= quote.yes_ask
