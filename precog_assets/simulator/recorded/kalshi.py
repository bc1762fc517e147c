"""Recorded Kalshi payloads at Kalshi's paths, with its filters, limits, cursors and errors.

A finalized market is served live and under `/historical/markets`. What was not recorded, such as the
order book of most markets, is 404: an empty book would be a claim.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from precog_assets.domain.times import parse_instant
from precog_assets.simulator.kalshi.answers import Key, Query, Refusal, answer, invalid, not_found, page
from precog_assets.simulator.kalshi.selection import EVENT_STATUSES, STATUSES
from precog_assets.simulator.recorded.captures import Captures, Json

PREFIX = "/trade-api/v2"
EVENT = "event_ticker"

Handler = Callable[[Query, dict[str, str]], Any]


class RecordedKalshi:
    """Kalshi as a folder of captures."""

    def __init__(self, folder: Path) -> None:
        self.captures = Captures(folder)

    def routes(self) -> list[Route]:
        """The public reads for which something can have been recorded."""
        table: list[tuple[str, str, Handler]] = [
            ("/exchange/status", "GetExchangeStatus", self._status),
            ("/exchange/schedule", "GetExchangeSchedule", self._schedule),
            ("/series", "GetSeriesList", self._series_list),
            ("/series/fee_changes", "GetSeriesFeeChanges", self._series_fee_changes),
            ("/series/{series_ticker}", "GetSeries", self._series),
            ("/series/{series_ticker}/markets/{ticker}/candlesticks", "GetMarketCandlesticks", self._candlesticks),
            ("/events", "GetEvents", self._events),
            ("/events/fee_changes", "GetEventFeeChanges", self._event_fee_changes),
            ("/events/{event_ticker}", "GetEvent", self._event),
            ("/markets", "GetMarkets", self._markets),
            ("/markets/trades", "GetTrades", self._trades),
            ("/markets/orderbooks", "GetMarketOrderbooks", self._orderbooks),
            ("/markets/{ticker}", "GetMarket", self._market),
            ("/markets/{ticker}/orderbook", "GetMarketOrderbook", self._orderbook),
            ("/historical/markets", "GetHistoricalMarkets", self._historical_markets),
            ("/historical/markets/{ticker}", "GetHistoricalMarket", self._historical_market),
            ("/milestones", "GetMilestones", self._milestones),
        ]
        return [Route(PREFIX + path, _endpoint(name, handler)) for path, name, handler in table]

    def _status(self, _query: Query, _path: dict[str, str]) -> Json:
        return _need(self.captures.status)

    def _schedule(self, _query: Query, _path: dict[str, str]) -> Json:
        return _need(self.captures.schedule)

    def _series_list(self, query: Query, _path: dict[str, str]) -> Json:
        category = query.text("category")
        rows = self.captures.series.values()
        return {"series": [row for row in rows if category is None or category in row["categories"]]}

    def _series(self, _query: Query, path: dict[str, str]) -> Json:
        return {"series": _need(self.captures.series.get(path["series_ticker"]))}

    def _fee_changes(self, query: Query, ticker_field: str) -> list[Json]:
        ticker = query.text(ticker_field)
        rows = (row for row in self.captures.fee_changes.values() if ("event_ticker" in row) == (ticker_field == EVENT))
        return [row for row in rows if ticker in (None, row[ticker_field])]

    def _series_fee_changes(self, query: Query, _path: dict[str, str]) -> Json:
        return {"series_fee_change_arr": self._fee_changes(query, "series_ticker")}

    def _event_fee_changes(self, query: Query, _path: dict[str, str]) -> Json:
        taken, cursor = _page(self._fee_changes(query, EVENT), query.limit(100, 1000, lowest=1), query)
        return {"cursor": cursor, "event_fee_changes": taken}

    def _markets_of(self, event_ticker: str) -> list[Json]:
        return [row for row in self.captures.markets.values() if row["event_ticker"] == event_ticker]

    def _event_json(self, event: Json, *, nested: bool) -> Json:
        """The event as recorded; its markets when asked for: all that were recorded with prices."""
        row = {key: value for key, value in event.items() if key != "markets"}
        if nested:
            row["markets"] = self._markets_of(event["event_ticker"])
        return row

    def _events(self, query: Query, _path: dict[str, str]) -> Json:
        limit, status = query.limit(200, 200, lowest=1), query.status(EVENT_STATUSES)
        series, tickers = query.text("series_ticker"), query.split("tickers")
        rows = [
            row
            for ticker, row in self.captures.events.items()
            if (series is None or row["series_ticker"] == series)
            and (tickers is None or ticker in tickers)
            and (status is None or any(_has_status(market, status) for market in self._markets_of(ticker)))
        ]
        taken, cursor = _page(rows, limit, query)
        nested = query.flag("with_nested_markets")
        wanted = {row["event_ticker"] for row in taken} if query.flag("with_milestones") else set()
        milestones = [m for m in self.captures.milestones.values() if wanted & set(m["primary_event_tickers"])]
        events = [self._event_json(row, nested=nested) for row in taken]
        return {"cursor": cursor, "events": events, "milestones": milestones}

    def _event(self, query: Query, path: dict[str, str]) -> Json:
        event = _need(self.captures.events.get(path["event_ticker"]))
        row = self._event_json(event, nested=query.flag("with_nested_markets"))
        return {"event": row, "markets": self._markets_of(path["event_ticker"])}

    def _chosen(self, query: Query, *, historical: bool) -> list[Json]:
        """Markets that pass the filters every market listing has."""
        series, event, tickers = query.text("series_ticker"), query.text("event_ticker"), query.split("tickers")
        combos = query.choice("mve_filter", ("only", "exclude"))
        return [
            row
            for ticker, row in self.captures.markets.items()
            if (series is None or ticker.startswith(series + "-"))
            and (event is None or row["event_ticker"] == event)
            and (tickers is None or ticker in tickers)
            and (combos is None or (combos == "only") == _is_combo(row))
            and (not historical or row.get("status") == "finalized")
        ]

    def _markets(self, query: Query, _path: dict[str, str]) -> Json:
        limit, status = query.limit(100, 1000), query.status(STATUSES)
        bounds = [
            (field, query.integer(f"min_{name}_ts"), query.integer(f"max_{name}_ts"))
            for name, field in (("close", "close_time"), ("settled", "settlement_ts"), ("created", "created_time"))
        ]
        rows = [
            row
            for row in self._chosen(query, historical=False)
            if (status is None or _has_status(row, status)) and all(_within(row, *bound) for bound in bounds)
        ]
        taken, cursor = _page(rows, limit, query)
        return {"cursor": cursor, "markets": taken}

    def _historical_markets(self, query: Query, _path: dict[str, str]) -> Json:
        taken, cursor = _page(self._chosen(query, historical=True), query.limit(100, 1000), query)
        return {"cursor": cursor, "markets": taken}

    def _market(self, _query: Query, path: dict[str, str]) -> Json:
        return {"market": _need(self.captures.markets.get(path["ticker"]))}

    def _historical_market(self, _query: Query, path: dict[str, str]) -> Json:
        market = _need(self.captures.markets.get(path["ticker"]))
        if market.get("status") != "finalized":
            raise not_found()
        return {"market": market}

    def _orderbook(self, _query: Query, path: dict[str, str]) -> Json:
        return _need(self.captures.books.get(path["ticker"]))

    def _orderbooks(self, query: Query, _path: dict[str, str]) -> Json:
        tickers = query.repeated("tickers")
        if not tickers:
            raise invalid(query.operation, "Tickers", "required")
        books = self.captures.books
        return {"orderbooks": [{"ticker": ticker, **books[ticker]} for ticker in tickers if ticker in books]}

    def _trades(self, query: Query, _path: dict[str, str]) -> Json:
        limit, ticker = query.limit(100, 1000), query.text("ticker")
        low, high = query.integer("min_ts"), query.integer("max_ts")
        rows = [
            row
            for row in self.captures.trades.values()
            if (ticker is None or row["ticker"] == ticker) and _within(row, "created_time", low, high)
        ]
        rows.sort(key=lambda row: parse_instant(row["created_time"]), reverse=True)
        taken, cursor = _page(rows, limit, query)
        return {"cursor": cursor, "trades": taken}

    def _candlesticks(self, query: Query, path: dict[str, str]) -> Json:
        period = query.need_integer("period_interval")
        if period not in (1, 60, 1440):
            raise invalid(query.operation, "PeriodInterval", "oneof")
        start, end = query.need_integer("start_ts"), query.need_integer("end_ts")
        if path["ticker"] not in self.captures.markets:
            raise not_found()
        rows = self.captures.candles.get((path["ticker"], period), [])
        return {
            "ticker": path["ticker"],
            "candlesticks": [row for row in rows if start <= row["end_period_ts"] <= end],
        }

    def _milestones(self, query: Query, _path: dict[str, str]) -> Json:
        query.need_integer("limit")
        related = query.text("related_event_ticker")
        rows = [m for m in self.captures.milestones.values() if related in (None, *m["related_event_tickers"])]
        taken, cursor = _page(rows, query.limit(100, 500, lowest=1), query)
        return {"cursor": cursor, "milestones": taken}


def _endpoint(operation: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return answer(handler(Query(operation, request.query_params), request.path_params))
        except Refusal as refusal:
            return answer(refusal.body, refusal.status_code)

    return endpoint


def _page(rows: Iterable[Json], limit: int, query: Query) -> tuple[list[Json], str]:
    """A page by position: recordings do not change while they are served."""

    def place(item: tuple[int, Json]) -> Key:
        return (item[0], "")

    taken, cursor = page(enumerate(rows), limit, place, query.after())
    return [row for _, row in taken], cursor


def _need(payload: Json | None) -> Json:
    if payload is None:
        raise not_found()
    return payload


def _has_status(market: Json, status: str) -> bool:
    return market.get("status") in {name.value for name in STATUSES[status]}


def _is_combo(market: Json) -> bool:
    return "mve_collection_ticker" in market or market["ticker"].startswith("KXMVE")


def _within(row: Json, field: str, low: int | None, high: int | None) -> bool:
    if low is None and high is None:
        return True
    text = row.get(field)
    if not isinstance(text, str):
        return False
    time_s = parse_instant(text).timestamp()
    return (low is None or time_s >= low) and (high is None or time_s <= high)
