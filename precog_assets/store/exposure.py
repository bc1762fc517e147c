"""What an account had at stake at an instant: cash, positions, resting orders, by market, game, league and day.

Belongs here: reading that from the ledger and the orders as they were before the instant, and counting on while
orders are added in one pass. Does not: limits (`trading.limits`), rebuilding holdings (`account.py`).

What was recorded at an instant is known after it: a decision never sees its own order, also when it is replayed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa

from precog_assets.domain.times import eastern_day
from precog_assets.domain.trading import ExposureFacts, Order, QuoteFacts, Side
from precog_assets.store.known import Known
from precog_assets.trading.marks import mark_liquidation

ZERO = Decimal(0)
_BALANCES = sa.text(
    """
    SELECT account, sum(amount) AS amount FROM book.ledger
    WHERE venue = :venue AND recorded_at < :at AND (account = 'cash' OR starts_with(account, 'position:'))
    GROUP BY account HAVING sum(amount) <> 0
    """
)
_HELD = sa.text(
    """
    SELECT f.market_id, sum(CASE f.side WHEN 'yes' THEN f.contracts ELSE -f.contracts END) AS net
    FROM book.fills f JOIN book.orders o USING (client_id)
    WHERE o.venue = :venue AND f.market_id = ANY(:market_ids) AND f.recorded_at < :at GROUP BY f.market_id
    """
)
_RESTING = sa.text(
    """
    SELECT o.market_id, o.limit_price, o.contracts - coalesce(f.filled, 0) AS remaining
    FROM book.orders o LEFT JOIN LATERAL (
        SELECT sum(contracts) AS filled FROM book.fills WHERE client_id = o.client_id AND recorded_at < :at
    ) f ON true
    WHERE o.venue = :venue AND o.created_at < :at
      AND (o.status IN ('written', 'resting') OR o.last_changed_at >= :at)
    """
)
_LATEST_ORDERS = sa.text(
    "SELECT count(*) FROM book.orders WHERE venue = :venue AND created_at < :at "
    "AND created_at >= :at - interval '1 minute'"
)
_PEAK = sa.text("SELECT max(cash + positions_liquidation) FROM book.equity WHERE venue = :venue AND at < :at")


Group = tuple[str | None, str | None, date | None]
"""Game, league and day that a market counts to."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An account before an instant. Dollars."""

    venue: str
    cash: Decimal
    costs: Mapping[str, Decimal]
    """Of the positions held, by market."""
    contracts: Mapping[str, Decimal]
    """Held by market: YES above zero, NO below."""
    resting: Mapping[str, Decimal]
    """Of open orders by market, as if they filled at their limits."""
    orders_last_minute: int
    peak: Decimal
    """Highest equity that was recorded."""

    @property
    def market_ids(self) -> set[str]:
        return {*self.costs, *self.resting}


def read_standing(connection: sa.Connection, venue: str, at: datetime) -> Standing:
    """The account as it was before `at`, in five statements."""
    given = {"venue": venue, "at": at}
    cash, costs = ZERO, defaultdict[str, Decimal](Decimal)
    for row in connection.execute(_BALANCES, given):
        if row.account == "cash":
            cash = row.amount
        else:
            costs[row.account.removeprefix("position:").rpartition(":")[0]] += row.amount
    held = connection.execute(_HELD, {**given, "market_ids": sorted(costs)}) if costs else ()
    resting = defaultdict[str, Decimal](Decimal)
    for row in connection.execute(_RESTING, given):
        resting[row.market_id] += row.limit_price * row.remaining
    return Standing(
        venue=venue,
        cash=cash,
        costs=dict(costs),
        contracts={row.market_id: row.net for row in held},
        resting=dict(resting),
        orders_last_minute=connection.scalar(_LATEST_ORDERS, given) or 0,
        peak=connection.scalar(_PEAK, given) or ZERO,
    )


@dataclass(frozen=True, slots=True)
class Worth:
    """What positions are worth, dollars; those without the quote that it takes are counted at what they cost."""

    cost: Decimal
    mid: Decimal
    liquidation: Decimal
    unmarked: tuple[str, ...]
    """Markets held without any quote."""


def worth(standing: Standing, quotes: Mapping[str, QuoteFacts]) -> Worth:
    """Mark the positions of an account to quotes."""
    mid = liquidation = ZERO
    unmarked: list[str] = []
    for market_id, cost in standing.costs.items():
        net = standing.contracts.get(market_id, ZERO)
        side, contracts = (Side.YES, net) if net >= 0 else (Side.NO, -net)
        quote = quotes.get(market_id)
        each = mark_liquidation(quote, side, contracts)
        if quote is None or each is None:
            unmarked.append(market_id)
        liquidation += cost if each is None else each * contracts
        middle = None if quote is None else quote.mid
        if middle is None:
            mid += cost
        else:
            mid += contracts * (middle if side is Side.YES else 1 - middle)
    return Worth(sum(standing.costs.values(), ZERO), mid, liquidation, tuple(unmarked))


@dataclass(slots=True)
class Exposure:
    """An account with what it has at stake, counted on as orders are added. `known` must hold its markets too."""

    standing: Standing
    known: Known
    _by: defaultdict[tuple[str, str | date | None], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    _total: Decimal = ZERO
    _tied_up: Decimal = ZERO
    _orders: int = 0
    _equity: Decimal = ZERO
    _group_of: dict[str, Group] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._equity = self.standing.cash + worth(self.standing, self.known.quotes).liquidation
        for market_id, cost in self.standing.costs.items():
            self._count(market_id, cost)
        for market_id, dollars in self.standing.resting.items():
            self._count(market_id, dollars)
            self._tied_up += dollars

    def facts(self, market_id: str) -> ExposureFacts:
        """What a decision on the market reads. A day is that of the game's start in US Eastern time."""
        game, league, day = self._groups(market_id)
        return ExposureFacts(
            equity=self._equity,
            cash=self.standing.cash - self._tied_up,
            peak_equity=max(self._equity, self.standing.peak),
            market=self._by["market", market_id],
            game=self._by["game", game] if game is not None else ZERO,
            league=self._by["league", league] if league is not None else ZERO,
            day=self._by["day", day] if day is not None else ZERO,
            total=self._total,
            orders_last_minute=self.standing.orders_last_minute + self._orders,
        )

    def add(self, order: Order) -> None:
        """Count an order that was just written as one that rests."""
        dollars = order.limit_price * order.remaining
        self._count(order.market_id, dollars)
        self._tied_up += dollars
        self._orders += 1

    def _count(self, market_id: str, dollars: Decimal) -> None:
        game, league, day = self._groups(market_id)
        for key in (("market", market_id), ("game", game), ("league", league), ("day", day)):
            self._by[key] += dollars
        self._total += dollars

    def _groups(self, market_id: str) -> Group:
        found = self._group_of.get(market_id)
        if found is None:
            found = self._group_of[market_id] = self._look_up(market_id)
        return found

    def _look_up(self, market_id: str) -> Group:
        market, link = self.known.markets.get(market_id), self.known.links.get(market_id)
        game_id = None if link is None else link.game_id
        game = self.known.games.get(game_id or "")
        if game is not None:
            return game_id, game.league, eastern_day(game.start_time)
        return game_id, None if market is None else market.league, None
