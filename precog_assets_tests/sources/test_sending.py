"""What is sent is sent once: no retry, whatever the answer; held back, it never leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
import pytest

from precog_assets.config import load_sources
from precog_assets.config.sources import Breaker
from precog_assets.domain.ports import Captured, RawResponse
from precog_assets.domain.times import FixedClock
from precog_assets.sources.limits import RateLimiter
from precog_assets.sources.sending import HttpSender

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)


class Kept:
    """A response log that remembers."""

    def __init__(self) -> None:
        self.responses: list[RawResponse] = []

    def capture(self, response: RawResponse) -> Captured:
        self.responses.append(response)
        return Captured(1, "hash", False)


@pytest.fixture
def sent() -> list[httpx.Request]:
    return []


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def sender(tmp_path: Path, sent: list[httpx.Request], kept: Kept) -> Iterator[Callable[..., HttpSender]]:
    limiter = RateLimiter(tmp_path)
    made: list[HttpSender] = []

    def make(answer: Callable[[httpx.Request], httpx.Response]) -> HttpSender:
        def note(request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return answer(request)

        config = load_sources()["kalshi"].model_copy(update={"breaker": Breaker(failures=1, recovery_s=600)})
        made.append(
            HttpSender(
                config,
                mode="sim",
                base_url="http://127.0.0.1:9/trade-api/v2",
                user_agent=None,
                response_log=kept,
                clock=FixedClock(NOW),
                limiter=limiter,
                transport=httpx.MockTransport(note),
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.close()
    limiter.close()


def test_a_body_goes_as_json_and_the_answer_is_kept_without_signatures(
    sender: Callable[..., HttpSender], sent: list[httpx.Request], kept: Kept
) -> None:
    client = sender(lambda _: httpx.Response(201, json={"order_id": "1"}))
    body = {"price": "0.55"}
    fetch = client.send(
        "POST",
        "/orders",
        body=body,
        params={"a": "b"},
        feed="f",
        correlation_id="c",
        headers={"KALSHI-ACCESS-KEY": "k"},
    )
    assert (fetch.ok, fetch.status_code, fetch.attempts, fetch.observed_at) == (True, 201, 1, NOW)
    (request,) = sent
    assert (request.method, request.url.path, request.url.query) == ("POST", "/trade-api/v2/orders", b"a=b")
    assert (orjson.loads(request.content), request.headers["content-type"]) == (body, "application/json")
    assert request.headers["KALSHI-ACCESS-KEY"] == "k"
    (response,) = kept.responses
    assert (response.feed, response.status_code, "KALSHI" in repr(response)) == ("f", 201, False)


@pytest.mark.parametrize(
    ("status", "code"), [(429, "http.rate_limited"), (500, "http.server_error"), (503, "http.server_error")]
)
def test_what_a_read_would_repeat_is_not_sent_again(
    sender: Callable[..., HttpSender], sent: list[httpx.Request], status: int, code: str
) -> None:
    fetch = sender(lambda _: httpx.Response(status, json={})).send("DELETE", "/x", feed="f", correlation_id="c")
    assert (fetch.code, fetch.attempts, len(sent)) == (code, 1, 1)


def test_a_broken_connection_is_one_attempt_and_an_open_breaker_none(
    sender: Callable[..., HttpSender], sent: list[httpx.Request], kept: Kept
) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    client = sender(broken)
    first = client.send("POST", "/x", body={}, feed="f", correlation_id="c")
    second = client.send("POST", "/x", body={}, feed="f", correlation_id="c")
    assert [(fetch.code, fetch.attempts) for fetch in (first, second)] == [
        ("http.connection", 1),
        ("http.circuit_open", 0),
    ]
    assert (len(sent), kept.responses) == (1, [])


def test_a_path_that_leaves_the_base_address_is_a_defect(sender: Callable[..., HttpSender]) -> None:
    with pytest.raises(ValueError, match="must start with"):
        sender(lambda _: httpx.Response(200)).send("POST", "orders", feed="f", correlation_id="c")
