"""What the limits leave, and the purchase that fits into it.

Belongs here: limits after sizing, the walk through a book's levels, what it costs to the last fee. Does not: how much
one would like (`sizing.py`), whether to (`gates.py`). Money is Decimal here: a limit is never exceeded by a rounding.

Exposure is dollars that can be lost: a purchase counts with all it costs, fees included. Purchases of one round count
against each other, also where one would hedge the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil, inf

from precog_assets.domain.trading import Side, Snapshot
from precog_assets.pricing.fees import fee, floor_balance
from precog_assets.trading.asked import STEPS, Offer, Rules, number, steps
from precog_assets.trading.sizing import kelly_fraction

_NOTHING = Decimal(0)


@dataclass(slots=True)
class Spent:
    """What the purchases of this round have used up so far."""

    market: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    game: defaultdict[str | None, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    league: defaultdict[str | None, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    total: Decimal = _NOTHING
    orders: int = 0

    def add(self, snapshot: Snapshot, outlay: Decimal) -> None:
        """Count a purchase. A round is of one day: its purchases all count to it."""
        self.market[snapshot.market.market_id] += outlay
        self.game[snapshot.link.game_id] += outlay
        self.league[_league(snapshot)] += outlay
        self.total += outlay
        self.orders += 1


@dataclass(frozen=True, slots=True)
class Purchase:
    """Contracts that fit, what they cost, and what kept them from being more."""

    contracts: int
    limit_price: Decimal
    """Of the dearest level used."""
    outlay: Decimal
    """Dollars: price, fees, and what the balance's rounding takes."""
    fee: Decimal
    """Dollars, of the outlay: all but the price."""
    average_price: Decimal
    net_value: Decimal
    """Expected dollars a contract after all of it."""
    wanted: float
    """Contracts that Kelly asked for at the best price."""
    bound_by: str


@dataclass(frozen=True, slots=True)
class NoPurchase:
    """Nothing fits, and why."""

    bound_by: str
    wanted: float


def room(snapshot: Snapshot, rules: Rules, spent: Spent) -> tuple[Decimal, str]:
    """Dollars that may still be laid out on the market, at least 0, and which limit says so."""
    exposure, limits = snapshot.exposure, rules.limits
    market = max(exposure.market, _NOTHING) + spent.market[snapshot.market.market_id]
    least, name = limits.per_market - market, "per_market"
    for left, limit in (
        (limits.per_game - max(exposure.game, _NOTHING) - spent.game[snapshot.link.game_id], "per_game"),
        (limits.per_league - max(exposure.league, _NOTHING) - spent.league[_league(snapshot)], "per_league"),
        (limits.per_day - max(exposure.day, _NOTHING) - spent.total, "per_day"),
        (limits.total - max(exposure.total, _NOTHING) - spent.total, "total"),
        (exposure.cash - spent.total, "cash"),
        (rules.equity_share * exposure.equity - market, "max_equity_share"),
    ):
        if left < least:
            least, name = left, limit
    return max(least, _NOTHING), name


def fit(snapshot: Snapshot, offer: Offer, rules: Rules, spent: Spent, scale: float = 1.0) -> Purchase | NoPurchase:
    """The purchase of an offer that Kelly wants, the book holds and the limits leave room for; whole contracts.

    A level is used while its own contracts are worth the strategy's least, and to the total that Kelly would have at
    that level's price, less what is at stake in the market already. `scale` multiplies Kelly's wish, for bets that are
    sized together. A maker's purchase is all at its own price. Exposures and equity are numbers: their gates passed.
    """
    exposure = snapshot.exposure
    if exposure.cash.is_nan():
        return NoPurchase("cash", 0.0)
    if exposure.orders_last_minute + spent.orders >= rules.orders_per_minute:
        return NoPurchase("order_rate", 0.0)
    dollars, binding = room(snapshot, rules, spent)
    stake = rules.kelly_share * scale * number(exposure.equity)
    at_stake = max(0.0, number(exposure.market))
    most = rules.max_contracts
    wanted_first = None
    bound_by, bought, outlay, paid, limit_price = "book", 0, _NOTHING, _NOTHING, _NOTHING
    for at, price, available in _levels(snapshot, offer, rules):
        charge = offer.fee_rate * at * (1.0 - at)
        cost = at + charge
        if round(offer.probability - cost, 9) < rules.min_net_value:
            bound_by = "min_net_value"
            break
        wanted = max(0.0, (stake * kelly_fraction(offer.probability, at, charge) - at_stake) / cost)
        wanted_first = wanted if wanted_first is None else wanted_first
        count, bound_by = most - bought, "max_contracts"
        if wanted - bought < count:
            count, bound_by = wanted - bought, "kelly"
        if available < count:
            count, bound_by = available, "book"
        count = int(count)
        fitting, costs = _affordable(offer, price, count, cost, dollars - outlay, rules)
        if fitting < count:
            count, bound_by = fitting, binding
        if count > 0:
            outlay += costs
            paid += price * count
            bought += count
            limit_price = price
        if bound_by != "book":
            break
    first = wanted_first or 0.0
    if bought <= 0:
        return NoPurchase(bound_by, first)
    value = round(offer.probability - float(outlay) / bought, 6)
    if value < rules.min_net_value:
        return NoPurchase("fee_rounding", first)
    return Purchase(
        contracts=bought,
        limit_price=limit_price,
        outlay=outlay,
        fee=outlay - paid,
        average_price=paid / bought,
        net_value=Decimal(f"{value:.6f}"),
        wanted=first,
        bound_by=bound_by,
    )


def _levels(snapshot: Snapshot, offer: Offer, rules: Rules) -> Iterator[tuple[float, Decimal, float]]:
    """(price, the same exact, contracts to be had) of the side, best first, as far as they make sense."""
    if rules.maker:
        yield offer.price, Decimal(offer.price_steps) / STEPS, inf
        return
    assert snapshot.quote is not None
    book, last = snapshot.quote.book, 0
    for level in book.no_bids if offer.side is Side.YES else book.yes_bids:
        bid, contracts = steps(level.price), number(level.contracts)
        at = 0 if bid is None else STEPS - bid
        if at < last or not rules.price_open(at) or not 0 < contracts < inf:
            return
        last = at
        yield at / STEPS, 1 - level.price, contracts


def _affordable(
    offer: Offer, price: Decimal, count: int, cost: float, dollars: Decimal, rules: Rules
) -> tuple[int, Decimal]:
    """The most contracts, up to `count`, whose outlay is within `dollars`, and that outlay."""
    count = min(count, int(float(dollars) / cost) + 1)
    while count > 0:
        outlay = _outlay(offer, price, count, rules)
        if outlay <= dollars:
            return count, outlay
        count -= max(1, ceil(float(outlay - dollars) / cost) - 1)
    return 0, _NOTHING


def _outlay(offer: Offer, price: Decimal, count: int, rules: Rules) -> Decimal:
    """What buying `count` at one price takes from the balance."""
    contracts = Decimal(count)
    charged = fee(offer.schedule, price=price, contracts=contracts, maker=rules.maker)
    change, _ = floor_balance(offer.schedule, revenue=-price * contracts, trade_fee=charged)
    return -change


def _league(snapshot: Snapshot) -> str | None:
    return snapshot.game.league if snapshot.game is not None else snapshot.market.league
