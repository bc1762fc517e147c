"""How this venue answers: headers by kind of page, compression, refusals, and the block page of its edge."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime

import orjson
from starlette.requests import Request
from starlette.responses import Response

from precog_assets.simulator.espn.pieces import Page
from precog_assets.simulator.espn.wire import Json

BOARD = "scoreboard"
LIST_AGE_S = 63
SUMMARY_AGE_S = 6
CORE_AGE_S = 900
_STALE_S = 7200
_BOARD_AGES_S = (2, 9)
"""Boards are cached for some seconds at the edge; what is left of that is what a client is told."""
_REFUSAL_AGE_S = 2
_WORTH_ZIPPING = 860


def board_age_s(now: datetime) -> int:
    """Seconds a board may be kept: it counts down as the edge's copy ages."""
    low, high = _BOARD_AGES_S
    return high - int(now.timestamp()) % (high - low + 1)


def page_answer(request: Request, page: Page, max_age_s: int, schema: str) -> Response:
    """A joined page, compressed where the client takes that."""
    zipped = _takes_gzip(request)
    return _response(page.gzipped() if zipped else page.body, 200, _headers(max_age_s, schema), zipped=zipped)


def answer(request: Request, document: Json, max_age_s: int, schema: str, status_code: int = 200) -> Response:
    """A document, compressed where it is worth it."""
    body = orjson.dumps(document)
    zipped = _takes_gzip(request) and len(body) >= _WORTH_ZIPPING
    body = gzip.compress(body, 1, mtime=0) if zipped else body
    return _response(body, status_code, _headers(max_age_s, schema), zipped=zipped)


def core_answer(request: Request, document: Json, status_code: int = 200) -> Response:
    """An answer of sports.core.api: kept long, and longer while a new one is fetched."""
    body = orjson.dumps(document)
    zipped = _takes_gzip(request) and len(body) >= _WORTH_ZIPPING
    body = gzip.compress(body, 1, mtime=0) if zipped else body
    headers = _common() | {"Cache-Control": f"max-age={CORE_AGE_S}, stale-while-revalidate={_STALE_S}"}
    return _response(body, status_code, headers, zipped=zipped)


def refusal(request: Request, message: str, status_code: int = 400) -> Response:
    """What the site API says to a request it does not take."""
    return answer(request, {"code": status_code, "message": message}, _REFUSAL_AGE_S, "error", status_code)


def core_refusal(request: Request, message: str, status_code: int = 404) -> Response:
    """What the core API says to it."""
    return core_answer(request, {"error": {"message": message, "code": status_code}}, status_code)


def blocked(request: Request, reference: str) -> Response:
    """The edge's page for a client it does not let through: HTML, 403, and nothing of the API behind it."""
    host = request.headers.get("host", "site.api.espn.com")
    text = (
        "<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>\n \n"
        f'You don\'t have permission to access "http&#58;&#47;&#47;{_escaped(host)}{_escaped(request.url.path)}" '
        f"on this server.<P>\nReference&#32;&#35;{reference}\n</BODY>\n</HTML>\n"
    )
    headers = {
        "Server": "AkamaiGHost",
        "Mime-Version": "1.0",
        "Content-Type": "text/html",
        "Cache-Control": "max-age=0",
    }
    return Response(text.encode(), status_code=403, headers=headers)


def _escaped(text: str) -> str:
    return "".join(char if char.isalnum() else f"&#{ord(char)};" for char in text)


def _common() -> dict[str, str]:
    return {
        "Content-Type": "application/json;charset=UTF-8",
        "Accept-Ranges": "bytes",
        "Access-Control-Allow-Origin": "*",
        "Vary": "Accept-Encoding",
    }


def _headers(max_age_s: int, schema: str) -> dict[str, str]:
    described = f'<{schema}.json#>; rel="describedby"'
    return _common() | {"Cache-Control": f"max-age={max_age_s}", "Link": described}


def _takes_gzip(request: Request) -> bool:
    offered = request.headers.get("accept-encoding", "")
    return any(part.split(";")[0].strip() in ("gzip", "*") for part in offered.split(","))


def _response(body: bytes, status_code: int, headers: Mapping[str, str], *, zipped: bool) -> Response:
    shown = dict(headers) | ({"Content-Encoding": "gzip"} if zipped else {})
    return Response(body, status_code=status_code, headers=shown)
