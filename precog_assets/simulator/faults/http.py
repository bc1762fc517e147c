"""Faults on their way between a client and the venues: ASGI middleware that carries out what strikes a request.

The order is that of the real way: the line is slow, the venue does not answer or refuses, it answers from what it
knows (an old state, a wrong clock), the answer's content is wrong, its bytes are cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from precog_assets.simulator.clock import shifted, skewed
from precog_assets.simulator.faults.answers import refusal
from precog_assets.simulator.faults.asked import Asked, asked_by
from precog_assets.simulator.faults.engine import Engine, Strike
from precog_assets.simulator.faults.payload import CHANGES, broken, changed
from precog_assets.simulator.faults.rules import (
    Broken,
    BrokenJson,
    ClockSkew,
    Latency,
    Refused,
    StaleRead,
    Timeout,
)

TRANSPORT = "simulator.transport"
"""Where the server puts a connection's transport in the ASGI state, so that it can be reset."""
STRUCK = "simulator.struck"
"""Where a scope tells which faults struck, for the request log."""
_RESET_AT_ONCE = struct.pack("ii", 1, 0)


class Faulty:
    """An application whose answers may be struck by faults."""

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = asked_by(scope)
        strikes = self._engine.strike_request(asked)
        if not strikes:
            await self._app(scope, receive, send)
            return
        scope.setdefault(STRUCK, []).extend(strike.rule.id for strike in strikes)
        await _Carrying(self._app, self._engine, asked, strikes).out(scope, receive, send)


class _Carrying:
    """One request with the faults that strike it."""

    def __init__(self, app: ASGIApp, engine: Engine, asked: Asked, strikes: list[Strike]) -> None:
        self._app = app
        self._engine = engine
        self._asked = asked
        self._strikes = strikes

    async def out(self, scope: Scope, receive: Receive, send: Send) -> None:
        for strike in self._strikes:
            if isinstance(strike.rule, Latency):
                delay_ms = strike.rule.delay_ms + strike.rule.jitter_ms * strike.lot()
                self._tell(strike, f"{delay_ms:.0f} ms late")
                await asyncio.sleep(delay_ms / 1000)
        for strike in self._strikes:
            if isinstance(strike.rule, Timeout):
                self._tell(strike, "never answered")
                await _gone(receive)
                return
            if isinstance(strike.rule, Refused):
                await self._refuse(strike, scope, receive, send)
                return
        with ExitStack() as wrong:
            self._mislead(wrong)
            if scope["type"] == "http" and any(isinstance(s.rule, _ON_ANSWERS) for s in self._strikes):
                await self._spoil(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    def _tell(self, strike: Strike, effect: str) -> None:
        asked = self._asked
        facts: dict[str, Any] = {"venue": asked.venue, "method": asked.method, "path": asked.path}
        if asked.query:
            facts["query"] = dict(asked.query)
        if asked.tickers:
            facts["ticker"] = asked.tickers[0]
        if len(asked.leagues) == 1:
            facts["league"] = next(iter(asked.leagues))
        self._engine.tell(strike, effect, facts)

    async def _refuse(self, strike: Strike, scope: Scope, receive: Receive, send: Send) -> None:
        rule = strike.rule
        wait_s = rule.retry_after_s if isinstance(rule, Refused) else None
        answer = refusal(rule.kind, self._asked.venue, self._asked.path, strike.lot(), wait_s)
        self._tell(strike, f"answered {answer.status_code}")
        if scope["type"] == "http":
            await answer(scope, receive, send)
            return
        headers = answer.raw_headers
        await send({"type": "websocket.http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": bytes(answer.body)})

    def _mislead(self, wrong: ExitStack) -> None:
        for strike in self._strikes:
            rule = strike.rule
            if isinstance(rule, StaleRead) and self._asked.method == "GET":
                wrong.enter_context(shifted(timedelta(seconds=rule.age_s)))
                self._tell(strike, f"{rule.age_s:g} s old")
            elif isinstance(rule, ClockSkew):
                wrong.enter_context(skewed(timedelta(seconds=rule.skew_s)))
                self._tell(strike, f"clock {rule.skew_s:+g} s")

    async def _spoil(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the whole answer, uncompressed, change it, and send it as far as the faults let it through."""
        start: Message = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        plain = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
        await self._app({**scope, "headers": plain}, receive, keep)
        body = self._respelled(b"".join(parts), start["status"])
        cut = next((strike for strike in self._strikes if isinstance(strike.rule, Broken)), None)
        if cut is None:
            await _send_whole(send, start, body)
            return
        kept = body[: int(len(body) * cut.rule.keep)] if isinstance(cut.rule, Broken) else body
        self._tell(cut, f"{len(kept)} of {len(body)} bytes")
        if cut.rule.kind == "truncated":
            await _send_whole(send, start, kept)
            return
        await send({**start, "headers": _sized(start["headers"], len(body))})
        await send({"type": "http.response.body", "body": kept, "more_body": True})
        if cut.rule.kind == "reset":
            await _reset(scope)
        await _gone(receive)

    def _respelled(self, body: bytes, status: int) -> bytes:
        """The body with its content changed, where it is a good answer in JSON, and then with its JSON broken."""
        changes = [strike for strike in self._strikes if isinstance(strike.rule, CHANGES)]
        if changes and status == 200:
            with contextlib.suppress(orjson.JSONDecodeError):
                parsed = orjson.loads(body)
                for strike in changes:
                    count = changed(parsed, strike)
                    if count:
                        self._tell(strike, f"{strike.rule.kind} in {count} places")
                body = orjson.dumps(parsed)
        for strike in self._strikes:
            if isinstance(strike.rule, BrokenJson):
                body = broken(body, strike.lot())
                self._tell(strike, "JSON that does not parse")
        return body


_ON_ANSWERS = (*CHANGES, Broken, BrokenJson)


async def _send_whole(send: Send, start: Message, body: bytes) -> None:
    await send({**start, "headers": _sized(start["headers"], len(body))})
    await send({"type": "http.response.body", "body": body})


def _sized(headers: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    others = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [*others, (b"content-length", str(length).encode())]


async def _gone(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] not in ("http.disconnect", "websocket.disconnect"):
        pass


async def _reset(scope: Scope) -> None:
    """Reset the connection, once what was written is on its way. Without a server's transport, as in tests: raise."""
    transport = scope.get("state", {}).get(TRANSPORT)
    if transport is None:
        raise ConnectionResetError("the connection was reset by a fault")
    for _ in range(2):
        await asyncio.sleep(0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
    transport.abort()
