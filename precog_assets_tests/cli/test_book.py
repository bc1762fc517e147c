"""The book as people see it: positions, orders, the ledger, a preview, and the stop."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import Result

from precog_assets.store.engine import engine_for
from precog_assets_tests.pipeline.desk import D, Desk, order
from precog_assets_tests.queries.decided import JAC, KC, World, commands
from precog_assets_tests.store.rows import at

Precog = Callable[..., Result]
TICKER = KC.partition(":")[2]


@pytest.fixture
def engine(database_url: str) -> sa.Engine:
    return engine_for(database_url)


@pytest.fixture
def precog(database_url: str, tmp_path: Path) -> Iterator[Precog]:
    with commands(database_url, tmp_path / "raw", second=120) as run:
        yield run


@pytest.fixture
def desk(engine: sa.Engine) -> Desk:
    """An account that bought 30 YES at 0.54, with a maker that rests."""
    desk = Desk(engine)
    desk.open()
    desk.show(-60)
    desk.book(-5, [("0.50", 100)], [("0.46", 30), ("0.45", 50)])
    desk.write(order("a", "0.54", 30), order("m", "0.51", 10, post_only=True, expires_at=at(600), created_at=at(1)))
    desk.work(1)
    return desk


def said(result: Result, exit_code: int = 0) -> str:
    """What was printed, in single spaces."""
    assert result.exit_code == exit_code, result.output
    return " ".join(result.output.split())


@pytest.mark.parametrize("command", ["positions", "orders", "ledger", "preview", "stop", "resume"])
def test_every_command_shows_an_example(precog: Precog, command: str) -> None:
    assert f"Example: precog {command}" in said(precog(command, "--help")).replace("`", "")


def test_before_anything_was_booked_it_says_so(precog: Precog) -> None:
    assert said(precog("positions")) == "no account was opened yet"
    assert said(precog("orders")) == "no order was written yet"
    assert said(precog("ledger")) == "nothing was booked yet"


class TestPositions:
    def test_a_position_is_marked_at_the_mid_and_at_what_it_would_fetch(self, desk: Desk, precog: Precog) -> None:
        text = said(precog("positions"))
        assert f"{TICKER} YES 30.00 0.54 0.52 0.5 $-1.20 $-0.52" in text
        assert "paper: equity $998.28, cash $983.28, realised $-0.52" in text

    def test_as_json_every_number_is_exact(self, desk: Desk, precog: Precog) -> None:
        (account,) = json.loads(precog("positions", "--json").output)["accounts"]
        held = account["held"][0]
        assert D(account["cash"]) == desk.cash
        assert (held["ticker"], D(held["position"]["contracts"]), D(held["unrealised_mid"])) == (TICKER, 30, D("-0.6"))

    def test_a_position_without_a_quote_is_counted_at_cost_and_named(self, engine: sa.Engine, precog: Precog) -> None:
        desk = Desk(engine)
        desk.open()
        desk.show(-60)
        desk.book(-5, [], [("0.46", 30)])
        desk.write(order("a", "0.54", 30))
        desk.work(1)
        assert f"{TICKER} YES 30.00 0.54 - 0 $-16.20" in said(precog("positions"))

    def test_of_another_venue_there_is_no_account(self, desk: Desk, precog: Precog) -> None:
        assert said(precog("positions", "--venue", "kalshi")) == "no account at kalshi was opened yet"


class TestOrders:
    def test_orders_say_what_became_of_them(self, desk: Desk, precog: Precog) -> None:
        text = said(precog("orders"))
        assert f"paper {TICKER} YES 0.54 30.00 of 30.00 0.54 $0.52 filled value" in text
        assert f"paper {TICKER} YES 0.51 0.00 of 10.00 - $0.00 resting value" in text

    def test_open_orders_alone(self, desk: Desk, precog: Precog) -> None:
        (one,) = json.loads(precog("orders", "--open", "--json").output)
        assert (one["client_id"], one["status"], one["post_only"]) == ("m", "resting", True)
        desk.stop(2)
        desk.work(3)
        assert said(precog("orders", "--open")) == "no open order"
        assert "canceled (kill_switch)" in said(precog("orders"))


class TestLedger:
    def test_legs_and_balances_are_shown_and_sum_to_zero(self, desk: Desk, precog: Precog) -> None:
        text = said(precog("ledger"))
        assert "deposit:opening cash +1,000.0000" in text
        assert f"position:{KC}:yes +16.2000 value" in text
        assert "positions +16.20; in sum 0" in text

    def test_as_json_each_transaction_sums_to_zero(self, desk: Desk, precog: Precog) -> None:
        found = json.loads(precog("ledger", "--json").output)
        assert D(found["sums"]["paper"]) == 0
        totals: dict[str, object] = {}
        for leg in found["legs"]:
            totals[leg["transaction_id"]] = totals.get(leg["transaction_id"], D(0)) + D(leg["amount"])
        assert len(totals) == 2
        assert set(totals.values()) == {D(0)}
        assert len(json.loads(precog("ledger", "--json", "--newest", "1").output)["legs"]) == 4


class TestPreview:
    def test_an_order_is_told_with_cost_fee_value_and_what_it_puts_at_stake(
        self, engine: sa.Engine, tmp_path: Path, precog: Precog
    ) -> None:
        World(engine, tmp_path / "raw").fill()
        found = json.loads(precog("preview", TICKER, "--price", "0.45", "--contracts", "10", "--json").output)
        made = found["preview"]
        assert D(made["average_price"]) == D("0.42")
        assert D(made["cash_needed"]) == D(made["cost"]) + D(made["fee"])
        probability = D(str(found["price"]["p_trading"]))
        assert D(made["value"]) == probability * 10 - D(made["cost"]) - D(made["fee"])
        assert D(made["exposure"]["game"]) == D(made["cash_needed"])
        text = said(precog("preview", TICKER, "--side", "no", "--price", "0.61", "--contracts", "10"))
        assert "taking 10 NO at 0.61 or better" in text
        assert "bid / ask of YES 0.4 / 0.42" in text
        assert "average price 0.6" in text

    def test_what_a_taker_would_not_get_and_cannot_pay_is_said(self, desk: Desk, precog: Precog) -> None:
        text = said(precog("preview", TICKER, "--price", "0.54", "--contracts", "50"))
        assert "would buy 30.00, 20.00 not to be had" in text
        assert "probability of YES not known" in text
        text = said(precog("preview", TICKER, "--price", "0.50", "--contracts", "9000", "--maker"))
        assert "which is not there" in text

    def test_buying_the_other_side_redeems_what_is_held(self, desk: Desk, precog: Precog) -> None:
        text = said(precog("preview", TICKER, "--side", "no", "--price", "0.50", "--contracts", "30"))
        assert "redeemed with what is held $30.00" in text
        assert "held after it 0.00 YES, 0.00 NO" in text

    @pytest.mark.parametrize(
        ("arguments", "said_of_it"),
        [
            ([TICKER, "--price", "1.2", "--contracts", "5"], "expected a price above 0 and below 1"),
            ([TICKER, "--price", "half", "--contracts", "5"], "--price half: not a number"),
            ([TICKER, "--price", "0.5", "--contracts", "0"], "and contracts"),
            (["KXNFLGAME-26NOV22NOBODY-X", "--price", "0.5", "--contracts", "5"], "no market with this ticker"),
            ([TICKER, "--price", "0.5", "--contracts", "5", "--strategy", "luck"], "--strategy luck: unknown; known:"),
        ],
    )
    def test_what_cannot_be_an_order_is_named(
        self, desk: Desk, precog: Precog, arguments: list[str], said_of_it: str
    ) -> None:
        result = precog("preview", *arguments)
        assert result.exit_code == 2
        assert said_of_it in " ".join(result.stderr.split())


class TestStop:
    def test_a_stop_is_kept_with_reason_and_author_and_holds_until_it_is_released(
        self, desk: Desk, precog: Precog
    ) -> None:
        assert "stopped: no order is written" in said(precog("stop", "--reason", "a [storm]", "--author", "ann"))
        assert "already stopped by ann at 2026-11-22 18:02:00: a [storm]" in said(precog("stop", "--reason", "again"))
        assert "stopped by ann at 2026-11-22 18:02:00: a [storm]" in said(precog("positions"))
        desk.write(order("b", created_at=at(121)))
        desk.work(122)
        assert desk.stands("b")[2] == "kill_switch"

    def test_a_release_is_kept_too(self, engine: sa.Engine, tmp_path: Path, database_url: str) -> None:
        for second, command in ((10, "stop"), (20, "resume")):
            with commands(database_url, tmp_path / "raw", second=second) as precog:
                said(precog(command, "--reason", "a drill"))
        with commands(database_url, tmp_path / "raw", second=30) as precog:
            assert "already running" in said(precog("resume", "--reason", "again"))
            assert json.loads(precog("positions", "--json").output)["kill_switch"]["is_on"] is False

    def test_a_stop_without_a_reason_is_refused(self, precog: Precog) -> None:
        assert precog("stop", "--reason", " ").exit_code == 2
        assert precog("stop").exit_code == 2


def test_the_other_side_of_an_event_is_another_market(desk: Desk, precog: Precog) -> None:
    assert precog("preview", JAC.partition(":")[2], "--price", "0.5", "--contracts", "5").exit_code == 2
