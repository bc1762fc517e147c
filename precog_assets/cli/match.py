"""`precog match`: what matching does with a ticker, step by step, and with whole files of markets and games."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from precog_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    import polars as pl


class TickersByDefault(TyperGroup):
    """`precog match TICKER` is `precog match explain TICKER`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in front where the first word is none."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["explain", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=TickersByDefault, no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def _group() -> None:
    """Markets to games: explain tickers, which needs no word before them, or match whole files.

    Example: `precog match KXNFLGAME-26JAN18HOUNE-NE`
    """


@app.command("explain")
def explain(
    tickers: Annotated[list[str], typer.Argument(metavar="TICKER...", help="Kalshi market or event tickers.")],
) -> None:
    """Explain how each ticker is tied to a game, or why it is refused, against the stored games.

    Exit code 0 also where a ticker stays unmatched: a refusal is an answer.

    Example: `precog match KXNFLGAME-26JAN18HOUNE-NE`
    """
    from precog_assets.environment import resolve
    from precog_assets.pipeline.link import explain_tickers
    from precog_assets.services import opened

    with opened(resolve()) as services:
        for position, explanation in enumerate(explain_tickers(services, tickers)):
            if position:
                typer.echo()
            typer.echo("\n".join(explanation.lines))


@app.command("file")
def file(
    markets: Annotated[
        Path,
        typer.Option("--markets", metavar="FILE", help="Parquet or CSV: `ticker`, may have `yes_sub_title result`."),
    ],
    games: Annotated[
        list[Path],
        typer.Option("--games", metavar="FILE", help="Parquet or CSV: `date home away`, may have scores; repeatable."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="`.parquet` or `.csv`, one row a market.")],
) -> None:
    """Match the markets of a file to the games of a file, without a database.

    Games are in the exchange format (README) or a schedule without scores; `kickoff_eastern` (HH:MM) is read where it
    is. Teams are found by code, name, nickname or city.

    **Out** comes `ticker league verdict game date home away outcome reason detail candidates agrees`: `game` is the row
    of the games file (of several files, counted through), `outcome` what YES pays for, `agrees` whether a settled
    market's `result` is that of the score. A market of a day before a season's opening is refused as `exhibition`.

    Exit code 1: a settled market contradicts its game, or a file cannot be read.

    Example: `precog match file --markets markets.parquet --games schedule.parquet --out matches.parquet`
    """
    from precog_assets.pipeline.match_file import match_file, read_table

    if out.suffix.lower() not in (".parquet", ".csv"):
        raise ConfigurationError(f"--out {out}: expected a name ending in .parquet or .csv.")
    found = match_file(
        read_table(markets, "markets file"), _together([read_table(path, "games file") for path in games])
    )
    try:
        if out.suffix.lower() == ".csv":
            found.write_csv(out)
        else:
            found.write_parquet(out, compression="zstd")
    except OSError as error:
        raise ConfigurationError(f"--out {out}: cannot be written: {error}") from error
    _say(found, out)


def _together(games: list[pl.DataFrame]) -> pl.DataFrame:
    """Several files of games, one after the other, with the columns that matching reads."""
    import polars as pl

    wanted = ("date", "home", "away", "kickoff_eastern", "home_score", "away_score", "league")
    return pl.concat(
        [frame.select(name for name in wanted if name in frame.columns) for frame in games], how="diagonal_relaxed"
    )


def _say(found: pl.DataFrame, out: Path) -> None:
    import polars as pl

    reasons = found.filter(pl.col("verdict") == "refused").group_by("reason").len().sort("len", descending=True)
    refused = ", ".join(f"{count} {reason}" for reason, count in reasons.iter_rows()) or "none"
    matched = found.filter(pl.col("verdict") == "matched")
    checked = matched["agrees"].drop_nulls()
    typer.echo(f"{found.height} markets: {matched.height} matched; refused: {refused}; into {out}")
    if checked.len():
        typer.echo(f"{int(checked.sum())} of {checked.len()} settled markets agree with their game's score")
    if not checked.all():
        for ticker in matched.filter(~pl.col("agrees"))["ticker"].head(10):
            typer.secho(f"contradicts its game: {ticker}", fg=typer.colors.RED, err=True)
        raise typer.Exit(1)
