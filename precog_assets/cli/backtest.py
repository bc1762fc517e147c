"""`precog backtest`: a strategy over stored facts or files, as tables, JSON, plots and a page.

Belongs here: options, progress, where output goes. Does not: the loop, its figures, their words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from precog_assets.cli.tables import Bars, bars, console_of_tables, drawn
from precog_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from precog_assets.domain.leagues import League
    from precog_assets.domain.strategies import Strategy, TradingRules
    from precog_assets.pipeline.backtest.feed import Feed
    from precog_assets.pipeline.backtest.grid import Row
    from precog_assets.pipeline.backtest.report import Report
    from precog_assets.pipeline.backtest.result import Result
    from precog_assets.pricing.fee_book import FeeBook

PLOTS_PAGE, JSON_FILE, BETS_FILE = "index.html", "report.json", "bets.csv"
Bound = datetime | None


def backtest(
    league: Annotated[str, typer.Option("--league", metavar="KEY", help="League key, e.g. `nba`.")],
    strategy: Annotated[
        str, typer.Option("--strategy", metavar="NAME", help="One of config/strategies.yaml.")
    ] = "value",
    first: Annotated[
        datetime | None,
        typer.Option("--from", metavar="DAY", formats=["%Y-%m-%d"], help="First Eastern day decided on."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", metavar="DAY", formats=["%Y-%m-%d"], help="Last Eastern day decided on, included."),
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option("--files", metavar="FOLDER", help="Take what is not given below from the files of a folder."),
    ] = None,
    markets: Annotated[
        Path | None, typer.Option("--markets", metavar="FILE", help="`ticker`, and `result`, `close_time` and so on.")
    ] = None,
    quotes: Annotated[
        list[Path] | None,
        typer.Option("--quotes", metavar="FILE", help="`ticker`, a time, bid and ask or a price; repeatable."),
    ] = None,
    games: Annotated[
        Path | None, typer.Option("--games", metavar="FILE", help="Results in the exchange format: ratings learn here.")
    ] = None,
    schedule: Annotated[
        list[Path] | None,
        typer.Option("--schedule", metavar="FILE", help="`date home away`, may have `kickoff_eastern`; repeatable."),
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid", metavar="NAME=A,B", help="Try other values of a gate or size; repeatable, all combined."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Write the page, plots, bets and JSON there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON on stdout.")] = False,
) -> None:
    """Step a strategy through quotes in the order they became known, and say what it would have earned.

    Pricing, gates, sizes, fills, fees and settlement are the functions that run live; nothing later than the instant
    can be read. Without files the **stored facts** are used, and `--from` and `--to` are needed.

    **Files** (Parquet or CSV) need no database: markets, prices and games, each given or found in the folder of
    `--files` by its columns and the league in its name. Prices without bid and ask get a half-spread from
    `config/strategies.yaml` and are called synthetic in the report. Where only a guess of a game's start is known,
    trading ends 45 minutes before it.

    A **return on investment** is given with its interval from 100 settled bets on. With `--grid` every combination is
    run beside the strategy as it is configured; the best of many is lucky, and the table says by how much.

    Example: `precog backtest --league nba --strategy value --files data --grid min_net_value=0.01,0.02 --out report`
    """
    from precog_assets.cli.forecasts import the_league
    from precog_assets.config import load_trading_rules
    from precog_assets.pipeline.backtest.grid import axes_of, run_grid, variants
    from precog_assets.pipeline.backtest.report import report_of
    from precog_assets.pipeline.backtest.run import run_backtest

    one, rules = the_league(league), load_trading_rules()
    chosen = the_strategy(strategy, one, rules)
    axes = axes_of(grid or [])
    tried = len(variants(chosen, axes)) if axes else 0
    since, until = bounds(first, last)
    folder = _folder(out)
    given = {"markets": markets, "quotes": tuple(quotes or ()), "games": games, "schedule": tuple(schedule or ())}
    with bars() as shown, _fed(one, files, given, since, until, rules, shown) as fed:

        def run(variant: Strategy) -> Result:
            with shown.counting(f"{league}: {variant.name}", "days") as step:
                return run_backtest(
                    fed.feed,
                    variant,
                    rules.limits,
                    rules.backtests,
                    fees=fed.fees,
                    since=since,
                    until=until,
                    progress=step,
                )

        result = run(chosen)
        rows: list[Row] = []
        if axes:
            with shown.counting("combinations", "tried") as step:
                step("combinations", 0, tried)
                rows = run_grid(chosen, axes, run, progress=lambda done, of: step("combinations", done, of))
        with shown.counting("figures", ""):
            report = report_of(result, remarks=fed.remarks)
            if folder is not None:
                _write(folder, report, result, rows)
    if as_json:
        typer.echo(json.dumps(_as_json(report, rows), indent=2, allow_nan=False))
    else:
        _print(report, rows)
    if folder is not None:
        typer.echo(f"written: {folder / PLOTS_PAGE} and what it shows", err=as_json)


def the_strategy(name: str, league: League, rules: TradingRules) -> Strategy:
    """The configured strategy. Raises ConfigurationError naming the known ones, or the leagues it trades."""
    found = rules.strategies.get(name)
    if found is None:
        raise ConfigurationError(
            f"--strategy {name}: unknown; config/strategies.yaml has {', '.join(rules.strategies)}."
        )
    if league.key not in found.leagues:
        raise ConfigurationError(
            f"--strategy {name} does not trade {league.key}; it trades {', '.join(found.leagues)}."
        )
    return found


def bounds(first: datetime | date | None, last: datetime | date | None) -> tuple[Bound, Bound]:
    """Start of the first Eastern day and end of the last. Raises ConfigurationError where they are the wrong way."""
    from precog_assets.domain.times import eastern_day_bounds

    days = [one.date() if isinstance(one, datetime) else one for one in (first, last)]
    if days[0] is not None and days[1] is not None and days[1] < days[0]:
        raise ConfigurationError(f"--from {days[0]} is after --to {days[1]}.")
    since = eastern_day_bounds(days[0])[0] if days[0] is not None else None
    return since, eastern_day_bounds(days[1])[1] if days[1] is not None else None


@dataclass(frozen=True, slots=True)
class _Fed:
    feed: Feed
    fees: FeeBook | None = None
    """What venues were heard to charge; None: the configuration alone."""
    remarks: tuple[str, ...] = ()


@contextmanager
def _fed(
    league: League,
    files: Path | None,
    given: dict[str, Any],
    since: Bound,
    until: Bound,
    rules: TradingRules,
    shown: Bars,
) -> Iterator[_Fed]:
    """The feed of files where any is given, else of the stored facts."""
    if files is not None or any(given.values()):
        from precog_assets.pipeline.backtest.files import file_feed
        from precog_assets.pipeline.backtest.folder import files_for

        found = files_for(files, league.key, **given)
        with shown.counting(f"{league.key}: reading files and rating games", ""):
            feed = file_feed(
                league,
                markets=found.markets,
                quotes=found.quotes,
                games=found.games,
                schedule=found.schedule,
                assumptions=rules.backtests,
                end=until,
            )
        yield _Fed(feed, remarks=tuple(_of_files(feed)))
        return
    if since is None or until is None:
        raise ConfigurationError(
            "a backtest of stored facts needs --from DAY and --to DAY; files are given by --files."
        )
    from precog_assets.environment import resolve
    from precog_assets.pipeline.backtest.stored import StoredFeed
    from precog_assets.pipeline.fees import fee_book
    from precog_assets.services import opened

    with opened(resolve(), leagues=[league]) as services:
        with services.engine.connect() as connection:
            fees = fee_book(connection)
        yield _Fed(StoredFeed(services.engine, league, since, until, assumptions=rules.backtests), fees)


def _of_files(feed: Any) -> Iterator[str]:
    """What must be said of the files themselves."""
    total = sum(feed.verdicts.values())
    refused = ", ".join(
        f"{count:,} {verdict}" for verdict, count in feed.verdicts.most_common() if verdict != "matched"
    )
    yield f"{feed.verdicts['matched']:,} of {total:,} markets are tied to a game" + (
        f"; {refused}." if refused else "."
    )
    if feed.rejected:
        left = ", ".join(f"{count:,} {reason}" for reason, count in feed.rejected.most_common())
        yield f"Rows of prices left out: {left}."
    if feed.last_result is None:
        yield "No result comes before the first market: nothing is rated."
    else:
        yield f"The last result that ratings had learnt from before the first market is of {feed.last_result:%Y-%m-%d}."


def _folder(out: Path | None) -> Path | None:
    if out is None:
        return None
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"--out {out}: cannot be made a folder: {error}") from error
    return out


def _write(folder: Path, report: Report, result: Result, rows: Sequence[Row]) -> None:
    from precog_assets.pipeline.backtest.grid import grid_table, warning
    from precog_assets.pipeline.backtest.page import html_page
    from precog_assets.pipeline.backtest.plots import write_all
    from precog_assets.pipeline.backtest.report import bets_frame

    more = [(grid_table(rows), warning(rows))] if rows else []
    try:
        write_all(report, folder)
        (folder / PLOTS_PAGE).write_text(html_page(report, more=more), encoding="utf-8")
        (folder / JSON_FILE).write_text(json.dumps(_as_json(report, rows), indent=2) + "\n", encoding="utf-8")
        bets_frame(result.bets).write_csv(folder / BETS_FILE)
    except OSError as error:
        raise ConfigurationError(f"--out {folder}: cannot be written: {error}") from error


def _as_json(report: Report, rows: Sequence[Row]) -> dict[str, Any]:
    from precog_assets.pipeline.backtest.grid import warning
    from precog_assets.pipeline.backtest.report import as_json, plain_of

    held = as_json(report)
    if rows:
        held["grid"] = {"warning": warning(rows), "rows": plain_of(rows)}
    return held


def _print(report: Report, rows: Sequence[Row]) -> None:
    from precog_assets.pipeline.backtest.grid import grid_table, warning
    from precog_assets.pipeline.backtest.tables import tables

    console = console_of_tables()
    for table in tables(report):
        console.print(table.title, style="bold", markup=False)
        console.print(drawn(table))
        console.print()
    if rows:
        console.print("Parameters tried", style="bold")
        console.print(drawn(grid_table(rows)))
        console.print(warning(rows), markup=False)
        console.print()
    for remark in report.remarks:
        console.print(f"- {remark}", markup=False)
