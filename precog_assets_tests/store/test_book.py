"""Writing the book: turns of an account, and every row once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from precog_assets.domain.trading import LedgerEntry, OrderStatus, Rung, Settlement, Side, SkillFacts
from precog_assets.store import book, tables
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.desk import MARKET, D, fill, order
from precog_assets_tests.store.rows import at

SETTLED = Settlement(MARKET, "yes", D(1), at(9), True)
WORTH = {
    "cash": D(900),
    "positions_cost": D(100),
    "positions_mid": D(105),
    "positions_liquidation": D(99),
    "resting": D(0),
}


def legs(transaction_id: str, *amounts: tuple[str, str]) -> list[LedgerEntry]:
    return [
        LedgerEntry(transaction_id, leg, at(0), account, D(amount), "value")
        for leg, (account, amount) in enumerate(amounts)
    ]


def test_instants_of_an_account_never_stand_still_also_when_the_clock_goes_back(store: sa.Engine) -> None:
    given = []
    for now in (at(10), at(10), at(3)):
        with store.begin() as connection:
            given.append(book.take_turn(connection, "paper", lambda now=now: now))
            given.append(book.next_instant(connection, "paper", now))
    assert given == [at(10) + timedelta(microseconds=shift) for shift in range(6)]


def test_two_processes_take_turns_on_one_account_and_none_on_two(store: sa.Engine) -> None:
    asks = sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended('book account ' || :venue, 0))")
    with store.begin() as first, store.begin() as second:
        book.take_turn(first, "paper", lambda: at(0))
        assert second.scalar(asks, {"venue": "paper"}) is False
        assert second.scalar(asks, {"venue": "kalshi"}) is True


def test_the_clock_is_read_when_the_turn_has_come(store: sa.Engine) -> None:
    """Waiting for it must not make what is decided on look fresher than it is."""
    waiting, clock, given = threading.Event(), [at(0)], []

    def second() -> None:
        with store.begin() as connection:
            waiting.set()
            given.append(book.take_turn(connection, "paper", lambda: clock[0]))

    thread = threading.Thread(target=second)
    with store.begin() as connection:
        book.take_turn(connection, "paper", lambda: at(0))
        thread.start()
        waiting.wait(10)
        clock[0] = at(50)
    thread.join(10)
    assert given == [at(50)]


def test_an_order_written_twice_is_one_and_only_new_ones_come_back(store: sa.Engine) -> None:
    with store.begin() as connection:
        assert book.write_orders(connection, [order("a")]) == [order("a")]
        assert book.write_orders(connection, [order("a", price="0.60"), order("b")]) == [order("b")]
    assert count(store, tables.orders) == 2


def test_an_order_changes_only_where_it_differs_and_says_when(store: sa.Engine) -> None:
    resting = replace(order("a"), status=OrderStatus.RESTING)
    with store.begin() as connection:
        book.write_orders(connection, [order("a")])
        assert book.update_orders(connection, [resting], at(5), {"a": at(4)}) == 1
        assert book.update_orders(connection, [resting], at(6), {"a": at(4)}) == 0
    with store.connect() as connection:
        row = connection.execute(sa.select(tables.orders)).one()
    assert (row.status, row.placed_at, row.last_changed_at) == ("resting", at(4), at(5))


def test_fills_and_settlements_are_kept_once(store: sa.Engine) -> None:
    amended = replace(SETTLED, result="no", yes_value=D(0), amends=1)
    with store.begin() as connection:
        book.write_orders(connection, [order("a")])
        assert book.write_fills(connection, [fill("a:0", Side.YES, "0.5", 10)], at(1)) == 1
        assert book.write_fills(connection, [fill("a:0", Side.YES, "0.5", 10)], at(2)) == 0
        assert book.write_settlements(connection, [(SETTLED, D(1))], at(9)) == 1
        assert book.write_settlements(connection, [(SETTLED, D(1)), (amended, D(0))], at(10)) == 1
    assert (count(store, tables.fills), count(store, tables.settlements)) == (1, 2)


def test_legs_that_do_not_sum_to_zero_are_refused_and_nothing_of_them_is_booked(store: sa.Engine) -> None:
    good, bad = legs("x", ("cash", "5"), ("deposits", "-5")), legs("y", ("cash", "5"), ("deposits", "-4.99"))
    with store.begin() as connection:
        with pytest.raises(ValueError, match=r"transaction y: its legs sum to 0\.01"):
            book.write_ledger(connection, [*good, *bad], "paper", at(0))
        assert book.write_ledger(connection, good, "paper", at(0)) == 2
        assert book.write_ledger(connection, good, "paper", at(1)) == 0
    assert count(store, tables.ledger) == 2


def test_deposits_and_payouts_of_two_accounts_are_told_apart(store: sa.Engine) -> None:
    entries = legs("settlement:m:0", ("cash", "5"), ("profit", "-5"))
    with store.begin() as connection:
        assert book.write_ledger(connection, entries, "paper", at(0)) == 2
        assert book.write_ledger(connection, entries, "kalshi", at(0)) == 2
    stored = book.stored_transaction("settlement:m:0", "kalshi")
    assert stored != "settlement:m:0"
    assert book.own_transaction(stored, "kalshi") == "settlement:m:0"
    assert book.stored_transaction("fill:1", "kalshi") == "fill:1"


def test_what_the_game_said_later_is_noted_once(store: sa.Engine) -> None:
    with store.begin() as connection:
        book.write_settlements(connection, [(replace(SETTLED, game_agrees=None), D(1))], at(9))
        assert book.note_agreement(connection, MARKET, 0, False) == 1
        assert book.note_agreement(connection, MARKET, 0, False) == 0
        assert connection.scalar(sa.select(tables.settlements.c.game_agrees)) is False


def test_equity_is_a_row_for_each_change(store: sa.Engine) -> None:
    with store.begin() as connection:
        assert book.write_equity(connection, "paper", at(1), WORTH)
        assert not book.write_equity(connection, "paper", at(2), WORTH)
        assert book.write_equity(connection, "paper", at(3), {**WORTH, "positions_mid": D("105.000000006")})
        assert book.write_equity(connection, "kalshi", at(3), WORTH)
    assert count(store, tables.equity) == 3


def test_a_rung_keeps_the_figures_it_stands_on(store: sa.Engine) -> None:
    with store.begin() as connection:
        book.write_rung(connection, "value", "nfl", SkillFacts(Rung.PAPER, 210, 0.02, 0.01), "rose", at(1))
        row = connection.execute(sa.select(tables.rungs)).one()
    assert (row.rung, row.graded, row.skill_low, row.closing_line_value) == ("paper", 210, 0.01, None)


@pytest.mark.parametrize(("reason", "author"), [("", "me"), ("  ", "me"), ("a storm", " ")])
def test_the_kill_switch_wants_a_reason_and_an_author(store: sa.Engine, reason: str, author: str) -> None:
    with store.begin() as connection, pytest.raises(ValueError, match="must both be said"):
        book.set_kill_switch(connection, on=True, reason=reason, author=author, at=at(0))
    assert count(store, tables.kill_switch) == 0


def test_money_keeps_all_its_digits(store: sa.Engine) -> None:
    with store.begin() as connection:
        book.write_ledger(connection, legs("x", ("cash", "0.00000001"), ("deposits", "-0.00000001")), "paper", at(0))
        held = connection.scalars(sa.select(tables.ledger.c.amount).order_by(tables.ledger.c.leg)).all()
    assert held == [Decimal("0.00000001"), Decimal("-0.00000001")]
