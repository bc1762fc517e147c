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
            "segments_bytes",
            "gaps",
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
            f"feeds {', '.join(held) or 'nothing: others do'}",
        ]
        if self.failures:
            parts.append("failed " + ", ".join(f"{count} {code}" for code, count in sorted(self.failures.items())))
        return "  ".join(parts)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"
