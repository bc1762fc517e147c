"""Missed trades are read, and gaps closed, once the stream tells of what it will, and again where that failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.live import Gap, GapKind
from precog_assets.pipeline.live import mending as mending_module
from precog_assets.pipeline.live.apply import BatchApplier
from precog_assets.pipeline.live.facts import FactBatch, GapFact
from precog_assets.pipeline.live.mending import AWAITED_S, Mending
from precog_assets.pipeline.live.missed import SETTLES_S, since_start
from precog_assets.pipeline.report import StepReport
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.stream_log import GapSeen, write_gaps
from precog_assets_tests.pipeline.live.test_missed import Hands

MISSING = Gap("kalshi", "trade", GapKind.MISSING, 0.0)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Since when trades were read over REST."""
    asked: list[datetime] = []

    def read_missed(services: Services, since: datetime) -> StepReport:
        asked.append(since)
        return StepReport("missed trades", "test", services.clock.now())

    monkeypatch.setattr(mending_module, "read_missed", read_missed)
    return asked


def open_gaps(services: Services) -> int:
    table = tables.stream_gaps
    with services.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).where(table.c.ended_at.is_(None))) or 0


def put_gap(services: Services, at: datetime, gap: Gap = MISSING) -> None:
    with services.engine.begin() as connection:
        write_gaps(connection, [GapSeen(gap, at)])


def test_a_book_that_never_comes_keeps_trades_and_gaps_waiting_for_a_minute_only(
    services: Services, hands: Hands
) -> None:
    mending = Mending(services, monotonic=hands)
    assert mending.told_of_all((), connected=True)
    assert not mending.told_of_all((), connected=False)
    assert not mending.told_of_all(("A", "B"), connected=True)
    hands.now_s += AWAITED_S
    assert not mending.told_of_all(("A",), connected=True), "they come still"
    hands.now_s += AWAITED_S
    assert mending.told_of_all(("A",), connected=True)
    assert not mending.told_of_all(("A",), connected=False)
    assert not mending.told_of_all(("A",), connected=True), "a new connection has a minute of its own"


def test_gaps_that_the_process_before_left_open_are_closed_and_their_trades_read(
    services: Services, hands: Hands, read: list[datetime]
) -> None:
    before = services.clock.now() - timedelta(minutes=20)
    put_gap(services, before)
    put_gap(services, before - timedelta(minutes=5), Gap("kalshi", "orderbook_delta", GapKind.NO_SNAPSHOT, 0.0))
    assert since_start(services) == before, "a book that did not come hides no trade"
    mending = Mending(services, monotonic=hands)
    mending.mend(told_of_all=False)
    hands.now_s += SETTLES_S
    mending.mend(told_of_all=False)
    assert (read, open_gaps(services)) == ([], 2)
    mending.mend(told_of_all=True)
    assert (read, open_gaps(services)) == ([before], 0)


def test_a_gap_that_could_not_be_closed_is_closed_at_the_next_turn(
    services: Services, hands: Hands, read: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_gap(services, services.clock.now() - timedelta(minutes=1))
    mending = Mending(services, monotonic=hands)

    def away(*_given: object) -> None:
        raise PrecogError("system.database", "away")

    with monkeypatch.context() as patched:
        patched.setattr(mending_module, "close_gaps", away)
        with pytest.raises(PrecogError):
            mending.mend(told_of_all=True)
    mending.mend(told_of_all=True)
    assert open_gaps(services) == 0


def test_a_gap_is_told_of_once_it_is_committed(services: Services) -> None:
    """One that was told of before could be closed before it was there, and would stay open."""
    there: list[int] = []

    def write(connection: sa.Connection, facts: Sequence[GapFact]) -> None:
        write_gaps(connection, [GapSeen(one.gap, one.at) for one in facts])

    apply = BatchApplier(services.engine, lambda _place: None, write, lambda _facts: there.append(open_gaps(services)))
    apply(FactBatch(gaps=[GapFact(MISSING, services.clock.now())]))
    assert there == [1]
