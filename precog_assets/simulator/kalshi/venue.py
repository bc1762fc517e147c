"""The Kalshi venue: what it is composed of, its route table under `/trade-api/v2`, and how a call is answered.

What public reads say is in `reads`; who may call, and how often, is decided here for every endpoint alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from precog_assets.domain.times import Clock
from precog_assets.simulator.kalshi.answers import Query, Refusal, answer
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint, Raw
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.turns import TURNS
from precog_assets.simulator.world.model import WorldView

PREFIX = "/trade-api/v2"


class KalshiVenue:
    """The venue over one world."""

    def __init__(self, world: WorldView, clock: Clock) -> None:
        self._clock = clock
        self._reads = WorldMarket(world).reads()

    def routes(self) -> list[Route]:
        """The venue's routes, with their prefix."""
        return [
            Route(PREFIX + endpoint.path, self._answering(endpoint), methods=[endpoint.method])
            for endpoint in self._reads.endpoints()
        ]

    def _answering(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answering(request: Request) -> Response:
            body = await request.body()
            return await TURNS.run(lambda: self._answer(endpoint, request, body))

        return answering

    def _answer(self, endpoint: Endpoint, request: Request, body: bytes) -> Response:
        query = Query(endpoint.operation, request.query_params)
        try:
            said = endpoint.handler(Call(query, dict(request.path_params), self._clock.now(), body))
        except Refusal as refusal:
            return answer(refusal.body, refusal.status_code)
        if isinstance(said, Raw):
            return Response(said.content, endpoint.status_code, media_type="application/json")
        if said is None:
            return Response(status_code=endpoint.status_code)
        return answer(said, endpoint.status_code)
