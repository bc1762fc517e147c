"""Payouts: once, amended by reversal, held against the game, and zero in sum whatever happens."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.facts import MarketSeen
from precog_assets.domain.trading import Side
from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.settle import settle_markets
from precog_assets.services import Services
from precog_assets.store import book as store
from precog_assets.store import tables
from precog_assets.store.account import load_account
from precog_assets.store.games import write_games
from precog_assets_tests.databases import count, wipe
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.desk import MARKET, D, Desk, fill, order
from precog_assets_tests.store.rows import at, final, game, market, seen, settled

OTHER = "kalshi:KXNFLGAME-26NOV22JACKC-JAC"
END = 4 * 3600


class Payouts:
    """A desk whose account holds 30 YES bought at 0.54 for 0.5217 of fees, in a market of a game that is on."""

    def __init__(self, services: Services, clock: TestClock) -> None:
        self.services, self.clock = services, clock
        self.desk = Desk(services.engine)
        self.desk.open()
        self.desk.show(-60)
        self.desk.book(-5, [("0.50", 100)], [("0.46", 30), ("0.45", 50)])
        self.play(0, game())
        self.link(MARKET, "home")
        self.desk.write(order("a", "0.54", 30))
        self.desk.work(1)
        self.start = self.desk.cash

    def play(self, second: float, one: Any) -> None:
        with self.services.engine.begin() as connection:
            write_games(connection, [(one, seen(second))], load_leagues())

    def link(self, market_id: str, outcome: str, game_id: str = "nfl:401") -> None:
        row = {
            "market_id": market_id,
            "verdict": "matched",
            "game_id": game_id,
            "outcome": outcome,
            "detail": "",
            "evidence": {},
            "first_decided_at": at(0),
            "last_changed_at": at(0),
        }
        with self.services.engine.begin() as connection:
            connection.execute(sa.insert(tables.market_games), [row])

    def settle(self, second: float, *markets: MarketSeen) -> StepReport:
        if markets:
            self.desk.show(second, *markets)
        self.clock.instant = at(second)
        return settle_markets(self.services, correlation_id="test")

    @property
    def gain(self) -> Decimal:
        """Cash since the purchase."""
        return self.desk.cash - self.start

    def settlements(self) -> list[tuple[str, int, str, Decimal, bool | None]]:
        table = tables.settlements
        chosen = sa.select(table.c.market_id, table.c.amends, table.c.result, table.c.yes_value, table.c.game_agrees)
        with self.services.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(chosen.order_by(table.c.market_id, table.c.amends)).all()]


@pytest.fixture
def payouts(services: Services, clock: TestClock) -> Payouts:
    return Payouts(services, clock)


def test_a_winner_is_paid_once_however_often_the_venue_says_it(payouts: Payouts) -> None:
    payouts.play(END - 60, final())
    report = payouts.settle(END, settled())
    assert (report.rows_in, report.inserted, report.failures) == (1, 1, [])
    assert payouts.gain == 30
    for second in (END + 60, END + 120):
        again = payouts.settle(second, settled())
        assert (again.rows_in, again.inserted, again.notes["positions_open"]) == (0, 0, 0)
    assert payouts.gain == 30
    assert payouts.settlements() == [(MARKET, 0, "yes", D(1), True)]
    assert set(payouts.desk.sums().values()) == {D(0)}


def test_a_loser_pays_nothing_and_is_held_no_more(payouts: Payouts) -> None:
    payouts.play(END - 60, final(score=(3, 10)))
    payouts.settle(END, settled(result="no"))
    assert payouts.gain == 0
    assert payouts.desk.account().ledger.holding(MARKET, Side.YES).contracts == 0
    assert payouts.settlements() == [(MARKET, 0, "no", D(0), True)]


def test_a_tied_game_pays_half_and_agrees(payouts: Payouts) -> None:
    payouts.play(END - 60, final(score=(20, 20)))
    payouts.settle(END, settled(result="scalar", settlement_value=D("0.5")))
    assert payouts.gain == 15
    assert payouts.settlements() == [(MARKET, 0, "scalar", D("0.5"), True)]


def test_a_void_returns_what_was_paid_but_not_the_fees(payouts: Payouts) -> None:
    payouts.settle(END, settled(result="void", settlement_value=None))
    assert payouts.gain == D("16.20")
    assert payouts.settlements() == [(MARKET, 0, "void", D(0), None)]
    assert payouts.desk.account().ledger.balances["profit"] == 0


def test_an_unplayed_game_settled_at_a_fair_price_is_paid_and_says_nothing_of_the_game(payouts: Payouts) -> None:
    payouts.play(100, game(status="STATUS_CANCELED", state="post", completed=False))
    payouts.settle(END, settled(result="scalar", settlement_value=D("0.37")))
    assert payouts.gain == 30 * D("0.37")
    assert payouts.settlements() == [(MARKET, 0, "scalar", D("0.37"), None)]


def test_a_postponed_game_leaves_the_position_open(payouts: Payouts) -> None:
    payouts.play(100, game(status="STATUS_POSTPONED", state="post", completed=False))
    report = payouts.settle(END, market(quote=None, status="closed"))
    assert (report.rows_in, report.notes["positions_open"], payouts.gain) == (0, 1, 0)


def test_a_result_in_dispute_is_not_paid_yet(payouts: Payouts) -> None:
    for second, status in ((END, "determined"), (END + 60, "disputed"), (END + 120, "amended")):
        assert payouts.settle(second, settled(status=status)).rows_in == 0
    assert payouts.gain == 0


def test_an_amended_result_takes_the_payout_back_and_pays_anew(payouts: Payouts) -> None:
    payouts.play(END - 60, final(score=(3, 10)))
    payouts.settle(END, settled())
    report = payouts.settle(END + 600, settled(result="no", second=END + 500))
    assert payouts.gain == 0
    assert payouts.settlements() == [(MARKET, 0, "yes", D(1), False), (MARKET, 1, "no", D(0), True)]
    assert "amended to no" in report.failures[0]
    payouts.settle(END + 900, settled(result="scalar", settlement_value=D("0.25"), second=END + 800))
    assert payouts.gain == 30 * D("0.25")
    assert payouts.settle(END + 960).rows_in == 0
    assert set(payouts.desk.sums().values()) == {D(0)}


def test_an_answer_older_than_the_one_that_was_paid_changes_nothing(payouts: Payouts) -> None:
    payouts.settle(END, settled(result="no", second=END))
    payouts.settle(END + 60, settled(result="yes", second=END - 600))
    assert payouts.gain == 0
    assert payouts.settlements() == [(MARKET, 0, "no", D(0), None)]


def test_a_venue_that_says_otherwise_than_the_game_is_paid_and_is_an_alarm(payouts: Payouts) -> None:
    payouts.play(END - 60, final(score=(3, 10)))
    report = payouts.settle(END, settled())
    assert payouts.gain == 30
    assert payouts.settlements() == [(MARKET, 0, "yes", D(1), False)]
    assert len(report.failures) == 1
    assert "paid yes for home, but nfl:401 is final, won by away (10-3 away-home)" in report.failures[0]
    assert payouts.settle(END + 60).failures == []
    assert payouts.settle(END + 60).notes["game_disagrees"] == 1


def test_a_game_that_ends_or_is_corrected_later_says_then_whether_it_agrees(payouts: Payouts) -> None:
    payouts.settle(END, settled())
    assert payouts.settlements()[0][-1] is None
    payouts.play(END + 60, final())
    assert payouts.settle(END + 61).changed == 1
    assert payouts.settlements()[0][-1] is True
    payouts.play(END + 120, final(score=(20, 21)))
    report = payouts.settle(END + 121)
    assert (payouts.settlements()[0][-1], len(report.failures)) == (False, 1)


@pytest.mark.parametrize(
    "impossible",
    [
        settled(result="scalar", settlement_value=None),
        settled(result="yes", settlement_value=D("0.4")),
        settled(result=""),
    ],
)
def test_a_result_that_cannot_be_is_named_and_pays_nothing(payouts: Payouts, impossible: MarketSeen) -> None:
    report = payouts.settle(END, impossible)
    assert report.rejections == {"impossible_result": 1}
    assert "nothing was paid" in report.failures[0]
    assert (payouts.gain, report.notes["positions_open"]) == (0, 1)


def test_a_fill_that_is_reported_after_the_payout_is_paid_too(payouts: Payouts) -> None:
    payouts.settle(END, settled())
    late = fill("late", Side.YES, "0.50", 10, filled_at=at(2))
    with payouts.services.engine.begin() as connection:
        account = load_account(connection, "paper", [MARKET])
        store.write_fills(connection, [late], at(END + 5))
        store.write_ledger(connection, account.ledger.fill(late, "value"), "paper", at(END + 5))
    payouts.settle(END + 60)
    assert payouts.gain == 30 - 5 + 10
    assert payouts.settlements() == [(MARKET, 0, "yes", D(1), None)]


def test_every_account_that_holds_a_market_is_paid(payouts: Payouts) -> None:
    with payouts.services.engine.begin() as connection:
        store.take_turn(connection, "kalshi", lambda: at(1))
        store.write_orders(connection, [order("k", venue="kalshi")])
        one = fill("k1", Side.NO, "0.40", 10, client_id="k")
        account = load_account(connection, "kalshi")
        store.write_fills(connection, [one], at(2))
        store.write_ledger(connection, account.ledger.fill(one, "value"), "kalshi", at(2))
    payouts.settle(END, settled(result="no"))
    payouts.settle(END + 600, settled(result="scalar", settlement_value=D("0.3"), second=END + 500))
    assert payouts.gain == 9
    assert payouts.desk.account("kalshi").ledger.cash == -4 + 7
    assert set(payouts.desk.sums().values()) == {D(0)}


def test_a_crash_while_paying_pays_nothing_and_the_next_run_pays_once(
    payouts: Payouts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for point in ("write_ledger", "write_settlements", "write_equity"):
        with monkeypatch.context() as patched:

            def die(*_arguments: object) -> None:
                raise RuntimeError("killed")

            patched.setattr(store, point, die)
            with pytest.raises(RuntimeError, match="killed"):
                payouts.settle(END, settled())
        assert (payouts.gain, count(payouts.services.engine, tables.settlements)) == (0, 0)
    payouts.settle(END + 1)
    assert payouts.gain == 30


ENDS = st.sampled_from([("yes", "1"), ("no", "0"), ("scalar", "0.5"), ("scalar", "0.13"), ("void", None)])
MOMENTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("order"),
            st.sampled_from([MARKET, OTHER]),
            st.sampled_from(list(Side)),
            st.sampled_from(["0.40", "0.51", "0.60", "0.99"]),
            st.integers(1, 400),
            st.booleans(),
        ),
        st.tuples(st.just("book"), st.sampled_from([MARKET, OTHER]), st.integers(5, 90), st.integers(1, 9)),
        st.tuples(st.just("trade"), st.sampled_from([MARKET, OTHER]), st.integers(1, 99), st.integers(1, 300)),
        st.tuples(st.just("stop"), st.booleans()),
        st.tuples(st.just("work")),
        st.tuples(st.just("crash")),
        st.tuples(st.just("settle"), st.sampled_from(["KC", "JAC"]), ENDS),
    ),
    min_size=4,
    max_size=22,
)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOMENTS)
def test_the_ledger_sums_to_zero_after_anything(
    services: Services, clock: TestClock, moments: list[tuple[Any, ...]]
) -> None:
    wipe(services.engine)
    desk = Desk(services.engine)
    desk.open(D(300))
    desk.show(-60, market("KC", quote=None), market("JAC", quote=None))
    for number, (kind, *terms) in enumerate(moments):
        clock.instant = at(second := 10.0 * (number + 1))
        if kind == "order":
            market_id, side, price, contracts, rests = terms
            more = {"post_only": rests, "expires_at": at(second + 45), "created_at": at(second)}
            desk.write(order(f"o{number}", price, contracts, market_id=market_id, side=side, **more))
        elif kind == "book":
            market_id, mid, width = terms
            bid, ask = max(1, mid - width), min(99, mid + width)
            desk.book(second, [(f"0.{bid:02}", 50)], [(f"0.{100 - ask:02}", 80)], market_id)
        elif kind == "trade":
            desk.trade(second, f"0.{terms[1]:02}", terms[2], market_id=terms[0])
        elif kind == "stop":
            desk.stop(second, on=terms[0])
        elif kind == "work":
            work_book(services, correlation_id="test")
        elif kind == "crash":
            desk.die_while_working(second)
        else:
            code, (result, value) = terms
            value = None if value is None else D(value)
            desk.show(second, settled(code, result=result, settlement_value=value, second=second))
            settle_markets(services, correlation_id="test")
    work_book(services, correlation_id="test")
    settle_markets(services, correlation_id="test")
    assert all(total == 0 for total in desk.sums().values())
    ledger = desk.account().ledger
    assert sum(ledger.balances.values()) == 0
    assert ledger.cash >= 0
    with services.engine.connect() as connection:
        filled = connection.execute(
            sa.text(
                "SELECT o.client_id FROM book.orders o LEFT JOIN book.fills f USING (client_id) "
                "GROUP BY o.client_id HAVING o.filled <> coalesce(sum(f.contracts), 0) OR o.filled > o.contracts"
            )
        ).all()
        last = connection.execute(sa.text("SELECT cash FROM book.equity ORDER BY at DESC LIMIT 1")).scalar_one()
    assert filled == []
    assert last == ledger.cash
