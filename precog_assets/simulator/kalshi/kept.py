"""Answers that hold for a span of the world's time, a bounded number of them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class Span(NamedTuple, Generic[ValueT]):
    """A value that holds from `from_us` on and before `until_us`."""

    from_us: int
    until_us: int
    value: ValueT


class Kept(Generic[KeyT, ValueT]):
    """Values by key while they hold; the one that was made longest ago leaves when there is no room."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._spans: dict[KeyT, Span[ValueT]] = {}
        self._version = 0

    def at(self, version: int) -> None:
        """Forget everything made for another version of what it was made from."""
        if version != self._version:
            self._spans.clear()
            self._version = version

    def get(self, key: KeyT, now_us: int) -> Span[ValueT] | None:
        """The value where it holds at that instant."""
        span = self._spans.get(key)
        return span if span is not None and span.from_us <= now_us < span.until_us else None

    def put(self, key: KeyT, span: Span[ValueT]) -> Span[ValueT]:
        """Keep a value; one that holds for no time is not kept."""
        self._spans.pop(key, None)
        if span.until_us > span.from_us:
            if len(self._spans) >= self._size:
                del self._spans[next(iter(self._spans))]
            self._spans[key] = span
        return span

    def __len__(self) -> int:
        return len(self._spans)
