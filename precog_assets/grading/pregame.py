"""Which of a market's prices is its last before the game: the rule for known starts, and for assumed ones.

Belongs here: the instant up to which prices count, and picking the last one. Does not: prices themselves, scores.

Where the start is known, the last price before it counts. Where it is only assumed, as exchanges' files have it, the
true one may be half an hour earlier and a price shortly before the assumed one would know part of the game: then only
prices at least a margin before the assumed start count (`config/strategies.yaml`, unknown_start_margin_minutes).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl


def price_cutoff(start: datetime, *, is_known: bool, margin_minutes: float) -> datetime:
    """The instant that a pre-game price must not be later than: the start, or `margin_minutes` before an assumed one.

    Raises ValueError for a negative margin and for a start without a zone.
    """
    if margin_minutes < 0:
        raise ValueError(f"margin of {margin_minutes:g} minutes before an assumed start; at least 0")
    if start.tzinfo is None:
        raise ValueError(f"start {start.isoformat()} has no zone")
    return start if is_known else start - timedelta(minutes=margin_minutes)


def last_before(quotes: pl.DataFrame, cutoffs: pl.DataFrame) -> pl.DataFrame:
    """Each ticker's last quote at or before its cutoff; tickers without one are left out.

    quotes: `ticker`, `known_at` (UTC) and whatever else. cutoffs: `ticker`, `cutoff` (UTC), one row a ticker. Adds
    `minutes_before`, from the quote to the cutoff. One row a ticker, by ticker.
    """
    return (
        quotes.join(cutoffs.select("ticker", "cutoff"), on="ticker", how="inner")
        .filter(pl.col("known_at") <= pl.col("cutoff"))
        .sort("known_at", maintain_order=True)
        .group_by("ticker", maintain_order=True)
        .last()
        .with_columns(minutes_before=(pl.col("cutoff") - pl.col("known_at")).dt.total_seconds() / 60)
        .sort("ticker")
    )
