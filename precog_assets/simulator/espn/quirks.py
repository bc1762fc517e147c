"""ESPN's quirks as data: what each is, where the simulator has it, and the faults that bring those on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from precog_assets.domain.errors import ConfigurationError

FILE = Path(__file__).with_name("quirks.yaml")
SHOWN = ("world", "request", "fault")


@dataclass(frozen=True, slots=True)
class Quirk:
    """One of them."""

    id: str
    """`Q1` to `Q24`."""
    what: str
    shown: str
    """By the world itself, by asking in a certain way, or by a fault."""
    where: str
    faults: tuple[Mapping[str, Any], ...] = ()
    """Rules to hand to the fault engine, as its control endpoint takes them."""


@cache
def quirks() -> dict[str, Quirk]:
    """All quirks by id. Raises ConfigurationError naming what is wrong in the file."""
    found: dict[str, Quirk] = {}
    for number, raw in enumerate(yaml.safe_load(FILE.read_text(encoding="utf-8"))):
        extra = set(raw) - {"id", "what", "shown", "where", "faults"}
        if extra or raw.get("shown") not in SHOWN or raw.get("id") in found:
            raise ConfigurationError(f"{FILE.name}[{number}]: {raw!r}; expected an id of its own and shown in {SHOWN}")
        faults = tuple(raw.get("faults", ()))
        found[raw["id"]] = Quirk(raw["id"], raw["what"], raw["shown"], raw["where"], faults)
    return found
