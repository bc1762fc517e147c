"""Reads that trail a cancellation: for a while an order still reads as resting, though it can no longer be cancelled.

Recorded on the demo venue; off unless asked for. Times are monotonic seconds of the machine.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

_KEPT = 1_000


class StaleReads:
    """What orders looked like before they were cancelled."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self.seconds = 0.0
        """How long a cancelled order still reads as before; 0 for not at all, some 0.35 as recorded."""
        self._before: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()

    def note(self, order_id: str, before: dict[str, Any]) -> None:
        """An order was cancelled; `before` is how it read."""
        self._before[order_id] = (self._monotonic_s() + self.seconds, before)
        if len(self._before) > _KEPT:
            self._before.popitem(last=False)

    def instead_of(self, order_id: str, row: dict[str, Any]) -> dict[str, Any]:
        """What a read of the order says."""
        until_s, before = self._before.get(order_id, (0.0, row))
        return before if self._monotonic_s() < until_s else row
