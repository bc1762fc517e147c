"""The `precog` command itself: global options, the commands by name, and how errors are shown.

Belongs here: wiring. Does not: what a command does (its own module), nor what the pipeline does.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from precog_assets.cli import (
    account,
    backfill,
    backtest,
    book,
    collect,
    compare,
    dagster,
    db,
    doctor,
    env,
    explain,
    forecasts,
    grade,
    imports,
    match,
    once,
    preview,
    replay,
    simulate,
    stop,
    tune,
    up,
    usage,
    why,
)
from precog_assets.domain.errors import ConfigurationError, PrecogError

CONFIGURATION_EXIT = 2
FAILURE_EXIT = 1


class Commands(TyperGroup):
    """The commands; settings that are wrong and failures of the house end as one line, not as a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            _say(ctx, str(error))
            raise typer.Exit(CONFIGURATION_EXIT) from error
        except PrecogError as error:
            _say(ctx, f"{error.code}: {error} {error.error.action}")
            raise typer.Exit(FAILURE_EXIT) from error


def _say(ctx: Any, line: str) -> None:
    if ctx.params.get("verbose"):
        traceback.print_exc(file=sys.stderr)
    typer.secho(f"precog: {line}", fg=typer.colors.RED, err=True)


app = typer.Typer(
    name="precog",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def choose(
    environment: Annotated[
        str | None,
        typer.Option("--env", metavar="ENV", help="dev, test, staging or prod; the same as `PRECOG_ENV`."),
    ] = None,
    market_mode: Annotated[
        list[str] | None,
        typer.Option(
            "--market-mode",
            metavar="VENUE=MODE",
            help="Mode of a venue (`espn`, `kalshi`): `sim`, `demo` or `live`; the same as `KALSHI_MODE`. Repeatable.",
        ),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="PATH", help="Where data, logs and Dagster's home lie; `PRECOG_HOME`."),
    ] = None,
    leagues: Annotated[
        str | None,
        typer.Option("--leagues", metavar="KEYS", help="Leagues to work on, e.g. `nfl,nba`; `PRECOG_LEAGUES`."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what happens, and show tracebacks.")] = False,
) -> None:
    """Precog: games and prediction markets into PostgreSQL, rated, priced and graded, seen in Dagster.

    Without options everything is simulated on this machine: no key, no network.

    Example: `precog --env dev --market-mode espn=live --market-mode kalshi=live once`
    """
    from precog_assets.cli.choices import put_in_force, start_logging

    start_logging(verbose=verbose)
    put_in_force(env=environment, market_modes=market_mode or [], home=home, leagues=leagues)


app.command("up")(up.up)
app.command("once")(once.once)
app.command("collect")(collect.collect)
app.add_typer(backfill.app, name="backfill")
app.command("bootstrap")(backfill.bootstrap)
app.add_typer(imports.app, name="import")
app.command("simulate")(simulate.simulate)
app.add_typer(match.app, name="match")
app.command("forecast")(forecasts.forecast)
app.command("evaluate")(forecasts.evaluate)
app.add_typer(grade.app, name="grade")
app.command("tune")(tune.tune)
app.command("backtest")(backtest.backtest)
app.command("compare")(compare.compare)
app.command("positions")(book.positions)
app.command("orders")(book.orders)
app.command("ledger")(book.ledger)
app.command("preview")(preview.preview)
app.command("stop")(stop.stop)
app.command("resume")(stop.resume)
app.command("why")(why.why)
app.command("funnel")(why.funnel)
app.add_typer(explain.app, name="explain")
app.add_typer(replay.app, name="replay")
app.command("doctor")(doctor.doctor)
app.command("account")(account.account)
app.command("env")(env.env)
app.add_typer(db.app, name="db")
app.command(
    "dagster",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)(dagster.dagster)
app.command("usage")(usage.usage)


def main() -> None:
    """The entry point of the installed command."""
    app(prog_name="precog")


if __name__ == "__main__":
    main()
