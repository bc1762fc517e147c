"""What a check of `precog doctor` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and what to do about it unless it is fine."""

    status: Literal["ok", "warn", "fail"]
    what: str
    found: str
    action: str = ""
