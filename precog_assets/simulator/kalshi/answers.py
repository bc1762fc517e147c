"""How the venue reads a query and says no: parameters, cursors, and the three shapes of an error."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import orjson
from starlette.datastructures import QueryParams
from starlette.responses import Response

ItemT = TypeVar("ItemT")
Key = tuple[int, str]


def answer(body: Any, status_code: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code, media_type="application/json")


class Refusal(Exception):
    """A request the venue refuses, with the body it answers."""

    def __init__(self, status_code: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status_code} {body}")
        self.status_code = status_code
        self.body = body


def not_found() -> Refusal:
    """404 in the nested shape."""
    return Refusal(404, {"error": {"code": "not_found", "message": "not found", "service": "exchange"}})


def bad_request(details: str) -> Refusal:
    """400 in the flat shape."""
    return Refusal(400, {"code": "bad_request", "message": "bad request", "details": details})


def invalid(operation: str, field: str, rule: str) -> Refusal:
    """400 in the bare shape of parameter validation."""
    return Refusal(
        400,
        {
            "msg": f"Parameter validation failed for {operation}: Key: '{operation}Params.{field}' "
            f"Error:Field validation for '{field}' failed on the '{rule}' tag"
        },
    )


class Query:
    """The parameters of one operation; each reader raises Refusal for what Kalshi would refuse."""

    def __init__(self, operation: str, params: QueryParams) -> None:
        self.operation = operation
        self._params = params

    def text(self, name: str) -> str | None:
        return self._params.get(name) or None

    def integer(self, name: str) -> int | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise bad_request(f"{name}: {text!r} is not an integer") from error

    def need_integer(self, name: str) -> int:
        value = self.integer(name)
        if value is None:
            raise invalid(self.operation, _field(name), "required")
        return value

    def flag(self, name: str) -> bool:
        return (self.text(name) or "").lower() in ("true", "1")

    def limit(self, default: int, highest: int, *, lowest: int = 0, name: str = "limit") -> int:
        """The page size; 0 means the default."""
        value = self.integer(name)
        if value is None:
            return default
        if value > highest:
            raise invalid(self.operation, _field(name), "lte")
        if value < lowest:
            raise invalid(self.operation, _field(name), "gte")
        return value or default

    def choice(self, name: str, allowed: Iterable[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise invalid(self.operation, _field(name), "oneof")
        return value

    def status(self, allowed: Iterable[str]) -> str | None:
        return self.choice("status", allowed)

    def split(self, name: str) -> list[str] | None:
        """A comma-separated list; None where the parameter is absent."""
        text = self.text(name)
        return None if text is None else [part.strip() for part in text.split(",") if part.strip()]

    def repeated(self, name: str) -> list[str]:
        """A repeated key; a comma inside one value separates too."""
        return [part for value in self._params.getlist(name) for part in value.split(",") if part]

    def after(self) -> Key | None:
        """Where the page starts; None on the first, and for a cursor nobody gave out."""
        text = self.text("cursor")
        if text is None:
            return None
        try:
            decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
            number, colon, name = decoded.partition(":")
            return (int(number), name) if colon else None
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None


def _field(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def cursor_of(key: Key) -> str:
    return base64.urlsafe_b64encode(f"{key[0]}:{key[1]}".encode()).decode().rstrip("=")


def page(items: Iterable[ItemT], limit: int, key: Callable[[ItemT], Key], after: Key | None) -> tuple[list[ItemT], str]:
    """Up to `limit` items whose key is after the cursor's, and the next cursor; '' on the last page.

    `items` must come in ascending order of `key`; no more are made than the page needs.
    """
    taken: list[ItemT] = []
    for item in items:
        if after is not None and key(item) <= after:
            continue
        if len(taken) == limit:
            return taken, cursor_of(key(taken[-1]))
        taken.append(item)
    return taken, ""
