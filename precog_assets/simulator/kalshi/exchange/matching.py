"""What an incoming order would meet: a plan of matches by price, then time. Nothing is changed here.

At one price the contracts stand in a queue: makers' before the first order, the order, makers' before the next, and
so on; `Order.ahead` says how many of makers' stand before each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from precog_assets.simulator.kalshi.exchange.model import BookSide, Order
from precog_assets.simulator.kalshi.exchange.pit import OPPOSITE, Pit


@dataclass(frozen=True, slots=True)
class Match:
    """Contracts at a price against a resting order, or against makers where there is none."""

    price: int
    count: int
    order: Order | None


class Plan(NamedTuple):
    """What to do, in order."""

    matches: list[Match]
    cancelled: list[Order]
    """Own resting orders that give way (`maker` self-trade prevention)."""
    stopped: bool
    """Whether an own resting order ended it (`taker_at_cross`)."""

    @property
    def filled(self) -> int:
        return sum(match.count for match in self.matches)


def crosses(pit: Pit, side: BookSide, price: int) -> bool:
    """Whether an order at that price would trade at once."""
    best = pit.best(OPPOSITE[side])
    return best is not None and (best <= price if side == "bid" else best >= price)


def plan(pit: Pit, order: Order) -> Plan:
    """The matches of an incoming order against everything shown at its price or better."""
    matches: list[Match] = []
    cancelled: list[Order] = []
    wanted = order.remaining
    for price, makers, queue in _levels(pit, order.side, order.price):
        from_makers = 0
        for resting in queue:
            share = min(wanted, max(0, min(resting.ahead, makers) - from_makers))
            from_makers += share
            wanted -= share
            if not wanted:
                break
            if resting.account_id == order.account_id:
                if order.self_trade == "maker":
                    cancelled.append(resting)
                    continue
                _add(matches, price, from_makers)
                return Plan(matches, cancelled, stopped=True)
            share = min(wanted, resting.remaining)
            matches.append(Match(price, share, resting))
            wanted -= share
            if not wanted:
                break
        share = min(wanted, makers - from_makers)
        _add(matches, price, from_makers + share)
        wanted -= share
        if not wanted:
            break
    return Plan(matches, cancelled, stopped=False)


def _add(matches: list[Match], price: int, count: int) -> None:
    if count:
        matches.append(Match(price, count, None))


def _levels(pit: Pit, side: BookSide, limit: int) -> Iterator[tuple[int, int, list[Order]]]:
    """Price, makers' contracts and accounts' orders of each level an order may take, best first."""
    other = OPPOSITE[side]
    makers = dict(pit.makers(other))
    queues: dict[int, list[Order]] = {}
    for resting in pit.resting(other):
        queues.setdefault(resting.price, []).append(resting)
    for price in sorted({*makers, *queues}, reverse=other == "bid"):
        if price > limit if side == "bid" else price < limit:
            return
        yield price, makers.get(price, 0), queues.get(price, [])
