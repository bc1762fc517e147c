"""A feed of stored facts: a day at a time out of the database, so that many days need no more memory than one.

Belongs here: rows of a day as facts with the instant they could be known at. Does not: SQL (`stored_sql.py`), the loop.

The instants are `known_at`. Three things are not stored as they were known and are read as follows. A tie of a market
to a game is kept as it was decided last, and counts as known with the market: what a ticker names does not change. A
market or game that no live poll saw before it was over (a backfill, an import) counts as listed from its opening, and
as scheduled from a fortnight before its start, which is then taken for announced if it was valid, else guessed
(`starts.py`). Forecasts made before their game count from when they were made; of a game that has none, the replayed
one counts from when the results it rests on were in. Order books are left out: of the quotes, which tell the best
prices, fills take what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import numpy as np
import orjson
import polars as pl
import sqlalchemy as sa

from precog_assets.domain.facts import Origin
from precog_assets.domain.leagues import League, Outcome
from precog_assets.domain.statuses import GamePhase, MarketStatus, game_phase
from precog_assets.domain.strategies import Backtests
from precog_assets.domain.trading import GameFacts, LinkFacts, MarketFacts
from precog_assets.pipeline.backtest import stored_sql
from precog_assets.pipeline.backtest.feed import (
    NO_PRICE,
    ORIGINS,
    RESULTS_IN,
    STEPS,
    Chunk,
    Fact,
    ForecastKnown,
    GameKnown,
    MarketKnown,
    MarketPaid,
    Quotes,
    by_time,
)
from precog_assets.pipeline.backtest.starts import guessed_start, start_of
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.offline import the_model_exists
from precog_assets.ratings.versions import model_version
from precog_assets.store.engine import driver_connection

DAY = timedelta(days=1)
WARM_UP = timedelta(days=2)
"""Before the first decision: prices of every side of a game are known by then."""
SETTLING = timedelta(days=2)
"""After the last decision: what was bought is paid by then."""
FORTNIGHT = timedelta(days=14)
LONG_AGO = timedelta(days=7)
"""A market that closed, or a game that began, so long before is read no more."""
_COLUMNS = ("market", "known", "observed", "confirmed", "bid", "ask", "last", "bid_size", "ask_size", "origin")
_KINDS = [pl.Int32, *[pl.Int64] * 3, *[pl.Int32] * 3, *[pl.Float64] * 2, pl.String]


@dataclass(frozen=True, slots=True)
class StoredFeed:
    """The stored facts of a league, a day a chunk, from WARM_UP before `start` to SETTLING after `end`.

    Decisions are to be made from `start` to `end` (`since` and `until` of `run_backtest`).
    """

    engine: sa.Engine
    league: League
    start: datetime
    end: datetime
    assumptions: Backtests
    model: str = "default"

    def length(self) -> int:
        return -(-(self.end + SETTLING - self.start + WARM_UP) // DAY)

    def chunks(self) -> Iterator[Chunk]:
        """The days. Raises ConfigurationError for an unknown model, PrecogError(system.database)."""
        the_model_exists(self.league, self.model)
        reading = _Reading(self)
        since, last = self.start - WARM_UP, self.end + SETTLING
        while since < last:
            until = min(since + DAY, last)
            with in_database(self.engine) as connection:
                chunk = reading.chunk(connection, since, until)
            yield chunk
            since = until


class _Reading:
    def __init__(self, feed: StoredFeed) -> None:
        self._feed, self._version = feed, model_version(feed.league, feed.model)
        self._markets: dict[str, MarketKnown] = {}
        """Of the last chunk, as they are told anew with each state."""
        self._games: dict[str, Any] = {}
        self._reach: datetime | None = None
        self._to_come: list[Fact] = []
        """Starts that schedules tell, of games that nobody watched."""

    def chunk(self, connection: sa.Connection, since: datetime, until: datetime) -> Chunk:
        """What became known from `since` to `until`, and what was known before of markets and games that come in."""
        ahead = until + FORTNIGHT
        given = {
            "league": self._feed.league.key,
            "version": self._version,
            "since": since,
            "until": until,
            "over": since - LONG_AGO,
            "ahead": ahead,
            "first": self._reach is None,
            "reach": self._reach or ahead,
            "results_in": RESULTS_IN,
        }
        markets = connection.execute(stored_sql.MARKETS, given).all()
        facts: list[Fact] = [*self._market_facts(connection, markets, given)]
        facts += self._game_facts(connection, markets, given)
        facts += self._forecasts(connection, given)
        facts, self._to_come = self._due([*self._to_come, *facts], until)
        self._reach = ahead
        quotes = self._quotes(connection, [row.market_key for row in markets], since, until)
        ids = tuple(row.market_id for row in markets)
        return Chunk(since, until, ids, quotes, tuple(sorted(facts, key=by_time)))

    @staticmethod
    def _due(facts: list[Fact], until: datetime) -> tuple[list[Fact], list[Fact]]:
        return [one for one in facts if one.known_at < until], [one for one in facts if one.known_at >= until]

    def _market_facts(
        self, connection: sa.Connection, rows: Sequence[sa.Row[Any]], given: dict[str, Any]
    ) -> Iterator[Fact]:
        before, self._markets = self._markets, {}
        for row in rows:
            self._markets[row.market_id] = before.get(row.market_id) or _market(row)
            if row.market_id not in before and row.first_origin not in (None, Origin.LIVE.value):
                listed = self._markets[row.market_id]
                yield replace(listed, known_at=row.open_time, origin=Origin(row.first_origin))
        ids = list(self._markets)
        for row in connection.execute(stored_sql.MARKET_STATES, {**given, "market_ids": ids}):
            known = self._markets[row.market_id]
            facts = replace(known.market, status=row.status, close_time=row.close_time)
            origin = Origin(row.origin)
            yield MarketKnown(row.known_at, facts, known.link, origin)
            if row.status == MarketStatus.FINALIZED and row.result:
                value = None if row.settlement_value is None else Decimal(row.settlement_value)
                value = value if row.result not in ("yes", "no") else None
                result = "void" if row.result == "scalar" and value is None else row.result
                yield MarketPaid(row.known_at, row.market_id, result, value, origin)

    def _game_facts(
        self, connection: sa.Connection, markets: Sequence[sa.Row[Any]], given: dict[str, Any]
    ) -> Iterator[Fact]:
        ends: dict[str, datetime] = {}
        for row in markets:
            if row.game_id is not None and row.expected_expiration_time is not None:
                ends.setdefault(row.game_id, row.expected_expiration_time)
        before, self._games = self._games, {}
        for row in connection.execute(stored_sql.GAMES, given):
            self._games[row.game_id] = row
            if row.game_id not in before and row.first_origin != Origin.LIVE.value:
                yield from self._scheduled(row, ends.get(row.game_id))
        for row in connection.execute(stored_sql.GAME_STATES, given):
            game = self._games.get(row.game_id)
            if game is None:
                continue
            live = row.origin == Origin.LIVE.value
            phase = game_phase(row.status, row.state, completed=row.completed)
            facts = _game(game, phase, row.start_time, row.start_time_valid, row.known_at)
            yield GameKnown(row.known_at, facts, row.confirmed_at if live else None, Origin(row.origin))

    def _scheduled(self, row: Any, expected_end: datetime | None) -> Iterator[GameKnown]:
        """A game that nobody saw before it was over, as its schedule must have been: to come, then in play."""
        announced = row.start_time if row.start_time_valid else None
        start = start_of(announced, guessed_start(row.league, expected_end), self._feed.assumptions)
        at = row.start_time if start is None else start.at
        guess = None if start is None else start.guess
        origin, listed = Origin(row.first_origin), at - FORTNIGHT
        for known_at, phase in ((listed, GamePhase.SCHEDULED), (at, GamePhase.IN_PLAY)):
            yield GameKnown(known_at, _game(row, phase, at, start is not None, listed), None, origin, guess)

    def _forecasts(self, connection: sa.Connection, given: dict[str, Any]) -> Iterator[ForecastKnown]:
        weights = {row.season: row.model_weight for row in connection.execute(stored_sql.BLENDS, given)}
        for row in connection.execute(stored_sql.FORECASTS, given):
            said = {Outcome.HOME: row.p_home, Outcome.AWAY: row.p_away}
            if row.p_draw is not None:
                said[Outcome.DRAW] = row.p_draw
            rated = [at for at in (row.home_rated_at, row.away_rated_at) if at is not None]
            yield ForecastKnown(
                known_at=row.known_at,
                game_id=row.game_id,
                probabilities=said,
                model_version=self._version,
                games_home=row.games_home,
                games_away=row.games_away,
                rated_at=min(rated, default=None),
                as_of=row.as_of,
                computed_at=row.computed_at,
                origin=Origin.LIVE if row.computed_at <= row.known_at else Origin.BACKFILL,
                model_weight=weights.get(row.season, 0.0),
            )

    def _quotes(self, connection: sa.Connection, keys: list[int], since: datetime, until: datetime) -> Quotes:
        given = {"keys": keys, "slots": list(range(len(keys))), "since": since, "until": until}
        text = BytesIO()
        with driver_connection(connection).cursor() as cursor, cursor.copy(stored_sql.QUOTES, given) as copy:
            for block in copy:
                text.write(block)
        if not text.tell():
            return Quotes.empty()
        text.seek(0)
        return _arrays(
            pl.read_csv(text, has_header=False, new_columns=list(_COLUMNS), schema_overrides=_KINDS),
            self._feed.assumptions,
        )


def _market(row: Any) -> MarketKnown:
    """A market as it was listed. Its close is a deadline that moves: what the first state said of it, if anything."""
    deadline = (row.expected_expiration_time or row.open_time) + FORTNIGHT
    is_live = row.first_origin == Origin.LIVE.value
    outcome = None if row.outcome is None else Outcome(row.outcome)
    ranges = tuple((Decimal(a), Decimal(b), Decimal(step)) for a, b, step in orjson.loads(row.price_ranges))
    facts = MarketFacts(
        market_id=row.market_id,
        venue=row.venue,
        ticker=row.ticker,
        event_ticker=row.event_ticker,
        series_ticker=row.series_ticker,
        league=row.league,
        status=MarketStatus.ACTIVE,
        close_time=row.first_close if is_live and row.first_close is not None else deadline,
        price_ranges=ranges,
    )
    return MarketKnown(row.open_time, facts, LinkFacts(row.verdict, row.game_id, outcome), Origin.LIVE)


def _game(row: Any, phase: GamePhase, start: datetime, valid: bool, observed_at: datetime) -> GameFacts:
    return GameFacts(row.game_id, row.league, row.season, row.game_kind, phase.value, start, valid, observed_at)


def _arrays(frame: pl.DataFrame, assumptions: Backtests) -> Quotes:
    """Rows of `stored_sql.QUOTES` in the order they were known. Only a price: bid and ask are made of it."""
    half = int(assumptions.synthetic_half_spread * STEPS)
    made = (pl.col("origin") == Origin.IMPORT.value) & pl.col("bid").is_null() & pl.col("ask").is_null()
    frame = frame.with_columns(synthetic=made & pl.col("last").is_not_null()).with_columns(
        bid=pl.when("synthetic").then(pl.col("last") - half).otherwise(pl.col("bid")),
        ask=pl.when("synthetic").then(pl.col("last") + half).otherwise(pl.col("ask")),
    )
    depth = pl.when(pl.col("origin") == Origin.LIVE.value).then(0.0).otherwise(
        float(assumptions.synthetic_depth_contracts)
    )  # fmt: skip
    priced = [pl.when(pl.col(name).is_between(0, STEPS, closed="none")).then(pl.col(name)) for name in ("bid", "ask")]
    frame = frame.with_columns(
        *(one.fill_null(NO_PRICE) for one in priced),
        last=pl.col("last").fill_null(NO_PRICE),
        bid_size=pl.col("bid_size").fill_null(depth),
        ask_size=pl.col("ask_size").fill_null(depth),
        code=pl.col("origin").replace_strict({one.value: at for at, one in enumerate(ORIGINS)}, return_dtype=pl.Int8),
    ).sort("known", "market")
    columns = {name: frame[name].to_numpy() for name in frame.columns if name != "origin"}
    return Quotes(
        known_us=columns["known"],
        observed_us=columns["observed"],
        confirmed_us=columns["confirmed"],
        market=columns["market"],
        bid=columns["bid"].astype(np.int32),
        ask=columns["ask"].astype(np.int32),
        last=columns["last"],
        bid_size=columns["bid_size"],
        ask_size=columns["ask_size"],
        synthetic=columns["synthetic"],
        origin=columns["code"],
    )
