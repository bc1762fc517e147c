"""Combos: multivariate events whose one market wins when all its legs do, made from each day's games.

They live on the exchange's second shard, are priced as products of their legs, and settle with them: as lost once
a leg has settled lost, else when the last leg has settled. They are made and traded by requests for quotes, which
the simulator does not have, so nothing is printed in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import prod
from typing import NamedTuple

from precog_assets.domain.statuses import MarketStatus
from precog_assets.domain.times import days_between, eastern_day
from precog_assets.simulator.kalshi.answers import Key
from precog_assets.simulator.kalshi.catalog import Catalog
from precog_assets.simulator.kalshi.depth import Depth
from precog_assets.simulator.kalshi.instants import DAY_US, HOUR_US, MINUTE_US, NEVER_US, SECOND_US, microseconds
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.noise import key_of, mix, unit
from precog_assets.simulator.kalshi.prices import EMPTY, Makers, Quote, above, below

COMBO_SERIES = "KXMVESPORTSMULTIGAMEEXTENDED"
COLLECTION = COMBO_SERIES + "-R"
STRUCTURE = "deci_cent"
SETTLEMENT_TIMER_S = 5
MOST_LEGS = 4
_PER_MARKET = 4
_TICKER = re.compile(rf"{COMBO_SERIES}-S(\d{{4}})([0-9A-F]{{3}})[0-9A-F]{{8}}(-[0-9A-F]{{11}})?")
_DAY_MASK = 0x5A7
_MARGIN, _MARGIN_FLAT = 0.03, 30.0
_ASKED_SHARE = 0.4
_DETERMINED_US = 2 * SECOND_US


class Leg(NamedTuple):
    """One market of the combo, and the side that must win."""

    event: Event
    market: Listed
    yes: bool


@dataclass(frozen=True, slots=True, eq=False)
class Combo:
    """A multivariate event with its one market."""

    event_ticker: str
    ticker: str
    key: int
    legs: tuple[Leg, ...]
    created_us: int
    deadline_us: int
    name: str
    """E.g. `yes Dallas,no Boston`."""

    @property
    def sort_key(self) -> Key:
        return (self.legs[0].event.sort_key[0], self.ticker)


class Outcome(NamedTuple):
    """How a combo ended; its value as a price."""

    close_us: int
    value: int

    @property
    def determined_us(self) -> int:
        return self.close_us + _DETERMINED_US

    @property
    def finalized_us(self) -> int:
        return self.determined_us + SETTLEMENT_TIMER_S * SECOND_US

    @property
    def result(self) -> str:
        return "yes" if self.value == 10_000 else "no" if self.value == 0 else "scalar"


class Combos:
    """The combos of a world, made day by day when asked for; the days asked for last are kept."""

    def __init__(self, catalog: Catalog, lifecycle: Lifecycle, makers: Makers, depth: Depth) -> None:
        self._catalog = catalog
        self._lifecycle = lifecycle
        self._makers = makers
        self._depth = depth
        self.day = lru_cache(maxsize=20)(self._day)

    def _day(self, day: date) -> tuple[Combo, ...]:
        """Combos of the games first listed for that US Eastern day, by `sort_key`."""
        events = list(self._catalog.walk(self._catalog.series.values(), day, day))
        if len(events) < 2:
            return ()
        wanted = _PER_MARKET * sum(len(event.markets) for event in events)
        made = (self._make(events, day, number) for number in range(wanted))
        return tuple(sorted((combo for combo in made if combo), key=lambda combo: combo.sort_key))

    def _make(self, events: list[Event], day: date, number: int) -> Combo | None:
        key = key_of("combo", day.isoformat(), events[number % len(events)].key, number)
        many = min(2 + mix(key, 1) % (MOST_LEGS - 1), len(events))
        chosen = [events[number % len(events)]]
        for place in range(4 * many):
            event = events[mix(key, 10 + place) % len(events)]
            if len(chosen) < many and event not in chosen:
                chosen.append(event)
        if len(chosen) < 2:
            return None
        chosen.sort(key=lambda event: event.sort_key)
        first_us, opened_us = min(e.start_us for e in chosen), max(e.opened_us for e in chosen)
        span_us = first_us - opened_us - HOUR_US
        if span_us <= 0:
            return None
        created_us = opened_us + MINUTE_US + int(span_us * unit(key, 2))
        legs = []
        for place, event in enumerate(chosen):
            market = event.markets[mix(key, 20 + place) % len(event.markets)]
            legs.append(Leg(event, market, yes=unit(key, 30 + place) < 0.85))
        stamp = f"S{day.year}{day.timetuple().tm_yday ^ _DAY_MASK:03X}{mix(key, 3) & 0xFFFFFFFF:08X}"
        event_ticker = f"{COMBO_SERIES}-{stamp}"
        return Combo(
            event_ticker=event_ticker,
            ticker=f"{event_ticker}-{mix(key, 4) & 0xFFFFFFFFFFF:011X}",
            key=key,
            legs=tuple(legs),
            created_us=created_us,
            deadline_us=max(event.deadline_us for event in chosen) + 14 * DAY_US,
            name=",".join(f"{'yes' if leg.yes else 'no'} {leg.market.name}" for leg in legs),
        )

    def walk(self, first: date, last: date) -> Iterator[Combo]:
        """Combos from the first to the last Eastern day by `sort_key` within each."""
        for day in days_between(first, last):
            yield from self.day(day)

    def find(self, ticker: str) -> Combo | None:
        """The combo of that market or event ticker, or None."""
        found = _TICKER.fullmatch(ticker)
        if found is None:
            return None
        year, number = int(found.group(1)), int(found.group(2), 16) ^ _DAY_MASK
        if not (2000 <= year <= 2100 and 1 <= number <= 366):
            return None
        combos = self.day(date(year, 1, 1) + timedelta(days=number - 1))
        return next((combo for combo in combos if ticker in (combo.ticker, combo.event_ticker)), None)

    def near(self, now: datetime, *, before: int, after: int) -> Iterator[Combo]:
        """Combos of the days around now."""
        day = eastern_day(now)
        return self.walk(day - timedelta(days=before), day + timedelta(days=after))

    def leg_value(self, leg: Leg, time_us: int) -> int | None:
        """What a leg has settled at by then, on the combo's side, as a price; None before."""
        if time_us < leg.event.over_from_us:
            return None
        ending = self._lifecycle.ending(leg.event)
        if time_us < microseconds(ending.finalized):
            return None
        value = ending.values[leg.market.side]
        return value if leg.yes else 10_000 - value

    def outcome(self, combo: Combo, time_us: int) -> Outcome | None:
        """How the combo ended, once it has; None before."""
        times, values = [], []
        for leg in combo.legs:
            value = self.leg_value(leg, time_us)
            if value is not None:
                times.append(microseconds(self._lifecycle.ending(leg.event).finalized))
                values.append(value)
        lost = [at for at, value in zip(times, values, strict=True) if value == 0]
        if lost:
            return Outcome(min(lost), 0)
        if len(values) == len(combo.legs):
            return Outcome(max(times), round(10_000 * prod(value / 10_000 for value in values)))
        return None

    def status(self, combo: Combo, time_us: int) -> MarketStatus | None:
        """The combo's status; None while it is not created."""
        if time_us < combo.created_us:
            return None
        ended = self.outcome(combo, time_us)
        if ended is None:
            return MarketStatus.ACTIVE
        if time_us < ended.determined_us:
            return MarketStatus.CLOSED
        return MarketStatus.DETERMINED if time_us < ended.finalized_us else MarketStatus.FINALIZED

    def next_status_us(self, combo: Combo, time_us: int) -> int:
        """No later than the first instant after `time_us` at which the status changes."""
        if time_us < combo.created_us:
            return combo.created_us
        ended = self.outcome(combo, time_us)
        if ended is not None:
            return next((at for at in (ended.determined_us, ended.finalized_us) if at > time_us), NEVER_US)
        return min(self._lifecycle.next_status_us(leg.event, time_us) for leg in combo.legs)

    def quote(self, combo: Combo, time_us: int) -> Quote:
        """Best bid, and for some an ask; placeholders where a leg is not traded."""
        if self.status(combo, time_us) is not MarketStatus.ACTIVE:
            return EMPTY
        chance = 1.0
        for leg in combo.legs:
            settled = self.leg_value(leg, time_us)
            if settled is not None:
                chance *= settled / 10_000
            elif self._depth.quoted(leg.event, time_us):
                home, draw, away = self._makers.opinion(leg.event, time_us)
                value = home if leg.market.side == "home" else away if leg.market.side == "away" else draw
                chance *= value if leg.yes else 1.0 - value
            else:
                return EMPTY
        fair = 10_000.0 * chance
        bid = min(below(STRUCTURE, max(0.0, fair * (1.0 - _MARGIN) - _MARGIN_FLAT)), 9_900)
        size = 100 * (1 + mix(combo.key, 40) % 40)
        if unit(combo.key, 41) >= _ASKED_SHARE:
            return Quote(bid, EMPTY.yes_ask, size if bid else 0, 0)
        ask = min(max(above(STRUCTURE, fair * (1.0 + _MARGIN) + _MARGIN_FLAT), bid + 10), 9_990)
        return Quote(bid, ask, size if bid else 0, 100 * (1 + mix(combo.key, 42) % 40))

    def next_change_us(self, combo: Combo, time_us: int) -> int:
        """No later than the first instant after `time_us` at which status, quote or a leg's settlement change."""
        change_us = self.next_status_us(combo, time_us)
        active = self.status(combo, time_us) is MarketStatus.ACTIVE
        for leg in combo.legs:
            if self.leg_value(leg, time_us) is None:
                change_us = min(change_us, self._lifecycle.next_status_us(leg.event, time_us))
                if active:
                    change_us = min(change_us, self._depth.next_quote_us(leg.event, time_us))
        return change_us
