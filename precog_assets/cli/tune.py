"""`precog tune`: parameters that would have done better, walking forward, as a proposal file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from precog_assets.cli.forecasts import LeagueOption, ModelOption, the_league
from precog_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from precog_assets.domain.leagues import League
    from precog_assets.ratings.tuning import Proposal


def tune(
    league: LeagueOption,
    games: Annotated[
        Path | None,
        typer.Option("--games", metavar="FILE", help="Results in the exchange format; without it, the stored ones."),
    ] = None,
    model: ModelOption = "default",
    sets: Annotated[int, typer.Option("--sets", min=1, help="Parameter sets to draw.")] = 200,
    test_seasons: Annotated[int, typer.Option("--test-seasons", min=1, help="Last seasons that are tested.")] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Of the draws: equal seeds give equal proposals.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The proposal; by default LEAGUE-proposal.yaml.")
    ] = None,
) -> None:
    """Look for better parameters of a league's rating system. Nothing is changed: the result is a proposal.

    Sets are drawn around the parameters in force. For each of the last seasons the set is taken that did best on the
    seasons before it, never on itself, and graded there: that is the figure to trust. The proposal holds the values
    before and after; to adopt them, write them into `config/leagues.yaml`, which makes a new model version.

    Example: `precog tune --league nba --games games.parquet --sets 400`
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from precog_assets.pipeline.offline import the_model_exists
    from precog_assets.ratings.conferences import conferences
    from precog_assets.ratings.model import Model
    from precog_assets.ratings.tuning import tune as search

    chosen = the_league(league)
    the_model_exists(chosen, model)
    path = out or Path(f"{league}-proposal.yaml")
    arrays = _games(chosen, games)
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*bar, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{league}: parameter sets", total=sets + 1)
        try:
            found = search(
                Model(chosen, model, conferences(league)),
                arrays,
                sets=sets,
                test_seasons=test_seasons,
                seed=seed,
                progress=lambda done: progress.update(task, completed=done),
            )
        except ValueError as error:
            raise ConfigurationError(f"{error}; give more seasons, or fewer --test-seasons.") from error
    try:
        path.write_text(_document(found), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--out {path}: cannot be written: {error}") from error
    _print(found, path)


def _games(league: League, path: Path | None) -> Any:
    from precog_assets.ratings.exchange import read_games
    from precog_assets.ratings.games import games_from

    if path is not None:
        return games_from(read_games(path, league).frame, league)
    from precog_assets.environment import resolve
    from precog_assets.pipeline.rate import stored_games
    from precog_assets.services import opened

    with opened(resolve()) as services:
        frame = stored_games(services, league)
    if frame.is_empty():
        raise ConfigurationError(
            f"no results of {league.key} are stored; `precog backfill games`, or give a file with --games."
        )
    return games_from(frame, league)


def _document(found: Proposal) -> str:
    import yaml

    content = {
        "league": found.league,
        "model": found.model,
        "system": found.system,
        "parameter_sets": found.sets,
        "seed": found.seed,
        "log_loss_saved_walking_forward": round(found.gain, 6),
        "better_in": f"{found.better_seasons} of {len(found.tested)} tested seasons",
        "tested_seasons": [
            {"season": one.season, "games": one.games, "before": round(one.before, 5), "after": round(one.after, 5)}
            for one in found.tested
        ],
        "before": found.before,
        "after": found.after,
    }
    head = (
        "# A proposal: nothing was changed. `before` is in force, `after` did best over all seasons. The figure to\n"
        "# trust is log_loss_saved_walking_forward: each tested season by parameters its earlier seasons chose.\n"
    )
    return head + yaml.safe_dump(content, sort_keys=False)


def _print(found: Proposal, path: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    seasons = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("season", "games", "before", "after", "saved"):
        seasons.add_column(name, justify="right")
    for one in found.tested:
        figures = (f"{one.before:.4f}", f"{one.after:.4f}", f"{one.before - one.after:+.4f}")
        seasons.add_row(str(one.season), f"{one.games:,}", *figures)
    console.print(f"log loss by season, {found.sets} sets of {found.system} tried")
    console.print(seasons)
    values = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("parameter", "before", "after"):
        values.add_column(name, justify="left" if name == "parameter" else "right")
    for name, value in found.before.items():
        values.add_row(name, f"{value:g}", f"{found.after[name]:g}")
    console.print(values)
    verdict = "saved" if found.gain > 0 else "lost"
    console.print(
        f"walking forward {verdict} {abs(found.gain):.5f} a game, better in {found.better_seasons} of "
        f"{len(found.tested)} seasons; proposal in {path}, nothing changed"
    )
