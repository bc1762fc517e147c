"""`precog replay`: a decision made again, or a day of raw answers read again, and what comes out differently.

Belongs here: options, progress, tables for people. Does not: replaying (`pipeline.replay`).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from precog_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

    from precog_assets.pipeline.replay.compare import Difference, TableComparison
    from precog_assets.pipeline.replay.day import DayReplay
    from precog_assets.pipeline.replay.decision import Change, DecisionReplay

DIFFERS_EXIT = 1
SOURCES = ("espn", "kalshi")
SHOWN = 10

app = typer.Typer(no_args_is_help=True, help="Do again what was done, and compare.")


@app.callback()
def replay() -> None:
    """Do again what was done, and compare. The real tables are only read."""


@app.command("decision")
def replay_decision(
    decision_id: Annotated[
        str, typer.Argument(metavar="ID", help="The decision's id, or the first four or more digits of it.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Make a decision again, from stored facts as they were known then, with its recorded configuration.

    Says `same`, or field by field where today differs, and whether the facts or the code do. Exit code 0 when it is
    the same, else 1.

    Example: `precog replay decision 1f3a9c`
    """
    import json

    from rich.console import Console

    from precog_assets.cli.asking import asked
    from precog_assets.pipeline.replay.decision import replay_decision as again

    with asked() as (engine, _):
        found = again(engine, decision_id)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        _show_decision(Console(highlight=False), found)
    if not found.same:
        raise typer.Exit(DIFFERS_EXIT)


def _show_decision(console: Console, found: DecisionReplay) -> None:
    from rich.markup import escape

    one = found.recorded
    console.print(escape(f"{one.decision_id}: {one.action} {one.market_id} by {one.strategy}, {one.reason}"))
    console.print(f"  as of {one.as_of:%Y-%m-%d %H:%M:%S.%f} UTC")
    if found.sized_with:
        console.print(f"  sized together with {found.sized_with} other bets of that instant")
    _changes(console, "facts, as they are stored now", found.facts)
    if found.facts:
        _changes(console, "decided today on these facts", found.verdict)
    _changes(console, "decided today on what was read then", found.code)
    console.print(f"[{'green' if found.same else 'red'}]{escape(found.summary)}[/]")


def _changes(console: Console, title: str, changes: tuple[Change, ...]) -> None:
    from rich.markup import escape
    from rich.table import Table

    if not changes:
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="dim", pad_edge=True)
    for name in ("", "then", "now"):
        table.add_column(name, overflow="fold")
    for one in changes:
        table.add_row(*(escape(cell) for cell in (_place(one.name), _cell(one.recorded), _cell(one.now))))
    console.print(table)


def _place(name: str) -> str:
    """`gates.spread.value` as `gate spread: value`."""
    if not name.startswith("gates."):
        return name
    gate, _, part = name.removeprefix("gates.").partition(".")
    return f"gate {gate}: {part}" if part else f"gate {gate}"


def _cell(value: Any) -> str:
    from precog_assets.queries.why import value_text

    if value is None:
        return "-"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value_text(value) if isinstance(value, float) else str(value)


@app.command("day")
def replay_day(
    day: Annotated[
        datetime,
        typer.Argument(metavar="DATE", formats=["%Y-%m-%d"], help="The day, in UTC, on which answers were kept."),
    ],
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="`espn` or `kalshi`; default: both.")
    ] = None,
) -> None:
    """Read a day of the raw archive again with today's parsers, and compare with what is stored, table by table.

    It works in a database of its own, made on the same server and dropped at the end. Exit code 0 when every answer
    could be read and reads as it is stored, else 1.

    Example: `precog replay day 2026-11-21 --source kalshi`
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from precog_assets.environment import resolve
    from precog_assets.pipeline.replay.day import replay_day as again
    from precog_assets.services import opened

    if source is not None and source not in SOURCES:
        raise ConfigurationError(f"--source {source}: expected {' or '.join(SOURCES)}.")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        opened(resolve()) as services,
        Progress(*columns, console=Console(stderr=True), transient=True) as shown,
    ):
        task = shown.add_task(f"reading {day:%Y-%m-%d} again", total=None)
        found = again(
            services.engine,
            services.archive,
            day.date(),
            now=services.clock.now(),
            source=source,
            progress=lambda done, every: shown.update(task, completed=done, total=every),
        )
    _show_day(Console(highlight=False), found)
    if not found.same:
        raise typer.Exit(DIFFERS_EXIT)


def _show_day(console: Console, found: DayReplay) -> None:
    from rich.markup import escape
    from rich.table import Table

    which = found.source or "all sources"
    console.print(
        f"{found.day}, {which}: {found.answers:,} answers read again; {found.elsewhere:,} hold no facts that are "
        f"stored; {found.rejected:,} rows rejected"
    )
    for line in found.refused[:SHOWN]:
        console.print(f"  [yellow]{escape(line)}[/yellow]")
    if found.lost:
        console.print(f"  [red]{len(found.lost):,} answers are gone from the archive, e.g. {found.lost[0]}[/red]")
    table = Table(box=None, header_style="bold")
    for name in ("table", "equal", "missing", "extra", "different", "overwritten since"):
        table.add_column(name, justify="left" if name == "table" else "right")
    for one in found.tables:
        counts = (one.equal, one.missing, one.extra, one.different, one.overwritten)
        table.add_row(one.table, *(f"{count:,}" if count else "-" for count in counts))
    console.print(table)
    for one in found.tables:
        _samples(console, one)
    console.print("[green]same[/green]" if found.same else "[red]differs[/red]")


def _samples(console: Console, one: TableComparison) -> None:
    from rich.markup import escape

    for sample in one.samples:
        console.print(escape(f"  {one.table} {_difference(sample)}"))


def _difference(sample: Difference) -> str:
    key = ", ".join(str(part) for part in sample.key)
    said = {"missing": "stored, not read again", "extra": "read again, not stored", "different": "different"}
    fields = "".join(f"; {name}: stored {old}, read again {new}" for name, old, new in sample.fields)
    return f"{key} at {sample.observed_at:%H:%M:%S.%f}: {said[sample.kind]}{fields}"
