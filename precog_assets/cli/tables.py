"""Tables and bars in a terminal: how what `pipeline.backtest.tables` holds is drawn, and how progress is shown.

Belongs here: drawing, on stdout for tables and stderr for bars. Does not: what is in them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from precog_assets.pipeline.backtest.tables import Table

Step = Callable[[str, int, int | None], None]
"""What is worked on, how many are done, and of how many; None: nobody knows."""


def drawn(table: Table) -> Any:
    """A table for the terminal."""
    from rich.markup import escape
    from rich.table import Table as Drawn

    drawn = Drawn(box=None, header_style="bold", pad_edge=False)
    for at, heading in enumerate(table.headings):
        drawn.add_column(escape(heading), justify="left" if table.words or not at else "right", overflow="fold")
    for row in table.rows:
        drawn.add_row(*(escape(cell) for cell in row))
    return drawn


def console_of_tables() -> Any:
    """Stdout, wide enough for tables where it is no terminal."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 140)


class Bars:
    """Bars on stderr, gone when they are done."""

    def __init__(self, progress: Any) -> None:
        self._progress = progress

    @contextmanager
    def counting(self, name: str, unit: str) -> Iterator[Step]:
        """A bar that is there while the block runs; what it is given moves it."""
        task = self._progress.add_task(name, total=None, unit=unit)

        def step(what: str, done: int, total: int | None) -> None:
            self._progress.update(
                task, description=f"{name} {what}" if what != name else name, completed=done, total=total
            )

        try:
            yield step
        finally:
            self._progress.remove_task(task)


@contextmanager
def bars() -> Iterator[Bars]:
    """Bars while the block runs."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bars(progress)
