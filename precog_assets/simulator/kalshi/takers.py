"""Who takes from the makers: noise at all hours, and informed takers in the seconds makers lag behind the score.

Noise is a deterministic marked point process: an hour's volume is drawn first and split over the hour's trades, so
that sums over whole hours need no trade. Informed takers see what truly happened, and buy what became more likely
at the stale quote while that still pays. Counts are in 1/100 contracts, times in whole microseconds since 1970.
"""

from __future__ import annotations

from array import array
from itertools import accumulate
from random import Random
from typing import NamedTuple

from precog_assets.simulator.kalshi.hours import maintained
from precog_assets.simulator.kalshi.instants import DAY_US, HOUR_US, SECOND_US
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.noise import mix, unit
from precog_assets.simulator.kalshi.prices import Makers
from precog_assets.simulator.kalshi.sports import SPORTS

_CONTRACTS_PER_HOUR = 2_500.0
_IN_PLAY_FACTOR, _LAST_DAY_FACTOR = 30.0, 3.0
_LEAST_MOVE = 0.015
"""A change of a market's value that informed takers act on, in dollars."""
_MOST_AT_ONCE = 3


class Trades(NamedTuple):
    """Trades in order of time; `sums` are cumulative counts."""

    times: tuple[int, ...]
    sums: tuple[int, ...]
    takers_yes: tuple[bool, ...]


NO_TRADES = Trades((), (), ())


def hourly_volumes(event: Event, market: Listed) -> tuple[int, array[int]]:
    """The first whole hour, and noise takers' cumulative volume before each hour, from opening to deadline."""
    first = event.opened_us // HOUR_US + 1
    last = event.deadline_us // HOUR_US
    rng = Random(market.key)
    base = _base(event, market)
    volumes = []
    for hour in range(first, last + 1):
        draw = rng.random()
        volumes.append(0 if maintained(hour) else 100 + int(base * _activity(event, hour) * (0.2 + 2.4 * draw * draw)))
    return first, array("q", (0, *accumulate(volumes)))


def noise_trades(event: Event, market: Listed, hour: int, volume: int) -> Trades:
    """An hour's trades of noise takers; their counts sum to `volume`, and none is at the hour's very begin."""
    if not volume:
        return NO_TRADES
    rng = Random(mix(market.key ^ 0x5EED, hour))
    typical = 60 if _activity(event, hour) == _IN_PLAY_FACTOR else 6
    wanted = typical + int(rng.random() * typical)
    number = max(1, min(wanted, volume // 50))
    times = sorted(hour * HOUR_US + 1 + int(rng.random() * (HOUR_US - 1)) for _ in range(number))
    cuts = sorted(rng.sample(range(1, volume), number - 1))
    return Trades(tuple(times), (*cuts, volume), tuple(rng.random() < 0.5 for _ in range(number)))


def informed_trades(lifecycle: Lifecycle, makers: Makers, event: Event, market: Listed, share: float) -> Trades:
    """All trades of informed takers in a game: about `share` of what is traded in play, in the makers' lag.

    Each follows a change of the true value in its direction, and pays at the quote it hits.
    """
    lag_us = makers.lag_us(event)
    moves = _moves(lifecycle, event, market)
    weight = sum(abs(move) for _, move, _ in moves)
    if not weight or not lag_us or not 0.0 < share < 1.0:
        return NO_TRADES
    noise = _base(event, market) * _IN_PLAY_FACTOR * SPORTS[event.sport].typical_duration_s * SECOND_US / HOUR_US
    budget = share / (1.0 - share) * noise * min(1.0, weight)
    found: list[tuple[int, int, bool]] = []
    for number, (at_us, move, value) in enumerate(moves):
        key = mix(market.key ^ 0x1F0, number)
        many = 1 + key % _MOST_AT_ONCE
        for place in range(many):
            time_us = at_us + 1 + int((lag_us - 1) * unit(key, 2 * place))
            quote = makers.quote(event, market, time_us)
            pays = 10_000 * value > quote.yes_ask if move > 0 else 10_000 * value < quote.yes_bid
            if pays and not maintained(time_us // HOUR_US):
                part = budget * abs(move) / weight / many
                found.append((time_us, 100 + int(part * (0.5 + unit(key, 2 * place + 1))), move > 0))
    found.sort()
    if not found:
        return NO_TRADES
    times, sizes, takers = zip(*found, strict=True)
    return Trades(times, tuple(accumulate(sizes)), takers)


def _moves(lifecycle: Lifecycle, event: Event, market: Listed) -> list[tuple[int, float, float]]:
    """Changes of the market's true value in play that are worth acting on: when, by how much, to what."""
    moves = []
    before = lifecycle.value(event, market.side, event.start_us)
    for at_us in lifecycle.path(event).times:
        if at_us <= event.start_us:
            continue
        value = lifecycle.value(event, market.side, at_us)
        if abs(value - before) >= _LEAST_MOVE:
            moves.append((at_us, value - before, value))
        before = value
    return moves


def _base(event: Event, market: Listed) -> float:
    """Mean volume of noise takers in a quiet hour."""
    return 100 * _CONTRACTS_PER_HOUR * event.series.popularity * (0.3 + 1.4 * unit(market.key, 10))


def _activity(event: Event, hour: int) -> float:
    """How busy an hour is: quiet, the last day before the game, or in play."""
    begin = hour * HOUR_US
    start = event.start_us
    end = start + SECOND_US * SPORTS[event.sport].typical_duration_s
    if begin + HOUR_US > start and begin < end:
        return _IN_PLAY_FACTOR
    return _LAST_DAY_FACTOR if start - DAY_US < begin < start else 1.0
