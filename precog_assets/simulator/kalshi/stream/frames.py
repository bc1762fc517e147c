"""The frames of the stream as bytes: what an event says is encoded once, sid and seq are put in per subscription.

A frame is `{"type":…,"sid":…,"seq":…,"msg":{…},"sending_ts_ms":…}` and a newline; `Tail` is all that follows seq.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from precog_assets.simulator.kalshi.exchange.events import BookDelta, TickerMoved, TradeMade
from precog_assets.simulator.kalshi.exchange.units import DOLLAR, price_text, signed_count_text
from precog_assets.simulator.kalshi.exchange.view import Book, Level

_CACHED_MARKETS = 20_000
_HALF_DOLLARS = 200
"""Hundredths of contracts a whole dollar of notional stands for, as in the AsyncAPI file's example."""


class Tail(NamedTuple):
    """A message without its numbers."""

    kind: bytes
    """Its `type`."""
    rest: bytes
    """From the comma before `msg` to the newline."""


def frame(tail: Tail, sid: int, seq: int | None = None, command_id: int = 0) -> bytes:
    """The whole frame; without seq on channels that have none, with id where it answers a command that has one."""
    numbers = b'"sid":%d' % sid if seq is None else b'"sid":%d,"seq":%d' % (sid, seq)
    if command_id:
        return b'{"type":"%b","id":%d,%b%b' % (tail.kind, command_id, numbers, tail.rest)
    return b'{"type":"%b",%b%b' % (tail.kind, numbers, tail.rest)


def message(kind: str, msg: Any, sending_ms: int) -> Tail:
    """Any message's tail."""
    return Tail(kind.encode(), b',"msg":%b,"sending_ts_ms":%d}\n' % (orjson.dumps(msg), sending_ms))


def bare(kind: str, sending_ms: int) -> Tail:
    """The tail of a message that says nothing more."""
    return Tail(kind.encode(), b',"sending_ts_ms":%d}\n' % sending_ms)


def reply(kind: str, msg: Any, sending_ms: int, command_id: int) -> bytes:
    """A frame that is of no subscription."""
    tail = message(kind, msg, sending_ms)
    named = b',"id":%d' % command_id if command_id else b""
    return b'{"type":"%b"%b%b' % (tail.kind, named, tail.rest)


def time_text(time_us: int) -> str:
    """RFC 3339 in UTC, cut off to milliseconds, without zeros at the end."""
    seconds, rest = divmod(time_us, 1_000_000)
    milliseconds = rest // 1000
    fraction = f".{milliseconds:03d}".rstrip("0") if milliseconds else ""
    return f"{_second_text(seconds)}{fraction}Z"


@lru_cache(maxsize=1_024)
def _second_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


class MarketFrames:
    """Tails of what is told of markets; `market_id` gives a ticker's UUID."""

    def __init__(self, market_id: Callable[[str], str]) -> None:
        self._ticker = lru_cache(maxsize=_CACHED_MARKETS)(
            lambda ticker: f'"market_ticker":{orjson.dumps(ticker).decode()}'
        )
        self._id = lru_cache(maxsize=_CACHED_MARKETS)(lambda ticker: f'"market_id":"{market_id(ticker)}"')

    def snapshot(self, ticker: str, book: Book, clock: int, sending_ms: int, *, yes_price: bool) -> Tail:
        """A whole book; `yes_price` gives bids for NO as the YES price they would sell at."""
        no = [(DOLLAR - price, count) for price, count in reversed(book.no)] if yes_price else book.no
        sides = f"{_levels('yes', book.yes)}{_levels('no', no)}"
        body = (
            f',"msg":{{{self._ticker(ticker)},{self._id(ticker)},"clock":{clock}{sides}}},'
            f'"sending_ts_ms":{sending_ms}}}\n'
        )
        return Tail(b"orderbook_snapshot", body.encode())

    def delta(self, told: BookDelta, sending_ms: int, *, own: bool, yes_price: bool) -> Tail:
        """A change of one level; `own` names the order behind it."""
        price = DOLLAR - told.price if yes_price and told.side == "no" else told.price
        named = ""
        if own and told.client_order_id is not None:
            named = f',"client_order_id":{orjson.dumps(told.client_order_id).decode()}'
        if own and told.subaccount:
            named += f',"subaccount":{told.subaccount}'
        body = (
            f',"msg":{{{self._ticker(told.ticker)},{self._id(told.ticker)},"clock":{told.clock},'
            f'"price_dollars":"{price_text(price)}",'
            f'"delta_fp":"{signed_count_text(told.delta)}","side":"{told.side}"{named},'
            f'"ts":"{time_text(told.time_us)}","ts_ms":{told.time_us // 1000}}},"sending_ts_ms":{sending_ms}}}\n'
        )
        return Tail(b"orderbook_delta", body.encode())

    def ticker(self, told: TickerMoved, sending_ms: int) -> Tail:
        """Best prices, last trade, volume and open interest of a market."""
        body = (
            f',"msg":{{{self._id(told.ticker)},{self._ticker(told.ticker)},'
            f'"price_dollars":"{price_text(told.last_price)}",'
            f'"yes_bid_dollars":"{price_text(told.yes_bid)}","yes_ask_dollars":"{price_text(told.yes_ask)}",'
            f'"volume_fp":"{signed_count_text(told.volume)}",'
            f'"open_interest_fp":"{signed_count_text(told.open_interest)}",'
            f'"dollar_volume":{told.volume // _HALF_DOLLARS},'
            f'"dollar_open_interest":{told.open_interest // _HALF_DOLLARS},'
            f'"yes_bid_size_fp":"{signed_count_text(told.bid_size)}",'
            f'"yes_ask_size_fp":"{signed_count_text(told.ask_size)}",'
            f'"last_trade_size_fp":"{signed_count_text(told.last_size)}","ts":{told.time_us // 1_000_000},'
            f'"ts_ms":{told.time_us // 1000},"time":"{time_text(told.time_us)}"}},"sending_ts_ms":{sending_ms}}}\n'
        )
        return Tail(b"ticker", body.encode())


def trade(told: TradeMade, sending_ms: int) -> Tail:
    """A public trade."""
    body = (
        f',"msg":{{"trade_id":"{told.trade_id}","market_ticker":{orjson.dumps(told.ticker).decode()},'
        f'"yes_price_dollars":"{price_text(told.price)}","no_price_dollars":"{price_text(DOLLAR - told.price)}",'
        f'"count_fp":"{signed_count_text(told.count)}","taker_side":"{told.taker}",'
        f'"taker_outcome_side":"{told.taker}","taker_book_side":"{"bid" if told.taker == "yes" else "ask"}",'
        f'"is_block_trade":false,"ts":{told.time_us // 1_000_000},"ts_ms":{told.time_us // 1000}}},'
        f'"sending_ts_ms":{sending_ms}}}\n'
    )
    return Tail(b"trade", body.encode())


def _levels(side: str, levels: list[Level] | tuple[Level, ...]) -> str:
    """The levels of one side with their key; nothing where there are none."""
    if not levels:
        return ""
    texts = ",".join(f'["{price_text(price)}","{signed_count_text(count)}"]' for price, count in levels)
    return f',"{side}_dollars_fp":[{texts}]'
