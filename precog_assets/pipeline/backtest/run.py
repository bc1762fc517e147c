"""The loop of a backtest: facts in the order they became known, decisions on the quotes that changed, fills, payouts.

Belongs here: what happens when. Does not: facts (`feed.py`), deciding (`trading.decide`), figures (`report.py`).

At each instant everything known by then is taken in first. Then the markets whose quotes changed are decided, the
markets of one game together, as a tick does live. A strategy is run as if it stood on paper: what it would show there
is what the ladder asks of it. `screened` leaves out the calls of `decide` whose answer is certain (`screen.py`); the
answers are the same without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from precog_assets.config import load_fees, load_leagues
from precog_assets.domain.leagues import League
from precog_assets.domain.strategies import Backtests, Limits, Strategy
from precog_assets.domain.times import eastern_day
from precog_assets.domain.trading import Action, ExposureFacts, Rung, SkillFacts, Snapshot
from precog_assets.pipeline.backtest.account import Account, Bet
from precog_assets.pipeline.backtest.feed import (
    NO_PRICE,
    ORIGINS,
    STEPS,
    Chunk,
    Fact,
    Feed,
    GameKnown,
    MarketKnown,
    MarketPaid,
    Quotes,
    check_chunk,
    instant,
    micros,
)
from precog_assets.pipeline.backtest.known import Known, quote_at
from precog_assets.pipeline.backtest.result import EquityPoint, Result
from precog_assets.pipeline.backtest.rows import Rows
from precog_assets.pipeline.backtest.screen import ASK, GATE_NAMES, Screen
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.trading.decide import Decider

ON_PAPER = SkillFacts(rung=Rung.PAPER)
Progress = Callable[[str, int, int | None], None]


def on_paper(strategy: Strategy) -> Strategy:
    """The strategy as a backtest runs it: on paper from the first day, and no higher."""
    return strategy.model_copy(update={"start_rung": "paper", "highest_rung": "paper"})


def run_backtest(
    feed: Feed,
    strategy: Strategy,
    limits: Limits,
    assumptions: Backtests,
    *,
    fees: FeeBook | None = None,
    leagues: Mapping[str, League] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    screened: bool = True,
    keep_all: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Step through a feed and trade it on paper. Decisions are made from `since` (included) to `until` (excluded).

    `keep_all` keeps every decision, passes too, each with every gate's answer; for comparing, a few days at most.
    Raises ValueError for a feed that is not in time order.
    """
    loop = _Loop(strategy, limits, assumptions, fees or FeeBook.of(load_fees()), dict(leagues or load_leagues()))
    loop.since = micros(since) if since is not None else None
    loop.until = micros(until) if until is not None else None
    loop.screened, loop.keep_all = screened and not keep_all, keep_all
    length, earlier = feed.length(), None
    for number, chunk in enumerate(feed.chunks(), start=1):
        check_chunk(chunk, earlier)
        earlier = chunk.end
        loop.chunk(chunk)
        if progress is not None:
            progress(chunk.start.date().isoformat(), number, length)
    return loop.finished()


class _Loop:
    def __init__(
        self, strategy: Strategy, limits: Limits, assumptions: Backtests, fees: FeeBook, leagues: dict[str, League]
    ) -> None:
        self.result = Result(strategy, limits, assumptions)
        self.since: int | None = None
        self.until: int | None = None
        self.screened, self.keep_all = True, False
        self._strategy, self._limits, self._fees, self._leagues = on_paper(strategy), limits, fees, leagues
        self._decider = Decider(self._strategy, limits, fees=fees)
        self._known = Known(leagues)
        self._account: Account | None = None
        self._assumed: set[str] = set()

    def chunk(self, chunk: Chunk) -> None:
        """One stretch of time: between its facts the quotes, then the close of the books."""
        result, quotes = self.result, chunk.quotes
        account = self._account
        if account is None:
            account = self._account = Account(self._strategy, self._limits, self._fees, at=chunk.start)
            result.first = chunk.start if self.since is None else instant(self.since)
        result.last = chunk.end if self.until is None else min(chunk.end, instant(self.until))
        self._known.reach(max(chunk.start, self._known.now or chunk.start))
        counted = self._in_time(quotes)
        result.events += int(np.count_nonzero(counted))
        result.synthetic += int(np.count_nonzero(quotes.synthetic & counted))
        for code, count in enumerate(np.bincount(quotes.origin[counted], minlength=len(ORIGINS)).tolist()):
            result.origins[ORIGINS[code]] += count
        screen = Screen(chunk.markets, self._known, self._decider.rules)
        done = 0
        for fact in chunk.facts:
            until = int(np.searchsorted(quotes.known_us, micros(fact.known_at), side="left"))
            if until > done:
                self._stretch(chunk.markets, quotes.take(slice(done, until)), screen, account)
                done = until
            self._fact(fact, screen, account)
        if done < len(quotes):
            self._stretch(chunk.markets, quotes.take(slice(done, None)), screen, account)
        self._known.reach(max(chunk.end - timedelta(microseconds=1), self._known.now or chunk.start))
        assert self._known.now is not None
        account.expire(self._known.now)
        point = EquityPoint(chunk.end, account.mark(self._known.quotes), account.at_stake)
        if self._is_told(chunk, point):
            result.equity.append(point)

    def finished(self) -> Result:
        result, account = self.result, self._account
        if account is not None:
            result.bets = [bet for bet in account.bets.values() if bet.contracts]
            result.orders_sent, result.disputed = account.orders_sent, account.disputed
            result.balances = dict(account.ledger.balances)
        result.assumed_starts = len(self._assumed)
        return result

    def _fact(self, fact: Fact, screen: Screen, account: Account) -> None:
        known = self._known
        known.reach(max(fact.known_at, known.now or fact.known_at))
        self.result.origins[fact.origin] += 1
        if isinstance(fact, MarketPaid):
            account.pay(fact.market_id, fact.result, fact.yes_value, fact.known_at)
            account.mark(known.quotes)
            known.forget(fact.market_id)
            screen.touch([fact.market_id])
            return
        if isinstance(fact, MarketKnown):
            market_id = fact.market.market_id
            self.result.markets += market_id not in known.markets
            known.take(fact)
            if fact.market.status not in ("active", "inactive"):
                account.close(market_id)
            screen.touch([market_id, *known.of_game.get(fact.link.game_id or "", ())])
            return
        known.take(fact)
        game_id = fact.game.game_id if isinstance(fact, GameKnown) else fact.game_id
        if isinstance(fact, GameKnown) and fact.assumed_start is not None:
            self._assumed.add(game_id)
        screen.touch(known.of_game.get(game_id, []))

    def _stretch(self, markets: tuple[str, ...], quotes: Quotes, screen: Screen, account: Account) -> None:
        """Quotes between which nothing else became known."""
        decided = self._decided_rows(quotes)
        codes = screen.reasons(quotes) if self.screened else np.full(len(quotes), ASK, np.int16)
        wanted = decided & (codes == ASK)
        self._count(markets, quotes, codes, decided & (codes != ASK))
        rows = Rows(quotes, markets)
        position = 0
        asks = np.flatnonzero(wanted)
        while True:
            ask = int(asks[position]) if position < len(asks) else len(quotes)
            for row in rows.watched_until(ask, account.watched):
                self._show(rows, row, account)
            if ask == len(quotes):
                break
            at_us = int(quotes.known_us[ask])
            same = [ask]
            while position + len(same) < len(asks) and quotes.known_us[asks[position + len(same)]] == at_us:
                same.append(int(asks[position + len(same)]))
            position += len(same)
            until = int(np.searchsorted(quotes.known_us, at_us, side="right"))
            for row in rows.watched_until(until, account.watched):
                self._show(rows, row, account)
            self._decide(rows, same, until, at_us, account)
        self._closing(rows, account)
        for market_id, row in rows.last_of_all():
            self._put(rows, market_id, row)

    def _is_told(self, chunk: Chunk, point: EquityPoint) -> bool:
        """Whether a chunk's end is of the equity curve: in the time asked for, and after it while bets are open."""
        if self.since is not None and micros(chunk.end) <= self.since:
            return False
        over = self.until is not None and micros(chunk.start) >= self.until
        before = self.result.equity[-1:]
        return not over or not before or before[0].at_stake > 0 or point.at_stake > 0

    def _in_time(self, quotes: Quotes) -> np.ndarray:
        """Rows in the time asked for."""
        wanted = np.ones(len(quotes), np.bool_)
        if self.since is not None:
            wanted &= quotes.known_us >= self.since
        if self.until is not None:
            wanted &= quotes.known_us < self.until
        return wanted

    def _decided_rows(self, quotes: Quotes) -> np.ndarray:
        """Rows to decide on: in the time asked for, and of quotes known at one instant a market's last."""
        wanted = self._in_time(quotes)
        if len(quotes) > 1 and np.any(np.diff(quotes.known_us) == 0):
            order = np.lexsort((np.arange(len(quotes)), quotes.market, quotes.known_us))
            at, market = quotes.known_us[order], quotes.market[order]
            overtaken = (at[1:] == at[:-1]) & (market[1:] == market[:-1])
            wanted[order[:-1][overtaken]] = False
        return wanted

    def _count(self, markets: tuple[str, ...], quotes: Quotes, codes: np.ndarray, where: np.ndarray) -> None:
        """Passes that were certain, by league, month and gate."""
        if not np.any(where):
            return
        months = {_month(instant(quotes.known_us[row])) for row in (0, len(quotes) - 1)}
        rows = np.flatnonzero(where)
        keys = quotes.market[rows].astype(np.int64) * len(GATE_NAMES) + codes[rows]
        if len(months) == 1:
            parts = [(months.pop(), keys)]
        else:
            named = np.array([_month(instant(at)) for at in quotes.known_us[rows]])
            parts = [(str(month), keys[named == month]) for month in np.unique(named)]
        for month, part in parts:
            for key, count in zip(*(one.tolist() for one in np.unique(part, return_counts=True)), strict=True):
                league = self._league(markets[key // len(GATE_NAMES)])
                self.result.by_gate[league, month, GATE_NAMES[key % len(GATE_NAMES)]] += count

    def _decide(self, rows: Rows, same: list[int], until: int, at_us: int, account: Account) -> None:
        known = self._known
        at = instant(at_us)
        known.reach(at)
        games: dict[str, list[str]] = {}
        for row in same:
            market_id = rows.markets[rows.quotes.market[row]]
            market = known.markets.get(market_id)
            self._sync(rows, market_id, until)
            if market is None:
                self.result.by_gate["", _month(at), "unknown_market"] += 1
                continue
            for sibling in known.siblings(market_id).values():
                if sibling != market_id:
                    self._sync(rows, sibling, until)
            games.setdefault(market.link.game_id or market_id, []).append(market_id)
        for market_ids in games.values():
            for held in account.held:
                self._sync(rows, held, until)
            snapshots = [self._snapshot(market_id, account) for market_id in market_ids]
            self.result.asked += len(snapshots)
            if len(snapshots) == 1:
                decisions = (self._decider.decide(snapshots[0], complete=self.keep_all),)
            else:
                decisions = self._decider.game(snapshots, complete=self.keep_all)
            for snapshot, decision in zip(snapshots, decisions, strict=True):
                self.result.by_gate[self._league(decision.market_id), _month(at), decision.reason] += 1
                if decision.action is Action.TAKE:
                    account.take(decision, snapshot)
                if self.keep_all or decision.action is Action.TAKE:
                    self.result.decisions.append(decision)

    def _snapshot(self, market_id: str, account: Account) -> Snapshot:
        snapshot = self._known.snapshot(market_id, _NOTHING, ON_PAPER)
        assert snapshot is not None
        return _with_exposure(snapshot, account.exposure(snapshot, self._known.quotes))

    def _show(self, rows: Rows, row: int, account: Account) -> None:
        """A watched market's quote: resting orders meet it."""
        market_id = rows.markets[rows.quotes.market[row]]
        at = instant(rows.quotes.known_us[row])
        self._known.reach(at)
        self._put(rows, market_id, row)
        account.book(market_id, self._known.quotes[market_id].book, at)
        # The highest equity is that of every quote held by, whoever asks for it when.
        account.mark(self._known.quotes)

    def _sync(self, rows: Rows, market_id: str, until: int) -> None:
        row = rows.last(market_id, until)
        if row is not None:
            self._put(rows, market_id, row)

    def _put(self, rows: Rows, market_id: str, row: int) -> None:
        if rows.taken.get(market_id) == row:
            return
        rows.taken[market_id] = row
        known_at = instant(rows.quotes.known_us[row])
        self._known.reach(max(known_at, self._known.now or known_at))
        self._known.quote(market_id, quote_at(rows.quotes, row), known_at)

    def _closing(self, rows: Rows, account: Account) -> None:
        """The last two-sided quote before the start, of the markets that were bet on."""
        by_market: dict[str, list[Bet]] = {}
        for bet in account.bets.values():
            if not bet.settled and not bet.returned:
                by_market.setdefault(bet.decision.market_id, []).append(bet)
        for market_id, bets in by_market.items():
            mine = rows.of(market_id)
            game = self._known.games.get(bets[0].decision.game_id or "")
            start = bets[0].start if game is None else game.game.start_time
            quotes = rows.quotes
            fits = (quotes.known_us[mine] < micros(start)) & (quotes.bid[mine] > 0)
            fits &= (quotes.ask[mine] != NO_PRICE) & (quotes.ask[mine] < STEPS) & (quotes.ask[mine] > quotes.bid[mine])
            found = mine[fits]
            for bet in bets if len(found) else ():
                bet.closing_mid = (int(quotes.bid[found[-1]]) + int(quotes.ask[found[-1]])) / 2 / STEPS

    def _league(self, market_id: str) -> str:
        market = self._known.markets.get(market_id)
        return (market.market.league if market is not None else None) or ""


def _with_exposure(snapshot: Snapshot, exposure: ExposureFacts) -> Snapshot:
    return replace(snapshot, exposure=exposure)


def _month(at: datetime) -> str:
    return eastern_day(at).strftime("%Y-%m")


_NOTHING = ExposureFacts(equity=Decimal(0), cash=Decimal(0), peak_equity=Decimal(0))
