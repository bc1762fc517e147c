"""A day of payloads that the venues really sent, read again: nothing differs, and what was tampered with is found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from precog_assets import embedded
from precog_assets.domain.errors import ConfigurationError
from precog_assets.environment import Settings, resolve
from precog_assets.pipeline.once import run_once
from precog_assets.pipeline.replay.compare import TableComparison
from precog_assets.pipeline.replay.day import DayReplay, replay_day
from precog_assets.services import Services, build_services
from precog_assets.simulator.server import recorded_application
from precog_assets.store import migrate, tables
from precog_assets_tests.conftest import SHARED
from precog_assets_tests.databases import copied
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.serving import served

RECORDED = SHARED / "recorded"
pytestmark = [
    pytest.mark.skipif(not RECORDED.is_dir(), reason="needs the recorded payloads beside the checkout"),
    pytest.mark.xdist_group("a day of the recorded payloads"),
]
INSTANT = datetime(2026, 10, 7, 18, 0, tzinfo=UTC)
DAY, NEXT = date(2026, 10, 7), date(2026, 10, 8)
QUOTE_OF = "KXNFLGAME-26OCT08TBDAL-DAL"


@dataclass
class Kept:
    """Two days on which the same payloads came, and the services over them."""

    services: Services
    archive: Path

    def again(self, day: date = DAY, **given: Any) -> DayReplay:
        now = INSTANT + timedelta(days=2)
        return replay_day(self.services.engine, self.services.archive, day, now=now, **given)


@pytest.fixture(scope="module")
def kept(postgres: embedded.EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    home = tmp_path_factory.mktemp("kept")
    with (
        pytest.MonkeyPatch.context() as patch,
        copied(postgres, template, "precog_test_kept") as url,
        served(recorded_application(RECORDED)) as address,
    ):
        clock = TestClock(INSTANT)
        patch.setattr("precog_assets.services.clock_of", lambda _environment: clock)
        environment = resolve(
            Settings(
                _env_file=None,
                precog_env="test",
                precog_home=home,
                precog_leagues="nfl,atp",
                espn_base_url=address,
                kalshi_base_url=f"{address}/trade-api/v2",
                database_url=SecretStr(url),
            )
        )
        services = build_services(environment)
        dict(run_once(services))
        clock.forward(86_400)
        dict(run_once(services))
        yield Kept(services, Path(environment.archive_url))
        services.close()


@pytest.fixture
def tampered(kept: Kept) -> Iterator[sa.Connection]:
    """A connection whose statements are put back when the test is over."""
    names = [one.target.table for one in _compared()]
    with kept.services.engine.begin() as connection:
        for table in names:
            connection.execute(sa.text(f"CREATE TABLE kept_{table.name} AS TABLE {table.fullname}"))
    try:
        with kept.services.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection
    finally:
        with kept.services.engine.begin() as connection:
            for table in names:
                connection.execute(sa.delete(table))
                connection.execute(sa.text(f"INSERT INTO {table.fullname} SELECT * FROM kept_{table.name}"))
                connection.execute(sa.text(f"DROP TABLE kept_{table.name}"))


def _compared() -> Any:
    from precog_assets.pipeline.replay.readers import TABLES

    return TABLES


def of(found: DayReplay, name: str) -> TableComparison:
    return next(one for one in found.tables if one.table == name)


def rows(kept: Kept, query: str) -> Any:
    with kept.services.engine.connect() as connection:
        return connection.execute(sa.text(query)).scalar_one()


def test_a_day_reads_again_as_it_is_stored(kept: Kept) -> None:
    found = kept.again()
    assert found.same
    assert (found.lost, found.refused, found.rejected) == ([], [], 0)
    for name in ("core.game_states", "market.market_states", "market.quotes"):
        stored = rows(kept, f"SELECT count(*) FROM {name} WHERE observed_at < '2026-10-08'")
        assert (of(found, name).equal, stored > 0) == (stored, True), name
    assert found.answers + found.elsewhere == rows(
        kept, "SELECT count(*) FROM raw.responses WHERE observed_at < '2026-10-08' AND code = 'ok'"
    )


def test_a_day_on_which_nothing_changed_stands_on_the_facts_before_it(kept: Kept) -> None:
    found = kept.again(NEXT)
    assert found.same
    assert found.answers > 0
    for name in ("core.game_states", "market.market_states", "market.quotes", "market.order_books"):
        assert of(found, name).equal == rows(kept, f"SELECT count(*) FROM {name} WHERE observed_at >= '2026-10-08'")


def test_one_source_alone_can_be_read(kept: Kept) -> None:
    found = kept.again(source="kalshi")
    assert {one.table.partition(".")[0] for one in found.tables} == {"market"}
    assert found.same


def test_a_price_that_was_changed_in_the_table_is_found_with_both_values(kept: Kept, tampered: sa.Connection) -> None:
    changed = tampered.execute(
        sa.text(
            "UPDATE market.quotes SET yes_bid = 0.01 WHERE market_key = "
            "(SELECT market_key FROM market.markets WHERE ticker = :ticker) AND observed_at < '2026-10-08'"
        ),
        {"ticker": QUOTE_OF},
    ).rowcount
    assert changed == 1
    found = kept.again(source="kalshi")
    quotes = of(found, "market.quotes")
    assert (found.same, quotes.different, quotes.missing, quotes.extra) == (False, 1, 0, 0)
    assert quotes.samples[0].key == (f"kalshi:{QUOTE_OF}",)
    assert quotes.samples[0].fields == (("yes_bid", Decimal("0.01"), Decimal("0.80")),)
    assert [one.table for one in found.tables if not one.same] == ["market.quotes"]


def test_a_row_that_no_answer_says_is_missing_and_one_that_was_deleted_is_extra(
    kept: Kept, tampered: sa.Connection
) -> None:
    tampered.execute(sa.text("UPDATE core.game_states SET game_id = 'nfl:0' WHERE game_id = 'nfl:401772714'"))
    states = of(kept.again(source="espn"), "core.game_states")
    assert (states.missing, states.extra, states.different) == (1, 1, 0)
    assert {(one.kind, one.key) for one in states.samples} == {
        ("missing", ("nfl:0",)),
        ("extra", ("nfl:401772714",)),
    }


def test_an_answer_that_is_gone_from_the_archive_is_named(kept: Kept, tmp_path: Path) -> None:
    with kept.services.engine.connect() as connection:
        sha256 = connection.scalar(
            sa.text("SELECT sha256 FROM raw.responses WHERE feed LIKE 'espn:scoreboard:nfl:%' ORDER BY feed LIMIT 1")
        )
    path = next(one for one in kept.archive.rglob("*") if one.is_file() and one.name.startswith(sha256))
    shutil.move(path, tmp_path / path.name)
    try:
        found = kept.again(source="espn")
    finally:
        shutil.move(tmp_path / path.name, path)
    assert not found.same
    assert set(found.lost) == {sha256}


def test_the_real_tables_and_the_server_are_left_as_they_were(kept: Kept, postgres: embedded.EmbeddedServer) -> None:
    def state() -> dict[str, int]:
        every = [table.fullname for table in tables.metadata.sorted_tables]
        return {name: rows(kept, f"SELECT count(*) FROM {name}") for name in every}

    before = state()
    kept.again(source="kalshi")
    assert state() == before
    with psycopg.connect(postgres.url("postgres")) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'precog_replay%'").fetchall()
    assert left == []


def test_progress_is_told_to_the_end(kept: Kept) -> None:
    told: list[tuple[int, int]] = []
    kept.again(source="kalshi", progress=lambda done, every: told.append((done, every)))
    assert told[-1][0] == told[-1][1] > 0
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_user_who_may_not_make_databases_is_told_what_to_let(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: Any) -> None:
        raise psycopg.errors.InsufficientPrivilege("permission denied to create database")

    monkeypatch.setattr(migrate, "create_database", refuse)
    with pytest.raises(ConfigurationError, match="ALTER ROLE"):
        kept.again()


def test_a_day_of_which_nothing_is_kept_is_refused(kept: Kept) -> None:
    with pytest.raises(ConfigurationError, match="no answer of 2026-10-09 is kept; there are some from 2026-10-07"):
        kept.again(date(2026, 10, 9))
