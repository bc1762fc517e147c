"""Where the stream is, and what a refused handshake is called."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.http11 import Response

from precog_assets.domain.errors import CODES, ConfigurationError
from precog_assets.sources.kalshi.stream.handshake import failure_of, stream_url


@pytest.mark.parametrize(
    ("base", "stream"),
    [
        ("https://external-api.kalshi.com/trade-api/v2", "wss://external-api-ws.kalshi.com/trade-api/ws/v2"),
        ("https://external-api.demo.kalshi.co/trade-api/v2", "wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2"),
        ("https://api.elections.kalshi.com/trade-api/v2/", "wss://api.elections.kalshi.com/trade-api/ws/v2"),
        ("http://127.0.0.1:8100/trade-api/v2", "ws://127.0.0.1:8100/trade-api/ws/v2"),
    ],
)
def test_the_stream_lies_beside_its_rest_address(base: str, stream: str) -> None:
    assert stream_url(base) == stream
    assert stream_url(base, "ws://localhost:1/x") == "ws://localhost:1/x"


def test_an_address_without_a_known_stream_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="KALSHI_WS_URL"):
        stream_url("https://example.org/api")


def refused(status: int, body: Any = None, **headers: str) -> InvalidStatus:
    raw = b"" if body is None else json.dumps(body).encode()
    named = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    return InvalidStatus(Response(status, "no", named, raw))


def unauthorized(code: str) -> InvalidStatus:
    return refused(401, {"error": {"code": code, "message": code}})


@pytest.mark.parametrize(
    ("error", "reason", "code"),
    [
        (
            refused(401, {"error": {"code": "header_timestamp_expired", "message": "x"}}),
            "clock_skew",
            "stream.clock_skew",
        ),
        (
            refused(401, {"error": {"code": "authentication_error", "message": "x"}}),
            "unauthorized",
            "http.unauthorized",
        ),
        (refused(401), "unauthorized", "http.unauthorized"),
        (refused(403), "blocked", "http.blocked"),
        (refused(429), "rate_limited", "http.rate_limited"),
        (refused(503), "server_error", "http.server_error"),
        (refused(302, Location="ws://elsewhere"), "http_302", "http.redirect"),
        (refused(404), "http_404", "http.not_found"),
        (refused(418), "http_418", "http.client_error"),
        (TimeoutError(), "timeout", "http.timeout"),
        (ConnectionRefusedError(111, "refused"), "connection", "http.connection"),
        (InvalidMessage("not HTTP"), "handshake", "http.connection"),
    ],
)
def test_each_failure_has_its_name_and_its_code(error: Exception, reason: str, code: str) -> None:
    failure = failure_of(error)
    assert (failure.reason, failure.code) == (reason, code)
    assert failure.code in CODES


def test_a_refusal_says_the_venues_time_and_how_long_to_wait() -> None:
    failure = failure_of(refused(429, Date="Wed, 25 Nov 2026 17:00:01 GMT", Retry_After="7"))
    assert (failure.date, failure.retry_after_s) == (datetime(2026, 11, 25, 17, 0, 1, tzinfo=UTC), 7.0)
    assert failure_of(refused(429, Date="yesterday", Retry_After="soon")).date is None
