"""`precog forecast` and `precog evaluate`: a file of results in, forecasts or grades out, no database.

Belongs here: options, files, tables for people. Does not: the model and the scores.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from precog_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from precog_assets.domain.leagues import League
    from precog_assets.pipeline.offline import Grades
    from precog_assets.ratings.exchange import GamesFile

LEAK_EXIT = 3
NOT_MEASURED = "not measured"

LeagueOption = Annotated[str, typer.Option("--league", metavar="KEY", help="League key, e.g. `nfl`.")]
GamesOption = Annotated[
    Path, typer.Option("--games", metavar="FILE", help="Results in the exchange format, Parquet or CSV.")
]
ModelOption = Annotated[
    str, typer.Option("--model", metavar="NAME", help="One of the league's models in config/leagues.yaml.")
]


def the_league(key: str) -> League:
    """The configured league. Raises ConfigurationError naming the known ones."""
    from precog_assets.config import load_leagues

    leagues = load_leagues()
    if key not in leagues:
        raise ConfigurationError(f"--league {key}: unknown; known: {', '.join(leagues)}.")
    return leagues[key]


def forecast(
    league: LeagueOption,
    games: GamesOption,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where the forecasts go; `.parquet` or `.csv` by its name.")
    ],
    model: ModelOption = "default",
) -> None:
    """Forecast every game of a file from the games before it.

    The file needs the columns `season date home away home_score away_score`, and may have `neutral playoff
    winner_only` and, in tennis, `surface level round best_of tourney retired`; README, exchange format. Ids are any
    text. Rows without scores are games to come: they are forecast too.

    **Out** comes one row a game, in the file's order: `date home away p_home p_draw p_away rating_home rating_away
    deviation_home deviation_away model_version`. `p_draw` is null where games are not drawn; a deviation is the
    standard deviation of a rating, null in models without one. In team leagues the games of one day do not inform
    each other; tennis rows count in the order given.

    Example: `precog forecast --league nfl --games games.parquet --out forecasts.parquet`
    """
    from precog_assets.pipeline.offline import forecast_games, the_model_exists
    from precog_assets.ratings.exchange import read_games

    chosen = the_league(league)
    the_model_exists(chosen, model)
    if out.suffix.lower() not in (".parquet", ".csv"):
        raise ConfigurationError(f"--out {out}: expected a name ending in .parquet or .csv.")
    if not out.absolute().parent.is_dir():
        raise ConfigurationError(f"--out {out}: the folder {out.absolute().parent} does not exist.")
    with _working(f"{league}: reading {games.name}") as work:
        read = read_games(games, chosen)
        work.update(f"{league}: forecasting {read.frame.height:,} games")
        found = forecast_games(read, model)
        work.update(f"{league}: writing {out.name}")
        try:
            if out.suffix.lower() == ".csv":
                found.frame.write_csv(out)
            else:
                found.frame.write_parquet(out, compression="zstd")
        except OSError as error:
            raise ConfigurationError(f"--out {out}: cannot be written: {error}") from error
    _tell_notes(read)
    seasons = f"seasons {read.frame['season'].min()}-{read.frame['season'].max()}"
    typer.echo(f"{found.frame.height:,} games, {seasons}, forecast by {found.run.version} into {out}")


def evaluate(
    league: LeagueOption,
    games: GamesOption,
    model: ModelOption = "default",
    from_season: Annotated[
        int | None, typer.Option("--from-season", metavar="LABEL", help="First season that is graded.")
    ] = None,
    to_season: Annotated[
        int | None, typer.Option("--to-season", metavar="LABEL", help="Last season that is graded.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything measured, as JSON on stdout.")] = False,
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="FOLDER", help="Draw the reliability and skill plots there.")
    ] = None,
) -> None:
    """Grade a model on a file of results: forecasts walk forward, nothing is fitted on a game that is graded.

    Brier score, log loss, RPS (three outcomes), accuracy, calibration error; where the file has `close_home
    close_draw close_away`, skill against the closing price on the same games with a bootstrap interval, and the
    market-aware blend beside it; where it has `p538_*`, FiveThirtyEight's forecasts too.

    Exit code 3: the model looks as if it had seen the future (too good against the closing price or its band).

    Example: `precog evaluate --league nfl --games games.parquet --from-season 2018`
    """
    from precog_assets.pipeline.offline import evaluate_file

    chosen = the_league(league)
    with _working(f"{league}: forecasting and grading {games.name}"):
        grades = evaluate_file(games, chosen, model, from_season=from_season, to_season=to_season)
        drawn = _draw(chosen, grades, plots) if plots else []
    if as_json:
        _print_json(grades)
    else:
        _print_tables(grades)
        for path in drawn:
            typer.echo(f"drawn: {path}")
    for finding in grades.model.findings:
        typer.secho(f"leak: {finding.reason}", fg=typer.colors.RED, err=True)
    if grades.model.findings:
        raise typer.Exit(LEAK_EXIT)


def _working(text: str) -> Any:
    from rich.console import Console

    return Console(stderr=True).status(text)


def _tell_notes(read: GamesFile) -> None:
    for note in read.notes:
        typer.secho(f"note: {note}", fg=typer.colors.YELLOW, err=True)


def _draw(league: League, grades: Grades, folder: Path) -> list[Path]:
    from precog_assets.grading.plots import draw_all

    folder.mkdir(parents=True, exist_ok=True)
    return draw_all(folder, league.key, grades.model, grades.market_aware)


def _print_json(grades: Grades) -> None:
    import dataclasses
    import json

    said: dict[str, Any] = dict(grades.model.as_dict())
    said["market_aware"] = None if grades.market_aware is None else grades.market_aware.as_dict()
    said["blend_weights"] = [dataclasses.asdict(weight) for weight in grades.weights]
    typer.echo(json.dumps(said, indent=1))


def _print_tables(grades: Grades) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    rows = [row for row in grades.model.rows if row.scope in ("season", "all")]
    rows.sort(key=lambda row: row.scope == "all")
    three = rows[0].rps is not None
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    score = "RPS" if three else "Brier"
    for name in ("season", "games", score, "log loss", "accuracy", "priced", "closing", "skill", "95 % between"):
        table.add_column(name, justify="left" if name == "season" else "right", no_wrap=True)
    for row in rows:
        closing = row.closing_rps if three else row.closing_brier
        own = row.rps if three else row.brier
        table.add_row(
            row.label,
            f"{row.games:,}",
            _figure(own),
            _figure(row.log_loss),
            _figure(row.accuracy),
            f"{row.priced_games:,}",
            _figure(closing) if row.priced_games else "",
            NOT_MEASURED if row.skill is None else f"{row.skill:+.1%}",
            "" if row.skill_low is None or row.skill_high is None else f"{row.skill_low:+.1%}, {row.skill_high:+.1%}",
            style="bold" if row.scope == "all" else None,
        )
    console.print(f"{rows[0].model_version}, walking forward")
    console.print(table)
    console.print(f"calibration error (ECE, ten bins) over all: {_figure(rows[-1].ece)}")
    for other in grades.model.comparisons:
        if other.games and other.score is not None and other.model_score is not None:
            console.print(
                f"{other.name}: {other.score:.4f} on {other.games:,} games, the model {other.model_score:.4f} on them"
            )
    _print_market_aware(console, grades)


def _print_market_aware(console: Any, grades: Grades) -> None:
    if grades.market_aware is None:
        console.print("market-aware: not measured (no closing prices in the file)")
        return
    whole = next(row for row in grades.market_aware.rows if row.scope == "all")
    used = [f"{weight.season}: {weight.model_weight:.2f}" for weight in grades.weights if weight.model_weight]
    if whole.log_loss is None or whole.closing_log_loss is None:
        return
    console.print(
        f"market-aware: log loss {whole.log_loss:.4f} on {whole.games:,} priced games, "
        f"closing price {whole.closing_log_loss:.4f}; weight of the model above 0 in {', '.join(used) or 'no season'}"
    )


def _figure(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.4f}"
