"""A feed of files: an exchange's markets and prices, and games in the exchange format. No database.

Belongs here: reading the files into facts, each with the instant it could be known at. Does not: columns and units of
price files (`pipeline.imports.quote_files`), ties of markets to games (`file_games.py`), forecasts of a file
(`file_forecasts.py`), when a game begins (`starts.py`).

What a file of the past knows and nobody knew then is not handed out early: a market's close (until it closed it is
listed as closing a fortnight after its game), its result, and forecasts before the last games of the day before ended.
Prices without bid and ask get the half-spread and depth of the configuration and are marked synthetic; sizes that the
file does not tell are the same depth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from precog_assets.config import league_of_series
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.facts import Origin
from precog_assets.domain.leagues import League
from precog_assets.domain.statuses import MarketStatus
from precog_assets.domain.strategies import Backtests
from precog_assets.domain.tickers import TickerParts, parse_ticker
from precog_assets.domain.trading import MarketFacts
from precog_assets.pipeline.backtest.feed import (
    NO_PRICE,
    ORIGINS,
    STEPS,
    Chunk,
    Fact,
    MarketKnown,
    MarketPaid,
    Quotes,
    by_time,
    instant,
    micros,
)
from precog_assets.pipeline.backtest.file_games import Tied, tie
from precog_assets.pipeline.backtest.schedules import read_schedules
from precog_assets.pipeline.imports.quote_files import instants_of, quotes_of, read_table
from precog_assets.ratings.exchange import read_games

VENUE = "kalshi"
DAY = timedelta(days=1)
FORTNIGHT = timedelta(days=14)
_RUNNING = frozenset({"unopened", "initialized", "inactive", "active", "open", "paused"})
"""Statuses, as markets and as filters of the exchange name them, of markets that have not ended."""
_CODE = ORIGINS.index(Origin.IMPORT)


@dataclass(frozen=True, slots=True)
class FileFeed:
    """The facts of files, a UTC day a chunk."""

    markets: tuple[str, ...]
    quotes: Quotes
    facts: tuple[Fact, ...]
    """By `known_at`."""
    start: datetime
    end: datetime
    verdicts: Counter[str] = field(default_factory=Counter)
    """Markets by what matching said: `matched`, or why not."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows of price files that were left out, by reason."""
    last_result: datetime | None = None
    """Day of the last game that ratings learnt from before the first market's: how fresh they could be."""

    def chunks(self) -> Iterator[Chunk]:
        for first, rows, facts in self._days():
            yield Chunk(first, first + DAY, self.markets, self.quotes.take(rows), facts)

    def length(self) -> int:
        return sum(1 for _ in self._days())

    def _days(self) -> Iterator[tuple[datetime, slice, tuple[Fact, ...]]]:
        """The days on which anything became known; what was known before the first comes with it."""
        first, row, fact = self.start, 0, 0
        known = [micros(one.known_at) for one in self.facts]
        while first < self.end:
            until = micros(min(first + DAY, self.end))
            rows = int(np.searchsorted(self.quotes.known_us, until, side="left"))
            facts = int(np.searchsorted(known, until, side="left"))
            if rows > row or facts > fact:
                yield first, slice(row, rows), self.facts[fact:facts]
            row, fact, first = rows, facts, first + DAY


def file_feed(
    league: League,
    *,
    markets: Path,
    quotes: Sequence[Path],
    games: Path,
    schedule: Path | Sequence[Path] | None = None,
    assumptions: Backtests,
    model: str = "default",
    start: datetime | None = None,
    end: datetime | None = None,
) -> FileFeed:
    """The facts of an exchange's files from `start` to `end` (default: all of them), forecast by a model of the league.

    Payouts are told after the end too.

    markets: `ticker`; `status`, `result`, `open_time`, `close_time`, `expected_expiration_time`, `game_start`,
    `settlement_timer_seconds`, `yes_sub_title` where there are. quotes: as `quote_files`. games: the exchange format,
    played and to come; ratings walk forward over it. schedule: as `schedules`, for games that are not in `games` and
    for starts that are.
    Raises ConfigurationError for files without what is needed, PrecogError(contract.games_file) for wrong games.
    """
    listed = read_markets(markets, league)
    read = [quotes_of(read_table(path), str(path)) for path in quotes]
    prices = pl.concat([one.frame for one in read]) if read else None
    if prices is None or prices.is_empty():
        raise ConfigurationError(f"{', '.join(map(str, quotes)) or 'no file'}: no price; a backtest needs some.")
    rejected: Counter[str] = Counter()
    for one in read:
        rejected.update(one.rejected)
    strange = ~pl.col("ticker").is_in(listed["ticker"].to_list())
    if unlisted := prices.filter(strange).height:
        rejected["no market of the markets file"] = unlisted
    since, until = start or datetime.min.replace(tzinfo=UTC), end or datetime.max.replace(tzinfo=UTC)
    inside = prices.filter(~strange, (pl.col("known_at") >= since) & (pl.col("known_at") < until))
    if inside.is_empty():
        told = prices.select(first=pl.col("known_at").min(), last=pl.col("known_at").max()).row(0)
        raise ConfigurationError(
            f"{', '.join(map(str, quotes))}: {prices.height:,} prices from {told[0]} to {told[1]}, {unlisted:,} of "
            f"them of markets that {markets} does not have; none is left from {start or 'the first'} to "
            f"{end or 'the last'}."
        )
    prices = inside.sort("known_at", "ticker")
    played = read_games(games, league).frame.sort("row").drop("row", "learns", "league", strict=False)
    tied = tie(league, listed, played, read_schedules(schedule), assumptions, model)
    facts = sorted([*tied.facts, *_market_facts(league, listed, tied)], key=by_time)
    if end is not None:
        # What was bought before the end is paid after it.
        facts = [fact for fact in facts if fact.known_at < end or isinstance(fact, MarketPaid)]
    ids, rows = quote_arrays(prices, assumptions)
    first = start or instant(int(rows.known_us[0]))
    last = max([instant(int(rows.known_us[-1])), *(fact.known_at for fact in facts)])
    midnight = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return FileFeed(
        ids, rows, tuple(facts), start or midnight, last + timedelta(microseconds=1),
        Counter(link.verdict for link in tied.links.values()), rejected, tied.last_result,
    )  # fmt: skip


def read_markets(path: Path, league: League) -> pl.DataFrame:
    """The markets of a file that are of the league. Raises ConfigurationError.

    Columns: ticker yes_sub_title status result open_time close_time expected_end game_start timer_s.
    """
    frame = read_table(path)
    if "ticker" not in frame.columns:
        raise ConfigurationError(f"{path}: columns {', '.join(frame.columns)}; a file of markets needs ticker.")
    series = league_of_series()
    of_league = [
        isinstance(parts := parse_ticker(str(ticker), series), TickerParts) and parts.league == league.key
        for ticker in frame["ticker"]
    ]
    text = {
        name: pl.col(name).cast(pl.String) if name in frame.columns else pl.lit(None, pl.String)
        for name in ("yes_sub_title", "status", "result")
    }
    timer = "settlement_timer_seconds"
    read = frame.select(
        pl.col("ticker").cast(pl.String),
        **text,
        open_time=instants_of(frame, "open_time"),
        close_time=instants_of(frame, "close_time"),
        expected_end=instants_of(frame, "expected_expiration_time"),
        game_start=instants_of(frame, "game_start"),
        timer_s=(pl.col(timer).cast(pl.Int64).fill_null(0) if timer in frame.columns else pl.lit(0)),
    )
    kept = read.filter(pl.Series(of_league, dtype=pl.Boolean)).unique("ticker", keep="last", maintain_order=True)
    if kept.is_empty():
        raise ConfigurationError(f"{path}: {frame.height} markets, none of {league.key}.")
    return kept


def quote_arrays(prices: pl.DataFrame, assumptions: Backtests) -> tuple[tuple[str, ...], Quotes]:
    """Market ids, and the quotes of a frame of `quote_files` in its order, which must be that of `known_at`."""
    tickers = prices["ticker"].unique().sort().to_list()
    half, depth = float(assumptions.synthetic_half_spread), float(assumptions.synthetic_depth_contracts)
    steps = prices.select(
        bid=_steps(pl.when("synthetic").then(pl.col("last") - half).otherwise(pl.col("bid"))),
        ask=_steps(pl.when("synthetic").then(pl.col("last") + half).otherwise(pl.col("ask"))),
        last=_steps(pl.col("last"), with_ends=True),
        bid_size=pl.col("bid_size").fill_null(depth),
        ask_size=pl.col("ask_size").fill_null(depth),
    )
    known = prices["known_at"].dt.epoch("us").to_numpy().astype(np.int64)
    quotes = Quotes(
        known_us=known,
        observed_us=known,
        confirmed_us=known,
        market=prices["ticker"].cast(pl.Enum(tickers)).to_physical().to_numpy().astype(np.int32),
        bid=steps["bid"].to_numpy().astype(np.int32),
        ask=steps["ask"].to_numpy().astype(np.int32),
        last=steps["last"].to_numpy().astype(np.int32),
        bid_size=steps["bid_size"].to_numpy(),
        ask_size=steps["ask_size"].to_numpy(),
        synthetic=prices["synthetic"].to_numpy(),
        origin=np.full(len(known), _CODE, np.int8),
    )
    return tuple(market_id_of(ticker) for ticker in tickers), quotes


def market_id_of(ticker: str) -> str:
    """The id of the exchange's market."""
    return f"{VENUE}:{ticker}"


def _steps(price: pl.Expr, *, with_ends: bool = False) -> pl.Expr:
    """Dollars as whole millionths; NO_PRICE for nulls, and for what is no price between 0 and a dollar."""
    steps = (price * STEPS).round()
    inside = steps.is_between(0, STEPS, closed="both" if with_ends else "none")
    return pl.when(inside).then(steps).otherwise(NO_PRICE).fill_null(NO_PRICE).cast(pl.Int32)


def _market_facts(league: League, listed: pl.DataFrame, tied: Tied) -> Iterator[Fact]:
    """Each market's listing, close and payout."""
    series = league_of_series()
    for row in listed.iter_rows(named=True):
        ticker = str(row["ticker"])
        parts = parse_ticker(ticker, series)
        assert isinstance(parts, TickerParts)
        link = tied.links[ticker]
        ended = row["expected_end"] or tied.starts.get(ticker) or row["close_time"]
        opened = row["open_time"] or tied.listed_since(ticker)
        if ended is None or opened is None:
            continue
        market = MarketFacts(
            market_id=market_id_of(ticker),
            venue=VENUE,
            ticker=ticker,
            event_ticker=parts.event_ticker,
            series_ticker=parts.series,
            league=league.key,
            status=MarketStatus.ACTIVE,
            close_time=ended + FORTNIGHT,
        )
        yield MarketKnown(opened, market, link, Origin.IMPORT)
        if row["status"] in _RUNNING:
            continue
        # Markets that ended without a result carry a round time from before their game.
        closed = row["close_time"] if row["result"] in ("yes", "no") else max(row["close_time"] or ended, ended)
        if closed is None:
            continue
        closed = max(closed, opened)
        over = MarketFacts(**{**_fields(market), "status": MarketStatus.CLOSED, "close_time": closed})
        yield MarketKnown(closed, over, link, Origin.IMPORT)
        result, value = _result(row["result"], tied.level(ticker))
        paid = closed + timedelta(seconds=int(row["timer_s"]))
        yield MarketPaid(paid, market.market_id, result, value, Origin.IMPORT)


def _fields(market: MarketFacts) -> dict[str, object]:
    return {name: getattr(market, name) for name in MarketFacts.__dataclass_fields__}


def _result(result: str | None, level: bool) -> tuple[str, Decimal | None]:
    """What the exchange paid: half a dollar for a game that ended level, the money back where nobody says."""
    if result in ("yes", "no"):
        return result, None
    return ("scalar", Decimal("0.5")) if level else ("void", None)
