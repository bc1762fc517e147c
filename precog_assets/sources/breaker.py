"""When a host is spared: the circuit breaker after repeated failures, and the pause that a host asks for by 429.

Belongs here: opening, half-opening and closing, pausing, safe for threads. Does not: what counts as a failure
(`http.py` decides), waiting, and sharing between processes (each finds out for itself).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from random import Random

from purgatory import SyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from precog_assets.config.sources import Breaker

PROBE_S = 15.0
"""After so long a request that was to find out whether a host is back is given up, and another may find out."""
EARLIEST = 0.8
"""Of the recovery time: processes that lost a host together do not come back together."""
REFUSED_IN_A_ROW = 3
PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
LONGEST_ASKED_S = 300.0
"""A host may ask for more; then it is asked so much later whether it still means it."""


class _HostFailed(Exception):
    """Tells purgatory that a request failed; never leaves this module."""


class HostBreaker:
    """One host's breaker: opens after `failures` failures in a row, lets one request try again after `recovery_s`.

    Spread: after four fifths of that time at the earliest. While it is half-open one request at a time is let
    through; the first failure opens it again, the first success closes it. purgatory keeps no lock of its own, so
    each step here takes one; none is held while a request is under way.
    """

    def __init__(
        self,
        host: str,
        settings: Breaker,
        *,
        chance: Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.host = host
        self._recovery_s, self._monotonic = settings.recovery_s, monotonic
        self._chance = chance or Random()  # noqa: S311 - spreads waits, guards nothing
        self._probing_s: float | None = None
        """Since when a request is finding out whether the host is back."""
        self._lock = threading.Lock()
        factory = SyncCircuitBreakerFactory(default_threshold=settings.failures, default_ttl=settings.recovery_s)
        self._circuit = factory.get_breaker(host)

    def allows(self) -> bool:
        """Whether a request may be sent now."""
        with self._lock:
            try:
                self._circuit.__enter__()
            except OpenedState as opened:
                # purgatory raises one instance again and again, which would keep every frame it passed.
                opened.__traceback__ = None
                return False
            if self._circuit.context.state == "closed":
                return True
            now_s = self._monotonic()
            if self._probing_s is not None and now_s - self._probing_s < PROBE_S:
                return False
            self._probing_s = now_s
        return True

    def record(self, *, failed: bool) -> None:
        """Tell how a request that was allowed ended."""
        error = _HostFailed(self.host) if failed else None
        with self._lock:
            before = self._circuit.context.state
            self._circuit.__exit__(type(error) if error else None, error, None)
            if before != "closed":
                self._probing_s = None
            if self._circuit.context.state == "opened" and before != "opened":
                self._circuit.context.ttl = self._recovery_s * self._chance.uniform(EARLIEST, 1.0)

    def undecided(self) -> None:
        """Tell that a request that was allowed found out nothing about the host: another may find out at once."""
        with self._lock:
            self._probing_s = None

    @property
    def state(self) -> str:
        """`closed`, `opened` or `half-opened`."""
        with self._lock:
            return self._circuit.context.state


class HostPause:
    """How long a host wants to be left alone: what `Retry-After` said, or longer and longer where it says nothing.

    A single refusal is the caller's to try again; from `REFUSED_IN_A_ROW` on nobody asks the host for a while.
    """

    def __init__(self, *, chance: Random | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._chance = chance or Random()  # noqa: S311 - spreads waits, guards nothing
        self._refused = 0
        self._until_s = float("-inf")

    def left_s(self) -> float:
        """Seconds for which nothing is to be sent; 0 for none."""
        with self._lock:
            return max(0.0, self._until_s - self._monotonic())

    def refused(self, retry_after_s: float | None) -> None:
        """The host answered that it is asked too often, and perhaps when to come again."""
        with self._lock:
            self._refused += 1
            wait_s = None if retry_after_s is None else min(LONGEST_ASKED_S, retry_after_s)
            if wait_s is None and self._refused >= REFUSED_IN_A_ROW:
                doubled = PAUSE_S * 2 ** min(10, self._refused - REFUSED_IN_A_ROW)
                wait_s = min(LONGEST_PAUSE_S, doubled) * self._chance.uniform(0.5, 1.0)
            if wait_s is not None:
                self._until_s = max(self._until_s, self._monotonic() + wait_s)

    def answered(self) -> None:
        """The host answered otherwise: the next refusal is the first again."""
        with self._lock:
            self._refused = 0
