"""How control reads a request and says no: JSON in, JSON out, and a 400 that names what was read."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.ledger.asking import Nonsense

MOST_BYTES = 1 << 20

Handler = Callable[[Request], Awaitable[Response]]


def answer(body: Any, status_code: int = 200) -> Response:
    return Response(orjson.dumps(body), status_code, media_type="application/json")


def refusal(status_code: int, code: str, message: str) -> Response:
    return answer({"error": {"code": code, "message": message}}, status_code)


def answered(handler: Handler) -> Handler:
    """The handler, with a 400 for what makes no sense."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except (Nonsense, ConfigurationError) as error:
            return refusal(400, "bad_request", str(error))

    return endpoint


async def read_bytes(request: Request) -> bytes:
    """The body. Raises Nonsense when it is oversize."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise Nonsense(f"body of more than {MOST_BYTES} bytes; send a smaller one")
        parts.append(part)
    return b"".join(parts)


async def read_json(request: Request) -> Any:
    """The body as JSON. Raises Nonsense when it is none."""
    body = await read_bytes(request)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        shown = body[:80].decode("utf-8", "replace")
        raise Nonsense(f"body: {shown!r} is not JSON ({error})") from error


async def read_object(request: Request, allowed: Iterable[str]) -> dict[str, Any]:
    """The body as an object with none but the allowed fields. Raises Nonsense."""
    body = await read_json(request)
    if not isinstance(body, dict):
        raise Nonsense(f"body: {body!r}; expected an object")
    known = list(allowed)
    unknown = [name for name in body if name not in known]
    if unknown:
        raise Nonsense(f"unknown field {unknown[0]!r}; known: {', '.join(known)}")
    return body


def number(body: dict[str, Any], name: str) -> float | None:
    """A finite number of the body, None where it is absent. Raises Nonsense."""
    value = body.get(name)
    if value is None and name not in body:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Nonsense(f"{name}: {value!r}; expected a number")
    return float(value)


def text(body: dict[str, Any], name: str, default: str | None = None) -> str | None:
    """A text of the body. Raises Nonsense."""
    value = body.get(name, default)
    if value is not None and not isinstance(value, str):
        raise Nonsense(f"{name}: {value!r}; expected a text")
    return value


def whole(request: Request, name: str, default: int, highest: int) -> int:
    """A whole number of the query from 1 on. Raises Nonsense."""
    said = request.query_params.get(name)
    if said is None:
        return default
    if not (said.isascii() and said.isdigit() and 1 <= int(said[:9]) <= highest):
        raise Nonsense(f"{name}: {said!r}; expected a whole number from 1 to {highest}")
    return int(said)


def only(request: Request, *allowed: str) -> None:
    """Raises Nonsense for a query parameter that is not allowed."""
    unknown = [name for name in request.query_params if name not in allowed]
    if unknown:
        known = f"known: {', '.join(allowed)}" if allowed else "there are none here"
        raise Nonsense(f"unknown parameter {unknown[0]!r}; {known}")
