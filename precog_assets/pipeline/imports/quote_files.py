"""Files of prices over time, as archives of exchanges have them: what a file may say, and reading it.

Belongs here: columns, units, rows that cannot be. Does not: markets and games, what is written (`quotes.py`), what a
backtest does with it (`pipeline.backtest.files`).

A row is one market at the end of a period, or at an instant. It may carry bid and ask, or only what was traded: then
its quote is synthetic, a half-spread from configuration on either side of the price.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from precog_assets.domain.errors import ConfigurationError

TIMES = ("end_period_ts", "price_time_unix", "timestamp", "observed_at", "end_time")
"""Seconds since 1970, or instants: the end of the period that a row is of. The first one found is read."""
LASTS = ("price_close", "close", "last_price", "price")
BIDS, ASKS = ("yes_bid_close", "yes_bid"), ("yes_ask_close", "yes_ask")
SIZES = ("yes_bid_size", "yes_ask_size")
COLUMNS = ("ticker", "known_at", "bid", "ask", "last", "bid_size", "ask_size", "volume", "open_interest", "synthetic")
UTC = pl.Datetime("us", "UTC")


@dataclass(frozen=True, slots=True)
class QuoteFile:
    """The quotes of a file in time order."""

    frame: pl.DataFrame
    """COLUMNS: prices in dollars, null where nobody bids or asks; of synthetic rows only `last` is the file's."""
    rows: int
    rejected: dict[str, int]
    """Rows left out, by reason."""
    in_cents: bool

    @property
    def synthetic(self) -> int:
        return int(self.frame["synthetic"].sum())


def read_table(path: Path) -> pl.DataFrame:
    """A Parquet or CSV file as it is. Raises ConfigurationError."""
    if not path.is_file():
        raise ConfigurationError(f"{path}: no such file.")
    try:
        return pl.read_csv(path, infer_schema_length=10_000) if path.suffix.lower() == ".csv" else pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigurationError(f"{path}: cannot be read as Parquet or CSV: {error}") from error


def read_quotes(path: Path) -> QuoteFile:
    """The quotes of a file. Raises ConfigurationError naming the columns that are missing.

    Prices above 1 mean that the file is in cents. 0 and 1 dollar of a bid or ask are nobody's. Left out, counted:
    rows without ticker or time, without any price, of prices outside their range, and repeated ones.
    """
    return quotes_of(read_table(path), str(path))


def quotes_of(frame: pl.DataFrame, name: str) -> QuoteFile:
    """`read_quotes` of a frame; `name` heads the messages."""
    time, last = _found(frame, TIMES), _found(frame, LASTS)
    bid, ask = _found(frame, BIDS), _found(frame, ASKS)
    if "ticker" not in frame.columns or time is None or (last is None and (bid is None or ask is None)):
        raise ConfigurationError(
            f"{name}: columns {', '.join(frame.columns)}; expected ticker, one of {', '.join(TIMES)}, and "
            f"{BIDS[0]} and {ASKS[0]} or one of {', '.join(LASTS)}.",
        )
    prices = {"bid": bid, "ask": ask, "last": last}
    read = frame.select(
        pl.col("ticker").cast(pl.String),
        known_at=_instants(frame, time),
        **{to: _number(frame, source) for to, source in prices.items()},
        bid_size=_number(frame, SIZES[0]),
        ask_size=_number(frame, SIZES[1]),
        volume=_number(frame, "volume"),
        open_interest=_number(frame, "open_interest"),
    )
    highest: Any = read.select(pl.max_horizontal(pl.col("bid", "ask", "last").max())).item()
    in_cents = highest is not None and highest > 1
    if in_cents:
        read = read.with_columns(pl.col("bid", "ask", "last") / 100)
    read = read.with_columns(pl.col("bid", "ask", "last").round(6))
    reasons = {
        "no ticker": pl.col("ticker").is_null() | (pl.col("ticker") == ""),
        "no time": pl.col("known_at").is_null(),
        "no price": pl.all_horizontal(pl.col("bid", "ask", "last").is_null()),
        "price out of range": pl.any_horizontal(
            ~pl.col("bid", "ask", "last").is_between(0, 1).fill_null(True),
        ),
    }
    read = read.with_columns(reason=pl.coalesce(pl.when(is_so).then(pl.lit(why)) for why, is_so in reasons.items()))
    refused: dict[str, int] = dict(
        read.drop_nulls("reason").group_by("reason").len().sort("reason").iter_rows()  # type: ignore[arg-type]
    )
    good = read.filter(pl.col("reason").is_null()).drop("reason")
    # Bids of nothing and asks of a dollar are how an exchange writes that nobody is there.
    good = good.with_columns(
        synthetic=pl.col("bid").is_null() & pl.col("ask").is_null(),
        bid=pl.when(pl.col("bid") > 0).then(pl.col("bid")),
        ask=pl.when(pl.col("ask") < 1).then(pl.col("ask")),
    )
    kept = good.unique(["ticker", "known_at"], keep="last", maintain_order=True).sort("known_at", "ticker")
    if kept.height < good.height:
        refused["repeated"] = good.height - kept.height
    return QuoteFile(kept.select(COLUMNS), frame.height, refused, in_cents)


def instants_of(frame: pl.DataFrame, column: str) -> pl.Series:
    """A column of instants, as text, datetimes or seconds since 1970, in UTC; nulls where it has none."""
    if column not in frame.columns:
        return pl.Series(column, [None] * frame.height, UTC)
    return frame.select(_instants(frame, column).alias(column)).to_series()


def _instants(frame: pl.DataFrame, column: str) -> pl.Expr:
    kind = frame.schema[column]
    if kind.is_numeric():
        return (pl.col(column).cast(pl.Int64) * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if kind == pl.String:
        return pl.col(column).str.to_datetime(time_unit="us", time_zone="UTC", strict=False)
    if isinstance(kind, pl.Datetime):
        zoned = pl.col(column) if kind.time_zone else pl.col(column).dt.replace_time_zone("UTC")
        return zoned.dt.convert_time_zone("UTC").cast(UTC)
    return pl.lit(None, UTC)


def _number(frame: pl.DataFrame, column: str | None) -> pl.Expr:
    if column is None or column not in frame.columns:
        return pl.lit(None, pl.Float64)
    return pl.col(column).cast(pl.Float64, strict=False).fill_nan(None)


def _found(frame: pl.DataFrame, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in frame.columns), None)
