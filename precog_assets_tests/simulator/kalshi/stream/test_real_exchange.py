"""The stream over the exchange itself: books equal to REST's, and what a trader hears of his own orders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from precog_assets.simulator.kalshi import KalshiVenue
from precog_assets.simulator.kalshi.exchange.trading import Ticket
from precog_assets.simulator.kalshi.instants import microseconds
from precog_assets.simulator.kalshi.stream.hub import Hub
from precog_assets.simulator.kalshi.stream.limits import Limits
from precog_assets.simulator.kalshi.stream.tampering import Untampered
from precog_assets_tests.simulator.kalshi.asking import Client
from precog_assets_tests.simulator.kalshi.conftest import MovableClock
from precog_assets_tests.simulator.kalshi.stream.scripted import Connected, Json, Rebuilt, by_type
from precog_assets_tests.simulator.kalshi.stream.test_contract import validators
from precog_assets_tests.simulator.kalshi.tiny_world import TinyWorld

DAL = "KXNFLGAME-26NOV22TBDAL-DAL"
PRIVATE = ["fill", "user_orders", "market_positions", "order_group_updates"]


class Venue:
    """A venue with its stream and its REST over one clock."""

    def __init__(self) -> None:
        self.clock = MovableClock()
        self.kalshi = KalshiVenue(TinyWorld(), self.clock)
        self.exchange = self.kalshi.exchange
        self.hub = Hub(self.exchange, self.clock, Untampered(), Limits(buffered_frames=1_000_000))
        self.rest = Client(Starlette(routes=self.kalshi.routes()))

    def pass_s(self, seconds: float) -> None:
        self.clock.instant += timedelta(seconds=seconds)

    def get(self, path: str, **params: Any) -> Json:
        answer = self.rest.get("/trade-api/v2" + path, params or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def active(self) -> list[str]:
        return [
            market["ticker"]
            for market in self.get("/markets", status="open", mve_filter="exclude", limit=100)["markets"]
        ]

    def shown(self, ticker: str) -> dict[str, dict[str, int]]:
        """REST's book as a client of the stream keeps it."""
        book = self.get(f"/markets/{ticker}/orderbook")["orderbook_fp"]
        return {
            side: {price: round(float(count) * 100) for price, count in book[f"{side}_dollars"]}
            for side in ("yes", "no")
        }

    def open_account(self) -> str:
        return self.exchange.open_account(Decimal("10000"), "prime", key_kind="ed25519").account_id

    def place(self, account_id: str, side: str, price: int, count: int, name: str) -> Any:
        ticket = Ticket(DAL, name, side, price, count, "good_till_canceled", "taker_at_cross")  # type: ignore[arg-type]
        return self.exchange.place(microseconds(self.clock.instant), account_id, ticket)


@pytest.fixture
def venue() -> Iterator[Venue]:
    venue = Venue()
    with venue.rest:
        yield venue


def test_books_of_the_stream_equal_those_of_rest_while_games_are_played(venue: Venue) -> None:
    client, rebuilt = Connected(venue.hub, venue.open_account()), Rebuilt()
    tickers = venue.active()
    rebuilt.take(client.say("subscribe", channels=["orderbook_delta"], market_tickers=tickers))
    deltas = 0
    for step in range(60):
        venue.pass_s(7.3)
        if step % 5 == 0:
            bid = max(price for price, _ in venue.exchange.book(DAL, microseconds(venue.clock.instant)).yes)
            venue.place(client.session.account_id, "bid" if step % 2 else "ask", bid, 1_500, f"order {step}")
        frames = client.beat()
        deltas += len(frames)
        rebuilt.take(frames)
        if step % 6 == 0:
            for ticker in tickers:
                assert rebuilt.books[ticker] == venue.shown(ticker), (step, ticker)
    assert deltas > 500


def test_a_trader_hears_of_an_order_its_fill_its_position_and_its_mark_on_the_book(venue: Venue) -> None:
    account_id = venue.open_account()
    mine, others = Connected(venue.hub, account_id), Connected(venue.hub, venue.open_account())
    for client in (mine, others):
        client.say("subscribe", channels=[*PRIVATE, "orderbook_delta", "trade", "ticker"], market_ticker=DAL)
    book = venue.exchange.book(DAL, microseconds(venue.clock.instant))
    ask = 10_000 - book.no[-1][0]
    venue.place(account_id, "bid", ask, book.no[-1][1] + 700, "mine")
    heard, overheard = mine.frames(), others.frames()
    order = by_type(heard, "user_order")[-1]["msg"]
    fills = by_type(heard, "fill")
    position = by_type(heard, "market_position")[-1]["msg"]
    assert (order["client_order_id"], order["status"], order["user_id"]) == ("mine", "resting", account_id)
    assert order["remaining_count_fp"] == "7.00"
    assert sum(round(float(frame["msg"]["count_fp"]) * 100) for frame in fills) == book.no[-1][1]
    assert position["position_fp"] == order["fill_count_fp"] == fills[-1]["msg"]["post_position_fp"]
    assert {frame["msg"]["trade_id"] for frame in fills} == {
        frame["msg"]["trade_id"] for frame in by_type(overheard, "trade")
    }
    deltas = by_type(heard, "orderbook_delta")
    assert {frame["msg"]["client_order_id"] for frame in deltas} == {"mine"}
    assert ("yes", "7.00") in {(frame["msg"]["side"], frame["msg"]["delta_fp"]) for frame in deltas}
    assert not any("client_order_id" in frame["msg"] for frame in overheard)
    assert {frame["type"] for frame in overheard} == {"orderbook_delta", "trade", "ticker"}


def test_a_day_of_everything_is_valid_by_the_file_and_leads_from_creation_to_settlement(
    venue: Venue, shared: Path
) -> None:
    known = validators(shared)
    account_id = venue.open_account()
    client = Connected(venue.hub, account_id)
    everything = [*PRIVATE, "market_lifecycle_v2", "multivariate_market_lifecycle", "trade", "ticker"]
    frames = client.say("subscribe", channels=everything)
    venue.place(account_id, "bid", 9_000, 500, "mine")
    for _ in range(30):
        venue.pass_s(1800)
        frames += client.beat()
    frames += client.say("unsubscribe", sids=[*range(1, len(everything) + 1)])
    checked = set()
    for frame in frames:
        if frame["type"] in ("ticker", "trade") and frame["type"] in checked and frame["msg"]["ts_ms"] % 50:
            continue  # a fiftieth of the many suffices
        checked.add(frame["type"])
        errors = [list(validator.iter_errors(frame)) for validator in known[frame["type"]]]
        assert [] in errors, (frame, errors)
    assert checked >= {"trade", "ticker", "fill", "user_order", "market_position", "market_lifecycle_v2"}
    steps = {frame["msg"]["event_type"] for frame in by_type(frames, "market_lifecycle_v2")}
    assert steps >= {"determined", "settled"}


def test_an_exchange_set_back_tells_what_that_does_to_books(venue: Venue) -> None:
    client, rebuilt = Connected(venue.hub, venue.open_account()), Rebuilt()
    rebuilt.take(client.say("subscribe", channels=["orderbook_delta"], market_ticker=DAL))
    venue.pass_s(600)
    rebuilt.take(client.beat())
    venue.pass_s(-500)
    venue.exchange.rewind(microseconds(venue.clock.instant))
    rebuilt.take(client.beat())
    assert rebuilt.books[DAL] == venue.shown(DAL)
    venue.pass_s(60)
    rebuilt.take(client.beat())
    assert rebuilt.books[DAL] == venue.shown(DAL)


def test_subscriptions_to_markets_that_are_over_or_unknown_can_be_ended(venue: Venue) -> None:
    client = Connected(venue.hub, venue.open_account())
    over = [market["ticker"] for market in venue.get("/markets", status="settled", limit=5)["markets"]]
    assert over
    frames = client.say("subscribe", channels=["orderbook_delta", "ticker"], market_tickers=[*over, "KXNONE-A"])
    assert len(by_type(frames, "orderbook_snapshot")) == len(over)
    assert [frame["type"] for frame in client.say("unsubscribe", sids=[1, 2])] == ["unsubscribed"] * 2
