"""Frames of Kalshi's stream that are lost, twice, swapped, spoiled or misspelt; sockets that are cut or say nothing.

Belongs here: the stream. Does not: REST (`test_kalshi`). What the stream missed is read over REST, which works here.
"""

from __future__ import annotations

from typing import Any

import pytest

from precog_assets_tests.chaos.conftest import Tell
from precog_assets_tests.chaos.world import LiveWorld, counted, faults, settled, streaming, until

pytestmark = pytest.mark.chaos
FEW = {"probability": 0.02}
TRADE_ID = {"kind": "renamed_frame_field", "channel": "trade", "field": "msg.trade_id", "to_name": "id"}
DELTA = {"kind": "renamed_frame_field", "channel": "orderbook_delta", "field": "msg.delta_fp", "to_name": "delta"}
"""A frame that came twice is a gap of the record and no failure: nothing is missing."""
TROUBLES: tuple[tuple[str, tuple[dict[str, Any], ...], int, str], ...] = (
    ("sequence numbers missing", ({"kind": "drop_frame", **FEW},), 5, "stream.missing"),
    ("sequence numbers twice", ({"kind": "repeat_frame", **FEW},), 5, ""),
    ("sequence numbers swapped", ({"kind": "reorder_frame", **FEW},), 5, "stream.missing"),
    ("frames cut short", ({"kind": "corrupt_frame", **FEW},), 5, "stream.spoiled"),
    ("frames of bytes", ({"kind": "garbage_frame", "form": "binary", **FEW},), 5, "stream.spoiled"),
    ("frames of other JSON", ({"kind": "garbage_frame", "form": "json", **FEW},), 5, "stream.spoiled"),
    ("frames of 4 MB", ({"kind": "garbage_frame", "form": "huge", **FEW},), 3, "stream.spoiled"),
    ("a renamed field of trades", (TRADE_ID,), 5, "stream.spoiled"),
    ("a renamed field of one delta in ten", ({**DELTA, "probability": 0.1},), 5, "stream.spoiled"),
    ("sockets cut, three times", ({"kind": "cut_stream", "probability": 0.3, "count": 3},), 3, "stream.closed"),
    ("a socket that says nothing", ({"kind": "half_open", "count": 1},), 1, "stream.silent"),
)


@pytest.mark.parametrize(("done", "rules", "times", "code"), TROUBLES, ids=[one[0] for one in TROUBLES])
def test_what_the_stream_loses_is_a_gap_that_is_recorded_closed_and_made_up_for(
    world: LiveWorld, tell: Tell, done: str, rules: Any, times: int, code: str
) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now()
        with faults(world, *rules) as struck:
            until(lambda: struck() >= times, collecting, what="no frame was struck")
            until(lambda: collecting.last()["gaps"] > 0, collecting, what="no gap was noticed")
        until(lambda: streaming(collecting), collecting, what="the stream did not come back")
        found, took_s = settled(world, began, collecting)
        assert not code or code in counted(world, began)
        assert world.rows("SELECT 1 FROM ops.stream_gaps WHERE began_at >= :began", began=began)
        open_gaps = "SELECT count(*) FROM ops.stream_gaps WHERE ended_at IS NULL"
        until(lambda: world.one(open_gaps) == 0, collecting, what="gaps stay open")
    tell("Kalshi stream", done, took_s, found)
