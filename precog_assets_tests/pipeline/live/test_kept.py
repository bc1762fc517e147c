"""Whole segments reach the archive and leave the folder; those of a killed collector first become facts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from precog_assets.domain.errors import PrecogError
from precog_assets.pipeline.live.facts import FactBatch
from precog_assets.pipeline.live.kept import KeptSegments
from precog_assets.pipeline.live.segment_rows import SegmentRows
from precog_assets.services import Services
from precog_assets.store.kept_segments import kept_bytes, sealed_files
from precog_assets.store.segment_files import OPEN
from precog_assets.store.segments import SealedSegment, SegmentLimits, SegmentWriter

TRADE = (
    b'{"type":"trade","sid":4,"seq":%d,"msg":{"trade_id":"t-%d","market_ticker":"KXNFLGAME-26NOV22JACKC-KC",'
    b'"yes_price_dollars":"0.4000","no_price_dollars":"0.6000","count_fp":"3.00","taker_side":"yes","ts":1795374000,'
    b'"ts_ms":1795374000123}}'
)
SUBSCRIBED = b'{"type":"subscribed","id":1,"msg":{"channel":"trade","sid":4}}'


class Folder:
    """A folder of segments over services, and who looks after it."""

    def __init__(self, services: Services, folder: Path) -> None:
        self.services, self.path = services, folder
        self.rows = SegmentRows(services.engine, "kalshi", services.clock)

    def kept(self) -> KeptSegments:
        return KeptSegments(self.services, "kalshi", self.path, self.rows)

    def writer(self) -> SegmentWriter:
        return SegmentWriter(self.path, "kalshi", SegmentLimits(fsync="never"))

    def write(self, writer: SegmentWriter, frames: int = 5) -> None:
        now = self.services.clock.now()
        writer.append(SUBSCRIBED, now, 0.0)
        for n in range(1, frames + 1):
            writer.append(TRADE % (n, n), now + timedelta(seconds=n), float(n))
        writer.flush()

    def sealed(self) -> SealedSegment:
        writer = self.writer()
        self.write(writer)
        (one,) = writer.close()
        return one


@pytest.fixture
def folder(services: Services, tmp_path: Path) -> Folder:
    return Folder(services, tmp_path / "segments")


def test_what_is_whole_and_named_goes_to_the_archive_and_is_found_there(folder: Folder) -> None:
    kept = folder.kept()
    assert not kept.left
    one = folder.sealed()
    assert kept.archive() == 0, "its row does not say yet what it holds"
    folder.rows.seal([one])
    being_written = folder.writer()
    folder.write(being_written)
    assert kept.archive() == 1
    assert [path.name.endswith(OPEN) for path in folder.path.iterdir()] == [True]
    assert kept.size_bytes() > 0
    services = folder.services
    with services.engine.begin() as connection:
        number = connection.exec_driver_sql("SELECT response_id FROM raw.responses").scalar_one()
        assert kept_bytes(connection, services.archive, folder.path, number, 0) == SUBSCRIBED
    being_written.close()


def test_an_archive_that_takes_nothing_leaves_the_segments_where_they_are(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = folder.kept()
    folder.rows.seal([folder.sealed()])

    def full(*_: Any) -> int:
        raise PrecogError("system.archive", "no space left")

    monkeypatch.setattr(type(folder.services.archive), "put", full)
    with pytest.raises(PrecogError, match="no space left"):
        kept.archive()
    assert len(sealed_files(folder.path)) == 1
    monkeypatch.undo()
    assert kept.archive() == 1


@pytest.mark.parametrize("was_sealed", [True, False])
def test_facts_of_a_segment_left_behind_are_made_before_it_may_go(folder: Folder, was_sealed: bool) -> None:
    writer = folder.writer()
    folder.write(writer)
    if was_sealed:
        writer.close()
    else:
        writer._file.close()  # type: ignore[union-attr]  # as a kill leaves it: open, and its lock gone
    kept = folder.kept()
    assert kept.left
    assert kept.archive() == 0
    batches: list[FactBatch] = []

    def away(_: FactBatch) -> None:
        raise PrecogError("system.database", "away")

    with pytest.raises(PrecogError, match="away"):
        kept.rebuild(away)
    assert kept.left
    assert folder.kept().left, "nor does the next process take them for done"
    assert kept.rebuild(batches.append) == 1
    assert [trade.trade.trade_id for batch in batches for trade in batch.trades] == [f"t-{n}" for n in range(1, 6)]
    assert not kept.left
    assert folder.kept().rebuild(batches.append) == 0
    assert kept.archive() == 1


def test_a_file_that_is_not_what_its_row_says_is_never_let_go(folder: Folder) -> None:
    kept = folder.kept()
    one = folder.sealed()
    folder.rows.seal([one])
    one.path.write_bytes(one.path.read_bytes() + b"x")
    with pytest.raises(PrecogError, match="is not what its row says"):
        kept.archive()
    assert one.path.exists()
