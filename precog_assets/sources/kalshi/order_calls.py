"""Signed calls on our account's orders: sending once, reading lists whole, and what a failed call says.

Belongs here: signatures, pages, how an answer failed. Does not: what is asked for and what it means (`orders.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.times import SystemClock
from precog_assets.sources.http import Fetch, Params
from precog_assets.sources.kalshi.auth import KalshiCredentials
from precog_assets.sources.kalshi.errors import parse_error
from precog_assets.sources.kalshi.order_payloads import document_of, rows_of
from precog_assets.sources.kalshi.paging import pages
from precog_assets.sources.kalshi.rows import ApiError
from precog_assets.sources.sending import HttpSender

PER_PAGE = 1000
_UNCERTAIN = frozenset({"http.timeout", "http.connection", "http.server_error", "contract.not_json"})


class OrderCalls:
    """One account at one host. Signatures carry the machine's time, whatever clock the world has."""

    def __init__(self, http: HttpSender, credentials: KalshiCredentials, correlation_id: str) -> None:
        self._http, self._credentials, self._correlation_id = http, credentials, correlation_id
        self._prefix = urlsplit(http.base_url).path.rstrip("/")
        self._clock = SystemClock()

    def send(
        self,
        method: Literal["POST", "DELETE"],
        path: str,
        body: Any = None,
        *,
        params: Params | None = None,
        feed: str,
    ) -> Fetch:
        """Send once, signed."""
        headers = self._sign(method, path)
        return self._http.send(
            method, path, body=body, params=params, feed=feed, correlation_id=self._correlation_id, headers=headers
        )

    def get(self, path: str, feed: str, params: Params | None = None) -> Fetch:
        """Read once, signed, with retries."""
        headers = self._sign("GET", path)
        return self._http.get(path, params=params, feed=feed, correlation_id=self._correlation_id, headers=headers)

    def rows(self, path: str, key: str, params: Mapping[str, str | int], feed: str) -> Iterator[Any]:
        """Every row of a list. Raises PrecogError when it did not come whole."""

        def page(cursor: str, number: int) -> Fetch:
            query = {**params, "limit": PER_PAGE, **({"cursor": cursor} if cursor else {})}
            return self.get(path, f"{feed}:{number}", query)

        for fetch in pages(page):
            if not fetch.ok:
                raise failure_of(fetch, f"the list of {key}")
            yield from rows_of(document_of(fetch.body), key)

    def _sign(self, method: str, path: str) -> dict[str, str]:
        timestamp_ms = int(self._clock.now().timestamp() * 1000)
        return self._credentials.sign(method, self._prefix + path, timestamp_ms)


def uncertain(fetch: Fetch) -> bool:
    """Whether what was sent may have been carried out although no answer says so."""
    return fetch.attempts > 0 and fetch.code in _UNCERTAIN


def failure_of(fetch: Fetch, what: str) -> PrecogError:
    """The error of a call that did not end well, with the venue's own words."""
    error = parse_error(fetch.body) if fetch.body and not fetch.ok else None
    said = words_of(error) if error is not None else fetch.detail or "its answer says nothing of it"
    sent = "" if fetch.attempts else " (not sent)"
    return PrecogError("contract.vanished" if fetch.ok else fetch.code, f"Kalshi, {what}: {said}{sent}.")


def words_of(error: ApiError) -> str:
    """A refusal in one line: its code, and what there is to it."""
    said = error.details or error.message
    return f"{error.code}: {said}" if said and said != error.code else error.code


def row_error(row: Any) -> ApiError | None:
    """The refusal of one row of a batch."""
    error = row.get("error") if isinstance(row, dict) else None
    if not isinstance(error, dict):
        return None
    return ApiError(*(str(error.get(key) or "") for key in ("code", "message", "details")))
