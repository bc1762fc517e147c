"""How good Kalshi's prices were before real games of 2025, beside eleven sportsbooks, and the model where it is fresh.

Belongs here: which files, and the figures. Does not: picking the pre-game price, the scores (`market_scores`). The
files lie beside the checkout and are not part of it; without them nothing is measured.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import polars as pl

from benchmarks.house import ROOT
from benchmarks.measure import Figure, Scale
from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.pipeline.imports.quote_files import read_quotes
from precog_assets.pipeline.market_scores import (
    Score,
    blended,
    model_probabilities,
    pregame_prices,
    score_games,
    sportsbook_probabilities,
)

DATA = ROOT.parent / "shared" / "data"
QUOTES = {
    "nba": ("kalshi_nba_candles_1min_2025", "kalshi_nba_closing_lines_2025"),
    "nfl": ("kalshi_nfl_closing_lines_2025",),
}
SCHEDULES, ODDS = {"nfl": "nfl_2025"}, {"nba": "sportsbook_by_book_nba_2025"}
KALSHI, BOOKS, MODEL, BLEND = "Kalshi", "sportsbooks", "model", "market-aware"


def measure(scale: Scale) -> list[Figure]:
    """Brier scores by league, and Kalshi's less the sportsbooks'."""
    if not (DATA / "kalshi").is_dir():
        return []
    return [figure for league in QUOTES for figure in figures(league, resamples=scale.of(10_000, 500))]


def figures(league: str, *, resamples: int = 10_000, data: Path = DATA) -> list[Figure]:
    """The figures of one league's pairs; what could not be measured is in the note, with the reason."""
    (prices, scores), rules = compare(league, resamples=resamples, data=data), load_trading_rules().backtests
    known = bool(prices["start_known"].all())
    how = (
        "before the true kick-off" if known else f"{rules.unknown_start_margin_minutes:g} min before the assumed start"
    )
    what = "mids" if prices["from_mid"].all() else "last trades"
    missing = [f"{score.name} not measured: {score.reason}" for score in scores if score.brier is None]
    answer: list[Figure] = []
    for score in scores:
        if score.brier is None:
            continue
        told = [f"{score.games} games, {score.brier.low:.4f} to {score.brier.high:.4f}"]
        if score.name == KALSHI:
            told += [f"{what} {how}", *missing]
        detail = asdict(score)
        answer.append(Figure(f"{league} {score.name}", score.brier.estimate, "Brier", None, "; ".join(told), detail))
        for other, above in score.above.items():
            note = f"{above.low:+.4f} to {above.high:+.4f}, {above.blocks} {score.drawn} drawn"
            answer.append(Figure(f"{league} {score.name} less {other}", above.estimate, "Brier", None, note))
    return answer


def compare(league: str, *, resamples: int = 10_000, data: Path = DATA) -> tuple[pl.DataFrame, list[Score]]:
    """The pre-game prices used, and the scores on the games that all sides have."""
    rules, kalshi = load_trading_rules(), data / "kalshi"
    pairs = pl.read_parquet(kalshi / f"kalshi_vs_sportsbook_{league}_2025.parquet")
    quotes = [read_quotes(kalshi / f"{name}.parquet") for name in QUOTES[league]]
    starts = pl.read_parquet(kalshi / f"kalshi_{league}_closing_lines_2025.parquet")
    schedule = _read(data / "schedules", SCHEDULES.get(league))
    market = pregame_prices(pairs, quotes, starts, league=league, assumptions=rules.backtests, schedule=schedule)
    books = sportsbook_probabilities(pairs, _read(kalshi, ODDS.get(league)))
    oldest = min(strategy.gates.max_rating_age_days for strategy in rules.strategies.values())
    results, one = data / "games" / f"{league}.parquet", load_leagues()[league]
    tickers = starts["ticker"].to_list()
    model, reason = model_probabilities(pairs, tickers, results, one, max_age_days=oldest)
    forecasts = {KALSHI: market, BOOKS: books, MODEL: model, BLEND: blended(model, market)}
    scores = score_games(pairs, forecasts, reasons={MODEL: reason, BLEND: reason}, reference=BOOKS, resamples=resamples)
    return market, scores


def _read(folder: Path, name: str | None) -> pl.DataFrame | None:
    return pl.read_parquet(folder / f"{name}.parquet") if name else None
