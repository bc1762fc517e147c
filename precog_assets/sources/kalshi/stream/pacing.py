"""When a silent socket is a dead one, and when a snapshot is asked for again: arithmetic of a monotonic clock.

Belongs here: the liveness of a connection, the asking for snapshots. Does not: sockets, or any clock of its own; waits
between tries are `domain.pacing`.
"""

from __future__ import annotations

HEARTBEAT_S = 10.0
"""The venue pings this often."""


class Liveness:
    """Whether a connection is alive by what is heard on it.

    A ping is due at once, to see whether the venue answers any, and after `probe_after_s` of silence. A venue that has
    answered one is dead after `answer_s` more; before, its own heartbeat is waited for, and `grace_s`.
    """

    def __init__(
        self, opened_s: float, *, probe_after_s: float = 3.0, answer_s: float = 5.0, grace_s: float = 5.0
    ) -> None:
        self._probe_after_s = probe_after_s
        self._answer_s = answer_s
        self._grace_s = grace_s
        self._heard_s = opened_s
        self._probed = False
        self._answers: bool | None = None
        """None before the first ping."""

    def heard(self, now_s: float) -> None:
        """Any bytes came."""
        if now_s > self._heard_s:
            self._heard_s = now_s
            self._probed = False

    def answered(self, now_s: float) -> None:
        """A ping of ours was answered."""
        self._answers = True
        self.heard(now_s)

    def probe_due(self, now_s: float) -> bool:
        """Whether to ping now; said once for each silence."""
        if self._answers is None:
            self._answers = False
            return True
        if self._probed or now_s - self._heard_s < self._probe_after_s:
            return False
        self._probed = True
        return True

    def stale(self, now_s: float) -> bool:
        """Whether the connection is to be given up."""
        return now_s - self._heard_s > self._limit_s

    def silent_s(self, now_s: float) -> float:
        """For how long nothing came."""
        return now_s - self._heard_s

    @property
    def _limit_s(self) -> float:
        return self._probe_after_s + self._answer_s if self._answers else HEARTBEAT_S + self._grace_s


class Asking:
    """When each market's snapshot may be asked for: after `FIRST_S` where it is due anyway, then ever more rarely."""

    FIRST_S, AGAIN_S, MOST_S = 2.5, 5.0, 60.0

    def __init__(self) -> None:
        self._asked: dict[str, tuple[float, float]] = {}
        """When it was asked for last, and how long to wait from then on."""
        self._due_s: dict[str, float] = {}
        """Since when the venue owes it."""
        self._withheld: set[str] = set()
        """Needed, and not asked for yet: the time before was too lately."""
        self._overdue: set[str] = set()

    def awaited(self, ticker: str, now_s: float) -> bool:
        """A snapshot is awaited; whether to ask for it, which counts as asked."""
        if ticker not in self._withheld and now_s - self._due_s.setdefault(ticker, now_s) < self.FIRST_S:
            return False
        return self.ask(ticker, now_s)

    def ask(self, ticker: str, now_s: float) -> bool:
        """A snapshot is needed; whether to ask for it now, which counts as asked."""
        asked_s, wait_s = self._asked.get(ticker, (float("-inf"), 0.0))
        if now_s - asked_s < wait_s:
            if ticker not in self._due_s:
                self._withheld.add(ticker)
            return False
        calm = now_s - asked_s > 2 * self.MOST_S
        self._asked[ticker] = (now_s, self.AGAIN_S if calm else min(self.MOST_S, max(self.AGAIN_S, wait_s * 2)))
        self._withheld.discard(ticker)
        self._due_s.setdefault(ticker, now_s)
        return True

    def overdue(self, ticker: str, now_s: float) -> bool:
        """Whether the venue owes it for too long; said once, until it comes or everything is asked for anew."""
        if ticker in self._overdue or now_s - self._due_s.get(ticker, now_s) < self.FIRST_S:
            return False
        self._overdue.add(ticker)
        return True

    def came(self, ticker: str) -> None:
        """A snapshot came; what had to be asked for is remembered, so that a market that fails again waits longer."""
        self._due_s.pop(ticker, None)
        self._withheld.discard(ticker)
        self._overdue.discard(ticker)

    def anew(self) -> None:
        """There is no subscription that any snapshot is owed on; the next one brings them all."""
        self._due_s.clear()
        self._withheld.clear()
        self._overdue.clear()

    def forget(self, ticker: str) -> None:
        """The market is not followed any more."""
        self._asked.pop(ticker, None)
        self.came(ticker)
