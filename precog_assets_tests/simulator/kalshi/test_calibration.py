"""Market prices against outcomes over two thousand games, with makers that lag and takers that know better."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import islice
from math import sqrt
from random import Random
from statistics import fmean, median
from typing import NamedTuple

import pytest

from precog_assets.simulator.kalshi.instants import HOUR_US, MINUTE_US, microseconds
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.world import World, WorldSettings

ANCHOR = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
GAMES = 2_000


class Seen(NamedTuple):
    """One market at one instant: its middle price, spread and depth in dollars and contracts, and what it paid."""

    middle: float
    spread: float
    top: float
    depth: float
    paid: float
    in_play: bool
    late: bool


@pytest.fixture(scope="module")
def seen() -> list[Seen]:
    """One look before the game and one in play at one market of each game."""
    world = World(WorldSettings(anchor=ANCHOR, seed=7, leagues=("nfl", "nba", "nhl", "mlb", "epl", "atp")))
    market, rng = WorldMarket(world), Random(7)
    walked = market.catalog.walk(market.catalog.series.values(), date(2026, 9, 20), date(2026, 11, 20))
    found: list[Seen] = []
    events = [event for event in walked if event.game.fate == "played" and event.start_us < event.deadline_us]
    rng.shuffle(events)
    for event in islice(events, GAMES):
        ending = market.lifecycle.ending(event)
        close_us = microseconds(ending.close)
        listed = event.markets[rng.randrange(len(event.markets))]
        before_us = event.start_us - MINUTE_US - int(rng.random() * 20 * HOUR_US)
        within_us = event.start_us + int(rng.random() * (close_us - event.start_us))
        for at_us in (before_us, within_us):
            if market.depth.quoted(event, at_us):
                quote, book = market.depth.quote(event, listed, at_us), market.depth.book(event, listed, at_us)
                found.append(
                    Seen(
                        (quote.yes_bid + quote.yes_ask) / 20_000,
                        (quote.yes_ask - quote.yes_bid) / 10_000,
                        (quote.bid_size + quote.ask_size) / 200,
                        sum(size for side in book for _, size in side) / 100,
                        ending.values[listed.side] / 10_000,
                        at_us >= event.start_us,
                        at_us > event.start_us + (close_us - event.start_us) // 2,
                    )
                )
    assert len({id(event) for event in events}) >= GAMES
    return found


@pytest.mark.parametrize("in_play", [False, True])
def test_what_trades_at_a_price_pays_that_price_on_average(seen: list[Seen], in_play: bool) -> None:
    looks = [look for look in seen if look.in_play == in_play]
    assert len(looks) > 0.9 * GAMES
    bins = [[look for look in looks if number / 10 <= look.middle < (number + 1) / 10] for number in range(10)]
    assert sum(len(group) > 40 for group in bins) >= 7
    for group in bins:
        if len(group) > 40:
            expected = fmean(look.middle for look in group)
            error = fmean(look.paid for look in group) - expected
            assert abs(error) < 3.5 * sqrt(max(expected * (1 - expected), 0.01) / len(group)) + 0.01
    bias = fmean(look.paid - look.middle for look in looks)
    assert abs(bias) < 3.5 * sqrt(0.25 / len(looks))


def test_prices_know_more_the_longer_the_game_goes_on(seen: list[Seen]) -> None:
    def brier(looks: list[Seen]) -> float:
        return fmean((look.middle - look.paid) ** 2 for look in looks)

    before = brier([look for look in seen if not look.in_play])
    early = brier([look for look in seen if look.in_play and not look.late])
    late = brier([look for look in seen if look.late])
    assert late < early < before < 0.25
    assert late < 0.6 * before


def test_spreads_are_a_few_cents_and_books_hold_more_than_their_top(seen: list[Seen]) -> None:
    assert 0.01 <= median(look.spread for look in seen) <= 0.03
    assert max(look.spread for look in seen) <= 0.05
    assert min(look.top for look in seen) >= 1.0
    assert 50 < median(look.top for look in seen) < 5_000
    assert median(look.depth for look in seen) > 5 * median(look.top for look in seen)
