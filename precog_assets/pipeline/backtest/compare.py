"""What a paper book did beside what a backtest of the same markets does: where they differ, why, and in dollars.

Belongs here: pairing decisions, naming causes, sharing a difference in profit among them. Does not: reading the book
(`queries.traded`), running the backtest (`run.py`), both together (`pipeline.divergence`).

Two decisions of one strategy on one market are the same when both took the same side within a window. Their causes:

- `gate`: one took a position where the other did not, or both passed for different reasons
- `latency`: both took, at instants further apart than the tolerance; what the price differs by is its doing
- `price`: both took at the same instant, at different prices
- `fee`: what was charged differs by more than prices explain
- `fill`: different numbers of contracts were had

A pair's difference in profit is the sum of its causes' dollars, exactly: with contracts c, price p, fee a contract f
and payoff m, c1(m-p1-f1) - c2(m-p2-f2) = (c1-c2)(m-p2-f2) [fill] + c1(p2-p1 + f2-g) [price or latency] + c1(g-f1)
[fee], where g is f2 carried to the price p1 by p(1-p), the form of both venues' fees.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from precog_assets.domain.trading import Action, Decision, Side
from precog_assets.pipeline.backtest.account import Bet

ZERO, ONE = Decimal(0), Decimal(1)
CENT = Decimal("0.01")
"""What rounding may do to the fees of an order: beside another cause, no less is called a fee."""
WINDOW = timedelta(minutes=15)
TOLERANCE = timedelta(seconds=5)
NOT_ASKED = "not asked"


class Cause(StrEnum):
    """Why two books differ."""

    PRICE = "price"
    FEE = "fee"
    LATENCY = "latency"
    GATE = "gate"
    FILL = "fill"


@dataclass(frozen=True, slots=True)
class Made:
    """A decision and what its order came to. Prices and payoffs are those of the side bought."""

    decision_id: str
    strategy: str
    market_id: str
    as_of: datetime
    took: bool
    reason: str
    side: Side | None = None
    limit_price: Decimal | None = None
    contracts: Decimal = ZERO
    """Filled."""
    cost: Decimal = ZERO
    fees: Decimal = ZERO
    yes_value: Decimal | None = None
    """None: not settled, or given back."""
    given_back: bool = False

    @property
    def price(self) -> Decimal | None:
        """Paid a contract, fees apart; the limit where nothing was filled."""
        return self.cost / self.contracts if self.contracts else self.limit_price

    @property
    def payoff(self) -> Decimal | None:
        """Dollars that a contract paid."""
        if self.given_back and self.contracts:
            return self.price
        if self.yes_value is None:
            return None
        return self.yes_value if self.side is Side.YES else ONE - self.yes_value

    @property
    def profit(self) -> Decimal | None:
        """Dollars, fees counted; None while unsettled."""
        if not self.contracts:
            return ZERO
        return None if self.payoff is None else self.payoff * self.contracts - self.cost - self.fees

    def words(self) -> str:
        """What it did, in a few words."""
        if not self.took:
            return self.reason
        price = "" if self.price is None else f" at {_short(self.price)}"
        return f"{self.contracts.normalize():f} {self.side}{price}, fees {_short(self.fees)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One cause of one difference; of a pair there may be several."""

    cause: Cause
    strategy: str
    market_id: str
    at: datetime
    """Of the paper decision, where there is one."""
    paper: str
    backtest: str
    dollars: Decimal | None
    """By how much paper earned more for it; None where the market has not been settled."""
    seconds: float | None = None
    """By how much paper was later."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two books of the same markets."""

    paper_taken: int
    backtest_taken: int
    pairs: int
    """Positions that both took."""
    same: int
    """Pairs without any difference."""
    passes: int
    """Paper decisions to pass that the backtest made too."""
    differences: tuple[Difference, ...]
    paper_profit: Decimal
    """Of settled positions."""
    backtest_profit: Decimal

    def by_cause(self) -> dict[Cause, tuple[int, Decimal, int]]:
        """Of each cause: how often, dollars, and how many of them are not settled."""
        return {
            cause: (
                len(mine),
                sum((one.dollars or ZERO for one in mine), ZERO),
                sum(one.dollars is None for one in mine),
            )
            for cause in Cause
            for mine in [[one for one in self.differences if one.cause is cause]]
        }


def made_of(decision: Decision, bet: Bet | None) -> Made:
    """A backtest's decision and the bet that came of it."""
    return Made(
        decision_id=decision.decision_id,
        strategy=decision.strategy,
        market_id=decision.market_id,
        as_of=decision.as_of,
        took=decision.action is Action.TAKE,
        reason=decision.reason,
        side=decision.side,
        limit_price=decision.limit_price,
        contracts=bet.contracts if bet else ZERO,
        cost=bet.cost if bet else ZERO,
        fees=bet.fees if bet else ZERO,
        yes_value=bet.yes_value if bet else None,
        given_back=bet.returned if bet else False,
    )


def compare(
    paper: Iterable[Made],
    backtest: Iterable[Made],
    *,
    tolerance: timedelta = TOLERANCE,
    window: timedelta = WINDOW,
) -> Comparison:
    """The two books beside each other; markets that paper has no decision on are left out.

    `tolerance`: instants so near count as one. `window`: decisions further apart are not of the same moment.
    """
    groups = _groups(paper)
    others = _groups(backtest)
    differences: list[Difference] = []
    pairs = same = passes = 0
    mine = [one for group in groups.values() for one in group]
    theirs = [one for key in groups for one in others.get(key, ())]
    for key, group in groups.items():
        other = others.get(key, [])
        paired, alone, unmet = _paired(group, other, window)
        pairs += len(paired)
        for one, two in paired:
            found = _between(one, two, tolerance)
            same += not found
            differences += found
        differences += [_only_paper(one, _said(other, one.as_of, window)) for one in alone]
        differences += [_only_backtest(_said(group, two.as_of, None), two) for two in unmet]
        for one in group:
            two = None if one.took else _said(other, one.as_of, window)
            if two is not None and not two.took:
                passes += one.reason == two.reason
                if one.reason != two.reason:
                    differences.append(_difference(Cause.GATE, one, two, ZERO))
    order = sorted(differences, key=lambda one: (one.at, one.market_id, one.cause.value))
    return Comparison(
        paper_taken=sum(one.took for one in mine),
        backtest_taken=sum(one.took for one in theirs),
        pairs=pairs,
        same=same,
        passes=passes,
        differences=tuple(order),
        paper_profit=sum((one.profit or ZERO for one in mine), ZERO),
        backtest_profit=sum((one.profit or ZERO for one in theirs), ZERO),
    )


def _groups(made: Iterable[Made]) -> dict[tuple[str, str], list[Made]]:
    found: defaultdict[tuple[str, str], list[Made]] = defaultdict(list)
    for one in sorted(made, key=lambda one: one.as_of):
        found[one.strategy, one.market_id].append(one)
    return dict(found)


def _paired(
    mine: Sequence[Made], theirs: Sequence[Made], window: timedelta
) -> tuple[list[tuple[Made, Made]], list[Made], list[Made]]:
    """Positions of both that belong together, and those of each that are alone; the nearest pairs are made first."""
    taken, others = [one for one in mine if one.took], [one for one in theirs if one.took]
    near = sorted(
        (abs(one.as_of - two.as_of), at, to)
        for at, one in enumerate(taken)
        for to, two in enumerate(others)
        if one.side is two.side and abs(one.as_of - two.as_of) <= window
    )
    at_of: dict[int, int] = {}
    for _, at, to in near:
        if at not in at_of and to not in at_of.values():
            at_of[at] = to
    pairs = [(taken[at], others[to]) for at, to in sorted(at_of.items())]
    return (
        pairs,
        [one for at, one in enumerate(taken) if at not in at_of],
        [two for to, two in enumerate(others) if to not in at_of.values()],
    )


def _said(made: Sequence[Made], at: datetime, window: timedelta | None) -> Made | None:
    """The last decision until an instant; with a window, where there is none, the first soon after."""
    before = [one for one in made if one.as_of <= at]
    if before or window is None:
        return before[-1] if before else None
    return next((one for one in made if one.as_of <= at + window), None)


def _between(one: Made, two: Made, tolerance: timedelta) -> list[Difference]:
    """The causes of a pair."""
    late = abs(one.as_of - two.as_of) > tolerance
    found: list[Difference] = []
    moved = one.price != two.price
    if not one.contracts or not two.contracts:
        if late:
            found.append(_difference(Cause.LATENCY, one, two, ZERO))
        if one.contracts != two.contracts:
            dollars = None if one.profit is None or two.profit is None else one.profit - two.profit
            found.append(_difference(Cause.FILL, one, two, dollars))
        elif moved and not late:
            found.append(_difference(Cause.PRICE, one, two, ZERO))
        return found
    price, other = one.cost / one.contracts, two.cost / two.contracts
    fee, other_fee = one.fees / one.contracts, two.fees / two.contracts
    carried = other_fee * (price * (ONE - price)) / (other * (ONE - other)) if 0 < other < 1 else other_fee
    by_fee = one.contracts * (carried - fee)
    by_price = one.contracts * (other - price + other_fee - carried)
    by_fill = None
    if one.given_back and two.given_back:
        by_price = one.contracts * (other_fee - carried)
        by_fill = -(one.contracts - two.contracts) * other_fee
    elif two.payoff is not None:
        by_fill = (one.contracts - two.contracts) * (two.payoff - other - other_fee)
    filled = one.contracts != two.contracts
    if (filled or moved) and abs(by_fee) <= CENT:
        # Rounding of fees goes with what changed the order.
        if moved:
            by_price, by_fee = by_price + by_fee, ZERO
        elif by_fill is not None:
            by_fill, by_fee = by_fill + by_fee, ZERO
        else:
            by_fee = ZERO
    if late or moved:
        found.append(_difference(Cause.LATENCY if late else Cause.PRICE, one, two, by_price))
    if by_fee:
        found.append(_difference(Cause.FEE, one, two, by_fee))
    if filled:
        found.append(_difference(Cause.FILL, one, two, by_fill))
    return found


def _difference(cause: Cause, one: Made, two: Made, dollars: Decimal | None) -> Difference:
    seconds = (one.as_of - two.as_of).total_seconds()
    return Difference(cause, one.strategy, one.market_id, one.as_of, one.words(), two.words(), dollars, seconds)


def _only_paper(one: Made, two: Made | None) -> Difference:
    said = NOT_ASKED if two is None else two.words()
    return Difference(Cause.GATE, one.strategy, one.market_id, one.as_of, one.words(), said, one.profit)


def _only_backtest(one: Made | None, two: Made) -> Difference:
    said = NOT_ASKED if one is None else one.words()
    dollars = None if two.profit is None else -two.profit
    return Difference(Cause.GATE, two.strategy, two.market_id, two.as_of, said, two.words(), dollars)


def _short(dollars: Decimal) -> str:
    """Two decimals, four where there are more."""
    return f"{dollars:.2f}" if dollars == round(dollars, 2) else f"{dollars:.4f}"
