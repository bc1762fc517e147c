"""What is known of a stream's raw segments and of its gaps: rows of raw.responses and ops.stream_gaps.

Belongs here: the row that stands for a segment, from its first fact on, and gaps, given twice with the same result.
Does not: the segments' bytes (`segments.py`), what a gap means (`domain.live`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
import sqlalchemy as sa

from precog_assets.domain.live import GAP_CODES, Gap, GapKind
from precog_assets.store import partitions
from precog_assets.store.error_counts import count_errors
from precog_assets.store.segments import SealedSegment
from precog_assets.store.tables import responses

_SEGMENT = "segment:"
CONTENT_TYPE = "application/vnd.precog.segment+zstd"
_FIND = sa.text(
    "SELECT response_id FROM raw.responses WHERE feed = :feed AND url = :url ORDER BY observed_at DESC LIMIT 1"
)
_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('segment ' || :url, 0))")
_ADD = sa.text(
    """
    INSERT INTO raw.responses (source, feed, url, observed_at, status_code, content_type, sha256, body_bytes,
        stored_bytes, elapsed_ms, outcome, code, correlation_id, origin)
    VALUES (:source, :feed, :url, :at, 101, :content_type, :sha256, 0, 0, 0, 'ok', 'ok', :correlation_id, 'live')
    RETURNING response_id
    """
)
_SEAL = sa.text(
    """
    UPDATE raw.responses SET sha256 = :sha256, body_bytes = :body_bytes, stored_bytes = :stored_bytes
    WHERE feed = :feed AND url = :url AND sha256 <> :sha256
    """
)
_GAP = sa.text(
    """
    INSERT INTO ops.stream_gaps (source, channel, began_at, ended_at, reason, sid, markets, frames_lost, detail)
    SELECT :source, :channel, :at, :ended_at, :reason, :sid, CAST(:markets AS jsonb), :frames_lost, :detail
    WHERE NOT EXISTS (
        SELECT 1 FROM ops.stream_gaps WHERE source = :source AND channel = :channel AND began_at = :at
          AND reason = :reason AND sid IS NOT DISTINCT FROM :sid AND detail = :detail
    )
    """
)
_CLOSE = sa.text(
    "UPDATE ops.stream_gaps SET ended_at = :at WHERE source = :source AND ended_at IS NULL AND began_at <= :at"
)


@dataclass(frozen=True, slots=True)
class GapSeen:
    """A gap and our wall clock when it was noticed."""

    gap: Gap
    at: datetime


def feed_of(source: str) -> str:
    """The feed under which a source's segments are kept."""
    return f"{source}:stream"


def url_of(segment: str) -> str:
    """How a segment is named in raw.responses."""
    return f"{_SEGMENT}{segment}"


def segment_of(url: str) -> str | None:
    """The segment that a response's address names; None for any other response."""
    return url.removeprefix(_SEGMENT) if url.startswith(_SEGMENT) else None


def segment_row(connection: sa.Connection, source: str, segment: str, at: datetime) -> int:
    """The response that stands for a segment, added where it is missing; its hash is the name's until it is sealed."""
    named = {"feed": feed_of(source), "url": url_of(segment)}
    found = connection.execute(_FIND, named).scalar_one_or_none()
    if found is not None:
        return found
    connection.execute(_LOCK, {"url": named["url"]})
    found = connection.execute(_FIND, named).scalar_one_or_none()
    if found is not None:
        return found
    partitions.ensure_months(connection, responses, [(at.year, at.month)])
    row = {
        **named,
        "source": source,
        "at": at,
        "content_type": CONTENT_TYPE,
        "sha256": hashlib.sha256(segment.encode()).hexdigest(),
        "correlation_id": segment[:64],
    }
    return connection.execute(_ADD, row).scalar_one()


def seal_segments(connection: sa.Connection, sealed: Iterable[SealedSegment]) -> None:
    """Say of sealed segments what they hold; one that no fact was read from gets its row now."""
    for one in sealed:
        segment_row(connection, one.source, one.name, one.first_received_at)
        connection.execute(
            _SEAL,
            {
                "feed": feed_of(one.source),
                "url": url_of(one.name),
                "sha256": one.sha256,
                "body_bytes": one.raw_bytes,
                "stored_bytes": one.size_bytes,
            },
        )


def write_gaps(connection: sa.Connection, gaps: Sequence[GapSeen]) -> None:
    """Record gaps, each once, and count them by code. One by which nothing is lost is closed as it begins."""
    new: Counter[tuple[str, str]] = Counter()
    for one in gaps:
        gap = one.gap
        lost = None
        if gap.kind is GapKind.MISSING and gap.expected is not None and gap.got is not None:
            lost = max(0, gap.got - gap.expected)
        row = {
            "source": gap.venue,
            "channel": gap.channel,
            "at": one.at,
            "ended_at": one.at if gap.kind is GapKind.REPEATED else None,
            "reason": gap.kind.value,
            "sid": gap.sid,
            "markets": orjson.dumps(list(gap.tickers)).decode(),
            "frames_lost": lost,
            "detail": gap.detail.replace("\x00", ""),
        }
        if connection.execute(_GAP, row).rowcount and gap.kind in GAP_CODES:
            new[gap.venue, GAP_CODES[gap.kind]] += 1
    if new:
        count_errors(connection, new, max(one.at for one in gaps))


def close_gaps(connection: sa.Connection, source: str, at: datetime) -> int:
    """Everything that is followed is known again at `at`; how many gaps that closes."""
    return connection.execute(_CLOSE, {"source": source, "at": at}).rowcount
