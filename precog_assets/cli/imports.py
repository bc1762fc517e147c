"""`precog import`: files of past games and prices, and what the ids in them stand for."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from precog_assets.pipeline.imports.games import GamesImport, Progress
    from precog_assets.pipeline.imports.quotes import QuotesImport

app = typer.Typer(
    help="Bring in files: past games, the codes in them, and prices.", no_args_is_help=True, rich_markup_mode="markdown"
)
REFUSED_EXIT = 1
STRAYS_SHOWN = 40
LINES_SHOWN = 5

SourceOption = Annotated[
    str, typer.Option("--source", metavar="NAME", help="Where the file comes from, e.g. `nflverse`; heads its ids.")
]
LEFT_OUT = {
    "unplayed": "not played: no scores",
    "unmapped": "left out: an id means no team",
    "already_known": "known from another source",
}


@app.callback()
def _group() -> None:
    """Bring in files: past games, the codes in them, and prices."""


@app.command("games")
def games(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Parquet or CSV file, one row a game.")],
    source: SourceOption,
    league: Annotated[
        str | None,
        typer.Option("--league", metavar="KEY", help="League key; not needed where the file's `league` says it."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and compare, write nothing.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Import the games whose two ids mean a team, leave out the others.")
    ] = False,
    create_players: Annotated[
        bool, typer.Option("--create-players", help="Tennis: make a player of every id that means none yet.")
    ] = False,
    aliases_out: Annotated[
        Path | None,
        typer.Option("--aliases-out", metavar="FILE.csv", help="Write suggestions for unknown ids, to be checked."),
    ] = None,
) -> None:
    """Import past games and their closing odds from a file.

    **Columns the file must have:**

    - `season`: the league's label, an integer

    - `date`: YYYY-MM-DD, local; in tennis the tournament's Monday, and rows stand in the order of play

    - `home`, `away`: ids, any text

    - `home_score`, `away_score`: numbers; both empty: not played

    **Columns it may have:**

    - `league`; `home_name`, `away_name`: what the ids are called

    - `neutral`, `playoff`, `winner_only`, `retired`: true or false

    - `surface`, `level`, `round`, `tourney`: text; `best_of`: integer

    - `close_home`, `close_draw`, `close_away`: closing probabilities without the vig

    **Ids** are looked up in the codes of the source (`precog import aliases`); for `--source espn` they are ESPN's
    team ids, abbreviations, or team ids like `nfl:12`. While one id means no team nothing is written: the command
    lists such ids with suggestions and, with `--aliases-out`, writes them to a CSV. Check it, import it, try again.
    Clubs that no board has shown yet are met by `precog backfill games`.

    **Games** that another source has already stay as they are; where scores differ, that is listed. Repeated, the
    command changes nothing; a row that was corrected is written over its own game. Ties where the league has none,
    and sides playing themselves, are rejected with their row.

    Exit code 1: the file breaks the format, or ids mean no team; nothing was written.

    Example:

    `precog import games nfl.parquet --source nflverse --league nfl --dry-run --aliases-out nfl_codes.csv`

    `precog import aliases nfl_codes.csv --source nflverse`

    `precog import games nfl.parquet --source nflverse --league nfl`
    """
    from precog_assets.environment import resolve
    from precog_assets.pipeline.imports.aliases import write_suggestions
    from precog_assets.pipeline.imports.games import checked_source, import_games, league_of
    from precog_assets.pipeline.report import new_correlation_id
    from precog_assets.services import opened

    checked_source(source)
    one = league_of(file, league)
    with opened(resolve(), leagues=[one]) as services, _bar() as progress:
        done = import_games(
            services,
            file,
            one,
            source,
            correlation_id=new_correlation_id(),
            dry_run=dry_run,
            partial=partial,
            create_players=create_players,
            progress=progress,
        )
    if done.strays:
        _show_strays(done)
    if aliases_out is not None:
        write_suggestions(aliases_out, one.key, done.strays, done.suggestions)
        typer.echo(f"{len(done.strays)} suggestions in {aliases_out}: check team_id in each row.")
    if done.refused:
        _say_refused(done, aliases_out)
        raise typer.Exit(REFUSED_EXIT)
    _show(done, dry_run=dry_run)


@app.command("aliases")
def aliases(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="One row a code.")],
    source: SourceOption,
    replace: Annotated[
        bool, typer.Option("--replace", help="Codes of the file lose what they stood for before.")
    ] = False,
) -> None:
    """Say which team each id of a source means.

    **Columns**: `league` (key), `code` (the id as files have it), `team_id` (of core.teams, e.g. `nfl:12`), and
    where a code changed hands `valid_from`, `valid_to` (YYYY-MM-DD, both included). A club that moved keeps its
    `team_id`: its old code is one more row. Others (`suggested_name`, `score`) are ignored.

    All or nothing: an unknown team, or a code for two teams on one day, is refused with its row number.
    Games imported before take their new sides when their file is imported again.

    Example: `precog import aliases nfl_codes.csv --source nflverse`
    """
    from precog_assets.environment import resolve
    from precog_assets.pipeline.imports.aliases import import_aliases
    from precog_assets.pipeline.imports.games import checked_source
    from precog_assets.pipeline.report import new_correlation_id
    from precog_assets.services import opened

    checked_source(source)
    with opened(resolve()) as services:
        report = import_aliases(services, file, source, correlation_id=new_correlation_id(), replace=replace)
    removed = f", {report.notes['removed']} removed" if report.notes.get("removed") else ""
    typer.echo(
        f"{report.rows_in} aliases of {source}: {report.inserted} new, {report.changed} changed, "
        f"{report.unchanged} unchanged{removed}."
    )


@app.command("quotes")
def quotes(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Parquet or CSV file, one row a market and instant.")],
    source: Annotated[
        str, typer.Option("--source", metavar="NAME", help="The venue whose markets the tickers name.")
    ] = "kalshi",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and compare, write nothing.")] = False,
) -> None:
    """Import prices over time: quotes, or candles of what was traded.

    **Columns:** `ticker`; a time, the end of the period or the instant (`end_period_ts`, `price_time_unix`,
    `timestamp`, `observed_at` or `end_time`, seconds since 1970 or an instant); `yes_bid` and `yes_ask` (or
    `yes_bid_close`, `yes_ask_close`), or a price (`price_close`, `close`, `last_price` or `price`), in dollars or
    cents. It may have `yes_bid_size`, `yes_ask_size`, `volume`, `open_interest`.

    Only what the file says is stored: a candle has no bid and ask. A backtest makes them of the price with the
    half-spread of `config/strategies.yaml`, and calls them synthetic. Prices of markets that are not stored are left
    out and counted; `precog backfill markets` brings past ones. Repeated, the command changes nothing.

    Exit code 1: no row is of a stored market.

    Example: `precog import quotes candles.parquet --source kalshi --dry-run`
    """
    from precog_assets.environment import resolve
    from precog_assets.pipeline.imports.quotes import import_quotes
    from precog_assets.pipeline.report import new_correlation_id
    from precog_assets.services import opened

    with opened(resolve()) as services, _bar("prices") as progress:
        done = import_quotes(
            services, file, correlation_id=new_correlation_id(), venue=source, dry_run=dry_run, progress=progress
        )
    _show_quotes(done, source, dry_run=dry_run)
    if not done.markets:
        typer.secho(f"No row of {file} is of a stored market of {source}.", fg=typer.colors.RED, err=True)
        raise typer.Exit(REFUSED_EXIT)


@contextmanager
def _bar(unit: str = "games") -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("reading", total=None)

        def tell(what: str, done: int, total: int) -> None:
            shown.update(task, description=what, completed=done, total=total)

        yield tell


def _console() -> Any:
    import sys

    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 140)


def _show_strays(done: GamesImport) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("id", "name", "games", "first", "last", "why", "may be"):
        table.add_column(name, justify="right" if name == "games" else "left")
    for stray in done.strays[:STRAYS_SHOWN]:
        told = ", ".join(f"{one.team_id} {one.name} {one.score:.2f}" for one in done.suggestions.get(stray.code, ()))
        days = (str(stray.first), str(stray.last))
        cells = (stray.code, stray.name or "", f"{stray.games:,}", *days, stray.why, told or "-")
        table.add_row(*(escape(cell) for cell in cells))
    console = _console()
    console.print(table)
    if len(done.strays) > STRAYS_SHOWN:
        console.print(f"and {len(done.strays) - STRAYS_SHOWN:,} more; --aliases-out FILE.csv writes them all")


def _say_refused(done: GamesImport, aliases_out: Path | None) -> None:
    name = aliases_out or "CODES.csv"
    first = "Check" if aliases_out else f"Write suggestions with --aliases-out {name}, check"
    players = ", --create-players makes players of the unknown ones" if done.league.is_individual else ""
    typer.secho(
        f"{len(done.strays)} ids of {done.source} mean no one team of {done.league.key}; nothing was written. "
        f"{first} them, then: precog import aliases {name} --source {done.source}. "
        f"--partial leaves their games out{players}.",
        fg=typer.colors.RED,
        err=True,
    )


def _show(done: GamesImport, *, dry_run: bool) -> None:
    report = done.report
    title = f"{done.league.key} from {done.source}" + (": dry run, nothing written" if dry_run else "")
    lines = {"rows read": report.rows_in, "new games": report.inserted, "changed": report.changed}
    lines["unchanged"] = report.unchanged
    lines |= {LEFT_OUT.get(reason, reason): count for reason, count in report.out_of_scope.items()}
    lines |= {f"rejected: {reason.replace('_', ' ')}": count for reason, count in report.rejections.items()}
    if done.players_created:
        lines["players created"] = done.players_created
    if done.closing_odds.received:
        lines["games with closing odds"] = done.closing_odds.received
        lines |= {} if dry_run else {"closing odds written": done.closing_odds.written}
    if done.gave_way:
        lines["earlier imports that gave way to a board"] = done.gave_way
    if done.odds_not_summing:
        lines["closing odds left out: sum is not 1"] = done.odds_not_summing
    shown = {name: f"{count:,}" for name, count in lines.items()}
    _print_lines(title, {**shown, "seconds": f"{report.elapsed_ms / 1000:.1f}"})
    console = _console()
    for reason in report.rejections:
        of_reason = [one for one, _ in report.refused if one.reason == reason]
        for one in of_reason[:LINES_SHOWN]:
            console.print(f"{reason.replace('_', ' ')}: {one.detail}", markup=False, soft_wrap=True)
        if len(of_reason) > LINES_SHOWN:
            console.print(f"{reason.replace('_', ' ')}: and {len(of_reason) - LINES_SHOWN:,} more")


def _show_quotes(done: QuotesImport, source: str, *, dry_run: bool) -> None:
    report = done.report
    lines: dict[str, str] = {"rows read": f"{report.rows_in:,}", "markets": f"{done.markets:,}"}
    if done.first is not None and done.last is not None:
        lines["from"], lines["to"] = (f"{one:%Y-%m-%d %H:%M}" for one in (done.first, done.last))
    if not dry_run:
        lines |= {"new prices": f"{report.written:,}", "unchanged": f"{report.unchanged:,}"}
    if done.synthetic:
        lines["without bid and ask: synthetic in backtests"] = f"{done.synthetic:,}"
    lines |= {f"left out: {reason}": f"{count:,}" for reason, count in report.rejections.items()}
    title = f"prices of {source}" + (": dry run, nothing written" if dry_run else "")
    _print_lines(title, {**lines, "seconds": f"{report.elapsed_ms / 1000:.1f}"})
    if done.unknown:
        some = ", ".join(ticker for ticker, _ in done.unknown.most_common(LINES_SHOWN))
        more = f" and {len(done.unknown) - LINES_SHOWN:,} more" if len(done.unknown) > LINES_SHOWN else ""
        _console().print(f"no stored market: {some}{more}", markup=False, soft_wrap=True)


def _print_lines(title: str, lines: dict[str, str]) -> None:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in lines.items():
        table.add_row(name, value)
    console = _console()
    console.print(title, style="bold", markup=False)
    console.print(table)
