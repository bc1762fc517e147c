"""A venue on loopback that answers what a test puts on it: real HTTP, real failures, one thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson


@dataclass
class Venue:
    """Answers by path and, where given, by query; the rest is 404."""

    url: str = ""
    answers: dict[tuple[str, frozenset[tuple[str, str]]], tuple[int, str, bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def put(
        self, path: str, body: Any, *, status: int = 200, content_type: str = "application/json", **query: str
    ) -> None:
        """Answer `path` (with at least these query values) with a body: bytes, or anything JSON."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        self.answers[path, frozenset(query.items())] = (status, content_type, raw)

    def find(self, target: str) -> tuple[int, str, bytes]:
        parts = urlsplit(target)
        asked = frozenset(parse_qsl(parts.query))
        fitting = [key for key in self.answers if key[0] == parts.path and key[1] <= asked]
        if not fitting:
            return 404, "application/json", b'{"code":404,"message":"not here"}'
        return self.answers[max(fitting, key=lambda key: len(key[1]))]


@contextmanager
def running_venue() -> Iterator[Venue]:
    """A venue that listens on a free loopback port for the length of the block."""
    venue = Venue()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            venue.requests.append(self.path)
            status, content_type, body = venue.find(self.path)
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silence: the test says what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    venue.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield venue
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def board_event(
    event_id: str,
    *,
    start: str = "2026-11-22T18:00Z",
    home: str = "12",
    away: str = "30",
    state: str = "in",
    status: str = "STATUS_IN_PROGRESS",
    completed: bool = False,
    score: tuple[int, int] = (0, 0),
    period: int = 1,
    clock: float = 600.0,
    notes: str | None = None,
    season_type: int = 2,
) -> dict[str, Any]:
    """A football event with the keys that the recorded boards have and the parser reads."""
    type_ = {
        "id": "2",
        "name": status,
        "state": state,
        "completed": completed,
        "description": status,
        "detail": status,
        "shortDetail": status,
    }
    full = {"clock": clock, "displayClock": "10:00", "period": period, "type": type_}
    sides = []
    for where, team, points, order in (("home", home, score[0], 0), ("away", away, score[1], 1)):
        side: dict[str, Any] = {
            "id": team,
            "uid": f"s:20~l:28~t:{team}",
            "type": "team",
            "order": order,
            "homeAway": where,
            "team": {
                "id": team,
                "uid": f"s:20~l:28~t:{team}",
                "location": f"City {team}",
                "name": f"Name {team}",
                "abbreviation": f"T{team}",
                "displayName": f"City {team} Name {team}",
            },
            "score": str(points),
        }
        if completed:
            side["winner"] = points == max(score) and score[0] != score[1]
        sides.append(side)
    competition = {
        "id": event_id,
        "uid": f"s:20~l:28~e:{event_id}~c:{event_id}",
        "date": start,
        "startDate": start,
        "timeValid": True,
        "neutralSite": False,
        "competitors": sides,
        "notes": [{"type": "event", "headline": notes}] if notes else [],
        "status": full,
    }
    return {
        "id": event_id,
        "uid": f"s:20~l:28~e:{event_id}",
        "date": start,
        "name": "Away at Home",
        "shortName": "A @ H",
        "season": {"year": 2026, "type": season_type, "slug": "regular-season"},
        "week": {"number": 12},
        "competitions": [competition],
        "status": full,
    }


def board(*events: Any) -> dict[str, Any]:
    return {"leagues": [{"id": "28", "abbreviation": "NFL", "season": {"year": 2026}}], "events": list(events)}
