"""Facts reach the database once and in order, whether it is there, away, or away in the middle of a batch."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import QuoteSeen, TradeSeen
from precog_assets.domain.live import RawPlace
from precog_assets.domain.pacing import Backoff, Pace
from precog_assets.pipeline.live import apply as apply_module
from precog_assets.pipeline.live.apply import BatchApplier
from precog_assets.pipeline.live.facts import QUOTE, FactBatch, QuoteFact, TradeFact
from precog_assets.pipeline.live.writer import FactWriter, Way
from precog_assets.store import tables
from precog_assets.store.engine import engine_for
from precog_assets.store.markets import write_markets
from precog_assets.store.spool import Spool
from precog_assets.store.spool_state import SpoolFull, SpoolLimits
from precog_assets_tests.store.rows import market, seen

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)
KC, JAC = "kalshi:KXNFLGAME-26NOV22JACKC-KC", "kalshi:KXNFLGAME-26NOV22JACKC-JAC"


def quote(number: int, market_id: str = KC) -> QuoteFact:
    """A quote that differs from the one before."""
    values = QuoteSeen(Decimal(number) / 10_000, *[None] * 7)
    return QuoteFact(market_id, values, AT + timedelta(milliseconds=number), RawPlace("s", number))


def trade(number: int) -> TradeFact:
    seen_ = TradeSeen(f"t{number}", KC, AT, Decimal("0.40"), Decimal(1), "yes", False)
    return TradeFact(seen_, AT + timedelta(milliseconds=number), None)


def quotes(*numbers: int) -> FactBatch:
    return FactBatch(quotes=[quote(number) for number in numbers])


class Database:
    """Remembers what was written; is away when told so, before or after its commit."""

    def __init__(self) -> None:
        self.rows: list[Decimal | None] = []
        self.away = False
        self.dies_after_commit = False

    def __call__(self, batch: FactBatch) -> None:
        if self.away:
            raise PrecogError("system.database", "connection refused")
        self.rows += [fact.quote.yes_bid for fact in batch.quotes if fact.quote.yes_bid not in self.rows]
        if self.dies_after_commit:
            raise PrecogError("system.database", "the connection was cut")

    def numbers(self) -> list[int]:
        return [int(row * 10_000) for row in self.rows if row is not None]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool", SpoolLimits(fsync=False)) as opened:
        yield opened


def writer(database: Any, spool: Spool) -> FactWriter:
    return FactWriter(database, spool, Backoff(Pace(initial_s=1, max_s=8, floor_s=0.5), Random(1)), lambda: None)


def test_while_the_database_answers_nothing_goes_to_the_spool(spool: Spool) -> None:
    database = Database()
    facts = writer(database, spool)
    assert facts.write(quotes(1, 2), 0.0) is Way.WRITTEN
    assert facts.write(FactBatch(), 0.0) is Way.NOTHING
    assert (database.numbers(), spool.depth, facts.counts["written"]) == ([1, 2], 0, 2)


def test_facts_wait_in_order_while_it_is_away_and_new_ones_go_behind_them(spool: Spool) -> None:
    database = Database()
    facts = writer(database, spool)
    database.away = True
    assert facts.write(quotes(1, 2), 0.0) is Way.SPOOLED
    database.away = False
    assert facts.write(quotes(3), 0.1) is Way.SPOOLED, "what waits goes first"
    assert (database.numbers(), facts.state().spool.depth, facts.state().away_since_s) == ([], 3, 0.0)
    assert facts.catch_up(0.2) == 0, "a server that comes back is not asked by everyone at once"
    assert facts.catch_up(100.0) == 3
    assert facts.write(quotes(4), 100.1) is Way.WRITTEN
    assert (database.numbers(), facts.state().spool.depth, facts.state().away_since_s) == ([1, 2, 3, 4], 0, None)


def test_a_connection_cut_after_the_commit_writes_nothing_twice(spool: Spool) -> None:
    database = Database()
    facts = writer(database, spool)
    database.dies_after_commit = True
    facts.write(quotes(1, 2), 0.0)
    database.dies_after_commit = False
    facts.catch_up(100.0)
    assert (database.numbers(), spool.depth) == ([1, 2], 0)


def test_a_defect_is_not_taken_for_an_absence(spool: Spool) -> None:
    def broken(_: FactBatch) -> None:
        raise PrecogError("system.internal", "a defect")

    with pytest.raises(PrecogError, match="a defect"):
        writer(broken, spool).write(quotes(1), 0.0)
    assert spool.depth == 0


def test_raw_frames_are_flushed_before_their_facts_are_written(spool: Spool) -> None:
    order: list[str] = []
    facts = FactWriter(lambda _: order.append("facts"), spool, Backoff(Pace(), Random(1)), lambda: order.append("raw"))
    facts.write(quotes(1), 0.0)
    assert order == ["raw", "facts"]


def test_when_neither_takes_them_it_is_said(tmp_path: Path) -> None:
    database = Database()
    database.away = True
    with Spool(tmp_path, SpoolLimits(max_bytes=300, fsync=False)) as small:
        facts = writer(database, small)
        facts.write(quotes(1), 0.0)
        with pytest.raises(SpoolFull):
            facts.write(quotes(2, 3, 4), 1.0)
        database.away = False
        facts.catch_up(100.0)
        facts.write(quotes(2, 3, 4), 101.0)
        assert database.numbers() == [1, 2, 3, 4]


def test_facts_that_the_spool_lets_go_are_counted_apart_from_quotes_that_the_queue_does(tmp_path: Path) -> None:
    database = Database()
    database.away = True
    limits = SpoolLimits(max_bytes=1_000, shed_above=0.0, sheddable=frozenset({QUOTE}), fsync=False)
    with Spool(tmp_path, limits) as small:
        facts = writer(database, small)
        facts.write(quotes(1, 2), 0.0)
        assert (facts.counts["spool_shed"], facts.counts["shed"]) == (2, 0)
        assert facts.state().spool.shed == {QUOTE: 2}


def test_a_fact_that_cannot_be_read_is_counted_and_stands_in_no_ones_way(spool: Spool) -> None:
    database = Database()
    spool.append("novelty", b"{}")
    facts = writer(database, spool)
    facts.write(quotes(1), 0.0)
    facts.catch_up(100.0)
    assert (database.numbers(), facts.counts["unreadable"], spool.depth) == ([1], 1, 0)


@given(st.lists(st.sampled_from(["write", "write", "catch up", "away", "back", "cut", "healed"]), max_size=60))
def test_whatever_happens_to_the_database_every_fact_is_there_once_and_in_order(story: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name, Spool(Path(name), SpoolLimits(fsync=False)) as spool:
        database, number, now_s = Database(), 0, 0.0
        facts = writer(database, spool)
        for step in story:
            now_s += 3.0
            if step == "write":
                number += 2
                facts.write(quotes(number - 1, number), now_s)
            elif step == "catch up":
                facts.catch_up(now_s)
            elif step in ("away", "back"):
                database.away = step == "away"
            else:
                database.dies_after_commit = step == "cut"
        database.away = database.dies_after_commit = False
        facts.catch_up(now_s + 1000.0)
        assert database.numbers() == list(range(1, number + 1))
        assert spool.depth == 0


@pytest.fixture
def engine(database_url: str) -> sa.Engine:
    engine = engine_for(database_url)
    with engine.begin() as connection:
        write_markets(connection, [(market(quote=None), seen(-1000))], {"KXNFLGAME": "nfl"})
    return engine


def stored(engine: sa.Engine) -> list[tuple[Any, ...]]:
    table = tables.quotes
    with engine.connect() as connection:
        rows = connection.execute(sa.select(table.c.yes_bid, table.c.observed_at, table.c.response_id))
        return sorted(tuple(row) for row in rows)


def test_a_batch_given_twice_leaves_the_same_rows_and_unknown_markets_are_named(
    engine: sa.Engine,
) -> None:
    apply = BatchApplier(engine, lambda place: 7 if place.segment == "s" else None)
    batch = FactBatch(quotes=[quote(1), quote(2), quote(3, JAC)], trades=[trade(1)])
    first = apply(batch)
    once = stored(engine)
    again = apply(batch)
    assert (first.quotes.written, first.trades.written, first.unknown, first.touched) == (2, 1, (JAC,), (KC,))
    assert (again.quotes.written, again.trades.written) == (0, 0)
    assert once == stored(engine)
    assert [row[2] for row in once] == [7, 7]


def test_a_server_that_is_away_is_named_as_such(tmp_path: Path) -> None:
    gone = sa.create_engine(f"postgresql+psycopg://nobody@/none?host={tmp_path}")
    with pytest.raises(PrecogError) as error:
        BatchApplier(gone, lambda _: None)(quotes(1))
    assert error.value.code == "system.database"


def test_a_database_that_hangs_is_away_after_some_seconds(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the facts behind it would wait in memory for as long as somebody holds a table's turn."""
    monkeypatch.setattr(apply_module, "LOCK_S", 0.2)
    apply = BatchApplier(engine, lambda _: 1)
    with engine.begin() as frozen:
        frozen.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('write market.quotes', 0))"))
        with pytest.raises(PrecogError) as away:
            apply(quotes(1))
    assert away.value.code == "system.database"
    assert apply(quotes(1)).quotes.written == 1
