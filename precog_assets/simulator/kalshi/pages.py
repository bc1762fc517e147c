"""Pages of markets in bytes, joined from fragments that hold until the market changes.

An answer from here equals one rendered anew at every instant; what accounts have touched is always rendered anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import orjson

from precog_assets.simulator.kalshi.answers import Key
from precog_assets.simulator.kalshi.combo_wire import combo_market
from precog_assets.simulator.kalshi.combos import Combo, Combos
from precog_assets.simulator.kalshi.depth import Depth
from precog_assets.simulator.kalshi.exchange.view import Overlay
from precog_assets.simulator.kalshi.flow import Flow
from precog_assets.simulator.kalshi.instants import DAY_US, HOUR_US, instant_of
from precog_assets.simulator.kalshi.kept import Kept, Span
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.wire import Wire

Item: TypeAlias = tuple[Event, Listed] | Combo
"""What a listing of markets holds."""

_FRAGMENTS, _WHOLE_PAGES = 6_000, 12


def item_key(item: Item) -> Key:
    """Where the item stands in a listing."""
    return item.sort_key if isinstance(item, Combo) else (item[0].sort_key[0], item[1].ticker)


def ticker_of(item: Item) -> str:
    return item.ticker if isinstance(item, Combo) else item[1].ticker


class Pages:
    """Rendered markets and pages of a world's venue, a bounded number of each."""

    def __init__(self, wire: Wire, combos: Combos, depth: Depth, flow: Flow, overlay: Overlay) -> None:
        self._wire = wire
        self._combos = combos
        self._depth = depth
        self._flow = flow
        self._overlay = overlay
        self._fragments: Kept[str, bytes] = Kept(_FRAGMENTS)
        self._pages: Kept[tuple[str, ...], bytes] = Kept(_WHOLE_PAGES)

    def page(self, items: Iterable[Item], cursor: str, now_us: int) -> bytes:
        """The body `{"cursor", "markets"}`."""
        chosen = list(items)
        key = (cursor, *map(ticker_of, chosen))
        kept = self._whole(key, now_us)
        if kept is not None:
            return kept
        markets, until_us = self._joined(chosen, now_us)
        body = b'{"cursor":' + orjson.dumps(cursor) + b',"markets":' + markets + b"}"
        self._pages.put(key, Span(now_us, until_us, body))
        return body

    def _whole(self, key: tuple[str, ...], now_us: int) -> bytes | None:
        self._forget_other_hours()
        span = self._pages.get(key, now_us)
        if span is None or any(self._overlay.touched(ticker) for ticker in key[1:]):
            return None
        return span.value

    def markets(self, items: Iterable[Item], now_us: int) -> bytes:
        """A JSON array of the items' Market objects."""
        self._forget_other_hours()
        return self._joined(items, now_us)[0]

    def _forget_other_hours(self) -> None:
        self._fragments.at(self._depth.version)
        self._pages.at(self._depth.version)

    def _joined(self, items: Iterable[Item], now_us: int) -> tuple[bytes, int]:
        parts, until_us = [], now_us + HOUR_US
        for item in items:
            span = self._fragment(item, now_us)
            parts.append(span.value)
            until_us = min(until_us, span.until_us)
        return b"[" + b",".join(parts) + b"]", until_us

    def _fragment(self, item: Item, now_us: int) -> Span[bytes]:
        ticker = ticker_of(item)
        if not self._overlay.touched(ticker):
            kept = self._fragments.get(ticker, now_us)
            if kept is not None:
                return kept
        if isinstance(item, Combo):
            content = orjson.dumps(combo_market(self._combos, item, now_us))
            return self._fragments.put(ticker, Span(now_us, self._combos.next_change_us(item, now_us), content))
        event, market = item
        content = orjson.dumps(self._wire.market(event, market, instant_of(now_us)))
        until_us = now_us if self._overlay.touched(ticker) else self._until_us(event, market, now_us)
        return self._fragments.put(ticker, Span(now_us, until_us, content))

    def _until_us(self, event: Event, market: Listed, now_us: int) -> int:
        """Until when the Market object stays: its book, its trades, and what is a day ago."""
        hour_end_us = (now_us // HOUR_US + 1) * HOUR_US
        until_us = min(self._depth.next_change_us(event, market, now_us), hour_end_us)
        return self._flow.next_us(event, market, now_us - DAY_US, until_us - DAY_US) + DAY_US
