"""Files of a small league: four NBA teams for six weeks, markets of the last two, prices below what the model says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import polars as pl

from precog_assets.config import load_leagues
from precog_assets.domain.times import EASTERN
from precog_assets.pipeline.offline import forecast_file

FIRST = date(2025, 10, 22)
DAYS, PRICED = 42, 14
CODES = {"phx": "PHX", "sac": "SAC", "lal": "LAL", "gs": "GSW"}
OTHERS = ("sac", "lal", "gs")
CHEAPER = 0.06
"""Dollars that the home side costs below the model's probability."""


@dataclass(frozen=True, slots=True)
class World:
    """A folder with the files."""

    folder: Path
    first_priced: date = FIRST + timedelta(days=DAYS - PRICED)
    last: date = FIRST + timedelta(days=DAYS - 1)
    events: int = PRICED


def write_world(folder: Path) -> World:
    """Phoenix plays at home on every day and wins two games of three."""
    for name in ("games", "schedules", "kalshi"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    days = [FIRST + timedelta(days=at) for at in range(DAYS)]
    played = pl.DataFrame([_game(at, day) for at, day in enumerate(days)])
    played.write_parquet(folder / "games" / "nba.parquet")
    schedule = played.select("date", "home", "away", kickoff_eastern=pl.lit("19:30"))
    schedule.write_csv(folder / "schedules" / "nba_2025.csv")
    p = forecast_file(folder / "games" / "nba.parquet", load_leagues()["nba"]).frame["p_home"]
    markets, quotes = [], []
    for at, day in list(enumerate(days))[-PRICED:]:
        event = f"KXNBAGAME-{day:%y%b%d}{CODES[OTHERS[at % 3]]}PHX".upper()
        won = _game(at, day)["home_score"] > _game(at, day)["away_score"]
        ask = round(float(p[at]) - CHEAPER, 2)
        for side, bid, offer, result in (
            ("PHX", ask - 0.02, ask, "yes" if won else "no"),
            (CODES[OTHERS[at % 3]], 1 - ask, 1.02 - ask, "no" if won else "yes"),
        ):
            opened, closed = _at(day, time(8)), _at(day, time(22))
            markets.append((f"{event}-{side}", result, opened.isoformat(), closed.isoformat()))
            # The last quote before the start says that the price was too low by two cents.
            for when, more in ((time(10), 0.0), (time(19), 0.02 if side == "PHX" else -0.02)):
                quotes.append((f"{event}-{side}", int(_at(day, when).timestamp()), bid + more, offer + more))
    pl.DataFrame(markets, schema=["ticker", "result", "open_time", "close_time"], orient="row").write_csv(
        folder / "kalshi" / "nba_markets.csv"
    )
    pl.DataFrame(quotes, schema=["ticker", "timestamp", "yes_bid", "yes_ask"], orient="row").write_csv(
        folder / "kalshi" / "nba_quotes.csv"
    )
    return World(folder)


def _game(at: int, day: date) -> dict[str, object]:
    won = at % 3 != 0
    return {
        "season": 2026,
        "date": day.isoformat(),
        "home": "phx",
        "away": OTHERS[at % 3],
        "home_score": 110 if won else 100,
        "away_score": 105,
    }


def _at(day: date, when: time) -> datetime:
    return datetime.combine(day, when, EASTERN)
