"""Reading single values out of decoded JSON whose types cannot be trusted.

Here: bytes to JSON, and accessors that give a typed value or None. A value that is there but cannot
be what it should be is None, never a default; whether that matters is decided by the reader of the row.
Not here: which keys exist (`payloads`), and what the values mean (`status`, `kinds`, `events`, `tennis`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from precog_assets.domain.times import parse_instant

MAX_INT = 2_147_483_647
"""Largest whole number a row may carry; the tables hold 32-bit integers."""
MAX_TEXT = 1000

_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}(\.0+)?", re.ASCII)
_EMPTY: Mapping[str, Any] = {}


class Unreadable(Exception):
    """One row, or a whole payload, that cannot be read; becomes a `Rejection` of that reason."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


def load_json(body: bytes) -> Any:
    """Decode a body. A literal NaN or Infinity, which is not JSON but has been sent, reads as null.

    Raises Unreadable: `not_json` for anything else that is not JSON in UTF-8.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        detail = str(error)
    try:
        return orjson.loads(orjson.dumps(json.loads(body, parse_constant=lambda _: None)))
    except (ValueError, TypeError, RecursionError):
        raise Unreadable("not_json", f"{len(body)} bytes starting {body[:60]!r}: {detail}") from None


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else _EMPTY


def items(value: Any) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """Non-empty text as sent, at most 1,000 characters, without NUL, which PostgreSQL cannot store."""
    if not isinstance(value, str):
        return None
    if "\x00" in value:
        value = value.replace("\x00", "")
    return value[:MAX_TEXT] or None


def first_text(source: Mapping[str, Any], *keys: str) -> str | None:
    """The first of the keys that holds text."""
    for key in keys:
        found = text(source.get(key))
        if found is not None:
            return found
    return None


def whole(value: Any) -> int | None:
    """A whole number from a number or numeric text (`13`, `"13"`, `13.0`), within 32 bits, not negative."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if value.is_integer() else None
    elif isinstance(value, str):
        value = int(float(value)) if _WHOLE.fullmatch(value) else None
    if isinstance(value, int) and 0 <= value <= MAX_INT:
        return value
    return None


def number(value: Any) -> float | None:
    """A finite number, not text and not a boolean."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def flag(value: Any) -> bool | None:
    """True or False as sent; anything else is None."""
    return value if isinstance(value, bool) else None


def shown(value: Any) -> str:
    """A value as a message names it: scalars as sent, cut; containers by their type only."""
    if isinstance(value, dict | list):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)[:80]


def identifier(source: Mapping[str, Any], key: str = "id") -> str:
    """An id as text, e.g. `401772714`, `-1`, `172-2025`; ESPN sends text, a number is accepted.

    Raises Unreadable (`missing_key:...` where absent or null, `bad_id` where it is no id).
    """
    value = source.get(key)
    if value is None:
        raise Unreadable(f"missing_key:{key}", f"no `{key}`")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Unreadable("bad_id", f"`{key}` is {shown(value)}; expected letters, digits, `-`, at most 64")
    return value


def instant(value: Any) -> datetime | None:
    """An instant in UTC, or None for anything that is not one (also beyond the calendar's ends)."""
    try:
        return parse_instant(value)
    except (ValueError, OverflowError):
        return None
