"""The double-entry ledger of one trading account: every transaction's legs sum to zero, exactly.

Belongs here: what deposits, withdrawals, fills and payouts do to accounts and holdings, and what the holdings are
worth. Does not: what a market paid and whether that is right (`settlement.py`), nor storing entries.

Signs: money that comes to an account is positive. Cash, fees and positions grow by what they get; deposits and profit
are where it came from, so a gain is negative on `profit`, a deposit negative on `deposits`, a withdrawal positive on
`withdrawals`. A position's account holds what its contracts cost, fees apart; fees paid stand on `fees`.

Netting is the venue's (Kalshi, "selling is buying the other side"): one account never holds both sides of a market.
Buying a side against contracts held of the other redeems the pairs at a dollar at once, in the same transaction; the
gain is that of the side that was held, whose cost leaves by its average. Legs carry the strategy that opened the
position they belong to; cash and fee legs that of the fill. Holdings are a fold over fills and payouts: a ledger is
built anew by giving them again in the order they were given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from precog_assets.domain.trading import Fill, LedgerEntry, Position, QuoteFacts, Side
from precog_assets.trading.marks import mark_liquidation, mark_mid

ZERO, ONE = Decimal(0), Decimal(1)
CASH, FEES, DEPOSITS, WITHDRAWALS, PROFIT = "cash", "fees", "deposits", "withdrawals", "profit"
STEP = Decimal("0.00000001")
"""Dollars: a price of six decimals times a hundredth of a contract; no amount is finer."""
LARGEST = Decimal(10) ** 15
Entries = tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of one side of a market, and what it brought until now."""

    contracts: Decimal = ZERO
    cost: Decimal = ZERO
    """Of the contracts held now, fees apart."""
    fees: Decimal = ZERO
    gained: Decimal = ZERO
    """Dollars by sales and payouts, fees not counted."""
    strategy: str = ""
    """That opened it."""


@dataclass(frozen=True, slots=True)
class Equity:
    """Cash and positions, dollars."""

    value: Decimal
    unmarked: tuple[str, ...]
    """Markets held without any quote; their positions are counted at what they cost."""


@dataclass(frozen=True, slots=True)
class _Payout:
    """What a payout closed, to be undone should the venue amend it."""

    entries: Entries
    closed: Mapping[tuple[str, Side], tuple[Holding, Decimal]]
    """The holding before, and the dollars it gained."""


class Ledger:
    """One account. Every method books one transaction and gives its legs; booked before, it gives none."""

    def __init__(self) -> None:
        self._balances: dict[str, Decimal] = {}
        self._holdings: dict[tuple[str, Side], Holding] = {}
        self._booked: set[str] = set()
        self._payouts: dict[str, _Payout] = {}

    @property
    def balances(self) -> Mapping[str, Decimal]:
        """Dollars by account."""
        return self._balances

    @property
    def cash(self) -> Decimal:
        return self._balances.get(CASH, ZERO)

    def holding(self, market_id: str, side: Side) -> Holding:
        return self._holdings.get((market_id, side), Holding())

    def deposit(self, transaction_id: str, dollars: Decimal, *, at: datetime, strategy: str = "") -> Entries:
        """Money brought in. Raises ValueError unless it is above zero."""
        if dollars <= 0:
            raise ValueError(f"deposit of {dollars} dollars: expected above 0")
        return self._book(transaction_id, at, "deposit", [(CASH, dollars, strategy), (DEPOSITS, -dollars, strategy)])

    def withdraw(self, transaction_id: str, dollars: Decimal, *, at: datetime, strategy: str = "") -> Entries:
        """Money taken out. Raises ValueError unless it is above zero and there."""
        if dollars <= 0 or (transaction_id not in self._booked and dollars > self.cash):
            raise ValueError(f"withdrawal of {dollars} dollars: expected above 0 and at most the {self.cash} there are")
        legs = [(CASH, -dollars, strategy), (WITHDRAWALS, dollars, strategy)]
        return self._book(transaction_id, at, "withdrawal", legs)

    def fill(self, fill: Fill, strategy: str) -> Entries:
        """A fill: contracts bought, pairs with the other side redeemed, the fee on its own account.

        Raises ValueError for a price outside [0, 1], a count not above 0, a fee below 0, or finer amounts than STEP.
        """
        transaction_id = f"fill:{fill.fill_id}"
        if transaction_id in self._booked:
            return ()
        numbers = all(number.is_finite() for number in (fill.price, fill.contracts, fill.fee))
        if not numbers or not ZERO <= fill.price <= ONE or fill.contracts <= 0 or fill.fee < 0:
            raise ValueError(
                f"fill {fill.fill_id}: {fill.contracts} contracts at {fill.price} for a fee of {fill.fee}; expected a "
                "price from 0 to 1, contracts above 0 and a fee not below 0"
            )
        own, other = (fill.market_id, fill.side), (fill.market_id, fill.side.other)
        held, against = self._holdings.get(own, Holding()), self._holdings.get(other, Holding())
        pairs = min(fill.contracts, against.contracts)
        paid = fill.price * fill.contracts
        opened = fill.contracts - pairs
        opener = held.strategy if held.contracts else strategy
        legs = [(CASH, -paid, strategy), (position_account(*own), paid, opener)]
        if fill.fee:
            legs += [(CASH, -fill.fee, strategy), (FEES, fill.fee, strategy)]
        if pairs:
            released = _share(against.cost, pairs, against.contracts)
            bought = fill.price * pairs
            gain = pairs - released - bought
            legs += [
                (CASH, pairs, strategy),
                (position_account(*other), -released, against.strategy),
                (position_account(*own), -bought, opener),
                (PROFIT, -gain, against.strategy),
            ]
            against = replace(
                against,
                contracts=against.contracts - pairs,
                cost=against.cost - released,
                gained=against.gained + gain,
            )
        held = replace(
            held,
            contracts=held.contracts + opened,
            cost=held.cost + fill.price * opened,
            fees=held.fees + fill.fee,
            strategy=opener,
        )
        entries = self._book(transaction_id, fill.filled_at, "", legs)
        self._holdings[own] = held
        if pairs:
            self._holdings[other] = against
        return entries

    def pay_out(
        self, transaction_id: str, market_id: str, yes_value: Decimal | None, *, at: datetime, note: str = ""
    ) -> Entries:
        """Close what is held of a market at `yes_value` dollars a YES contract; None returns what it cost.

        Gives no legs when nothing is held. Raises ValueError for a value outside [0, 1].
        """
        if yes_value is not None and not ZERO <= yes_value <= ONE:
            raise ValueError(f"{market_id}: a YES contract pays from 0 to 1 dollar, not {yes_value}")
        if transaction_id in self._booked:
            return ()
        legs: list[tuple[str, Decimal, str]] = []
        closed: dict[tuple[str, Side], tuple[Holding, Decimal]] = {}
        for side in Side:
            holding = self.holding(market_id, side)
            if not holding.contracts:
                continue
            own_value = yes_value if yes_value is None or side is Side.YES else ONE - yes_value
            paid = holding.cost if own_value is None else own_value * holding.contracts
            closed[market_id, side] = (holding, paid - holding.cost)
            legs += [
                (CASH, paid, holding.strategy),
                (position_account(market_id, side), -holding.cost, holding.strategy),
                (PROFIT, holding.cost - paid, holding.strategy),
            ]
        if not legs:
            return ()
        entries = self._book(transaction_id, at, note, legs)
        self._payouts[transaction_id] = _Payout(entries, closed)
        for key, (holding, gain) in closed.items():
            self._holdings[key] = replace(holding, contracts=ZERO, cost=ZERO, gained=holding.gained + gain)
        return entries

    def reverse_payout(self, transaction_id: str, *, at: datetime, note: str = "") -> Entries:
        """Undo a payout by a transaction of its own, `{transaction_id}:reversed`; what it closed is held again.

        Raises ValueError for a transaction that is no payout of this ledger.
        """
        payout = self._payouts.get(transaction_id)
        if payout is None:
            raise ValueError(f"transaction {transaction_id!r} is no payout of this ledger")
        reversal_id = f"{transaction_id}:reversed"
        if reversal_id in self._booked:
            return ()
        legs = [(entry.account, -entry.amount, entry.strategy) for entry in payout.entries]
        entries = self._book(reversal_id, at, note, legs)
        for key, (before, gain) in payout.closed.items():
            now = self._holdings[key]
            self._holdings[key] = replace(
                now,
                contracts=now.contracts + before.contracts,
                cost=now.cost + before.cost,
                gained=now.gained - gain,
                strategy=before.strategy,
            )
        return entries

    def positions(self, quotes: Mapping[str, QuoteFacts] | None = None) -> list[Position]:
        """Every side of a market that is or was held, with its marks where `quotes` has the market."""
        found = []
        for (market_id, side), holding in self._holdings.items():
            quote = quotes.get(market_id) if quotes else None
            found.append(
                Position(
                    market_id=market_id,
                    side=side,
                    contracts=holding.contracts,
                    average_price=holding.cost / holding.contracts if holding.contracts else ZERO,
                    fees=holding.fees,
                    realised=holding.gained - holding.fees,
                    mark_mid=mark_mid(quote, side),
                    mark_liquidation=mark_liquidation(quote, side, holding.contracts),
                )
            )
        return found

    def equity(self, quotes: Mapping[str, QuoteFacts]) -> Equity:
        """Cash, and each position at what selling all of it now would bring before fees."""
        value, unmarked = self.cash, list[str]()
        for (market_id, side), holding in self._holdings.items():
            if not holding.contracts:
                continue
            mark = mark_liquidation(quotes.get(market_id), side, holding.contracts)
            if mark is None:
                unmarked.append(market_id)
            value += holding.cost if mark is None else mark * holding.contracts
        return Equity(value, tuple(unmarked))

    def _book(self, transaction_id: str, at: datetime, note: str, legs: list[tuple[str, Decimal, str]]) -> Entries:
        if transaction_id in self._booked:
            return ()
        for account, amount, _ in legs:
            if not amount.is_finite() or abs(amount) > LARGEST or amount != amount.quantize(STEP):
                raise ValueError(f"{transaction_id}: {amount} dollars on {account}; expected a multiple of {STEP}")
        if sum((amount for _, amount, _ in legs), ZERO) != 0:
            raise AssertionError(f"{transaction_id}: its legs do not sum to zero: {legs}")
        entries = tuple(
            LedgerEntry(transaction_id, leg, at, account, amount, strategy, note)
            for leg, (account, amount, strategy) in enumerate(legs)
        )
        for entry in entries:
            self._balances[entry.account] = self._balances.get(entry.account, ZERO) + entry.amount
        self._booked.add(transaction_id)
        return entries


def position_account(market_id: str, side: Side) -> str:
    """The account that holds what a position cost."""
    return f"position:{market_id}:{side.value}"


def unrealised(position: Position, *, at_mid: bool = False) -> Decimal | None:
    """Dollars a position would gain by selling now, or at the mid, before fees; None without that mark."""
    mark = position.mark_mid if at_mid else position.mark_liquidation
    return None if mark is None else (mark - position.average_price) * position.contracts


def _share(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The cost of a part of the contracts held, to STEP; the last part takes what is left."""
    return cost if part == whole else (cost * part / whole).quantize(STEP)
