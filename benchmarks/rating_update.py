"""One more day of results into a database that holds every league: what rating it takes, behind all of history.

Belongs here: `pipeline.rate` against the embedded database. The real results lie beside the checkout; without them
nothing is measured. Games go in by COPY: how they came is another benchmark's subject.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import sqlalchemy as sa
from psycopg import sql

from benchmarks.house import house
from benchmarks.measure import Figure, Scale, Target
from benchmarks.ratings import GAMES, WINDOWS
from precog_assets.config import load_leagues
from precog_assets.domain.leagues import League
from precog_assets.domain.times import FixedClock
from precog_assets.pipeline.rate import rate_league
from precog_assets.ratings.exchange import read_games
from precog_assets.services import Services
from precog_assets.store.engine import driver_connection

NOON = timedelta(hours=17)
NOWHERE = "http://127.0.0.1:9"
LIMIT_S = 1.0
DAYS = 5
SHORT_SEASONS = 6
GROWTH = 1.5
GROWING = "ncaab"


def measure(scale: Scale) -> list[Figure]:
    """The last days of every league's results, one after the other, and one league behind a short and a long past."""
    there = [key for key in WINDOWS if (GAMES / f"{key}.parquet").is_file()]
    if not there:
        return []
    leagues = [load_leagues()[key] for key in (there[:2] if scale.quick else there)]
    days = scale.of(DAYS, 2)
    with house() as place, place.services("update", NOWHERE, leagues) as services:
        first, daily, counted = _fill_and_update(services, leagues, days)
        figures = [
            Figure(
                "ratings and forecasts from nothing", first, "s", note=f"{counted:,} games of {len(leagues)} leagues"
            ),
            Figure(
                f"one more day of {len(leagues)} leagues",
                statistics.median(daily),
                "s",
                Target("<=", LIMIT_S),
                f"median of {len(daily)} days, database included; behind {counted:,} games",
                {"days_s": [round(one, 3) for one in daily]},
            ),
        ]
        if GROWING in there:
            figures.append(_growth(services, load_leagues()[GROWING], days))
        return figures


def _fill_and_update(services: Services, leagues: list[League], days: int) -> tuple[float, list[float], int]:
    held, counted, first = {}, 0, 0.0
    for league in leagues:
        frame = _games(GAMES / f"{league.key}.parquet", league)
        last = frame["date"].unique().sort().tail(days).to_list()
        held[league.key] = [frame.filter(pl.col("date") == day) for day in last]
        past = frame.filter(pl.col("date") < last[0])
        counted += past.height
        _store(services, league, past)
        began = time.perf_counter()
        rate_league(_at(services, past), league, correlation_id="bench")
        first += time.perf_counter() - began
    daily = []
    for number in range(days):
        took = 0.0
        for league in leagues:
            day = held[league.key][number]
            _store(services, league, day)
            took += _rate(_at(services, day), league)
        daily.append(took)
    return first, daily, counted


def _growth(services: Services, league: League, days: int) -> Figure:
    """The same days of one league behind its last few seasons alone, against behind all of them."""
    frame = _games(GAMES / f"{league.key}.parquet", league)
    seasons = frame["season"].unique().sort()
    sides = {"short": frame.filter(pl.col("season") > seasons[-1] - SHORT_SEASONS), "long": frame}
    took: dict[str, list[float]] = {name: [] for name in sides}
    for name, games in sides.items():
        _clear(services, league)
        last = games["date"].unique().sort().tail(days).to_list()
        past = games.filter(pl.col("date") < last[0])
        _store(services, league, past)
        _rate(_at(services, past), league)
        for day in last:
            one = games.filter(pl.col("date") == day)
            _store(services, league, one)
            took[name].append(_rate(_at(services, one), league))
    ratio = statistics.median(took["long"]) / statistics.median(took["short"])
    return Figure(
        f"one more day of {league.key}: {frame.height:,} games behind it against {sides['short'].height:,}",
        ratio,
        "times",
        Target("<=", GROWTH),
        f"{statistics.median(took['long']) * 1000:.0f} ms against {statistics.median(took['short']) * 1000:.0f} ms",
        {name: [round(one, 4) for one in seconds] for name, seconds in took.items()},
    )


def _rate(services: Services, league: League) -> float:
    began = time.perf_counter()
    rate_league(services, league, correlation_id="bench")
    return time.perf_counter() - began


def _at(services: Services, games: pl.DataFrame) -> Services:
    """The services on the evening of the last of these games."""
    day = games["date"].max()
    assert day is not None
    evening = datetime.fromisoformat(str(day)).replace(tzinfo=UTC) + timedelta(hours=30)
    return dataclasses.replace(services, clock=FixedClock(evening))


def _games(path: Path, league: League) -> pl.DataFrame:
    """A file's games as rows of core.games, their order within a day kept by the second."""
    frame = read_games(path, league).frame.filter("learns").with_row_index("at")
    place = pl.col("at") - pl.col("at").min().over("date")
    start = (
        pl.col("date").cast(pl.Datetime("us", "UTC")) + pl.duration(hours=17) + pl.duration(milliseconds=place * 100)
    )
    return frame.select(
        "date",
        game_id=pl.format("{}:bench:{}", pl.lit(league.key), "at"),
        league=pl.lit(league.key),
        season="season",
        season_type=pl.lit("regular"),
        game_kind=pl.when("playoff").then(pl.lit("postseason")).otherwise(pl.lit("regular")),
        start_time=start,
        start_time_valid=pl.lit(value=False),
        home_team_id=pl.format("{}:bench-{}", pl.lit(league.key), "home"),
        away_team_id=pl.format("{}:bench-{}", pl.lit(league.key), "away"),
        neutral_site="neutral",
        status=pl.lit("STATUS_FINAL"),
        state=pl.lit("post"),
        completed=pl.lit(value=True),
        phase=pl.lit("final"),
        home_score=pl.col("home_score").cast(pl.Int32),
        away_score=pl.col("away_score").cast(pl.Int32),
        winner=pl.when(pl.col("home_score") > pl.col("away_score"))
        .then(pl.lit("home"))
        .when(pl.col("home_score") < pl.col("away_score"))
        .then(pl.lit("away"))
        .otherwise(pl.lit("draw")),
        first_observed_at=start,
        last_observed_at=start,
        last_changed_at=start + pl.duration(hours=4),
        source=pl.lit("bench"),
        attributes=pl.struct("surface", "level", "best_of", "retired", "winner_only").struct.json_encode(),
    )


def _store(services: Services, league: League, games: pl.DataFrame) -> None:
    teams = pl.concat([games["home_team_id"], games["away_team_id"]]).unique().to_list()
    rows = games.drop("date")
    with services.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO core.teams (team_id, league, espn_team_id, kind, display_name, provisional, "
                "first_seen_at) SELECT t, :league, t, 'team', t, true, now() FROM unnest(CAST(:teams AS text[])) t "
                "ON CONFLICT DO NOTHING"
            ),
            {"league": league.key, "teams": teams},
        )
        columns = sql.SQL(", ").join(sql.Identifier(name) for name in rows.columns)
        copy_rows = sql.SQL("COPY core.games ({}) FROM STDIN (FORMAT csv)").format(columns)
        with driver_connection(connection).cursor() as cursor, cursor.copy(copy_rows) as copy:
            copy.write(rows.write_csv(include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ").encode())
        if games.height > 1000:
            connection.execute(sa.text("ANALYZE core.games"))


def _clear(services: Services, league: League) -> None:
    with services.engine.begin() as connection:
        for table in ("model.states", "model.forecasts", "model.ratings", "core.games"):
            connection.execute(sa.text(f"DELETE FROM {table} WHERE league = :league"), {"league": league.key})
