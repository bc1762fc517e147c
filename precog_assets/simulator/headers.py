"""What every answer carries whoever made it: the Date by the venue's own clock."""

from __future__ import annotations

from email.utils import formatdate
from functools import lru_cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from precog_assets.simulator.clock import venue_real_now

_text = lru_cache(maxsize=8)(lambda second: formatdate(second, usegmt=True).encode())


class Dated:
    """An application whose answers have a Date; one that is there already stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if not any(name == b"date" for name, _ in headers):
                    headers.append((b"date", _text(int(venue_real_now().timestamp()))))
                    message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, dated if scope["type"] == "http" else send)
