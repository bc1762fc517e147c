"""Orders at the exchange, against the simulator on a real socket: sent once, reconciled, refused, stopped."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.facts import Observation, Origin
from precog_assets.domain.trading import ExposureFacts, Order, OrderStatus, Side
from precog_assets.environment import Settings, resolve
from precog_assets.pipeline import venue as venue_module
from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.settle import settle_markets
from precog_assets.pipeline.venue import open_venue, orders_to_send, take_back, why_off, work_venue
from precog_assets.pipeline.venue_limits import refused_by
from precog_assets.services import Services, build_services
from precog_assets.sources.kalshi.orders import KalshiVenue
from precog_assets.store import book as store
from precog_assets.store import tables
from precog_assets.store.account import load_account, order_of
from precog_assets.store.markets import write_markets
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.book_world import decision, put
from precog_assets_tests.pipeline.book_world import order as order_row
from precog_assets_tests.pipeline.desk import order
from precog_assets_tests.simulator.serving import Running, running
from precog_assets_tests.store.rows import market
from precog_assets_tests.venues import Venue

SENT = "/trade-api/v2/portfolio/events/orders"
MINUTE = timedelta(minutes=1)
D = Decimal
_ids = itertools.count(1)


@dataclass
class Shifted:
    """The simulator's clock, moved on by a test."""

    simulator: Running
    shift: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return self.simulator.simulation.clock.now() + self.shift


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    # Nearly standing still: what the book shows is there when the order comes.
    with running(speed=0.001) as one:
        yield one


@pytest.fixture
def simulator(shared: Running) -> Iterator[Running]:
    yield shared
    shared.control("/faults", method="DELETE")
    shared.simulation.kalshi.stale.seconds = 0.0


@pytest.fixture(scope="module")
def ticker(shared: Running) -> str:
    """A game's market with bids and offers on a grid of cents."""
    listed = shared.get("/trade-api/v2/markets", status="open", limit=1000, mve_filter="exclude").json()["markets"]
    quoted = [
        one
        for one in listed
        if D("0.2") < D(one["yes_bid_dollars"]) < D(one["yes_ask_dollars"]) < D("0.8")
        and one["price_level_structure"] == "linear_cent"
    ]
    return quoted[0]["ticker"]


class Floor:
    """An account at the simulator with its services, and decisions whose orders may go there.

    `there` is another hand on the same account.
    """

    def __init__(self, services: Services, clock: Shifted, ticker: str, there: KalshiVenue) -> None:
        self.services, self.clock, self.ticker, self.there = services, clock, ticker, there
        self.market_id = f"kalshi:{ticker}"
        seen = Observation(clock.now() - MINUTE, Origin.LIVE)
        one = replace(
            market(quote=None),
            market_id=self.market_id,
            ticker=ticker,
            event_ticker=ticker.rpartition("-")[0],
            series_ticker=ticker.partition("-")[0],
            open_time=clock.now() - timedelta(days=7),
            close_time=clock.now() + timedelta(days=7),
        )
        with services.engine.begin() as connection:
            write_markets(connection, [(one, seen)], {})

    def decide(self, price: str = "0.99", contracts: int = 3, *, side: str = "yes", **given: Any) -> str:
        """A taken decision with its order on paper; the decision's id."""
        row = decision(self.market_id, as_of=self.clock.now(), side=side, game_id=None, **given.pop("decided", {}))
        put(self.services.engine, tables.decisions, row)
        now = self.clock.now()
        terms = {
            "decision_id": row["decision_id"],
            "side": side,
            "limit_price": D(price),
            "contracts": D(contracts),
            "filled": D(0),
            "status": "written",
            "created_at": now,
            "expires_at": now + timedelta(minutes=10),
            "ticker": self.ticker,
            **given,
        }
        put(self.services.engine, tables.orders, order_row(f"paper{next(_ids)}", self.market_id, **terms))
        return row["decision_id"]

    def work(self, *, after: timedelta = timedelta()) -> StepReport:
        self.clock.shift += after
        return work_venue(self.services, correlation_id="test")

    def orders(self) -> list[Order]:
        """Ours at Kalshi as our table has them, oldest first."""
        table = tables.orders
        chosen = sa.select(table).where(table.c.venue == "kalshi").order_by(table.c.created_at, table.c.client_id)
        with self.services.engine.connect() as connection:
            return [order_of(row) for row in connection.execute(chosen)]

    def stands(self) -> list[tuple[OrderStatus, Decimal]]:
        return [(one.status, one.filled) for one in self.orders()]

    @property
    def ledger(self) -> Any:
        with self.services.engine.connect() as connection:
            return load_account(connection, "kalshi").ledger


@pytest.fixture
def floor(
    simulator: Running, database_url: str, tmp_path: Path, ticker: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Floor]:
    told = simulator.control("/accounts", {"balance_dollars": "1000.00", "tier": "prime", "key_kind": "ed25519"})
    key = tmp_path / "key.pem"
    key.write_text(told["private_key_pem"])
    clock = Shifted(simulator)
    monkeypatch.setattr("precog_assets.services.clock_of", lambda _environment: clock)
    settings = Settings(
        _env_file=None,
        precog_env="test",
        precog_home=tmp_path,
        espn_base_url=simulator.address,
        kalshi_base_url=f"{simulator.address}/trade-api/v2",
        kalshi_key_id=SecretStr(told["key_id"]),
        kalshi_private_key_path=key,
        database_url=SecretStr(database_url),
    )
    services = build_services(resolve(settings), leagues=[load_leagues()["nfl"]])
    with open_venue(services, "another hand") as there:
        yield Floor(services, clock, ticker, there)
    services.close()


def fault(simulator: Running, kind: str, path: str = SENT + "*", **terms: Any) -> None:
    simulator.control("/faults", {"kind": kind, "venue": "kalshi", "count": 1, "path": path, **terms})


def test_without_keys_nothing_is_asked_and_nothing_sent(services: Services, venue: Venue) -> None:
    report = work_venue(services, correlation_id="test")
    assert report.notes == {"off": "KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH are not set"}
    assert work_book(services, correlation_id="test").failures == []
    assert venue.requests == []
    with pytest.raises(ConfigurationError, match="KALSHI_KEY_ID"), open_venue(services, "test"):
        pass


def test_where_orders_are_not_permitted_the_venue_is_off(tmp_path: Path) -> None:
    def made(mode: str, **more: Any) -> str:
        return why_off(resolve(Settings(_env_file=None, espn_mode=mode, kalshi_mode=mode, **more)))

    assert made("demo", precog_env="dev") == "KALSHI_TRADING=off"
    assert made("live", precog_env="prod") == "KALSHI_TRADING=off"
    assert made("demo", precog_env="staging", kalshi_trading="demo") == ""
    with pytest.raises(ConfigurationError, match="KALSHI_TRADING=live needs KALSHI_PRIVATE_KEY_PATH"):
        made("live", precog_env="prod", kalshi_trading="live")


def test_an_account_opens_with_what_the_venue_says_it_has(floor: Floor) -> None:
    report = floor.work()
    assert (report.failures, report.notes["balance"]) == ([], 1000.0)
    assert floor.ledger.cash == 1000
    assert floor.work().notes == {}


@pytest.mark.parametrize("side", list(Side))
def test_a_taken_decision_is_sent_filled_and_booked_as_the_venue_has_it(floor: Floor, side: Side) -> None:
    floor.work()
    floor.decide(side=side.value)
    report = floor.work()
    assert (report.rows_in, report.failures) == (1, [])
    (sent,) = floor.orders()
    assert (sent.status, sent.filled, sent.venue, sent.side) == (OrderStatus.FILLED, 3, "kalshi", side)
    there = floor.there
    assert [one.venue_order_id for one in there.orders()] == [sent.venue_order_id]
    assert floor.ledger.holding(floor.market_id, side).contracts == 3
    assert abs(floor.ledger.cash - there.balance()) < D("0.001")
    assert sum(floor.ledger.balances.values()) == 0


def test_an_order_goes_once_however_often_the_turn_comes(floor: Floor) -> None:
    floor.decide()
    for _ in range(3):
        floor.work(after=timedelta(seconds=20))
    floor.work(after=2 * MINUTE)
    assert len(floor.there.orders()) == 1
    assert count(floor.services.engine, tables.orders) == 2
    assert floor.stands() == [(OrderStatus.FILLED, 3)]


def test_a_maker_rests_until_the_venue_says_otherwise(floor: Floor) -> None:
    floor.decide("0.02", 5, post_only=True)
    floor.work()
    assert floor.stands() == [(OrderStatus.RESTING, 0)]
    floor.there.cancel(floor.orders()[0].client_id)
    report = floor.work(after=MINUTE)
    assert (report.changed, report.failures) == (1, [])
    assert floor.stands() == [(OrderStatus.CANCELED, 0)]


class Killed(RuntimeError):
    pass


def dying(monkeypatch: pytest.MonkeyPatch, *, sends_first: bool) -> Callable[[], None]:
    """The next sending ends with the process; the function undoes that."""
    place = KalshiVenue.place_many

    def die(venue: KalshiVenue, orders: Any) -> Any:
        if sends_first:
            place(venue, orders)
        raise Killed

    monkeypatch.setattr(KalshiVenue, "place_many", die)
    return lambda: monkeypatch.setattr(KalshiVenue, "place_many", place)


def test_a_crash_between_writing_and_sending_is_never_sent_and_rejected_after_the_grace(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor.decide()
    undo = dying(monkeypatch, sends_first=False)
    with pytest.raises(Killed):
        floor.work()
    undo()
    assert floor.stands() == [(OrderStatus.WRITTEN, 0)]
    floor.work(after=timedelta(seconds=30))
    assert floor.stands() == [(OrderStatus.WRITTEN, 0)]
    floor.work(after=2 * MINUTE)
    assert floor.orders()[0].reason == "never reached the venue"
    assert floor.there.orders() == []


def test_a_crash_between_sending_and_writing_the_answer_is_taken_up_and_nothing_booked_twice(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor.work()
    floor.decide()
    undo = dying(monkeypatch, sends_first=True)
    with pytest.raises(Killed):
        floor.work()
    undo()
    for _ in range(2):
        assert floor.work(after=MINUTE).failures == []
    assert floor.stands() == [(OrderStatus.FILLED, 3)]
    assert floor.ledger.holding(floor.market_id, Side.YES).contracts == 3
    assert len(floor.there.orders()) == 1


def test_an_answer_that_was_lost_is_found_at_the_venue(floor: Floor, simulator: Running) -> None:
    floor.work()
    fault(simulator, "reset", methods=["POST"])
    floor.decide()
    report = floor.work()
    assert (report.failures, floor.stands()) == ([], [(OrderStatus.FILLED, 3)])


def test_an_order_nobody_answered_for_stays_written_and_is_said(floor: Floor, simulator: Running) -> None:
    floor.work()
    fault(simulator, "unavailable", methods=["POST"])
    floor.decide()
    report = floor.work()
    assert floor.stands() == [(OrderStatus.WRITTEN, 0)]
    assert "http.server_error" in report.failures[0]
    floor.work(after=2 * MINUTE)
    assert floor.stands() == [(OrderStatus.REJECTED, 0)]


def test_what_the_venue_refuses_is_rejected_in_its_words(floor: Floor) -> None:
    floor.decide("0.99", 3, post_only=True)
    report = floor.work()
    assert floor.orders()[0].reason.startswith("invalid_order: post only cross")
    assert "rejected" in report.failures[0]


def test_a_venue_that_is_away_is_in_the_outcomes_and_paper_goes_on(floor: Floor, simulator: Running) -> None:
    fault(simulator, "unavailable", "/trade-api/v2/portfolio/orders", methods=["GET"], count=20)
    floor.decide("0.99", 3)
    report = work_book(floor.services, correlation_id="test")
    assert report.outcomes == {"http.server_error": 1}
    assert report.rows_in == 1
    assert floor.orders() == []


def test_somebody_else_on_the_account_is_an_alarm_and_is_not_booked(floor: Floor) -> None:
    floor.work()
    floor.there.place(_order(floor))
    report = floor.work(after=2 * MINUTE)
    kinds = sorted(line.partition(":")[0] for line in report.failures)
    assert kinds == ["fill_missing", "order_foreign"]
    assert floor.ledger.holding(floor.market_id, Side.YES).contracts == 0
    assert count(floor.services.engine, tables.fills) == 0


def _order(floor: Floor) -> Order:
    return Order(
        client_id="x",
        venue="kalshi",
        market_id=floor.market_id,
        ticker=floor.ticker,
        side=Side.YES,
        limit_price=D("0.99"),
        contracts=D(2),
        post_only=False,
        created_at=floor.clock.now(),
        expires_at=None,
        strategy="",
    )


def test_a_position_that_differs_with_every_fill_in_place_is_an_alarm(floor: Floor) -> None:
    floor.there.place(_order(floor))
    floor.clock.shift += MINUTE
    report = floor.work()
    assert report.failures == [f"position_differs: {floor.market_id}:yes: here 0 contracts, at Kalshi 2.00 contracts"]


def test_the_kill_switch_takes_back_what_rests_and_sends_nothing(floor: Floor) -> None:
    floor.decide("0.02", 5, post_only=True)
    floor.work()
    with floor.services.engine.begin() as connection:
        store.set_kill_switch(connection, on=True, reason="a test", author="tests", at=floor.clock.now())
    floor.decide()
    floor.work()
    (ended,) = floor.orders()
    assert (ended.status, ended.reason) == (OrderStatus.CANCELED, "kill_switch")
    assert [one.status for one in floor.there.orders()] == [OrderStatus.CANCELED]


def test_a_kill_switch_thrown_while_the_account_is_reconciled_is_seen_before_anything_is_sent(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor.work()
    reconcile = venue_module.reconcile_account

    def slow(*given: Any, **more: Any) -> None:
        reconcile(*given, **more)
        with floor.services.engine.begin() as connection:
            store.set_kill_switch(connection, on=True, reason="a test", author="tests", at=floor.clock.now())

    monkeypatch.setattr(venue_module, "reconcile_account", slow)
    floor.clock.shift += MINUTE
    floor.decide()
    due = floor.work()
    assert (due.rows_in, due.notes["not_sent"]) == (0, "kill_switch")
    assert floor.orders() == []


def test_nothing_is_sent_to_a_venue_that_is_down_and_it_may_come_when_it_is_back(floor: Floor) -> None:
    floor.work()
    floor.decide()
    down = work_venue(floor.services, correlation_id="test", venue_away=lambda: "stream away for 30 s or longer")
    assert (down.rows_in, down.notes["not_sent"]) == (0, "stream away for 30 s or longer")
    assert floor.orders() == []
    assert floor.work().rows_in == 1


@pytest.mark.parametrize(
    "paper",
    [
        {"status": "rejected", "reason": "kill_switch"},
        {"status": "canceled", "reason": "kill_switch"},
        {"status": "canceled", "reason": "venue_down"},
    ],
)
def test_what_was_refused_or_taken_back_on_paper_is_not_sent_later(floor: Floor, paper: dict[str, str]) -> None:
    floor.work()
    floor.decide(**paper)
    assert floor.work().rows_in == 0
    assert floor.orders() == []


def test_what_rests_at_an_exchange_that_is_down_is_taken_back_as_soon_as_it_answers(
    floor: Floor, simulator: Running
) -> None:
    floor.decide("0.02", 5, post_only=True)
    floor.work()
    rule = simulator.control("/faults", {"kind": "unavailable", "venue": "kalshi", "path": "*/portfolio/*"})["id"]
    report = take_back(floor.services, reason="venue_down", correlation_id="test")
    assert (report.changed, list(report.outcomes)) == (0, ["http.server_error"])
    assert report.failures
    assert [status for status, _ in floor.stands()] == [OrderStatus.RESTING]
    simulator.control(f"/faults/{rule}", method="DELETE")
    assert take_back(floor.services, reason="venue_down", correlation_id="test").changed == 1
    (ended,) = floor.orders()
    assert (ended.status, ended.reason) == (OrderStatus.CANCELED, "venue_down")
    assert [one.status for one in floor.there.orders()] == [OrderStatus.CANCELED]
    again = take_back(floor.services, reason="venue_down", correlation_id="test")
    assert (again.changed, again.failures) == (0, [])


def test_an_order_beyond_the_limits_is_rejected_here_and_never_sent(floor: Floor) -> None:
    floor.work()
    floor.decide("0.50", 300)
    floor.decide("0.50", 300)
    report = floor.work()
    assert report.rows_in == 1
    refused = [one for one in floor.orders() if one.reason.startswith("risk_limit")]
    assert [one.status for one in refused] == [OrderStatus.REJECTED]
    assert len(floor.there.orders()) == 1


def test_a_market_that_the_venue_settles_is_paid_in_its_account_too(floor: Floor) -> None:
    floor.work()
    floor.decide()
    floor.work()
    before = floor.ledger.cash
    now = floor.clock.now()
    over = replace(
        market(quote=None),
        market_id=floor.market_id,
        ticker=floor.ticker,
        event_ticker=floor.ticker.rpartition("-")[0],
        series_ticker=floor.ticker.partition("-")[0],
        status="finalized",
        result="yes",
        settlement_value=D(1),
        settlement_time=now,
    )
    with floor.services.engine.begin() as connection:
        write_markets(connection, [(over, Observation(now, Origin.LIVE))], {})
    settle_markets(floor.services, correlation_id="test")
    assert floor.ledger.cash == before + 3


def test_in_live_only_decisions_on_the_live_rung_go(floor: Floor) -> None:
    floor.decide(decided={"rung": "paper"})
    live = floor.decide(decided={"rung": "live"})
    floor.decide(decided={"rung": "live", "action": "pass", "reason": "skill"})
    now = floor.clock.now()
    with floor.services.engine.connect() as connection:
        assert [one.decision_id for one in orders_to_send(connection, now, rehearsal=False)] == [live]
        assert len(orders_to_send(connection, now, rehearsal=True)) == 2
        assert orders_to_send(connection, now + 2 * MINUTE, rehearsal=True) == []


FACTS = ExposureFacts(equity=D(10_000), cash=D(9_000), peak_equity=D(10_000))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (FACTS, ""),
        (replace(FACTS, market=D(196)), "above per_market"),
        (replace(FACTS, game=D(296)), "above per_game"),
        (replace(FACTS, league=D(1496)), "above per_league"),
        (replace(FACTS, day=D(996)), "above per_day"),
        (replace(FACTS, total=D(2996)), "above total"),
        (replace(FACTS, cash=D(4)), "that may be spent"),
        (replace(FACTS, equity=D(7_999)), "below max_drawdown"),
        (replace(FACTS, orders_last_minute=30), "reach orders_per_minute"),
    ],
)
def test_every_limit_of_the_account_is_looked_at(facts: ExposureFacts, said: str) -> None:
    refusal = refused_by(order("x", "0.50", 10), facts, load_trading_rules().limits)
    assert said in refusal
    assert bool(refusal) is bool(said)
