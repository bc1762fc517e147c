"""Kalshi as a venue, against the simulator on a real socket: what is sent once, and what no answer, or two, mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from precog_assets.config import load_sources
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.ports import TradingVenue
from precog_assets.domain.trading import Order, OrderStatus, Side
from precog_assets.environment import read_settings, resolve
from precog_assets.sources.http import UnrecordedResponses
from precog_assets.sources.kalshi.auth import load_credentials
from precog_assets.sources.kalshi.orders import MAX_BATCH, KalshiVenue
from precog_assets.sources.limits import RateLimiter
from precog_assets.sources.sending import HttpSender
from precog_assets.trading.ledger import Ledger
from precog_assets.trading.reconcile import CorrectionKind, Standing, reconcile
from precog_assets_tests.simulator.serving import Running, running

PATH = "/trade-api/v2/portfolio/events/orders"
Account = Callable[..., KalshiVenue]


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


@pytest.fixture
def account(simulator: Running, tmp_path: Path) -> Iterator[Account]:
    """Opens accounts at the simulator, each with a venue of its own; another venue of the same one with `of`."""
    with ExitStack() as stack:
        limiter = RateLimiter(tmp_path / "limits")
        stack.callback(limiter.close)
        key_files: dict[str, Path] = {}

        def connect(key_id: str) -> KalshiVenue:
            url = f"{simulator.address}/trade-api/v2"
            overrides = {"precog_env": "dev", "espn_mode": "sim", "kalshi_mode": "sim", "kalshi_base_url": url}
            environment = resolve(read_settings({**overrides, "kalshi_trading": "off", "precog_home": tmp_path}))
            config = load_sources()["kalshi"]
            config = config.model_copy(
                update={"timeout_s": config.timeout_s.model_copy(update={"read": 0.5, "total": 1.5})}
            )
            sender = HttpSender(
                config,
                mode="sim",
                base_url=url,
                user_agent=None,
                response_log=UnrecordedResponses(),
                clock=simulator.simulation.clock,
                limiter=limiter,
                sleep=lambda _seconds: None,
            )
            stack.callback(sender.close)
            credentials = load_credentials(key_id, key_files[key_id])
            return KalshiVenue(environment, sender, credentials, clock=simulator.simulation.clock)

        def opened(dollars: str = "1000.00", of: KalshiVenue | None = None) -> KalshiVenue:
            if of is not None:
                return connect(of._calls._credentials.key_id)
            terms = {"balance_dollars": dollars, "tier": "prime", "key_kind": "ed25519"}
            told = simulator.control("/accounts", terms)
            key_files[told["key_id"]] = tmp_path / f"{told['key_id']}.pem"
            key_files[told["key_id"]].write_text(told["private_key_pem"])
            return connect(told["key_id"])

        yield opened


@pytest.fixture
def venue(account: Account) -> KalshiVenue:
    return account()


@pytest.fixture(scope="module")
def ticker(shared: Running) -> str:
    """A game's market with bids and offers on a grid of cents."""
    listed = shared.get("/trade-api/v2/markets", status="open", limit=1000, mve_filter="exclude").json()["markets"]
    quoted = [
        market
        for market in listed
        if Decimal("0.2") < Decimal(market["yes_bid_dollars"]) < Decimal(market["yes_ask_dollars"]) < Decimal("0.8")
        and market["price_level_structure"] == "linear_cent"
    ]
    return quoted[0]["ticker"]


@pytest.fixture
def order(ticker: str, simulator: Running) -> Callable[..., Order]:
    def make(client_id: str, price: str = "0.01", contracts: str = "5", **more: Any) -> Order:
        terms: dict[str, Any] = {"side": Side.YES, "post_only": True, "expires_at": None, **more}
        return Order(
            client_id=client_id,
            venue="kalshi",
            market_id=f"kalshi:{ticker}",
            ticker=ticker,
            limit_price=Decimal(price),
            contracts=Decimal(contracts),
            created_at=simulator.simulation.clock.now(),
            strategy="default",
            decision_id="d1",
            **terms,
        )

    return make


Make = Callable[..., Order]


def fault(simulator: Running, kind: str, **terms: Any) -> None:
    simulator.control("/faults", {"kind": kind, "venue": "kalshi", "count": 1, "path": PATH + "*", **terms})


def test_it_is_a_trading_venue(venue: KalshiVenue) -> None:
    held: TradingVenue = venue
    assert held.balance() == 1000


def test_a_maker_rests_with_its_id_and_ties_up_money(venue: KalshiVenue, order: Make) -> None:
    expires = order("m").created_at + timedelta(hours=1)
    wanted = order("m", "0.02", "10", expires_at=expires)
    done = venue.place(wanted)
    assert done == replace(wanted, status=OrderStatus.RESTING, venue_order_id=done.venue_order_id)
    assert venue.balance() < 1000
    (listed,) = venue.orders()
    assert listed == done


@pytest.mark.parametrize("side", list(Side))
def test_a_taker_is_filled_on_the_side_it_asked_for(venue: KalshiVenue, order: Make, side: Side) -> None:
    done = venue.place(order("t", "0.99", "3", side=side, post_only=False))
    assert (done.status, done.filled) == (OrderStatus.FILLED, 3)
    (position,) = venue.positions()
    assert (position.side, position.contracts) == (side, 3)
    fills = venue.fills()
    assert {(f.client_id, f.side, f.is_maker) for f in fills} == {("t", side, False)}
    assert sum(f.price * f.contracts for f in fills) / 3 == position.average_price
    assert all(f.price < Decimal("0.9") and f.fee > 0 for f in fills)
    assert position.realised == -sum(f.fee for f in fills)


def test_fills_booked_in_our_ledger_are_the_venues_balance_and_position(venue: KalshiVenue, order: Make) -> None:
    venue.place(order("1", "0.99", "7", post_only=False))
    venue.place(order("2", "0.99", "10", side=Side.NO, post_only=False))
    ledger = Ledger()
    ledger.deposit("d", Decimal(1000), at=order("x").created_at)
    for fill in venue.fills():
        ledger.fill(fill, "default")
    assert abs(ledger.cash - venue.balance()) < Decimal("0.001")
    held = [p for p in ledger.positions() if p.contracts]
    assert [(p.side, p.contracts) for p in held] == [(p.side, p.contracts) for p in venue.positions()]
    ours = Standing(venue.orders(), venue.fills(), held)
    assert reconcile(ours, Standing(venue.orders(), venue.fills(), venue.positions()), now=order("x").created_at) == []


def test_a_taker_that_finds_nothing_is_canceled(venue: KalshiVenue, order: Make) -> None:
    done = venue.place(order("t", "0.01", "3", post_only=False))
    assert (done.status, done.filled, done.reason) == (OrderStatus.CANCELED, 0, "not_enough_offered")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"price": "0.99"}, "invalid_order: post only cross"),
        ({"price": "0.005"}, "invalid_price"),
        ({"price": "0.02", "contracts": "90000"}, "insufficient_balance"),
        ({"ticker": "KXNFLGAME-26NOV22NOBODY-NO"}, "not_found"),
    ],
)
def test_what_the_venue_refuses_is_rejected_in_its_words(
    venue: KalshiVenue, order: Make, change: dict[str, str], reason: str
) -> None:
    ticker = change.get("ticker")
    wanted = order("r", **{name: value for name, value in change.items() if name != "ticker"})
    done = venue.place(replace(wanted, ticker=ticker) if ticker else wanted)
    assert done.status is OrderStatus.REJECTED
    assert done.reason.startswith(reason)
    assert venue.orders() == []


def test_an_order_sent_twice_is_one_order(venue: KalshiVenue, account: Account, order: Make) -> None:
    first = venue.place(order("same", "0.02"))
    assert venue.place(order("same", "0.02")).venue_order_id == first.venue_order_id
    assert account(of=venue).place(order("same", "0.02")).venue_order_id == first.venue_order_id
    assert len(venue.orders()) == 1


def test_an_id_of_a_cancelled_order_never_comes_free(venue: KalshiVenue, order: Make) -> None:
    venue.place(order("once"))
    venue.cancel("once")
    assert venue.place(order("once")).status is OrderStatus.CANCELED
    assert len(venue.orders()) == 1


@pytest.mark.parametrize("kind", ["truncated", "reset", "broken_json", "half_open_answer"])
def test_an_answer_that_was_lost_after_the_order_was_taken_is_asked_for(
    venue: KalshiVenue, simulator: Running, order: Make, kind: str
) -> None:
    fault(simulator, kind, methods=["POST"])
    done = venue.place(order("lost", "0.02"))
    assert (done.status, done.strategy, done.decision_id) == (OrderStatus.RESTING, "default", "d1")
    assert len(venue.orders()) == 1


@pytest.mark.parametrize(("kind", "code"), [("timeout", "http.timeout"), ("unavailable", "http.server_error")])
def test_an_order_nobody_answered_for_is_not_sent_again(
    venue: KalshiVenue, simulator: Running, order: Make, kind: str, code: str
) -> None:
    # It would strike nine times, were the order sent nine times.
    fault(simulator, kind, methods=["POST"], count=9)
    with pytest.raises(PrecogError) as raised:
        venue.place(order("gone"))
    assert raised.value.code == code
    assert venue.orders() == []
    (rule,) = simulator.simulation.faults.counts().values()
    assert rule == 1


def test_an_order_that_arrives_after_we_gave_it_up_is_found_by_reconciliation_and_stays_one(
    venue: KalshiVenue, account: Account, simulator: Running, order: Make
) -> None:
    fault(simulator, "timeout", methods=["POST"])
    wanted = order("late", "0.02")
    with pytest.raises(PrecogError, match="late"):
        venue.place(wanted)
    account(of=venue).place(wanted)  # what was under way comes through
    now = wanted.created_at + timedelta(minutes=2)
    given_up = replace(wanted, status=OrderStatus.REJECTED, reason="never reached the venue")
    for ours in (wanted, given_up):
        (correction,) = reconcile(Standing(orders=[ours]), Standing(orders=venue.orders()), now=now)
        assert (correction.kind, correction.key) == (CorrectionKind.ORDER_CHANGED, "late")
        assert correction.order is not None
        assert correction.order.status is OrderStatus.RESTING
    assert venue.place(wanted).status is OrderStatus.RESTING
    assert len(venue.orders()) == 1


def test_a_crash_between_writing_and_sending_is_settled_by_reconciliation(venue: KalshiVenue, order: Make) -> None:
    sent, unsent = order("sent", "0.02"), order("unsent", "0.02")
    venue.place(sent)
    now = sent.created_at + timedelta(minutes=2)
    corrections = reconcile(Standing(orders=[sent, unsent]), Standing(orders=venue.orders()), now=now)
    assert [(c.kind, c.key) for c in corrections] == [
        (CorrectionKind.ORDER_CHANGED, "sent"),
        (CorrectionKind.ORDER_NEVER_ARRIVED, "unsent"),
    ]
    assert corrections[0].order is not None
    assert corrections[0].order.status is OrderStatus.RESTING


@pytest.mark.parametrize(
    ("kind", "code"), [("rate_limit", "http.rate_limited"), ("blocked", "http.blocked"), ("gone", "rejected")]
)
def test_a_refusal_of_us_is_an_error_and_leaves_the_order_written(
    venue: KalshiVenue, simulator: Running, order: Make, kind: str, code: str
) -> None:
    fault(simulator, kind, methods=["POST"])
    if code == "rejected":
        assert venue.place(order("x")).status is OrderStatus.REJECTED
        return
    with pytest.raises(PrecogError) as raised:
        venue.place(order("x"))
    assert raised.value.code == code
    assert venue.place(order("x")).status is OrderStatus.RESTING


def test_a_cancel_gives_the_order_as_it_ended_also_the_second_time(
    venue: KalshiVenue, account: Account, order: Make
) -> None:
    venue.place(order("c", "0.02", "4"))
    done = venue.cancel("c")
    assert (done.status, done.filled) == (OrderStatus.CANCELED, 0)
    assert venue.cancel("c").status is OrderStatus.CANCELED
    assert account(of=venue).cancel("c").status is OrderStatus.CANCELED
    venue.place(order("t", "0.99", "1", post_only=False))
    assert venue.cancel("t").status is OrderStatus.FILLED


def test_a_read_that_trails_a_cancel_does_not_bring_the_order_back(
    venue: KalshiVenue, simulator: Running, order: Make
) -> None:
    simulator.simulation.kalshi.stale.seconds = 60.0
    venue.place(order("c"))
    venue.cancel("c")
    assert venue.cancel("c").status is OrderStatus.CANCELED


def test_a_cancel_whose_answer_was_lost_is_asked_about(venue: KalshiVenue, simulator: Running, order: Make) -> None:
    venue.place(order("c"))
    fault(simulator, "reset", methods=["DELETE"])
    assert venue.cancel("c").status is OrderStatus.CANCELED
    venue.place(order("d"))
    fault(simulator, "timeout", methods=["DELETE"])
    with pytest.raises(PrecogError) as raised:
        venue.cancel("d")
    assert raised.value.code == "http.timeout"
    assert venue.cancel("d").status is OrderStatus.CANCELED


def test_an_order_nobody_has_is_not_found(venue: KalshiVenue) -> None:
    for act in (lambda: venue.cancel("nobody"), lambda: venue.amend("nobody", Decimal("0.02"), Decimal(1))):
        with pytest.raises(PrecogError) as raised:
            act()
        assert raised.value.code == "http.not_found"


@pytest.mark.parametrize("side", list(Side))
def test_an_amended_order_has_its_new_price_and_count(venue: KalshiVenue, order: Make, side: Side) -> None:
    venue.place(order("a", "0.02", "5", side=side))
    amended = venue.amend("a", Decimal("0.03"), Decimal(8))
    assert (amended.limit_price, amended.contracts, amended.status) == (Decimal("0.03"), 8, OrderStatus.RESTING)
    (listed,) = venue.orders()
    assert (listed.side, listed.limit_price, listed.remaining) == (side, Decimal("0.03"), 8)


def test_an_amendment_refused_leaves_the_order_as_it_was(venue: KalshiVenue, order: Make) -> None:
    venue.place(order("a", "0.02", "5"))
    with pytest.raises(PrecogError, match="post only cross") as raised:
        venue.amend("a", Decimal("0.99"), Decimal(5))
    assert raised.value.code == "http.bad_request"
    assert venue.orders()[0].limit_price == Decimal("0.02")


def test_an_amendment_whose_answer_was_lost_is_asked_about(venue: KalshiVenue, simulator: Running, order: Make) -> None:
    venue.place(order("a", "0.02", "5"))
    fault(simulator, "reset", methods=["POST"])
    assert venue.amend("a", Decimal("0.03"), Decimal(5)).limit_price == Decimal("0.03")
    fault(simulator, "timeout", methods=["POST"])
    with pytest.raises(PrecogError) as raised:
        venue.amend("a", Decimal("0.04"), Decimal(5))
    assert raised.value.code == "http.timeout"


def test_a_decreased_order_keeps_what_is_left(venue: KalshiVenue, order: Make) -> None:
    venue.place(order("a", "0.02", "5"))
    assert venue.decrease("a", Decimal(2)).remaining == 2
    assert venue.orders()[0].contracts == 2


def test_a_maker_that_is_hit_is_filled_as_a_maker(venue: KalshiVenue, account: Account, order: Make) -> None:
    # The other trader sells down to one cent, through everybody's bids.
    other = account("900000.00")
    venue.place(order("m", "0.01", "5"))
    other.place(order("sell", "0.99", "100000", side=Side.NO, post_only=False))
    (fill,) = venue.fills()
    assert (fill.client_id, fill.price, fill.contracts, fill.is_maker) == ("m", Decimal("0.01"), 5, True)
    assert venue.orders()[0].status is OrderStatus.FILLED
    assert venue.fills(since=fill.filled_at) == [fill]
    assert venue.fills(since=fill.filled_at + timedelta(microseconds=1)) == []


def test_a_batch_answers_each_order_for_itself(venue: KalshiVenue, order: Make) -> None:
    orders = [order(f"b{number}", "0.02", "1") for number in range(MAX_BATCH + 2)]
    orders[3] = order("b3", "0.99")
    orders[5] = order("b4", "0.02", "1")
    answers = venue.place_many(orders)
    assert [answer.client_id for answer in answers] == [wanted.client_id for wanted in orders]
    assert answers[3].reason.startswith("invalid_order")
    assert all(answer.status is OrderStatus.RESTING for number, answer in enumerate(answers) if number != 3)
    assert len(venue.orders()) == MAX_BATCH
    ended = venue.cancel_many(["b0", "b1"])
    assert [done.status for done in ended] == [OrderStatus.CANCELED] * 2
    again = venue.cancel_many(["b0", "b2"])
    assert [done.status for done in again] == [OrderStatus.CANCELED] * 2


def test_a_batch_whose_answer_was_lost_is_asked_for_order_by_order(
    venue: KalshiVenue, simulator: Running, order: Make
) -> None:
    fault(simulator, "reset", methods=["POST"])
    answers = venue.place_many([order("x", "0.02"), order("y", "0.02")])
    assert [answer.status for answer in answers] == [OrderStatus.RESTING] * 2
    fault(simulator, "timeout", methods=["POST"])
    answers = venue.place_many([order("z", "0.02")])
    assert (answers[0].status, answers[0].reason.partition(":")[0]) == (OrderStatus.WRITTEN, "http.timeout")
    assert len(venue.orders()) == 2


def test_a_field_that_was_renamed_is_a_broken_contract_and_no_zero(
    venue: KalshiVenue, simulator: Running, order: Make
) -> None:
    venue.place(order("a"))
    renamed = {"field": "orders[*].fill_count_fp", "to_name": "filled"}
    fault(simulator, "renamed_field", **{**renamed, "path": "/trade-api/v2/portfolio/orders", "methods": ["GET"]})
    with pytest.raises(PrecogError, match="fill_count_fp") as raised:
        venue.orders()
    assert raised.value.code == "contract.vanished"
