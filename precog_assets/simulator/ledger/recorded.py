"""What was done to the simulator from outside, kept as it happens: one JSON line each, in a file that only grows.

The file lies beside the world's; a simulator without a world file keeps it in a temporary one. An index of times
and places is held in memory, of bounded size: of more happenings than that, the oldest are not told any more.
"""

from __future__ import annotations

import os
import tempfile
import threading
from array import array
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.ledger import KINDS, Kind
from precog_assets.simulator.ledger.rows import Happening, contracts, dollars, happening, money

HAPPENINGS_KEPT = 2_000_000


class Recorded:
    """The recorded part of a ledger; implements `Recorder`. Safe to use from any thread."""

    def __init__(
        self, path: Path | None, real_now: Callable[[], datetime], league_of: Callable[[str], str | None]
    ) -> None:
        """Go on with the file at `path`, or begin one. `league_of` gives the league of a ticker.

        Raises ConfigurationError for a file that is not a ledger.
        """
        self._real_now = real_now
        self._league_of = league_of
        self._lock = threading.Lock()
        self._times, self._kinds, self._offsets = array("q"), array("B"), array("q")
        self._dropped = 0
        self._file: BinaryIO = _opened(path)
        try:
            self._end = self._read_index(path)
        except ConfigurationError:
            self._file.close()
            raise

    def record(self, kind: Kind, at: datetime, facts: Mapping[str, Any]) -> None:
        time_us = microseconds(at)
        line = {"kind": kind, "world_us": time_us, "wall_us": microseconds(self._real_now()), "facts": dict(facts)}
        said = orjson.dumps(line, default=str) + b"\n"
        with self._lock:
            self._file.seek(0, os.SEEK_END)
            self._file.write(said)
            self._file.flush()
            self._index(kind, time_us, self._end)
            self._end += len(said)

    def __len__(self) -> int:
        return len(self._times)

    def between(self, start_us: int, end_us: int, kinds: frozenset[Kind]) -> Iterator[Happening]:
        """What happened in start_us < time <= end_us by world time, then by when it was recorded."""
        import numpy as np

        with self._lock:
            times = np.array(self._times, dtype=np.int64)
            numbers = np.array(self._kinds, dtype=np.uint8)
            offsets = np.array(self._offsets, dtype=np.int64)
            dropped = self._dropped
        wanted = np.isin(numbers, [KINDS.index(kind) for kind in kinds])
        chosen = np.flatnonzero(wanted & (times > start_us) & (times <= end_us))
        for row in chosen[np.lexsort((chosen, times[chosen]))]:
            yield self._read(int(offsets[row]), dropped + int(row))

    def close(self) -> None:
        self._file.close()

    def _index(self, kind: Kind, time_us: int, offset: int) -> None:
        self._times.append(time_us)
        self._kinds.append(KINDS.index(kind))
        self._offsets.append(offset)
        if len(self._times) > HAPPENINGS_KEPT:
            half = len(self._times) // 2
            self._times, self._kinds, self._offsets = self._times[half:], self._kinds[half:], self._offsets[half:]
            self._dropped += half

    def _read_index(self, path: Path | None) -> int:
        """Index what the file holds; its end. A line that a killed process left unfinished is cut off."""
        offset = 0
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                self._file.truncate(offset)
                break
            try:
                stored = orjson.loads(line)
                self._index(stored["kind"], stored["world_us"], offset)
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
                raise ConfigurationError(
                    f"{path}, line {number}: not a happening of a ledger ({type(error).__name__}: {error}); "
                    "mend it, or begin a new world."
                ) from error
            offset += len(line)
        return offset

    def _read(self, offset: int, number: int) -> Happening:
        with self._lock:
            self._file.seek(offset)
            line = self._file.readline()
        stored = orjson.loads(line)
        facts: dict[str, Any] = stored["facts"]
        columns = _columns(stored["kind"], facts)
        ticker = columns.get("ticker") or columns.get("event_ticker")
        if ticker is not None and columns.get("league") is None:
            columns["league"] = self._league_of(ticker)
        columns["facts"] = facts
        return happening(stored["kind"], stored["world_us"], f"{number:012d}", columns, stored["wall_us"])


_COPIED = (
    *("ticker", "event_ticker", "league", "event_id", "status", "account_id", "order_id", "client_order_id"),
    *("side", "rule_id", "effect"),
)


def _columns(kind: Kind, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that facts of a kind fill; the exchange's whole units become dollars and contracts."""
    columns: dict[str, Any] = {name: facts[name] for name in _COPIED if isinstance(facts.get(name), str)}
    if kind == "order":
        columns |= {"price": dollars(facts["price"]), "count": contracts(facts["initial"])}
        columns["fee"] = money(facts["taker_fees"] + facts["maker_fees"])
        columns["effect"] = facts.get("reason")
    elif kind == "fill":
        columns |= {"price": dollars(facts["price"]), "count": contracts(facts["count"]), "fee": money(facts["fee"])}
        columns |= {"trade_id": facts["fill_id"], "effect": "taker" if facts["is_taker"] else "maker"}
    elif kind == "settlement":
        columns |= {"price": dollars(facts["value"]), "fee": money(facts["fees"]), "effect": facts["result"]}
        columns["count"] = contracts(facts["yes_count"] - facts["no_count"])
    return columns


def _opened(path: Path | None) -> BinaryIO:
    if path is None:
        return cast(BinaryIO, tempfile.TemporaryFile())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path.open("r+b")
