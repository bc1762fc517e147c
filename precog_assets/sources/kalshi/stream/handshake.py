"""The handshake: where the stream is, what is signed, and what a refusal means.

Belongs here: the address, the headers, and naming failures. Does not: sockets (`client.py`), when to try again
(`pacing.py`). The handshake is signed even for public channels; its path carries no query.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.http11 import Response

from precog_assets.domain.errors import ConfigurationError
from precog_assets.sources.kalshi.errors import parse_error

STREAM_PATH = "/trade-api/ws/v2"
_REST_PATH = "/trade-api/v2"
_OWN_NAMES = ("external-api.",)
"""Hosts whose stream has a name of its own, `-ws` behind the first label; the shared ones keep theirs."""
_DETAIL_CHARS = 300


def stream_url(base_url: str, given: str | None = None) -> str:
    """The stream beside a REST base URL, or the one `given` (KALSHI_WS_URL). Raises ConfigurationError."""
    if given:
        return given
    parts = urlsplit(base_url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme)
    if scheme is None or not parts.netloc or not parts.path.rstrip("/").endswith(_REST_PATH):
        raise ConfigurationError(
            f"KALSHI_BASE_URL={base_url}: no stream is known beside it; expected an address that ends in {_REST_PATH}, "
            "or KALSHI_WS_URL."
        )
    host = parts.netloc
    if host.startswith(_OWN_NAMES):
        host = host.replace(".", "-ws.", 1)
    return f"{scheme}://{host}{parts.path.rstrip('/').removesuffix(_REST_PATH)}{STREAM_PATH}"


@dataclass(frozen=True, slots=True)
class ConnectFailure:
    """Why there is no connection."""

    code: str
    """Of `domain.errors.CODES`."""
    reason: str
    """Short and stable, counted by: clock_skew, unauthorized, blocked, rate_limited, server_error, timeout, tls,
    connection, handshake, or http_STATUS."""
    detail: str
    date: datetime | None = None
    """The venue's clock, where its answer said."""
    retry_after_s: float = 0.0


def failure_of(error: Exception) -> ConnectFailure:
    """The name of what ended a try to connect."""
    if isinstance(error, InvalidStatus):
        return refusal_of(error.response)
    if isinstance(error, TimeoutError):
        return ConnectFailure("http.timeout", "timeout", "no handshake in time")
    if isinstance(error, ssl.SSLError):
        return ConnectFailure("http.connection", "tls", str(error)[:_DETAIL_CHARS])
    reason = "handshake" if isinstance(error, InvalidHandshake) else "connection"
    return ConnectFailure("http.connection", reason, f"{type(error).__name__}: {error}"[:_DETAIL_CHARS])


def refusal_of(response: Response) -> ConnectFailure:
    """What an answer other than 101 means."""
    status = response.status_code
    said = parse_error(bytes(response.body or b""))
    date = date_of(response)
    detail = f"{status} {said.code} {said.details}".strip() if said is not None else str(status)
    if status == 401 and said is not None and said.code == "header_timestamp_expired":
        return ConnectFailure("stream.clock_skew", "clock_skew", detail, date)
    if status == 401:
        return ConnectFailure("http.unauthorized", "unauthorized", detail, date)
    if status == 403:
        return ConnectFailure("http.blocked", "blocked", detail, date)
    if status == 429:
        return ConnectFailure("http.rate_limited", "rate_limited", detail, date, _retry_after_s(response))
    if status >= 500:
        return ConnectFailure("http.server_error", "server_error", detail, date, _retry_after_s(response))
    if 300 <= status < 400:
        return ConnectFailure("http.redirect", f"http_{status}", detail, date)
    code = "http.not_found" if status in (404, 410) else "http.client_error"
    return ConnectFailure(code, f"http_{status}", detail, date)


def date_of(response: Response) -> datetime | None:
    """The answer's `Date` in UTC; None where it has none that can be read."""
    text = response.headers.get("Date")
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _retry_after_s(response: Response) -> float:
    text = response.headers.get("Retry-After", "")
    return min(300.0, float(text)) if text.isascii() and text.isdigit() else 0.0
