"""The lives of all markets as they are told: creation, pauses, close, determination, settlement.

Kept only while somebody listens. New events are looked for hour by hour; each event's next step is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

from precog_assets.domain.statuses import MarketStatus
from precog_assets.domain.times import eastern_day
from precog_assets.simulator.kalshi.exchange.events import EventFeeChanged, EventListed, MarketChanged
from precog_assets.simulator.kalshi.exchange.floor import Floor
from precog_assets.simulator.kalshi.exchange.units import price_text
from precog_assets.simulator.kalshi.instants import HOUR_US, NEVER_US, SECOND_US, instant_of, microseconds
from precog_assets.simulator.kalshi.listing import EXPECTED_DURATION, Event, Listed
from precog_assets.simulator.kalshi.sports import PRICE_RANGES

_DAYS_BEFORE, _DAYS_AFTER = 4, 9


class Lives:
    """The steps of all events from `now_us` on, in order of time."""

    def __init__(self, floor: Floor, activated: Callable[[str], None], ended: Callable[[str], None]) -> None:
        """From the floor's time on; `activated` and `ended` get the ticker of a market that opens, or is settled."""
        self._floor = floor
        self._activated = activated
        self._ended = ended
        self._searched_us = floor.now_us - HOUR_US
        self._steps: list[tuple[int, str, Event]] = []
        for event in self._around(floor.now_us, _DAYS_BEFORE):
            if event.created_us <= floor.now_us:
                self._plan(event, floor.now_us)
        self._search(floor.now_us)

    def _around(self, time_us: int, before: int) -> Iterator[Event]:
        catalog = self._floor.market.catalog
        day = eastern_day(instant_of(time_us))
        return catalog.around(catalog.series.values(), day, before=before, after=_DAYS_AFTER)

    def _plan(self, event: Event, time_us: int) -> None:
        market = self._floor.market
        at_us = market.lifecycle.next_status_us(event, time_us)
        if at_us < NEVER_US:
            fees = (change.at_us for change in market.fees.event_changes(event) if change.at_us > time_us)
            at_us = min((at_us, *fees))
            heappush(self._steps, (at_us, event.ticker, event))

    def active(self) -> list[Event]:
        """Events that are active now."""
        floor = self._floor
        status_at = floor.market.lifecycle.status_at
        events = {event.ticker: event for _, _, event in self._steps}
        return [e for _, e in sorted(events.items()) if status_at(e, floor.now_us) is MarketStatus.ACTIVE]

    def due_us(self) -> int:
        """When the next step, or the next search for new events, is."""
        return min(self._steps[0][0] if self._steps else NEVER_US, self._searched_us + HOUR_US)

    def pass_one(self) -> None:
        """Do what is due first."""
        search_us = self._searched_us + HOUR_US
        if not self._steps or self._steps[0][0] >= search_us:
            self._search(search_us)
            return
        at_us, _, event = heappop(self._steps)
        self._floor.now_us = max(self._floor.now_us, at_us)
        self._tell(event, at_us)
        self._plan(event, at_us)

    def _search(self, until_us: int) -> None:
        """Plan the creation of events that are created in the hour after `until_us`."""
        for event in self._around(until_us, 0):
            if until_us < event.created_us <= until_us + HOUR_US:
                heappush(self._steps, (event.created_us, event.ticker, event))
        self._searched_us = until_us

    def _tell(self, event: Event, at_us: int) -> None:
        lifecycle, tell = self._floor.market.lifecycle, self._floor.tell
        for change in self._floor.market.fees.event_changes(event):
            if change.at_us == at_us:
                terms = change.terms
                kind, multiplier = (None, None) if terms is None else (terms.fee_type, terms.multiplier)
                tell(EventFeeChanged(at_us, event.ticker, kind, multiplier))
        status, before = lifecycle.status_at(event, at_us), lifecycle.status_at(event, at_us - 1)
        if status is before:
            return
        if status is MarketStatus.INITIALIZED:
            tell(EventListed(at_us, event.ticker, _event_facts(event)))
        for market in event.markets:
            told = self._told(event, market, before, status, at_us)
            if told is not None:
                tell(told)
            if status is MarketStatus.ACTIVE:
                self._activated(market.ticker)
            elif status is MarketStatus.FINALIZED:
                self._ended(market.ticker)

    def _told(
        self, event: Event, market: Listed, before: MarketStatus | None, status: MarketStatus | None, at_us: int
    ) -> MarketChanged | None:
        ticker = market.ticker
        if status is MarketStatus.INITIALIZED:
            return MarketChanged(at_us, ticker, "created", _market_facts(event, market))
        if status is MarketStatus.INACTIVE:
            return MarketChanged(at_us, ticker, "deactivated", {"is_deactivated": True})
        if status is MarketStatus.ACTIVE and before is MarketStatus.INACTIVE:
            return MarketChanged(at_us, ticker, "activated", {"is_deactivated": False})
        if status is MarketStatus.CLOSED:
            return MarketChanged(at_us, ticker, "close_date_updated", {"close_ts": at_us // SECOND_US})
        if status in (MarketStatus.DETERMINED, MarketStatus.AMENDED):
            verdict = self._floor.market.lifecycle.ending(event).shown(instant_of(at_us))
            result = "scalar" if verdict.winner is None else "yes" if verdict.winner == market.side else "no"
            facts = {
                "determination_ts": at_us // SECOND_US,
                "result": result,
                "settlement_value": price_text(verdict.values[market.side]),
            }
            return MarketChanged(at_us, ticker, "determined", facts)
        if status is MarketStatus.FINALIZED:
            return MarketChanged(at_us, ticker, "settled", {"settled_ts": at_us // SECOND_US})
        return None


def _event_facts(event: Event) -> dict[str, Any]:
    return {
        "exchange_index": 0,
        "title": event.title,
        "subtitle": event.sub_title,
        "collateral_return_type": "MECNET",
        "series_ticker": event.series.ticker,
    }


def _market_facts(event: Event, market: Listed) -> dict[str, Any]:
    structure = event.series.price_level_structure
    return {
        "exchange_index": 0,
        "open_ts": event.opened_us // SECOND_US,
        "close_ts": event.deadline_us // SECOND_US,
        "price_level_structure": structure,
        "price_ranges": PRICE_RANGES[structure],
        "additional_metadata": {
            "name": market.name,
            "title": market.title,
            "yes_sub_title": market.name,
            "no_sub_title": market.name,
            "rules_primary": market.rules_primary,
            "rules_secondary": market.rules_secondary,
            "can_close_early": True,
            "event_ticker": event.ticker,
            "expected_expiration_ts": microseconds(event.first_start + EXPECTED_DURATION) // SECOND_US,
            "strike_type": "structured",
        },
    }
