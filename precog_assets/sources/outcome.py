"""What a request came to: the `Fetch` clients get, and what an answer means by status, headers and first bytes.

Belongs here: the code of an answer, what to tell people about it, how long it asks us to wait. Does
not: sending, and the codes' classes and meanings (`domain.errors`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from precog_assets.domain.errors import ErrorClass

_BY_STATUS = {
    304: "http.unchanged",
    400: "http.bad_request",
    401: "http.unauthorized",
    404: "http.not_found",
    410: "http.not_found",
    429: "http.rate_limited",
}
PREFIX_BYTES = 2048
_DENIED = re.compile(rb"access denied|forbidden|captcha|are you a robot|request blocked|edgesuite", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fetch:
    """How one `get` ended. `body` is the answer's bytes, decompressed; empty where nothing was answered."""

    error_class: ErrorClass
    code: str
    status_code: int | None
    body: bytes
    content_type: str
    observed_at: datetime
    """Our clock, once, when the answer was complete, or when the call was given up."""
    response_id: int | None
    sha256: str | None
    feed: str
    url: str
    """What was asked for, without credentials."""
    elapsed_ms: float
    """Time the call waited: for our rate limit, the network, and between retries."""
    detail: str
    """For people: what happened, beyond the code. Empty when all went well."""
    attempts: int
    """Requests sent; 0 when our own limit or the breaker held it back."""

    @property
    def ok(self) -> bool:
        """Answered, with the same bytes as before or with new ones."""
        return self.error_class in (ErrorClass.OK, ErrorClass.NOT_MODIFIED)


class Connecting:
    """Hears from httpcore whether a request began on a connection of its own, or on one kept from an earlier one."""

    __slots__ = ("began", "opened")

    def __init__(self) -> None:
        self.opened = self.began = False

    def __call__(self, event: str, _info: Mapping[str, object]) -> None:
        self.opened |= event.startswith("connection.connect_")
        self.began |= event.endswith(".send_request_headers.started")


def classify(status_code: int, content_type: str, body_prefix: bytes) -> str:
    """The code of `domain.errors` for an answer, where JSON is expected.

    403 is `http.blocked`, unless its body is JSON: then the API itself refused (`http.unauthorized`).
    200 with anything but JSON is `contract.not_json`, or `http.blocked` where it reads as the
    access-denied page of an edge network. `body_prefix` needs the first 2 kB only.
    """
    html = _is_html(content_type, body_prefix)
    if 200 <= status_code < 300:
        if html:
            return "http.blocked" if _DENIED.search(body_prefix) else "contract.not_json"
        return "ok" if body_prefix.strip() or status_code == 204 else "contract.not_json"
    if status_code == 403:
        return "http.unauthorized" if "json" in content_type.lower() and not html else "http.blocked"
    known = _BY_STATUS.get(status_code)
    if known:
        return known
    if status_code >= 500:
        return "http.server_error"
    return "http.client_error" if status_code >= 400 else "http.redirect"


def _is_html(content_type: str, body_prefix: bytes) -> bool:
    return "html" in content_type.lower() or body_prefix.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def retry_after_s(value: str | None) -> float | None:
    """Seconds a `Retry-After` header asks for, as a number or as an HTTP date; None when it says neither."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    until = http_date(value)
    return None if until is None else max(0.0, (until - datetime.now(UTC)).total_seconds())


def http_date(value: str | None) -> datetime | None:
    """The instant of an HTTP date, whole seconds in UTC; None for anything else."""
    try:
        read = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def detail_of(code: str, response: httpx.Response, body: bytes) -> str:
    """What was answered, for people; empty when all went well."""
    content_type = response.headers.get("content-type", "")
    if code in ("ok", "http.unchanged"):
        return ""
    kind = "an HTML page" if _is_html(content_type, body[:PREFIX_BYTES]) else content_type or "no content type"
    server = response.headers.get("server")
    where = f", location {response.headers['location']}" if "location" in response.headers else ""
    return f"HTTP {response.status_code} with {kind}, {len(body)} bytes{where}" + (
        f", server {server}" if server else ""
    )
