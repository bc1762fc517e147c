"""Keeps what sources answered: bytes in the archive, one row in raw.responses, the feed's last state.

Bytes equal to the feed's last are not stored again. That a response was kept does not say its facts
were written: that is `ops.feeds.applied_sha256`, set in the facts' own transaction.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from precog_assets.domain.ports import Archive, Captured, RawResponse
from precog_assets.store import partitions
from precog_assets.store.engine import FAILURES, database_error
from precog_assets.store.tables import feeds, responses

# A fact's own commit waits for the disk and, behind it in the log, for the response it was read from: so captures
# need not wait. What a crash of the server can lose is a poll that no fact stands on yet: it is polled again.
_POLLED = sa.text(
    """
    UPDATE ops.feeds f SET last_polled_at = greatest(f.last_polled_at, :at), polls = f.polls + 1
    FROM (SELECT set_config('synchronous_commit', 'off', true)) relaxed
    WHERE f.feed = :feed AND f.last_sha256 = :sha256 AND f.last_code = :code
    RETURNING f.last_response_id
    """
)
_FEED_LOCK = sa.text(
    "SELECT set_config('synchronous_commit', 'off', true), "
    "pg_advisory_xact_lock(hashtextextended('capture ' || :feed, 0))"
)
_KEPT = sa.text(
    """
    WITH kept AS (
        INSERT INTO raw.responses (source, feed, url, observed_at, status_code, content_type, sha256, body_bytes,
            stored_bytes, elapsed_ms, outcome, code, correlation_id, origin)
        VALUES (:source, :feed, :url, :at, :status_code, :content_type, :sha256, :body_bytes,
            :stored_bytes, :elapsed_ms, :outcome, :code, :correlation_id, :origin)
        RETURNING response_id
    ), known AS (
        INSERT INTO ops.feeds AS f (feed, source, last_polled_at, last_changed_at, last_sha256, last_response_id,
            last_outcome, last_code, polls, changes)
        SELECT :feed, :source, :at, :at, :sha256, response_id, :outcome, :code, 1, 1 FROM kept
        ON CONFLICT (feed) DO UPDATE SET last_polled_at = greatest(f.last_polled_at, excluded.last_polled_at),
            last_changed_at = excluded.last_changed_at, last_sha256 = excluded.last_sha256,
            last_response_id = excluded.last_response_id, last_outcome = excluded.last_outcome,
            last_code = excluded.last_code, polls = f.polls + 1, changes = f.changes + 1
    ), grown AS (
        INSERT INTO ops.archive_growth AS g (day, source, responses, body_bytes, stored_bytes)
        VALUES (:day, :source, 1, :body_bytes, :stored_bytes)
        ON CONFLICT (day, source) DO UPDATE SET responses = g.responses + 1,
            body_bytes = g.body_bytes + excluded.body_bytes, stored_bytes = g.stored_bytes + excluded.stored_bytes
    )
    SELECT response_id FROM kept
    """
)


class DatabaseResponseLog:
    """The `ResponseLog` of a running platform; safe to use from several threads."""

    def __init__(self, engine: sa.Engine, archive: Archive) -> None:
        self._engine = engine
        self._archive = archive

    def capture(self, response: RawResponse) -> Captured:
        """Keep a response, or only count it when its bytes are the feed's last.

        Raises PrecogError: system.archive when the bytes cannot be stored, system.database when the
        row cannot.
        """
        sha256 = hashlib.sha256(response.body).hexdigest()
        try:
            known = self._poll_unchanged(response, sha256)
            if known is not None:
                return Captured(known, sha256, unchanged=True)
            stored = self._archive.put(sha256, response.body)
            response_id, is_new = self._record(response, sha256, stored)
            return Captured(response_id, sha256, unchanged=not is_new)
        except FAILURES as error:
            away = database_error(error)
            if away is None:
                raise
            raise away from error

    def _poll_unchanged(self, response: RawResponse, sha256: str) -> int | None:
        with self._engine.begin() as connection:
            return connection.execute(_POLLED, _polled(response, sha256)).scalar_one_or_none()

    def _record(self, response: RawResponse, sha256: str, stored_bytes: int) -> tuple[int, bool]:
        """The response's row, and whether it is new: another process may have kept the same bytes meanwhile."""
        at = response.observed_at
        with self._engine.begin() as connection:
            connection.execute(_FEED_LOCK, {"feed": response.feed})
            known = connection.execute(_POLLED, _polled(response, sha256)).scalar_one_or_none()
            if known is not None:
                return known, False
            partitions.ensure_months(connection, responses, [(at.year, at.month)])
            kept = {
                **_polled(response, sha256),
                "source": response.source,
                "url": response.url,
                "day": at.date(),
                "status_code": response.status_code,
                "content_type": response.content_type,
                "body_bytes": len(response.body),
                "stored_bytes": stored_bytes,
                "elapsed_ms": response.elapsed_ms,
                "outcome": response.outcome,
                "correlation_id": response.correlation_id,
                "origin": response.origin.value,
            }
            return connection.execute(_KEPT, kept).scalar_one(), True


def _polled(response: RawResponse, sha256: str) -> dict[str, object]:
    return {"feed": response.feed, "sha256": sha256, "code": response.code, "at": response.observed_at}


def applied(connection: sa.Connection, names: list[str]) -> dict[str, str | None]:
    """The bytes (sha256) whose facts were last written, by feed."""
    rows = connection.execute(sa.select(feeds.c.feed, feeds.c.applied_sha256).where(feeds.c.feed.in_(names)))
    return {row.feed: row.applied_sha256 for row in rows}


def mark_applied(connection: sa.Connection, sha256_by_feed: dict[str, str]) -> None:
    """Say, in the facts' own transaction, which bytes they came from."""
    if sha256_by_feed:
        connection.execute(
            sa.update(feeds).where(feeds.c.feed == sa.bindparam("name")).values(applied_sha256=sa.bindparam("sha")),
            [{"name": feed, "sha": sha256} for feed, sha256 in sorted(sha256_by_feed.items())],
        )
