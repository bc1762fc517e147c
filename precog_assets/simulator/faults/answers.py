"""How each venue words what went wrong, as far as it was recorded; where it was not, the nearest that was.

Kalshi: 429 and 503 as documented and recorded, 500 and the 404 of an unknown path in the nested shape. ESPN: 403
is Akamai's page; 500 is the core API's; 429, 503 and 404 were never recorded and take the site API's shape.
"""

from __future__ import annotations

import orjson
from starlette.responses import Response

from precog_assets.simulator.faults.rules import Venue

_STATUS = {"rate_limit": 429, "server_error": 500, "unavailable": 503, "blocked": 403, "gone": 404}
_KALSHI = {
    "rate_limit": {"error": "too many requests"},
    "server_error": {"error": {"code": "internal_server_error", "message": "internal server error"}},
    "unavailable": {"error": {"code": "service_unavailable", "message": "service unavailable", "service": "exchange"}},
    "gone": {"error": {"code": "not_found", "message": "not found", "service": "exchange"}},
}
_ESPN = {
    "rate_limit": {"code": 429, "message": "Too Many Requests"},
    "server_error": {"error": {"message": "application error", "code": 500}},
    "unavailable": {"code": 503, "message": "Service Unavailable"},
    "gone": {"code": 404, "message": "Not Found"},
}
_DENIED = """<HTML><HEAD>
<TITLE>Access Denied</TITLE>
</HEAD><BODY>
<H1>Access Denied</H1>

You don't have permission to access "http&#58;&#47;&#47;{host}{path}" on this server.<P>
Reference&#32;&#35;18&#46;{number}
<P>
https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18&#46;{number}
</P>
</BODY>
</HTML>
"""
_HOSTS = {"espn": "site&#46;api&#46;espn&#46;com", "kalshi": "api&#46;elections&#46;kalshi&#46;com"}


def refusal(kind: str, venue: Venue, path: str, lot: float, retry_after_s: int | None = None) -> Response:
    """The error answer of a fault; `lot` in [0, 1) makes the reference number of a blocked one."""
    status = _STATUS[kind]
    asked = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    if kind == "blocked":
        number = f"{int(lot * 0xFFFFFFFF):08x}&#46;{int(lot * 0xFFFFFF):x}"
        page = _DENIED.format(host=_HOSTS.get(venue, _HOSTS["kalshi"]), path=path.replace("/", "&#47;"), number=number)
        headers = {"Server": "AkamaiGHost", "Mime-Version": "1.0", "Cache-Control": "max-age=0", **asked}
        return Response(page, status, headers, "text/html")
    body = _ESPN[kind] if venue == "espn" else _KALSHI[kind]
    media_type = "application/json;charset=UTF-8" if venue == "espn" else "application/json"
    return Response(orjson.dumps(body), status, asked, media_type)
