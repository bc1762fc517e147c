"""The client against a server on loopback that pages, refuses and checks signatures as the exchange does."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from precog_assets.config import load_sources
from precog_assets.domain.errors import ConfigurationError, ErrorClass
from precog_assets.domain.times import FixedClock
from precog_assets.sources.http import Fetch, HttpClient, UnrecordedResponses
from precog_assets.sources.kalshi.auth import KalshiCredentials
from precog_assets.sources.kalshi.client import KalshiClient
from precog_assets.sources.kalshi.parse import parse_error, parse_markets, parse_positions
from precog_assets.sources.limits import RateLimiter

NOW = datetime(2026, 11, 22, 18, 0, 0, 250_000, tzinfo=UTC)
KEY = ed25519.Ed25519PrivateKey.generate()
PREFIX = "/trade-api/v2"
Query = dict[str, list[str]]


class Exchange(ThreadingHTTPServer):
    """Answers `{path: [page, page, ...]}` with cursors `c1`, `c2` ...; an unknown cursor gives page 1, as Kalshi does.

    An answer that is bytes is sent as it is, a pair as (status, document).
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, list[Any]] = {}
        self.asked: list[tuple[str, Query]] = []
        self.signed: list[str] = []

    def answer(self, path: str, query: Query) -> tuple[int, bytes]:
        pages = self.pages.get(path)
        if pages is None:
            return 404, b'{"error":{"code":"not_found","message":"not found","service":"exchange"}}'
        cursor = query.get("cursor", [""])[0]
        index = int(cursor[1:]) if cursor.startswith("c") and cursor[1:].isdigit() else 0
        page = pages[index] if index < len(pages) else pages[0]
        if isinstance(page, bytes):
            return 200, page
        if isinstance(page, tuple):
            return page[0], json.dumps(page[1]).encode()
        following = f"c{index + 1}" if index + 1 < len(pages) else ""
        return 200, json.dumps({"cursor": following, **page}).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Exchange)
        parts = urlsplit(self.path)
        path, query = parts.path.removeprefix(PREFIX), parse_qs(parts.query)
        server.asked.append((path, query))
        if any(name.upper().startswith("KALSHI-ACCESS") for name in self.headers):
            server.signed.append(path)
        status, body = server.answer(path, query)
        if path.startswith("/portfolio/") and not self._signed(parts.path):
            status, body = 401, b'{"error":{"code":"authentication_error","message":"authentication_error"}}'
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _signed(self, path: str) -> bool:
        """Raises, and so breaks the connection, when the signature is not of this path and time."""
        if "KALSHI-ACCESS-SIGNATURE" not in self.headers:
            return False
        text = f"{self.headers['KALSHI-ACCESS-TIMESTAMP']}GET{path}".encode()
        KEY.public_key().verify(base64.b64decode(self.headers["KALSHI-ACCESS-SIGNATURE"]), text)
        return self.headers["KALSHI-ACCESS-TIMESTAMP"] == str(int(NOW.timestamp() * 1000))

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    server = Exchange()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def http(exchange: Exchange, tmp_path: Path) -> Iterator[HttpClient]:
    limiter = RateLimiter(tmp_path / "limits")
    client = HttpClient(
        load_sources()["kalshi"],
        mode="sim",
        base_url=f"http://127.0.0.1:{exchange.server_address[1]}{PREFIX}",
        user_agent=None,
        response_log=UnrecordedResponses(),
        clock=FixedClock(NOW),
        limiter=limiter,
    )
    yield client
    client.close()
    limiter.close()


@pytest.fixture
def kalshi(http: HttpClient) -> KalshiClient:
    return KalshiClient(http)


@pytest.fixture
def signed(http: HttpClient) -> KalshiClient:
    return KalshiClient(http, KalshiCredentials("key-id", KEY), clock=FixedClock(NOW))


def markets_page(count: int, start: int = 0) -> dict[str, Any]:
    return {"markets": [{"ticker": f"KXNFLGAME-26JAN18HOUNE-{number}"} for number in range(start, start + count)]}


def seen_in(fetches: list[Fetch]) -> int:
    return sum(parse_markets(fetch.body).seen for fetch in fetches if fetch.ok)


def test_pages_are_followed_to_the_empty_cursor(exchange: Exchange, kalshi: KalshiClient) -> None:
    exchange.pages["/markets"] = [markets_page(3), markets_page(3, 3), markets_page(1, 6)]
    fetches = list(kalshi.markets(series_ticker="KXNFLGAME", status="open", correlation_id="t", limit=3))
    assert [fetch.ok for fetch in fetches] == [True, True, True]
    assert seen_in(fetches) == 7
    assert [query.get("cursor") for _, query in exchange.asked] == [None, ["c1"], ["c2"]]
    assert [fetch.feed for fetch in fetches] == [f"kalshi:markets:KXNFLGAME:open:{page}" for page in (1, 2, 3)]
    assert exchange.asked[0][1] == {"series_ticker": ["KXNFLGAME"], "status": ["open"], "limit": ["3"]}


def test_an_empty_list_is_one_good_page(exchange: Exchange, kalshi: KalshiClient) -> None:
    exchange.pages["/markets"] = [{"markets": []}]
    (fetch,) = kalshi.markets(series_ticker="KXNFLGAME", correlation_id="t")
    assert fetch.ok
    assert parse_markets(fetch.body).seen == 0


def test_a_cursor_that_leads_back_to_page_one_ends_as_a_failure(exchange: Exchange, kalshi: KalshiClient) -> None:
    exchange.pages["/markets"] = [json.dumps({"cursor": "gone", **markets_page(2)}).encode()]
    first, again, failure = kalshi.markets(series_ticker="KXNFLGAME", correlation_id="t")
    assert first.ok
    assert again.ok
    assert (failure.ok, failure.error_class, failure.code) == (False, ErrorClass.CONTRACT, "contract.cursor")
    assert "'gone' came a second time" in failure.detail
    assert failure.body == b""


def test_pages_without_end_stop_at_the_bound_as_a_failure(exchange: Exchange, kalshi: KalshiClient) -> None:
    exchange.pages["/markets"] = [markets_page(1, number) for number in range(10)]
    fetches = list(kalshi.markets(series_ticker="KXNFLGAME", correlation_id="t", max_pages=4))
    assert [fetch.ok for fetch in fetches] == [True, True, True, True, False]
    assert fetches[-1].detail == "no end after 4 pages"
    assert len(exchange.asked) == 4


def test_exactly_as_many_pages_as_allowed_are_no_failure(exchange: Exchange, kalshi: KalshiClient) -> None:
    exchange.pages["/markets"] = [markets_page(1, number) for number in range(4)]
    fetches = list(kalshi.markets(series_ticker="KXNFLGAME", correlation_id="t", max_pages=4))
    assert [fetch.ok for fetch in fetches] == [True, True, True, True]


def test_a_failed_page_comes_back_as_it_is_and_ends_the_list(exchange: Exchange, kalshi: KalshiClient) -> None:
    refusal = {"msg": "Parameter validation failed for GetMarkets: Key: 'GetMarketsParams.Limit'"}
    exchange.pages["/markets"] = [markets_page(2), (400, refusal), markets_page(2)]
    fetches = list(kalshi.markets(series_ticker="KXNFLGAME", correlation_id="t"))
    assert [fetch.code for fetch in fetches] == ["ok", "http.bad_request"]
    refused = parse_error(fetches[1].body)
    assert refused is not None
    assert refused.code == "parameter_validation"


@pytest.mark.parametrize(
    ("body", "code"),
    [(b'{"cursor":"", "markets":[', "contract.not_json"), (b'{"cursor": 7, "markets": []}', "contract.cursor")],
)
def test_a_page_that_cannot_be_paged_is_followed_by_a_failure(
    exchange: Exchange, kalshi: KalshiClient, body: bytes, code: str
) -> None:
    exchange.pages["/markets"] = [body]
    *_, failure = kalshi.markets(series_ticker="KXNFLGAME", correlation_id="t")
    assert (failure.ok, failure.code) == (False, code)


def test_a_missing_thing_is_a_failure_and_not_an_exception(kalshi: KalshiClient) -> None:
    fetch = kalshi.series("KXNONE", correlation_id="t")
    assert (fetch.ok, fetch.code, fetch.status_code) == (False, "http.not_found", 404)


def test_lists_without_a_series_leave_combos_out(exchange: Exchange, kalshi: KalshiClient) -> None:
    exchange.pages["/markets"] = exchange.pages["/historical/markets"] = [markets_page(1)]
    list(kalshi.markets(status="open", correlation_id="t"))
    list(kalshi.markets(tickers=["A-1", "B-2"], correlation_id="t"))
    list(kalshi.historical_markets(event_ticker="KXNHLGAME-26JUN14CARVGK", correlation_id="t"))
    list(kalshi.markets(series_ticker="KXNFLGAME", correlation_id="t"))
    assert [query.get("mve_filter") for _, query in exchange.asked] == [["exclude"], ["exclude"], ["exclude"], None]
    assert exchange.asked[1][1]["tickers"] == ["A-1,B-2"]


def test_fee_changes_are_asked_for_with_those_in_force_and_events_by_pages(
    exchange: Exchange, kalshi: KalshiClient
) -> None:
    exchange.pages["/series/fee_changes"] = [{"series_fee_change_arr": []}]
    exchange.pages["/events/fee_changes"] = [{"event_fee_changes": []}, {"event_fee_changes": []}]
    series = kalshi.series_fee_changes(correlation_id="t")
    events = list(kalshi.event_fee_changes(correlation_id="t"))
    assert exchange.asked[0] == ("/series/fee_changes", {"show_historical": ["true"]})
    assert [fetch.feed for fetch in (series, *events)] == [
        "kalshi:series_fee_changes",
        "kalshi:event_fee_changes:1",
        "kalshi:event_fee_changes:2",
    ]
    assert exchange.asked[2] == ("/events/fee_changes", {"limit": ["1000"], "cursor": ["c1"]})


def test_events_bring_their_markets_and_milestones_when_asked(exchange: Exchange, kalshi: KalshiClient) -> None:
    exchange.pages["/events"] = [{"events": [], "milestones": []}]
    (fetch,) = kalshi.events(
        series_ticker="KXNBAGAME", status="open", with_nested_markets=True, with_milestones=True, correlation_id="t"
    )
    assert fetch.feed == "kalshi:events:KXNBAGAME:open:milestones:1"
    assert exchange.asked[0][1] == {
        "series_ticker": ["KXNBAGAME"],
        "status": ["open"],
        "with_nested_markets": ["true"],
        "with_milestones": ["true"],
        "limit": ["200"],
    }


def test_order_books_are_asked_for_in_batches_of_a_hundred_repeated_keys(
    exchange: Exchange, kalshi: KalshiClient
) -> None:
    exchange.pages["/markets/orderbooks"] = [{"orderbooks": []}]
    tickers = [f"KXNFLGAME-26JAN18HOUNE-{number}" for number in range(230)]
    fetches = list(kalshi.orderbooks(tickers, label="live", correlation_id="t"))
    asked = [query["tickers"] for _, query in exchange.asked]
    assert [len(batch) for batch in asked] == [100, 100, 30]
    assert [ticker for batch in asked for ticker in batch] == tickers
    assert [fetch.feed for fetch in fetches] == [f"kalshi:orderbooks:live:{number}" for number in (1, 2, 3)]


def test_candlesticks_keep_to_a_hundred_tickers_and_ten_thousand_candles_a_call(
    exchange: Exchange, kalshi: KalshiClient
) -> None:
    exchange.pages["/markets/candlesticks"] = [{"markets": []}]
    tickers = [f"T-{number}" for number in range(150)]
    list(kalshi.candlesticks(tickers, start_ts=0, end_ts=86_400, period_minutes=1440, label="day", correlation_id="t"))
    list(kalshi.candlesticks(tickers, start_ts=0, end_ts=86_400, period_minutes=1, label="day", correlation_id="t"))
    sizes = [len(query["market_tickers"][0].split(",")) for _, query in exchange.asked]
    assert sizes == [100, 50] + [6] * 25
    assert exchange.asked[0][1]["period_interval"] == ["1440"]


def test_what_the_exchange_would_refuse_is_refused_before_it_is_sent(exchange: Exchange, kalshi: KalshiClient) -> None:
    with pytest.raises(ValueError, match="expected one of unopened, open"):
        kalshi.markets(status="active", correlation_id="t")
    with pytest.raises(ValueError, match="status closed or none"):
        kalshi.markets(status="open", min_close_ts=1, correlation_id="t")
    with pytest.raises(ValueError, match="status settled or none"):
        kalshi.markets(status="open", min_settled_ts=1, correlation_id="t")
    with pytest.raises(ValueError, match="period_minutes 5"):
        kalshi.candlesticks(["A"], start_ts=0, end_ts=60, period_minutes=5, label="x", correlation_id="t")
    with pytest.raises(ValueError, match="at most 10000"):
        kalshi.candlesticks(["A"], start_ts=0, end_ts=864_000, period_minutes=1, label="x", correlation_id="t")
    with pytest.raises(ValueError, match="not after"):
        kalshi.historical_candlesticks("A", start_ts=60, end_ts=60, period_minutes=1, correlation_id="t")
    with pytest.raises(ValueError, match="aware"):
        kalshi.milestones(minimum_start=datetime(2026, 1, 1), correlation_id="t")
    assert exchange.asked == []


def test_every_public_read_goes_to_its_path(exchange: Exchange, kalshi: KalshiClient) -> None:
    kalshi.exchange_status(correlation_id="t")
    kalshi.exchange_schedule(correlation_id="t")
    kalshi.historical_cutoff(correlation_id="t")
    kalshi.series("KXNFLGAME", correlation_id="t")
    kalshi.series_list(category="Sports", correlation_id="t")
    kalshi.market("A/B-1", correlation_id="t")
    kalshi.orderbook("T-1", depth=5, correlation_id="t")
    list(kalshi.trades(ticker="T-1", min_ts=5, correlation_id="t"))
    list(kalshi.trades(historical=True, correlation_id="t"))
    list(kalshi.milestones(minimum_start=NOW, correlation_id="t"))
    kalshi.historical_candlesticks("T-1", start_ts=0, end_ts=60, period_minutes=1, correlation_id="t")
    assert [path for path, _ in exchange.asked] == [
        "/exchange/status",
        "/exchange/schedule",
        "/historical/cutoff",
        "/series/KXNFLGAME",
        "/series",
        "/markets/A%2FB-1",
        "/markets/T-1/orderbook",
        "/markets/trades",
        "/historical/trades",
        "/milestones",
        "/historical/markets/T-1/candlesticks",
    ]
    assert exchange.asked[4][1] == {"category": ["Sports"]}
    assert exchange.asked[9][1]["minimum_start_date"] == ["2026-11-22T18:00:00.250000+00:00"]


def test_signed_reads_carry_a_signature_the_exchange_accepts_on_every_page(
    exchange: Exchange, signed: KalshiClient
) -> None:
    exchange.pages["/portfolio/balance"] = [{"balance": 1, "portfolio_value": 2, "updated_ts": 3}]
    exchange.pages["/portfolio/positions"] = [{"market_positions": []}, {"market_positions": []}]
    assert signed.balance(correlation_id="t").ok
    fetches = list(signed.positions(correlation_id="t"))
    assert [fetch.ok for fetch in fetches] == [True, True]
    assert parse_positions(fetches[1].body).seen == 0
    assert exchange.signed == ["/portfolio/balance", "/portfolio/positions", "/portfolio/positions"]


def test_market_data_is_asked_for_without_a_signature(exchange: Exchange, signed: KalshiClient) -> None:
    exchange.pages["/exchange/status"] = [{"exchange_active": True, "trading_active": True}]
    assert signed.exchange_status(correlation_id="t").ok
    assert exchange.signed == []


def test_signed_reads_without_credentials_name_both_variables_at_once(exchange: Exchange, kalshi: KalshiClient) -> None:
    with pytest.raises(ConfigurationError, match="KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH"):
        kalshi.balance(correlation_id="t")
    with pytest.raises(ConfigurationError, match="KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH"):
        kalshi.positions(correlation_id="t")
    assert exchange.asked == []
