"""Kalshi's REST reads: paths, parameters, feeds, cursors. One method per thing to ask for.

Belongs here: what to request and how to page. Does not: HTTP (`sources.http`), parsing (`parse.py`), orders.
Every answer comes back as the `Fetch` it was, failures included; nothing is retried or hidden here.
A feed names what is asked for again and again, with the page's number at its end where there are pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.facts import Origin
from precog_assets.domain.times import Clock, SystemClock
from precog_assets.sources.http import Fetch, HttpClient
from precog_assets.sources.kalshi.auth import KEY_ID_VARIABLE, KEY_PATH_VARIABLE, KalshiCredentials
from precog_assets.sources.kalshi.paging import MAX_PAGES, pages
from precog_assets.sources.kalshi.params import (
    EVENTS_PER_PAGE,
    MARKETS_PER_PAGE,
    MAX_CANDLES,
    MAX_TICKERS,
    MILESTONES_PER_PAGE,
    Params,
    batches,
    candles_in,
    given,
    query_status,
    segment,
    subject,
    window,
)


class KalshiClient:
    """Reads one Kalshi host. Signed reads need credentials; market data needs none."""

    def __init__(
        self, http: HttpClient, credentials: KalshiCredentials | None = None, *, clock: Clock | None = None
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._clock = clock or SystemClock()
        self._prefix = urlsplit(http.base_url).path.rstrip("/")

    @property
    def answers(self) -> bool:
        """Whether the host is asked as usual: its breaker is closed."""
        return self._http.breaker.state == "closed"

    def exchange_status(self, *, correlation_id: str, origin: Origin = Origin.LIVE) -> Fetch:
        return self._get("/exchange/status", {}, "kalshi:exchange_status", correlation_id, origin)

    def exchange_schedule(self, *, correlation_id: str, origin: Origin = Origin.LIVE) -> Fetch:
        """Trading hours by weekday, in US Eastern `HH:MM`."""
        return self._get("/exchange/schedule", {}, "kalshi:exchange_schedule", correlation_id, origin)

    def historical_cutoff(self, *, correlation_id: str, origin: Origin = Origin.LIVE) -> Fetch:
        """Where the historical tier begins."""
        return self._get("/historical/cutoff", {}, "kalshi:historical_cutoff", correlation_id, origin)

    def series(self, ticker: str, *, correlation_id: str, origin: Origin = Origin.LIVE) -> Fetch:
        return self._get(f"/series/{segment(ticker)}", {}, f"kalshi:series:{ticker}", correlation_id, origin)

    def series_list(self, *, correlation_id: str, category: str | None = None, origin: Origin = Origin.LIVE) -> Fetch:
        """All series, or those of one category (`Sports`); the exchange sends them in one page."""
        feed = f"kalshi:series_list:{category or 'any'}"
        return self._get("/series", given(category=category), feed, correlation_id, origin)

    def series_fee_changes(
        self, *, correlation_id: str, show_historical: bool = True, origin: Origin = Origin.LIVE
    ) -> Fetch:
        """Scheduled fee changes of all series, in one page; with `show_historical` also those in force already."""
        params = given(show_historical="true" if show_historical else None)
        return self._get("/series/fee_changes", params, "kalshi:series_fee_changes", correlation_id, origin)

    def event_fee_changes(
        self, *, correlation_id: str, origin: Origin = Origin.LIVE, max_pages: int = MAX_PAGES
    ) -> Iterator[Fetch]:
        """Pages of fee overrides of events, given and taken away."""
        params = given(limit=MARKETS_PER_PAGE)
        return self._pages("/events/fee_changes", params, "kalshi:event_fee_changes", correlation_id, origin, max_pages)

    def market(self, ticker: str, *, correlation_id: str, origin: Origin = Origin.LIVE) -> Fetch:
        return self._get(f"/markets/{segment(ticker)}", {}, f"kalshi:market:{ticker}", correlation_id, origin)

    def events(
        self,
        *,
        correlation_id: str,
        series_ticker: str | None = None,
        status: str | None = None,
        with_nested_markets: bool = False,
        with_milestones: bool = False,
        min_close_ts: int | None = None,
        origin: Origin = Origin.LIVE,
        max_pages: int = MAX_PAGES,
    ) -> Iterator[Fetch]:
        """Pages of events, with their markets and milestones inside if asked; combos are not among them."""
        params = given(
            series_ticker=series_ticker,
            status=query_status(status),
            min_close_ts=min_close_ts,
            with_nested_markets="true" if with_nested_markets else None,
            with_milestones="true" if with_milestones else None,
            limit=EVENTS_PER_PAGE,
        )
        # Not one feed with the bare events: its bytes would seem to change with every other reading.
        feed = f"kalshi:events:{series_ticker or 'all'}:{status or 'any'}{':milestones' if with_milestones else ''}"
        return self._pages("/events", params, feed, correlation_id, origin, max_pages)

    def markets(
        self,
        *,
        correlation_id: str,
        series_ticker: str | None = None,
        event_ticker: str | None = None,
        tickers: Sequence[str] = (),
        status: str | None = None,
        min_close_ts: int | None = None,
        max_close_ts: int | None = None,
        min_settled_ts: int | None = None,
        max_settled_ts: int | None = None,
        origin: Origin = Origin.LIVE,
        limit: int = MARKETS_PER_PAGE,
        max_pages: int = MAX_PAGES,
    ) -> Iterator[Fetch]:
        """Pages of markets. `*_ts` are Unix seconds. Without a series, combos are excluded.

        Raises ValueError for filters that the exchange refuses together: `*_close_ts` goes with status closed
        or none, `*_settled_ts` with settled or none, and one kind of them at a time.
        """
        closes = min_close_ts is not None or max_close_ts is not None
        settles = min_settled_ts is not None or max_settled_ts is not None
        if closes and (settles or status not in (None, "closed")):
            raise ValueError(f"*_close_ts filters go with status closed or none, alone; got status {status!r}")
        if settles and status not in (None, "settled"):
            raise ValueError(f"*_settled_ts filters go with status settled or none; got status {status!r}")
        params = given(
            series_ticker=series_ticker,
            event_ticker=event_ticker,
            tickers=",".join(tickers),
            status=query_status(status),
            min_close_ts=min_close_ts,
            max_close_ts=max_close_ts,
            min_settled_ts=min_settled_ts,
            max_settled_ts=max_settled_ts,
            mve_filter=None if series_ticker else "exclude",
            limit=limit,
        )
        feed = f"kalshi:markets:{subject(series_ticker, event_ticker, tickers)}:{status or 'any'}"
        return self._pages("/markets", params, feed, correlation_id, origin, max_pages)

    def historical_markets(
        self,
        *,
        correlation_id: str,
        series_ticker: str | None = None,
        event_ticker: str | None = None,
        tickers: Sequence[str] = (),
        origin: Origin = Origin.BACKFILL,
        max_pages: int = MAX_PAGES,
    ) -> Iterator[Fetch]:
        """Pages of markets that settled before the cutoff. Without a series, combos are excluded."""
        params = given(
            series_ticker=series_ticker,
            event_ticker=event_ticker,
            tickers=",".join(tickers),
            mve_filter=None if series_ticker else "exclude",
            limit=MARKETS_PER_PAGE,
        )
        feed = f"kalshi:historical_markets:{subject(series_ticker, event_ticker, tickers)}"
        return self._pages("/historical/markets", params, feed, correlation_id, origin, max_pages)

    def orderbook(self, ticker: str, *, correlation_id: str, depth: int = 0, origin: Origin = Origin.LIVE) -> Fetch:
        """One book; `depth` 1 to 100 keeps that many best levels a side, 0 all."""
        path, feed = f"/markets/{segment(ticker)}/orderbook", f"kalshi:orderbook:{ticker}"
        return self._get(path, {"depth": depth}, feed, correlation_id, origin)

    def orderbooks(
        self, tickers: Sequence[str], *, label: str, correlation_id: str, origin: Origin = Origin.LIVE
    ) -> Iterator[Fetch]:
        """Books in batches of 100; `label` names the choice in the feed. A failed batch does not stop the next."""
        for number, batch in enumerate(batches(tickers, MAX_TICKERS), start=1):
            feed = f"kalshi:orderbooks:{label}:{number}"
            yield self._get("/markets/orderbooks", {"tickers": batch}, feed, correlation_id, origin)

    def trades(
        self,
        *,
        correlation_id: str,
        ticker: str | None = None,
        min_ts: int | None = None,
        max_ts: int | None = None,
        historical: bool = False,
        origin: Origin = Origin.LIVE,
        max_pages: int = MAX_PAGES,
    ) -> Iterator[Fetch]:
        """Pages of trades, newest first, of one market or all; `historical` reads the tier before the cutoff."""
        params = given(ticker=ticker, min_ts=min_ts, max_ts=max_ts, limit=MARKETS_PER_PAGE)
        path, name = ("/historical/trades", "historical_trades") if historical else ("/markets/trades", "trades")
        return self._pages(path, params, f"kalshi:{name}:{ticker or 'all'}", correlation_id, origin, max_pages)

    def candlesticks(
        self,
        tickers: Sequence[str],
        *,
        start_ts: int,
        end_ts: int,
        period_minutes: int,
        label: str,
        correlation_id: str,
        origin: Origin = Origin.BACKFILL,
    ) -> Iterator[Fetch]:
        """Candlesticks of many markets from `start_ts` to `end_ts` (Unix seconds), in as few calls as are allowed.

        Raises ValueError for a period other than 1, 60 or 1440 minutes, and for a window that holds more than
        10,000 of them for a single market.
        """
        size = min(MAX_TICKERS, MAX_CANDLES // candles_in(start_ts, end_ts, period_minutes))
        params = window(start_ts, end_ts, period_minutes)
        feed = f"kalshi:candlesticks:{label}:{period_minutes}:{start_ts}"
        return (
            self._get(
                "/markets/candlesticks",
                params | {"market_tickers": ",".join(batch)},
                f"{feed}:{number}",
                correlation_id,
                origin,
            )
            for number, batch in enumerate(batches(tickers, size), start=1)
        )

    def historical_candlesticks(
        self,
        ticker: str,
        *,
        start_ts: int,
        end_ts: int,
        period_minutes: int,
        correlation_id: str,
        origin: Origin = Origin.BACKFILL,
    ) -> Fetch:
        """Candlesticks of one market that settled before the cutoff. Raises ValueError as `candlesticks` does."""
        candles_in(start_ts, end_ts, period_minutes)
        path = f"/historical/markets/{segment(ticker)}/candlesticks"
        feed = f"kalshi:historical_candlesticks:{ticker}:{period_minutes}:{start_ts}"
        return self._get(path, window(start_ts, end_ts, period_minutes), feed, correlation_id, origin)

    def milestones(
        self,
        *,
        correlation_id: str,
        category: str | None = "Sports",
        competition: str | None = None,
        related_event_ticker: str | None = None,
        minimum_start: datetime | None = None,
        origin: Origin = Origin.LIVE,
        max_pages: int = MAX_PAGES,
    ) -> Iterator[Fetch]:
        """Pages of games as Kalshi keeps them: start and home side. `minimum_start` must be aware."""
        if minimum_start is not None and minimum_start.tzinfo is None:
            raise ValueError(f"minimum_start must be an aware datetime, got {minimum_start!r}")
        params = given(
            category=category,
            competition=competition,
            related_event_ticker=related_event_ticker,
            minimum_start_date=minimum_start.isoformat() if minimum_start else None,
            limit=MILESTONES_PER_PAGE,
        )
        feed = f"kalshi:milestones:{related_event_ticker or competition or category or 'all'}"
        return self._pages("/milestones", params, feed, correlation_id, origin, max_pages)

    def balance(self, *, correlation_id: str, origin: Origin = Origin.LIVE) -> Fetch:
        """Our balance; signed. Raises ConfigurationError without credentials."""
        self._signer()
        return self._get("/portfolio/balance", {}, "kalshi:balance", correlation_id, origin, signed=True)

    def positions(
        self, *, correlation_id: str, origin: Origin = Origin.LIVE, max_pages: int = MAX_PAGES
    ) -> Iterator[Fetch]:
        """Pages of our unsettled positions; signed. Raises ConfigurationError without credentials."""
        self._signer()
        params = {"limit": MARKETS_PER_PAGE}
        return self._pages(
            "/portfolio/positions", params, "kalshi:positions", correlation_id, origin, max_pages, signed=True
        )

    def _signer(self) -> KalshiCredentials:
        if self._credentials is None:
            raise ConfigurationError(
                f"{KEY_ID_VARIABLE} and {KEY_PATH_VARIABLE} are not set; this read is signed and needs both: "
                "the id of an API key, and the PEM file with its private key."
            )
        return self._credentials

    def _pages(
        self,
        path: str,
        params: Params,
        feed: str,
        correlation_id: str,
        origin: Origin,
        max_pages: int,
        *,
        signed: bool = False,
    ) -> Iterator[Fetch]:
        def get(cursor: str, number: int) -> Fetch:
            query = {**params, "cursor": cursor} if cursor else params
            return self._get(path, query, f"{feed}:{number}", correlation_id, origin, signed=signed)

        return pages(get, max_pages=max_pages)

    def _get(
        self, path: str, params: Params, feed: str, correlation_id: str, origin: Origin, *, signed: bool = False
    ) -> Fetch:
        headers = None
        if signed:
            timestamp_ms = int(self._clock.now().timestamp() * 1000)
            headers = self._signer().sign("GET", self._prefix + path, timestamp_ms)
        return self._http.get(
            path, params=params, feed=feed, correlation_id=correlation_id, origin=origin, headers=headers
        )
