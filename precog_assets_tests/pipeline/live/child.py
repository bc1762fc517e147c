"""A collector in a process of its own, to be killed: `python -m ... DATABASE STREAM KEY_ID KEY_FILE FOLDER TICKERS`.

It recovers what its predecessor left, makes those facts again, and says how many quotes it has written, line by line.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from random import Random

from precog_assets.config.sources import Cadence
from precog_assets.domain.live import Priority
from precog_assets.domain.times import SystemClock
from precog_assets.pipeline.live.apply import Applied, BatchApplier
from precog_assets.pipeline.live.collector import Collector, Ports
from precog_assets.pipeline.live.facts import FactBatch
from precog_assets.pipeline.live.rebuild import facts_of
from precog_assets.sources.kalshi.auth import load_credentials
from precog_assets.sources.kalshi.stream.client import KalshiStream
from precog_assets.store.engine import engine_for
from precog_assets.store.segments import SegmentWriter, recover
from precog_assets.store.spool import Spool


def main(database: str, stream: str, key_id: str, key_file: str, folder: str, tickers: str) -> None:
    """Collect until killed."""
    home, written = Path(folder), 0
    applier = BatchApplier(engine_for(database), lambda _: 1)
    for segment in recover(home / "segments"):
        for batch in facts_of([segment.path]):
            applier(batch)

    def apply(batch: FactBatch) -> Applied:
        nonlocal written
        applied = applier(batch)
        written += applied.quotes.written
        print(written, flush=True)
        return applied

    wanted = dict.fromkeys(tickers.split(","), Priority.IN_PLAY)
    ports = Ports(
        lambda: wanted,
        apply,
        lambda _markets, _games: None,
        dict,
        lambda _: (),
        lambda _: None,
        lambda _: None,
        lambda _: None,
        lambda _: None,
        lambda: None,
    )
    cadence = Cadence(idle_s=60, pregame_s=9, live_s=4, pregame_window_min=90)
    collector = Collector(
        ports,
        SegmentWriter(home / "segments", "kalshi"),
        Spool(home / "spool"),
        SystemClock(),
        cadence,
        cadence,
        lambda sink: KalshiStream(stream, load_credentials(key_id, key_file), sink),
        random=Random(1),
    )
    asyncio.run(collector.run())


if __name__ == "__main__":
    main(*sys.argv[1:7])
