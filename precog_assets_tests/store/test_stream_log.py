"""Rows that stand for segments and gaps: one each, however often they are told; facts say where they were read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa

from precog_assets.domain.facts import Observation, OrderBookSeen, Origin, TradeSeen
from precog_assets.domain.live import Gap, GapKind
from precog_assets.store import tables
from precog_assets.store.error_counts import read_errors
from precog_assets.store.markets import write_markets, write_order_books, write_quotes
from precog_assets.store.segments import SealedSegment
from precog_assets.store.stream_log import GapSeen, close_gaps, seal_segments, segment_row, write_gaps
from precog_assets.store.trades import write_trades
from precog_assets_tests.store.rows import at, market, quote, seen

KC = "kalshi:KXNFLGAME-26NOV22JACKC-KC"


def sealed(name: str, digest: str = "a" * 64) -> SealedSegment:
    return SealedSegment(name, "kalshi", Path(name), digest, 50, 100, 7, at(0), at(9))


def test_a_segment_has_one_row_from_its_first_fact_to_its_seal(store: sa.Engine) -> None:
    with store.begin() as connection:
        first = segment_row(connection, "kalshi", "one", at(0))
        assert segment_row(connection, "kalshi", "one", at(5)) == first
        other = segment_row(connection, "kalshi", "two", at(5))
    assert other != first
    for _ in range(2):
        with store.begin() as connection:
            seal_segments(connection, [sealed("one"), sealed("never-read", "b" * 64)])
    with store.connect() as connection:
        rows = connection.execute(sa.select(tables.responses).order_by("response_id")).all()
    assert [row.url for row in rows] == ["segment:one", "segment:two", "segment:never-read"]
    assert (rows[0].response_id, rows[0].sha256, rows[0].body_bytes, rows[0].stored_bytes) == (first, "a" * 64, 100, 50)
    assert len({row.sha256 for row in rows}) == 3


def test_facts_of_a_frame_say_where_it_lies_and_others_say_nothing(store: sa.Engine) -> None:
    framed = Observation(at(1), Origin.LIVE, 5, 77)
    trade = TradeSeen("t", KC, at(1), Decimal("0.4"), Decimal(1), "yes", False)
    book = OrderBookSeen(KC, ((Decimal("0.40"), Decimal(5)),), ())
    with store.begin() as connection:
        write_markets(connection, [(market(), seen(0))], {})
        assert write_quotes(connection, [(KC, quote("0.41"), framed), (KC, quote("0.39"), seen(2))]).written == 2
        write_trades(connection, [(trade, framed)])
        write_order_books(connection, [(book, framed)])
    with store.connect() as connection:
        table = tables.quotes
        rows = connection.execute(sa.select(table.c.response_id, table.c.response_offset).order_by("observed_at")).all()
        assert [tuple(row) for row in rows] == [(1, None), (5, 77), (1, None)]
        for other in (tables.trades, tables.order_books):
            assert connection.execute(sa.select(other.c.response_id, other.c.response_offset)).one() == (5, 77)


def test_a_gap_is_recorded_once_and_open_until_everything_is_known_again(store: sa.Engine) -> None:
    missing = Gap("kalshi", "orderbook_delta", GapKind.MISSING, 1.0, 3, 10, 14)
    repeated = Gap("kalshi", "trade", GapKind.REPEATED, 1.0, 4, 10, 9)
    for _ in range(2):
        with store.begin() as connection:
            write_gaps(connection, [GapSeen(missing, at(1)), GapSeen(repeated, at(2))])
    with store.connect() as connection:
        counted = [(one.source, one.code, one.count) for one in read_errors(connection, at(0))]
        assert counted == [("kalshi", "stream.missing", 1)], "once, and a frame that came twice is no failure"
    with store.begin() as connection:
        assert close_gaps(connection, "kalshi", at(0)) == 0
        assert close_gaps(connection, "kalshi", at(5)) == 1
    with store.connect() as connection:
        rows = connection.execute(sa.select(tables.stream_gaps).order_by("began_at")).all()
    assert [(row.reason, row.frames_lost, row.ended_at - row.began_at) for row in rows] == [
        ("missing", 4, timedelta(seconds=4)),
        ("repeated", None, timedelta(0)),
    ]
