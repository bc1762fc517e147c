"""What an account had at stake before an instant: from the ledger and the orders, by market, game, league and day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.trading import LedgerEntry, Order, OrderStatus, Side
from precog_assets.store import tables
from precog_assets.store.book import update_orders
from precog_assets.store.exposure import Exposure, Standing, read_standing, worth
from precog_assets.store.known import read_known
from precog_assets.store.snapshots import read_for
from precog_assets_tests.pipeline import book_world
from precog_assets_tests.pipeline.slate_world import (
    NOW,
    START,
    game_row,
    jac,
    kc,
    put_games,
    put_link,
    put_quote,
    put_slate,
)

SECOND = timedelta(seconds=1)
BEFORE = NOW - timedelta(minutes=10)


def standing(engine: sa.Engine, at: datetime = NOW) -> Standing:
    with engine.connect() as connection:
        return read_standing(connection, "paper", at)


def exposed(engine: sa.Engine, at: datetime = NOW) -> Exposure:
    with engine.connect() as connection:
        return read_for(connection, [kc()], [], at)[1]


def booked(name: str, at: datetime, **amounts: int) -> list[LedgerEntry]:
    """A transaction; `yes_1=5`: five dollars in YES of the first game's home market."""
    accounts = {"cash": "cash", "deposits": "deposits", "yes_1": f"position:{kc()}:yes", "no_2": f"position:{kc(2)}:no"}
    return [
        LedgerEntry(name, leg, at, accounts[account], Decimal(dollars), "value")
        for leg, (account, dollars) in enumerate(amounts.items())
    ]


def deposit(engine: sa.Engine, dollars: int = 1000) -> None:
    book_world.put_ledger(engine, booked("deposit", NOW - timedelta(days=1), cash=dollars, deposits=-dollars))


def bought(engine: sa.Engine) -> None:
    """Ten YES of game 1 for 5 dollars and twenty NO of game 2 for 9, both ten minutes ago."""
    book_world.put_fills(
        engine,
        [
            book_world.fill("a", kc(1), Side.YES, "0.50", 10, filled_at=BEFORE),
            book_world.fill("b", kc(2), Side.NO, "0.45", 20, filled_at=BEFORE),
        ],
    )
    book_world.put_ledger(engine, booked("fill:a", BEFORE, cash=-5, yes_1=5))
    book_world.put_ledger(engine, booked("fill:b", BEFORE, cash=-9, no_2=9))


def resting(engine: sa.Engine, name: str = "rests", market_id: str | None = None, **given: Any) -> None:
    values = {"status": "resting", "filled": Decimal(0), "created_at": BEFORE, "limit_price": Decimal("0.40"), **given}
    book_world.put(engine, tables.orders, book_world.order(name, market_id or kc(), **values))


def test_an_account_that_was_never_opened_has_nothing(store: sa.Engine) -> None:
    assert standing(store) == Standing("paper", Decimal(0), {}, {}, {}, 0, Decimal(0))


def test_cash_positions_and_resting_orders_are_those_before_the_instant(store: sa.Engine) -> None:
    put_slate(store, 2)
    deposit(store)
    bought(store)
    resting(store)
    found = standing(store)
    assert (found.cash, found.costs) == (986, {kc(1): 5, kc(2): 9})
    assert found.contracts == {kc(1): 10, kc(2): -20}
    assert found.resting == {kc(): Decimal("4.00")}
    at_once = standing(store, BEFORE)
    assert (at_once.cash, at_once.costs, at_once.resting) == (1000, {}, {})


def test_another_venues_account_is_not_this_one(store: sa.Engine) -> None:
    put_slate(store)
    book_world.put_ledger(store, booked("deposit", BEFORE, cash=77, deposits=-77), venue="kalshi")
    resting(store, venue="kalshi")
    assert standing(store) == Standing("paper", Decimal(0), {}, {}, {}, 0, Decimal(0))


def test_an_order_rests_with_what_was_unfilled_then(store: sa.Engine) -> None:
    put_slate(store)
    resting(store, filled=Decimal(4), last_changed_at=NOW - 4 * SECOND)
    with store.begin() as connection:
        row = {"fill_id": "f", "client_id": "rests", "market_id": kc(), "side": "yes", "price": Decimal("0.40")}
        row |= {"contracts": Decimal(4), "fee": Decimal(0), "is_maker": True}
        at = NOW - 4 * SECOND
        connection.execute(sa.insert(tables.fills), [{**row, "filled_at": at, "recorded_at": at}])
    assert standing(store, NOW - 5 * SECOND).resting == {kc(): Decimal("4.00")}
    assert standing(store).resting == {kc(): Decimal("2.40")}


def test_an_order_that_was_canceled_later_still_rested(store: sa.Engine) -> None:
    put_slate(store)
    resting(store)
    with store.begin() as connection:
        row = connection.execute(sa.select(tables.orders)).one()
        canceled = Order(
            client_id=row.client_id,
            venue="paper",
            market_id=kc(),
            ticker=row.ticker,
            side=Side.YES,
            limit_price=row.limit_price,
            contracts=row.contracts,
            post_only=False,
            created_at=BEFORE,
            expires_at=None,
            strategy="value",
            status=OrderStatus.CANCELED,
        )
        update_orders(connection, [canceled], NOW)
    assert standing(store, NOW).resting == {kc(): Decimal("4.00")}
    assert standing(store, NOW + SECOND).resting == {}


def test_orders_of_the_last_minute_and_the_highest_equity_are_counted_up_to_the_instant(store: sa.Engine) -> None:
    put_slate(store)
    for name, seconds in (("old", 61), ("one", 60), ("two", 1), ("now", 0)):
        resting(store, name, created_at=NOW - seconds * SECOND, status="filled", filled=Decimal(10))
    equity = {"venue": "paper", "positions_cost": 0, "positions_mid": 0, "positions_liquidation": 100, "resting": 0}
    for seconds, cash in ((60, 900), (30, 1200), (0, 5000)):
        book_world.put(store, tables.equity, {**equity, "at": NOW - seconds * SECOND, "cash": Decimal(cash)})
    found = standing(store)
    assert (found.orders_last_minute, found.peak) == (2, 1300)


def test_exposure_is_counted_by_market_game_league_and_eastern_day(store: sa.Engine) -> None:
    put_slate(store, 3)
    deposit(store)
    bought(store)
    resting(store, market_id=jac(1))
    with store.begin() as connection:
        late = game_row(3, start_time=START + timedelta(hours=10))
        put_games(connection, late, at=NOW - SECOND)
    found = exposed(store)
    one, two = found.facts(kc(1)), found.facts(jac(2))
    assert (one.market, one.game, one.league, one.day, one.total) == (5, 9, 18, 18, 18)
    assert (two.market, two.game, two.league, two.day, two.total) == (0, 9, 18, 18, 18)
    assert one.cash == 986 - 4


def test_a_game_after_midnight_eastern_is_of_the_next_day(store: sa.Engine) -> None:
    put_slate(store, 2)
    deposit(store)
    bought(store)
    with store.begin() as connection:
        put_games(connection, game_row(1, start_time=datetime.combine(date(2026, 11, 23), START.timetz())), at=NOW)
        known = read_known(connection, [kc(1), kc(2)], NOW, versions={})
        found = Exposure(read_standing(connection, "paper", NOW), known)
    assert (found.facts(kc(1)).day, found.facts(kc(2)).day) == (5, 9)


def test_a_position_in_a_market_that_is_tied_to_nothing_counts_to_market_league_and_total(store: sa.Engine) -> None:
    put_slate(store, 2)
    deposit(store)
    bought(store)
    with store.begin() as connection:
        put_link(connection, kc(1), None, verdict="no_game", at=NOW - SECOND)
    found = exposed(store).facts(kc(1))
    assert (found.market, found.game, found.league, found.day, found.total) == (5, 0, 14, 0, 14)


def test_equity_is_cash_and_what_selling_everything_would_bring(store: sa.Engine) -> None:
    put_slate(store, 2)
    deposit(store)
    bought(store)
    found = exposed(store).facts(kc())
    assert found.equity == 986 + 10 * Decimal("0.49") + 20 * Decimal("0.49")
    with store.begin() as connection:
        for market_id in (kc(1), kc(2)):
            put_quote(connection, market_id, None, None, NOW, yes_bid_size=None, yes_ask_size=None)
    assert exposed(store).facts(kc()).equity == 986, "what nobody bids for would bring nothing"


def test_positions_nobody_quotes_are_named_and_counted_at_cost(store: sa.Engine) -> None:
    put_slate(store, 2)
    deposit(store)
    bought(store)
    marked = worth(standing(store), {})
    assert (marked.cost, marked.mid, marked.liquidation) == (14, 14, 14)
    assert set(marked.unmarked) == {kc(1), kc(2)}


def test_an_order_written_in_the_same_pass_counts_from_then_on(store: sa.Engine) -> None:
    put_slate(store)
    deposit(store)
    found = exposed(store)
    order = Order(
        client_id="one",
        venue="paper",
        market_id=kc(),
        ticker="T",
        side=Side.YES,
        limit_price=Decimal("0.51"),
        contracts=Decimal(20),
        post_only=False,
        created_at=NOW,
        expires_at=None,
        strategy="value",
    )
    before = found.facts(jac())
    found.add(order)
    after = found.facts(jac())
    cost = Decimal("10.20")
    assert (after.market, after.game, after.total) == (before.market, before.game + cost, before.total + cost)
    assert (after.cash, after.equity) == (before.cash - cost, before.equity)
    assert after.orders_last_minute == before.orders_last_minute + 1
    assert found.facts(kc()).market == cost
