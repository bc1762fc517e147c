"""Clocks of sources against ours, as they were last measured: rows of `ops.clock_offsets`.

Belongs here: keeping and reading a measurement. Does not: measuring (`pipeline.live.timing`, `pipeline.clocks`), what
follows from it (`pipeline.decide`).
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

FRESH_S = 600.0
"""A measurement older than this says nothing: clocks are set."""
_KEEP = sa.text(
    """
    INSERT INTO ops.clock_offsets (source, offset_s, error_s, samples, jumps, measured_at)
    VALUES (:source, :offset_s, :error_s, :samples, :jumps, clock_timestamp())
    ON CONFLICT (source) DO UPDATE SET offset_s = :offset_s, error_s = :error_s, samples = :samples, jumps = :jumps,
        measured_at = clock_timestamp()
    """
)
_READ = sa.text(
    """
    SELECT source, offset_s, error_s, samples, jumps,
        extract(epoch FROM clock_timestamp() - measured_at)::float8 AS age_s
    FROM ops.clock_offsets ORDER BY source
    """
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A source's clock minus ours in seconds; the truth lies within `error_s`."""

    source: str
    offset_s: float
    error_s: float
    samples: int
    jumps: int
    age_s: float
    """Since it was measured, by the database's clock."""

    @property
    def fresh(self) -> bool:
        return self.age_s <= FRESH_S

    def surely_beyond(self, limit_s: float) -> bool:
        """Whether the clocks differ by more than a limit whatever the error."""
        return abs(self.offset_s) - self.error_s > limit_s

    def said(self) -> str:
        """For people."""
        return f"{self.source}'s clock is {self.offset_s:+.2f} s against ours, within {self.error_s:.2f} s"


def keep_clock(
    connection: sa.Connection, source: str, offset_s: float, error_s: float, samples: int, jumps: int = 0
) -> None:
    """Keep a measurement in place of the one before."""
    given = {"source": source, "offset_s": offset_s, "error_s": error_s, "samples": samples, "jumps": jumps}
    connection.execute(_KEEP, given)


def read_clocks(connection: sa.Connection) -> dict[str, Measured]:
    """The last measurement of every source."""
    return {row.source: Measured(**row._asdict()) for row in connection.execute(_READ)}
