"""Keeps what sources answered: bytes in the archive, one row in raw.responses, the feed's last state.

Bytes equal to the feed's last are not stored again. That a response was kept does not say its facts
were written: that is `ops.feeds.applied_sha256`, set in the facts' own transaction.
"""

from __future__ import annotations

import hashlib
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from precog_assets.domain.ports import Archive, Captured, RawResponse
from precog_assets.store import partitions
from precog_assets.store.engine import FAILURES, database_error
from precog_assets.store.tables import archive_growth, feeds, responses

_FEED_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('capture ' || :feed, 0))")


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
            # Losing a poll's time in a crash of the server loses nothing: it is polled again.
            connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
            return connection.execute(self._unchanged(response, sha256)).scalar_one_or_none()

    @staticmethod
    def _unchanged(response: RawResponse, sha256: str) -> sa.UpdateBase:
        return (
            sa.update(feeds)
            .where(feeds.c.feed == response.feed, feeds.c.last_sha256 == sha256, feeds.c.last_code == response.code)
            .values(
                last_polled_at=sa.func.greatest(feeds.c.last_polled_at, response.observed_at),
                polls=feeds.c.polls + 1,
            )
            .returning(feeds.c.last_response_id)
        )

    def _record(self, response: RawResponse, sha256: str, stored_bytes: int) -> tuple[int, bool]:
        """The response's row, and whether it is new: another process may have kept the same bytes meanwhile."""
        at = response.observed_at
        with self._engine.begin() as connection:
            connection.execute(_FEED_LOCK, {"feed": response.feed})
            known = connection.execute(self._unchanged(response, sha256)).scalar_one_or_none()
            if known is not None:
                return known, False
            partitions.ensure_months(connection, responses, [(at.year, at.month)])
            response_id = connection.execute(
                sa.insert(responses)
                .values(
                    source=response.source,
                    feed=response.feed,
                    url=response.url,
                    observed_at=at,
                    status_code=response.status_code,
                    content_type=response.content_type,
                    sha256=sha256,
                    body_bytes=len(response.body),
                    stored_bytes=stored_bytes,
                    elapsed_ms=response.elapsed_ms,
                    outcome=response.outcome,
                    code=response.code,
                    correlation_id=response.correlation_id,
                    origin=response.origin.value,
                )
                .returning(responses.c.response_id)
            ).scalar_one()
            feed = insert(feeds).values(
                feed=response.feed,
                source=response.source,
                last_polled_at=at,
                last_changed_at=at,
                last_sha256=sha256,
                last_response_id=response_id,
                last_outcome=response.outcome,
                last_code=response.code,
                polls=1,
                changes=1,
            )
            connection.execute(
                feed.on_conflict_do_update(
                    index_elements=[feeds.c.feed],
                    set_={
                        "last_polled_at": sa.func.greatest(feeds.c.last_polled_at, feed.excluded.last_polled_at),
                        "last_changed_at": at,
                        "last_sha256": sha256,
                        "last_response_id": response_id,
                        "last_outcome": response.outcome,
                        "last_code": response.code,
                        "polls": feeds.c.polls + 1,
                        "changes": feeds.c.changes + 1,
                    },
                )
            )
            self._grow(connection, at.date(), response.source, len(response.body), stored_bytes)
        return response_id, True

    def _grow(self, connection: sa.Connection, day: date, source: str, body: int, stored: int) -> None:
        row = insert(archive_growth).values(day=day, source=source, responses=1, body_bytes=body, stored_bytes=stored)
        connection.execute(
            row.on_conflict_do_update(
                index_elements=[archive_growth.c.day, archive_growth.c.source],
                set_={
                    "responses": archive_growth.c.responses + 1,
                    "body_bytes": archive_growth.c.body_bytes + body,
                    "stored_bytes": archive_growth.c.stored_bytes + stored,
                },
            )
        )


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
