"""The exchange's memory: every accepted command as a line of JSON, in order; the state is their pure replay.

Private keys are never written. A line that a killed process left half-written is dropped; any other unreadable line
is an error. Setting the clock back writes a line as well: commands later than it never happened, but for accounts and
their keys, which stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from precog_assets.domain.errors import ConfigurationError

_REWIND = "rewind"
KEPT = frozenset({"open_account", "add_key", "closures"})
"""Commands that hold whatever time the clock is set back to."""


class Entry(NamedTuple):
    """One accepted command."""

    at_us: int
    do: str
    account_id: str
    terms: Mapping[str, Any]


class Journal:
    """Commands in a file, or in memory where there is none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._entries: list[Entry] = []

    def load(self) -> list[Entry]:
        """What was accepted so far, oldest first. Raises ConfigurationError naming a line that cannot be read."""
        if self._path is None:
            return list(self._entries)
        raw = self._path.read_bytes() if self._path.exists() else b""
        whole, _, torn = raw.rpartition(b"\n")
        if torn:
            with self._path.open("r+b") as file:
                file.truncate(len(raw) - len(torn))
        found: list[Entry] = []
        for number, line in enumerate(whole.split(b"\n") if whole else (), start=1):
            found = _resolved(found, self._read(line, number))
        return found

    def _read(self, line: bytes, number: int) -> Entry:
        try:
            row = orjson.loads(line)
            return Entry(int(row["at"]), str(row["do"]), str(row["account"]), dict(row["with"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"{self._path} line {number}: not a command of the exchange ({error!r}); mend it or remove the file"
            ) from error

    def append(self, at_us: int, do: str, account_id: str, terms: Mapping[str, Any]) -> None:
        """Keep a command; it is with the operating system when this returns."""
        entry = Entry(at_us, do, account_id, terms)
        if self._path is None:
            self._entries = _resolved(self._entries, entry)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab", buffering=0) as file:
            file.write(orjson.dumps({"at": at_us, "do": do, "account": account_id, "with": terms}) + b"\n")

    def rewind(self, to_us: int) -> None:
        """Commands after that time never happened."""
        self.append(to_us, _REWIND, "", {})


def _resolved(entries: list[Entry], entry: Entry) -> list[Entry]:
    """The list with one more entry; a rewind takes entries away instead."""
    if entry.do != _REWIND:
        entries.append(entry)
        return entries
    return [e._replace(at_us=min(e.at_us, entry.at_us)) for e in entries if e.at_us <= entry.at_us or e.do in KEPT]
