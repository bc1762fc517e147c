"""The reads about what happened: trades and candlesticks, live and historical."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from precog_assets.simulator.kalshi.answers import Key, Query, bad_request, invalid, not_found, page
from precog_assets.simulator.kalshi.candles import PERIODS_MIN, Candles
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.instants import HOUR_US, microseconds
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.moves import DEADLINE_AFTER, LISTED_BEFORE
from precog_assets.simulator.kalshi.prints import Deal, Prints
from precog_assets.simulator.kalshi.selection import Filters, Selection, markets_of
from precog_assets.simulator.kalshi.wire import Json, Wire

_LATEST_S = 4_102_444_800
"""The year 2100."""
_CANDLES_AT_ONCE, _BATCH_CANDLES, _BATCH_TICKERS = 5_000, 10_000, 100

Traded = tuple[Event, Listed, Deal]


class Tape:
    """Trades and candlesticks of a world."""

    def __init__(self, selection: Selection, prints: Prints, wire: Wire, candles: Candles) -> None:
        self._selection = selection
        self._prints = prints
        self._wire = wire
        self._candles = candles

    def endpoints(self) -> list[Endpoint]:
        market = "/historical/markets/{ticker}/candlesticks"
        return [
            Endpoint("GET", path, name, handler)
            for path, name, handler in (
                ("/markets/trades", "GetTrades", self.trades),
                ("/markets/candlesticks", "BatchGetMarketCandlesticks", self.batch_candlesticks),
                ("/series/{series_ticker}/markets/{ticker}/candlesticks", "GetMarketCandlesticks", self.candlesticks),
                (
                    "/series/{series_ticker}/events/{ticker}/candlesticks",
                    "GetMarketCandlesticksByEvent",
                    self.event_candlesticks,
                ),
                (market, "GetMarketCandlesticksHistorical", self.historical_candles),
                ("/historical/trades", "GetTradesHistorical", self.historical_trades),
            )
        ]

    def trades(self, call: Call) -> Json:
        """GET /markets/trades: newest first, of one market or of all that the live listing holds."""
        query, now = call.query, call.now
        ticker = query.text("ticker")
        if ticker is None:
            return self._trade_page(query, list(markets_of(self._selection.live(Filters(), now))), now)
        found = self._selection.market(ticker, now)
        return self._trade_page(query, [found] if found else [], now)

    def historical_trades(self, call: Call) -> Json:
        """GET /historical/trades: of one market, however old; the simulator has no listing of all."""
        query, now = call.query, call.now
        ticker = query.text("ticker")
        found = self._selection.any_market(ticker, now) if ticker else None
        return self._trade_page(query, [found] if found else [], now)

    def _trade_page(self, query: Query, markets: list[tuple[Event, Listed]], now: datetime) -> Json:
        limit, after = query.limit(100, 1000), query.after()
        low, high = query.integer("min_ts"), query.integer("max_ts")
        if query.flag("is_block_trade"):
            markets = []
        end_us = microseconds(now) if high is None else min(microseconds(now), high * 1_000_000)
        if after is not None:
            end_us = min(end_us, -after[0])
        longest = LISTED_BEFORE + DEADLINE_AFTER + timedelta(days=1)
        opened_us = min((event.opened_us for event, _ in markets), default=end_us)
        start_us = opened_us if low is None else max(opened_us, low * 1_000_000 - 1)
        end_us = min(end_us, max((microseconds(e.opened + longest) for e, _ in markets), default=end_us))
        taken, cursor = page(self._backwards(markets, start_us, end_us), limit, _trade_key, after)
        return {"cursor": cursor, "trades": [self._wire.trade(market, deal) for _, market, deal in taken]}

    def _backwards(self, markets: list[tuple[Event, Listed]], start_us: int, end_us: int) -> Iterator[Traded]:
        """The markets' trades in (start, end], newest first, drawn hour by hour as they are read."""
        while end_us > start_us:
            begin_us = max(start_us, (end_us - 1) // HOUR_US * HOUR_US)
            found = [
                (event, market, deal)
                for event, market in markets
                for deal in self._prints.trades(event, market, begin_us, end_us)
            ]
            yield from sorted(found, key=_trade_key)
            end_us = begin_us

    def candlesticks(self, call: Call) -> Json:
        """GET /series/{s}/markets/{t}/candlesticks."""
        query, path, now = call.query, call.path, call.now
        period, start, end = self._span(query)
        _refuse_above(_count(period, start, end), _CANDLES_AT_ONCE)
        found = self._selection.market(path["ticker"], now)
        if found is None or found[0].series.ticker != path["series_ticker"]:
            raise not_found()
        return {"ticker": path["ticker"], "candlesticks": self._rows(query, *found, (period, start, end), now)}

    def event_candlesticks(self, call: Call) -> Json:
        """GET /series/{s}/events/{t}/candlesticks: all markets of an event, to the last candle that fits."""
        query, path, now = call.query, call.path, call.now
        period, start, end = self._span(query)
        event = self._selection.event(path["ticker"], now)
        if event is None or event.series.ticker != path["series_ticker"]:
            raise not_found()
        markets = [market for _, market in markets_of([event])]
        end = min(end, start + _CANDLES_AT_ONCE // len(markets) * period * 60)
        rows = [self._rows(query, event, market, (period, start, end), now) for market in markets]
        return {
            "market_tickers": [market.ticker for market in markets],
            "market_candlesticks": rows,
            "adjusted_end_ts": end,
        }

    def batch_candlesticks(self, call: Call) -> Json:
        """GET /markets/candlesticks: unknown tickers come back without candles."""
        query, now = call.query, call.now
        tickers = list(dict.fromkeys(query.split("market_tickers") or []))
        if not tickers:
            raise invalid(query.operation, "MarketTickers", "required")
        if len(tickers) > _BATCH_TICKERS:
            raise invalid(query.operation, "MarketTickers", "max")
        span = self._span(query)
        _refuse_above(_count(*span) * len(tickers), _BATCH_CANDLES)
        rows = []
        for ticker in tickers:
            found = self._selection.market(ticker, now)
            rows.append(
                {"market_ticker": ticker, "candlesticks": self._rows(query, *found, span, now) if found else []}
            )
        return {"markets": rows}

    def historical_candles(self, call: Call) -> Json:
        """GET /historical/markets/{t}/candlesticks, in the older tier's shape."""
        query, path, now = call.query, call.path, call.now
        period, start, end = self._span(query)
        _refuse_above(_count(period, start, end), _CANDLES_AT_ONCE)
        found = self._selection.any_market(path["ticker"], now)
        if found is None or not self._selection.is_archived(found[0], now):
            raise not_found()
        candles = self._candles.between(*found, period, start, end, now)
        return {"ticker": path["ticker"], "candlesticks": self._candles.to_json(*found, candles, historical=True)}

    def _rows(
        self, query: Query, event: Event, market: Listed, span: tuple[int, int, int], now: datetime
    ) -> list[Json]:
        period, start, end = span
        candles = self._candles.between(event, market, period, start, end, now)
        rows = self._candles.to_json(event, market, candles)
        if query.flag("include_latest_before_start"):
            first = candles[0] if candles else None
            rows = self._candles.latest_before(event, market, period, start, first, now) + rows
        return rows

    def _span(self, query: Query) -> tuple[int, int, int]:
        period = query.need_integer("period_interval")
        if period not in PERIODS_MIN:
            raise invalid(query.operation, "PeriodInterval", "oneof")
        start, end = query.need_integer("start_ts"), query.need_integer("end_ts")
        if end < start:
            raise bad_request(f"end_ts {end} is before start_ts {start}")
        if not (0 <= start <= _LATEST_S and end <= _LATEST_S):
            raise bad_request(f"start_ts {start} and end_ts {end} must be Unix seconds")
        return period, start, end


def _count(period_min: int, start_s: int, end_s: int) -> int:
    return -(-(end_s - start_s) // (period_min * 60))


def _refuse_above(candles: int, highest: int) -> None:
    if candles > highest:
        raise bad_request(f"requested {candles} candlesticks; the maximum is {highest}")


def _trade_key(traded: Traded) -> Key:
    """Newest first when ascending."""
    _, market, deal = traded
    return (-deal.time_us, f"{market.ticker}/{deal.place:05d}{deal.account_trade_id}")
