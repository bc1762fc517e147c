"""`precog match`: tickers explained step by step, whole files matched, refusals reviewed and aliases accepted.

Belongs here: options and words. Does not: matching, what may be accepted (`pipeline.match_review`).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from precog_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    import polars as pl

    from precog_assets.pipeline.match_review import Accepted, ToReview


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
    """Markets to games: explain tickers, which needs no word before them, match files, review refusals, accept aliases.

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
    is. Teams are found by code, name, nickname or city. The same day and sides in several files are one game.

    **Out** comes `ticker league verdict game date home away outcome reason detail candidates agrees`: `game` is the row
    of the games file (of several files, counted through), `outcome` what YES pays for, `agrees` whether a settled
    market's `result` is that of the score. A market of a day before a season's opening is refused as `exhibition`.

    Exit code 1: a settled market contradicts its game, or a file cannot be read.

    Example: `precog match file --markets markets.parquet --games schedule.parquet --out matches.parquet`
    """
    from precog_assets.pipeline.match_file import match_file, read_table

    if out.suffix.lower() not in (".parquet", ".csv"):
        raise ConfigurationError(f"--out {out}: expected a name ending in .parquet or .csv.")
    found = match_file(read_table(markets, "markets file"), [read_table(path, "games file") for path in games])
    try:
        if out.suffix.lower() == ".csv":
            found.write_csv(out)
        else:
            found.write_parquet(out, compression="zstd")
    except OSError as error:
        raise ConfigurationError(f"--out {out}: cannot be written: {error}") from error
    _say(found, out)


@app.command("review")
def review(
    league: Annotated[str | None, typer.Option("--league", metavar="KEY", help="One league; default: all.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="SPAN", help="Refused within e.g. `24h`, `7d`; default: ever.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also what is refused by its nature: exhibitions, combos, other markets.")
    ] = False,
    most: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most this many events.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="A list of objects on stdout.")] = False,
) -> None:
    """List events whose markets are tied to no game: reason, candidates, score, and a command that may mend it.

    The score says how far matching got: 0.25 the ticker was read, 0.35 one side is known, 0.5 both, 0.75 with a game of
    theirs on the day. The most promising come first.

    Example: `precog match review --league nfl --since 7d`
    """
    import json

    from precog_assets.cli.forecasts import the_league
    from precog_assets.cli.why import span
    from precog_assets.environment import resolve
    from precog_assets.matching.results import OURS_TO_MEND, Reason
    from precog_assets.pipeline.match_review import ALWAYS
    from precog_assets.pipeline.match_review import review as find
    from precog_assets.services import opened

    if league is not None:
        the_league(league)
    back = span(since) if since else None
    with opened(resolve()) as services:
        found = find(
            services,
            league=league,
            since=services.clock.now() - back if back else ALWAYS,
            reasons=tuple(Reason) if every else OURS_TO_MEND,
            most=most,
        )
    if as_json:
        typer.echo(json.dumps([one.as_json() for one in found], indent=2, ensure_ascii=False))
        return
    for one in found:
        typer.echo("\n".join(_review_lines(one)) + "\n")
    commands = {one.command for one in found if one.command}
    within = f" within {since}" if since else ""
    typer.echo(
        f"{len(found)} events refused{within}, {sum(len(one.tickers) for one in found)} markets; "
        f"{len(commands)} commands may mend some"
    )


@app.command("accept")
def accept(
    league: Annotated[str, typer.Argument(metavar="LEAGUE", help="Key of the league, e.g. `nfl`.")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code in Kalshi's tickers.")],
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The team: its id, abbreviation, name or city.")],
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="First Eastern day; default: ever."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="Last Eastern day; default: open."),
    ] = None,
    author: Annotated[
        str | None, typer.Option("--author", metavar="NAME", help="Who accepts it; default: the user's name.")
    ] = None,
) -> None:
    """Let a code stand for a team, with author and time, link again, and say what became matched.

    A code stands for one team a day: what overlaps another team's days is refused, and nothing is written.

    Example: `precog match accept nfl LA "Los Angeles Rams" --to 2026-07-31`
    """
    import getpass

    from precog_assets.environment import resolve
    from precog_assets.pipeline.match_review import accept as write
    from precog_assets.pipeline.report import new_correlation_id
    from precog_assets.services import opened

    with opened(resolve()) as services:
        done = write(
            services,
            league,
            code,
            team,
            author=getpass.getuser() if author is None else author,
            valid_from=first.date() if first else None,
            valid_to=last.date() if last else None,
            correlation_id=new_correlation_id(),
        )
    typer.echo("\n".join(_accepted_lines(done)))


def _review_lines(one: ToReview) -> list[str]:
    lines = [
        f"{one.event_ticker} ({one.league or 'no league'}) {one.reason}, score {one.score:.2f}, "
        f"since {one.changed_at:%Y-%m-%d %H:%M} UTC: {', '.join(one.tickers)}",
        f"  {one.detail}",
        *(f"  considered: {game} {said}" for game, said in one.candidates.items()),
    ]
    if one.suggestion and one.suggestion not in one.candidates:
        lines.append(f"  perhaps: {one.suggestion}")
    if one.command:
        lines.append(f"  {'to accept' if ' match ' in one.command else 'to try'}: {one.command}")
    return lines


def _accepted_lines(done: Accepted) -> list[str]:
    days = f"from {done.valid_from or 'ever'} to {done.valid_to or 'now on'}"
    lines = [f"{done.league} {done.code} stands for {done.team_id} {done.team} {days}, accepted by {done.author}"]
    for one in done.changes:
        now = f"{one.game_id}, YES = {one.outcome}" if one.game_id else one.after
        lines.append(f"  {one.ticker}: {one.before} -> {now}")
    matched = sum(one.after == "matched" for one in done.changes)
    lost = sum(one.before == "matched" and one.after != "matched" for one in done.changes)
    lines.append(f"{matched} markets became matched" + (f", {lost} no longer are" if lost else ""))
    return [*lines, *(f"alarm: {failure}" for failure in done.links.failures)]


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
