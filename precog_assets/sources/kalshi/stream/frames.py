"""From a frame's bytes to one typed event. Never raises: what cannot be read is an `Unreadable` with its reason.

Belongs here: the wire's names and shapes, and the tally of keys that came. Does not: what follows from an event.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from pydantic_core import PydanticCustomError

from precog_assets.domain.facts import ContractCounts, QuoteSeen, Rejection, TradeSeen
from precog_assets.sources.contract import sample_of
from precog_assets.sources.kalshi.parse_markets import _side, market_id_of
from precog_assets.sources.kalshi.reading import RowError, _Tally
from precog_assets.sources.kalshi.stream.contracts import CONTRACTS, PAYLOAD
from precog_assets.sources.kalshi.stream.events import (
    Acknowledged,
    BookDelta,
    BookSnapshot,
    MarketLifeTold,
    OtherTold,
    Refused,
    StreamEvent,
    Subscribed,
    TickerTold,
    TradeTold,
    Unreadable,
    Unsubscribed,
)
from precog_assets.sources.kalshi.values import ONE, ZERO, count, levels, price, signed

_SAMPLE_BYTES = 2000
_DETAIL_CHARS = 300
_SID = re.compile(rb'"sid":\s*([0-9]{1,18})[,}]')
_TICKER = re.compile(rb'"market_ticker":\s*"([A-Za-z0-9_.-]{1,200})"')
_LATEST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999, where datetime ends."""

Json = dict[str, Any]


class FrameReader:
    """Reads frames, and counts the keys of those that carry facts."""

    def __init__(self) -> None:
        self._tallies = _tallies()

    def read(self, data: bytes | str) -> StreamEvent:
        """What one frame says."""
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            return _garbage(data, str(error))
        if type(document) is not dict:
            return _unreadable("frame", {}, "not_an_object", f"the frame is a {type(document).__name__}", document)
        kind = document.get("type")
        if not isinstance(kind, str) or not kind:
            return _unreadable("frame", document, "missing_key:type", f"keys are {sorted(document)[:20]}", document)
        parse = _PARSERS.get(kind)
        if parse is None:
            return OtherTold(_number(document, "sid"), _number(document, "seq"), kind[:80])
        msg = document.get("msg")
        tally = self._tallies.get(kind)
        if type(msg) is not dict:
            if tally is not None or (msg is not None and type(msg) is not list):
                return _unreadable(kind, document, "missing_key:msg", f"msg is a {type(msg).__name__}", document)
        elif tally is not None:
            tally.observe(msg)
        return _parsed(parse, kind, document, msg)

    def contracts(self) -> list[ContractCounts]:
        """The keys that came since the last call, by kind of frame."""
        tallies, self._tallies = self._tallies, _tallies()
        return [tally.counts() for tally in tallies.values()]


def _tallies() -> dict[str, _Tally]:
    return {kind: _Tally(contract) for kind, contract in CONTRACTS.items()}


def _parsed(parse: Callable[[Json, Any], StreamEvent], kind: str, document: Json, msg: Any) -> StreamEvent:
    try:
        return parse(document, msg)
    except KeyError as error:
        return _unreadable(kind, document, f"missing_key:{error.args[0]}", f"keys are {sorted(msg)[:20]}", document)
    except PydanticCustomError as error:
        return _unreadable(kind, document, error.type, error.message(), document)
    except RowError as error:
        return _unreadable(kind, document, error.reason, error.detail, document)


def _garbage(data: bytes | str, detail: str) -> Unreadable:
    """A frame that is no JSON; its first fields are made out where they still stand."""
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
    sid, ticker = _SID.search(raw), _TICKER.search(raw)
    rejection = Rejection(
        f"{PAYLOAD}.frame",
        ticker[1].decode() if ticker else "frame",
        "not_json",
        detail[:_DETAIL_CHARS],
        raw[:_SAMPLE_BYTES].decode("utf-8", "replace"),
    )
    return Unreadable(int(sid[1]) if sid else None, None, ticker[1].decode() if ticker else None, rejection)


def _unreadable(kind: str, document: Json, reason: str, detail: str, sample: object) -> Unreadable:
    msg = document.get("msg")
    ticker = msg.get("market_ticker") if type(msg) is dict else None
    ticker = ticker[:200] if type(ticker) is str and ticker else None
    rejection = Rejection(f"{PAYLOAD}.{kind}", ticker or kind, reason, detail[:_DETAIL_CHARS], sample_of(sample))
    return Unreadable(_number(document, "sid"), _number(document, "seq"), ticker, rejection)


def _snapshot(document: Json, msg: Json) -> BookSnapshot:
    return BookSnapshot(
        _must(document, "sid"),
        _must(document, "seq"),
        _text(msg["market_ticker"], "market_ticker"),
        levels(msg.get("yes_dollars_fp")),
        levels(msg.get("no_dollars_fp")),
        _number(document, "sending_ts_ms"),
    )


def _delta(document: Json, msg: Json) -> BookDelta:
    side = msg["side"]
    if side not in ("yes", "no"):
        raise RowError("bad_value:side", f"expected yes or no, got {str(side)[:40]!r}")
    at = price(_text(msg["price_dollars"], "price_dollars"))
    if not ZERO < at < ONE:
        raise RowError("price_out_of_range", f"price_dollars: expected a bid above 0 and below 1, got {at}")
    return BookDelta(
        _must(document, "sid"),
        _must(document, "seq"),
        _text(msg["market_ticker"], "market_ticker"),
        side,
        at,
        signed(_text(msg["delta_fp"], "delta_fp")),
        _number(msg, "ts_ms"),
        _number(document, "sending_ts_ms"),
    )


def _ticker(document: Json, msg: Json) -> TickerTold:
    def read(key: str, value: Callable[[str], Decimal]) -> Decimal:
        return value(_text(msg[key], key))

    bid, bid_size = _side(read("yes_bid_dollars", price), read("yes_bid_size_fp", signed))
    ask, ask_size = _side(read("yes_ask_dollars", price), read("yes_ask_size_fp", signed))
    if (bid_size is not None and bid_size < 0) or (ask_size is not None and ask_size < 0):
        raise RowError("bad_count", f"sizes at bid and ask are {bid_size} and {ask_size}; none is below 0")
    last, volume = read("price_dollars", price), read("volume_fp", count)
    quote = QuoteSeen(
        yes_bid=bid,
        yes_ask=ask,
        yes_bid_size=bid_size,
        yes_ask_size=ask_size,
        last_price=last if last or volume else None,
        volume=volume,
        volume_24h=None,
        open_interest=read("open_interest_fp", count),
    )
    return TickerTold(
        _must(document, "sid"),
        _number(document, "seq"),
        _text(msg["market_ticker"], "market_ticker"),
        quote,
        _number(msg, "ts_ms"),
        _number(document, "sending_ts_ms"),
    )


def _trade(document: Json, msg: Json) -> TradeTold:
    ticker = _text(msg["market_ticker"], "market_ticker")
    side = msg.get("taker_outcome_side") or msg.get("taker_side")
    if side is None:
        raise RowError("missing_key:taker_outcome_side", "neither taker_outcome_side nor taker_side")
    if side not in ("yes", "no"):
        raise RowError("bad_value:taker_outcome_side", f"expected yes or no, got {str(side)[:40]!r}")
    contracts = count(_text(msg["count_fp"], "count_fp"))
    if not contracts:
        raise RowError("bad_count", "a trade of 0 contracts")
    ts_ms = msg["ts_ms"]
    if type(ts_ms) is not int or not 0 < ts_ms <= _LATEST_MS:
        raise RowError("bad_time", f"ts_ms: expected Unix milliseconds such as 1787838983996, got {str(ts_ms)[:40]}")
    trade = TradeSeen(
        trade_id=_text(msg["trade_id"], "trade_id"),
        market_id=market_id_of(ticker),
        created_time=datetime.fromtimestamp(ts_ms // 1000, UTC).replace(microsecond=ts_ms % 1000 * 1000),
        yes_price=price(_text(msg["yes_price_dollars"], "yes_price_dollars")),
        count=contracts,
        taker_side=side,
        is_block=msg.get("is_block_trade") is True,
    )
    return TradeTold(_must(document, "sid"), _must(document, "seq"), ticker, trade, _number(document, "sending_ts_ms"))


def _market_life(document: Json, msg: Json) -> MarketLifeTold:
    facts = {key: value for key, value in msg.items() if key not in ("market_ticker", "event_type")}
    return MarketLifeTold(
        _must(document, "sid"),
        _must(document, "seq"),
        _text(msg["market_ticker"], "market_ticker"),
        _text(msg["event_type"], "event_type"),
        facts,
        _number(document, "sending_ts_ms"),
    )


def _subscribed(document: Json, msg: Any) -> Subscribed:
    if type(msg) is not dict:
        raise RowError("missing_key:msg", "subscribed without msg")
    return Subscribed(_command(document), _text(msg["channel"], "channel"), _must(msg, "sid"))


def _acknowledged(document: Json, msg: Any) -> Acknowledged:
    tickers = msg.get("market_tickers") if type(msg) is dict else None
    named = tuple(tickers) if type(tickers) is list and all(type(one) is str for one in tickers) else None
    return Acknowledged(_command(document), _number(document, "sid"), _number(document, "seq"), named)


def _unsubscribed(document: Json, _msg: Any) -> Unsubscribed:
    return Unsubscribed(_command(document), _number(document, "sid"), _number(document, "seq"))


def _refused(document: Json, msg: Any) -> Refused:
    told = msg if type(msg) is dict else {}
    tickers = told.get("market_tickers")
    return Refused(
        _command(document),
        _number(document, "sid"),
        _number(document, "seq"),
        _number(told, "code") or 0,
        str(told.get("msg", ""))[:_DETAIL_CHARS],
        tuple(one for one in tickers if type(one) is str) if type(tickers) is list else (),
    )


def _number(where: Json, key: str) -> int | None:
    value = where.get(key)
    return value if type(value) is int else None


def _must(where: Json, key: str) -> int:
    value = where.get(key)
    if type(value) is int:
        return value
    if value is None:
        raise RowError(f"missing_key:{key}", f"a frame without {key}")
    raise RowError(f"wrong_type:{key}", f"{key}: expected an integer, got {type(value).__name__}")


def _command(document: Json) -> int:
    return _number(document, "id") or 0


def _text(value: object, key: str) -> str:
    if type(value) is str and value and "\0" not in value:
        return value
    raise RowError(f"wrong_type:{key}", f"{key}: expected a text, got {str(value)[:40]!r}")


_PARSERS: dict[str, Callable[[Json, Any], StreamEvent]] = {
    "orderbook_delta": _delta,
    "ticker": _ticker,
    "trade": _trade,
    "orderbook_snapshot": _snapshot,
    "market_lifecycle_v2": _market_life,
    "subscribed": _subscribed,
    "ok": _acknowledged,
    "unsubscribed": _unsubscribed,
    "error": _refused,
}
