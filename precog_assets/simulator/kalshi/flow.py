"""What was traded: the prints of noise and informed takers as one tape per market, its sums and its last price.

A market's volume is exactly the sum of its prints. Nothing is printed while its trading is stopped: what would
have been is left out of every sum. Counts are in 1/100 contracts, times in whole microseconds since 1970.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.hours import Hours
from precog_assets.simulator.kalshi.instants import HOUR_US
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.noise import stable_uuid, unit
from precog_assets.simulator.kalshi.prices import Makers
from precog_assets.simulator.kalshi.takers import NO_TRADES, Trades, hourly_volumes, informed_trades, noise_trades

_INFORMED_PLACE = 1_000
"""Places from here on in an hour are informed takers' prints."""


class Print(NamedTuple):
    """One trade's time, size and side; its price is the quote it hit."""

    time_us: int
    size: int
    taker_yes: bool
    hour: int
    place: int


class Flow:
    """The trades of a world's markets; hours and sums are kept, they never change."""

    def __init__(self, lifecycle: Lifecycle, makers: Makers, hours: Hours, habits: Habits | None = None) -> None:
        self._lifecycle = lifecycle
        self._makers = makers
        self._hours = hours
        self._informed_share = (habits or Habits()).informed
        self._totals = lru_cache(maxsize=6_000)(hourly_volumes)
        self._hour = lru_cache(maxsize=6_000)(self._draw_hour)
        self._informed = lru_cache(maxsize=4_000)(self._draw_informed)
        self.price = lru_cache(maxsize=30_000)(self._price)

    def _draw_hour(self, event: Event, market: Listed, hour: int) -> Trades:
        first, totals = self._totals(event, market)
        return noise_trades(event, market, hour, totals[hour - first + 1] - totals[hour - first])

    def _draw_informed(self, event: Event, market: Listed) -> Trades:
        return informed_trades(self._lifecycle, self._makers, event, market, self._informed_share)

    def _informed_by(self, event: Event, market: Listed, time_us: int) -> Trades:
        return self._informed(event, market) if time_us > event.start_us else NO_TRADES

    def _until_us(self, event: Event, time_us: int) -> int:
        """`time_us`, or the end of trading where that came before."""
        return min(time_us, self._lifecycle.close_us(event, time_us))

    def _stops(self, event: Event, time_us: int) -> list[tuple[int, int]]:
        """Spans without trading that began by `time_us`, begin included and end not, apart and in order."""
        stops = [*self._lifecycle.pauses(event, time_us), *((c.begin_us, c.end_us) for c in self._hours.closures)]
        apart: list[tuple[int, int]] = []
        for begin, end in sorted(stops):
            if begin > time_us:
                break
            if apart and begin <= apart[-1][1]:
                apart[-1] = (apart[-1][0], max(apart[-1][1], end))
            else:
                apart.append((begin, end))
        return apart

    def volume(self, event: Event, market: Listed, time_us: int) -> int:
        """Contracts traded at or before that time."""
        time_us = self._until_us(event, time_us)
        traded = self._drawn(event, market, time_us)
        for begin, end in self._stops(event, time_us):
            traded -= self._drawn(event, market, min(end - 1, time_us)) - self._drawn(event, market, begin - 1)
        return traded

    def _drawn(self, event: Event, market: Listed, time_us: int) -> int:
        """Contracts takers wanted at or before that time, stops or not."""
        first, totals = self._totals(event, market)
        hour = time_us // HOUR_US
        if hour < first:
            return 0
        if hour - first >= len(totals) - 1:
            traded = totals[-1]
        else:
            traded = totals[hour - first] + _sum_by(self._hour(event, market, hour), time_us)
        return traded + _sum_by(self._informed_by(event, market, time_us), time_us)

    def open_interest(self, market: Listed, volume: int) -> int:
        """Contracts held after that volume: the market's own share of what was traded."""
        return int(volume * (0.4 + 0.4 * unit(market.key, 11)))

    def last(self, event: Event, market: Listed, time_us: int) -> Print | None:
        """The latest trade at or before that time; None before the first."""
        time_us = self._until_us(event, time_us)
        stops = self._stops(event, time_us)
        while (latest := self._latest(event, market, time_us)) is not None:
            stop = next((begin for begin, end in stops if begin <= latest.time_us < end), None)
            if stop is None:
                return latest
            time_us = stop - 1
        return None

    def _latest(self, event: Event, market: Listed, time_us: int) -> Print | None:
        informed = self._informed_by(event, market, time_us)
        done = bisect_right(informed.times, time_us)
        first, totals = self._totals(event, market)
        least = max(first, informed.times[done - 1] // HOUR_US) if done else first
        hour = min(time_us // HOUR_US, first + len(totals) - 2)
        noise: Print | None = None
        while noise is None and hour >= least:
            trades = self._hour(event, market, hour)
            found = bisect_right(trades.times, time_us)
            noise = _print(trades, found - 1, hour) if found else None
            hour -= 1
        if done and (noise is None or informed.times[done - 1] >= noise.time_us):
            return _print(informed, done - 1)
        return noise

    def trades(self, event: Event, market: Listed, start_us: int, end_us: int) -> list[Print]:
        """Trades with start_us < time <= end_us, oldest first."""
        end_us = self._until_us(event, end_us)
        found = list(self._prints(event, market, start_us, end_us))
        if not found:
            return found
        stops = self._stops(event, end_us)
        if stops:
            found = [t for t in found if not any(begin <= t.time_us < end for begin, end in stops)]
        return sorted(found)

    def _prints(self, event: Event, market: Listed, start_us: int, end_us: int) -> Iterator[Print]:
        first, totals = self._totals(event, market)
        last_hour = min(end_us // HOUR_US, first + len(totals) - 2)
        for hour in range(max(first, start_us // HOUR_US), last_hour + 1):
            trades = self._hour(event, market, hour)
            for index in range(bisect_right(trades.times, start_us), bisect_right(trades.times, end_us)):
                yield _print(trades, index, hour)
        informed = self._informed_by(event, market, end_us)
        for index in range(bisect_right(informed.times, start_us), bisect_right(informed.times, end_us)):
            yield _print(informed, index)

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

    def _price(self, event: Event, market: Listed, time_us: int, taker_yes: bool) -> int:
        """The YES price of a trade: the ask a buyer of YES lifted, or the bid a seller hit."""
        quote = self._makers.quote(event, market, time_us)
        return quote.yes_ask if taker_yes else quote.yes_bid

    def price_of(self, event: Event, market: Listed, trade: Print) -> int:
        return self.price(event, market, trade.time_us, trade.taker_yes)

    def trade_id(self, market: Listed, trade: Print) -> str:
        return stable_uuid("trade", market.key, trade.hour, trade.place)


def _sum_by(trades: Trades, time_us: int) -> int:
    done = bisect_right(trades.times, time_us)
    return trades.sums[done - 1] if done else 0


def _print(trades: Trades, index: int, hour: int | None = None) -> Print:
    """The trade at that index; without an hour of noise it is an informed taker's."""
    size = trades.sums[index] - (trades.sums[index - 1] if index else 0)
    time_us = trades.times[index]
    if hour is None:
        return Print(time_us, size, trades.takers_yes[index], time_us // HOUR_US, _INFORMED_PLACE + index)
    return Print(time_us, size, trades.takers_yes[index], hour, index)
