"""The paper account of a backtest: orders made of decisions, what they met, what is at stake, what it paid.

Belongs here: keeping count for the exposure gates and of every bet. Does not: matching, double entry and settlement,
which are `trading`'s paper venue, ledger and settlements, the same as live.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from precog_assets.domain.strategies import Limits, Strategy
from precog_assets.domain.times import eastern_day
from precog_assets.domain.trading import (
    Book,
    Decision,
    ExposureFacts,
    Fill,
    Order,
    QuoteFacts,
    Side,
    Snapshot,
)
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.pricing.fees import fee
from precog_assets.trading.identity import order_client_id
from precog_assets.trading.ledger import Ledger
from precog_assets.trading.paper import FeeOf
from precog_assets.trading.paper_venue import PaperVenue
from precog_assets.trading.settlement import Settlements, VenueResult

ZERO, ONE = Decimal(0), Decimal(1)
_MINUTE = timedelta(minutes=1)
RESULTS = frozenset({"yes", "no", "scalar", "void"})


@dataclass(slots=True)
class Bet:
    """An order that was filled, and what became of it. Dollars; prices are those of the side bought."""

    decision: Decision
    ticker: str
    start: datetime
    """Of the game, as it was read by the gates."""
    synthetic: bool
    """The quote it was decided on had no bid and ask of its own."""
    contracts: Decimal = ZERO
    cost: Decimal = ZERO
    fees: Decimal = ZERO
    maker: bool = False
    yes_value: Decimal | None = None
    """What YES paid; None while unsettled, and where the money came back."""
    returned: bool = False
    closing_mid: float | None = None
    """Mid of YES at the last two-sided quote before the start."""
    fills: list[Fill] = field(default_factory=list)

    @property
    def side(self) -> Side:
        assert self.decision.side is not None
        return self.decision.side

    @property
    def settled(self) -> bool:
        return self.yes_value is not None

    @property
    def price(self) -> float:
        """Average dollars a contract, fees apart."""
        return float(self.cost / self.contracts)

    @property
    def payoff(self) -> Decimal | None:
        """Dollars a contract that the side paid."""
        if self.yes_value is None:
            return None
        return self.yes_value if self.side is Side.YES else ONE - self.yes_value

    @property
    def profit(self) -> Decimal | None:
        """Dollars, fees counted; None while unsettled."""
        if self.returned:
            return -self.fees
        return None if self.payoff is None else self.payoff * self.contracts - self.cost - self.fees

    @property
    def closing_line_value(self) -> float | None:
        """Dollars a contract by which the market came to value the side more than it cost, before fees."""
        if self.closing_mid is None:
            return None
        return (self.closing_mid if self.side is Side.YES else 1.0 - self.closing_mid) - self.price


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an exposure counts."""

    game_id: str | None
    league: str | None
    day: date


class Account:
    """One paper account from its deposit on. Events must come in time order."""

    def __init__(self, strategy: Strategy, limits: Limits, fees: FeeBook, *, at: datetime) -> None:
        self.ledger = Ledger()
        self.ledger.deposit("deposit", limits.starting_cash, at=at, strategy=strategy.name)
        self.bets: dict[str, Bet] = {}
        """By the client id of the order; orders that met nobody are left out of the results."""
        self.orders_sent = 0
        self.settled = 0
        self.disputed = 0
        self.peak_equity = limits.starting_cash
        self._strategy, self._fees = strategy, fees
        self._venue = PaperVenue(self.ledger, self._fee_of, now=at)
        self._settlements = Settlements(self.ledger)
        self._series: dict[str, tuple[str, str, str]] = {}
        self._place: dict[str, _Place] = {}
        self._at_stake: dict[str, Decimal] = {}
        self._open: dict[str, Order] = {}
        self._sent: deque[datetime] = deque()

    @property
    def watched(self) -> frozenset[str]:
        """Markets whose every book must be shown: those with orders or positions."""
        return frozenset(self._place)

    @property
    def held(self) -> list[str]:
        """Markets with a position."""
        return [
            market_id
            for market_id in self._place
            if any(self.ledger.holding(market_id, side).contracts for side in Side)
        ]

    def exposure(self, snapshot: Snapshot, quotes: Mapping[str, QuoteFacts]) -> ExposureFacts:
        """What is at stake for the gates, `snapshot`'s own exposure aside."""
        self.expire(snapshot.as_of)
        equity = self.mark(quotes)
        place = _place(snapshot)
        sums = {"game": ZERO, "league": ZERO, "day": ZERO, "total": ZERO}
        for market_id, stake in self._at_stake.items():
            other = self._place[market_id]
            sums["total"] += stake
            sums["game"] += stake if other.game_id == place.game_id else ZERO
            sums["league"] += stake if other.league == place.league else ZERO
            sums["day"] += stake if other.day == place.day else ZERO
        while self._sent and self._sent[0] <= snapshot.as_of - _MINUTE:
            self._sent.popleft()
        return ExposureFacts(
            equity=equity,
            cash=self._venue.balance(),
            peak_equity=self.peak_equity,
            market=self._at_stake.get(snapshot.market.market_id, ZERO),
            game=sums["game"],
            league=sums["league"],
            day=sums["day"],
            total=sums["total"],
            orders_last_minute=len(self._sent),
        )

    def mark(self, quotes: Mapping[str, QuoteFacts]) -> Decimal:
        """Cash and what positions would fetch now; remembers the highest."""
        equity = self.ledger.equity(quotes).value
        self.peak_equity = max(self.peak_equity, equity)
        return equity

    @property
    def at_stake(self) -> Decimal:
        """Dollars that can be lost, resting orders counted as filled."""
        return sum(self._at_stake.values(), ZERO)

    def book(self, market_id: str, book: Book, at: datetime) -> None:
        """A watched market's book as it became known: resting orders meet it."""
        step = self._venue.on_book(market_id, book, at)
        if step.orders or step.fills:
            self._took(market_id, step.orders, step.fills)

    def take(self, decision: Decision, snapshot: Snapshot) -> Order:
        """Send the order of a decision that takes a position."""
        assert decision.side is not None
        assert decision.limit_price is not None
        assert snapshot.quote is not None
        market, at = snapshot.market, decision.as_of
        maker = self._strategy.entry == "maker"
        order = Order(
            client_id=order_client_id(decision.decision_id),
            venue=market.venue,
            market_id=market.market_id,
            ticker=market.ticker,
            side=decision.side,
            limit_price=decision.limit_price,
            contracts=decision.contracts,
            post_only=maker,
            created_at=at,
            expires_at=at + timedelta(seconds=self._strategy.order_lifetime_s) if maker else None,
            strategy=self._strategy.name,
            decision_id=decision.decision_id,
        )
        self._series[market.market_id] = (market.venue, market.series_ticker, market.event_ticker)
        # A watched market's book has met its orders already.
        is_new = market.market_id not in self._place
        self._place[market.market_id] = _place(snapshot)
        start = snapshot.game.start_time if snapshot.game is not None else market.close_time
        self.bets[order.client_id] = Bet(decision, market.ticker, start, snapshot.quote.synthetic, maker=maker)
        self._sent.append(at)
        self.orders_sent += 1
        if is_new:
            self._venue.on_book(market.market_id, snapshot.quote.book, at)
        before = len(self._venue.fills())
        answered = self._venue.place(order)
        self._took(market.market_id, (answered,), tuple(self._venue.fills()[before:]))
        return answered

    def close(self, market_id: str) -> None:
        """The market closed: nothing rests any more."""
        if market_id in self._place:
            self._took(market_id, self._venue.on_close(market_id).orders, ())

    def pay(self, market_id: str, result: str, yes_value: Decimal | None, at: datetime) -> None:
        """The venue settled a market. Results that are none are counted as disputed and leave positions open."""
        if market_id not in self._place:
            return
        if result not in RESULTS:
            self.disputed += 1
            return
        self.close(market_id)
        settled = self._settlements.settle(VenueResult(market_id, result, yes_value, at))
        self.settled += settled.is_new
        returned = result == "void" and yes_value is None
        for bet in self.bets.values():
            if bet.decision.market_id == market_id and bet.contracts:
                bet.yes_value = None if returned else settled.settlement.yes_value
                bet.returned = returned
        self._venue.forget(market_id)
        self._place.pop(market_id)
        self._at_stake.pop(market_id, None)

    def expire(self, at: datetime) -> None:
        """Orders whose time is over by then are no more at stake."""
        if self._open:
            for order in self._venue.on_time(at):
                self._took(order.market_id, (order,), ())

    def _took(self, market_id: str, orders: tuple[Order, ...], fills: tuple[Fill, ...]) -> None:
        for order in orders:
            if order.status.is_open:
                self._open[order.client_id] = order
            else:
                self._open.pop(order.client_id, None)
        for fill in fills:
            bet = self.bets[fill.client_id]
            bet.contracts += fill.contracts
            bet.cost += fill.price * fill.contracts
            bet.fees += fill.fee
            bet.fills.append(fill)
        resting = sum(
            (one.remaining * one.limit_price for one in self._open.values() if one.market_id == market_id), ZERO
        )
        holdings = [self.ledger.holding(market_id, side) for side in Side]
        self._at_stake[market_id] = resting + sum((one.cost for one in holdings), ZERO)

    def _fee_of(self, market_id: str, at: datetime) -> FeeOf:
        venue, series, event = self._series[market_id]
        schedule = self._fees.schedule_at(venue, series, event, at, as_of=at)

        def charged(*, price: Decimal, contracts: Decimal, maker: bool) -> Decimal:
            return fee(schedule, price=price, contracts=contracts, maker=maker)

        return charged


def _place(snapshot: Snapshot) -> _Place:
    game = snapshot.game
    at = game.start_time if game is not None else snapshot.as_of
    return _Place(snapshot.link.game_id, game.league if game is not None else snapshot.market.league, eastern_day(at))
