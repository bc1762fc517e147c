"""All connections of the stream over one exchange: who is connected, and the beat that moves everything on.

Every call is made in the exchange's turn; nothing here knows of sockets or tasks.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from precog_assets.domain.times import Clock
from precog_assets.simulator.kalshi.exchange.view import ExchangeView
from precog_assets.simulator.kalshi.stream.following import Following
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets.simulator.kalshi.stream.outbox import Monotonic, Outbox
from precog_assets.simulator.kalshi.stream.routing import Router
from precog_assets.simulator.kalshi.stream.session import Session
from precog_assets.simulator.kalshi.stream.tampering import Tampering


class Hub:
    """The stream without its sockets."""

    def __init__(
        self,
        exchange: ExchangeView,
        clock: Clock,
        tampering: Tampering,
        limits: Limits,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._exchange = exchange
        self._tampering = tampering
        self._limits = limits
        self._monotonic = monotonic
        self._following = Following(exchange, clock)
        self._router = Router(self._following)
        self._sessions: dict[int, Session] = {}
        self._connections = 0
        self._stop: Callable[[], None] | None = None

    def connect(self, account_id: str, outbox: Outbox) -> Session:
        """A session for a new connection of an account."""
        if self._stop is None:
            self._stop = self._exchange.listen(self._router.hear)
        self._connections += 1
        session = Session(
            self._connections, account_id, outbox, self._following, self._tampering, self._limits, self._monotonic
        )
        self._sessions[session.connection] = session
        return session

    def disconnect(self, session: Session) -> None:
        """The connection is gone, or no longer answers: end what it had. Does nothing the second time."""
        if self._sessions.pop(session.connection, None) is None:
            return
        session.close()
        self._tampering.closed(session.connection)
        if not self._sessions and self._stop is not None:
            self._stop()
            self._stop = None

    def beat(self) -> bool:
        """Tell what happened since the last one, and end what is over; whether there is more to tell at once."""
        for session in list(self._sessions.values()):
            outbox = session.outbox
            outbox.delay_s = self._tampering.delay_s(session.connection)
            if self._tampering.half_open(session.connection):
                outbox.fall_silent()
                self.disconnect(session)
            elif self._tampering.cut(session.connection):
                outbox.give_up()
                self.disconnect(session)
        behind = False
        if any(session.subscribed for session in self._sessions.values()):
            behind = self._following.step()
            self._following.meet(self._router.created)
        self._router.created.clear()
        for session in list(self._sessions.values()):
            session.reap()
            if len(session.outbox) > self._limits.unread_frames:
                session.outbox.give_up()
                self.disconnect(session)
        return behind
