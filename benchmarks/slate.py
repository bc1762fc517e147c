"""A full slate of 500 markets priced, decided and written: our own time against the embedded PostgreSQL.

Belongs here: `pipeline.price` and `pipeline.decide` over games whose every quote has just changed. Does not: getting
quotes in (`tick`), `decide` alone (`deciding`). Everything is in the database before the clock starts: 250 games with
two markets each, a book of ten levels a side, forecasts, ratings. The default strategies run, one of them on paper.
The same is measured with every game in play and a new score or clock in every pass.
"""

from __future__ import annotations

import dataclasses
import gc
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from benchmarks.house import house
from benchmarks.measure import Figure, Scale, Target
from precog_assets.config import load_leagues
from precog_assets.domain.facts import GameKind, GameSeen, MarketSeen, Observation, OrderBookSeen, Origin, QuoteSeen
from precog_assets.domain.times import FixedClock
from precog_assets.domain.trading import Rung, SkillFacts
from precog_assets.pipeline.decide import decide_markets
from precog_assets.pipeline.price import price_markets
from precog_assets.pipeline.report import StepReport
from precog_assets.store import tables
from precog_assets.store.book import write_rung
from precog_assets.store.bulk import write
from precog_assets.store.evaluations import write_blends
from precog_assets.store.forecasts import COLUMNS, write_forecasts
from precog_assets.store.games import write_games
from precog_assets.store.links import LINKS
from precog_assets.store.markets import write_markets, write_order_books
from precog_assets.store.ratings import write_ratings
from precog_assets.store.snapshots import version_of

GAMES = 250
LEVELS = 10
BEGIN = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
START = BEGIN + timedelta(hours=5)
TICK = timedelta(seconds=10)
LIMIT_MS = 500.0
HOME, AWAY = "nba:13", "nba:2"
NOWHERE = "http://127.0.0.1:9"
PROVEN = SkillFacts(Rung.PAPER, 400, 0.02, 0.01, 0.008, 0.002)


def measure(scale: Scale) -> list[Figure]:
    """Milliseconds of a pass in which every price changed, of its two steps, and of one in which nothing did."""
    games, rounds = scale.of(GAMES, 20), scale.of(21, 3)
    return [*_measured(games, rounds, in_play=False), *_measured(games, rounds, in_play=True)]


def _measured(games: int, rounds: int, *, in_play: bool) -> list[Figure]:
    with house() as place, place.services("slate", NOWHERE, [load_leagues()["nba"]]) as services:
        rolled = random.Random(1)
        _fill(services.engine, games)
        gc.collect()
        # What the benchmark itself holds is not looked at again by each collection inside a pass.
        gc.freeze()
        took: dict[str, list[float]] = {name: [] for name in ("price", "decide", "both", "same", "processor")}
        reports: list[StepReport] = []
        for number in range(-2, rounds):
            now = BEGIN + (number + 3) * TICK
            with services.engine.begin() as connection:
                _quote(connection, games, now, rolled, in_play=in_play)
                # Every pass finds the account as the first one did, with room to buy.
                connection.execute(sa.delete(tables.orders))
            moved = dataclasses.replace(services, clock=FixedClock(now + timedelta(seconds=1)))
            price_ms, price_own_ms, priced = _timed(lambda at=moved: price_markets(at, correlation_id="bench"))
            decide_ms, decide_own_ms, decided = _timed(lambda at=moved: decide_markets(at, correlation_id="bench"))
            later = dataclasses.replace(services, clock=FixedClock(now + timedelta(seconds=2)))
            again_ms = _timed(lambda at=later: price_markets(at, correlation_id="bench"))[0]
            again_ms += _timed(lambda at=later: decide_markets(at, correlation_id="bench"))[0]
            if priced.rows_in != 2 * games or decided.rows_in != 3 * 2 * games:
                raise RuntimeError(f"the slate is not the one described: {priced.sentence()}; {decided.sentence()}")
            if number >= 0:
                reports.append(decided)
                measured = (price_ms, decide_ms, price_ms + decide_ms, again_ms, price_own_ms + decide_own_ms)
                for name, value in zip(took, measured, strict=True):
                    took[name].append(value)
    return _figures(games, took, reports, in_play=in_play)


def _figures(games: int, took: dict[str, list[float]], reports: list[StepReport], *, in_play: bool) -> list[Figure]:
    rows = statistics.median(one.inserted for one in reports)
    worth = statistics.median(float(one.notes["worth_taking"]) for one in reports)
    detail = {
        name: {"median_ms": round(statistics.median(ms), 1), "min_ms": round(min(ms), 1), "max_ms": round(max(ms), 1)}
        for name, ms in took.items()
    }
    made = f"{6 * games} decisions of three strategies, {rows:.0f} of them rows, {worth:.0f} bets sized"
    where = ", every game in play" if in_play else ""
    name = f"Slate of {2 * games} markets priced, decided, written{where}"
    return [
        Figure(name, statistics.median(took["both"]), "ms", Target("<=", LIMIT_MS), made, detail),
        Figure(
            f"... of it pricing{where}", statistics.median(took["price"]), "ms", None, f"{2 * games} rows of prices"
        ),
        Figure(f"... of it deciding{where}", statistics.median(took["decide"]), "ms", None, made),
        Figure(
            f"... by processor time{where}", statistics.median(took["processor"]), "ms", None, "of this process alone"
        ),
        Figure(
            f"The same slate where nothing changed{where}",
            statistics.median(took["same"]),
            "ms",
            None,
            "verdicts counted",
        ),
    ]


def _timed(step: Callable[[], StepReport]) -> tuple[float, float, StepReport]:
    """Milliseconds that a step takes, those of this process's processor, and its report; garbage collected before."""
    gc.collect()
    began, own = time.perf_counter(), time.process_time()
    report = step()
    return (time.perf_counter() - began) * 1000, (time.process_time() - own) * 1000, report


def _market_ids(number: int) -> tuple[str, str]:
    event = f"kalshi:KXNBAGAME-26NOV22G{number:03}"
    return f"{event}-BOS", f"{event}-LAL"


def _fill(engine: sa.Engine, games: int) -> None:
    version, seen = version_of("nba", "default"), Observation(BEGIN - timedelta(hours=1), Origin.LIVE, 1)
    rolled = random.Random(2)
    ids = [one for number in range(games) for one in _market_ids(number)]
    links = [
        (market, "matched", f"nba:{number}", side, "code", "", "{}", None, None, seen.observed_at, seen.observed_at)
        for number in range(games)
        for market, side in zip(_market_ids(number), ("home", "away"), strict=True)
    ]
    forecasts = [_forecast(number, rolled.uniform(0.3, 0.7)) for number in range(games)]
    rated = [
        ("nba", "nba:last", team, version, 2026, BEGIN - timedelta(days=2), 1500.0, 1510.0, 0.5, 12, None, None)
        for team in (HOME, AWAY)
    ]
    weights = [{"season": 2026, "model_weight": 0.25, "fitted_games": 3000}]
    with engine.begin() as connection:
        write_games(connection, [(_game(number), seen) for number in range(games)], load_leagues())
        write_markets(connection, [(_market(one), seen) for one in ids], {"KXNBAGAME": "nba"})
        write(connection, LINKS, links)
        write_forecasts(connection, "nba", version, forecasts, BEGIN - timedelta(days=1))
        write_ratings(connection, "nba", version, rated, BEGIN - timedelta(days=1))
        write_blends(connection, "nba", version, weights, BEGIN - timedelta(days=1))
        write_rung(connection, "value", "nba", PROVEN, "by its figures", BEGIN - timedelta(days=1))


def _quote(connection: sa.Connection, games: int, now: datetime, rolled: random.Random, *, in_play: bool) -> None:
    """New books of every market, and the games' states confirmed, or in play another of each."""
    seen, books = Observation(now, Origin.LIVE, 2), []
    for number in range(games):
        middle = rolled.randint(30, 70)
        pair = zip(_market_ids(number), ((middle - 1, 99 - middle), (99 - middle, middle - 1)), strict=True)
        books.extend((OrderBookSeen(market, *(_side(best, rolled) for best in bests)), seen) for market, bests in pair)
    write_order_books(connection, books)
    shown = [_playing(_game(number), rolled) if in_play else _game(number) for number in range(games)]
    write_games(connection, [(one, seen) for one in shown], load_leagues())


def _playing(game: GameSeen, rolled: random.Random) -> GameSeen:
    clock = float(rolled.randint(1, 719))
    return dataclasses.replace(
        game,
        start_time=BEGIN - timedelta(hours=1),
        status="STATUS_IN_PROGRESS",
        state="in",
        phase="in_play",
        period=rolled.randint(1, 4),
        clock=clock,
        display_clock=f"{int(clock) // 60}:{int(clock) % 60:02}",
        home_score=rolled.randint(40, 90),
        away_score=rolled.randint(40, 90),
    )


def _side(best: int, rolled: random.Random) -> tuple[tuple[Decimal, Decimal], ...]:
    """Bids from `best` cents down, best last."""
    return tuple((Decimal(best - step) / 100, Decimal(rolled.randint(50, 900))) for step in reversed(range(LEVELS)))


def _forecast(number: int, p_home: float) -> tuple[object, ...]:
    row = {
        "game_id": f"nba:{number}",
        "season": 2026,
        "start_time": START,
        "home_team_id": HOME,
        "away_team_id": AWAY,
        "p_home": p_home,
        "p_draw": None,
        "p_away": 1 - p_home,
        "rating_home": 1550.0,
        "rating_away": 1450.0,
        "deviation_home": 60.0,
        "deviation_away": 70.0,
        "games_home": 12,
        "games_away": 13,
        "as_of": BEGIN - timedelta(days=1),
    }
    return tuple(row[name] for name in COLUMNS)


def _game(number: int) -> GameSeen:
    return GameSeen(
        game_id=f"nba:{number}",
        league="nba",
        espn_event_id=str(number),
        season=2026,
        season_type="regular",
        game_kind=GameKind.REGULAR,
        start_time=START,
        start_time_valid=True,
        home_team_id=HOME,
        away_team_id=AWAY,
        neutral_site=False,
        status="STATUS_SCHEDULED",
        state="pre",
        completed=False,
        phase="scheduled",
        period=None,
        clock=None,
        display_clock=None,
        home_score=None,
        away_score=None,
        winner=None,
        detail=None,
    )


def _market(market_id: str) -> MarketSeen:
    ticker = market_id.partition(":")[2]
    return MarketSeen(
        market_id=market_id,
        venue="kalshi",
        ticker=ticker,
        event_ticker=ticker.rpartition("-")[0],
        series_ticker="KXNBAGAME",
        title="Winner?",
        yes_sub_title=ticker.rpartition("-")[2],
        market_type="binary",
        status="active",
        result="",
        open_time=BEGIN - timedelta(days=3),
        close_time=BEGIN + timedelta(days=14),
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
        quote=QuoteSeen(None, None, None, None, None, None, None, None),
    )
