"""What tests of chaos share: worlds, and the table of what each fault did, printed at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from precog_assets_tests.chaos.comparing import KINDS, Comparison
from precog_assets_tests.chaos.world import LiveWorld, busy_world


@dataclass(frozen=True, slots=True)
class Line:
    """One fault in the table."""

    fault: str
    done: str
    recovered_s: float
    found: Comparison


LINES: list[Line] = []
Tell = Callable[[str, str, float, Comparison], None]


@pytest.fixture(scope="module")
def world() -> Iterator[LiveWorld]:
    """A world with its database, followed by the collectors that tests start."""
    with busy_world() as made:
        yield made


@pytest.fixture
def tell() -> Tell:
    """Writes a fault into the table (fault, what was done, seconds until all was well), then fails for what differs."""

    def told(fault: str, done: str, recovered_s: float, found: Comparison) -> None:
        LINES.append(Line(fault, done, recovered_s, found))
        assert found.sound, found.wrong()

    return told


@pytest.fixture
def stopwatch() -> Callable[[], float]:
    """Seconds since the test began."""
    began_s = time.monotonic()
    return lambda: time.monotonic() - began_s


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not LINES:
        return
    head = ("fault", "what was done", "recovered in s", *KINDS, "verdict")
    rows: list[tuple[str, ...]] = [head]
    for line in LINES:
        cells = [str(line.found.rows.get(kind, "")) for kind in KINDS]
        verdict = "as it happened" if line.found.sound else "DIFFERS"
        rows.append((line.fault, line.done, f"{line.recovered_s:.1f}", *cells, verdict))
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    terminalreporter.section("chaos: the ledger against the tables (in the ledger/in the tables, -missing +extra)")
    for row in rows:
        terminalreporter.write_line(" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
