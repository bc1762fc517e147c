"""Kalshi's public reads of series, events, markets and books, live and historical; and the list of all public reads.

What the objects say is in `wire`, what a listing holds in `listings`, trades and candlesticks in `tape`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import orjson

from precog_assets.simulator.kalshi.answers import invalid, not_found, page
from precog_assets.simulator.kalshi.catalog import Catalog
from precog_assets.simulator.kalshi.combo_wire import combo_event, combo_series
from precog_assets.simulator.kalshi.combos import COMBO_SERIES, Combo, Combos
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint, Raw
from precog_assets.simulator.kalshi.fees import Fees, override_json
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.kalshi.listing import Event
from precog_assets.simulator.kalshi.listings import Listings
from precog_assets.simulator.kalshi.milestones import Milestones
from precog_assets.simulator.kalshi.pages import Item, Pages, item_key
from precog_assets.simulator.kalshi.selection import Filters, Selection, markets_of
from precog_assets.simulator.kalshi.sports import SeriesTerms
from precog_assets.simulator.kalshi.wire import DOLLARS, Json, Wire, count_text, metadata_json, series_json, time_text

_BOOKS_AT_ONCE, _DEEPEST = 100, 100
_NOBODY: Json = {"yes_dollars": [], "no_dollars": []}


class HasEndpoints(Protocol):
    def endpoints(self) -> list[Endpoint]: ...


class Reads:
    """The public reads over one world."""

    def __init__(
        self,
        catalog: Catalog,
        selection: Selection,
        listings: Listings,
        pages: Pages,
        wire: Wire,
        combos: Combos,
        fees: Fees,
        milestones: Milestones,
        others: Iterable[HasEndpoints],
    ) -> None:
        self._catalog = catalog
        self._selection = selection
        self._listings = listings
        self._pages = pages
        self._wire = wire
        self._combos = combos
        self._fees = fees
        self._milestones = milestones
        self._others = (milestones, *others)

    def endpoints(self) -> list[Endpoint]:
        """The public rows of the route table; fixed paths stand before those with a parameter in their place."""
        own = [
            Endpoint("GET", path, name, handler)
            for path, name, handler in (
                ("/series", "GetSeriesList", self._series_list),
                ("/series/{series_ticker}", "GetSeries", self._series),
                ("/events", "GetEvents", self._events),
                ("/events/{event_ticker}", "GetEvent", self._event),
                ("/events/{event_ticker}/metadata", "GetEventMetadata", self._metadata),
                ("/markets", "GetMarkets", self._markets),
                ("/markets/orderbooks", "GetMarketOrderbooks", self._orderbooks),
                ("/markets/{ticker}", "GetMarket", self._market),
                ("/markets/{ticker}/orderbook", "GetMarketOrderbook", self._orderbook),
                ("/historical/markets", "GetHistoricalMarkets", self._historical_markets),
                ("/historical/markets/{ticker}", "GetHistoricalMarket", self._historical_market),
            )
        ]
        rows = [*own, *(endpoint for part in self._others for endpoint in part.endpoints())]
        return sorted(rows, key=lambda endpoint: endpoint.path.count("{"))

    def _series_json(self, series: SeriesTerms, now: datetime, *, volume: bool) -> Json:
        row = series_json(series, updated=_metadata_time(now))
        row["fee_multiplier"] = self._fees.of_series(series, now).multiplier
        if volume:
            events = self._selection.live(Filters(series=series.ticker), now)
            traded = sum(self._wire.volume(event, market, microseconds(now)) for event, market in markets_of(events))
            row["volume_fp"] = count_text(traded)
        return row

    def _series_list(self, call: Call) -> Json:
        query, now = call.query, call.now
        category, tags = query.text("category"), query.split("tags")
        updated_s, volume = query.integer("min_updated_ts"), query.flag("include_volume")
        rows = [self._series_json(series, now, volume=volume) for series in self._catalog.series.values()]
        rows.append(combo_series(time_text(_metadata_time(now))))
        if category is not None:
            rows = [row for row in rows if category in row["categories"]]
        if tags:
            rows = [row for row in rows if set(tags) & set(row["tags"])]
        if updated_s is not None and _metadata_time(now).timestamp() <= updated_s:
            rows = []
        return {"series": rows}

    def _series(self, call: Call) -> Json:
        ticker = call.path["series_ticker"]
        if ticker == COMBO_SERIES:
            return {"series": combo_series(time_text(_metadata_time(call.now)))}
        series = self._catalog.series.get(ticker)
        if series is None:
            raise not_found()
        return {"series": self._series_json(series, call.now, volume=call.query.flag("include_volume"))}

    def _event_json(self, event: Event, now: datetime) -> Json:
        return self._wire.event(event) | override_json(self._fees, event, now)

    def _nested(self, row: Json, items: Iterable[Item], now: datetime) -> bytes:
        """An EventData object with its markets inside."""
        markets = self._pages.markets(items, microseconds(now))
        return orjson.dumps(row)[:-1] + b',"markets":' + markets + b"}"

    def _events(self, call: Call) -> Raw:
        query, now = call.query, call.now
        limit = query.limit(200, 200, lowest=1)
        nested, after = query.flag("with_nested_markets"), query.after()
        filters = Filters.of(query, exclusive=False)
        tickers = query.split("tickers")
        if tickers is None:
            events = self._selection.live(filters, now, after)
        else:
            named = (self._selection.event(ticker, now) for ticker in dict.fromkeys(tickers))
            found = [e for e in named if e and self._selection.passes(e, filters, now) and _of(e, filters)]
            events = iter(sorted(found, key=lambda event: event.sort_key))
        taken, cursor = page(events, limit, lambda event: event.sort_key, after)
        rows = [
            self._nested(self._event_json(event, now), markets_of([event]), now)
            if nested
            else orjson.dumps(self._event_json(event, now))
            for event in taken
        ]
        wanted = taken if query.flag("with_milestones") else []
        milestones = orjson.dumps([self._milestones.milestone(event, now) for event in wanted])
        head = b'{"cursor":' + orjson.dumps(cursor) + b',"events":['
        return Raw(head + b",".join(rows) + b'],"milestones":' + milestones + b"}")

    def _event(self, call: Call) -> Raw:
        query, now = call.query, call.now
        ticker = call.path["event_ticker"]
        row = self._one_event(ticker, now)
        items = [] if query.flag("exclude_markets") else self._listings.of_event(ticker, now)
        inside = query.flag("with_nested_markets")
        event = self._nested(row, items, now) if inside else orjson.dumps(row)
        return Raw(b'{"event":' + event + b',"markets":' + self._pages.markets(items, microseconds(now)) + b"}")

    def _one_event(self, ticker: str, now: datetime) -> Json:
        if ticker.startswith(COMBO_SERIES):
            combo = self._listings.combo(ticker, now)
            if combo is None or combo.event_ticker != ticker:
                raise not_found()
            return combo_event(combo)
        event = self._selection.event(ticker, now)
        if event is None:
            raise not_found()
        return self._event_json(event, now)

    def _metadata(self, call: Call) -> Json:
        event = self._selection.event(call.path["event_ticker"], call.now)
        if event is None:
            raise not_found()
        return metadata_json(event)

    def _markets(self, call: Call) -> Raw:
        query, now = call.query, call.now
        limit = query.limit(100, 1000)
        filters, after = Filters.of(query), query.after()
        mve = query.choice("mve_filter", ("only", "exclude"))
        tickers, event_ticker = query.split("tickers"), query.text("event_ticker")
        if tickers is None and event_ticker is None:
            return self._page(*self._listings.live(filters, mve, now, after, limit), now)
        if tickers is None:
            chosen = self._listings.of_event(event_ticker or "", now)
        else:
            named = (self._listings.named(ticker, now) for ticker in dict.fromkeys(tickers))
            chosen = [item for item in named if item and event_ticker in (None, _event_of(item))]
        kept = [item for item in chosen if _fits(item, filters.series, mve) and self._passes(item, filters, now)]
        return self._page(*page(sorted(kept, key=item_key), limit, item_key, after), now)

    def _passes(self, item: Item, filters: Filters, now: datetime) -> bool:
        if isinstance(item, Combo):
            return self._listings.combo_passes(item, filters, microseconds(now))
        return self._selection.passes(item[0], filters, now)

    def _page(self, items: Iterable[Item], cursor: str, now: datetime) -> Raw:
        return Raw(self._pages.page(items, cursor, microseconds(now)))

    def _market(self, call: Call) -> Raw:
        item = self._listings.named(call.path["ticker"], call.now)
        return self._one_market(item, call.now)

    def _one_market(self, item: Item | None, now: datetime) -> Raw:
        if item is None:
            raise not_found()
        return Raw(b'{"market":' + self._pages.markets([item], microseconds(now))[1:-1] + b"}")

    def _orderbook(self, call: Call) -> Json:
        query, now = call.query, call.now
        depth = query.integer("depth") or 0
        if depth > _DEEPEST:
            raise invalid(query.operation, "Depth", "lte")
        item = self._listings.named(call.path["ticker"], now)
        if item is None:
            raise not_found()
        return {"orderbook_fp": self._book(item, now, depth)}

    def _book(self, item: Item, now: datetime, depth: int) -> Json:
        if not isinstance(item, Combo):
            return self._wire.book(*item, now, depth)
        quote = self._combos.quote(item, microseconds(now))
        yes = [[DOLLARS[quote.yes_bid], count_text(quote.bid_size)]] if quote.bid_size else []
        no = [[DOLLARS[10_000 - quote.yes_ask], count_text(quote.ask_size)]] if quote.ask_size else []
        return {"yes_dollars": yes, "no_dollars": no}

    def _orderbooks(self, call: Call) -> Json:
        query, now = call.query, call.now
        tickers = query.repeated("tickers")
        if not tickers:
            raise invalid(query.operation, "Tickers", "required")
        if len(tickers) > _BOOKS_AT_ONCE:
            raise invalid(query.operation, "Tickers", "max")
        found = {ticker: self._listings.named(ticker, now) for ticker in dict.fromkeys(tickers)}
        books = [
            {"ticker": ticker, "orderbook_fp": self._book(item, now, 0) if item else _NOBODY}
            for ticker, item in found.items()
        ]
        return {"orderbooks": books}

    def _historical_markets(self, call: Call) -> Raw:
        query, now = call.query, call.now
        limit, after = query.limit(100, 1000), query.after()
        mve = query.choice("mve_filter", ("only", "exclude"))
        tickers, event_ticker, series = query.split("tickers"), query.text("event_ticker"), query.text("series_ticker")
        if tickers is None and event_ticker is None:
            return self._page(*self._listings.archived(series, mve, now, after, limit), now)
        if tickers is not None:
            named = (self._listings.archived_named(ticker, now) for ticker in dict.fromkeys(tickers))
            chosen = [item for item in named if item and event_ticker in (None, _event_of(item))]
        else:
            chosen = self._listings.archived_of(event_ticker or "", now)
        kept = sorted((item for item in chosen if _fits(item, series, mve)), key=item_key)
        return self._page(*page(kept, limit, item_key, after), now)

    def _historical_market(self, call: Call) -> Raw:
        return self._one_market(self._listings.archived_named(call.path["ticker"], call.now), call.now)


def _event_of(item: Item) -> str:
    return item.event_ticker if isinstance(item, Combo) else item[0].ticker


def _fits(item: Item, series: str | None, mve: str | None) -> bool:
    if isinstance(item, Combo):
        return mve != "exclude" and series in (None, COMBO_SERIES)
    return mve != "only" and series in (None, item[0].series.ticker)


def _of(event: Event, filters: Filters) -> bool:
    return filters.series in (None, event.series.ticker)


def _metadata_time(now: datetime) -> datetime:
    """When series metadata last changed: the first of the month before."""
    return (now.astimezone(UTC).replace(day=1) - timedelta(days=1)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
