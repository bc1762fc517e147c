"""One subscription: what it is about, its sequence, and how a message becomes a frame in its connection's outbox."""

from __future__ import annotations

from precog_assets.simulator.kalshi.stream.channels import Channel
from precog_assets.simulator.kalshi.stream.frames import Tail, frame
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets.simulator.kalshi.stream.outbox import Lane, Outbox
from precog_assets.simulator.kalshi.stream.tampering import Tampering


class Subscription:
    """A channel open on a connection; compared by identity."""

    def __init__(
        self,
        sid: int,
        channel: Channel,
        connection: int,
        account_id: str,
        outbox: Outbox,
        tampering: Tampering,
        limits: Limits,
        *,
        quiet_acks: bool,
        yes_price: bool,
    ) -> None:
        self.sid = sid
        self.channel = channel
        self.account_id = account_id
        self.quiet_acks = quiet_acks
        self.yes_price = yes_price
        self.everything = False
        """Whether it is about all markets."""
        self.tickers: dict[str, None] = {}
        """The markets named by ticker, in the order they were."""
        self.market_ids: dict[str, str | None] = {}
        """The markets named by UUID, with their tickers where there are any."""
        self.feed_ids: dict[str, None] = {}
        """The indices or underlyings named."""
        self.overflowing = False
        """Whether its buffer was exceeded: nothing more is sent but the error."""
        self.seq = 0
        self._connection = connection
        self._outbox = outbox
        self._tampering = tampering
        self._limits = limits
        self._lane = Lane()
        self._tokens = limits.command_burst
        self._counted_s = 0.0

    def markets(self) -> set[str]:
        """The tickers it is about, where it is not about everything."""
        return {*self.tickers, *(ticker for ticker in self.market_ids.values() if ticker is not None)}

    def wants(self, ticker: str) -> bool:
        """Whether a market is among those it is about."""
        return self.everything or ticker in self.tickers

    def push(self, tail: Tail, command_id: int = 0) -> None:
        """Send a message of the channel, with a seq where it has them; faults may get hold of it."""
        if self.overflowing:
            return
        if self._lane.waiting >= self._limits.buffered_frames:
            self.overflowing = True
            return
        whole = frame(tail, self.sid, self._next_seq(), command_id)
        for sent in self._tampering.frame(self._connection, self.channel.name, self.sid, whole):
            self._outbox.put(self._lane, sent)

    def answer(self, tail: Tail, command_id: int, *, numbered: bool = False) -> None:
        """Answer a command about it; `numbered` answers have a seq on every channel."""
        seq = self._next_seq(numbered=numbered)
        self._outbox.put(self._lane, frame(tail, self.sid, seq, command_id))

    def spend_command(self, now_s: float) -> bool:
        """Whether one more command about it is within the rate; `now_s` by a monotonic clock."""
        gained = (now_s - self._counted_s) * self._limits.commands_per_s
        self._tokens = min(self._limits.command_burst, self._tokens + gained)
        self._counted_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _next_seq(self, *, numbered: bool = False) -> int | None:
        if not (self.channel.sequenced or numbered):
            return None
        self.seq += 1
        return self.seq
