"""Which clients the edge lets through, by their User-Agent (since August 2026).

Browsers, empty ones, bare `name/1.0` tokens and some tools are refused; known HTTP libraries and whoever
leaves an address are served.
"""

from __future__ import annotations

import re

_SERVED = ("curl/", "python-requests/", "python-httpx/", "Go-http-client/", "okhttp/", "axios/")
_REFUSED = ("Mozilla/", "Deno/", "node-fetch", "Wget/", "Postman")
_WITH_ADDRESS = re.compile(r"\S+/\S+ .*\(\+https?://\S+\)")
_BARE = re.compile(r"[^\s/()]+(/[^\s/()]+)?")


def lets_through(user_agent: str) -> bool:
    """True for a client the edge would serve."""
    agent = user_agent.strip()
    if agent.startswith(_SERVED):
        return True
    if agent.startswith(_REFUSED) or not agent:
        return False
    return bool(_WITH_ADDRESS.fullmatch(agent)) or not _BARE.fullmatch(agent)
