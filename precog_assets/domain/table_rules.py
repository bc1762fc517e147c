"""How it is said what a table's rows must satisfy: columns with meanings and limits, rules across columns.

The types only; the tables are in `schemas`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "integer", "number", "price", "money", "count", "boolean", "instant"]
"""`price`: dollars a contract. `money`: dollars of an account, to their last decimal. `count`: contracts."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it means, and what its values may be. `low` and `high` are inclusive."""

    name: str
    kind: Kind
    description: str
    nullable: bool = False
    unique: bool = False
    one_of: tuple[str, ...] = ()
    matches: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def limits(self) -> list[str]:
        """The limits on values, in words."""
        said = [f"one of {', '.join(self.one_of)}"] if self.one_of else []
        if self.matches:
            said.append(f"matches {self.matches}")
        if self.low is not None:
            said.append(f">= {self.low:g}")
        if self.high is not None:
            said.append(f"<= {self.high:g}")
        return said


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on a row in polars' SQL; a row of which it cannot be said (null) satisfies it."""

    name: str
    condition: str


@dataclass(frozen=True, slots=True)
class TableRules:
    """The rows of one table."""

    table: str
    """Schema and name, e.g. `core.games`."""
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
