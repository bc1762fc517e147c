"""How a collector is doing, for its line, for JSON, and for the lease that others read.

Belongs here: the figures and how they are shown. Does not: measuring (`timing`), printing (`cli.collect`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """Seconds are real ones; rates and percentiles are of the time since the status before."""

    at: str
    uptime_s: float
    connected: bool
    """To the stream."""
    stream: str
    """Why it is not connected, by reason; empty while it is."""
    markets: int
    """Followed."""
    books: int
    """That are sound."""
    frames_per_s: float
    quotes_waiting: int
    written_p50_s: float
    """From a frame's receipt to its fact's commit."""
    written_p99_s: float
    decided_p50_s: float
    """From a frame's receipt to the end of the reaction to it."""
    decided_p99_s: float
    spool_depth: int
    """Facts of the stream and boards that wait on disk for the database."""
    spool_bytes: int
    gaps: int
    """Since the start."""
    reactions: int
    polls: int
    segments_bytes: int = 0
    """Of raw segments that are not in the archive yet."""
    roles: Mapping[str, int | None] = field(default_factory=dict)
    """The epoch in each role; None where another process has it."""
    tasks: int = 0
    """Of the process's loop: those that outlive their work would add up here."""
    clock_offset_s: float | None = None
    """By which the exchange's clock is ahead of ours, as decisions have it; None where nothing tells it."""
    clock_error_s: float | None = None
    """Within which that is true."""
    venue_lag_p50_s: float | None = None
    """From the exchange's sending a frame to our receiving it, by its own clock; None where none came."""
    venue_lag_p99_s: float | None = None
    markets_not_followed: int = 0
    """Of the window, beyond the most that are followed."""
    quotes_coalesced: int = 0
    """Since the start: quotes in whose place a newer one of their market was written."""
    quotes_shed: int = 0
    """Since the start: quotes of less important markets that were let go."""
    database_away_s: float | None = None
    """For how long the database has taken no facts; None while it does."""
    spool_damaged_bytes: int = 0
    """Found damaged in the spools when they were opened, and passed over: their facts are missing."""
    spool_torn_bytes: int = 0
    """Of a write that a kill cut off, removed when they were opened; its frames are in their segment."""
    spool_shed: int = 0
    """Facts that a spool did not keep because it was too full, since the start."""
    spool_unreadable: int = 0
    """Facts in the spool that this version could not read, and passed over, since the start."""
    counts: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Everything, for `--json`."""
        return asdict(self)

    def details(self) -> dict[str, Any]:
        """What a lease tells of its holder."""
        names = (
            "connected",
            "markets",
            "books",
            "frames_per_s",
            "quotes_waiting",
            "written_p99_s",
            "decided_p50_s",
            "decided_p99_s",
            "spool_depth",
            "spool_bytes",
            "spool_damaged_bytes",
            "spool_torn_bytes",
            "spool_shed",
            "spool_unreadable",
            "segments_bytes",
            "gaps",
            "markets_not_followed",
            "quotes_coalesced",
            "quotes_shed",
            "venue_lag_p50_s",
            "venue_lag_p99_s",
            "clock_offset_s",
            "clock_error_s",
        )
        return {name: getattr(self, name) for name in names}

    def line(self) -> str:
        """For people."""
        held = [role for role, epoch in self.roles.items() if epoch is not None]
        stream = (
            f"{self.books} of {self.markets} books" if self.connected else f"stream away: {self.stream or 'opening'}"
        )
        parts = [
            stream,
            f"{self.frames_per_s:,.0f} frames/s",
            f"written p50 {_ms(self.written_p50_s)} p99 {_ms(self.written_p99_s)}",
            f"decided p50 {_ms(self.decided_p50_s)} p99 {_ms(self.decided_p99_s)}",
            f"spool {self.spool_depth:,}",
            f"gaps {self.gaps}",
            *self._trouble(),
            f"feeds {', '.join(held) or 'nothing: others do'}",
        ]
        if self.failures:
            parts.append("failed " + ", ".join(f"{count} {code}" for code, count in sorted(self.failures.items())))
        return "  ".join(parts)

    def _trouble(self) -> list[str]:
        said = []
        if self.markets_not_followed:
            said.append(f"{self.markets_not_followed:,} markets not followed")
        if self.spool_damaged_bytes:
            said.append(f"spool damaged {self.spool_damaged_bytes:,} bytes")
        return said


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"
