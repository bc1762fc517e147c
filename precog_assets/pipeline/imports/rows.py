"""Rows of a games file as rows of core.games: which are taken, their ids, times and results. Pure: no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import polars as pl

from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import League, Outcome, Sport
from precog_assets.domain.times import EASTERN, eastern_day
from precog_assets.pipeline.imports.known import TOURNAMENT
from precog_assets.ratings.exchange import GamesFile
from precog_assets.store.imports import ATTRIBUTES, SHOWN

ODDS_SUM = (0.98, 1.02)
"""Closing odds are without the vig: their sum is 1, up to rounding."""
_SIDES = ("team", "score")
_ORDINAL = "nth"
_SLUG = "[^a-z0-9]+"


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not taken, and why."""

    row: int
    label: str
    """`2020-09-13 KC-HOU`: the row's date and ids."""
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """A file's rows: those to take, in the order of the file, those refused, and how many have no result."""

    games: pl.DataFrame
    refused: list[Refused]
    unplayed: int


def sort_out(file: GamesFile, now: datetime) -> Sorted:
    """Part the rows of a file. Refused: a side playing itself, a tie where the league knows none, a repeated
    tennis row, a score that is no whole number, a result of a day to come."""
    frame = file.frame.sort("row")
    itself, tie = pl.col("home") == pl.col("away"), pl.col("home_score") == pl.col("away_score")
    unplayed = pl.col("home_score").is_null()
    tomorrow = eastern_day(now) + timedelta(days=1)
    reason = (
        pl.when(itself)
        .then(pl.lit("self_play"))
        .when(unplayed)
        .then(pl.lit("unplayed"))
        .when(~pl.col("learns") & tie)
        .then(pl.lit("tie"))
        .when(~pl.col("learns"))
        .then(pl.lit("repeated"))
        .when((pl.col("home_score") % 1 != 0) | (pl.col("away_score") % 1 != 0))
        .then(pl.lit("fractional_score"))
        .when(pl.col("date") > tomorrow)
        .then(pl.lit("day_to_come"))
    )
    frame = frame.with_columns(reason=reason)
    words = {
        "self_play": "a side playing itself",
        "tie": f"a tie, which {file.league.key} does not know",
        "repeated": "repeats an earlier row",
        "fractional_score": "a score that is no whole number",
        "day_to_come": f"a result of a day after {eastern_day(now)}",
    }
    refused = refusals(frame.filter(pl.col("reason").is_in(list(words))), words)
    return Sorted(
        frame.filter(pl.col("reason").is_null()).drop("reason"),
        refused,
        frame.filter(pl.col("reason") == "unplayed").height,
    )


def refusals(frame: pl.DataFrame, words: dict[str, str]) -> list[Refused]:
    """The rows of a frame with a `reason`, as refused; `words`: what each reason means."""
    return [
        Refused(row, f"{day} {home}-{away}", reason, words[reason])
        for row, day, home, away, reason in frame.select("row", "date", "home", "away", "reason").rows()
    ]


def one_game_one_row(mapped: pl.DataFrame, league: League) -> tuple[pl.DataFrame, list[Refused]]:
    """Refuse what only the teams tell: two ids of one team against each other, one game under two ids."""
    twice = pl.lit(value=False)
    if not league.is_individual and league.sport is not Sport.BASEBALL:
        twice = ~pl.struct("date", "home_team", "away_team").is_first_distinct()
    reason = (
        pl.when(pl.col("home_team") == pl.col("away_team"))
        .then(pl.lit("self_play"))
        .when(twice & pl.col("home_team").is_not_null() & pl.col("away_team").is_not_null())
        .then(pl.lit("repeated"))
    )
    frame = mapped.with_columns(reason=reason)
    words = {"self_play": "both ids are one team", "repeated": "the game of an earlier row under another id"}
    return (
        frame.filter(pl.col("reason").is_null()).drop("reason"),
        refusals(frame.filter(pl.col("reason").is_not_null()), words),
    )


def as_games(mapped: pl.DataFrame, league: League, source: str) -> pl.DataFrame:
    """Mapped rows with what core.games holds of them: game_id, SHOWN and ATTRIBUTES as text; scores are integers.

    A game starts at noon Eastern: a file knows the day only. The second of a day starts a minute later,
    tennis rows a second after one another, so that their order is kept. In tennis home is the player with the
    smaller id as text, as everywhere, so sides may change places.
    """
    frame = mapped.with_columns(pl.col("home_score", "away_score").cast(pl.Int32))
    if league.is_individual:
        frame = _smaller_id_home(frame)
    frame = frame.with_columns(pl.col("row").cum_count().over("date", "home", "away").alias(_ORDINAL))
    noon = pl.col("date").cast(pl.Datetime("us")) + pl.duration(hours=12)
    later = (
        pl.duration(seconds=pl.col("row").cum_count().over("date") - 1)
        if league.is_individual
        else pl.duration(minutes=pl.col(_ORDINAL) - 1)
    )
    won, lost = pl.col("home_score") > pl.col("away_score"), pl.col("home_score") < pl.col("away_score")
    frame = frame.with_columns(
        _game_id(league, source),
        pl.when(won)
        .then(pl.lit(Outcome.HOME.value))
        .when(lost)
        .then(pl.lit(Outcome.AWAY.value))
        .otherwise(pl.lit(Outcome.DRAW.value))
        .alias("winner"),
        pl.when("playoff")
        .then(pl.lit(GameKind.POSTSEASON.value))
        .otherwise(pl.lit(GameKind.REGULAR.value))
        .alias("game_kind"),
        (noon.dt.replace_time_zone(str(EASTERN)).dt.convert_time_zone("UTC") + later).alias("start_time"),
        pl.col("home_team").alias("home_team_id"),
        pl.col("away_team").alias("away_team_id"),
        pl.col("neutral").alias("neutral_site"),
        pl.col("best_of").cast(pl.String),
        *(pl.when(name).then(pl.lit("true")).alias(name) for name in ("retired", "winner_only")),
    )
    again = pl.col("row").cum_count().over("game_id")
    return frame.with_columns(
        pl.when(again > 1).then(pl.format("{}-{}", "game_id", again)).otherwise("game_id").alias("game_id")
    )


def _smaller_id_home(frame: pl.DataFrame) -> pl.DataFrame:
    turn = pl.col("home_team") > pl.col("away_team")
    pairs = [(f"home_{what}", f"away_{what}") for what in _SIDES]
    pairs += [("close_home", "close_away")] if {"close_home", "close_away"} <= set(frame.columns) else []
    return frame.with_columns(
        pl.when(turn).then(other).otherwise(one).alias(one) for pair in pairs for one, other in (pair, pair[::-1])
    )


def _game_id(league: League, source: str) -> pl.Expr:
    first = pl.format("{}:{}:{}:{}-{}", pl.lit(league.key), pl.lit(source), "date", "home", "away")
    where = pl.concat_str("tourney", "round", separator=" ", ignore_nulls=True)
    slug = where.str.to_lowercase().str.replace_all(_SLUG, "-").str.strip_chars("-")
    told = pl.lit(league.is_individual) & (slug != "")
    more = pl.when(told).then(slug).otherwise(pl.col(_ORDINAL).cast(pl.String))
    return pl.when(pl.col(_ORDINAL) > 1).then(pl.format("{}-{}", first, more)).otherwise(first).alias("game_id")


def compared(games: pl.DataFrame, stored: Sequence[Any]) -> tuple[pl.DataFrame, int, int]:
    """The games that are new or differ from `stored` (rows of `store.imports.own_games`); how many of each."""
    columns = [*SHOWN, *ATTRIBUTES]
    schema = {"game_id": pl.String, "completed": pl.Boolean} | {name: games.schema[name] for name in columns}
    before = pl.DataFrame([tuple(row) for row in stored], schema=schema, orient="row")
    joined = games.join(before, on="game_id", how="left", suffix="_before", maintain_order="left")
    new = pl.col("season_before").is_null()
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in columns)
    fresh = joined.filter(new | ~pl.col("completed") | differs)
    inserted = fresh.filter(new).height
    return fresh.select(games.columns), inserted, fresh.height - inserted


def to_write(games: pl.DataFrame, league: League, now: datetime) -> list[tuple[Any, ...]]:
    """Games as `store.imports.write_imported` takes them."""
    lag = TOURNAMENT if league.is_individual else timedelta(hours=league.result_lag_h)
    frame = games.with_columns(known_at=pl.min_horizontal(pl.col("start_time") + lag, pl.lit(now)))
    attributes = [_attributes(row) for row in games.select(ATTRIBUTES).rows()]
    return [
        (*row[:-1], told, row[-1])
        for row, told in zip(frame.select("game_id", *SHOWN, "known_at").rows(), attributes, strict=True)
    ]


def _attributes(values: tuple[str | None, ...]) -> str | None:
    told: dict[str, Any] = {name: value for name, value in zip(ATTRIBUTES, values, strict=True) if value is not None}
    if "best_of" in told:
        told["best_of"] = int(told["best_of"])
    told |= {name: True for name in ("retired", "winner_only") if name in told}
    return orjson.dumps(told).decode() if told else None


def closing_odds(games: pl.DataFrame, league: League, source: str, now: datetime) -> tuple[list[tuple[Any, ...]], int]:
    """The closing odds of games (game_id, close_*) as rows of market.closing_odds; how many do not sum to 1."""
    if not {"close_home", "close_away"} <= set(games.columns):
        return [], 0
    draw = pl.col("close_draw") if league.has_draw and "close_draw" in games.columns else pl.lit(None, pl.Float64)
    frame = games.select("game_id", "close_home", draw.alias("close_draw"), "close_away").filter(
        pl.col("close_home").is_not_null() & pl.col("close_away").is_not_null()
    )
    total = pl.sum_horizontal("close_home", "close_draw", "close_away")
    sound = frame.filter(total.is_between(*ODDS_SUM))
    return [(source, *row, now) for row in sound.rows()], frame.height - sound.height
