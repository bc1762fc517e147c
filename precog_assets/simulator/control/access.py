"""Who may control a simulator: programs on this machine. Both ends of the connection must be loopback addresses.

That holds too where the venues themselves are open to others. A name in Host or Origin that is not this machine's
is refused as well: a web page in a local browser must not steer the simulator through a name of its own.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class LoopbackOnly:
    """An application that answers connections of this machine only; others get 403."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wrong = _wrong_with(scope)
        if wrong is None:
            await self._app(scope, receive, send)
            return
        body = {"error": {"code": "forbidden", "message": f"Control is for programs on this machine: {wrong}."}}
        await JSONResponse(body, 403)(scope, receive, send)


def is_loopback(host: str | None) -> bool:
    """Whether an address, or the name `localhost`, is this machine's own."""
    if host is None:
        return False
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _wrong_with(scope: Scope) -> str | None:
    """Why the connection is refused; None when it is good."""
    for end in ("client", "server"):
        address = scope.get(end)
        if address is None or not is_loopback(address[0]):
            return f"the connection's {end} address is {address[0] if address else 'unknown'}, not a loopback one"
    headers = scope["headers"]
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(hosts) != 1 or not is_loopback(_name("//" + hosts[0])):
        return f"Host is {', '.join(hosts) or 'absent'}; expected 127.0.0.1, [::1] or localhost"
    for value in (value.decode("latin-1") for name, value in headers if name == b"origin"):
        if not is_loopback(_name(value)):
            return f"Origin is {value}; expected a page of this machine"
    return None


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
