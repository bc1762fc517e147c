"""A day of the raw archive read again with today's parsers, beside what was stored of it.

The day is that of our clock, in UTC, as in `ops.archive_growth`. Every kept answer goes through the parsers and
writers of the live steps into a database of its own, in the order it came, after the last fact before the day of each
key was put there: so that "nothing changed" is the same on both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.errors import CODES, ConfigurationError
from precog_assets.domain.facts import Observation, Origin, TeamSeen
from precog_assets.domain.ports import Archive
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.replay.compare import TableComparison, compare
from precog_assets.pipeline.replay.readers import BOOKS, KINDS, MARKETS, TABLES, Kind, kind_of, write_rows
from precog_assets.pipeline.replay.scratch import copy_rows, copy_table, scratch_database
from precog_assets.pipeline.report import StepReport
from precog_assets.sources.outcome import Fetch
from precog_assets.store import tables
from precog_assets.store.markets import market_keys

ANSWERS_AT_ONCE = 32
_ANSWERS = sa.text(
    """
    SELECT response_id, source, feed, url, observed_at, status_code, content_type, sha256, elapsed_ms, code, origin
    FROM raw.responses
    WHERE observed_at >= :first AND observed_at < :last AND code = 'ok'
      AND (CAST(:source AS text) IS NULL OR source = :source)
    ORDER BY observed_at, response_id
    """
)
_KEPT = sa.text(
    "SELECT min(observed_at) AS first, max(observed_at) AS last FROM raw.responses "
    "WHERE code = 'ok' AND (CAST(:source AS text) IS NULL OR source = :source)"
)


@dataclass(slots=True)
class DayReplay:
    """What reading a day again came to."""

    day: date
    source: str | None
    answers: int = 0
    """Read again."""
    elsewhere: int = 0
    """Kept answers that no facts are stored of: lists of series, balances."""
    lost: list[str] = field(default_factory=list)
    """Hashes of answers whose bytes are gone from the archive."""
    refused: list[str] = field(default_factory=list)
    """Answers that today's code would write nothing of, a line each."""
    rejected: int = 0
    """Rows that today's parsers reject."""
    tables: list[TableComparison] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Everything could be read, and reads as it is stored."""
        return not self.lost and all(table.same for table in self.tables)


def replay_day(
    engine: sa.Engine,
    archive: Archive,
    day: date,
    *,
    now: datetime,
    source: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> DayReplay:
    """Read a UTC day's answers again, of one source or all, and compare table by table; the real tables are only read.

    `progress` is told answers done and in all. Raises PrecogError(system.*), and ConfigurationError for a day of which
    no answer is kept, and where no database can be made to work in.
    """
    first = datetime(day.year, day.month, day.day, tzinfo=UTC)
    last = first + timedelta(days=1)
    replay = DayReplay(day, source)
    with in_database(engine) as connection:
        answers = connection.execute(_ANSWERS, {"first": first, "last": last, "source": source}).all()
        if not answers:
            raise ConfigurationError(_nothing(connection, day, source))
    with scratch_database(engine, now) as scratch:
        with in_database(engine) as real, in_database(scratch) as connection:
            copy_table(real, connection, tables.teams)
        reader = _Reader(engine, scratch, archive, first, now, replay)
        for done, batch in _batches(answers):
            reader.read(batch)
            progress(done, len(answers))
        sources = {source} if source else {one.source for one in TABLES}
        with engine.connect() as real, scratch.connect() as connection:
            replay.tables = [compare(real, connection, one, first, last) for one in TABLES if one.source in sources]
    return replay


def _nothing(connection: sa.Connection, day: date, source: str | None) -> str:
    kept = connection.execute(_KEPT, {"source": source}).one()
    of = f" of {source}" if source else ""
    if kept.first is None:
        return f"no answer{of} is kept at all; nothing to read again."
    first, last = (one.astimezone(UTC).date() for one in (kept.first, kept.last))
    return f"no answer{of} of {day} is kept; there are some from {first} to {last}."


class _Reader:
    """Takes answers in the order they came and writes their facts into the scratch database."""

    def __init__(
        self, engine: sa.Engine, scratch: sa.Engine, archive: Archive, first: datetime, now: datetime, replay: DayReplay
    ) -> None:
        self._engine = engine
        self._scratch = scratch
        self._archive = archive
        self._first = first
        self._now = now
        self._replay = replay
        self._met: dict[str, set[tuple[Any, ...]]] = {kind.name: set() for kind in KINDS}
        self._markets: set[str] = set()

    def read(self, answers: list[Any]) -> None:
        """Read a batch and write it in one transaction."""
        report = StepReport("replay", "", self._now)
        rows: dict[str, list[tuple[Any, Observation]]] = {kind.name: [] for kind in KINDS}
        teams: list[TeamSeen] = []
        for answer in answers:
            kind = kind_of(answer.feed)
            if kind is None:
                self._replay.elsewhere += 1
                continue
            try:
                body = self._archive.get(answer.sha256)
            except FileNotFoundError:
                self._replay.lost.append(answer.sha256)
                continue
            self._replay.answers += 1
            reading, fetch = kind.read(body, answer.feed), _fetch(answer, body)
            report.read(fetch, reading.parsed)
            if report.stands_still(fetch, reading.parsed):
                continue
            seen = Observation(answer.observed_at, Origin(answer.origin), answer.response_id)
            rows[kind.name].extend((row, seen) for row in reading.parsed.rows)
            teams.extend(reading.teams)
        self._replay.rejected += report.rejected
        self._replay.refused.extend(report.failures)
        with in_database(self._engine) as real, in_database(self._scratch) as connection:
            for kind in KINDS:
                if rows[kind.name]:
                    self._put_in_place(real, connection, kind, rows[kind.name])
                    write_rows(connection, kind, rows[kind.name], teams if kind is KINDS[0] else (), self._now)

    def _put_in_place(
        self, real: sa.Connection, connection: sa.Connection, kind: Kind, rows: list[tuple[Any, Observation]]
    ) -> None:
        """The last facts before the day of keys that come for the first time, and their markets."""
        new = {kind.keys(row) for row, _ in rows} - self._met[kind.name]
        self._met[kind.name] |= new
        if kind in (MARKETS, BOOKS):
            ids = {key[0] for key in new}
            unknown = ids - self._markets
            self._markets |= unknown
            copy_rows(real, connection, tables.markets, ("market_id",), [(one,) for one in unknown])
            keys = [(key,) for key in market_keys(real, ids).values()]
        else:
            keys = []
        for one in TABLES:
            if kind.name in one.kinds:
                wanted = keys if one.by_market_key else new
                copy_rows(real, connection, one.target.table, one.key, wanted, before=self._first)


def _batches(answers: Any) -> Iterator[tuple[int, list[Any]]]:
    for start in range(0, len(answers), ANSWERS_AT_ONCE):
        batch = list(answers[start : start + ANSWERS_AT_ONCE])
        yield start + len(batch), batch


def _fetch(answer: Any, body: bytes) -> Fetch:
    """The answer as the step that read it live was handed it."""
    return Fetch(
        error_class=CODES[answer.code].error_class,
        code=answer.code,
        status_code=answer.status_code,
        body=body,
        content_type=answer.content_type,
        observed_at=answer.observed_at,
        response_id=answer.response_id,
        sha256=answer.sha256,
        feed=answer.feed,
        url=answer.url,
        elapsed_ms=answer.elapsed_ms,
        detail="",
        attempts=1,
    )
