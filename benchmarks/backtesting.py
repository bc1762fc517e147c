"""Backtests: quote events a second over a season's real candles, and memory over a month and over four of stored ones.

Belongs here: the loop with its feeds, and what it costs beside a bare loop over the same rows. Does not: reading the
files and rating their games, which is told apart, results of strategies. The candles lie beside the checkout; without
them only memory is measured, on generated quotes.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from benchmarks.house import ROOT, house
from benchmarks.measure import Figure, Samples, Scale, Target, interleaved
from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.domain.strategies import Strategy
from precog_assets.pipeline.backtest.files import FileFeed, file_feed
from precog_assets.pipeline.backtest.result import Result
from precog_assets.pipeline.backtest.run import run_backtest
from precog_assets.pipeline.backtest.stored import StoredFeed
from precog_assets.store import tables
from precog_assets.store.engine import engine_for
from precog_assets.store.partitions import ensure_months

DATA = ROOT.parent / "shared" / "data"
EVENTS_A_SECOND = 100_000
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS_SHORT, DAYS_LONG, GROWTH = 30, 120, 1.1
GAMES_A_DAY, QUOTES_A_MARKET = 12, 1_000


def measure(scale: Scale) -> list[Figure]:
    """Events a second on the candles, the ratio to a bare loop, and peak memory by days."""
    figures = _candles(scale) if (DATA / "kalshi").is_dir() else []
    return [*figures, *_memory(scale)]


def _candles(scale: Scale) -> list[Figure]:
    began = time.perf_counter()
    feed = candle_feed()
    read_s = time.perf_counter() - began
    rules = load_trading_rules()
    strategy = rules.strategies["value"]
    fresh = as_if_fresh(strategy)
    lists = [getattr(feed.quotes, name).tolist() for name in ("known_us", "market", "bid", "ask")]

    def run(chosen: Strategy, *, screened: bool = True) -> Result:
        return run_backtest(feed, chosen, rules.limits, rules.backtests, screened=screened)

    samples = interleaved(
        {"backtest": lambda: run(strategy), "bare": lambda: bare_loop(lists), "fresh": lambda: run(fresh)},
        rounds=scale.of(9, 2),
    )
    whole = interleaved({"each": lambda: run(strategy, screened=False)}, rounds=scale.of(3, 1), warm_up=0)
    events, asked = len(feed.quotes), run(fresh).asked
    return [
        _rate(samples, "backtest", events, "Quote events of NBA candles", Target(">=", EVENTS_A_SECOND),
              "default strategy, whose ratings gates fail first; facts, screen, decide, paper venue"),
        Figure("the same, times a bare loop", samples.ratio("backtest", "bare"), "times", None,
               f"a Python loop keeping the last bid and ask of each market, {events:,} rows"),
        _rate(samples, "fresh", events, "the same, ratings taken for fresh",
              Target(">=", EVENTS_A_SECOND),
              f"half of them come to a value, asked once for quotes alike; {asked:,} are decided one by one"),
        _rate(whole, "each", events, "the same, decide called for every quote", None, "what the screen saves"),
        Figure("files read and games rated", read_s, "s", None, "15 seasons, once before any number of runs"),
    ]  # fmt: skip


def candle_feed() -> FileFeed:
    """The NBA candles of 2025, tied to the spring's schedule and October's pairs, forecast by ratings ending 2023."""
    folder = DATA / "kalshi"
    spring = pl.read_parquet(DATA / "schedules" / "nba_2025_spring.parquet").select("date", "home", "away")
    pairs = pl.read_parquet(folder / "kalshi_vs_sportsbook_nba_2025.parquet")
    autumn = pairs.select(date="game_date", home="home_team", away="away_team").filter(pl.col("date") > "2025-07-01")
    with_schedule = Path(_temporary()) / "schedule.parquet"
    pl.concat([spring, autumn]).write_parquet(with_schedule)
    return file_feed(
        load_leagues()["nba"],
        markets=folder / "kalshi_nba_game_markets_2025.parquet",
        quotes=[folder / "kalshi_nba_candles_1min_2025.parquet"],
        games=DATA / "games" / "nba.parquet",
        schedule=with_schedule,
        assumptions=load_trading_rules().backtests,
    )


def as_if_fresh(strategy: Strategy) -> Strategy:
    """The strategy with a rating that may be years old: more quotes reach the gates that ask for a value."""
    gates = strategy.gates.model_copy(update={"max_rating_age_days": 5_000.0})
    return strategy.model_copy(update={"gates": gates})


def bare_loop(lists: list[list[int]]) -> int:
    """Every row looked at once: the last bid and ask of its market kept, the spread compared."""
    last: dict[int, tuple[int, int, int]] = {}
    narrow = 0
    for at, market, bid, ask in zip(*lists, strict=True):
        last[market] = (at, bid, ask)
        if ask - bid <= 50_000:
            narrow += 1
    return narrow


def _rate(samples: Samples, side: str, events: int, name: str, target: Target | None, note: str) -> Figure:
    return Figure(name, events / samples.median(side), "1/s", target, note, samples.detail(side))


def _temporary() -> str:
    import tempfile

    return tempfile.mkdtemp(prefix="precog-bench-files-")


def _memory(scale: Scale) -> list[Figure]:
    """Peak memory of a process that steps through stored quotes, by how many days of them."""
    days = (scale.of(DAYS_SHORT, 3), scale.of(DAYS_LONG, 6))
    with house() as place:
        url = place.database("backtest")
        engine = engine_for(url)
        with engine.begin() as connection:
            generate(connection, days[1])
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE"))
        engine.dispose()
        short, long = (_in_process(url, count) for count in days)
    note = f"{GAMES_A_DAY} games and {2 * GAMES_A_DAY * QUOTES_A_MARKET:,} quotes a day"
    return [
        Figure(f"Peak memory, {days[0]} days of stored quotes", short["mb"], "MB", None, note, short),
        Figure(f"Peak memory, {days[1]} days of stored quotes", long["mb"], "MB", None, note, long),
        Figure("growth of memory, four times the days", long["mb"] / short["mb"], "times", Target("<=", GROWTH),
               "processes of their own; the loop, the feed and everything imported"),
        Figure("Quote events of stored quotes", long["events"] / long["seconds"], "1/s", None,
               "read out of the database and stepped through"),
    ]  # fmt: skip


def generate(connection: sa.Connection, days: int) -> None:
    """Days of games with two markets each, quoted every minute or so until they end; nothing is forecast."""
    months = {((FIRST + timedelta(days=day)).year, (FIRST + timedelta(days=day)).month) for day in range(-2, days + 2)}
    ensure_months(connection, tables.quotes, months)
    given = {"first": FIRST, "days": days, "games": GAMES_A_DAY, "quotes": QUOTES_A_MARKET}
    for statement in _GENERATED:
        connection.execute(sa.text(statement), given)


_GENERATED = (
    """
    CREATE TEMPORARY TABLE made ON COMMIT DROP AS
    SELECT day * CAST(:games AS int) + n AS game, CAST(:first AS timestamptz) + day * interval '1 day'
           + interval '12 hours' + n * interval '30 minutes' AS start_time
    FROM generate_series(0, CAST(:days AS int) - 1) AS day, generate_series(1, CAST(:games AS int)) AS n
    """,
    """
    INSERT INTO core.games (game_id, league, espn_event_id, season, season_type, game_kind, start_time,
        start_time_valid, status, state, completed, phase, first_observed_at, last_observed_at, last_changed_at)
    SELECT 'nba:' || game, 'nba', CAST(game AS text), 2026, 'regular', 'regular', start_time, true,
        'STATUS_SCHEDULED', 'pre', false, 'scheduled', start_time - interval '9 days', start_time, start_time
    FROM made
    """,
    """
    INSERT INTO core.game_states (game_id, observed_at, status, state, completed, start_time, start_time_valid,
        known_at, origin, confirmed_at)
    SELECT 'nba:' || game, at, status, state, completed, start_time, true, at, 'live', until
    FROM made CROSS JOIN LATERAL (VALUES
        (start_time - interval '9 days', 'STATUS_SCHEDULED', 'pre', false, start_time),
        (start_time, 'STATUS_IN_PROGRESS', 'in', false, start_time + interval '2 hours'),
        (start_time + interval '2 hours', 'STATUS_FINAL', 'post', true, start_time + interval '3 hours')
    ) AS s (at, status, state, completed, until)
    """,
    """
    INSERT INTO market.markets (market_id, venue, ticker, event_ticker, series_ticker, league, title, yes_sub_title,
        market_type, status, result, open_time, close_time, expected_expiration_time, expiration_value,
        price_level_structure, price_ranges, rules_primary, first_observed_at, last_observed_at, last_changed_at)
    SELECT 'kalshi:G' || game || '-' || side, 'kalshi', 'G' || game || '-' || side, 'G' || game, 'KXNBAGAME', 'nba',
        '', side, 'binary', 'finalized', CASE side WHEN 'A' THEN 'yes' ELSE 'no' END, start_time - interval '9 days',
        start_time + interval '2 hours', start_time + interval '150 minutes', '', 'linear_cent', '[]', '',
        start_time, start_time, start_time
    FROM made, (VALUES ('A'), ('B')) AS s (side)
    """,
    """
    INSERT INTO market.market_games (market_id, verdict, game_id, outcome, detail, evidence, first_decided_at,
        last_changed_at)
    SELECT 'kalshi:G' || game || '-' || side, 'matched', 'nba:' || game,
        CASE side WHEN 'A' THEN 'home' ELSE 'away' END, '', '{}', start_time, start_time
    FROM made, (VALUES ('A'), ('B')) AS s (side)
    """,
    """
    INSERT INTO market.market_states (market_id, observed_at, status, result, close_time, settlement_value,
        expiration_value, known_at, origin, confirmed_at)
    SELECT 'kalshi:G' || game || '-' || side, at, status, CASE WHEN status = 'active' THEN '' WHEN side = 'A'
        THEN 'yes' ELSE 'no' END, start_time + interval '14 days', NULL, '', at, 'live', at
    FROM made, (VALUES ('A'), ('B')) AS s (side), LATERAL (VALUES
        (start_time - interval '9 days', 'active'), (start_time + interval '3 hours', 'finalized')
    ) AS t (at, status)
    """,
    """
    INSERT INTO market.quotes (market_key, observed_at, yes_bid, yes_ask, yes_bid_size, yes_ask_size, last_price,
        known_at, origin, confirmed_at)
    SELECT m.market_key, at, 0.40 + n % 10 * 0.01, 0.42 + n % 10 * 0.01, 500, 500, 0.41 + n % 10 * 0.01, at, 'live', at
    FROM made JOIN market.markets m ON m.event_ticker = 'G' || made.game
    CROSS JOIN generate_series(1, CAST(:quotes AS int)) AS n
    CROSS JOIN LATERAL (SELECT made.start_time + interval '2 hours' - n * interval '80 seconds' AS at) t
    """,
)


def _in_process(url: str, days: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.backtesting", url, str(days)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def peak_mb() -> float:
    """Most memory that this process ever held. What getrusage tells begins with what the process before exec held."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _stream(url: str, days: int) -> dict[str, Any]:
    """Step through the first days of the generated quotes; peak memory of this process, events, seconds."""
    rules = load_trading_rules()
    feed = StoredFeed(engine_for(url), load_leagues()["nba"], FIRST, FIRST + timedelta(days=days), rules.backtests)
    began = time.perf_counter()
    result = run_backtest(feed, rules.strategies["value"], rules.limits, rules.backtests, since=feed.start)
    seconds = time.perf_counter() - began
    if result.events < days * GAMES_A_DAY * QUOTES_A_MARKET:
        raise RuntimeError(f"{result.events:,} quotes in {days} days: the feed did not give them all")
    return {"mb": peak_mb(), "events": result.events, "seconds": seconds, "days": days}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_stream(sys.argv[1], int(sys.argv[2]))))
