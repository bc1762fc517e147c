"""Raw responses: bytes kept once, a row a change, and nothing half kept."""

from __future__ import annotations

import hashlib
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import Origin
from precog_assets.domain.ports import Captured, RawResponse
from precog_assets.store import tables
from precog_assets.store.archive import FolderArchive
from precog_assets.store.response_log import DatabaseResponseLog, applied, mark_applied
from precog_assets_tests.databases import count, rolled_back
from precog_assets_tests.store.rows import at

BODY = b'{"events": [' + b'{"id": "401"},' * 400 + b"{}]}"


@pytest.fixture
def archive(tmp_path: Path) -> FolderArchive:
    return FolderArchive(tmp_path / "raw")


@pytest.fixture
def log(store: sa.Engine, archive: FolderArchive) -> DatabaseResponseLog:
    return DatabaseResponseLog(store, archive)


def response(second: float = 0, body: bytes = BODY, **given: Any) -> RawResponse:
    values: dict[str, Any] = {
        "source": "espn",
        "feed": "espn:scoreboard:nfl:20261122",
        "url": "https://site.api.espn.com/scoreboard?dates=20261122",
        "observed_at": at(second),
        "status_code": 200,
        "content_type": "application/json",
        "body": body,
        "elapsed_ms": 41.5,
        "outcome": "ok",
        "code": "ok",
        "correlation_id": "abc",
        "origin": Origin.LIVE,
        **given,
    }
    return RawResponse(**values)


def feed(engine: sa.Engine, name: str = "espn:scoreboard:nfl:20261122") -> Any:
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.feeds).where(tables.feeds.c.feed == name)).one()


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_a_first_response_is_kept_with_its_row_its_bytes_and_its_sizes(
    store: sa.Engine, log: DatabaseResponseLog, archive: FolderArchive
) -> None:
    captured = log.capture(response())
    with store.connect() as connection:
        row = connection.execute(sa.select(tables.responses)).one()
    assert captured == Captured(row.response_id, sha(BODY), unchanged=False)
    assert archive.get(sha(BODY)) == BODY
    assert (row.source, row.feed, row.status_code, row.sha256) == ("espn", feed(store).feed, 200, sha(BODY))
    assert (row.observed_at, row.elapsed_ms, row.origin) == (at(0), 41.5, "live")
    assert row.body_bytes == len(BODY)
    assert row.stored_bytes == archive.size_bytes() < len(BODY) / 10


def test_the_same_bytes_again_are_only_counted(store: sa.Engine, log: DatabaseResponseLog) -> None:
    first = log.capture(response(0))
    again = log.capture(response(5))
    assert again == Captured(first.response_id, first.sha256, unchanged=True)
    assert count(store, tables.responses) == 1
    row = feed(store)
    assert (row.polls, row.changes, row.last_polled_at, row.last_changed_at) == (2, 1, at(5), at(0))


def test_a_poll_that_comes_late_does_not_turn_back_the_feeds_clock(store: sa.Engine, log: DatabaseResponseLog) -> None:
    log.capture(response(10))
    log.capture(response(5))
    assert feed(store).last_polled_at == at(10)


def test_the_same_bytes_with_another_meaning_are_a_response_of_their_own(
    store: sa.Engine, log: DatabaseResponseLog
) -> None:
    """The body `[]` of a 200 and of a 503 are equal; what they say is not."""
    log.capture(response(0, b"[]"))
    failed = log.capture(response(5, b"[]", status_code=503, outcome="transient", code="http.server_error"))
    assert not failed.unchanged
    assert count(store, tables.responses) == 2
    assert (feed(store).last_outcome, feed(store).last_code) == ("transient", "http.server_error")
    assert not log.capture(response(10, b"[]")).unchanged


def test_changed_bytes_add_a_row_and_what_they_grow_the_archive_by(
    store: sa.Engine, log: DatabaseResponseLog, archive: FolderArchive
) -> None:
    log.capture(response(0))
    before = archive.size_bytes()
    other = BODY.replace(b"401", b"402")
    log.capture(response(5, other))
    with store.connect() as connection:
        rows = connection.execute(sa.select(tables.responses).order_by(tables.responses.c.observed_at)).all()
        growth = connection.execute(sa.select(tables.archive_growth)).one()
    assert rows[1].stored_bytes == archive.size_bytes() - before > 0
    assert (growth.day, growth.source, growth.responses) == (at(0).date(), "espn", 2)
    assert growth.body_bytes == 2 * len(BODY)
    assert growth.stored_bytes == sum(row.stored_bytes for row in rows) == archive.size_bytes()


def test_bytes_that_another_feed_already_brought_add_nothing_to_the_archive(
    store: sa.Engine, log: DatabaseResponseLog, archive: FolderArchive
) -> None:
    log.capture(response(0))
    size = archive.size_bytes()
    log.capture(response(0, feed="espn:scoreboard:nfl:20261123"))
    with store.connect() as connection:
        stored = connection.scalars(sa.select(tables.responses.c.stored_bytes)).all()
    assert sorted(stored) == [0, size]
    assert archive.size_bytes() == size


def test_bytes_that_come_back_are_a_change_again(store: sa.Engine, log: DatabaseResponseLog) -> None:
    for second, body in enumerate((b"a", b"b", b"a")):
        assert not log.capture(response(second, body)).unchanged
    assert (count(store, tables.responses), feed(store).changes) == (3, 3)


@pytest.mark.parametrize("bodies", [[BODY] * 6, [BODY.replace(b"401", b"%d" % number) for number in range(410, 416)]])
def test_captures_of_one_feed_at_once_keep_each_change_once(
    store: sa.Engine, log: DatabaseResponseLog, bodies: list[bytes]
) -> None:
    captured: list[Captured] = []
    barrier = threading.Barrier(len(bodies))

    def work(body: bytes) -> None:
        barrier.wait()
        captured.append(log.capture(response(0, body)))

    threads = [threading.Thread(target=work, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    different = len(set(bodies))
    assert sum(not one.unchanged for one in captured) == count(store, tables.responses) == different
    assert (feed(store).polls, feed(store).changes) == (len(bodies), different)
    assert {one.sha256 for one in captured} == {sha(body) for body in bodies}


def test_what_was_applied_is_said_with_the_facts_and_asked_by_feed(store: sa.Engine, log: DatabaseResponseLog) -> None:
    name = response().feed
    captured = log.capture(response())
    with store.begin() as connection:
        assert applied(connection, [name, "espn:never"]) == {name: None}
        mark_applied(connection, {name: captured.sha256})
        mark_applied(connection, {})
    with store.begin() as connection:
        assert applied(connection, [name]) == {name: captured.sha256}
    with rolled_back(store) as connection:
        mark_applied(connection, {name: "0" * 64})
    with store.begin() as connection:
        assert applied(connection, [name]) == {name: captured.sha256}


def test_an_archive_that_cannot_write_is_a_system_error_and_leaves_no_row(
    store: sa.Engine, log: DatabaseResponseLog, archive: FolderArchive
) -> None:
    """A file stands where the archive's folder was."""
    log.capture(response(0))
    shutil.rmtree(archive.root)
    archive.root.write_text("not a folder")
    with pytest.raises(PrecogError) as failed:
        log.capture(response(5, b"other"))
    assert failed.value.code == "system.archive"
    assert count(store, tables.responses) == 1
    assert (feed(store).polls, feed(store).last_sha256) == (1, sha(BODY))


def test_a_database_that_is_away_is_a_system_error(archive: FolderArchive) -> None:
    nowhere = sa.create_engine("postgresql+psycopg://postgres@127.0.0.1:9/none", connect_args={"connect_timeout": 1})
    with pytest.raises(PrecogError, match="The database does not answer") as failed:
        DatabaseResponseLog(nowhere, archive).capture(response())
    assert failed.value.code == "system.database"
    nowhere.dispose()


def test_our_own_mistakes_are_not_called_an_absent_database(log: DatabaseResponseLog) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        log.capture(response(0, feed=None))
