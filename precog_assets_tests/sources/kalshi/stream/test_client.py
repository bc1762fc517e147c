"""The client over sockets: books equal to REST's through faults, dead sockets noticed, refusals named, nothing left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import Rejection
from precog_assets.domain.live import Gap, GapKind, RawPlace
from precog_assets.sources.kalshi.stream.client import KalshiStream
from precog_assets_tests.simulator.serving import Running
from precog_assets_tests.sources.kalshi.stream.following import (
    PATIENCE_S,
    QUICK,
    Memory,
    credentials,
    following,
    frames_of,
    served_books,
    tickers,
    url_of,
    venue,
)

WS = "/trade-api/ws/v2"
MARKETS = 80
DELTAS = 6_000


@pytest.fixture
def one() -> Iterator[Running]:
    with venue(speed=200) as simulator:
        yield simulator


def run(what: Any) -> None:
    asyncio.run(what)


def fault(one: Running, kind: str, **fields: Any) -> str:
    return one.control("/faults", {"kind": kind, **fields})["id"]


def mend(one: Running, *rules: str) -> None:
    for rule in rules:
        one.control(f"/faults/{rule}", method="DELETE")


async def equal_to_rest(one: Running, stream: KalshiStream, names: list[str]) -> int:
    """Stop the world, and wait until every book is REST's; how many are not empty."""
    await asyncio.to_thread(one.control, "/clock", {"speed": 0.001})
    async with asyncio.timeout(PATIENCE_S):
        while True:
            served = await served_books(one, names)
            own = {name: book.seen() for name in names if (book := stream.session.books.get(name)) is not None}
            if own == served:
                return sum(bool(book.yes or book.no) for book in served.values())


def test_books_equal_those_of_rest_after_thousands_of_changes_with_frames_lost_repeated_swapped_and_spoiled(
    one: Running,
) -> None:
    async def what() -> None:
        names, sink = tickers(one, MARKETS), Memory()
        assert len(names) == MARKETS
        chances = {"drop_frame": 0.002, "repeat_frame": 0.002, "reorder_frame": 0.001, "corrupt_frame": 0.001}
        rules = [fault(one, kind, channel="orderbook_delta", probability=p) for kind, p in chances.items()]
        async with following(url_of(one), credentials(one), sink) as stream:
            stream.want(names)
            counts = stream.session.counts
            await sink.until(lambda: frames_of(sink.raw[-1:], "orderbook_delta") > 0 and stream.state.frames > DELTAS)
            await sink.until(lambda: all(counts[f"gap:{kind}"] for kind in ("missing", "repeated", "unreadable")))
            await asyncio.to_thread(mend, one, *rules)
            after = stream.state.frames
            await sink.until(lambda: stream.state.frames > after + 500)
            assert await equal_to_rest(one, stream, names) > MARKETS / 2
            assert frames_of(sink.raw, "orderbook_delta") > DELTAS / 2
            assert stream.state.connections == 1
            assert len(sink.raw) == stream.state.frames == counts["frames"]

    run(what())


def test_a_half_open_socket_is_given_up_and_the_books_come_back(one: Running) -> None:
    async def what() -> None:
        names, sink = tickers(one, 10), Memory()
        async with following(url_of(one), credentials(one), sink, probe_after_s=0.2, answer_s=0.5) as stream:
            stream.want(names)
            await sink.until(lambda: stream.session.books.sound == len(names))
            await asyncio.to_thread(fault, one, "half_open", count=1)
            await sink.until(lambda: any(gap.kind is GapKind.SILENT for gap in sink.gaps))
            assert [gap.tickers for gap in sink.gaps if gap.kind is GapKind.SILENT] == [tuple(names)]
            await sink.until(lambda: stream.session.books.sound == len(names))
            assert stream.state.connections == 2

    run(what())


def test_a_quiet_stream_that_answers_pings_is_kept(one: Running) -> None:
    async def what() -> None:
        sink = Memory()
        one.control("/clock", {"speed": 0.001})
        async with following(url_of(one), credentials(one), sink, probe_after_s=0.05, answer_s=0.3) as stream:
            stream.want(tickers(one, 2))
            await sink.until(lambda: stream.session.books.sound == 2)
            await _after(asyncio.get_running_loop().time() + 1.5)
            assert (stream.state.connections, sink.gaps) == (1, [])

    run(what())


async def _after(deadline_s: float) -> None:
    """The loop's clock past an instant."""
    loop = asyncio.get_running_loop()
    there = asyncio.Event()
    loop.call_at(deadline_s, there.set)
    await there.wait()


def test_what_shows_by_no_frame_is_told_to_the_sink(one: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Gap("kalshi", "orderbook_delta", GapKind.NO_SNAPSHOT, 1.0, tickers=("A",))
    noticed = iter([[late]])

    async def what() -> None:
        sink = Memory()
        async with following(url_of(one), credentials(one), sink) as stream:
            monkeypatch.setattr(stream.session, "noticed", lambda: next(noticed, []))
            await sink.until(lambda: bool(sink.gaps))
            assert sink.gaps == [late]

    run(what())


def test_markets_enter_and_leave_on_an_open_connection(one: Running) -> None:
    async def what() -> None:
        names, sink = tickers(one, 12), Memory()
        async with following(url_of(one), credentials(one), sink) as stream:
            for wanted in (names[:4], names[2:8], [], names[6:12]):
                stream.want(wanted)
                await sink.until(lambda: stream.session.subscriptions.settled and not stream.session.books.awaited)
                assert {name for name in names if stream.session.books.get(name)} == set(wanted)
            assert await equal_to_rest(one, stream, names[6:12])
            assert stream.state.connections == 1
            assert not [one for one in sink.happened if isinstance(one, Rejection)]

    run(what())


def test_a_venue_whose_clock_is_wrong_is_named_so_and_connected_to_once_it_is_right(one: Running) -> None:
    async def what() -> None:
        names, sink = tickers(one, 3), Memory()
        rule = fault(one, "clock_skew", venue="stream", skew_s=120)
        async with following(url_of(one), credentials(one), sink) as stream:
            stream.want(names)
            await sink.until(lambda: stream.state.failures["clock_skew"] >= 2 and len(sink.dates) >= 2)
            assert stream.state.failure is not None
            assert stream.state.failure.code == "stream.clock_skew"
            assert all(seen.asked_at <= seen.answered_at for seen in sink.dates), "the venue's clock is told of"
            await asyncio.to_thread(mend, one, rule)
            await sink.until(lambda: stream.session.books.sound == len(names))
            assert stream.state.failure is None

    run(what())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("rate_limit", "rate_limited"), ("server_error", "server_error"), ("blocked", "blocked"), ("timeout", "timeout")],
)
def test_a_handshake_that_is_refused_or_hangs_is_named_and_tried_again(one: Running, kind: str, reason: str) -> None:
    async def what() -> None:
        names, sink = tickers(one, 2), Memory()
        fault(one, kind, venue="stream", count=2)
        async with following(url_of(one), credentials(one), sink, open_timeout_s=0.5) as stream:
            stream.want(names)
            await sink.until(lambda: stream.session.books.sound == len(names))
            assert stream.state.failures == {reason: 2}

    run(what())


def test_a_key_the_venue_does_not_know_is_unauthorized(one: Running) -> None:
    async def what() -> None:
        sink = Memory()
        async with following(url_of(one), replace(credentials(one), key_id="nobody"), sink) as stream:
            await sink.until(lambda: stream.state.failures["unauthorized"] > 0 or bool(sink.dates))
            assert stream.state.failure is not None
            assert (stream.state.failure.reason, stream.state.connections) == ("unauthorized", 0)

    run(what())


def test_a_venue_that_closes_the_stream_is_a_gap_and_connected_to_again(one: Running) -> None:
    async def what() -> None:
        sink = Memory()
        async with following(url_of(one), credentials(one), sink) as stream:
            stream.want(tickers(one, 3))
            await sink.until(lambda: stream.session.books.sound == 3)
            await asyncio.to_thread(one.control, "/scenario", {"name": "march"})
            await sink.until(lambda: bool(sink.gaps))
            assert sink.gaps[-1].kind is GapKind.DISCONNECTED
            assert "another world begins" in sink.gaps[-1].detail

    run(what())


def test_a_venue_that_is_not_there_is_tried_again_and_again_and_named() -> None:
    async def what() -> None:
        with venue() as gone:
            url, key = url_of(gone), credentials(gone)
        stream = KalshiStream(url, key, Memory(), pace=replace(QUICK, max_s=0.01))
        task = asyncio.create_task(stream.run())
        async with asyncio.timeout(PATIENCE_S):
            while stream.state.failures["connection"] < 5:
                await asyncio.wait([task], timeout=0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(what())


def test_a_sink_that_cannot_keep_a_frame_ends_the_client_and_the_frame_is_not_used(one: Running) -> None:
    class Full(Memory):
        def keep(self, data: bytes, received_at: datetime, monotonic_s: float) -> RawPlace | None:
            if len(self.raw) == 20:
                raise PrecogError("system.archive", "no space left")
            return super().keep(data, received_at, monotonic_s)

    async def what() -> None:
        sink = Full()
        stream = KalshiStream(url_of(one), credentials(one), sink)
        stream.want(tickers(one, 20))
        with pytest.raises(PrecogError, match="no space left"):
            async with asyncio.timeout(PATIENCE_S):
                await stream.run()
        assert (len(sink.raw), stream.session.counts["frames"], stream.state.connected) == (20, 20, False)
        assert sink.gaps[-1].kind is GapKind.DISCONNECTED
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(what())
