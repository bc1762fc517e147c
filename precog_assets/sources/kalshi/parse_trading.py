"""Kalshi's trading data as rows: order books, trades, candlesticks.

Pure functions of bytes that never raise: each element is a row or a named rejection.
Both sides of a book are bids. In candlesticks, which carry no sizes, a bid of 0 and an ask of 0 or 1 mean that
nobody quoted, and a traded price of 0 in a period without volume that nothing traded: None.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from precog_assets.domain.facts import CandleSeen, OrderBookSeen, Parsed, TradeSeen
from precog_assets.sources.kalshi import payloads
from precog_assets.sources.kalshi.parse_markets import market_id_of
from precog_assets.sources.kalshi.reading import Reader, Reading, RowError, refuse_combo
from precog_assets.sources.kalshi.values import ONE, ZERO


def parse_orderbook(body: bytes, ticker: str) -> Parsed[OrderBookSeen]:
    """The book of one market, which the payload does not name; an empty object is an empty book."""
    reading = Reading(_BOOK)
    document = reading.open(body)
    if document is None:
        return reading.done()
    if "orderbook_fp" in document:
        reading.add(document["orderbook_fp"], ticker, build=partial(_book, ticker))
    elif "orderbook" in document:
        _add_old_book(reading, document["orderbook"], ticker)
    else:
        reading.fail("missing_key:orderbook_fp", f"keys are {sorted(document)[:20]}")
    return reading.done()


def _add_old_book(reading: Reading[payloads.OrderBook, OrderBookSeen], book: object, ticker: str) -> None:
    """The name of before April 2026: an empty book is still seen under it, prices are not read."""
    if isinstance(book, dict) and any(book.values()):
        reading.fail("legacy_shape", "levels under `orderbook` in place of `orderbook_fp`", key=ticker)
        return
    empty = {"yes_dollars": None, "no_dollars": None} if isinstance(book, dict) else book
    reading.add(empty, ticker, build=partial(_book, ticker))


def parse_orderbooks(body: bytes) -> Parsed[OrderBookSeen]:
    """The books of a batch, each with its ticker; an unknown ticker comes as an empty book."""
    reading = Reading(_BOOK)
    document = reading.open(body)
    if document is None:
        return reading.done()
    if "orderbooks" not in document:
        reading.vanished(payloads.PAGES["orderbooks"], document)
        return reading.done()
    reading.page(payloads.PAGES["orderbooks"], document)
    books = document["orderbooks"]
    if not isinstance(books, list):
        reading.add_all(books, "orderbooks")
        return reading.done()
    for index, named in enumerate(books):
        place = f"orderbooks[{index}]"
        ticker = named.get("ticker") if isinstance(named, dict) else None
        if not isinstance(named, dict):
            reading.add(named, place)
        elif not isinstance(ticker, str) or not ticker:
            reading.fail("missing_key:ticker", "a book without its ticker", key=place)
        elif "orderbook_fp" not in named:
            reading.fail("missing_key:orderbook_fp", f"keys are {sorted(named)[:20]}", key=ticker[:200])
        else:
            reading.add(named["orderbook_fp"], ticker[:200], build=partial(_book, ticker))
    return reading.done()


def parse_trades(body: bytes) -> Parsed[TradeSeen]:
    """Trades of a page, newest first, as sent; live and historical alike."""
    reading = Reading(_TRADE)
    document = reading.open(body)
    if document is None:
        return reading.done()
    if "trades" not in document:
        reading.vanished(payloads.PAGES["trades"], document)
        return reading.done()
    reading.page(payloads.PAGES["trades"], document)
    reading.add_all(document["trades"], "trades")
    return reading.done()


def parse_candlesticks(body: bytes, ticker: str | None, period_minutes: int) -> Parsed[CandleSeen]:
    """Candles of one market, of a batch, of an event's markets, or of the historical tier.

    `ticker` names the market where the payload does not; what the payload names wins.
    """
    reading = Reading(_CANDLE)
    document = reading.open(body)
    if document is None:
        return reading.done()
    if "candlesticks" in document:
        _add_candles(
            reading, document["candlesticks"], document.get("ticker") or ticker, period_minutes, "candlesticks"
        )
    elif isinstance(document.get("markets"), list):
        for index, market in enumerate(document["markets"]):
            place = f"markets[{index}]"
            if isinstance(market, dict) and "candlesticks" in market:
                _add_candles(reading, market["candlesticks"], market.get("market_ticker"), period_minutes, place)
            else:
                reading.fail("missing_key:candlesticks", f"{place} has no candlesticks", key=place)
    elif "market_candlesticks" in document:
        lists, tickers = document["market_candlesticks"], document.get("market_tickers")
        if not isinstance(lists, list) or not isinstance(tickers, list) or len(lists) != len(tickers):
            reading.fail("bad_value:market_tickers", "market_candlesticks and market_tickers differ in length")
            return reading.done()
        for index, (candles, name) in enumerate(zip(lists, tickers, strict=True)):
            _add_candles(reading, candles, name, period_minutes, f"market_candlesticks[{index}]")
    else:
        reading.fail("missing_key:candlesticks", f"keys are {sorted(document)[:20]}")
    return reading.done()


def _add_candles(
    reading: Reading[payloads.Candlestick, CandleSeen],
    candles: object,
    ticker: object,
    period_minutes: int,
    place: str,
) -> None:
    if not isinstance(ticker, str) or not ticker:
        reading.fail("missing_key:ticker", f"{place}: the payload names no market, and the caller none", key=place)
        return
    if isinstance(candles, list):
        candles = [_current(candle) if isinstance(candle, dict) else candle for candle in candles]
    reading.add_all(candles, f"{ticker[:200]}.candlesticks", partial(_candle, ticker, period_minutes))


def _current(candle: dict[str, Any]) -> dict[str, Any]:
    """A candle of the historical tier under the live tier's names; any other as it is."""
    if not isinstance(candle.get("volume"), str):
        return candle
    renamed = dict(candle)
    for old in ("volume", "open_interest"):
        if old in renamed:
            renamed[f"{old}_fp"] = renamed.pop(old)
    for part in ("yes_bid", "yes_ask", "price"):
        prices = renamed.get(part)
        if isinstance(prices, dict):
            renamed[part] = {f"{name}_dollars": value for name, value in prices.items()}
    return renamed


def _candle(ticker: str, period_minutes: int, candle: payloads.Candlestick) -> CandleSeen:
    traded = bool(candle.volume_fp)
    return CandleSeen(
        market_id=market_id_of(ticker),
        period_minutes=period_minutes,
        end_time=candle.end_period_ts,
        yes_bid_close=candle.yes_bid.close_dollars or None,
        yes_ask_close=_quoted_ask(candle.yes_ask.close_dollars),
        price_open=_traded(candle.price.open_dollars, traded),
        price_high=_traded(candle.price.high_dollars, traded),
        price_low=_traded(candle.price.low_dollars, traded),
        price_close=_traded(candle.price.close_dollars, traded),
        volume=candle.volume_fp,
        open_interest=candle.open_interest_fp,
    )


def _quoted_ask(at: Decimal | None) -> Decimal | None:
    return None if at is None or at in (ZERO, ONE) else at


def _traded(at: Decimal | None, traded: bool) -> Decimal | None:
    return at if at or traded else None


def _trade(trade: payloads.Trade) -> TradeSeen:
    side = trade.taker_outcome_side or trade.taker_side
    if side is None:
        raise RowError("missing_key:taker_outcome_side", "neither taker_outcome_side nor taker_side")
    if side not in ("yes", "no"):
        raise RowError("bad_value:taker_outcome_side", f"expected yes or no, got {side[:40]!r}")
    if not trade.count_fp:
        raise RowError("bad_count", "a trade of 0 contracts")
    return TradeSeen(
        trade_id=trade.trade_id,
        market_id=market_id_of(trade.ticker),
        created_time=trade.created_time,
        yes_price=trade.yes_price_dollars,
        count=trade.count_fp,
        taker_side=side,
        is_block=trade.is_block_trade,
    )


def _book(ticker: str, book: payloads.OrderBook) -> OrderBookSeen:
    return OrderBookSeen(market_id_of(ticker), book.yes_dollars, book.no_dollars)


_BOOK = Reader(payloads.ORDER_BOOK, payloads.OrderBook.model_validate, partial(_book, ""), key="")
_TRADE = Reader(payloads.TRADE, payloads.Trade.model_validate, _trade, key="trade_id", refuse=refuse_combo)
_CANDLE = Reader(payloads.CANDLESTICK, payloads.Candlestick.model_validate, partial(_candle, "", 0), key="")
