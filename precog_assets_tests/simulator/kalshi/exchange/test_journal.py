"""The exchange remembers: restarted, torn, rewound."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.kalshi.exchange.events import BookDelta
from precog_assets.simulator.kalshi.instants import MINUTE_US, SECOND_US
from precog_assets_tests.simulator.kalshi.exchange.conftest import DAL, TB, NewVenue, Trader, Venue

PATHS = (
    "/portfolio/balance",
    "/portfolio/positions",
    "/portfolio/orders",
    "/portfolio/fills",
    "/portfolio/settlements",
    "/portfolio/deposits",
    "/portfolio/order_groups",
    "/portfolio/subaccounts/balances",
    "/portfolio/subaccounts/transfers",
    "/account/limits",
)


def portfolio(trader: Trader) -> dict[str, Any]:
    return {path: trader.get(path) for path in PATHS}


def trade(trader: Trader) -> None:
    group = trader.post("/portfolio/order_groups/create", {"contracts_limit": 50})["order_group_id"]
    best = f"{trader.venue.exchange.book(DAL, trader.venue.now_us).yes[-1][0] / 10_000:.4f}"
    trader.order("bid", best, "400.00", client_order_id="rests", order_group_id=group)
    trader.order("bid", "0.9900", "3.00")
    gone = trader.order("ask", "0.9900", "1.00", ticker=TB)["order_id"]
    trader.delete(f"/portfolio/events/orders/{gone}")
    trader.post("/portfolio/subaccounts")
    trader.venue.wait(minutes=20)


def restarted(new_venue: NewVenue, trader: Trader, journal: Path) -> Trader:
    """The same account on a new process's venue, at the same world time."""
    again = new_venue(journal=journal)
    again.clock.instant = trader.venue.clock.instant
    return Trader(again, trader.opened)


def test_killed_and_restarted_exchange_has_the_same_accounts(tmp_path: Path, new_venue: NewVenue) -> None:
    journal = tmp_path / "exchange.jsonl"
    venue = new_venue(journal=journal)
    trader = venue.trader()
    trade(trader)
    before = portfolio(trader)
    again = restarted(new_venue, trader, journal)
    assert portfolio(again) == before
    again.order("bid", "0.0100", client_order_id="rests", status=409)
    again.order("bid", "0.0100", client_order_id="new")


def test_restarted_exchange_goes_on_as_if_nothing_had_been(tmp_path: Path, new_venue: NewVenue) -> None:
    journal = tmp_path / "exchange.jsonl"
    venue = new_venue(journal=journal)
    trader = venue.trader()
    trade(trader)
    again = restarted(new_venue, trader, journal)
    for one in (trader, again):
        one.venue.wait(hours=6)
    assert portfolio(again) == portfolio(trader)
    assert len(trader.get("/portfolio/settlements")["settlements"]) == 1


def test_journal_holds_no_private_key(tmp_path: Path, new_venue: NewVenue) -> None:
    journal = tmp_path / "exchange.jsonl"
    opened = new_venue(journal=journal).trader()
    text = journal.read_text()
    assert opened.key_id in text
    assert "PUBLIC KEY" in text
    assert "PRIVATE" not in text


def test_refused_commands_are_not_remembered(tmp_path: Path, new_venue: NewVenue) -> None:
    journal = tmp_path / "exchange.jsonl"
    venue = new_venue(journal=journal)
    trader = venue.trader()
    lines = journal.read_bytes().count(b"\n")
    trader.order("bid", "0.0155", status=400)
    trader.delete("/portfolio/events/orders/unknown", status=404)
    assert journal.read_bytes().count(b"\n") == lines


def test_half_written_line_is_dropped_and_written_over(tmp_path: Path, new_venue: NewVenue) -> None:
    journal = tmp_path / "exchange.jsonl"
    venue = new_venue(journal=journal)
    trader = venue.trader()
    trader.order("bid", "0.0100", client_order_id="whole")
    whole = journal.read_bytes()
    trader.order("bid", "0.0100", client_order_id="torn")
    journal.write_bytes(journal.read_bytes()[: len(whole) + 40])
    again = restarted(new_venue, trader, journal)
    assert [order["client_order_id"] for order in again.get("/portfolio/orders")["orders"]] == ["whole"]
    again.order("bid", "0.0100", client_order_id="torn")
    assert all(orjson.loads(line) for line in journal.read_bytes().splitlines())


def test_unreadable_line_is_an_error_that_names_it(tmp_path: Path, new_venue: NewVenue) -> None:
    journal = tmp_path / "exchange.jsonl"
    new_venue(journal=journal).trader()
    journal.write_bytes(b"{}\n" + journal.read_bytes())
    with pytest.raises(ConfigurationError, match="line 1"):
        new_venue(journal=journal)


def test_rewound_exchange_has_forgotten_what_came_later_but_not_its_accounts(
    tmp_path: Path, new_venue: NewVenue
) -> None:
    journal = tmp_path / "exchange.jsonl"
    venue = new_venue(journal=journal)
    trader = venue.trader()
    trader.order("bid", "0.0100", client_order_id="early")
    before = portfolio(trader)
    at_us = venue.now_us
    venue.wait(minutes=5)
    trader.order("bid", "0.9900", "3.00", client_order_id="late")
    newcomer = venue.trader("50")
    venue.clock.instant -= timedelta(minutes=4)
    venue.exchange.rewind(venue.now_us)
    assert portfolio(trader) == before
    assert newcomer.get("/portfolio/balance")["balance"] == 0
    trader.order("bid", "0.0100", client_order_id="late")
    assert venue.now_us == at_us + MINUTE_US
    again = restarted(new_venue, trader, journal)
    assert portfolio(again) == portfolio(trader)


def test_watchers_of_a_rewound_exchange_can_still_add_up_the_book(venue: Venue) -> None:
    trader = venue.trader()
    exchange = venue.exchange
    start_us = venue.now_us
    exchange.watch(DAL, start_us)
    sides = {"yes": dict(exchange.book(DAL, start_us).yes), "no": dict(exchange.book(DAL, start_us).no)}
    clocks: list[int] = []

    def hear(event: object) -> None:
        if isinstance(event, BookDelta):
            side = sides[event.side]
            side[event.price] = side.get(event.price, 0) + event.delta
            clocks.append(event.clock)

    exchange.listen(hear)
    venue.wait(minutes=3)
    trader.order("bid", "0.0200", "9.00")
    exchange.rewind(start_us + 30 * SECOND_US)
    venue.clock.instant -= timedelta(minutes=2)
    exchange.advance(venue.now_us)
    book = exchange.book(DAL, venue.now_us)
    rebuilt = {name: tuple(sorted((p, n) for p, n in side.items() if n)) for name, side in sides.items()}
    assert rebuilt == {"yes": book.yes, "no": book.no}
    assert clocks == sorted(clocks)


def test_closure_of_the_exchange_survives_a_restart(tmp_path: Path, new_venue: NewVenue) -> None:
    journal = tmp_path / "exchange.jsonl"
    venue = new_venue(journal=journal)
    trader = venue.trader()
    trader.order("bid", "0.0100", cancel_order_on_pause=True)
    venue.kalshi.market.hours.close(
        venue.clock.instant + timedelta(minutes=1), venue.clock.instant + timedelta(hours=1)
    )
    venue.wait(minutes=2)
    trader.order("bid", "0.0100", status=409)
    before = portfolio(trader)
    assert before["/portfolio/orders"]["orders"][0]["status"] == "canceled"
    again = restarted(new_venue, trader, journal)
    assert portfolio(again) == before
    again.order("bid", "0.0100", status=409)
