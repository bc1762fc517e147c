"""Who calls: the three signed headers, checked as Kalshi checks them, against the keys of the exchange's accounts.

Timestamps are held against the machine's time, whatever the world's clock shows; a fault may skew it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache

from precog_assets.simulator.kalshi.answers import Refusal
from precog_assets.simulator.kalshi.exchange.accounts import Key
from precog_assets.simulator.kalshi.exchange.keys import read_public_key, signed

KEY_HEADER = "KALSHI-ACCESS-KEY"
TIMESTAMP_HEADER = "KALSHI-ACCESS-TIMESTAMP"
SIGNATURE_HEADER = "KALSHI-ACCESS-SIGNATURE"
WINDOW_MS = 10_000


class Auth:
    """The check of signed requests; `find` gives a key by its id, `real_now` is the machine's time."""

    def __init__(self, find: Callable[[str], Key | None], real_now: Callable[[], datetime]) -> None:
        self._find = find
        self._real_now = real_now
        self._public = lru_cache(maxsize=1_024)(read_public_key)
        self.skew_s = 0.0
        """Seconds by which the venue's clock is ahead of the machine's; a fault sets it."""

    def identify(self, headers: Mapping[str, str], method: str, path: str) -> Key:
        """The key that signed; `path` carries the venue's prefix, and its query is not signed.

        Raises Refusal (401) with the venue's body.
        """
        key_id = headers.get(KEY_HEADER)
        timestamp = headers.get(TIMESTAMP_HEADER)
        signature = headers.get(SIGNATURE_HEADER)
        if not signature:
            raise _missing("signature")
        if not key_id:
            raise _missing("key")
        if not timestamp:
            raise _missing("timestamp")
        if not timestamp.isascii() or not timestamp.isdigit() or abs(int(timestamp[:18]) - self._now_ms()) > WINDOW_MS:
            raise _unauthorized("header_timestamp_expired", "header timestamp expired")
        key = self._find(key_id)
        if key is None:
            raise _unauthorized("authentication_error", "authentication_error", "NOT_FOUND")
        text = f"{timestamp}{method}{path.partition('?')[0]}"
        if not signed(self._public(key.public_pem), text.encode(), signature):
            raise _unauthorized("authentication_error", "authentication_error", "INCORRECT_API_KEY_SIGNATURE")
        return key

    def authenticate(self, headers: Mapping[str, str], method: str, path: str) -> str:
        """The account that signed, by a key that may read. Raises Refusal (401, 403)."""
        key = self.identify(headers, method, path)
        need_scope(key, "read")
        return key.account_id

    def _now_ms(self) -> int:
        return int((self._real_now().timestamp() + self.skew_s) * 1_000)


def need_scope(key: Key, scope: str) -> None:
    """Raises Refusal (403) unless the key has the scope."""
    if not key.allows(scope):
        raise Refusal(403, {"error": {"code": "permission_denied", "message": "permission denied"}})


def _missing(what: str) -> Refusal:
    return _unauthorized(f"{what}_is_missing_from_headers", f"{what} is missing from headers")


def _unauthorized(code: str, message: str, details: str | None = None) -> Refusal:
    error = {"code": code, "message": message}
    if details is not None:
        error["details"] = details
    return Refusal(401, {"error": error})
