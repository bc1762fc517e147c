"""The circuit breaker of a host: after repeated failures requests are held back until it recovers.

Belongs here: opening, half-opening and closing, safe for threads. Does not: what counts as a failure
(`http.py` decides), waiting, and sharing between processes (each finds out for itself).
"""

from __future__ import annotations

import threading

from purgatory import SyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from precog_assets.config.sources import Breaker


class _HostFailed(Exception):
    """Tells purgatory that a request failed; never leaves this module."""


class HostBreaker:
    """One host's breaker: opens after `failures` failures in a row, lets requests try again after `recovery_s`.

    While it is half-open every request is let through; the first failure opens it again, the first
    success closes it. purgatory keeps no lock of its own, so each step here takes one; none is held
    while a request is under way.
    """

    def __init__(self, host: str, settings: Breaker) -> None:
        self.host = host
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
        return True

    def record(self, *, failed: bool) -> None:
        """Tell how a request that was allowed ended."""
        error = _HostFailed(self.host) if failed else None
        with self._lock:
            self._circuit.__exit__(type(error) if error else None, error, None)

    @property
    def state(self) -> str:
        """`closed`, `opened` or `half-opened`."""
        with self._lock:
            return self._circuit.context.state
