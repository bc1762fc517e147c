"""What an order would do before it is sent: cost, fee, value, and what would be held and at stake after it. Pure.

Belongs here: the preview. Does not: whether the order is a good one (`gates.py`), nor sending it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from precog_assets.domain.trading import Book, ExposureFacts, Side
from precog_assets.trading.ledger import Holding
from precog_assets.trading.paper import FeeOf, is_crossed, offered

ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class Preview:
    """An order as it would go, in dollars and contracts. A maker's is told as if it filled whole, at its price."""

    side: Side
    contracts: Decimal
    """That would be bought: all a taker can get at its limit, all a maker asks for."""
    unfilled: Decimal
    """That a taker would not get."""
    average_price: Decimal | None
    """None when nothing would be bought."""
    cost: Decimal
    """Of the contracts, fees apart."""
    fee: Decimal
    redeemed: Decimal
    """Dollars that come back at once from pairs with contracts held of the other side."""
    cash_needed: Decimal
    """Cost and fee less what comes back; below zero when the order brings money."""
    value: Decimal | None
    """Expected dollars of the contracts bought less cost and fee; None without a probability."""
    held_yes: Decimal
    held_no: Decimal
    """Held of the market after it."""
    exposure: ExposureFacts
    """What would be at stake after it."""
    affordable: bool
    """Whether the cash is there."""


def preview(
    *,
    side: Side,
    limit_price: Decimal,
    contracts: Decimal,
    post_only: bool,
    book: Book,
    fee: FeeOf,
    exposure: ExposureFacts,
    yes: Holding | None = None,
    no: Holding | None = None,
    p_yes: float | None = None,
) -> Preview:
    """An order against a book, for an account with these holdings of the market.

    `p_yes` is the probability to value YES by. Raises ValueError for a price outside (0, 1) or no contracts.
    """
    if not ZERO < limit_price < ONE or contracts <= 0:
        raise ValueError(f"{contracts} contracts at {limit_price}: expected a price above 0 and below 1, and contracts")
    yes, no = yes or Holding(), no or Holding()
    parts = [(limit_price, contracts)] if post_only else _walk(side, limit_price, contracts, book)
    bought = sum((count for _, count in parts), ZERO)
    cost = sum((price * count for price, count in parts), ZERO)
    charged = sum((fee(price=price, contracts=count, maker=post_only) for price, count in parts), ZERO)
    own, against = (yes, no) if side is Side.YES else (no, yes)
    pairs = min(bought, against.contracts)
    own_after, against_after = own.contracts + bought - pairs, against.contracts - pairs
    released = against.cost * pairs / against.contracts if pairs else ZERO
    opened_cost = cost * (bought - pairs) / bought if bought else ZERO
    at_stake = opened_cost + charged - released
    needed = cost + charged - pairs
    return Preview(
        side=side,
        contracts=bought,
        unfilled=contracts - bought,
        average_price=cost / bought if bought else None,
        cost=cost,
        fee=charged,
        redeemed=pairs,
        cash_needed=needed,
        value=None if p_yes is None else _probability(p_yes, side) * bought - cost - charged,
        held_yes=own_after if side is Side.YES else against_after,
        held_no=against_after if side is Side.YES else own_after,
        exposure=_after(exposure, at_stake, needed, charged),
        affordable=needed <= exposure.cash,
    )


def _walk(side: Side, limit_price: Decimal, contracts: Decimal, book: Book) -> list[tuple[Decimal, Decimal]]:
    parts: list[tuple[Decimal, Decimal]] = []
    if is_crossed(book):
        return parts
    left = contracts
    for level in offered(book, side, limit_price):
        parts.append((level.price, min(left, level.contracts)))
        left -= parts[-1][1]
        if not left:
            break
    return parts


def _probability(p_yes: float, side: Side) -> Decimal:
    if not 0 <= p_yes <= 1:
        raise ValueError(f"p_yes {p_yes}: expected a probability")
    own = Decimal(str(p_yes))
    return own if side is Side.YES else ONE - own


def _after(before: ExposureFacts, at_stake: Decimal, needed: Decimal, charged: Decimal) -> ExposureFacts:
    """Exposure with the order in it: what closes a position lowers it, and never below zero."""
    return ExposureFacts(
        equity=before.equity - charged,
        cash=before.cash - needed,
        peak_equity=before.peak_equity,
        market=max(ZERO, before.market + at_stake),
        game=max(ZERO, before.game + at_stake),
        league=max(ZERO, before.league + at_stake),
        day=max(ZERO, before.day + at_stake),
        total=max(ZERO, before.total + at_stake),
        orders_last_minute=before.orders_last_minute + 1,
    )
