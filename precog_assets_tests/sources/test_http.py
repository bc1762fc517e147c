"""The HTTP layer against real servers on loopback: every outcome is a fetch with its class and code."""

from __future__ import annotations

import gzip
import hashlib
import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from precog_assets.config.sources import SourceConfig
from precog_assets.domain.errors import CODES, ConfigurationError, ErrorClass, PrecogError
from precog_assets.domain.facts import Origin
from precog_assets.domain.ports import Captured, RawResponse, ResponseLog
from precog_assets.domain.times import FixedClock
from precog_assets.sources.address import without_credentials
from precog_assets.sources.http import Fetch, HttpClient, UnrecordedResponses, classify
from precog_assets.sources.limits import RateLimiter

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
JSON = {"Content-Type": "application/json;charset=UTF-8"}
HTML = {"Content-Type": "text/html", "Server": "AkamaiGHost"}
DENIED = b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>no</BODY></HTML>"
SOURCES = """
sources:
  espn:
    title: t
    modes:
      sim: {base_url: "http://127.0.0.1:1", hosts: [], rates: [{requests: 500, per_s: 1}]}
      live: {base_url: "http://127.0.0.1:1", hosts: [], rates: [{requests: 1, per_s: 3600}]}
    timeout_s: {connect: 1.0, read: 1.0, total: 3.0}
    retries: {attempts: 3, wait_initial_s: 0.2, wait_max_s: 0.9}
    breaker: {failures: 5, recovery_s: 30}
    poll: {idle_s: 1, pregame_s: 1, live_s: 1, pregame_window_min: 1}
"""

Reply = tuple[int, Mapping[str, str], bytes]


class Server(ThreadingHTTPServer):
    """Answers with `replies` in turn, the last one for ever; remembers what it was asked."""

    daemon_threads = True
    replies: list[Reply]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections: set[int] = set()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        with server.lock:
            server.asked.append((self.path, dict(self.headers)))
            server.connections.add(self.client_address[1])
            status, headers, body = server.replies[0]
            if len(server.replies) > 1:
                server.replies.pop(0)
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.replies = [(200, JSON, b'{"events": []}')]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


class Log:
    """A response log in memory; unchanged means the feed's last answer had the same status and bytes."""

    def __init__(self) -> None:
        self.kept: list[RawResponse] = []
        self.last: dict[str, tuple[int, str]] = {}

    def capture(self, response: RawResponse) -> Captured:
        self.kept.append(response)
        sha256 = hashlib.sha256(response.body).hexdigest()
        answer = (response.status_code, sha256)
        unchanged = self.last.get(response.feed) == answer
        self.last[response.feed] = answer
        return Captured(None if unchanged else len(self.kept), sha256, unchanged)


def changed(config: SourceConfig, **groups: Mapping[str, float]) -> SourceConfig:
    return config.model_copy(
        update={name: getattr(config, name).model_copy(update=dict(values)) for name, values in groups.items()}
    )


@pytest.fixture
def limiter(tmp_path: Path) -> Iterator[RateLimiter]:
    path = tmp_path / "sources.yaml"
    path.write_text(SOURCES)
    limiter = RateLimiter(tmp_path / "limits", sources_path=path)
    yield limiter
    limiter.close()


@pytest.fixture
def responses() -> Log:
    return Log()


@pytest.fixture
def waits() -> list[float]:
    return []


Make = Callable[..., HttpClient]


@pytest.fixture
def make(limiter: RateLimiter, responses: Log, waits: list[float], server: Server) -> Iterator[Make]:
    """A client for the server, or for `base_url`; timeouts, retries and breaker as given."""
    clients: list[HttpClient] = []

    def build(
        base_url: str | None = None,
        *,
        mode: Any = "sim",
        user_agent: str | None = None,
        response_log: ResponseLog = responses,
        **groups: Mapping[str, float],
    ) -> HttpClient:
        client = HttpClient(
            changed(limiter.config("espn"), **groups),
            mode=mode,
            base_url=base_url or server.url,
            user_agent=user_agent,
            response_log=response_log,
            clock=FixedClock(NOW),
            limiter=limiter,
            sleep=waits.append,
        )
        clients.append(client)
        return client

    yield build
    for client in clients:
        client.close()


def get(client: HttpClient, path: str = "/board", **options: Any) -> Fetch:
    given: dict[str, Any] = {"feed": "espn:scoreboard:nba:20261122", "correlation_id": "tick-1", **options}
    return client.get(path, **given)


@contextmanager
def raw_server(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that does to each connection what `answer` does, until the event is set."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            try:
                answer(connection, over)
            except (BrokenPipeError, ConnectionResetError):
                return

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if over.is_set():
                connection.close()
                return
            threads.append(threading.Thread(target=serve, args=(connection,)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        socket.create_connection(listener.getsockname()).close()
        acceptor.join()
        listener.close()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    ("status", "content_type", "body", "code"),
    [
        (200, "application/json", b"{}", "ok"),
        (200, "text/plain", b'{"a": 1}', "ok"),
        (200, "", b"[]", "ok"),
        (204, "", b"", "ok"),
        (200, "application/json", b"", "contract.not_json"),
        (200, "application/json", b" \n", "contract.not_json"),
        (200, "text/html", b"<html>Scores</html>", "contract.not_json"),
        (200, "application/json", b"\xef\xbb\xbf<!doctype html>Scores", "contract.not_json"),
        (200, "text/html", DENIED, "http.blocked"),
        (304, "", b"", "http.unchanged"),
        (301, "text/html", b"<html>Moved</html>", "http.redirect"),
        (302, "", b"", "http.redirect"),
        (400, "application/json", b'{"code":400}', "http.bad_request"),
        (401, "application/json", b"{}", "http.unauthorized"),
        (403, "text/html", DENIED, "http.blocked"),
        (403, "", b"", "http.blocked"),
        (403, "application/json", DENIED, "http.blocked"),
        (403, "application/json", b'{"error":{"code":"forbidden"}}', "http.unauthorized"),
        (404, "text/html", b"<html>", "http.not_found"),
        (410, "", b"", "http.not_found"),
        (418, "", b"", "http.client_error"),
        (429, "application/json", b"{}", "http.rate_limited"),
        (500, "text/html", b"<html>", "http.server_error"),
        (503, "", b"", "http.server_error"),
        (599, "", b"", "http.server_error"),
    ],
)
def test_an_answer_is_classified(status: int, content_type: str, body: bytes, code: str) -> None:
    assert classify(status, content_type, body) == code
    assert code in CODES


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://h.example/a?dates=20261122&limit=500", "https://h.example/a?dates=20261122&limit=500"),
        ("https://me:pass@h.example/a", "https://h.example/a"),
        ("https://h.example/a?api_key=1&x=2&apiKey=3", "https://h.example/a?api_key=***&x=2&apiKey=***"),
        ("https://h.example/a?key=1&X-Amz-Signature=2", "https://h.example/a?key=***&X-Amz-Signature=***"),
        ("https://h.example/a?accessToken=1&token=2&token=3", "https://h.example/a?accessToken=***&token=***"),
        ("https://h.example/a?cursor=abc&event_ticker=KX", "https://h.example/a?cursor=abc&event_ticker=KX"),
    ],
)
def test_what_is_kept_of_an_address_has_no_credentials(url: str, kept: str) -> None:
    assert without_credentials(httpx.URL(url)).replace("%2A", "*") == kept


def test_an_answer_is_kept_raw_before_anyone_reads_it(make: Make, server: Server, responses: Log) -> None:
    server.replies = [(200, JSON, b"{not json yet}")]
    fetch = get(make(), params={"dates": "20261122", "limit": 500, "token": "s3cret"}, headers={"X-Sig": "s3cret"})
    assert (fetch.error_class, fetch.code, fetch.ok, fetch.attempts) == (ErrorClass.OK, "ok", True, 1)
    assert fetch.body == b"{not json yet}"
    assert fetch.observed_at == NOW
    assert fetch.sha256 == hashlib.sha256(fetch.body).hexdigest()
    assert fetch.response_id == 1
    assert fetch.elapsed_ms > 0
    (kept,) = responses.kept
    assert (kept.source, kept.feed, kept.correlation_id) == ("espn", "espn:scoreboard:nba:20261122", "tick-1")
    assert (kept.status_code, kept.outcome, kept.code, kept.origin) == (200, "ok", "ok", Origin.LIVE)
    assert (kept.body, kept.content_type, kept.observed_at) == (fetch.body, JSON["Content-Type"], NOW)
    assert kept.url.startswith(f"{server.url}/board?dates=20261122&limit=500&token=")
    assert server.asked[0][1]["X-Sig"] == "s3cret"
    assert "s3cret" not in repr(kept) + repr(fetch)


def test_the_same_bytes_again_are_not_modified_and_still_there(make: Make) -> None:
    client = make()
    assert get(client).code == "ok"
    again = get(client)
    assert (again.error_class, again.code, again.response_id) == (ErrorClass.NOT_MODIFIED, "http.unchanged", None)
    assert again.ok
    assert again.body == b'{"events": []}'
    assert get(client, feed="espn:scoreboard:nfl:20261122").code == "ok"


def test_the_same_refusal_again_is_still_a_refusal(make: Make, server: Server) -> None:
    server.replies = [(403, HTML, DENIED)]
    client = make()
    assert [get(client).code for _ in range(2)] == ["http.blocked", "http.blocked"]


def test_a_304_is_not_modified_and_not_kept(make: Make, server: Server, responses: Log) -> None:
    server.replies = [(304, {}, b"")]
    assert get(make(), headers={"If-None-Match": "x"}).error_class is ErrorClass.NOT_MODIFIED
    assert responses.kept == []


def test_capture_can_be_left_out(make: Make, responses: Log) -> None:
    fetch = get(make(), capture=False)
    assert (fetch.code, fetch.response_id, fetch.sha256) == ("ok", None, None)
    assert responses.kept == []


def test_a_log_that_keeps_nothing_still_gives_the_hash(make: Make) -> None:
    fetch = get(make(response_log=UnrecordedResponses()))
    assert (fetch.code, fetch.response_id) == ("ok", None)
    assert fetch.sha256 == hashlib.sha256(fetch.body).hexdigest()


def test_what_is_transient_is_tried_again_with_growing_waits(
    make: Make, server: Server, responses: Log, waits: list[float]
) -> None:
    server.replies = [(503, JSON, b"1"), (500, JSON, b"2"), (200, JSON, b"{}")]
    fetch = get(make())
    assert (fetch.code, fetch.attempts) == ("ok", 3)
    assert [kept.code for kept in responses.kept] == ["http.server_error", "http.server_error", "ok"]
    assert len(waits) == 2
    assert 0.2 <= waits[0] <= 0.4
    assert 0.4 <= waits[1] <= 0.6


def test_retries_end_after_the_configured_attempts(make: Make, server: Server) -> None:
    server.replies = [(502, HTML, b"<html>bad gateway</html>")]
    fetch = get(make())
    assert (fetch.error_class, fetch.code, fetch.attempts) == (ErrorClass.TRANSIENT, "http.server_error", 3)
    assert fetch.detail == "HTTP 502 with an HTML page, 24 bytes, server AkamaiGHost"
    assert len(server.asked) == 3


def test_waits_are_capped(make: Make, server: Server, waits: list[float]) -> None:
    server.replies = [(503, JSON, b"1")]
    get(make(retries={"attempts": 5, "wait_initial_s": 0.3, "wait_max_s": 0.5}, timeout_s={"total": 60}))
    assert len(waits) == 4
    assert waits[2:] == [0.5, 0.5]


def test_no_retry_would_outlast_the_total(make: Make, server: Server, waits: list[float]) -> None:
    server.replies = [(503, JSON, b"1")]
    fetch = get(make(retries={"wait_initial_s": 5.0, "wait_max_s": 5.0}))
    assert (fetch.attempts, waits) == (1, [])


@pytest.mark.parametrize(("value", "waited"), [("1", [1.0]), ("0", [0.0]), ("nonsense", None), ("3600", [])])
def test_retry_after_is_honoured_within_the_total(
    make: Make, server: Server, waits: list[float], value: str, waited: list[float] | None
) -> None:
    server.replies = [(429, {**JSON, "Retry-After": value}, b"{}"), (200, JSON, b"{}")]
    fetch = get(make())
    if waited == []:
        assert (fetch.code, fetch.attempts, waits) == ("http.rate_limited", 1, [])
    else:
        assert (fetch.code, fetch.attempts) == ("ok", 2)
        assert waits == waited if waited else 0.2 <= waits[0] <= 0.4


def test_retry_after_may_be_a_date(make: Make, server: Server, waits: list[float]) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    server.replies = [(503, {**JSON, "Retry-After": until}, b"{}"), (200, JSON, b"{}")]
    assert get(make()).code == "ok"
    assert 0 < waits[0] <= 2


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409])
def test_what_is_not_transient_is_not_tried_again(make: Make, server: Server, status: int, responses: Log) -> None:
    server.replies = [(status, JSON, b'{"code": 1}')]
    fetch = get(make())
    assert fetch.attempts == len(server.asked) == len(responses.kept) == 1
    assert fetch.error_class is ErrorClass.PERMANENT
    assert fetch.body == b'{"code": 1}'


def test_redirects_are_not_followed(make: Make, server: Server) -> None:
    server.replies = [(302, {"Location": "/elsewhere"}, b"")]
    fetch = get(make())
    assert fetch.code == "http.redirect"
    assert "location /elsewhere" in fetch.detail
    assert [path for path, _ in server.asked] == ["/board"]


def test_403_with_html_is_blocked_and_says_so(make: Make, server: Server) -> None:
    server.replies = [(403, HTML, DENIED)]
    fetch = get(make())
    assert (fetch.error_class, fetch.code, fetch.ok) == (ErrorClass.BLOCKED, "http.blocked", False)
    assert fetch.detail == f"HTTP 403 with an HTML page, {len(DENIED)} bytes, server AkamaiGHost"


def test_a_refused_connection_is_a_connection_failure(make: Make, responses: Log) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    fetch = get(make(f"http://127.0.0.1:{port}"))
    assert (fetch.error_class, fetch.code, fetch.attempts) == (ErrorClass.TRANSIENT, "http.connection", 3)
    assert (fetch.status_code, fetch.body, fetch.response_id) == (None, b"", None)
    assert "ConnectError" in fetch.detail
    assert responses.kept == []


def test_an_unknown_host_is_a_connection_failure(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    fetch = get(make("http://no-such-host.invalid", retries={"attempts": 1}))
    assert fetch.code == "http.connection"
    assert "Name or service not known" in fetch.detail


def test_a_server_that_never_answers_is_a_timeout(make: Make) -> None:
    def silent(_: socket.socket, over: threading.Event) -> None:
        over.wait()

    with raw_server(silent) as url:
        fetch = get(make(url, timeout_s={"read": 0.05}, retries={"attempts": 2}))
    assert (fetch.code, fetch.attempts) == ("http.timeout", 2)
    assert 90 <= fetch.elapsed_ms < 5000


def test_an_answer_cut_off_in_the_middle_is_a_connection_failure_and_not_kept(make: Make, responses: Log) -> None:
    def cut(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"a":')

    with raw_server(cut) as url:
        fetch = get(make(url, retries={"attempts": 2}))
    assert (fetch.code, fetch.attempts, fetch.body) == ("http.connection", 2, b"")
    assert responses.kept == []


@pytest.mark.parametrize(
    "answer", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]
)
def test_what_is_not_http_is_a_connection_failure(make: Make, answer: bytes) -> None:
    def babble(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(answer)

    with raw_server(babble) as url:
        assert get(make(url, retries={"attempts": 1})).code == "http.connection"


def test_bytes_that_do_not_decompress_are_a_connection_failure(make: Make, server: Server) -> None:
    server.replies = [(200, {**JSON, "Content-Encoding": "gzip"}, b"not gzip at all")]
    fetch = get(make(retries={"attempts": 1}))
    assert (fetch.code, fetch.error_class) == ("http.connection", ErrorClass.TRANSIENT)
    assert "DecodingError" in fetch.detail


def test_a_source_that_trickles_is_cut_off_at_the_total(make: Make) -> None:
    def trickle(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.01):
            connection.sendall(b" ")

    with raw_server(trickle) as url:
        fetch = get(make(url, timeout_s={"total": 0.2}))
    assert (fetch.code, fetch.attempts) == ("http.timeout", 1)
    assert "not complete after 0.2 s" in fetch.detail
    assert 200 <= fetch.elapsed_ms < 5000


def test_the_breaker_opens_after_repeated_failures_and_lets_one_try_later(
    make: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(time=lambda: NOW.timestamp())
    monkeypatch.setattr("purgatory.domain.model.time", clock)
    server.replies = [(503, JSON, b"1")]
    client = make(breaker={"failures": 4, "recovery_s": 30})
    assert [get(client).attempts for _ in range(2)] == [3, 1]
    held = get(client)
    assert (held.error_class, held.code, held.attempts) == (ErrorClass.TRANSIENT, "http.circuit_open", 0)
    assert "127.0.0.1" in held.detail
    assert len(server.asked) == 4
    clock.time = lambda: NOW.timestamp() + 31
    assert (get(client).attempts, get(client).code, len(server.asked)) == (1, "http.circuit_open", 5)
    clock.time = lambda: NOW.timestamp() + 62
    server.replies = [(200, JSON, b"{}")]
    assert get(client).code == "ok"
    server.replies = [(503, JSON, b"1"), (200, JSON, b"{}")]
    assert get(client).attempts == 2
    assert client.breaker.state == "closed"


def test_connections_that_the_host_closed_after_a_while_are_no_failures_of_the_host(make: Make) -> None:
    """As hosts do after some idle seconds; a poll at that very moment finds all of its connections closed."""

    def once(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        connection.recv(65536)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with raw_server(once) as url:
        client = make(base_url=url, breaker={"failures": 1, "recovery_s": 30})
        fetches = [get(client) for _ in range(3)]
        client.close()
    assert [(fetch.status_code, fetch.attempts) for fetch in fetches] == [(200, 1), (200, 2), (200, 2)]
    assert client.breaker.state == "closed"


@pytest.mark.parametrize("status", [403, 404, 429])
def test_answers_that_are_not_failures_of_the_host_never_open_the_breaker(
    make: Make, server: Server, status: int
) -> None:
    server.replies = [(status, HTML, DENIED)]
    client = make(breaker={"failures": 1}, retries={"attempts": 1})
    for _ in range(3):
        assert get(client).attempts == 1


def test_failures_in_several_threads_open_the_breaker_once_and_nothing_is_raised(make: Make, server: Server) -> None:
    server.replies = [(500, JSON, b"1")]
    client = make(breaker={"failures": 5}, retries={"attempts": 2}, timeout_s={"read": 30, "total": 60})
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda _: get(client).code, range(64)))
    assert set(codes) == {"http.server_error", "http.circuit_open"}
    assert client.breaker.state == "opened"
    assert len(server.asked) < 24


def test_without_room_in_our_own_limit_nothing_is_sent(make: Make, server: Server, limiter: RateLimiter) -> None:
    client = make(mode="live")
    assert get(client).code == "ok"
    fetch = get(client)
    assert (fetch.error_class, fetch.code, fetch.attempts) == (ErrorClass.TRANSIENT, "http.budget", 0)
    assert len(server.asked) == 1
    (use,) = limiter.usage()
    assert (use.mode, use.sent, use.refused) == ("live", 1, 1)


def test_retries_take_permits_too_and_the_sources_answer_is_what_is_told(make: Make, server: Server) -> None:
    server.replies = [(503, JSON, b"1")]
    fetch = get(make(mode="live"))
    assert (fetch.code, fetch.attempts, len(server.asked)) == ("http.server_error", 1, 1)


def test_the_user_agent_is_httpx_own_unless_set(make: Make, server: Server) -> None:
    get(make())
    get(make(user_agent="curl/8.7.1"))
    agents = [headers["User-Agent"] for _, headers in server.asked]
    assert agents == [f"python-httpx/{httpx.__version__}", "curl/8.7.1"]


def test_compressed_answers_are_kept_decompressed_and_connections_reused(
    make: Make, server: Server, responses: Log
) -> None:
    server.replies = [(200, {**JSON, "Content-Encoding": "gzip"}, gzip.compress(b'{"a": 1}'))]
    client = make()
    assert [get(client).body for _ in range(3)] == [b'{"a": 1}'] * 3
    assert responses.kept[0].body == b'{"a": 1}'
    assert len(server.connections) == 1
    assert "gzip" in server.asked[0][1]["Accept-Encoding"]


def test_paths_are_taken_under_the_base_url_and_lists_repeat_their_key(make: Make, server: Server) -> None:
    client = make(f"{server.url}/trade-api/v2")
    get(client, "/markets", params={"tickers": ["A", "B"], "limit": 5})
    get(client, "/markets?cursor=x")
    assert [path for path, _ in server.asked] == [
        "/trade-api/v2/markets?tickers=A&tickers=B&limit=5",
        "/trade-api/v2/markets?cursor=x",
    ]
    for path in ("markets", "http://evil.example/"):
        with pytest.raises(ValueError, match="must start with `/`"):
            get(client, path)
    get(client, "//evil.example/x")
    assert server.asked[-1][0].startswith("/trade-api/v2/")


@pytest.mark.parametrize("base_url", ["", "site.api.espn.com", "ftp://h.example", "http://h:notaport"])
def test_a_base_url_without_host_is_a_configuration_error(make: Make, server: Server, base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="base URL"):
        make(base_url or "http://")


def test_a_proxy_of_the_environment_does_not_carry_loopback_requests(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert get(make()).code == "ok"


def test_many_threads_share_one_client(make: Make, server: Server, responses: Log) -> None:
    client = make()
    with ThreadPoolExecutor(8) as pool:
        fetches = list(pool.map(lambda i: get(client, feed=f"f{i}"), range(64)))
    assert {fetch.code for fetch in fetches} == {"ok"}
    assert len(server.asked) == len(responses.kept) == 64
    assert len(server.connections) <= 8


def test_a_failure_of_the_archive_is_raised(make: Make) -> None:
    class FullDisk:
        def capture(self, response: RawResponse) -> Captured:
            raise PrecogError("system.archive", "no space left")

    with pytest.raises(PrecogError, match="no space left"):
        get(make(response_log=FullDisk()))


def test_a_failure_is_logged_in_one_line_without_secrets(
    make: Make, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.replies = [(404, JSON, b"{}")]
    with caplog.at_level(logging.INFO, logger="precog.http"):
        get(make(), params={"api_key": "s3cret"}, headers={"Authorization": "s3cret"})
    (record,) = [record for record in caplog.records if record.name == "precog.http"]
    line = record.getMessage()
    for part in ("source=espn", "feed=espn:scoreboard:nba", "code=http.not_found", "attempts=1", "tick-1"):
        assert part in line
    assert "s3cret" not in line


def test_success_is_not_logged(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="precog.http"):
        get(make())
    assert [record for record in caplog.records if record.name == "precog.http"] == []


def test_retries_follow_a_configuration_that_is_read_again(limiter: RateLimiter, server: Server) -> None:
    server.replies = [(503, JSON, b"1")]
    config = limiter.config("espn")
    current = [config]
    client = HttpClient(
        lambda: current[0],
        mode="sim",
        base_url=server.url,
        user_agent=None,
        response_log=UnrecordedResponses(),
        clock=FixedClock(NOW),
        limiter=limiter,
        sleep=lambda _: None,
    )
    assert get(client).attempts == 3
    current[0] = changed(config, retries={"attempts": 1})
    assert get(client).attempts == 1
    client.close()
