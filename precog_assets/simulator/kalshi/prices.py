"""What makers quote for a market at an instant: an opinion near the truth, a spread, a book.

Prices are whole numbers of 1/10,000 dollars, sizes of 1/100 contracts. The opinion is the true
probability a few seconds ago, moved by a slow error of up to about two cents and a fast one of less
than a cent; an event's markets are quoted from one opinion, so bids never sum above a dollar and asks
never below it (away from the limits of 0.01 and 0.99). Opinion, quotes and ladders stand still within
a segment: until the fast error is redrawn, or the makers notice that the true probability changed.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from math import exp
from typing import NamedTuple

from precog_assets.simulator.kalshi.exchange.view import Level
from precog_assets.simulator.kalshi.instants import SECOND_US
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.noise import centred, mix, smooth, unit

LOWEST, HIGHEST = 100, 9_900
_CENT = 100
_SLOW_LOGIT, _FAST_LOGIT = 0.10, 0.035
_SLOW_PERIOD_US = 5_400 * SECOND_US
_SHORTEST_US, _LONGER_BY_US, _LONGEST_LAG_US = 5 * SECOND_US, 15 * SECOND_US, 10 * SECOND_US
_BEFORE_GAME_FACTOR = 12
_TOP_CONTRACTS = 4_000.0


class Quote(NamedTuple):
    yes_bid: int
    yes_ask: int
    bid_size: int
    ask_size: int


EMPTY = Quote(0, 10_000, 0, 0)
"""What stands where nobody quotes: placeholders, not prices."""


def step_at(structure: str, price: int) -> int:
    """The grid's step at a price, for `linear_cent`, `deci_cent` and `tapered_deci_cent`."""
    if structure == "deci_cent" or (structure == "tapered_deci_cent" and (price < 1_000 or price >= 9_000)):
        return 10
    return _CENT


def below(structure: str, price: float) -> int:
    """The highest grid price at or below `price`."""
    step = step_at(structure, int(price))
    return int(price // step) * step


def above(structure: str, price: float) -> int:
    """The lowest grid price at or above `price`."""
    down = below(structure, price)
    return down if down >= price else down + step_at(structure, down)


class Segment(NamedTuple):
    """A span in which an event's quotes stand still: begin included, end not."""

    begin_us: int
    end_us: int


class _Pace(NamedTuple):
    lag_us: int
    bucket_us: int


def _pace(event: Event) -> _Pace:
    """How late the event's makers are, and how often they move in play."""
    return _Pace(int(_LONGEST_LAG_US * unit(event.key, 6)), _SHORTEST_US + int(_LONGER_BY_US * unit(event.key, 8)))


def _spread(event: Event, market: Listed) -> int:
    """The market's own spread; more popular series have closer ones."""
    draw = unit(market.key, 9) - 0.5 * event.series.popularity
    return _CENT if draw < 0.35 else 2 * _CENT if draw < 0.75 else 3 * _CENT


class Makers:
    """The quotes of a world's markets; opinions asked for last are kept, they never change."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._opinion = lru_cache(maxsize=8_192)(self._think)
        self._pace = lru_cache(maxsize=8_192)(_pace)
        self._spread = lru_cache(maxsize=16_384)(_spread)

    def lag_us(self, event: Event) -> int:
        """Microseconds by which the event's quotes trail the score, below 10 s."""
        return self._pace(event).lag_us

    def segment(self, event: Event, time_us: int) -> Segment:
        """The span around `time_us` in which opinion, quotes and ladders of the event do not change."""
        start_us = event.start_us
        length_us = self._bucket_us(event, time_us)
        begin_us = time_us // length_us * length_us
        end_us = begin_us + length_us
        if time_us < start_us:
            return Segment(begin_us, min(end_us, start_us))
        begin_us = max(begin_us, start_us)
        lag_us = self.lag_us(event)
        seen_us = time_us - lag_us
        if seen_us < start_us:
            return Segment(begin_us, min(end_us, start_us + lag_us))
        times = self._lifecycle.path(event).times
        following = bisect_right(times, seen_us)
        noticed_us = max(start_us, times[following - 1] if following else start_us) + lag_us
        if following < len(times):
            end_us = min(end_us, times[following] + lag_us)
        return Segment(max(begin_us, noticed_us), end_us)

    def opinion(self, event: Event, time_us: int) -> tuple[float, float, float]:
        """Values of home, draw and away as the makers believe them, in dollars, summing to 1."""
        return self._opinion(event, self.segment(event, time_us).begin_us)

    def _think(self, event: Event, begin_us: int) -> tuple[float, float, float]:
        """The opinion throughout the segment that begins then."""
        home, draw, away = self._lifecycle.chances(event, begin_us - self.lag_us(event))
        key = event.key
        bucket = self._bucket(event, begin_us)
        wander = begin_us / _SLOW_PERIOD_US + unit(key, 7)
        home *= exp(_SLOW_LOGIT * smooth(key ^ 0xA5, wander) + _FAST_LOGIT * centred(key ^ 0xB7, bucket))
        if draw:
            draw *= exp(_SLOW_LOGIT * smooth(key ^ 0xC9, wander) + _FAST_LOGIT * centred(key ^ 0xDB, bucket))
        total = home + draw + away
        return home / total, draw / total, away / total

    def _bucket_us(self, event: Event, time_us: int) -> int:
        """How long the fast error stands still: 5 to 20 s in play, 1 to 4 minutes before."""
        length_us = self._pace(event).bucket_us
        return length_us if time_us >= event.start_us else length_us * _BEFORE_GAME_FACTOR

    def _bucket(self, event: Event, time_us: int) -> int:
        return time_us // self._bucket_us(event, time_us)

    def quote(self, event: Event, market: Listed, time_us: int) -> Quote:
        """The best bid and ask of the segment; meaningful between the event's opening and its close."""
        begin_us = self.segment(event, time_us).begin_us
        home, draw, away = self._opinion(event, begin_us)
        fair = 10_000.0 * (home if market.side == "home" else away if market.side == "away" else draw)
        structure = event.series.price_level_structure
        spread = self._spread(event, market)
        if structure == "linear_cent":
            bid = below(structure, fair - (spread - _CENT) / 2)
            ask = bid + spread
        else:
            bid, ask = below(structure, fair - spread / 2), above(structure, fair + spread / 2)
        bid = min(max(bid, LOWEST), HIGHEST - step_at(structure, HIGHEST - 1))
        ask = max(min(ask, HIGHEST), bid + step_at(structure, bid))
        bucket = self._bucket(event, begin_us)
        return Quote(bid, ask, self._size(event, market, bid, bucket), self._size(event, market, -ask, bucket))

    def _size(self, event: Event, market: Listed, level: int, bucket: int) -> int:
        """Contracts resting at a level (asks as negative prices), in hundredths; redrawn every few buckets."""
        share = unit(market.key ^ (level * 0x9E37 & 0xFFFFFFFF), bucket // 3)
        return (
            100 + int(100 * (0.1 + event.series.popularity) * _TOP_CONTRACTS * share * share * share) + int(share * 99)
        )

    def book(self, event: Event, market: Listed, time_us: int) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """YES bids and NO bids of the segment as (price, size), ascending by price; the last of each is the quote's.

        Three to eight levels a side, fewer where the grid ends at 0.01.
        """
        quote = self.quote(event, market, time_us)
        bucket = self._bucket(event, self.segment(event, time_us).begin_us)
        structure = event.series.price_level_structure
        yes = self._ladder(event, market, structure, quote.yes_bid, 1, bucket)
        no = self._ladder(event, market, structure, 10_000 - quote.yes_ask, -1, bucket)
        return yes, no

    def _ladder(
        self, event: Event, market: Listed, structure: str, best: int, sign: int, bucket: int
    ) -> tuple[Level, ...]:
        levels = 3 + mix(market.key ^ (sign & 0xFF), bucket // 8) % 6
        price, ladder = best, []
        for level in range(levels):
            if price < LOWEST:
                break
            resting = price if sign > 0 else price - 10_000
            size = self._size(event, market, resting, bucket)
            ladder.append((price, size if level == 0 else size * (2 + level)))
            price -= step_at(structure, price - 1)
        return tuple(ladder[::-1])
