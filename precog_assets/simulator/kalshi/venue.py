"""The Kalshi venue: what it is composed of, its route table under `/trade-api/v2`, and how a call is answered.

What public reads say is in `reads`, what accounts do in `orders`, `groups`, `portfolio` and `membership`; who may
call, and how often, is decided here for every endpoint alike.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route

from precog_assets.domain.times import Clock, SystemClock
from precog_assets.simulator.kalshi.answers import Query, Refusal, answer, not_found
from precog_assets.simulator.kalshi.auth import KEY_HEADER, Auth, need_scope
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint, Raw
from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.stale import StaleReads
from precog_assets.simulator.kalshi.groups import Groups
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.kalshi.limits import Limits, cost_of
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.kalshi.membership import Membership
from precog_assets.simulator.kalshi.orders import Orders
from precog_assets.simulator.kalshi.portfolio import Portfolio
from precog_assets.simulator.ledger import Recorder
from precog_assets.simulator.turns import TURNS
from precog_assets.simulator.world.model import WorldView

PREFIX = "/trade-api/v2"
MOST_BYTES = 1 << 20
"""Of a request's body."""
_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
_ANONYMOUS = "anonymous"
_MACHINE = SystemClock()


class KalshiVenue:
    """The venue over one world; `real_clock` and `monotonic_s` are the machine's, for signatures and rate limits."""

    def __init__(
        self,
        world: WorldView,
        clock: Clock,
        *,
        journal: Path | None = None,
        recorder: Recorder | None = None,
        real_clock: Clock = _MACHINE,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._monotonic_s = monotonic_s
        self.market = WorldMarket(world)
        self.exchange = Exchange(self.market, clock, journal=journal, recorder=recorder)
        self.auth = Auth(self.exchange.key, real_clock.now)
        self.limits = Limits()
        self.stale = StaleReads(monotonic_s)
        self._reads = self.market.reads(self.exchange)

    def endpoints(self) -> list[Endpoint]:
        """The whole route table."""
        exchange = self.exchange
        return [
            *self._reads.endpoints(),
            *Orders(exchange, self.stale).endpoints(),
            *Groups(exchange).endpoints(),
            *Portfolio(exchange).endpoints(),
            *Membership(exchange).endpoints(),
        ]

    def routes(self) -> list[Route]:
        """The venue's routes, with their prefix, and one for every other path under it."""
        known = [
            Route(PREFIX + endpoint.path, self._answering(endpoint), methods=[endpoint.method])
            for endpoint in self.endpoints()
        ]
        return [*known, Route(PREFIX + "/{rest:path}", _unknown(known), methods=_METHODS)]

    def _answering(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answering(request: Request) -> Response:
            body = await _body(request)
            if body is None:
                return _too_large()
            return await TURNS.run(lambda: self._answer(endpoint, request, body))

        return answering

    def _answer(self, endpoint: Endpoint, request: Request, body: bytes) -> Response:
        query = Query(endpoint.operation, request.query_params)
        try:
            account_id = self._admit(endpoint, request, body)
            now = self._clock.now()
            if endpoint.signed or self.exchange.busy:
                self.exchange.advance(microseconds(now))
            said = endpoint.handler(Call(query, dict(request.path_params), now, body, account_id))
        except Refusal as refusal:
            return answer(refusal.body, refusal.status_code)
        if isinstance(said, Raw):
            return Response(said.content, endpoint.status_code, media_type="application/json")
        if said is None:
            return Response(status_code=endpoint.status_code)
        return answer(said, endpoint.status_code)

    def _admit(self, endpoint: Endpoint, request: Request, body: bytes) -> str:
        """The account that may make this call, '' where no key is needed. Raises Refusal (401, 403, 429)."""
        tokens = cost_of(endpoint.method, endpoint.path) * (endpoint.items(body) if endpoint.items else 1)
        if not endpoint.signed:
            self._bill_public(endpoint, request.headers.get(KEY_HEADER), tokens)
            return ""
        path = request.scope.get("raw_path") or request.url.path.encode()
        key = self.auth.identify(request.headers, request.method, path.decode("latin-1"))
        account = self.exchange.accounts[key.account_id]
        self.limits.spend(key.key_id, account.tier, endpoint.kind, tokens, self._monotonic_s())
        need_scope(key, endpoint.needed_scope)
        return account.account_id

    def _bill_public(self, endpoint: Endpoint, key_id: str | None, tokens: int) -> None:
        """A public call spends from the key it names, signed or not, or from what callers without one share."""
        key = self.exchange.key(key_id) if key_id else None
        tier = self.exchange.accounts[key.account_id].tier if key is not None else self.limits.anonymous_tier
        if tier is not None:
            caller = key.key_id if key is not None else _ANONYMOUS
            self.limits.spend(caller, tier, endpoint.kind, tokens, self._monotonic_s())


async def _body(request: Request) -> bytes | None:
    """The body; None when it is larger than the venue takes."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST_BYTES:
                return None
            parts.append(part)
    except ClientDisconnect:
        return b""
    return b"".join(parts)


def _too_large() -> Response:
    code = "request_entity_too_large"
    return answer({"error": {"code": code, "message": code.replace("_", " ")}}, 413)


def _unknown(known: list[Route]) -> Callable[[Request], Awaitable[Response]]:
    """The answer to a path the venue does not have (404), or not with that method (405)."""

    async def unknown(request: Request) -> Response:
        if any(route.matches(request.scope)[0] is not Match.NONE for route in known):
            return answer({"error": {"code": "method_not_allowed", "message": "method not allowed"}}, 405)
        refusal = not_found()
        return answer(refusal.body, refusal.status_code)

    return unknown
