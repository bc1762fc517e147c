"""The step that imports a file of prices: read, leave what names no market of ours, write what is new.

Belongs here: from rows of a file to market.quotes. Does not: what a file may say (`quote_files.py`), backtests.

Only what the file says is stored, its origin `import`. A row without bid and ask keeps both empty and its price in
`last_price`; whoever reads it makes a quote of that with a half-spread of its own choice, and says so. A row whose book
was told to be empty is stored as the exchange writes it, a bid of 0 and an ask of a dollar. A period's row is observed
and known at its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import sqlalchemy as sa

from precog_assets.domain.facts import Observation, Origin, QuoteSeen
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.imports.quote_files import QuoteFile, read_quotes
from precog_assets.pipeline.report import StepReport
from precog_assets.store.markets import write_quotes

if TYPE_CHECKING:
    from precog_assets.services import Services

CHUNK = 30_000
UNKNOWN_MARKET = "unknown market"
FUTURE = "from the future"
_EMPTY_BID, _EMPTY_ASK = Decimal(0), Decimal(1)
_MARKETS = sa.text("SELECT ticker, market_id FROM market.markets WHERE venue = :venue AND ticker = ANY(:tickers)")
Progress = Callable[[str, int, int], None]
"""What is being done, and how many of how many rows of it are."""


@dataclass(slots=True)
class QuotesImport:
    """What became of a file. `report` counts every row once: new, changed, unchanged or rejected by reason."""

    report: StepReport
    file: QuoteFile
    markets: int = 0
    """That the rows kept are of."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Tickers that are no market of ours, with their rows."""
    synthetic: int = 0
    """Rows kept that have a price and neither bid nor ask."""
    first: datetime | None = None
    last: datetime | None = None


def import_quotes(
    services: Services,
    path: Path,
    *,
    correlation_id: str,
    venue: str = "kalshi",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> QuotesImport:
    """Import the prices of a file into market.quotes; with `dry_run` only say what would be.

    The markets must be there (`precog backfill` brings past ones). Equal prices that follow each other are one row, as
    for live quotes; imported twice a file writes nothing the second time. Raises ConfigurationError as `read_quotes`,
    PrecogError(system.database).
    """
    now = services.clock.now()
    report = StepReport(f"import quotes {path.name}", correlation_id, now)
    file = read_quotes(path)
    report.rows_in = file.rows
    report.rejections.update(file.rejected)
    brought = QuotesImport(report, file)
    tickers = file.frame["ticker"].unique().sort().to_list()
    with in_database(services.engine) as connection:
        known = {
            row.ticker: row.market_id for row in connection.execute(_MARKETS, {"venue": venue, "tickers": tickers})
        }
    frame = file.frame
    strange = frame.filter(~pl.col("ticker").is_in(list(known)))
    brought.unknown.update(dict(strange.group_by("ticker").len().iter_rows()))
    late = frame.filter(pl.col("ticker").is_in(list(known)) & (pl.col("known_at") > now))
    for reason, left_out in ((UNKNOWN_MARKET, strange), (FUTURE, late)):
        if left_out.height:
            report.rejections[reason] += left_out.height
    kept = frame.filter(pl.col("ticker").is_in(list(known)) & (pl.col("known_at") <= now)).sort("ticker", "known_at")
    brought.markets, brought.synthetic = kept["ticker"].n_unique(), int(kept["synthetic"].sum())
    times: Any = kept.select(first=pl.col("known_at").min(), last=pl.col("known_at").max()).row(0)
    brought.first, brought.last = times
    report.notes |= {"markets": brought.markets, "synthetic": brought.synthetic}
    if dry_run:
        report.notes["dry_run"] = "nothing was written"
        report.finish()
        return brought
    done = 0
    for part in kept.iter_slices(CHUNK):
        with in_database(services.engine) as connection:
            report.wrote(write_quotes(connection, list(_rows(part, known))))
        done += part.height
        if progress is not None:
            progress("prices", done, kept.height)
    with in_database(services.engine) as connection:
        report.finish()
        report.record(connection)
    return brought


def _rows(frame: pl.DataFrame, known: dict[str, str]) -> Iterator[tuple[str, QuoteSeen, Observation]]:
    for row in frame.iter_rows(named=True):
        bid, ask = _price(row["bid"]), _price(row["ask"])
        if bid is None and ask is None and not row["synthetic"]:
            bid, ask = _EMPTY_BID, _EMPTY_ASK
        quote = QuoteSeen(
            yes_bid=bid,
            yes_ask=ask,
            yes_bid_size=_count(row["bid_size"]),
            yes_ask_size=_count(row["ask_size"]),
            last_price=_price(row["last"]),
            volume=_count(row["volume"]),
            volume_24h=None,
            open_interest=_count(row["open_interest"]),
        )
        yield known[row["ticker"]], quote, Observation(row["known_at"], Origin.IMPORT)


def _price(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.6f}")


def _count(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.2f}")
