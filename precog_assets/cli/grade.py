"""`precog grade`: probabilities measured against what happened, from files, no database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from precog_assets.cli.forecasts import LeagueOption, the_league

if TYPE_CHECKING:
    from precog_assets.domain.in_play import InPlayRules
    from precog_assets.domain.leagues import League
    from precog_assets.grading.in_play import Joined, PeriodGrade

app = typer.Typer(no_args_is_help=True, help="Grade probabilities against what happened, from files.")


@app.callback()
def grade() -> None:
    """Grade probabilities against what happened, from files."""


@app.command("in-play")
def in_play(
    league: LeagueOption,
    periods: Annotated[
        Path, typer.Option("--periods", metavar="FILE", help="Scores by quarter or at half-time, Parquet or CSV.")
    ],
    games: Annotated[
        Path, typer.Option("--games", metavar="FILE", help="The same games with their closing prices, Parquet or CSV.")
    ],
    from_season: Annotated[
        int | None, typer.Option("--from-season", metavar="LABEL", help="First season that is graded.")
    ] = None,
    to_season: Annotated[
        int | None, typer.Option("--to-season", metavar="LABEL", help="Last season that is graded.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything measured, as JSON on stdout.")] = False,
) -> None:
    """Grade win probabilities in play at the ends of periods: Brier score, RPS where games are drawn.

    **Periods**: `season date home away` (or `home_team away_team`), `q1_home ... q4_away` or `halftime_home
    halftime_away`, `final_home final_away`. **Games**: `date home away home_score away_score` and `close_home` (with
    `close_draw close_away` in soccer); `oracle_elo_home` where the closing price is null. The two may name teams
    differently: they are joined by day and both sides through the team tables, and rows that are not are counted and
    shown. Parameters: `config/in_play.yaml`, which says on which seasons they were fitted; seasons among them are
    marked.

    Example: `precog grade in-play --league nba --periods quarters.parquet --games games.parquet --from-season 2019`
    """
    import polars as pl

    from precog_assets.config.in_play import in_play_rules
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.grading.in_play import join_periods, read_table

    chosen, rules = the_league(league), in_play_rules(league)
    table = read_table(periods, "--periods")
    if "season" in table.columns:
        first = from_season if from_season is not None else -(2**31)
        last = to_season if to_season is not None else 2**31 - 1
        table = table.filter(pl.col("season").is_between(first, last))
    joined = join_periods(chosen, table, read_table(games, "--games"))
    if joined.frame.is_empty():
        raise ConfigurationError(
            f"--periods {periods}: of {table.height} rows none is a game of --games {games} ({joined.reasons()})."
        )
    grades = graded(chosen, rules, joined)
    if as_json:
        _print_json(league, rules, joined, grades)
    else:
        _print_tables(league, rules, joined, grades)


def graded(league: League, rules: InPlayRules, joined: Joined) -> list[PeriodGrade]:
    """Grades after every period but the last."""
    from precog_assets.grading.in_play import before, grade, period_ends
    from precog_assets.pricing.in_play import in_play_probabilities

    found = []
    for after in range(1, joined.periods + 1):
        p = in_play_probabilities(rules, before(joined), period_ends(joined, after))
        found += grade(league, joined, after, p)
    return found


def _print_json(league: str, rules: InPlayRules, joined: Joined, grades: list[PeriodGrade]) -> None:
    import dataclasses
    import json

    rows = [dataclasses.asdict(grade) for grade in grades]
    said: dict[str, Any] = {
        "league": league,
        "score": "rps" if _drawn(rules) else "brier",
        "fitted_seasons": rules.seasons,
        "parameters_from": rules.source,
        "rows": joined.frame.height + len(joined.unjoined),
        "joined": joined.frame.height,
        "priced_by_elo": joined.of_elo,
        "final_score_differs": joined.score_differs,
        "day_differs": joined.day_differs,
        "unjoined": len(joined.unjoined),
        "unjoined_by_reason": joined.reasons(),
        "unjoined_rows": [dataclasses.asdict(row) for row in joined.unjoined],
        "all": [row for row in rows if row["season"] is None],
        "seasons": [row for row in rows if row["season"] is not None],
    }
    typer.echo(json.dumps(said, indent=1))


def _drawn(rules: InPlayRules) -> bool:
    return rules.family == "goals" and rules.draws


def _print_tables(league: str, rules: InPlayRules, joined: Joined, grades: list[PeriodGrade]) -> None:
    from rich.console import Console
    from rich.table import Table

    from precog_assets.grading.in_play import SHOWN

    console = Console(highlight=False)
    fitted = f"fitted on {rules.seasons[0]}-{rules.seasons[1]}" if rules.seasons else "not fitted on results"
    console.print(f"{league} in play; parameters {fitted}")
    score = "RPS" if _drawn(rules) else "Brier"
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("after period", "season", "games", score, "log loss", "before the game"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in grades:
        inside = rules.seasons and row.season is not None and rules.seasons[0] <= row.season <= rules.seasons[1]
        label = "all" if row.season is None else f"{row.season}{' (fitted on)' if inside else ''}"
        figures = (f"{value:.4f}" for value in (row.score, row.log_loss, row.before))
        table.add_row(str(row.after), label, f"{row.games:,}", *figures, style="bold" if row.season is None else None)
    console.print(table)
    ties = max(row.ties for row in grades)
    console.print(
        f"{joined.frame.height:,} of {joined.frame.height + len(joined.unjoined):,} rows joined, {joined.of_elo:,} "
        f"priced by Elo, {joined.score_differs:,} with another final score, {joined.day_differs:,} of a neighbouring "
        f"day; {ties} games without a winner left out"
    )
    if joined.unjoined:
        counted = ", ".join(f"{count} {reason}" for reason, count in joined.reasons().items())
        console.print(f"not joined: {counted}")
        for row in joined.unjoined[:SHOWN]:
            console.print(f"  row {row.row}: {row.date} {row.home} - {row.away}: {row.reason}")
        if len(joined.unjoined) > SHOWN:
            console.print(f"  and {len(joined.unjoined) - SHOWN} more; --json has them all")
