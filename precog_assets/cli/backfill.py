"""`precog backfill` and `precog bootstrap`: past days, resumable, with a bar that says how far; settled markets."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from precog_assets.domain.leagues import League
    from precog_assets.pipeline.backfill import BackfillPlan
    from precog_assets.pipeline.report import StepReport
    from precog_assets.services import Services

app = typer.Typer(help="Read the past from the sources: games by day, settled markets.", no_args_is_help=True)
INTERRUPTED_EXIT = 130
GIVE_UP_AFTER = 5
"""Days in a row that failed: the source is away, and going on would only ask it again and again."""

LeagueOption = Annotated[
    list[str] | None, typer.Option("--league", help="League key, e.g. `nfl`; repeatable, or with commas.")
]


@app.callback()
def _group() -> None:
    """Read the past from the sources: games by day, settled markets."""


@app.command("games")
def games(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First Eastern day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last Eastern day, included.")],
    league: LeagueOption = None,
    again: Annotated[bool, typer.Option("--again", help="Also days that an earlier run finished.")] = False,
) -> None:
    """Read the boards of past days. Stopped at any moment, the same command goes on where it was.

    Example: `precog backfill games --league nfl --from 2025-09-04 --to 2025-09-30`
    """
    from precog_assets.domain.errors import ConfigurationError

    if last < first:
        raise ConfigurationError(f"The range ends before it begins: --from {first.date()} --to {last.date()}.")

    def plans(services: Services, leagues: Sequence[League]) -> list[BackfillPlan]:
        from precog_assets.pipeline.backfill import plan

        return [plan(services, one, first.date(), last.date(), again=again) for one in leagues]

    _run(league, plans, rate=False)


@app.command("markets")
def markets(league: LeagueOption = None) -> None:
    """Read the markets that settled before the venue's historical cutoff, and tie them to the stored games.

    Repeated, it writes only what is new.

    Example: `precog backfill markets --league nfl`
    """
    from rich.console import Console

    from precog_assets.cli.simulator import simulator_for
    from precog_assets.config import chosen_leagues
    from precog_assets.environment import resolve
    from precog_assets.pipeline.link import link_markets
    from precog_assets.pipeline.markets import backfill_markets
    from precog_assets.pipeline.report import new_correlation_id
    from precog_assets.services import opened

    environment = resolve()
    leagues = chosen_leagues(",".join(league) if league else environment.settings.precog_leagues)
    console = Console(stderr=True, highlight=False)
    correlation_id = new_correlation_id()
    with simulator_for(environment), opened(environment, leagues=leagues) as services:
        reports = []
        for one in leagues:
            with console.status(f"{one.key}: reading settled markets"):
                reports.append(backfill_markets(services, one, correlation_id=correlation_id))
            typer.echo(reports[-1].sentence())
        with console.status("linking"):
            typer.echo(link_markets(services, correlation_id=correlation_id).sentence())
    failures = [failure for report in reports for failure in report.failures]
    for failure in failures[:10]:
        typer.secho(failure, fg=typer.colors.RED, err=True)
    if failures:
        raise typer.Exit(1)


def bootstrap(
    days: Annotated[int, typer.Option(min=1, help="How many days back, up to yesterday.")] = 400,
    league: LeagueOption = None,
) -> None:
    """Read the seasons before, then rate each league: without past results a rating means nothing.

    Stopped at any moment, the same command goes on where it was; days once read are not read again.

    Example: `precog bootstrap --days 400 --league nfl,nba`
    """

    def plans(services: Services, leagues: Sequence[League]) -> list[BackfillPlan]:
        from precog_assets.pipeline.backfill import bootstrap_plans

        return bootstrap_plans(services, leagues, days=days)

    _run(league, plans, rate=True)


class _SourceAway(Exception):
    """Too many days failed in a row."""


@dataclass(slots=True)
class _Tally:
    """What came of the days so far."""

    days: int = 0
    games: int = 0
    written: int = 0
    failed_in_a_row: int = 0
    failures: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def count(self, league: League, day: date, report: StepReport) -> None:
        self.days += 1
        self.games += report.rows_in
        self.written += report.written
        if not report.failed:
            self.failed_in_a_row = 0
            return
        self.failed_in_a_row += 1
        self.failures.append(f"{league.key} {day}: {report.failures[0] if report.failures else 'failed'}")
        if self.failed_in_a_row >= GIVE_UP_AFTER:
            raise _SourceAway

    @property
    def sentence(self) -> str:
        took_s = max(0.001, time.monotonic() - self.began)
        return (
            f"{self.days} days, {self.games:,} games ({self.written:,} rows written) in {took_s:.1f} s: "
            f"{self.days / took_s:.1f} days/s, {self.games / took_s:.0f} games/s"
        )


def _run(
    names: list[str] | None, plans: Callable[[Services, Sequence[League]], list[BackfillPlan]], *, rate: bool
) -> None:
    from precog_assets.cli.simulator import simulator_for
    from precog_assets.config import chosen_leagues
    from precog_assets.environment import resolve
    from precog_assets.services import opened

    environment = resolve()
    leagues = chosen_leagues(",".join(names) if names else environment.settings.precog_leagues)
    tally = _Tally()
    with simulator_for(environment), opened(environment, leagues=leagues) as services:
        todo = plans(services, leagues)
        try:
            _read(services, todo, tally, rate=rate)
        except KeyboardInterrupt:
            typer.echo(f"Stopped after {tally.sentence}. The same command goes on where it was.")
            raise typer.Exit(INTERRUPTED_EXIT) from None
        except _SourceAway:
            typer.secho(
                f"{GIVE_UP_AFTER} days in a row failed; stopped. The same command goes on where it was.", err=True
            )
    typer.echo(f"{tally.sentence}; {sum(one.done for one in todo)} days were there already.")
    for failure in tally.failures[:10]:
        typer.secho(failure, fg=typer.colors.RED, err=True)
    if tally.failures:
        typer.echo(f"{len(tally.failures)} days failed; the same command reads them again.", err=True)
        raise typer.Exit(1)


def _read(services: Services, todo: Sequence[BackfillPlan], tally: _Tally, *, rate: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from precog_assets.pipeline.backfill import backfill_games
    from precog_assets.pipeline.rate import rate_league
    from precog_assets.pipeline.report import new_correlation_id

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days, {task.fields[games]:,} games, {task.fields[speed]:.0f}/s"),
        TimeRemainingColumn(),
    )
    correlation_id = new_correlation_id()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for planned in todo:
            league = planned.league
            total = planned.done + len(planned.days)
            task = progress.add_task(league.key, total=total, completed=planned.done, games=0, speed=0.0)
            began, seen = time.monotonic(), 0

            def one_more(day: date, report: StepReport, league=league, task=task, began=began) -> None:
                nonlocal seen
                seen += report.rows_in
                speed = seen / max(0.001, time.monotonic() - began)
                progress.update(task, advance=1, games=seen, speed=speed)
                tally.count(league, day, report)

            backfill_games(services, planned, correlation_id=correlation_id, progress=one_more)
            if rate:
                rated = rate_league(services, league, correlation_id=correlation_id)
                progress.console.print(f"{league.key}: {rated.rows_in:,} results rated", highlight=False)
