"""What a backtest is fed: facts with the instant they could be known at, in that order, a stretch of time at a time.

Belongs here: the form of facts, chunks of them and feeds, and what a chunk must fulfil. Does not: where facts come
from (`files.py`, `stored.py`), what is made of them (`known.py`).

Quotes are many and come as arrays; everything else is few and comes as objects. A feed yields chunks whose stretches
of time follow each other without overlap, so that whoever reads them one after the other has never seen a later one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from precog_assets.domain.facts import Origin
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import GameFacts, LinkFacts, MarketFacts

STEPS = 1_000_000
"""Of a dollar: prices of arrays are whole millionths."""
NO_PRICE = -1
ORIGINS = tuple(Origin)
"""Codes of `Quotes.origin` are positions in this."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
RESULTS_IN = timedelta(hours=6)
"""After an Eastern midnight: the last games of the day before have ended, and forecasts from them can be known."""


def micros(instant: datetime) -> int:
    """Microseconds since 1970. Raises TypeError for an instant without a zone."""
    return (instant - EPOCH) // _MICROSECOND


def instant(at_us: int) -> datetime:
    """The instant of `micros`, in UTC."""
    return EPOCH + timedelta(microseconds=int(at_us))


@dataclass(frozen=True, slots=True)
class Quotes:
    """Quotes of many markets by the instant they could be known; all arrays (n,)."""

    known_us: NDArray[np.int64]
    """Microseconds since 1970, never falling."""
    observed_us: NDArray[np.int64]
    confirmed_us: NDArray[np.int64]
    """Last observation of the same prices; what of it lies after the instant asked about is cut off."""
    market: NDArray[np.int32]
    """Positions in the chunk's `markets`."""
    bid: NDArray[np.int32]
    """Of YES, millionths of a dollar; NO_PRICE where nobody bids."""
    ask: NDArray[np.int32]
    last: NDArray[np.int32]
    bid_size: NDArray[np.float64]
    """Contracts at the bid; 0 where there is none."""
    ask_size: NDArray[np.float64]
    synthetic: NDArray[np.bool_]
    """Bid and ask were made from one price."""
    origin: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.known_us)

    def take(self, rows: NDArray[np.int64] | slice) -> Quotes:
        return Quotes(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    @classmethod
    def empty(cls) -> Quotes:
        whole, narrow, real = np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0)
        codes, flags = np.zeros(0, np.int8), np.zeros(0, np.bool_)
        return cls(whole, whole, whole, narrow, narrow, narrow, narrow, real, real, flags, codes)


@dataclass(frozen=True, slots=True)
class MarketKnown:
    """A market as it was listed, or its state as it changed; a link that changed is a new one of these."""

    known_at: datetime
    market: MarketFacts
    link: LinkFacts
    origin: Origin


@dataclass(frozen=True, slots=True)
class MarketPaid:
    """The venue settled a market. `yes_value` None: what YES paid is not known, the positions are given back."""

    known_at: datetime
    market_id: str
    result: str
    yes_value: Decimal | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class GameKnown:
    """A game's state as it changed."""

    known_at: datetime
    game: GameFacts
    """`start_time` is the one the gates read: of an assumed start, the margin before it (`assumed_start`)."""
    confirmed_at: datetime | None
    """Last observation of the same state; None where the source has no states: seen at every instant."""
    origin: Origin
    assumed_start: datetime | None = None
    """Where nobody said when the game began: the source's guess. None: the start is known."""


@dataclass(frozen=True, slots=True)
class ForecastKnown:
    """A model's forecast of a game, and the weight it had earned by then."""

    known_at: datetime
    game_id: str
    probabilities: dict[Outcome, float]
    model_version: str
    games_home: int
    games_away: int
    rated_at: datetime | None
    as_of: datetime
    computed_at: datetime
    origin: Origin
    model_weight: float = 0.0


Fact = MarketKnown | MarketPaid | GameKnown | ForecastKnown


def by_time(fact: Fact) -> tuple[datetime, int, str]:
    """Order of facts: as they became known; of one instant games and markets, then forecasts, then payouts."""
    if isinstance(fact, GameKnown):
        return fact.known_at, 0, fact.game.game_id
    if isinstance(fact, MarketKnown):
        return fact.known_at, 1, fact.market.market_id
    if isinstance(fact, ForecastKnown):
        return fact.known_at, 2, fact.game_id
    return fact.known_at, 3, fact.market_id


@dataclass(frozen=True, slots=True)
class Chunk:
    """Everything that became known from `start` to `end` (excluded), and facts of before that nobody has had yet."""

    start: datetime
    end: datetime
    markets: tuple[str, ...] = ()
    """Ids that `quotes.market` points to."""
    quotes: Quotes = field(default_factory=Quotes.empty)
    facts: tuple[Fact, ...] = ()
    """By `known_at`; of one instant in the order in which they are to be taken in."""


class Feed(Protocol):
    """Where a backtest's facts come from."""

    def chunks(self) -> Iterator[Chunk]:
        """The chunks in time order."""
        ...

    def length(self) -> int | None:
        """How many chunks there will be, where that is known: for progress."""
        ...


def check_chunk(chunk: Chunk, earlier: datetime | None) -> None:
    """Raises ValueError, naming the fact, where a chunk is not in time order or holds what another stretch should."""
    if earlier is not None and chunk.start < earlier:
        raise ValueError(f"the chunk from {chunk.start.isoformat()} begins before the one before ended: {earlier}")
    times = chunk.quotes.known_us
    if len(times) and bool(np.any(np.diff(times) < 0)):
        raise ValueError(f"quotes of the chunk from {chunk.start.isoformat()} are not in the order they were known")
    if len(times) and instant(times[0]) < chunk.start:
        raise ValueError(
            f"a quote known at {instant(times[0]).isoformat()} in the chunk from {chunk.start.isoformat()}"
        )
    ends = [instant(times[-1])] if len(times) else []
    ends += [fact.known_at for fact in chunk.facts]
    if late := [at for at in ends if at >= chunk.end]:
        raise ValueError(f"a fact known at {late[0].isoformat()} in the chunk that ends {chunk.end.isoformat()}")
    known = [fact.known_at for fact in chunk.facts]
    if known != sorted(known):
        raise ValueError(f"facts of the chunk from {chunk.start.isoformat()} are not in the order they were known")


@dataclass(frozen=True, slots=True)
class MemoryFeed:
    """Chunks that are there already: tests, and backtests of a few days."""

    held: Sequence[Chunk]

    def chunks(self) -> Iterator[Chunk]:
        return iter(self.held)

    def length(self) -> int | None:
        return len(self.held)
