"""The exchange at work: commands in, time, memory, and who is told.

The state is a replay of accepted commands over one world: a process that was restarted has the same accounts, orders
and fills. Every call is made in a turn; callers pass the world's instant, which never goes back but by `rewind`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from precog_assets.domain.times import Clock
from precog_assets.simulator.kalshi.exchange.commands import act
from precog_assets.simulator.kalshi.exchange.events import ExchangeEvent
from precog_assets.simulator.kalshi.exchange.floor import LEAP_US, Floor
from precog_assets.simulator.kalshi.exchange.journal import Entry, Journal
from precog_assets.simulator.kalshi.exchange.lives import Lives
from precog_assets.simulator.kalshi.exchange.passing import next_due_us, pass_one, step
from precog_assets.simulator.kalshi.instants import NEVER_US, instant_of, microseconds
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.ledger import Recorder

Listener = Callable[[ExchangeEvent], None]


class RunningExchange:
    """One exchange over one world's market; what it says of itself is `Exchange`'s."""

    def __init__(
        self, market: WorldMarket, clock: Clock, *, journal: Path | None = None, recorder: Recorder | None = None
    ) -> None:
        self._market = market
        self._clock = clock
        self._journal = Journal(journal)
        self._recorder = recorder
        self._listeners: list[Listener] = []
        self._lives: Lives | None = None
        self._all_watched = 0
        self._watched_by_all: set[str] = set()
        self._hours_version = market.hours.version
        self._floor = Floor(market, self._tell)
        self._replay()

    def do(self, now_us: int, do: str, account_id: str, terms: Mapping[str, Any]) -> Any:
        """Do a command of `commands.ACTS` at the world's instant. Raises Refusal, with nothing changed."""
        self.advance(now_us)
        result = act(self._floor, do, account_id, terms)
        self._journal.append(self._floor.now_us, do, account_id, terms)
        return result

    def do_now(self, do: str, account_id: str, terms: Mapping[str, Any]) -> Any:
        """The same at the clock's instant."""
        return self.do(microseconds(self._clock.now()), do, account_id, terms)

    def advance(self, now_us: int) -> None:
        """Do everything that happens up to `now_us`, telling listeners in the order of time.

        Accounts come out the same however far time is moved at once. Of a jump of more than `LEAP_US`, watchers of
        markets without resting orders are told only the outcome.
        """
        floor, lives = self._floor, self._lives
        if self._market.hours.version != self._hours_version:
            self._hours_changed()
        if now_us - floor.now_us > LEAP_US:
            floor.leap(now_us)
        while True:
            due_us = next_due_us(floor)
            life_us = NEVER_US if lives is None else lives.due_us()
            if min(due_us, life_us) > now_us:
                break
            if lives is not None and life_us <= due_us:
                lives.pass_one()
            else:
                pass_one(floor)
        floor.now_us = max(floor.now_us, now_us)

    def _hours_changed(self) -> None:
        """Trading hours were changed from outside: remember them, and look at every market again."""
        hours, floor = self._market.hours, self._floor
        self._hours_version = hours.version
        terms = {"closures": [list(closure) for closure in hours.closures]}
        self._journal.append(floor.now_us, "closures", "", terms)
        for pit in list(floor.pits.values()):
            if pit.alive:
                step(floor, pit, floor.now_us)

    def rewind(self, to_us: int) -> None:
        """Set the exchange back: commands after `to_us` never happened, but accounts and keys stay.

        Watchers are told what that does to the books.
        """
        before = self._floor
        if to_us >= before.now_us:
            return
        if self._market.hours.version != self._hours_version:
            self._hours_changed()
        self._journal.rewind(to_us)
        self._replay()
        self._floor.now_us = max(self._floor.now_us, to_us)
        if self._lives is not None:
            self._start_lives(self._floor.now_us)
        for ticker, old in sorted(before.pits.items()):
            pit = self._floor.pit(ticker) if old.watchers else None
            if pit is not None:
                pit.watchers, pit.shown, pit.clock, pit.told = old.watchers, old.shown, old.clock, old.told
                self._floor.changed(pit, self._floor.now_us)
        self._watched_by_all &= self._floor.pits.keys()

    def _replay(self) -> None:
        """Do every command of the journal again on an empty floor; nobody is told."""
        entries = self._journal.load()
        self._restore_closures(entries)
        listeners, self._listeners = self._listeners, []
        lives, self._lives = self._lives, None
        self._floor = Floor(self._market, self._tell)
        for entry in entries:
            if entry.do != "closures":
                self.advance(entry.at_us)
                act(self._floor, entry.do, entry.account_id, entry.terms)
        self._listeners, self._lives = listeners, lives
        self._floor.recorder = self._recorder

    def _restore_closures(self, entries: Sequence[Entry]) -> None:
        """Close the exchange as the journal's newest word on it says, unless somebody did already."""
        hours = self._market.hours
        last = next((entry for entry in reversed(entries) if entry.do == "closures"), None)
        if last is not None and not hours.closures:
            for begin_us, end_us, exchange in last.terms["closures"]:
                hours.close(instant_of(begin_us), instant_of(end_us), exchange=exchange)
        self._hours_version = hours.version

    def _tell(self, event: ExchangeEvent) -> None:
        for listener in self._listeners:
            listener(event)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have every event from now on; call what is returned to stop."""
        self._listeners.append(listener)
        if self._lives is None:
            self._start_lives(microseconds(self._clock.now()))

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)
            self._rest_lives()

        return stop

    def _start_lives(self, now_us: int) -> None:
        self._lives = None
        self.advance(now_us)
        self._lives = Lives(self._floor, self._activated, self._ended)

    def _rest_lives(self) -> None:
        if not self._listeners and not self._all_watched:
            self._lives = None

    def watch(self, ticker: str, now_us: int) -> None:
        """Ask for a market's book, trade and ticker events from `now_us` on; counted, one `unwatch` each.

        Raises ValueError for a market that does not exist by then.
        """
        self.advance(now_us)
        pit = self._floor.pit(ticker)
        if pit is None:
            raise ValueError(f"market {ticker!r}: there is none at {instant_of(now_us).isoformat()}")
        self._floor.watch(pit)

    def unwatch(self, ticker: str) -> None:
        """Take one `watch` back."""
        self._floor.unwatch(ticker)

    def watch_all(self, now_us: int) -> None:
        """The same for every market that is or becomes active; counted, one `unwatch_all` each."""
        self._all_watched += 1
        if self._all_watched > 1:
            return
        if self._lives is None:
            self._start_lives(now_us)
        self.advance(now_us)
        for event in self._lives.active() if self._lives is not None else ():
            for market in event.markets:
                self._activated(market.ticker)

    def unwatch_all(self) -> None:
        """Take one `watch_all` back."""
        self._all_watched -= 1
        if self._all_watched:
            return
        for ticker in sorted(self._watched_by_all):
            self._floor.unwatch(ticker)
        self._watched_by_all.clear()
        self._rest_lives()

    def _activated(self, ticker: str) -> None:
        pit = self._floor.pit(ticker) if self._all_watched else None
        if pit is not None and ticker not in self._watched_by_all:
            self._watched_by_all.add(ticker)
            self._floor.watch(pit)

    def _ended(self, ticker: str) -> None:
        if ticker in self._watched_by_all:
            self._watched_by_all.discard(ticker)
            if (pit := self._floor.pits.get(ticker)) is not None:
                step(self._floor, pit, self._floor.now_us)
            self._floor.unwatch(ticker)
