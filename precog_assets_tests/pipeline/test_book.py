"""The account's turn: opened once, taken up after a crash at any point, worth kept where it changed."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from precog_assets.config import load_trading_rules
from precog_assets.domain.trading import OrderStatus
from precog_assets.pipeline import book as step
from precog_assets.pipeline import paper
from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.report import StepReport
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.desk import D, Desk, order
from precog_assets_tests.store.rows import at

START = load_trading_rules().limits.starting_cash


@pytest.fixture
def desk(services: Services, clock: TestClock) -> Desk:
    clock.instant = at(0)
    desk = Desk(services.engine)
    desk.show(-60)
    desk.book(-5, [("0.50", 100)], [("0.46", 30), ("0.45", 50)])
    return desk


def work(services: Services, clock: TestClock, second: float) -> StepReport:
    clock.instant = at(second)
    return work_book(services, correlation_id="test")


def equity(services: Services) -> list[tuple]:
    table = tables.equity
    chosen = sa.select(table.c.cash, table.c.positions_cost, table.c.positions_liquidation, table.c.resting)
    with services.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(chosen.order_by(table.c.at))]


def test_an_account_opens_with_the_cash_of_the_limits_once(services: Services, clock: TestClock, desk: Desk) -> None:
    assert work(services, clock, 1).notes["opened_with"] == float(START)
    assert "opened_with" not in work(services, clock, 2).notes
    assert desk.cash == START
    assert equity(services) == [(START, 0, 0, 0)]


def test_a_written_order_is_placed_filled_and_booked_and_the_report_counts_it(
    services: Services, clock: TestClock, desk: Desk
) -> None:
    work(services, clock, 1)
    desk.write(order("a", "0.54", 30, created_at=at(2)))
    report = work(services, clock, 3)
    assert (report.rows_in, report.inserted, report.changed, report.notes["orders_filled"]) == (1, 1, 1, 1)
    paid = D("16.20") + D("0.5217")
    assert equity(services)[-1] == (START - paid, D("16.2"), D(15), 0)
    assert set(desk.sums().values()) == {D(0)}
    again = work(services, clock, 4)
    assert (again.rows_in, again.inserted, again.changed) == (0, 0, 0)


def test_what_rests_is_tied_up_in_the_equity_row(services: Services, clock: TestClock, desk: Desk) -> None:
    desk.write(order("m", "0.51", 10, post_only=True, expires_at=at(600)))
    work(services, clock, 1)
    assert equity(services)[-1] == (START, 0, 0, D("5.1"))


def test_a_process_that_dies_between_order_and_fill_leaves_it_to_the_next(
    services: Services, clock: TestClock, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(services, clock, 1)
    desk.write(order("a", "0.55", 40, created_at=at(2)))

    class Killed(RuntimeError):
        pass

    for point in ("write_fills", "write_ledger", "write_equity", "update_orders"):
        with monkeypatch.context() as patched:

            def die(*_arguments: object, **_keywords: object) -> None:
                raise Killed

            patched.setattr(paper.store if hasattr(paper.store, point) else step.store, point, die)
            with pytest.raises(Killed):
                work(services, clock, 3)
        assert desk.stands() == (OrderStatus.WRITTEN, D(0), "")
        assert count(services.engine, tables.fills) == 0
    work(services, clock, 4)
    work(services, clock, 5)
    assert desk.stands()[0] is OrderStatus.FILLED
    assert (count(services.engine, tables.fills), count(services.engine, tables.ledger)) == (2, 2 + 8)


def test_an_order_that_a_crash_left_too_long_is_not_placed_late(
    services: Services, clock: TestClock, desk: Desk
) -> None:
    work(services, clock, 1)
    desk.write(order("a", expires_at=at(60)))
    work(services, clock, 3600)
    assert desk.stands() == (OrderStatus.EXPIRED, D(0), "its time was over before it was sent")
    assert desk.cash == START


def test_equity_follows_the_quotes_and_stands_still_with_them(services: Services, clock: TestClock, desk: Desk) -> None:
    desk.write(order("a", "0.54", 30))
    work(services, clock, 1)
    assert "equity_rows" not in work(services, clock, 2).notes
    desk.book(5, [("0.60", 10), ("0.55", 100)], [("0.38", 10)])
    assert work(services, clock, 6).notes["equity_rows"] == 1
    assert equity(services)[-1][2] == 10 * D("0.60") + 20 * D("0.55")


def test_two_processes_at_once_place_an_order_once(services: Services, clock: TestClock, desk: Desk) -> None:
    work(services, clock, 1)
    desk.write(order("a", "0.55", 40, created_at=at(2)))
    clock.instant = at(3)
    both = [
        threading.Thread(target=work_book, args=(services,), kwargs={"correlation_id": f"p{number}"})
        for number in range(2)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [contracts for _, _, contracts in desk.fills()] == [D(30), D(10)]
    assert set(desk.sums().values()) == {D(0)}
