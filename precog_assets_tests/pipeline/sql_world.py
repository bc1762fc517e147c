"""A small world in the database, written through the store, for what is read out of it by SQL models."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.facts import GameKind, GameSeen, MarketSeen, Observation, Origin, QuoteSeen
from precog_assets.store.evaluations import write_blends, write_evaluations
from precog_assets.store.forecasts import COLUMNS, write_forecasts, write_version
from precog_assets.store.games import write_games
from precog_assets.store.markets import write_markets, write_quotes
from precog_assets.store.ratings import write_ratings

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
"""The newest poll of this world."""
HOME, AWAY = "nfl:12", "nfl:30"
GAME = GameSeen(
    game_id="nfl:1",
    league="nfl",
    espn_event_id="1",
    season=2026,
    season_type="regular",
    game_kind=GameKind.REGULAR,
    start_time=NOW - timedelta(minutes=30),
    start_time_valid=True,
    home_team_id=HOME,
    away_team_id=AWAY,
    neutral_site=False,
    status="STATUS_IN_PROGRESS",
    state="in",
    completed=False,
    phase="in_play",
    period=1,
    clock=500.0,
    display_clock="8:20",
    home_score=7,
    away_score=3,
    winner=None,
    detail=None,
)
SCHEDULED = {"status": "STATUS_SCHEDULED", "state": "pre", "phase": "scheduled", "home_score": None, "away_score": None}


def quote(bid: str | None, ask: str | None, last: str | None = "0.5") -> QuoteSeen:
    def price(value: str | None) -> Decimal | None:
        return None if value is None else Decimal(value)

    one = Decimal(1)
    return QuoteSeen(price(bid), price(ask), one, one, price(last), Decimal(10), None, Decimal(5))


def market(ticker: str, seen: QuoteSeen | None, status: str = "active") -> MarketSeen:
    return MarketSeen(
        market_id=f"kalshi:{ticker}",
        venue="kalshi",
        ticker=ticker,
        event_ticker=ticker.rpartition("-")[0],
        series_ticker="KXNFLGAME",
        title="Winner?",
        yes_sub_title=ticker.rpartition("-")[2],
        market_type="binary",
        status=status,
        result="",
        open_time=NOW - timedelta(days=7),
        close_time=NOW + timedelta(days=14),
        expected_expiration_time=None,
        occurrence_time=None,
        settlement_value=None,
        settlement_time=None,
        expiration_value="",
        strike_type=None,
        strike=None,
        price_level_structure="linear_cent",
        price_ranges=((Decimal(0), Decimal(1), Decimal("0.01")),),
        rules_primary="",
        quote=seen,
    )


def poll(connection: sa.Connection, at: datetime, source: str = "espn", outcome: str = "ok") -> None:
    """Say that a feed of a source was polled."""
    connection.execute(
        sa.text(
            "INSERT INTO ops.feeds (feed, source, last_polled_at, last_changed_at, last_outcome, last_code, polls, "
            "changes) VALUES (:feed, :source, :at, :at, :outcome, :outcome, 4, 2) "
            "ON CONFLICT (feed) DO UPDATE SET last_polled_at = excluded.last_polled_at"
        ),
        {"feed": f"{source} board", "source": source, "at": at, "outcome": outcome},
    )


def link(connection: sa.Connection, ticker: str, game_id: str | None, outcome: str | None) -> None:
    """Tie a market to a game, or refuse it."""
    connection.execute(
        sa.text(
            "INSERT INTO market.market_games (market_id, verdict, game_id, outcome, detail, evidence, "
            "first_decided_at, last_changed_at) VALUES (:market_id, :verdict, :game_id, :outcome, '', '{}', :at, :at)"
        ),
        {
            "market_id": f"kalshi:{ticker}",
            "verdict": "matched" if game_id else "no_game",
            "game_id": game_id,
            "outcome": outcome,
            "at": NOW,
        },
    )


def rating_row(team_id: str, game_id: str, version: str, rating: float, games_before: int, days_ago: int) -> tuple:
    start = NOW - timedelta(days=days_ago)
    return ("nfl", game_id, team_id, version, 2026, start, rating - 5, rating, 0.5, games_before)


def forecast_row(game_id: str, start_days: float, p_home: float, **given: Any) -> tuple:
    row = {
        "game_id": game_id,
        "season": 2026,
        "start_time": NOW + timedelta(days=start_days),
        "home_team_id": HOME,
        "away_team_id": AWAY,
        "p_home": p_home,
        "p_draw": None,
        "p_away": 1 - p_home,
        "rating_home": 1600.0,
        "rating_away": 1450.0,
        "deviation_home": 60.0,
        "deviation_away": float("nan"),
        "games_home": 8,
        "games_away": 8,
        "as_of": NOW - timedelta(days=11),
        **given,
    }
    return tuple(row[name] for name in COLUMNS)


def grade_row(forecast: str, scope: str, label: str, **given: Any) -> dict[str, Any]:
    return {
        "forecast": forecast,
        "scope": scope,
        "label": label,
        "games": 250,
        "ties_left_out": 1,
        "brier": 0.21,
        "log_loss": 0.61,
        "accuracy": 0.66,
        "ece": 0.02,
        "priced_games": 250,
        "closing_brier": 0.2,
        "closing_log_loss": 0.59,
        "skill": -0.05,
        "skill_low": -0.08,
        "skill_high": -0.02,
        "leak_findings": [],
        **given,
    }


def write_model(connection: sa.Connection) -> None:
    """Two versions of the NFL's model and one that is not in force, the last rated with forecasts and grades."""
    for version, name, days in (("old", "default", 9), ("elo-1", "default", 8), ("plain-1", "plain", 1)):
        write_version(connection, version, "nfl", name, {"k": days}, NOW - timedelta(days=days))
    write_ratings(connection, "nfl", "old", [rating_row(HOME, "nfl:0", "old", 1999.0, 0, 10)], NOW - timedelta(days=9))
    write_ratings(
        connection, "nfl", "plain-1", [rating_row(HOME, "nfl:0", "plain-1", 1111.0, 0, 10)], NOW - timedelta(days=1)
    )
    rows = [
        rating_row(HOME, "nfl:0", "elo-1", 1600.0, 7, 10),
        rating_row(AWAY, "nfl:0", "elo-1", 1450.0, 7, 10),
        rating_row(HOME, "nfl:00", "elo-1", 1580.0, 6, 17),
    ]
    write_ratings(connection, "nfl", "elo-1", rows, NOW - timedelta(days=8))
    write_forecasts(connection, "nfl", "old", [forecast_row("nfl:2", 6, 0.1)], NOW - timedelta(days=9))
    said = [
        forecast_row("nfl:0", -10, 0.55),
        forecast_row("nfl:1", -1 / 48, 0.7),
        forecast_row("nfl:2", 6, 0.65),
        forecast_row("nfl:4", 1, 0.6, home_team_id="nfl:2", away_team_id="nfl:1"),
    ]
    write_forecasts(connection, "nfl", "elo-1", said, NOW - timedelta(days=8))
    grades = [
        grade_row("model", "all", "all"),
        grade_row("model", "season", "2025"),
        grade_row("model", "month", "2025-09", skill_low=None, skill_high=None),
        grade_row("market_aware", "season", "2025", skill=0.0, skill_low=-0.01, skill_high=0.01),
    ]
    write_evaluations(connection, "nfl", "elo-1", grades, NOW)
    write_evaluations(connection, "nfl", "old", [grade_row("model", "all", "all", brier=0.25)], NOW)
    write_blends(connection, "nfl", "elo-1", [{"season": 2025, "model_weight": 0.1, "fitted_games": 900}], NOW)


def build_world(engine: sa.Engine) -> None:
    """One game in play with three markets, a past, a coming and a far one; ratings, forecasts, grades of a model."""
    seen = Observation(NOW, Origin.LIVE)
    earlier = Observation(NOW - timedelta(minutes=5), Origin.LIVE)
    old = Observation(NOW - timedelta(days=10), Origin.LIVE)
    finished = {"status": "STATUS_FINAL", "state": "post", "completed": True, "phase": "final", "winner": "home"}
    games = [
        (GAME, seen),
        (replace(GAME, game_id="nfl:0", espn_event_id="0", start_time=NOW - timedelta(days=10), **finished), old),
        (replace(GAME, game_id="nfl:2", espn_event_id="2", start_time=NOW + timedelta(days=6), **SCHEDULED), seen),
        (replace(GAME, game_id="nfl:3", espn_event_id="3", start_time=NOW + timedelta(days=9), **SCHEDULED), seen),
        (
            replace(
                GAME,
                game_id="nfl:4",
                espn_event_id="4",
                start_time=NOW + timedelta(days=1),
                home_team_id="nfl:1",
                away_team_id="nfl:2",
                **SCHEDULED,
            ),
            seen,
        ),
    ]
    with engine.begin() as connection:
        write_games(connection, games, load_leagues())
        league_of = {"KXNFLGAME": "nfl"}
        write_markets(
            connection,
            [
                (market("KXNFLGAME-26NOV22JACKC-KC", quote("0.60", "0.62", "0.61")), earlier),
                (market("KXNFLGAME-26NOV22JACKC-JAC", quote("0.38", None, "0.39")), earlier),
                (market("KXNFLGAME-26NOV21JACKC-KC", quote("0.10", "0.20"), "closed"), seen),
                (market("KXNFLGAME-26NOV22NOBODY-X", quote("0.50", "0.51")), earlier),
                (market("KXNFLGAME-26NOV28JACKC-KC", None, "initialized"), seen),
            ],
            league_of,
        )
        write_quotes(connection, [("kalshi:KXNFLGAME-26NOV22JACKC-KC", quote("0.64", "0.66", "0.65"), seen)])
        link(connection, "KXNFLGAME-26NOV22JACKC-KC", GAME.game_id, "home")
        link(connection, "KXNFLGAME-26NOV22JACKC-JAC", GAME.game_id, "away")
        link(connection, "KXNFLGAME-26NOV21JACKC-KC", GAME.game_id, "home")
        link(connection, "KXNFLGAME-26NOV22NOBODY-X", None, None)
        link(connection, "KXNFLGAME-26NOV28JACKC-KC", "nfl:2", "home")
        write_model(connection)
        poll(connection, NOW)
        poll(connection, NOW - timedelta(minutes=1), "kalshi", "transient")
