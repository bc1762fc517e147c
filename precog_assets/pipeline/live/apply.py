"""Writing a batch of stream facts: quotes, trades and order books in one transaction, given twice with the same result.

Belongs here: the statements' order, and markets that are not known yet. Does not: the spool, retries (`writer.py`).
A quote needs its market's row; one whose market nobody has read yet is left out and named, so that the caller reads
the market over REST, which brings its quote along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from precog_assets.domain.facts import Observation, Origin
from precog_assets.domain.live import RawPlace
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.live.facts import BookFact, FactBatch, GapFact, QuoteFact, TradeFact
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.engine import limit_waiting
from precog_assets.store.markets import market_keys, write_order_books, write_quotes
from precog_assets.store.trades import write_trades

LOCK_S, STATEMENT_S = 5.0, 15.0
"""A batch takes some hundredths of a second: a database that takes so long hangs, or a writer froze in its turn."""
ResponseOf = Callable[[RawPlace], int | None]
"""The response (in raw.responses) that stands for a segment; None where there is none yet."""
WriteGaps = Callable[[sa.Connection, Sequence[GapFact]], object]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did."""

    quotes: WriteCounts
    trades: WriteCounts
    books: WriteCounts
    unknown: tuple[str, ...]
    """Markets that are not in the database."""
    touched: tuple[str, ...]
    """Markets of which a quote was given."""


class BatchApplier:
    """Writes batches to one database."""

    def __init__(
        self,
        engine: sa.Engine,
        response_of: ResponseOf,
        write_gaps: WriteGaps | None = None,
        told: Callable[[Sequence[GapFact]], object] = len,
    ) -> None:
        """`told` hears of gaps once they are committed."""
        self._engine, self._response_of, self._write_gaps, self._told = engine, response_of, write_gaps, told

    def __call__(self, batch: FactBatch) -> Applied:
        """Write a batch in one transaction. Raises PrecogError(system.database) when the database is away, or hangs:
        what is received meanwhile goes to the spool then."""
        wanted = [fact.market_id for fact in batch.quotes] + [fact.book.market_id for fact in batch.books]
        with in_database(self._engine) as connection:
            limit_waiting(connection, lock_s=LOCK_S, statement_s=STATEMENT_S)
            known: Mapping[str, int] = market_keys(connection, wanted) if wanted else {}
            quotes = [
                (fact.market_id, fact.quote, self._observed(fact)) for fact in batch.quotes if fact.market_id in known
            ]
            trades = [(fact.trade, self._observed(fact)) for fact in batch.trades]
            applied = Applied(
                write_quotes(connection, quotes),
                write_trades(connection, trades),
                write_order_books(connection, [(fact.book, self._observed(fact)) for fact in batch.books]),
                tuple(dict.fromkeys(market for market in wanted if market not in known)),
                tuple(dict.fromkeys(market for market, _, _ in quotes)),
            )
            if batch.gaps and self._write_gaps is not None:
                self._write_gaps(connection, batch.gaps)
        if batch.gaps:
            self._told(batch.gaps)
        return applied

    def _observed(self, fact: QuoteFact | TradeFact | BookFact) -> Observation:
        place = fact.place
        if place is None:
            return Observation(fact.received_at, Origin.LIVE)
        return Observation(fact.received_at, Origin.LIVE, self._response_of(place), place.offset)
