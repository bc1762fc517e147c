"""An account made again from its tables is the account that wrote them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precog_assets.domain.trading import Order, OrderStatus, Side
from precog_assets.store import book, tables
from precog_assets.store.account import (
    load_account,
    open_account,
    open_orders,
    queued_since,
    read_taken,
    write_taken,
)
from precog_assets.trading.ledger import Ledger
from precog_assets.trading.settlement import Settlements, VenueResult
from precog_assets_tests.databases import count, wipe
from precog_assets_tests.pipeline.desk import MARKET, D, fill, order
from precog_assets_tests.store.rows import at

OTHER = "kalshi:KXNFLGAME-26NOV22JACKC-JAC"
SLOW = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def result(market_id: str = MARKET, said: str = "yes", value: str | None = "1", second: float = 9) -> VenueResult:
    return VenueResult(market_id, said, None if value is None else D(value), at(second))


class Account:
    """An account in memory whose every transaction is written as it is booked."""

    def __init__(self, connection: sa.Connection, venue: str = "paper") -> None:
        self.connection, self.venue = connection, venue
        self.held = Settlements(Ledger())
        self.steps = 0

    def fill(self, market_id: str, side: Side, price: str, contracts: int, fee: str) -> None:
        self.steps += 1
        name = f"{self.venue}{self.steps}"
        book.write_orders(self.connection, [order(name, market_id=market_id, side=side, venue=self.venue)])
        one = fill(name, side, price, contracts, fee, client_id=name, market_id=market_id, filled_at=at(self.steps))
        book.write_fills(self.connection, [one], at(self.steps))
        self._booked(self.held.ledger.fill(one, "value"))

    def settle(self, one: VenueResult) -> None:
        self.steps += 1
        settled = self.held.settle(one)
        if settled.is_new:
            book.write_settlements(self.connection, [(settled.settlement, one.yes_value)], at(self.steps))
        self._booked(settled.entries)

    def deposit(self, dollars: str) -> None:
        self.steps += 1
        self._booked(self.held.ledger.deposit(f"deposit:{self.steps}", D(dollars), at=at(self.steps)))

    def _booked(self, entries: Any) -> None:
        book.write_ledger(self.connection, entries, self.venue, at(self.steps))


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("fill"),
            st.sampled_from([MARKET, OTHER]),
            st.sampled_from(list(Side)),
            st.sampled_from(["0.05", "0.333333", "0.5", "0.97"]),
            st.integers(1, 40),
            st.sampled_from(["0", "0.0175", "1.11"]),
        ),
        st.tuples(
            st.just("settle"),
            st.sampled_from([MARKET, OTHER]),
            st.sampled_from([("yes", "1"), ("no", "0"), ("scalar", "0.5"), ("scalar", "0.37"), ("void", None)]),
        ),
        st.tuples(st.just("deposit"), st.sampled_from(["1", "250.55"])),
    ),
    max_size=14,
)


@SLOW
@given(STEPS)
def test_any_account_is_the_same_when_it_is_made_again(store: sa.Engine, steps: list[tuple[Any, ...]]) -> None:
    wipe(store)
    with store.begin() as connection:
        account = Account(connection)
        for number, (kind, *terms) in enumerate(steps):
            if kind == "settle":
                account.settle(result(terms[0], *terms[1], second=number))
            else:
                getattr(account, kind)(*terms)
        again = load_account(connection, "paper")
        assert again.ledger.cash == account.held.ledger.cash
        assert again.ledger.balances == account.held.ledger.balances
        assert again.ledger.positions() == account.held.ledger.positions()
        for market_id in (MARKET, OTHER):
            latest, was = again.latest(market_id), account.held.latest(market_id)
            assert (latest and latest.amends) == (was and was.amends)
            one = load_account(connection, "paper", [market_id]).ledger
            assert one.cash == account.held.ledger.cash
            for side in Side:
                assert one.holding(market_id, side) == account.held.ledger.holding(market_id, side)
        rest = connection.scalar(sa.select(sa.func.coalesce(sa.func.sum(tables.ledger.c.amount), 0)))
        assert rest == 0


def test_two_accounts_are_paid_for_one_market(store: sa.Engine) -> None:
    with store.begin() as connection:
        for venue in ("paper", "kalshi"):
            account = Account(connection, venue)
            account.deposit("100")
            account.fill(MARKET, Side.YES, "0.40", 10, "0")
            account.settle(result())
        for venue in ("paper", "kalshi"):
            assert load_account(connection, venue).ledger.cash == Decimal(106)


def test_the_first_deposit_is_booked_once_whatever_is_asked_later(store: sa.Engine) -> None:
    with store.begin() as connection:
        assert open_account(connection, "paper", D(1000), at(0)) == 2
        assert open_account(connection, "paper", D(5000), at(9)) == 0
        assert load_account(connection, "paper").ledger.cash == 1000
    assert count(store, tables.ledger) == 2


def test_a_transaction_without_its_fill_is_named(store: sa.Engine) -> None:
    entries = Ledger().fill(fill("lost", Side.YES, "0.5", 10), "value")
    with store.begin() as connection:
        book.write_ledger(connection, entries, "paper", at(0))
        with pytest.raises(ValueError, match="fill:lost: the fill or settlement that it books is not stored"):
            load_account(connection, "paper")


def test_open_orders_are_those_written_and_resting_oldest_first(store: sa.Engine) -> None:
    orders = [
        order("new", created_at=at(5)),
        order("old", created_at=at(1)),
        order("rests", created_at=at(3), status=OrderStatus.RESTING, market_id=OTHER),
        order("done", status=OrderStatus.FILLED),
        order("elsewhere", venue="kalshi"),
    ]
    with store.begin() as connection:
        book.write_orders(connection, orders)
        found: list[Order] = open_orders(connection, "paper")
        assert [one.client_id for one in found] == ["old", "rests", "new"]
        assert found[0] == orders[1]
        assert [one.client_id for one in open_orders(connection, "paper", of_markets=[OTHER])] == ["rests"]


def test_since_when_an_order_queues_is_kept(store: sa.Engine) -> None:
    with store.begin() as connection:
        book.write_orders(connection, [order("a"), order("b")])
        book.update_orders(connection, [order("a", status=OrderStatus.RESTING)], at(2), {"a": at(1)})
        assert queued_since(connection, ["a", "b"]) == {"a": at(1)}


def test_what_was_taken_is_kept_and_replaced(store: sa.Engine) -> None:
    with store.begin() as connection:
        write_taken(connection, {MARKET: {(Side.YES, D("0.54")): D(30)}, OTHER: {}}, at(1))
        write_taken(connection, {MARKET: {(Side.NO, D("0.46")): D(5)}}, at(2))
        assert read_taken(connection, [MARKET, OTHER]) == {
            MARKET: ({(Side.NO, D("0.46")): D(5)}, at(2)),
            OTHER: ({}, at(1)),
        }
