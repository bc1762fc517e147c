"""Control answers programs on this machine, and nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from precog_assets.simulator.control.access import LoopbackOnly, is_loopback
from precog_assets_tests.simulator.serving import listening, running


async def welcome(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in"})


def status(client: str | None, server: str | None, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes]:
    """What a connection between those addresses is answered."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/simulator/health",
        "headers": headers,
        "client": None if client is None else (client, 40_000),
        "server": None if server is None else (server, 8100),
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(LoopbackOnly(welcome)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


LOCAL = (b"host", b"127.0.0.1:8100")


@pytest.mark.parametrize(
    ("client", "server"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::ffff:127.0.0.1", "::ffff:127.0.0.1")]
)
@pytest.mark.parametrize("host", [b"127.0.0.1:8100", b"localhost:8100", b"[::1]:8100", b"LOCALHOST"])
def test_programs_on_this_machine_are_let_in(client: str, server: str, host: bytes) -> None:
    assert status(client, server, [(b"host", host)]) == (200, b"in")


@pytest.mark.parametrize(
    ("client", "server", "end"),
    [
        ("192.168.1.7", "127.0.0.1", b"client address is 192.168.1.7"),
        ("127.0.0.1", "192.168.1.7", b"server address is 192.168.1.7"),
        ("::ffff:10.0.0.1", "127.0.0.1", b"client address is ::ffff:10.0.0.1"),
        (None, "127.0.0.1", b"client address is unknown"),
        ("127.0.0.1", None, b"server address is unknown"),
    ],
)
def test_either_end_elsewhere_is_refused_naming_it(client: str | None, server: str | None, end: bytes) -> None:
    code, body = status(client, server, [LOCAL])
    assert code == 403
    assert end in body


@pytest.mark.parametrize(
    "headers",
    [
        [(b"host", b"simulator.example:8100")],
        [(b"host", b"127.0.0.1.example")],
        [],
        [LOCAL, LOCAL],
        [(b"host", b"[::")],
        [LOCAL, (b"origin", b"https://example.org")],
        [LOCAL, (b"origin", b"null")],
    ],
)
def test_a_page_of_somebody_else_in_a_local_browser_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assert status("127.0.0.1", "127.0.0.1", headers)[0] == 403


def test_the_page_itself_may_control() -> None:
    assert status("127.0.0.1", "127.0.0.1", [LOCAL, (b"origin", b"http://127.0.0.1:8100")])[0] == 200


@pytest.mark.parametrize("host", ["127.8.8.8", "[::1]", "localhost", "::1"])
def test_loopback_names_and_addresses_are_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.1.nip.io", "", None, "10.0.0.1"])
def test_other_names_and_addresses_are_not(host: str | None) -> None:
    assert not is_loopback(host)


def test_a_simulator_open_to_others_still_keeps_control_and_the_page_to_this_machine() -> None:
    with (
        running() as one,
        listening(one.application, "0.0.0.0", allow_remote=True) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
    ):
        for path in ("/simulator/health", "/"):
            assert client.get(path, headers={"Host": "box.example"}).status_code == 403
            assert client.get(path).status_code == 200
        forwarded = client.get("/simulator/health", headers={"X-Forwarded-For": "10.0.0.1"})
        assert forwarded.status_code == 200, "the connection's own addresses count, not what a header says"
        assert client.get("/trade-api/v2/exchange/status", headers={"Host": "box.example"}).status_code == 200
