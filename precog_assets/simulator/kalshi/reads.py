"""Kalshi's public reads: exchange, series, events, markets, books, milestones, archive.

What the objects say is in `wire`, what a listing holds in `selection`, trades and candlesticks in `tape`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from precog_assets.domain.times import eastern_day, parse_instant
from precog_assets.simulator.kalshi.answers import Key, bad_request, invalid, not_found, page
from precog_assets.simulator.kalshi.catalog import Catalog
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.selection import ARCHIVED_AFTER, LISTED_AFTER, Filters, Selection, markets_of
from precog_assets.simulator.kalshi.sports import SPORTS
from precog_assets.simulator.kalshi.tape import Tape
from precog_assets.simulator.kalshi.wire import Json, Wire, series_json, time_text

_SHARDS = ("Default", "Combos", "Crypto & Commodities")
_BOOKS_AT_ONCE = 100


class Reads:
    """The public reads over one world; all answers are pure functions of the world and the call's instant."""

    def __init__(self, catalog: Catalog, selection: Selection, wire: Wire, tape: Tape) -> None:
        self._catalog = catalog
        self._selection = selection
        self._wire = wire
        self._tape = tape

    def endpoints(self) -> list[Endpoint]:
        """The public rows of the route table."""
        tape = self._tape
        return [
            Endpoint("GET", path, name, handler)
            for path, name, handler in (
                ("/exchange/status", "GetExchangeStatus", self._exchange_status),
                ("/exchange/schedule", "GetExchangeSchedule", self._exchange_schedule),
                ("/series", "GetSeriesList", self._series_list),
                ("/series/{series_ticker}", "GetSeries", self._series),
                ("/series/{series_ticker}/markets/{ticker}/candlesticks", "GetMarketCandlesticks", tape.candlesticks),
                ("/events", "GetEvents", self._events),
                ("/events/{event_ticker}", "GetEvent", self._event),
                ("/markets", "GetMarkets", self._markets),
                ("/markets/trades", "GetTrades", tape.trades),
                ("/markets/orderbooks", "GetMarketOrderbooks", self._orderbooks),
                ("/markets/candlesticks", "BatchGetMarketCandlesticks", tape.batch_candlesticks),
                ("/markets/{ticker}", "GetMarket", self._market),
                ("/markets/{ticker}/orderbook", "GetMarketOrderbook", self._orderbook),
                ("/historical/cutoff", "GetHistoricalCutoff", self._cutoff),
                ("/historical/markets", "GetHistoricalMarkets", self._historical_markets),
                ("/historical/markets/{ticker}", "GetHistoricalMarket", self._historical_market),
                (
                    "/historical/markets/{ticker}/candlesticks",
                    "GetMarketCandlesticksHistorical",
                    tape.historical_candles,
                ),
                ("/historical/trades", "GetTradesHistorical", tape.historical_trades),
                ("/milestones", "GetMilestones", self._milestones),
                ("/milestones/{milestone_id}", "GetMilestone", self._milestone),
            )
        ]

    def _exchange_status(self, _call: Call) -> Json:
        on = {"exchange_active": True, "trading_active": True, "intra_exchange_transfers_active": True}
        shards = [{"exchange_index": i, "description": name, **on} for i, name in enumerate(_SHARDS)]
        return {**on, "exchange_index_statuses": shards}

    def _exchange_schedule(self, _call: Call) -> Json:
        week: Json = {
            day: [{"open_time": "00:00", "close_time": "00:00"}]
            for day in ("monday", "tuesday", "wednesday", "friday", "saturday", "sunday")
        }
        week["thursday"] = [
            {"open_time": "00:00", "close_time": "03:00"},
            {"open_time": "05:00", "close_time": "00:00"},
        ]
        span = {"start_time": "2024-12-01T00:00:00Z", "end_time": "2200-12-01T00:00:00Z"}
        return {"schedule": {"standard_hours": [{**span, **week}], "maintenance_windows": []}}

    def _series_list(self, call: Call) -> Json:
        query, now = call.query, call.now
        category, tags = query.text("category"), query.split("tags")
        rows = [series_json(series, updated=_metadata_time(now)) for series in self._catalog.series.values()]
        if category is not None:
            rows = [row for row in rows if category in row["categories"]]
        if tags:
            rows = [row for row in rows if set(tags) & set(row["tags"])]
        return {"series": rows}

    def _series(self, call: Call) -> Json:
        path, now = call.path, call.now
        series = self._catalog.series.get(path["series_ticker"])
        if series is None:
            raise not_found()
        return {"series": series_json(series, updated=_metadata_time(now))}

    def _markets_json(self, event: Event, now: datetime) -> list[Json]:
        return [self._wire.market(event, market, now) for market in event.markets]

    def _events(self, call: Call) -> Json:
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
        rows = []
        for event in taken:
            row = self._wire.event(event)
            if nested:
                row["markets"] = self._markets_json(event, now)
            rows.append(row)
        wanted = query.flag("with_milestones")
        milestones = [self._wire.milestone(event, now) for event in taken] if wanted else []
        return {"cursor": cursor, "events": rows, "milestones": milestones}

    def _event(self, call: Call) -> Json:
        query, path, now = call.query, call.path, call.now
        event = self._selection.event(path["event_ticker"], now)
        if event is None:
            raise not_found()
        markets = [] if query.flag("exclude_markets") else self._markets_json(event, now)
        row = self._wire.event(event)
        if query.flag("with_nested_markets"):
            row["markets"] = markets
        return {"event": row, "markets": markets}

    def _markets(self, call: Call) -> Json:
        query, now = call.query, call.now
        limit = query.limit(100, 1000)
        filters, after = Filters.of(query), query.after()
        if query.choice("mve_filter", ("only", "exclude")) == "only":
            return {"cursor": "", "markets": []}
        tickers, event_ticker = query.split("tickers"), query.text("event_ticker")
        if tickers is not None:
            named = (self._selection.market(ticker, now) for ticker in dict.fromkeys(tickers))
            chosen = [item for item in named if item and (event_ticker is None or item[0].ticker == event_ticker)]
        elif event_ticker is not None:
            event = self._selection.event(event_ticker, now)
            chosen = list(markets_of([event] if event else []))
        else:
            return self._market_page(markets_of(self._selection.live(filters, now, after)), limit, after, now)
        kept = [i for i in chosen if self._selection.passes(i[0], filters, now) and _of(i[0], filters)]
        return self._market_page(sorted(kept, key=_market_key), limit, after, now)

    def _market_page(self, items: Any, limit: int, after: Key | None, now: datetime) -> Json:
        taken, cursor = page(items, limit, _market_key, after)
        return {"cursor": cursor, "markets": [self._wire.market(event, market, now) for event, market in taken]}

    def _market(self, call: Call) -> Json:
        path, now = call.path, call.now
        event, market = self._need(self._selection.market(path["ticker"], now))
        return {"market": self._wire.market(event, market, now)}

    def _need(self, found: tuple[Event, Listed] | None) -> tuple[Event, Listed]:
        if found is None:
            raise not_found()
        return found

    def _orderbook(self, call: Call) -> Json:
        query, path, now = call.query, call.path, call.now
        depth = query.integer("depth") or 0
        if depth > 100:
            raise invalid(query.operation, "Depth", "lte")
        event, market = self._need(self._selection.market(path["ticker"], now))
        return {"orderbook_fp": self._wire.book(event, market, now, depth)}

    def _orderbooks(self, call: Call) -> Json:
        query, now = call.query, call.now
        tickers = query.repeated("tickers")
        if not tickers:
            raise invalid(query.operation, "Tickers", "required")
        if len(tickers) > _BOOKS_AT_ONCE:
            raise invalid(query.operation, "Tickers", "max")
        books = []
        for ticker in dict.fromkeys(tickers):
            found = self._selection.market(ticker, now)
            book = self._wire.book(*found, now, 0) if found else {"yes_dollars": [], "no_dollars": []}
            books.append({"ticker": ticker, "orderbook_fp": book})
        return {"orderbooks": books}

    def _cutoff(self, call: Call) -> Json:
        now = call.now
        cutoff = time_text((now - ARCHIVED_AFTER).replace(hour=0, minute=0, second=0, microsecond=0))
        return {
            "market_settled_ts": cutoff,
            "trades_created_ts": cutoff,
            "orders_updated_ts": cutoff,
            "market_positions_last_updated_ts": cutoff,
        }

    def _historical_markets(self, call: Call) -> Json:
        query, now = call.query, call.now
        limit, after = query.limit(100, 1000), query.after()
        if query.choice("mve_filter", ("only", "exclude")) == "only":
            return {"cursor": "", "markets": []}
        tickers, event_ticker, series = query.split("tickers"), query.text("event_ticker"), query.text("series_ticker")
        if tickers is None and event_ticker is None:
            return self._market_page(markets_of(self._selection.archived(series, now, after)), limit, after, now)
        if tickers is not None:
            chosen = [item for ticker in dict.fromkeys(tickers) if (item := self._catalog.market(ticker))]
        else:
            event = self._catalog.event(event_ticker or "")
            chosen = list(markets_of([event] if event else []))
        kept = [
            item
            for item in chosen
            if self._selection.is_archived(item[0], now)
            and event_ticker in (None, item[0].ticker)
            and series in (None, item[0].series.ticker)
        ]
        return self._market_page(sorted(kept, key=_market_key), limit, after, now)

    def _historical_market(self, call: Call) -> Json:
        path, now = call.path, call.now
        found = self._catalog.market(path["ticker"])
        event, market = self._need(found if found and self._selection.is_archived(found[0], now) else None)
        return {"market": self._wire.market(event, market, now)}

    def _milestones(self, call: Call) -> Json:
        query, now = call.query, call.now
        query.need_integer("limit")
        limit, after = query.limit(100, 500, lowest=1), query.after()
        wanted = {name: query.text(name) for name in ("category", "competition", "type", "source_id")}
        related = query.text("related_event_ticker")
        start = query.text("minimum_start_date")
        try:
            earliest = parse_instant(start) if start else None
        except ValueError as error:
            raise bad_request(str(error)) from error
        if related is not None:
            named = self._selection.event(related, now)
            events = iter([named] if named else [])
        else:
            events = self._selection.live(Filters(), now, after)
        kept = (
            event
            for event in events
            if (earliest is None or event.game.start >= earliest)
            and wanted["category"] in (None, "Sports")
            and wanted["competition"] in (None, event.series.competition)
            and wanted["type"] in (None, SPORTS[event.sport].milestone_type)
            and wanted["source_id"] in (None, self._wire.milestone(event, now)["source_id"])
        )
        taken, cursor = page(kept, limit, lambda event: event.sort_key, after)
        return {"cursor": cursor, "milestones": [self._wire.milestone(event, now) for event in taken]}

    def _milestone(self, call: Call) -> Json:
        path, now = call.path, call.now
        series = self._catalog.series.values()
        for event in self._catalog.around(series, eastern_day(now), before=LISTED_AFTER.days + 3, after=8):
            if event.milestone_id == path["milestone_id"] and now >= event.created:
                return {"milestone": self._wire.milestone(event, now)}
        raise not_found()


def _market_key(item: tuple[Event, Listed]) -> Key:
    return (item[0].sort_key[0], item[1].ticker)


def _of(event: Event, filters: Filters) -> bool:
    return filters.series is None or event.series.ticker == filters.series


def _metadata_time(now: datetime) -> datetime:
    """When series metadata last changed: the first of the month before."""
    return (now.astimezone(UTC).replace(day=1) - timedelta(days=1)).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
