"""Faults of the stream: frames that are lost, repeated, swapped, spoiled or late, and connections that go silent."""

from __future__ import annotations

import re
from collections.abc import Sequence

import orjson

from precog_assets.simulator.faults.engine import Engine, Strike
from precog_assets.simulator.faults.payload import renamed_field
from precog_assets.simulator.faults.rules import FrameDelay, GarbageFrame, RenamedFrameField

_ON_FRAMES = frozenset(
    {"drop_frame", "repeat_frame", "reorder_frame", "corrupt_frame", "garbage_frame", "renamed_frame_field"}
)
_CUT = frozenset({"cut_stream"})
_DELAY, _SILENCE = frozenset({"delay_frame"}), frozenset({"half_open"})
_TICKER = re.compile(rb'"market_ticker":\s*"([^"]+)"')


class StreamFaults:
    """The stream's hook (`kalshi.stream.tampering.Tampering`), driven by the engine's rules."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: dict[tuple[int, int], bytes] = {}
        """Frames that wait for the next of their connection and subscription."""
        self._late: dict[int, str] = {}
        """By connection: the delay last told of."""

    def frame(self, connection: int, channel: str, sid: int, frame: bytes) -> Sequence[bytes]:
        held = self._held.pop((connection, sid), None) if self._held else None
        out: list[bytes] = [frame]
        if self._engine.on_stream:
            found = _TICKER.search(frame)
            ticker = found[1].decode() if found else None
            for strike in self._engine.strike_frames(_ON_FRAMES, channel, ticker):
                out = self._struck(strike, out, (connection, sid))
                self._tell(strike, connection, {"channel": channel, "sid": sid, "ticker": ticker})
        return out if held is None else [*out, held]

    def delay_s(self, connection: int) -> float:
        if not self._engine.on_stream:
            return 0.0
        delay_s = 0.0
        for strike in self._engine.strike_frames(_DELAY, None, None):
            if isinstance(strike.rule, FrameDelay):
                delay_s += strike.rule.delay_ms / 1000
                if self._late.get(connection) != strike.rule.id:
                    self._late[connection] = strike.rule.id
                    self._tell(strike, connection, {"delay_ms": strike.rule.delay_ms})
        return delay_s

    def half_open(self, connection: int) -> bool:
        if not self._engine.on_stream:
            return False
        strikes = self._engine.strike_frames(_SILENCE, None, None)
        for strike in strikes:
            self._tell(strike, connection, {})
        return bool(strikes)

    def cut(self, connection: int) -> bool:
        if not self._engine.on_stream:
            return False
        strikes = self._engine.strike_frames(_CUT, None, None)
        for strike in strikes:
            self._tell(strike, connection, {})
        return bool(strikes)

    def closed(self, connection: int) -> None:
        self._late.pop(connection, None)
        for key in [key for key in self._held if key[0] == connection]:
            del self._held[key]

    def _struck(self, strike: Strike, frames: list[bytes], key: tuple[int, int]) -> list[bytes]:
        rule, kind = strike.rule, strike.rule.kind
        if kind == "drop_frame" or not frames:
            return []
        if kind == "repeat_frame":
            return [*frames, frames[-1]]
        if kind == "corrupt_frame":
            return [_spoiled(frame, strike.lot()) for frame in frames]
        if isinstance(rule, GarbageFrame):
            return [_garbage(rule) for _ in frames]
        if isinstance(rule, RenamedFrameField):
            return [_respelled(frame, rule) for frame in frames]
        self._held[key] = frames[-1]
        return frames[:-1]

    def _tell(self, strike: Strike, connection: int, facts: dict[str, object]) -> None:
        told = {name: value for name, value in facts.items() if value is not None}
        self._engine.tell(strike, strike.rule.kind, {"venue": "stream", "connection": connection, **told})


def _garbage(rule: GarbageFrame) -> bytes:
    if rule.form == "binary":
        return bytes(range(256))
    return b"[1, null]\n" if rule.form == "json" else b"x" * rule.size_bytes


def _respelled(frame: bytes, rule: RenamedFrameField) -> bytes:
    said = orjson.loads(frame)
    renamed_field(said, rule.key_path, rule.to_name)
    return orjson.dumps(said) + b"\n"


def _spoiled(frame: bytes, lot: float) -> bytes:
    """The frame without its end: never valid JSON."""
    return frame[: 1 + int((len(frame.rstrip()) - 2) * lot)] + b"\n"
