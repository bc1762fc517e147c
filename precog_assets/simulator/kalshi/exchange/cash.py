"""What a fill or a settlement does to a purse: position, cost, gains, cash. Pure arithmetic on the records."""

from __future__ import annotations

from precog_assets.simulator.kalshi.exchange.accounts import Purse
from precog_assets.simulator.kalshi.exchange.model import BookSide, Position
from precog_assets.simulator.kalshi.exchange.units import DOLLAR, floored


def fill_purse(purse: Purse, ticker: str, side: BookSide, price: int, count: int, fee: int, time_us: int) -> Position:
    """Book one fill; the position after it. YES and NO net: a pair of them is a dollar at once."""
    position = purse.position(ticker)
    sign = 1 if side == "bid" else -1
    own = price if side == "bid" else DOLLAR - price
    closing = min(count, max(0, -sign * position.count))
    opening = count - closing
    change = (DOLLAR - own) * closing - own * opening
    if closing:
        released = position.cost * closing // abs(position.count)
        position.cost -= released
        position.realized += (DOLLAR - own) * closing - released
    position.cost += own * opening
    position.count += sign * count
    position.traded += own * opening + (DOLLAR - own) * closing
    position.volume += count
    position.fees += fee
    position.updated_us = purse.updated_us = time_us
    purse.cash += floored(change - fee)
    return position


def pay_out(purse: Purse, ticker: str, value: int, time_us: int) -> tuple[Position, int]:
    """Take the position off the purse and pay it at `value` of YES; the position as it was held, and the money."""
    position = purse.positions.pop(ticker)
    count = position.count
    revenue = value * count if count > 0 else (DOLLAR - value) * -count
    position.realized += revenue - position.cost
    position.updated_us = purse.updated_us = time_us
    purse.cash += floored(revenue)
    return position, revenue
