"""Candlesticks from the same quotes and trades as everything else.

A period runs from its begin (exclusive, for trades) to its end (inclusive). Open and close of bid and
ask are the quotes at its two edges, high and low are over the edges, its trades, and a look every
minute in play or every ten before; days are merged from hours. Only ended periods are served. Trades of accounts
are in them; quotes and open interest are the world's own, since nobody keeps what books accounts once made.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache, reduce
from typing import Any, NamedTuple

from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.simulator.kalshi.depth import Depth
from precog_assets.simulator.kalshi.hours import Hours
from precog_assets.simulator.kalshi.instants import MINUTE_US, SECOND_US, microseconds
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.prints import Prints
from precog_assets.simulator.kalshi.wire import DOLLARS, Wire, count_text

PERIODS_MIN = (1, 60, 1440)
_HOUR_S = 3_600
_LOOK_IN_PLAY_US, _LOOK_BEFORE_US = MINUTE_US, 10 * MINUTE_US


class Range(NamedTuple):
    open: int
    low: int
    high: int
    close: int


class Candle(NamedTuple):
    """Sums of one period; `paid` is price times count, prices are None where nothing traded."""

    begin_us: int
    """The period's begin, or the market's opening in it."""
    end_s: int
    bid: Range
    ask: Range
    price: Range | None
    paid: int
    volume: int


def _merge(left: Candle, right: Candle) -> Candle:
    def join(a: Range, b: Range) -> Range:
        return Range(a.open, min(a.low, b.low), max(a.high, b.high), b.close)

    price = join(left.price, right.price) if left.price and right.price else left.price or right.price
    return Candle(
        left.begin_us,
        right.end_s,
        join(left.bid, right.bid),
        join(left.ask, right.ask),
        price,
        left.paid + right.paid,
        left.volume + right.volume,
    )


class Candles:
    """Candlesticks of a world's markets; ended hours are kept."""

    def __init__(self, lifecycle: Lifecycle, hours: Hours, depth: Depth, prints: Prints, wire: Wire) -> None:
        self._lifecycle = lifecycle
        self._hours = hours
        self._depth = depth
        self._prints = prints
        self._wire = wire
        self._hour = lru_cache(maxsize=8_000)(self._kept_candle)

    def between(
        self, event: Event, market: Listed, period_min: int, start_s: int, end_s: int, now: datetime
    ) -> list[Candle]:
        """The candles whose period ends in [start_s, end_s] and has ended, while the market was open."""
        over = self._lifecycle.over(event, now)
        closed_s = -(-microseconds(over.close if over else now) // SECOND_US)
        opened_s = event.opened_us // SECOND_US
        candles = []
        touched, version = self._prints.touched(market), self._hours.version
        for begin, end in _periods(period_min, max(start_s, opened_s + 1), min(end_s, int(now.timestamp()))):
            if end <= opened_s or begin >= closed_s:
                continue
            if period_min == 1:
                candles.append(self._candle(event, market, begin, end))
                continue
            hours = [
                self._candle(event, market, hour, hour + _HOUR_S)
                if touched
                else self._hour(event, market, hour, version)
                for hour in range(begin, end, _HOUR_S)
                if hour + _HOUR_S > opened_s and hour < closed_s
            ]
            candles.append(reduce(_merge, hours)._replace(end_s=end))
        return candles

    def _kept_candle(self, event: Event, market: Listed, begin: int, version: int) -> Candle:  # noqa: ARG002
        """An hour's candle where no account traded; `version` is that of the exchange's hours."""
        return self._candle(event, market, begin, begin + _HOUR_S)

    def _candle(self, event: Event, market: Listed, begin: int, end: int) -> Candle:
        first = max(begin * SECOND_US, event.opened_us)
        last = end * SECOND_US
        in_play = last > event.start_us
        last = min(last, self._lifecycle.close_us(event, last) - 1)
        look = _LOOK_IN_PLAY_US if in_play else _LOOK_BEFORE_US
        trades = self._prints.trades(event, market, first, last)
        times = [first, *(t for t in range(begin * SECOND_US + look, last, look) if first < t)]
        times += [trade.time_us for trade in trades]
        times.append(last)
        quotes = [self._depth.quote(event, market, time_us) for time_us in times]
        bids, asks = [quote.yes_bid for quote in quotes], [quote.yes_ask for quote in quotes]
        prices = [trade.price for trade in trades]
        return Candle(
            first,
            end,
            Range(bids[0], min(bids), max(bids), bids[-1]),
            Range(asks[0], min(asks), max(asks), asks[-1]),
            Range(prices[0], min(prices), max(prices), prices[-1]) if prices else None,
            sum(trade.price * trade.size for trade in trades),
            sum(trade.size for trade in trades),
        )

    def to_json(self, event: Event, market: Listed, candles: list[Candle], *, historical: bool = False) -> list[Any]:
        """MarketCandlestick objects; `historical` has the older tier's names without suffixes."""
        suffix, fixed = ("", "") if historical else ("_dollars", "_fp")
        rows = []
        for candle in candles:
            before = self._prints.last(event, market, candle.begin_us)
            previous = DOLLARS[before.price] if before else None
            rows.append(
                {
                    "end_period_ts": candle.end_s,
                    "yes_bid": _range(candle.bid, suffix),
                    "yes_ask": _range(candle.ask, suffix),
                    "price": {
                        **_range(candle.price, suffix),
                        "mean" + suffix: DOLLARS[round(candle.paid / candle.volume)] if candle.volume else None,
                        "previous" + suffix: previous,
                    },
                    "volume" + fixed: count_text(candle.volume),
                    "open_interest" + fixed: count_text(
                        self._wire.open_interest(event, market, candle.end_s * SECOND_US)
                    ),
                }
            )
        return rows

    def latest_before(
        self, event: Event, market: Listed, period_min: int, start_s: int, first: Candle | None, now: datetime
    ) -> list[Any]:
        """The synthetic candle of `include_latest_before_start`, or nothing where none came before.

        It stands at the first period end at or after the start, without prices of its own, unless a real
        candle ends there.
        """
        ends = next((end for _, end in _periods(period_min, start_s, start_s + 60 * 1500)), None)
        if ends is None or start_s * SECOND_US <= event.opened_us or (first is not None and first.end_s == ends):
            return []
        since_s = min(start_s, int(now.timestamp()))
        last = self._prints.last(event, market, since_s * SECOND_US)
        if last is None:
            return []
        quote = self._depth.quote(event, market, last.time_us)
        still = Candle(since_s * SECOND_US, ends, Range(*[quote.yes_bid] * 4), Range(*[quote.yes_ask] * 4), None, 0, 0)
        return self.to_json(event, market, [still])


def _range(values: Range | None, suffix: str) -> dict[str, str | None]:
    if values is None:
        return {name + suffix: None for name in ("open", "low", "high", "close")}
    return {
        "open" + suffix: DOLLARS[values.open],
        "low" + suffix: DOLLARS[values.low],
        "high" + suffix: DOLLARS[values.high],
        "close" + suffix: DOLLARS[values.close],
    }


def _periods(period_min: int, start_s: int, end_s: int) -> Iterator[tuple[int, int]]:
    """(begin, end) of the periods that end in [start_s, end_s]; days are US Eastern."""
    if period_min < 1440:
        length = period_min * 60
        for end in range(-(-start_s // length) * length, end_s + 1, length):
            yield end - length, end
        return
    day = eastern_day(datetime.fromtimestamp(start_s, UTC)) - timedelta(days=1)
    while True:
        begin, end = (int(edge.timestamp()) for edge in eastern_day_bounds(day))
        if end > end_s:
            return
        if end >= start_s:
            yield begin, end
        day += timedelta(days=1)
