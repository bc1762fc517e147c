"""An order as it would go, from what is stored: the market's book, its fees, what the account holds and has at stake.

Belongs here: reading what a preview needs. Does not: the arithmetic (`trading.preview`), sending anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

import sqlalchemy as sa

from precog_assets.config import load_fees, load_leagues, load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.strategies import Strategy
from precog_assets.domain.trading import Book, MarketFacts, PriceFacts, QuoteFacts, Side
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.pricing.fees import UnknownFeeError, fee
from precog_assets.store.account import load_account
from precog_assets.store.fees import read_fee_facts
from precog_assets.store.snapshots import PAPER, read_for, version_of
from precog_assets.trading.preview import Preview, preview

_MARKET_ID = sa.text("SELECT market_id FROM market.markets WHERE ticker = :ticker")


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """A preview with what it was made from."""

    market: MarketFacts
    quote: QuoteFacts | None
    price: PriceFacts | None
    """Of YES, as the strategy would believe; None without a link, a quote or a forecast."""
    preview: Preview


def order_preview(
    engine: sa.Engine,
    ticker: str,
    *,
    side: Side,
    limit_price: Decimal,
    contracts: Decimal,
    post_only: bool,
    strategy: str,
    now: datetime,
    venue: str = PAPER,
) -> OrderPreview:
    """What the order would cost, be worth and put at stake in an account, as of `now`.

    Raises ConfigurationError for a ticker, strategy, price or count that is none, and for a fee that nobody knows.
    """
    chosen = _strategy(strategy)
    with engine.connect() as connection:
        market_id = connection.scalar(_MARKET_ID, {"ticker": ticker})
        if market_id is None:
            raise ConfigurationError(
                f"{ticker}: no market with this ticker is stored; `precog why {ticker}` says more."
            )
        known, exposure = read_for(connection, [market_id], [chosen], now, venue=venue)
        if market_id not in known.markets:
            raise ConfigurationError(f"{ticker}: nobody had seen this market by {now.isoformat()}.")
        fees = FeeBook.of(load_fees(), read_fee_facts(connection, as_of=now))
        ledger = load_account(connection, venue, [market_id]).ledger
    market, quote = known.markets[market_id], known.quotes.get(market_id)
    league = market.league
    price = None
    if league is not None and league in load_leagues():
        price = known.price(market_id, version_of(league, chosen.model))
    try:
        schedule = fees.schedule_at(market.venue, market.series_ticker, market.event_ticker, now, as_of=now)
        made = preview(
            side=side,
            limit_price=limit_price,
            contracts=contracts,
            post_only=post_only,
            book=Book() if quote is None else quote.book,
            fee=partial(fee, schedule),
            exposure=exposure.facts(market_id),
            yes=ledger.holding(market_id, Side.YES),
            no=ledger.holding(market_id, Side.NO),
            p_yes=None if price is None else price.p_trading,
        )
    except (UnknownFeeError, ValueError) as error:
        raise ConfigurationError(f"{ticker}: {error}.") from error
    return OrderPreview(market, quote, price, made)


def _strategy(name: str) -> Strategy:
    strategies = load_trading_rules().strategies
    if name not in strategies:
        raise ConfigurationError(f"--strategy {name}: unknown; known: {', '.join(strategies)}.")
    return strategies[name]
