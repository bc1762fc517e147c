"""Whatever accounts do, money and contracts are conserved, books never cross, and time's steps do not matter."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.simulator.kalshi.answers import Refusal
from precog_assets.simulator.kalshi.exchange.accounts import Account, collateral
from precog_assets.simulator.kalshi.exchange.events import BookDelta, TradeMade
from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.fees import FeeTerms
from precog_assets.simulator.kalshi.exchange.keys import generate_keys
from precog_assets.simulator.kalshi.exchange.trading import Amendment
from precog_assets.simulator.kalshi.exchange.view import Book
from precog_assets.simulator.kalshi.instants import SECOND_US, microseconds
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets_tests.simulator.kalshi.conftest import MovableClock
from precog_assets_tests.simulator.kalshi.exchange.conftest import DAL, TB, ticket
from precog_assets_tests.simulator.kalshi.tiny_world import NOW, TinyWorld

START_US = microseconds(NOW)
WORLD = WorldMarket(TinyWorld())
PUBLIC = generate_keys("ed25519")[1]
OPENING = 20_000
SCHEDULE = FeeTerms("quadratic_with_maker_fees")

orders = st.fixed_dictionaries(
    {
        "do": st.just("place"),
        "who": st.integers(0, 1),
        "ticker": st.sampled_from([DAL, TB]),
        "side": st.sampled_from(["bid", "ask"]),
        "offset": st.integers(-8, 8),
        "count": st.one_of(st.integers(1, 2_000), st.integers(1, 3_000_000)),
        "time_in_force": st.sampled_from(["good_till_canceled", "good_till_canceled", "immediate_or_cancel"]),
        "self_trade": st.sampled_from(["taker_at_cross", "maker"]),
    }
)
changes = st.fixed_dictionaries(
    {
        "do": st.sampled_from(["cancel", "decrease", "amend"]),
        "who": st.integers(0, 1),
        "place": st.integers(0, 30),
        "offset": st.integers(-6, 6),
        "count": st.integers(1, 5_000),
    }
)
waits = st.fixed_dictionaries({"do": st.just("wait"), "seconds": st.integers(1, 900)})
scripts = st.lists(st.one_of(orders, orders, changes, waits), min_size=1, max_size=25)


class Session:
    """One run of a script, with everything that was told of two watched markets."""

    def __init__(self, *, pieces: int = 1) -> None:
        self.exchange = Exchange(WORLD, MovableClock())
        self.who = [
            self.exchange.open_account(Decimal(OPENING), "prime", PUBLIC, f"key {number}").account_id
            for number in range(2)
        ]
        self.now_us = START_US
        self.pieces = pieces
        self.books: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
        self.trades: list[TradeMade] = []
        self.refused: set[int] = set()
        for ticker in (DAL, TB):
            self.exchange.watch(ticker, self.now_us)
            book = self.exchange.book(ticker, self.now_us)
            self.books[ticker, "yes"], self.books[ticker, "no"] = dict(book.yes), dict(book.no)
        self.exchange.listen(self.hear)

    def hear(self, event: object) -> None:
        if isinstance(event, TradeMade):
            self.trades.append(event)
        elif isinstance(event, BookDelta):
            side = self.books[event.ticker, event.side]
            side[event.price] = side.get(event.price, 0) + event.delta
            assert side[event.price] >= 0
            if not side[event.price]:
                del side[event.price]

    def rebuilt(self, ticker: str) -> Book:
        yes, no = self.books[ticker, "yes"], self.books[ticker, "no"]
        return Book(tuple(sorted(yes.items())), tuple(sorted(no.items())))

    def run(self, script: list[dict[str, Any]]) -> None:
        for act in script:
            if act["do"] == "wait":
                span = act["seconds"] * SECOND_US
                for piece in range(1, self.pieces + 1):
                    self.exchange.advance(self.now_us + span * piece // self.pieces)
                self.now_us += span
            else:
                self.act(act)
            self.check_books()

    def act(self, act: dict[str, Any]) -> None:
        who = self.who[act["who"]]
        try:
            if act["do"] == "place":
                price = self.near(act["ticker"], act["offset"])
                terms = {name: act[name] for name in ("ticker", "time_in_force", "self_trade")}
                self.exchange.place(self.now_us, who, ticket(act["side"], price, act["count"], **terms))
                return
            placed = list(self.exchange.accounts[who].orders.values())
            if not placed:
                return
            order = placed[act["place"] % len(placed)]
            terms = {"order_id": order.order_id, "subaccount": 0}
            if act["do"] == "cancel":
                self.exchange.do(self.now_us, "cancel", who, terms)
            elif act["do"] == "decrease":
                self.exchange.do(self.now_us, "decrease", who, {**terms, "by": act["count"], "to": None})
            else:
                price = self.near(order.ticker, act["offset"])
                wanted = Amendment(order.ticker, order.side, price, order.filled + act["count"])
                self.exchange.amend(self.now_us, who, order.order_id, 0, wanted)
        except Refusal as refusal:
            self.refused.add(refusal.status_code)

    def near(self, ticker: str, offset: int) -> int:
        book = self.exchange.book(ticker, self.now_us)
        best = book.yes[-1][0] if book.yes else 5_000
        return min(9_900, max(100, best + 100 * offset))

    def check_books(self) -> None:
        for ticker in (DAL, TB):
            book = self.exchange.book(ticker, self.now_us)
            assert not book.yes or not book.no or book.yes[-1][0] + book.no[-1][0] < 10_000
            assert all(size > 0 for side in book for _, size in side)
            assert self.rebuilt(ticker) == book


def cash_of(account: Account) -> tuple[int, int]:
    """Cash from the account's fills and settlements alone, and the most that rounding may have taken."""
    cash = OPENING * 1_000_000
    bought = {(ticker, side): 0 for ticker in (DAL, TB) for side in ("bid", "ask")}
    for fill in account.fills:
        price = fill.price if fill.side == "bid" else 10_000 - fill.price
        cash -= price * fill.count + fill.fee
        bought[fill.ticker, fill.side] += fill.count
    for ticker in (DAL, TB):
        cash += 10_000 * min(bought[ticker, "bid"], bought[ticker, "ask"])
    cash += sum(settlement.revenue for settlement in account.settlements)
    return cash, 100 * (len(account.fills) + len(account.settlements))


def check_accounts(exchange: Exchange) -> None:
    for account in exchange.accounts.values():
        purse = account.purses[0]
        exact, rounding = cash_of(account)
        assert exact - rounding <= purse.cash <= exact
        for order in account.orders.values():
            own = [fill for fill in account.fills if fill.order_id == order.order_id]
            assert order.filled == sum(fill.count for fill in own)
            assert order.taker_fees + order.maker_fees == sum(fill.fee for fill in own)
            assert order.filled + order.remaining <= order.initial
            if order.status == "executed":
                assert order.remaining == 0
            elif order.status == "resting":
                assert order.remaining > 0
            else:
                assert order.remaining == 0
        for ticker in (DAL, TB):
            resting = [o for o in account.orders.values() if o.status == "resting" and o.ticker == ticker]
            money = collateral(resting, purse.held(ticker), lambda p, c: SCHEDULE.fee(p, c, taker=False))
            assert purse.reserved.get(ticker, 0) == money
        assert purse.available >= -100 * len(account.fills)


def outcome(exchange: Exchange) -> list[Any]:
    """Everything accounts have."""
    return [
        (account.fills, account.settlements, list(account.orders.values()), account.purses[0].cash)
        for account in exchange.accounts.values()
    ]


@settings(max_examples=60, deadline=None)
@given(script=scripts)
def test_money_and_contracts_are_conserved_and_told_deltas_add_up_to_the_book(script: list[dict[str, Any]]) -> None:
    session = Session()
    session.run(script)
    check_accounts(session.exchange)
    assert session.refused <= {400, 404, 409}


@settings(max_examples=25, deadline=None)
@given(script=scripts, pieces=st.integers(2, 40))
def test_result_does_not_depend_on_how_often_time_is_moved(script: list[dict[str, Any]], pieces: int) -> None:
    once, often = Session(), Session(pieces=pieces)
    once.run(script)
    often.run(script)
    assert outcome(once.exchange) == outcome(often.exchange)
    assert once.trades == often.trades


@settings(max_examples=15, deadline=None)
@given(script=scripts)
def test_every_contract_is_paid_at_the_end(script: list[dict[str, Any]]) -> None:
    session = Session()
    session.run(script)
    session.exchange.advance(session.now_us + 6 * 3_600 * SECOND_US)
    check_accounts(session.exchange)
    for account in session.exchange.accounts.values():
        assert not account.purses[0].positions
        assert not account.purses[0].reserved
        assert not account.resting()
        settled = [settlement.ticker for settlement in account.settlements]
        assert len(settled) == len(set(settled))


def test_both_sides_of_a_trade_between_accounts_are_of_one_size_and_price() -> None:
    session = Session()
    bid = session.near(DAL, 0)
    session.exchange.place(START_US, session.who[0], ticket(price=bid, count=500))
    session.exchange.place(START_US, session.who[1], ticket("ask", bid, 10_000_000 // 10))
    fills = [fill for account in session.exchange.accounts.values() for fill in account.fills]
    (maker,) = (fill for fill in fills if not fill.is_taker)
    (taker,) = (fill for fill in fills if fill.is_taker and fill.fill_id == maker.fill_id)
    assert (taker.price, taker.count) == (maker.price, maker.count) == (bid, 500)
    told = [trade for trade in session.trades if trade.trade_id == maker.fill_id]
    assert replace(told[0], time_us=0) == TradeMade(0, DAL, maker.fill_id, bid, 500, "no")
