"""What is said about a spool: its limits, what an append did, how it stands, and that it is full.

Belongs here: types. Does not: the spool (`spool.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from precog_assets.domain.errors import PrecogError

SPOOL_CODE = "system.spool"


class SpoolFull(PrecogError):
    """The spool is at its bound, or the disk under it has no room; nothing of the call was kept."""

    def __init__(self, message: str) -> None:
        super().__init__(SPOOL_CODE, message)


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """How much may wait, and which kinds give way first."""

    max_bytes: int = 2 << 30
    shed_above: float = 0.8
    sheddable: frozenset[str] = frozenset()
    file_bytes: int = 16 << 20
    fsync: bool = True
    """Bytes reach the disk before `append` returns: while the database is away there is no other copy."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What an append did: the number of the last record kept (None: none was), and how many were shed."""

    last: int | None
    kept: int
    shed: int


@dataclass(frozen=True, slots=True)
class SpoolState:
    """For metrics and checks."""

    spool_id: str
    depth: int
    """Records that wait."""
    size_bytes: int
    """Of its files; a file goes when all of it is drained."""
    drained: int
    """The number of the last record that is done with."""
    shed: Mapping[str, int] = field(default_factory=dict)
    """By kind, since this process opened it."""
    torn_bytes: int = 0
    """Cut off when it was opened."""
    damaged_bytes: int = 0
    """Passed over between whole records."""
