"""Who trades: accounts with their keys, purses (subaccounts), orders, fills, and what resting orders tie up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from precog_assets.simulator.kalshi.exchange.model import Fill, Order, OrderGroup, Position, Settlement
from precog_assets.simulator.kalshi.exchange.units import DOLLAR

LAST_SUBACCOUNT = 63
ALL_SCOPES = ("read", "write")

FeeOf = Callable[[int, int], int]
"""Maker's fee by price and count."""


@dataclass(frozen=True, slots=True)
class Key:
    """An API key; only its public half is known here."""

    key_id: str
    account_id: str
    public_pem: str
    scopes: tuple[str, ...] = ALL_SCOPES

    def allows(self, scope: str) -> bool:
        """Whether the key has a scope or its parent, e.g. `write` for `write::trade`."""
        return scope in self.scopes or scope.partition("::")[0] in self.scopes


@dataclass(slots=True)
class Purse:
    """The money and positions of one subaccount; 0 is the account's own."""

    number: int
    cash: int = 0
    updated_us: int = 0
    netting: bool = False
    positions: dict[str, Position] = field(default_factory=dict)
    resting: dict[str, dict[str, Order]] = field(default_factory=dict)
    """Resting orders by ticker, then id."""
    reserved: dict[str, int] = field(default_factory=dict)
    """Money tied up by ticker."""

    @property
    def available(self) -> int:
        """What may still be spent."""
        return self.cash - sum(self.reserved.values())

    def position(self, ticker: str) -> Position:
        """The position in a market, made at its first use."""
        found = self.positions.get(ticker)
        if found is None:
            found = self.positions[ticker] = Position(ticker, subaccount=self.number)
        return found

    def held(self, ticker: str) -> int:
        """Contracts held; below 0 for NO."""
        found = self.positions.get(ticker)
        return found.count if found is not None else 0

    def reserve(self, ticker: str, fee_of: FeeOf) -> None:
        """Work out anew what the resting orders of a market tie up."""
        money = collateral(self.resting.get(ticker, {}).values(), self.held(ticker), fee_of)
        if money:
            self.reserved[ticker] = money
        else:
            self.reserved.pop(ticker, None)


def collateral(orders: Iterable[Order], held: int, fee_of: FeeOf) -> int:
    """Money for resting orders of one market to be filled in full, with makers' fees.

    An order against what is held closes it and needs no money; the best prices come first, as they fill first.
    """
    bids, asks = [], []
    for order in orders:
        (bids if order.side == "bid" else asks).append(order)
    bids.sort(key=lambda order: (-order.price, order.sequence))
    asks.sort(key=lambda order: (order.price, order.sequence))
    money = 0
    for side, covered in ((bids, max(0, -held)), (asks, max(0, held))):
        for order in side:
            free = min(covered, order.remaining)
            covered -= free
            own = order.price if order.side == "bid" else DOLLAR - order.price
            money += own * (order.remaining - free) + fee_of(order.price, order.remaining)
    return money


@dataclass(slots=True)
class Group:
    """An order group at work: its public record, its orders, and its fills of the last 15 seconds."""

    record: OrderGroup
    order_ids: list[str] = field(default_factory=list)
    recent: deque[tuple[int, int]] = field(default_factory=deque)
    """Time and contracts of fills."""


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money brought in, or taken out where it is below 0."""

    deposit_id: str
    money: int
    time_us: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money moved between subaccounts."""

    transfer_id: str
    source: int
    target: int
    amount_cents: int
    time_us: int


@dataclass(slots=True)
class Account:
    """A member of the exchange; everything by order of arrival."""

    account_id: str
    tier: str
    purses: dict[int, Purse]
    orders: dict[str, Order] = field(default_factory=dict)
    client_ids: set[str] = field(default_factory=set)
    """Every client order id ever used: they never come free."""
    fills: list[Fill] = field(default_factory=list)
    settlements: list[Settlement] = field(default_factory=list)
    settled: list[Position] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    deposits: list[Deposit] = field(default_factory=list)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    numbered: int = 0
    """Orders, groups and deposits made so far: the root of their ids."""

    def resting(self, subaccount: int | None = None) -> list[Order]:
        """Resting orders in the order of arrival, of one subaccount or of all."""
        purses = self.purses.values() if subaccount is None else [self.purses[subaccount]]
        found = [order for purse in purses for orders in purse.resting.values() for order in orders.values()]
        return sorted(found, key=lambda order: order.sequence)
