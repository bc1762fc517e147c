"""What is left of an edge: expected dollars a contract of buying YES or NO, as taker or maker, after every cost.

Belongs here: walking the visible book, fees of each fill, and the value with its parts. Does not: whether a value is
worth an order (gates), how many contracts to want (sizing), where the probability comes from.

    net = gross edge - half-spread - slippage - fee          all dollars a contract of the side bought
    gross edge = probability of the side - its mid

Prices, contracts and fees are exact Decimals; parts, which hang on a float probability, are floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from precog_assets.domain.trading import Book, Level, Side
from precog_assets.pricing.fees import FeeSchedule, check_contracts, check_price, fee

_ONE = Decimal(1)
_MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Walk:
    """A taker's way through a book: what was taken at which price, and what the venue charges for it."""

    side: Side
    levels: tuple[Level, ...]
    """Taken, best first."""
    best_price: Decimal
    wanted: Decimal
    contracts: Decimal
    """Taken in all; less than wanted where the book, or the limit, ends."""
    cost: Decimal
    """Dollars without the fee."""
    fee: Decimal
    """Dollars, each level's fill rounded up on its own."""

    @property
    def average_price(self) -> Decimal:
        return self.cost / self.contracts

    @property
    def worst_price(self) -> Decimal:
        """What an order must allow to take all of it."""
        return self.levels[-1].price

    @property
    def unfilled(self) -> Decimal:
        return self.wanted - self.contracts


@dataclass(frozen=True, slots=True)
class Value:
    """Expected value of buying `contracts` of `side`, and what it is made of. Floats are dollars a contract."""

    side: Side
    entry: Literal["taker", "maker"]
    probability: float
    """That the side bought pays."""
    contracts: Decimal
    """That the value is of: what can be taken, or what rests."""
    mid: Decimal
    """Of the side bought."""
    average_price: Decimal
    limit_price: Decimal
    """The worst price among the fills, or the price to rest at."""
    total_fee: Decimal
    """Dollars in all."""
    gross_edge: float
    half_spread: float
    """From the mid to the best offer; for a maker to its own price, and below zero where that is better."""
    slippage: float
    """From the best offer to the average price; for a maker what being filled is expected to say against it."""
    fee: float
    net: float
    """What is left. For a maker: given that the order is filled."""
    break_even: float
    """Probability of the side at which `net` is 0."""

    @property
    def net_dollars(self) -> Decimal:
        """`net` rounded down to a millionth of a dollar, so that no rounding makes a value."""
        return Decimal(repr(self.net)).quantize(_MILLIONTH, rounding=ROUND_FLOOR)


def check_book(book: Book) -> None:
    """Refuse a book that no exchange shows.

    Raises ValueError naming what was read: a price at or outside 0 and 1, a level without contracts, levels that are
    not best first, a crossed or locked book (best YES bid and best NO bid reach a dollar). Empty sides are allowed.
    """
    for side in Side:
        before = _ONE
        for level in book.bids(side):
            price, contracts = level.price, level.contracts
            if not (price.is_finite() and 0 < price < before and contracts.is_finite() and contracts > 0):
                _refuse_level(side, level, before)
            before = price
    if book.yes_bids and book.no_bids and book.yes_bids[0].price + book.no_bids[0].price >= 1:
        bid, ask = book.yes_bids[0].price, 1 - book.no_bids[0].price
        raise ValueError(f"crossed book: YES bid {bid} is not below YES ask {ask} (NO bid {book.no_bids[0].price})")


def _refuse_level(side: Side, level: Level, before: Decimal) -> None:
    try:
        check_price(level.price)
        check_contracts(level.contracts)
    except ValueError as error:
        raise ValueError(f"{side.value} bids: {error}") from error
    raise ValueError(f"{side.value} bids: {level.price} after {before}; expected best first, each price once")


def mid_of(book: Book, side: Side) -> Decimal:
    """Middle between a side's best bid and ask. Raises ValueError for an empty or one-sided book."""
    bids, against = book.bids(side), book.bids(side.other)
    if not bids or not against:
        missing = "empty book" if not bids and not against else "one-sided book"
        without = " and ".join(one.value.upper() for one in Side if not book.bids(one))
        raise ValueError(f"{missing}: no bids for {without}; expected bids for YES and NO")
    return (bids[0].price + 1 - against[0].price) / 2


def walk_book(
    book: Book, side: Side, contracts: Decimal, schedule: FeeSchedule, *, limit_price: Decimal | None = None
) -> Walk:
    """Take up to `contracts` of `side` from the visible levels, none above `limit_price`.

    Raises ValueError as `check_book`, and where not a contract can be taken.
    """
    check_book(book)
    check_contracts(contracts)
    if limit_price is not None:
        check_price(limit_price)
    against = book.bids(side.other)
    if not against:
        raise ValueError(f"nobody offers {side.value.upper()}: no {side.other.value.upper()} bids in the book")
    taken: list[Level] = []
    left = contracts
    best = 1 - against[0].price
    for bid in against:
        price = 1 - bid.price
        if left <= 0 or (limit_price is not None and price > limit_price):
            break
        taken.append(Level(price, min(left, bid.contracts)))
        left -= taken[-1].contracts
    if not taken:
        raise ValueError(f"limit price {limit_price} is below the best offer of {side.value.upper()}, {best}")
    fees = (fee(schedule, price=one.price, contracts=one.contracts, maker=False) for one in taken)
    return Walk(
        side=side,
        levels=tuple(taken),
        best_price=best,
        wanted=contracts,
        contracts=contracts - left,
        cost=sum((one.price * one.contracts for one in taken), Decimal(0)),
        fee=sum(fees, Decimal(0)),
    )


def taker_value(
    book: Book,
    side: Side,
    p_yes: float,
    contracts: Decimal,
    schedule: FeeSchedule,
    *,
    limit_price: Decimal | None = None,
) -> Value:
    """Value of taking up to `contracts` of `side` at once, where YES pays with probability `p_yes`.

    Raises ValueError for a probability outside [0, 1], an empty or one-sided book, and as `walk_book`.
    """
    probability = _of_side(side, p_yes)
    walk = walk_book(book, side, contracts, schedule, limit_price=limit_price)
    mid = mid_of(book, side)
    average = walk.average_price
    return _value(
        side,
        "taker",
        probability,
        walk.contracts,
        mid,
        average,
        walk.worst_price,
        walk.fee,
        half_spread=float(walk.best_price - mid),
        slippage=float(average - walk.best_price),
    )


def maker_value(
    book: Book,
    side: Side,
    p_yes: float,
    price: Decimal,
    contracts: Decimal,
    schedule: FeeSchedule,
    *,
    adverse_selection: float = 0.0,
) -> Value:
    """Value of resting an order for `contracts` of `side` at `price`, given that it is filled, at once and whole.

    `adverse_selection`: dollars a contract that the fair price is expected to have moved against a maker by the time
    somebody takes the order; it stands as slippage. Fills in pieces are each rounded up, by less than the schedule's
    step. Raises ValueError for a probability outside [0, 1], a price that would take instead of rest, a negative
    adverse selection, an empty or one-sided book, and as `check_book`.
    """
    probability = _of_side(side, p_yes)
    check_book(book)
    check_price(price)
    mid = mid_of(book, side)
    offered = 1 - book.bids(side.other)[0].price
    if price >= offered:
        raise ValueError(f"price {price} for {side.value.upper()} would take, not rest: it is offered at {offered}")
    if not adverse_selection >= 0:
        raise ValueError(f"adverse selection {adverse_selection}: expected dollars a contract from 0 up")
    charged = fee(schedule, price=price, contracts=contracts, maker=True)
    return _value(
        side,
        "maker",
        probability,
        contracts,
        mid,
        price,
        price,
        charged,
        half_spread=float(price - mid),
        slippage=adverse_selection,
    )


def _value(
    side: Side,
    entry: Literal["taker", "maker"],
    probability: float,
    contracts: Decimal,
    mid: Decimal,
    average_price: Decimal,
    limit_price: Decimal,
    total_fee: Decimal,
    *,
    half_spread: float,
    slippage: float,
) -> Value:
    gross_edge, fee_each = probability - float(mid), float(total_fee / contracts)
    return Value(
        side=side,
        entry=entry,
        probability=probability,
        contracts=contracts,
        mid=mid,
        average_price=average_price,
        limit_price=limit_price,
        total_fee=total_fee,
        gross_edge=gross_edge,
        half_spread=half_spread,
        slippage=slippage,
        fee=fee_each,
        net=gross_edge - half_spread - slippage - fee_each,
        break_even=float(mid) + half_spread + slippage + fee_each,
    )


def _of_side(side: Side, p_yes: float) -> float:
    if not 0 <= p_yes <= 1:
        raise ValueError(f"probability of YES {p_yes}: expected 0 to 1")
    return p_yes if side is Side.YES else 1 - p_yes
