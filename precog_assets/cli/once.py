"""`precog once`: one headless pass of the whole pipeline, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from precog_assets.domain.errors import PrecogError
    from precog_assets.pipeline.report import StepReport
    from precog_assets.services import Services

FAILED_EXIT = 1
EMPTY_EXIT = 3


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table: a step, and its report or what ended it."""

    name: str
    report: StepReport | PrecogError


def once() -> None:
    """Read, write, link and rate everything once, and say what each step did.

    Exit code 0: all went well. 1: a step failed, or a source did not answer as it should. 3: nothing failed,
    but no source showed a game or a market: 0 rows are a finding, not a success.

    Example: `precog --leagues nfl,nba once`
    """
    from precog_assets.cli.simulator import simulator_for
    from precog_assets.environment import resolve
    from precog_assets.services import opened

    environment = resolve()
    with simulator_for(environment), opened(environment) as services:
        results = _pass(services)
        _show(results)
        code = exit_code(results, _stored_near(services))
    if code == EMPTY_EXIT:
        typer.secho("0 rows: nothing was shown by the sources.", fg=typer.colors.YELLOW, err=True)
    raise typer.Exit(code)


def _pass(services: Services) -> list[Result]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from precog_assets.pipeline.once import run_once

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("...", total=None)
        results = [
            Result(name, report)
            for name, report in run_once(services, begin=lambda name: progress.update(task, description=name))
        ]
        progress.update(task, description="SQL models")
        results.extend(_models(services))
    return results


def _models(services: Services) -> list[Result]:
    """The SQL models, built last: they read what the steps wrote. `rows in` is what each holds now."""
    from precog_assets.domain.errors import PrecogError
    from precog_assets.pipeline.report import StepReport, new_correlation_id
    from precog_assets.pipeline.sql_models.build import build_models

    try:
        built = build_models(services.engine)
    except PrecogError as error:
        return [Result("SQL models", error)]
    results = []
    for one in built:
        report = StepReport(f"model {one.model.name}", new_correlation_id(), services.clock.now())
        report.rows_in, report.elapsed_ms = one.row_count, one.elapsed_ms
        results.append(Result(report.step, report))
    return results


def exit_code(results: Sequence[Result], stored_near: int) -> int:
    """What the pass came to. `stored_near`: games and markets of these days that the database holds."""
    from precog_assets.domain.errors import PrecogError

    if any(isinstance(one.report, PrecogError) or one.report.failed for one in results):
        return FAILED_EXIT
    seen = {one.name: one.report for one in results if not isinstance(one.report, PrecogError)}
    shown = [seen[name] for name in ("games", "markets") if name in seen]
    rows = sum(report.rows_in for report in shown)
    unchanged = sum(report.outcomes["http.unchanged"] for report in shown)
    # A source that answers with the same bytes as before is not parsed again: what it shows is stored.
    return EMPTY_EXIT if rows == 0 and (not unchanged or not stored_near) else 0


def _stored_near(services: Services) -> int:
    from datetime import timedelta

    import sqlalchemy as sa

    from precog_assets.pipeline.feeds import in_database
    from precog_assets.pipeline.once import DAYS_AHEAD, DAYS_BACK

    now = services.clock.now()
    query = sa.text(
        "SELECT (SELECT count(*) FROM core.games WHERE start_time BETWEEN :first AND :last) "
        "+ (SELECT count(*) FROM market.markets WHERE status = 'active')"
    )
    span = {"first": now - timedelta(days=DAYS_BACK + 1), "last": now + timedelta(days=DAYS_AHEAD + 1)}
    with in_database(services.engine) as connection:
        return connection.execute(query, span).scalar_one()


def _show(results: Sequence[Result]) -> None:
    from rich.console import Console
    from rich.table import Table

    from precog_assets.domain.errors import PrecogError

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("step")
    for name in ("rows in", "new", "changed", "unchanged", "rejected", "http ms", "own ms"):
        table.add_column(name, justify="right")
    table.add_column("outcome")
    notes: list[str] = []
    for name, report in ((one.name, one.report) for one in results):
        if isinstance(report, PrecogError):
            table.add_row(name, *[""] * 7, f"[red]{report.code}[/]")
            notes.append(f"{name}: {report.code}: {report} {report.error.action}")
            continue
        counts = (report.rows_in, report.inserted, report.changed, report.unchanged, report.rejected)
        times = (f"{report.http_ms:.0f}", f"{report.own_ms:.0f}")
        table.add_row(name, *(f"{count:,}" for count in counts), *times, _outcome(report))
        notes.extend(f"{name}: rejected {n:,}: {reason}" for reason, n in report.rejections.most_common())
        notes.extend(f"{name}: {failure}" for failure in report.failures[:5])
        if len(report.failures) > 5:
            notes.append(f"{name}: and {len(report.failures) - 5} more")
    console = Console(highlight=False, width=None if typer_is_terminal() else 140)
    console.print(table)
    for note in notes:
        console.print(note, markup=False, soft_wrap=True)


def typer_is_terminal() -> bool:
    import sys

    return sys.stdout.isatty()


def _outcome(report: StepReport) -> str:
    bad = {code: count for code, count in report.outcomes.items() if code not in ("ok", "http.unchanged")}
    said = [f"{count} {code}" for code, count in sorted(bad.items())]
    said += [f"keys gone: {payload}" for payload in report.broken]
    return f"[red]{', '.join(said)}[/]" if said else "[green]ok[/]"
