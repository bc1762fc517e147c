"""What lower layers need from upper ones, as protocols: the raw archive that the HTTP layer writes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from precog_assets.domain.facts import Origin


@dataclass(frozen=True, slots=True)
class RawResponse:
    """One answer of a source as it came, before anyone read it. `url` carries no credential."""

    source: str
    feed: str
    """What is asked for again and again, e.g. `espn:scoreboard:nba:20261122`; neighbours are compared by it."""
    url: str
    observed_at: datetime
    """Our clock when the answer was complete; the one observation time of every fact in it."""
    status_code: int
    content_type: str
    body: bytes
    elapsed_ms: float
    outcome: str
    """`domain.errors.ErrorClass` value."""
    code: str
    correlation_id: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Captured:
    """Where a response went. `unchanged`: same bytes as the feed's last; nothing was stored again."""

    response_id: int | None
    sha256: str
    unchanged: bool


class ResponseLog(Protocol):
    """Keeps raw responses: bytes in the archive, one row each in raw.responses."""

    def capture(self, response: RawResponse) -> Captured:
        """Keep the response unless its bytes equal the feed's last ones. Raises PrecogError(system.*)."""
        ...


class Archive(Protocol):
    """Content-addressed bytes: put twice is put once."""

    def put(self, sha256: str, body: bytes) -> int:
        """Store `body` under its hash, compressed; the bytes written now (0 when already there)."""
        ...

    def get(self, sha256: str) -> bytes:
        """The bytes of that hash. Raises FileNotFoundError naming it."""
        ...

    def exists(self, sha256: str) -> bool: ...

    def size_bytes(self) -> int:
        """What the archive holds now, compressed."""
        ...

    def describe(self) -> str:
        """Its place, for people; no credentials."""
        ...
