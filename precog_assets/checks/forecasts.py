"""Checks of forecasts and of their grades: rows as they must be, none missing, calibrated, too good to be true.

Belongs here: what is read, and when it is wrong. Does not: the bands, which the grades were held against already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.evaluations import EVALUATIONS
from precog_assets.assets.ratings import FORECASTS
from precog_assets.checks.findings import Finding, told
from precog_assets.domain.facts import RATED_KINDS
from precog_assets.domain.leagues import League
from precog_assets.resources import PrecogServices

if TYPE_CHECKING:
    import polars as pl

AHEAD = timedelta(days=7)
NAMED = 5
"""Missing games named in the sentence; all of them, up to LISTED, are in the metadata."""
LISTED = 50
LEAST_GAMES = 200
NEWEST_GAMES = 5_000
"""Finished games of a league that the calibration is read from."""
LOG_LOSS_SLACK = 0.0005

_TENTHS = sa.text(
    """
    WITH newest AS (
        SELECT f.p_home, f.p_draw, f.p_away, g.home_score, g.away_score, g.winner
        FROM model.forecasts f JOIN core.games g USING (game_id)
        WHERE f.league = :league AND f.model_version = :version AND f.superseded_at IS NULL AND f.start_time < :now
          AND g.completed AND g.winner IS NOT NULL AND g.game_kind = ANY(:kinds)
          AND (f.p_draw IS NOT NULL OR g.winner <> 'draw')
        ORDER BY f.start_time DESC LIMIT :newest
    ), pairs AS (
        SELECT p_home AS p, winner = 'home' AS happened FROM newest
        UNION ALL
        SELECT p_draw, winner = 'draw' FROM newest WHERE p_draw IS NOT NULL
        UNION ALL
        SELECT p_away, winner = 'away' FROM newest WHERE p_draw IS NOT NULL
    )
    SELECT least(CAST(floor(p * 10) AS int), 9) AS tenth, count(*), count(*) FILTER (WHERE happened),
           (SELECT count(*) FROM newest)
    FROM pairs GROUP BY tenth ORDER BY tenth
    """
)


@dg.multi_asset_check(
    name="forecasts_checks",
    specs=[
        dg.AssetCheckSpec(
            "schema", asset=FORECASTS, blocking=True, description="Rows satisfy their Pandera schema, and sum to 1"
        ),
        dg.AssetCheckSpec("missing", asset=FORECASTS, description="Scheduled games of the next 7 days have a forecast"),
        dg.AssetCheckSpec(
            "monotone_calibration", asset=FORECASTS, description="What was forecast higher came true more often"
        ),
    ],
)
def forecasts_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema, the games without a forecast, and how often what was forecast came true, by tenths."""
    from precog_assets.checks.bridge import checked
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    now = opened.clock.now()
    with in_database(opened.engine) as connection:
        yield told(FORECASTS, "schema", checked(connection, "model.forecasts", now))
        calibration = monotone(connection, opened.leagues, now)
    yield told(FORECASTS, "missing", missing(opened.engine, opened.leagues, now))
    yield told(FORECASTS, "monotone_calibration", calibration)


@dg.multi_asset_check(
    name="evaluations_checks",
    specs=[
        dg.AssetCheckSpec("schema", asset=EVALUATIONS, description="Rows satisfy their Pandera schema"),
        dg.AssetCheckSpec(
            "leak_guard", asset=EVALUATIONS, description="No model of results alone is better than can be believed"
        ),
        dg.AssetCheckSpec(
            "market_aware_not_worse", asset=EVALUATIONS, description="The blend is no worse than the closing price"
        ),
        dg.AssetCheckSpec(
            "in_play",
            asset=EVALUATIONS,
            description="At period ends of the last days, probabilities in play are no worse than the forecasts",
        ),
    ],
)
def evaluations_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """The schema, figures too good to be true, blends and probabilities in play that lose to what they start from."""
    from precog_assets.checks.bridge import checked
    from precog_assets.checks.in_play import in_play
    from precog_assets.pipeline.feeds import in_database
    from precog_assets.queries.forecasts import evaluations

    opened = services.get()
    with in_database(opened.engine) as connection:
        yield told(EVALUATIONS, "schema", checked(connection, "model.evaluations", opened.clock.now()))
        yield told(EVALUATIONS, "in_play", in_play(connection, opened.leagues, opened.clock.now()))
    grades = evaluations(opened.engine)
    yield told(EVALUATIONS, "leak_guard", leaks(grades, opened.leagues))
    yield told(EVALUATIONS, "market_aware_not_worse", not_worse(grades, opened.leagues))


def missing(engine: sa.Engine, leagues: Sequence[League], now: datetime) -> Finding:
    """Scheduled games from now to AHEAD without a forecast of the model in force, by league."""
    from precog_assets.queries.forecasts import missing_forecasts

    frame = missing_forecasts(engine, list(versions := _versions(leagues)), versions, now + AHEAD, since=now)
    games: dict[str, list[str]] = {}
    for league, start, home, away in frame.select("league", "start_time", "home_team", "away_team").iter_rows():
        games.setdefault(league, []).append(f"{away} at {home}, {start:%Y-%m-%d %H:%M} UTC")
    said = [f"{league} {len(of)}: {'; '.join(of[:NAMED])}" for league, of in games.items()]
    return Finding(
        not games,
        "scheduled games without a forecast: " + " | ".join(said) + "; `precog dagster asset materialize --select "
        f"model/forecasts --partition {next(iter(games))}` makes them"
        if games
        else f"every scheduled game of the next {AHEAD.days} days has a forecast",
        warn=True,
        facts={"missing": {league: of[:LISTED] for league, of in games.items()}},
    )


def monotone(connection: sa.Connection, leagues: Sequence[League], now: datetime) -> Finding:
    """Whether the share that came true rises from tenth to tenth, as far as the Wilson intervals can tell.

    A tenth is out of order when its whole interval lies below that of a lower one. Of the newest games of a league.
    """
    measured: dict[str, dict[str, str]] = {}
    unmeasured: dict[str, int] = {}
    falling: list[str] = []
    for key, version in _versions(leagues).items():
        kinds = sorted(kind.value for kind in RATED_KINDS)
        given = {"league": key, "version": version, "now": now, "kinds": kinds, "newest": NEWEST_GAMES}
        tenths = [tuple(row) for row in connection.execute(_TENTHS, given)]
        games = tenths[0][3] if tenths else 0
        if games < LEAST_GAMES:
            unmeasured[key] = games
            continue
        measured[key] = {_tenth(at): f"{happened} of {count}" for at, count, happened, _ in tenths}
        falling += [f"{key}: {said}" for said in out_of_order([(at, n, happened) for at, n, happened, _ in tenths])]
    rest = f"; fewer than {LEAST_GAMES} games, not measured: {', '.join(unmeasured)}" if unmeasured else ""
    return Finding(
        not falling,
        ("; ".join(falling) or f"rising in {', '.join(measured) or 'no league yet'}") + rest,
        warn=True,
        facts={"came_true": measured, "games_of_unmeasured": unmeasured},
    )


def out_of_order(tenths: Sequence[tuple[int, int, int]]) -> list[str]:
    """The tenths (number, forecasts, came true) that came true surely less often than the best of those below."""
    from precog_assets.grading.calibration import wilson_interval

    found: list[str] = []
    best: tuple[float, int] | None = None
    for at, count, happened in tenths:
        low, high = wilson_interval(happened, count)
        if best is not None and high < best[0]:
            found.append(f"{_tenth(at)} came true at most {high:.1%}, {_tenth(best[1])} at least {best[0]:.1%}")
        if best is None or low > best[0]:
            best = (low, at)
    return found


def leaks(grades: pl.DataFrame, leagues: Sequence[League]) -> Finding:
    """Findings of the leak guard on the models in force; `grades` as `queries.evaluations` reads them."""
    import json

    found = {
        row["league"]: [finding["reason"] for finding in json.loads(row["leak_findings"])]
        for row in _in_force(grades, leagues, "model")
    }
    reasons = [reason for of_league in found.values() for reason in of_league]
    clean = f"nothing in the figures of {', '.join(found)} speaks of a leak" if found else "no league is graded yet"
    return Finding(not reasons, "; ".join(reasons) or clean, facts={"findings": found})


def not_worse(grades: pl.DataFrame, leagues: Sequence[League]) -> Finding:
    """Log loss of the blend beside that of the closing price, over all seasons, where there are prices."""
    measured: dict[str, dict[str, Any]] = {}
    worse: list[str] = []
    for row in _in_force(grades, leagues, "market_aware"):
        if row["closing_log_loss"] is None:
            continue
        league, blend, close = row["league"], row["log_loss"], row["closing_log_loss"]
        measured[league] = {"games": row["priced_games"], "market_aware": round(blend, 5), "closing": round(close, 5)}
        if blend > close + LOG_LOSS_SLACK:
            worse.append(
                f"{league}: log loss {blend:.4f}, the closing price {close:.4f} ({row['priced_games']:,} games)"
            )
    fine = f"no worse than the closing price in {', '.join(measured)}" if measured else "no league has closing prices"
    return Finding(not worse, "; ".join(worse) or fine, warn=True, facts={"log_loss": measured})


def _in_force(grades: pl.DataFrame, leagues: Sequence[League], forecast: str) -> list[dict[str, Any]]:
    import polars as pl

    versions = list(_versions(leagues).values())
    chosen = pl.col("model_version").is_in(versions) & (pl.col("scope") == "all") & (pl.col("forecast") == forecast)
    return grades.filter(chosen).to_dicts()


def _versions(leagues: Sequence[League]) -> Mapping[str, str]:
    from precog_assets.ratings.versions import model_version

    return {league.key: model_version(league) for league in leagues}


def _tenth(at: int) -> str:
    return f"{at * 10}-{at * 10 + 10} %"
