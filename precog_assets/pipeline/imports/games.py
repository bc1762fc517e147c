"""The step that imports a file of games: read, map ids to teams, leave what is known, write what is new."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import sqlalchemy as sa

from precog_assets.config import chosen_leagues
from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.domain.facts import Rejection
from precog_assets.domain.leagues import League
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.imports import rows as building
from precog_assets.pipeline.imports.known import FileGame, known_already
from precog_assets.pipeline.imports.mapping import DIRECT, UNKNOWN, Stray, TeamCodes, strays
from precog_assets.pipeline.imports.suggestions import Suggestion, plain, suggest
from precog_assets.pipeline.imports.twice import give_way
from precog_assets.pipeline.report import StepReport
from precog_assets.ratings.exchange import read_games
from precog_assets.store import imports as store
from precog_assets.store.bulk import LARGE_ROWS, WriteCounts

if TYPE_CHECKING:
    from precog_assets.services import Services

CHUNK = 30_000
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
Progress = Callable[[str, int, int], None]
"""What is being done, and how many of how many games of it are."""


@dataclass(slots=True)
class GamesImport:
    """What became of a file. `report` counts every row once: new, changed, unchanged, rejected or out of scope."""

    report: StepReport
    league: League
    source: str
    strays: list[Stray] = field(default_factory=list)
    """Ids that mean no one team, most games first."""
    suggestions: dict[str, tuple[Suggestion, ...]] = field(default_factory=dict)
    refused: bool = False
    """Nothing was written, since some ids mean no team."""
    known: int = 0
    """Games that others brought already."""
    gave_way: int = 0
    """Games of earlier imports that a board has brought since, called off."""
    disagreements: list[str] = field(default_factory=list)
    players_created: int = 0
    closing_odds: WriteCounts = field(default_factory=WriteCounts)
    odds_not_summing: int = 0


def checked_source(name: str) -> str:
    """A name that may head ids. Raises ConfigurationError otherwise."""
    if not _SOURCE.fullmatch(name):
        raise ConfigurationError(f"--source {name!r}: expected lower-case letters, digits, - and _, e.g. `nflverse`.")
    return name


def league_of(path: Path, key: str | None) -> League:
    """The league of a file: `key`, else the one value of its `league` column. Raises ConfigurationError."""
    if key is None:
        key = _only_league(path)
    leagues = chosen_leagues(key)
    if not key.strip() or len(leagues) != 1:
        raise ConfigurationError(f"--league {key!r}: expected one league, e.g. `nfl`.")
    return leagues[0]


def _only_league(path: Path) -> str:
    found = _text_columns(path, ["league"])
    keys = sorted(found["league"].drop_nulls().unique()) if "league" in found.columns else []
    if len(keys) != 1:
        has = f"its `league` column has {', '.join(keys)}" if keys else "it has no `league` column"
        raise ConfigurationError(f"{path}: say which league with --league KEY; {has}.")
    return keys[0]


def names_of(path: Path) -> dict[str, str]:
    """What the file calls its ids in `home_name` and `away_name`, where it has them: the last name given."""
    frame = _text_columns(path, ["home", "away", "home_name", "away_name"])
    sides = [side for side in ("home", "away") if {side, f"{side}_name"} <= set(frame.columns)]
    named = [frame.select(code=side, name=f"{side}_name").drop_nulls() for side in sides]
    return dict(pl.concat(named).unique(keep="last", maintain_order=True).rows()) if named else {}


def _text_columns(path: Path, names: Sequence[str]) -> pl.DataFrame:
    if not path.is_file():
        raise PrecogError("contract.games_file", f"{path}: no such file.")
    try:
        is_csv = path.suffix.lower() == ".csv"
        lazy = pl.scan_csv(path, infer_schema=False) if is_csv else pl.scan_parquet(path)
        there = lazy.collect_schema().names()
        return lazy.select(pl.col(name).cast(pl.String) for name in names if name in there).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise PrecogError("contract.games_file", f"{path}: cannot be read as Parquet or CSV: {error}") from error


def import_games(
    services: Services,
    path: Path,
    league: League,
    source: str,
    *,
    correlation_id: str,
    dry_run: bool = False,
    partial: bool = False,
    create_players: bool = False,
    progress: Progress = lambda _what, _done, _total: None,
) -> GamesImport:
    """Import a file of the exchange format; `ratings.exchange` says what it must hold.

    Refused whole when an id means no one team, unless `partial`. A game that another source has is left as
    it is. Repeated, it writes nothing; a row that changed is written over its own game. With `dry_run` all
    is read and compared and nothing written.
    Raises PrecogError(contract.games_file) for a file that breaks the format.
    """
    checked_source(source)
    if create_players and not league.is_individual:
        raise ConfigurationError(f"--create-players: {league.key} is played by teams; write aliases for its ids.")
    now = services.clock.now()
    report = StepReport(f"import games {league.key}", correlation_id, now)
    done = GamesImport(report, league, source)
    progress("reading", 0, 1)
    file = read_games(path, league)
    names = names_of(path)
    rows = building.sort_out(file, now)
    report.rows_in = file.frame.height
    with in_database(services.engine) as connection:
        store.one_at_a_time(connection, league.key)
        teams = store.league_teams(connection, league.key)
        codes = _codes(connection, league, source, teams)
        mapped = codes.mapped(rows.games)
        done.strays = strays(mapped, codes, names)
        new: list[tuple[str, str]] = []
        if create_players:
            new = _creatable(done, codes, teams)
            mapped = codes.mapped(rows.games)
        done.suggestions = suggest(done.strays, teams, _taken(mapped)) if done.strays else {}
        done.refused = bool(done.strays) and not partial
        if done.refused:
            report.rejections["unmapped"] += mapped.filter(_LOST).height
        else:
            if new and not dry_run:
                store.create_players(connection, league.key, source, new, now)
            done.players_created = len(new)
            _count_left_out(done, rows, mapped, path.name)
            _take(connection, done, mapped.filter(~_LOST), path.name, now, write=not dry_run, progress=progress)
        report.finish()
        if not dry_run:
            report.keep_refused(connection, now)
            report.record(connection)
    return done


_LOST = pl.col("home_team").is_null() | pl.col("away_team").is_null()


def _codes(connection: sa.Connection, league: League, source: str, teams: Sequence[Any]) -> TeamCodes:
    if source == DIRECT:
        return TeamCodes.of_teams(teams)
    return TeamCodes.of_aliases(store.aliases(connection, source, league.key))


def _creatable(done: GamesImport, codes: TeamCodes, teams: Sequence[Any]) -> list[tuple[str, str]]:
    """The unknown ids that become players, put into `codes` and taken from the strays.

    An id whose name another player bears already stays one: whether they are the same is for a person to say.
    """
    ours = {span.team_id for _, span in codes.spans()}
    borne = {plain(team.display_name) for team in teams if team.team_id not in ours}
    new, left = [], []
    for stray in done.strays:
        if stray.why != UNKNOWN:
            left.append(stray)
        elif stray.name and plain(stray.name) in borne:
            left.append(replace(stray, why="unknown, its name is another player's"))
        else:
            new.append((stray.code, stray.name or stray.code))
            codes.add(stray.code, store.player_id(done.league.key, done.source, stray.code))
    done.strays = left
    return new


def _taken(mapped: pl.DataFrame) -> list[tuple[str, date, date]]:
    known = pl.concat([mapped.select("date", team=f"{side}_team") for side in ("home", "away")]).drop_nulls()
    return known.group_by("team").agg(pl.col("date").min().alias("first"), pl.col("date").max().alias("last")).rows()


def _count_left_out(done: GamesImport, rows: building.Sorted, mapped: pl.DataFrame, file: str) -> None:
    for name, count in (("unplayed", rows.unplayed), ("unmapped", mapped.filter(_LOST).height)):
        if count:
            done.report.out_of_scope[name] += count
    _refuse(done, rows.refused, file)


def _refuse(done: GamesImport, refused: Sequence[building.Refused], file: str) -> None:
    for one in refused:
        done.report.rejections[one.reason] += 1
        key = f"{done.league.key}:{done.source}:{one.label} row {one.row}"
        said = Rejection("games_file", key, one.reason, f"row {one.row} of {file}: {one.detail}")
        done.report.refused.append((said, None))


def _take(
    connection: sa.Connection,
    done: GamesImport,
    mapped: pl.DataFrame,
    file: str,
    now: datetime,
    *,
    write: bool,
    progress: Progress,
) -> None:
    """What is new or changed of the mapped rows is written, and the closing odds of all of them."""
    league, source, report = done.league, done.source, done.report
    mapped, refused = building.one_game_one_row(mapped, league)
    _refuse(done, refused, file)
    progress("comparing", 0, mapped.height)
    games = building.as_games(mapped, league, source)
    games, elsewhere = _leave_known(done, games, store.games_elsewhere(connection, league.key, source), file)
    fresh, report.inserted, report.changed = building.compared(games, store.own_games(connection, league.key, source))
    report.unchanged = games.height - fresh.height
    rows = building.to_write(fresh, league, now)
    for start in range(0, len(rows) if write else 0, CHUNK):
        progress("writing", start, len(rows))
        store.write_imported(connection, league.key, source, rows[start : start + CHUNK], now)
    if write and len(rows) >= LARGE_ROWS:
        store.analyze(connection)
    odds, done.odds_not_summing = building.closing_odds(pl.concat([games, elsewhere]), league, source, now)
    progress("closing odds", 0, len(odds))
    done.closing_odds = store.write_closing_odds(connection, odds) if write else WriteCounts(len(odds))
    done.gave_way = give_way(connection, league, now) if write else 0
    progress("done", 1, 1)


def _leave_known(
    done: GamesImport, games: pl.DataFrame, elsewhere: Sequence[Any], file: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The games that nobody else brought; and the others, under the ids and with the sides they have there."""
    columns = ("row", "date", "home_team_id", "away_team_id", "home_score", "away_score", "neutral")
    asked = games.select(*columns, pl.col("winner_only").is_not_null()) if elsewhere else games.clear()
    known = known_already(done.league, [FileGame(*row) for row in asked.iter_rows()], elsewhere)
    done.known = len(known)
    labels = {row: (day, home, away) for row, day, home, away in games.select("row", "date", "home", "away").rows()}
    refused = []
    for row, one in sorted(known.items()):
        if one.disagreement is None:
            done.report.out_of_scope["already_known"] += 1
            continue
        day, home, away = labels[row]
        done.disagreements.append(f"row {row}, {day} {home}-{away}: {one.disagreement}")
        refused.append(building.Refused(row, f"{day} {home}-{away}", "disagreement", one.disagreement))
    _refuse(done, refused, file)
    schema = {"row": games.schema["row"], "their_id": pl.String, "turned": pl.Boolean}
    told = pl.DataFrame([(row, one.game_id, one.reversed) for row, one in known.items()], schema, orient="row")
    joined = games.join(told, on="row", how="left", maintain_order="left")
    theirs = joined.filter(pl.col("their_id").is_not_null()).with_columns(game_id="their_id")
    if {"close_home", "close_away"} <= set(games.columns):
        turn = pl.col("turned")
        theirs = theirs.with_columns(
            close_home=pl.when(turn).then("close_away").otherwise("close_home"),
            close_away=pl.when(turn).then("close_home").otherwise("close_away"),
        )
    return joined.filter(pl.col("their_id").is_null()).select(games.columns), theirs.select(games.columns)
