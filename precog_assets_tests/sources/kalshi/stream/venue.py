"""A venue made of plain functions: frames as Kalshi words them, and one that answers commands and knows its books."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

A, B, C = "KXNFLGAME-26NOV22DALPHI-DAL", "KXNFLGAME-26NOV22DALPHI-PHI", "KXNBAGAME-26NOV22BOSNYK-BOS"


def frame(kind: str, msg: Any = None, **numbers: int) -> bytes:
    body: dict[str, Any] = {"type": kind, **numbers}
    if msg is not None:
        body["msg"] = msg
    return json.dumps(body).encode() + b"\n"


def snapshot(sid: int, seq: int, ticker: str, yes: Any = (), no: Any = ()) -> bytes:
    msg: dict[str, Any] = {"market_ticker": ticker, "market_id": "m", "clock": 1}
    for side, levels in (("yes", yes), ("no", no)):
        if levels:
            msg[f"{side}_dollars_fp"] = [list(level) for level in levels]
    return frame("orderbook_snapshot", msg, sid=sid, seq=seq)


def delta(sid: int, seq: int, ticker: str, price: str, change: str, side: str = "yes", **other: Any) -> bytes:
    msg = {"market_ticker": ticker, "market_id": "m", "price_dollars": price, "delta_fp": change, "side": side}
    return frame("orderbook_delta", {**msg, "ts_ms": 1787838983996, **other}, sid=sid, seq=seq)


def trade(sid: int, seq: int, ticker: str, trade_id: str, **other: Any) -> bytes:
    msg = {
        "trade_id": trade_id,
        "market_ticker": ticker,
        "yes_price_dollars": "0.4300",
        "no_price_dollars": "0.5700",
        "count_fp": "12.50",
        "taker_side": "no",
        "taker_outcome_side": "no",
        "taker_book_side": "ask",
        "is_block_trade": False,
        "ts": 1787838983,
        "ts_ms": 1787838983996,
    }
    return frame("trade", {**msg, **other}, sid=sid, seq=seq)


def ticker(sid: int, name: str, **other: Any) -> bytes:
    msg = {
        "market_id": "m",
        "market_ticker": name,
        "price_dollars": "0.4300",
        "yes_bid_dollars": "0.4200",
        "yes_ask_dollars": "0.4400",
        "volume_fp": "100.00",
        "open_interest_fp": "60.00",
        "dollar_volume": 43,
        "dollar_open_interest": 30,
        "yes_bid_size_fp": "10.00",
        "yes_ask_size_fp": "20.00",
        "last_trade_size_fp": "1.00",
        "ts": 1787838990,
        "ts_ms": 1787838990880,
        "time": "2026-08-27T13:56:30.88Z",
    }
    return frame("ticker", {**msg, **other}, sid=sid)


@dataclass(frozen=True)
class Refusal:
    """The next command of a name is refused with a code, though it may be carried out."""

    command: str
    code: int
    done: bool = False


@dataclass
class ScriptedVenue:
    """Answers commands as the venue does; every channel keeps its sid and its numbers."""

    known: set[str] = field(default_factory=lambda: {A, B, C})
    levels: dict[str, tuple[list[list[str]], list[list[str]]]] = field(default_factory=dict)
    sids: dict[str, int] = field(default_factory=dict)
    seqs: dict[int, int] = field(default_factory=dict)
    markets: dict[int, dict[str, None]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    late: list[bytes] = field(default_factory=list)
    """What it says of commands that were refused and carried out all the same; nobody has heard it yet."""
    last_sid: int = 0

    def answer(self, command: bytes) -> list[bytes]:
        """The frames that answer a command."""
        said = json.loads(command)
        self.asked.append(said)
        refusal = next((one for one in self.refusals if one.command == said["cmd"]), None)
        if refusal is None:
            return self._carry_out(said)
        self.refusals.remove(refusal)
        if refusal.done:
            self.late += self._carry_out(said)
        return [frame("error", {"code": refusal.code, "msg": "refused by the test"}, id=said["id"])]

    def end(self, channel: str) -> bytes:
        """End a subscription, and say so."""
        sid = self.sids.pop(channel)
        error = {"code": 25, "msg": "Subscription buffer overflow"}
        return frame("error", error, sid=sid, seq=self.next_seq(sid))

    def _carry_out(self, said: dict[str, Any]) -> list[bytes]:
        params = said["params"]
        if said["cmd"] == "subscribe":
            return self._subscribe(said["id"], params["channels"][0], params.get("market_tickers", []))
        if said["cmd"] == "unsubscribe":
            sid = params["sids"][0]
            channel = next((name for name, number in self.sids.items() if number == sid), None)
            if channel is None:
                return [frame("error", {"code": 7, "msg": "Unknown subscription ID"}, id=said["id"])]
            del self.sids[channel]
            return [frame("unsubscribed", id=said["id"], sid=sid, seq=self.next_seq(sid))]
        return self._update(said["id"], params)

    def next_seq(self, sid: int) -> int:
        self.seqs[sid] = self.seqs.get(sid, 0) + 1
        return self.seqs[sid]

    def shown(self, sid: int, name: str) -> bytes:
        yes, no = self.levels.get(name, ([["0.4000", "10.00"]], [["0.5500", "5.00"]]))
        return snapshot(sid, self.next_seq(sid), name, yes, no)

    def _subscribe(self, command_id: int, channel: str, names: list[str]) -> list[bytes]:
        if channel in self.sids:
            return self._add(command_id, self.sids[channel], names)
        self.last_sid += 1
        sid = self.sids[channel] = self.last_sid
        self.markets[sid] = dict.fromkeys(names)
        opened = [frame("subscribed", {"channel": channel, "sid": sid}, id=command_id)]
        if channel == "orderbook_delta":
            opened += [self.shown(sid, name) for name in names if name in self.known]
        return opened

    def _update(self, command_id: int, params: dict[str, Any]) -> list[bytes]:
        (sid,), names = params["sids"], params["market_tickers"]
        if sid not in self.sids.values():
            return [frame("error", {"code": 7, "msg": "Unknown subscription ID"}, id=command_id)]
        if params["action"] == "add_markets":
            return self._add(command_id, sid, names)
        for name in names:
            self.markets[sid].pop(name, None)
        return [self._ok(command_id, sid)]

    def _add(self, command_id: int, sid: int, names: list[str]) -> list[bytes]:
        about = self.markets[sid]
        new = [name for name in names if name not in about]
        about.update(dict.fromkeys(names))
        answers = [self._ok(command_id, sid)]
        if self.sids.get("orderbook_delta") == sid:
            answers += [self.shown(sid, name) for name in new if name in self.known]
        return answers

    def _ok(self, command_id: int, sid: int) -> bytes:
        numbered = {} if self.sids.get("ticker") == sid else {"seq": self.next_seq(sid)}
        return frame("ok", {"market_tickers": list(self.markets[sid])}, id=command_id, sid=sid, **numbered)
