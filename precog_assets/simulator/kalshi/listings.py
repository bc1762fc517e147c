"""Listings of markets, games' and combos' as one: what a page holds, kept while it cannot change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge

from precog_assets.domain.statuses import MarketStatus
from precog_assets.domain.times import eastern_day
from precog_assets.simulator.kalshi.answers import Key, page
from precog_assets.simulator.kalshi.combos import COMBO_SERIES, Combo, Combos
from precog_assets.simulator.kalshi.instants import HOUR_US, instant_of, microseconds
from precog_assets.simulator.kalshi.kept import Kept, Span
from precog_assets.simulator.kalshi.pages import Item, item_key
from precog_assets.simulator.kalshi.selection import (
    ARCHIVED_AFTER,
    LISTED_AFTER,
    STATUSES,
    Filters,
    Horizon,
    Selection,
    markets_of,
)

_PAGES_KEPT = 256

Page = tuple[tuple[Item, ...], str]
"""Items and the next cursor."""


class Listings:
    """The listings of a world's markets."""

    def __init__(self, selection: Selection, combos: Combos) -> None:
        self._selection = selection
        self._combos = combos
        self._kept: Kept[tuple[Filters, str | None, Key | None, int], Page] = Kept(_PAGES_KEPT)

    def live(self, filters: Filters, mve: str | None, now: datetime, after: Key | None, limit: int) -> Page:
        """A page of the live listing. `mve` is `only` for combos, `exclude` for none of them."""
        key, now_us = (filters, mve, after, limit), microseconds(now)
        kept = self._kept.get(key, now_us)
        if kept is None:
            horizon = Horizon(now_us + HOUR_US)
            taken, cursor = page(self._live_items(filters, mve, now, after, horizon), limit, item_key, after)
            kept = self._kept.put(key, Span(now_us, horizon.until_us, (tuple(taken), cursor)))
        return kept.value

    def _live_items(
        self, filters: Filters, mve: str | None, now: datetime, after: Key | None, horizon: Horizon
    ) -> Iterator[Item]:
        games = iter(()) if mve == "only" else markets_of(self._selection.live(filters, now, after, horizon))
        combos = iter(()) if mve == "exclude" else self.live_combos(filters, now, after, horizon)
        return merge(games, combos, key=item_key)

    def live_combos(
        self, filters: Filters, now: datetime, after: Key | None = None, horizon: Horizon | None = None
    ) -> Iterator[Combo]:
        """Combos of the live listing that pass the filters, in order, from the cursor's day on."""
        if filters.series not in (None, COMBO_SERIES):
            return
        since_us, now_us = microseconds(self._selection.since(filters, now)), microseconds(now)
        first, last = self._selection.days(filters, now)
        if after is not None and 0 <= after[0] < 4_000_000_000:
            first = max(first, eastern_day(datetime.fromtimestamp(after[0], UTC)))
        for combo in self._combos.walk(first, last):
            if horizon is not None:
                horizon.narrow(self._combos.next_status_us(combo, now_us))
            if self._combo_listed(combo, now_us, since_us) and self.combo_passes(combo, filters, now_us):
                yield combo

    def _combo_listed(self, combo: Combo, now_us: int, since_us: int) -> bool:
        if now_us < combo.created_us:
            return False
        ended = self._combos.outcome(combo, now_us)
        return ended is None or ended.finalized_us >= since_us

    def combo_passes(self, combo: Combo, filters: Filters, now_us: int) -> bool:
        """Whether the combo passes status and times."""
        status = self._combos.status(combo, now_us)
        if status is None or (filters.status is not None and status not in STATUSES[filters.status]):
            return False
        ended = self._combos.outcome(combo, now_us)
        settled = instant_of(ended.finalized_us) if ended and status is MarketStatus.FINALIZED else None
        created = instant_of(combo.created_us)
        close = instant_of(ended.close_us if ended else combo.deadline_us)
        updated = settled or (close if ended else created)
        return filters.within(close=close, settled=settled, created=created, updated=updated)

    def combo(self, ticker: str, now: datetime) -> Combo | None:
        """The combo of that market or event ticker where the live tier still answers for it."""
        combo = self._combos.find(ticker)
        since_us = microseconds(now - ARCHIVED_AFTER)
        return combo if combo and self._combo_listed(combo, microseconds(now), since_us) else None

    def named(self, ticker: str, now: datetime) -> Item | None:
        """What the live tier has under a market's ticker."""
        if ticker.startswith(COMBO_SERIES):
            combo = self.combo(ticker, now)
            return combo if combo and combo.ticker == ticker else None
        return self._selection.market(ticker, now)

    def of_event(self, ticker: str, now: datetime) -> list[Item]:
        """The markets of an event of the live tier, by ticker."""
        if ticker.startswith(COMBO_SERIES):
            combo = self.combo(ticker, now)
            return [combo] if combo and combo.event_ticker == ticker else []
        event = self._selection.event(ticker, now)
        return list(markets_of([event] if event else []))

    def archived_named(self, ticker: str, now: datetime) -> Item | None:
        """What the archive has under a market's ticker."""
        if ticker.startswith(COMBO_SERIES):
            combo = self._combos.find(ticker)
            return combo if combo and combo.ticker == ticker and self._is_old(combo, now) else None
        found = self._selection.any_market(ticker, now)
        return found if found and self._selection.is_archived(found[0], now) else None

    def archived_of(self, ticker: str, now: datetime) -> list[Item]:
        """The markets of an event in the archive, by ticker."""
        if ticker.startswith(COMBO_SERIES):
            combo = self._combos.find(ticker)
            return [combo] if combo and combo.event_ticker == ticker and self._is_old(combo, now) else []
        event = self._selection.archived_event(ticker, now)
        return list(markets_of([event] if event else []))

    def archived(self, series: str | None, mve: str | None, now: datetime, after: Key | None, limit: int) -> Page:
        """A page of what settled more than three days ago."""
        games = iter(()) if mve == "only" else markets_of(self._selection.archived(series, now, after))
        combos = iter(()) if mve == "exclude" or series not in (None, COMBO_SERIES) else self._old_combos(now, after)
        taken, cursor = page(merge(games, combos, key=item_key), limit, item_key, after)
        return tuple(taken), cursor

    def _old_combos(self, now: datetime, after: Key | None) -> Iterator[Combo]:
        first, last = self._selection.archived_days(now, after)
        return (combo for combo in self._combos.walk(first, last) if self._is_old(combo, now))

    def _is_old(self, combo: Combo, now: datetime) -> bool:
        ended = self._combos.outcome(combo, microseconds(now))
        return ended is not None and ended.finalized_us < microseconds(now - LISTED_AFTER)
