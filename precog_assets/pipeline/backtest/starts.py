"""When a game begins, for those who trade before it: the announced start, or a margin before a guess.

Belongs here: the rule for starts that nobody announced, and the last price before a start. Does not: gates, which
read the start they are given.

A guess is what an exchange assumes: its expected end of the game less the usual length. Measured on a month of games,
such guesses lie about half an hour after the true tip-off, so that the last price before them is a price in play.
Where only a guess is known, a game therefore counts as begun `unknown_start_margin_minutes` before it (45, in
config/strategies.yaml): nothing is traded, and no price counts as pre-game, after that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from precog_assets.domain.strategies import Backtests

EXPECTED_HOURS = {"nba": 2.5, "nfl": 3.0}
"""From the assumed start to the expected expiration of the exchange's game markets, where it was measured."""


@dataclass(frozen=True, slots=True)
class Start:
    """When trading before the game ends."""

    at: datetime
    """The announced start, or the margin before the guess."""
    guess: datetime | None = None
    """Where nobody announced a start: what was guessed. None: announced."""


def start_of(announced: datetime | None, guess: datetime | None, assumptions: Backtests) -> Start | None:
    """The start by the rule above; None where there is not even a guess."""
    if announced is not None:
        return Start(announced)
    return None if guess is None else Start(guess - margin(assumptions), guess)


def margin(assumptions: Backtests) -> timedelta:
    """How long before a guess a game counts as begun."""
    return timedelta(minutes=assumptions.unknown_start_margin_minutes)


def guessed_start(league: str, expected_end: datetime | None) -> datetime | None:
    """The exchange's guess, from when it expects a game's markets to expire; None for leagues not measured."""
    hours = EXPECTED_HOURS.get(league)
    return None if hours is None or expected_end is None else expected_end - timedelta(hours=hours)


def pre_game_prices(quotes: pl.DataFrame, starts: pl.DataFrame) -> pl.DataFrame:
    """Of each ticker the last quote before its game: the rows of `quotes`, `at` of `starts` with them.

    quotes: `ticker`, `known_at` and what else there is; starts: `ticker` and `at`, which is `Start.at`. Tickers without
    a start, or without a quote before it, are left out.
    """
    before = quotes.join(starts.select("ticker", "at"), on="ticker").filter(pl.col("known_at") < pl.col("at"))
    return (
        before.sort("known_at", maintain_order=True).unique("ticker", keep="last", maintain_order=True).sort("ticker")
    )
