"""Who traded: a deterministic marked point process per market, its sums and its last price.

An hour's volume is drawn first and split over the hour's trades, so that sums over whole hours need no
trade, and a market's volume is exactly the sum of its trades. Counts are in 1/100 contracts, times in
whole microseconds since 1970.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import NamedTuple

from precog_assets.simulator.kalshi.hours import maintained
from precog_assets.simulator.kalshi.instants import DAY_US, HOUR_US, microseconds
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.noise import mix, stable_uuid, unit
from precog_assets.simulator.kalshi.prices import Makers
from precog_assets.simulator.kalshi.sports import SPORTS

_CONTRACTS_PER_HOUR = 2_500.0
_IN_PLAY_FACTOR, _LAST_DAY_FACTOR = 30.0, 3.0


class Print(NamedTuple):
    """One trade's time, size and side; its price is the quote it hit."""

    time_us: int
    size: int
    taker_yes: bool
    hour: int
    place: int


class _Hour(NamedTuple):
    times: tuple[int, ...]
    sums: tuple[int, ...]
    takers: tuple[bool, ...]


class Flow:
    """The trades of a world's markets; hours and sums are kept, they never change."""

    def __init__(self, lifecycle: Lifecycle, makers: Makers) -> None:
        self._lifecycle = lifecycle
        self._makers = makers
        self._totals = lru_cache(maxsize=12_000)(self._draw_totals)
        self._hour = lru_cache(maxsize=16_000)(self._draw_hour)
        self.price = lru_cache(maxsize=50_000)(self._price)

    def _draw_totals(self, event: Event, market: Listed) -> tuple[int, array[int]]:
        """First hour, and cumulative volume before each hour, from the opening to the deadline."""
        first = event.opened_us // HOUR_US + 1
        last = event.deadline_us // HOUR_US
        base = 100 * _CONTRACTS_PER_HOUR * event.series.popularity * (0.3 + 1.4 * unit(market.key, 10))
        rng = Random(market.key)
        volumes = []
        for hour in range(first, last + 1):
            factor = _activity(event, hour)
            draw = rng.random()
            volumes.append(0 if maintained(hour) else 100 + int(base * factor * (0.2 + 2.4 * draw * draw)))
        return first, array("q", (0, *accumulate(volumes)))

    def _draw_hour(self, event: Event, market: Listed, hour: int) -> _Hour:
        """The hour's trades; their counts sum to the hour's volume."""
        first, totals = self._totals(event, market)
        volume = totals[hour - first + 1] - totals[hour - first]
        if not volume:
            return _Hour((), (), ())
        rng = Random(mix(market.key ^ 0x5EED, hour))
        typical = 60 if _activity(event, hour) == _IN_PLAY_FACTOR else 6
        wanted = typical + int(rng.random() * typical)
        number = max(1, min(wanted, volume // 50))
        times = sorted(hour * HOUR_US + 1 + int(rng.random() * (HOUR_US - 1)) for _ in range(number))
        cuts = sorted(rng.sample(range(1, volume), number - 1))
        return _Hour(tuple(times), (*cuts, volume), tuple(rng.random() < 0.5 for _ in range(number)))

    def _until_us(self, event: Event, time_us: int) -> int:
        """`time_us`, or the end of trading where that came before."""
        if time_us < event.start_us:
            return time_us
        return min(time_us, microseconds(self._lifecycle.ending(event).close))

    def volume(self, event: Event, market: Listed, time_us: int) -> int:
        """Contracts traded at or before that time."""
        first, totals = self._totals(event, market)
        time_us = self._until_us(event, time_us)
        hour = time_us // HOUR_US
        if hour < first:
            return 0
        if hour - first >= len(totals) - 1:
            return totals[-1]
        trades = self._hour(event, market, hour)
        done = bisect_right(trades.times, time_us)
        return totals[hour - first] + (trades.sums[done - 1] if done else 0)

    def last(self, event: Event, market: Listed, time_us: int) -> Print | None:
        """The latest trade at or before that time; None before the first."""
        first, totals = self._totals(event, market)
        time_us = self._until_us(event, time_us)
        hour = min(time_us // HOUR_US, first + len(totals) - 2)
        while hour >= first:
            trades = self._hour(event, market, hour)
            done = bisect_right(trades.times, time_us)
            if done:
                return _print(trades, hour, done - 1)
            hour -= 1
        return None

    def trades(self, event: Event, market: Listed, start_us: int, end_us: int) -> list[Print]:
        """Trades with start_us < time <= end_us, oldest first."""
        first, totals = self._totals(event, market)
        end_us = self._until_us(event, end_us)
        found: list[Print] = []
        last_hour = min(end_us // HOUR_US, first + len(totals) - 2)
        for hour in range(max(first, start_us // HOUR_US), last_hour + 1):
            trades = self._hour(event, market, hour)
            for index in range(bisect_right(trades.times, start_us), bisect_right(trades.times, end_us)):
                found.append(_print(trades, hour, index))
        return found

    def next_us(self, event: Event, market: Listed, time_us: int, before_us: int) -> int:
        """The time of the first trade after `time_us`, if it is before `before_us`; else `before_us`."""
        following = self.trades(event, market, time_us, before_us - 1)
        return following[0].time_us if following else before_us

    def taken(self, event: Event, market: Listed, start_us: int, end_us: int) -> tuple[int, int]:
        """Contracts traded in start_us < time <= end_us: at the bid, at the ask."""
        bid = ask = 0
        for trade in self.trades(event, market, start_us, end_us):
            if trade.taker_yes:
                ask += trade.size
            else:
                bid += trade.size
        return bid, ask

    def first_hour(self, event: Event, market: Listed) -> int:
        return self._totals(event, market)[0]

    def _price(self, event: Event, market: Listed, time_us: int, taker_yes: bool) -> int:
        """The YES price of a trade: the ask a buyer of YES lifted, or the bid a seller hit."""
        quote = self._makers.quote(event, market, time_us)
        return quote.yes_ask if taker_yes else quote.yes_bid

    def price_of(self, event: Event, market: Listed, trade: Print) -> int:
        return self.price(event, market, trade.time_us, trade.taker_yes)

    def trade_id(self, market: Listed, trade: Print) -> str:
        return stable_uuid("trade", market.key, trade.hour, trade.place)


def _print(trades: _Hour, hour: int, index: int) -> Print:
    size = trades.sums[index] - (trades.sums[index - 1] if index else 0)
    return Print(trades.times[index], size, trades.takers[index], hour, index)


def _activity(event: Event, hour: int) -> float:
    """How busy an hour is: quiet, the last day before the game, or in play."""
    begin = hour * HOUR_US
    start = event.start_us
    end = start + 1_000_000 * SPORTS[event.sport].typical_duration_s
    if begin + HOUR_US > start and begin < end:
        return _IN_PLAY_FACTOR
    return _LAST_DAY_FACTOR if start - DAY_US < begin < start else 1.0
