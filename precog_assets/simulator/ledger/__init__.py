"""The simulator's ledger: what truly happened, so that tests can hold what a system stored against it.

What the world decides (scores, makers' quotes, public prints) is not stored: it is derived again from the world
for any span that is asked for (`derived`). What happened from outside (orders, fills, settlements, faults, clock
changes) is recorded as it happens (`recorded`). `rows` has the columns both are told in, `asking` the questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, Protocol

Kind = Literal["score", "quote", "trade", "order", "fill", "settlement", "fault", "clock"]
KINDS: tuple[Kind, ...] = ("score", "quote", "trade", "order", "fill", "settlement", "fault", "clock")
DERIVED: frozenset[Kind] = frozenset({"score", "quote", "trade"})


class Recorder(Protocol):
    """Where venues write what was done to them."""

    def record(self, kind: Kind, at: datetime, facts: Mapping[str, Any]) -> None:
        """Keep one happening; `at` is the world's instant, the wall time is added."""
        ...
