"""Polling the exchange: pages, changes, settlements and refusals, against a venue on loopback."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.facts import Origin
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.link import link_markets
from precog_assets.pipeline.market_data import poll_books, read_candles, read_trades
from precog_assets.pipeline.markets import (
    backfill_markets,
    discover_series,
    poll_markets,
    series_of,
    sweep_markets,
)
from precog_assets.pipeline.report import StepReport
from precog_assets.queries import quote_history, quotes_as_of
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock
from precog_assets_tests.pipeline.kalshi_payloads import JAC, KC, TRADE, event, market, page, series, settled
from precog_assets_tests.venues import Venue, board, board_event

MARKETS = f"{TRADE}/markets"
NFL = load_leagues()["nfl"]


def poll(services: Services, **given: Any) -> StepReport:
    return poll_markets(services, [NFL], correlation_id="test", **given)


def row(services: Services, ticker: str = KC) -> Any:
    with services.engine.connect() as connection:
        return connection.execute(sa.select(tables.markets).where(tables.markets.c.ticker == ticker)).one()


def linked(services: Services, venue: Venue) -> None:
    """The game of the two markets, in play, and the markets tied to it."""
    venue.put(NFL_BOARD, board(board_event("401")))
    poll_games(services, [(NFL, services.clock.now().date())], correlation_id="test")
    venue.put(MARKETS, page(market(), market(JAC)))
    poll(services)
    assert link_markets(services, correlation_id="test").notes == {"matched": 2}


def test_a_page_becomes_markets_states_and_quotes(services: Services, venue: Venue) -> None:
    venue.put(MARKETS, page(market(), market(JAC, yes_bid_dollars="0.3600", yes_ask_dollars="0.3800")))
    report = poll(services)
    assert (report.rows_in, report.inserted, report.changed, report.rejected) == (2, 2, 0, 0)
    assert report.notes == {"markets_new": 2, "states_changed": 0, "quotes_written": 2}
    frame = quotes_as_of(services.engine, services.clock.now(), league="nfl")
    assert frame["ticker"].to_list() == [JAC, KC]
    assert frame["yes_bid"].to_list() == [Decimal("0.36"), Decimal("0.62")]
    assert frame["yes_bid_size"].to_list() == [Decimal("150.25")] * 2


def test_only_the_exact_series_of_the_leagues_are_asked_for(services: Services, venue: Venue) -> None:
    venue.put(MARKETS, page())
    poll(services, statuses=("open", "settled"))
    assert len(venue.requests) == 2
    assert all("series_ticker=KXNFLGAME" in request for request in venue.requests)
    assert sum("status=open" in request for request in venue.requests) == 1
    assert sum("status=settled" in request and "min_settled_ts=" in request for request in venue.requests) == 1
    assert series_of([load_leagues()["atp"]]) == ["KXATPMATCH", "KXATPCHALLENGERMATCH"]


def test_pages_are_read_to_the_last(services: Services, venue: Venue) -> None:
    venue.put(MARKETS, page(market(), cursor="two"))
    venue.put(MARKETS, page(market(JAC)), cursor="two")
    report = poll(services)
    assert (report.rows_in, report.outcomes) == (2, {"ok": 2})


def test_a_price_that_moves_is_a_quote_and_one_that_stands_is_none(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    for bid in ("0.6200", "0.6200", "0.6100"):
        venue.put(MARKETS, page(market(yes_bid_dollars=bid, updated_time=clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"))))
        report = poll(services)
        clock.forward(5)
    assert (report.written, report.notes["states_changed"], report.notes["quotes_written"]) == (1, 0, 1)
    assert quote_history(services.engine, KC)["yes_bid"].to_list() == [Decimal("0.62"), Decimal("0.61")]


def test_the_same_bytes_are_not_read_again(services: Services, venue: Venue, clock: TestClock) -> None:
    venue.put(MARKETS, page(market()))
    poll(services)
    clock.forward(5)
    report = poll(services)
    assert (report.outcomes, report.rows_in, report.written) == ({"http.unchanged": 1}, 0, 0)


def test_no_price_is_null_never_zero_nor_one(services: Services, venue: Venue) -> None:
    nothing = {
        "yes_bid_dollars": "0.0000",
        "yes_bid_size_fp": "0.00",
        "yes_ask_dollars": "1.0000",
        "yes_ask_size_fp": "0.00",
    }
    venue.put(MARKETS, page(market(**nothing, last_price_dollars="0.0000")))
    poll(services)
    quote = quotes_as_of(services.engine, services.clock.now()).row(0, named=True)
    assert (quote["yes_bid"], quote["yes_ask"]) == (None, None)


def test_a_settled_market_keeps_its_last_quote_and_gains_its_result(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    venue.put(MARKETS, page(market()))
    poll(services)
    clock.forward(4 * 3600)
    venue.put(MARKETS, page(settled()))
    report = poll(services, statuses=("settled",))
    assert (report.notes["states_changed"], report.notes["quotes_written"]) == (1, 0)
    shown = row(services)
    assert (shown.status, shown.result, shown.settlement_value) == ("finalized", "yes", Decimal(1))
    assert shown.settlement_time.isoformat() == "2026-11-22T21:06:00+00:00"
    assert quote_history(services.engine, KC).height == 1


def test_a_row_that_cannot_be_read_is_kept_by_name_and_the_others_are_written(services: Services, venue: Venue) -> None:
    venue.put(MARKETS, page(market(), market(JAC, yes_bid_dollars="a lot")))
    report = poll(services)
    assert (report.rows_in, report.inserted, report.rejected, report.failed) == (2, 1, 1, False)
    with services.engine.connect() as connection:
        refused = connection.execute(sa.select(tables.rejections)).one()
    assert refused.key == JAC
    assert refused.response_id is not None


def test_a_key_that_vanished_stops_the_markets_and_says_so(services: Services, venue: Venue, clock: TestClock) -> None:
    venue.put(MARKETS, page(market(), market(JAC)))
    poll(services)
    clock.forward(60)
    bare = [{key: value for key, value in market(one).items() if key != "yes_bid_dollars"} for one in (KC, JAC)]
    venue.put(MARKETS, page(*bare))
    report = poll(services)
    assert report.failed
    assert report.outcomes["contract.vanished"] == 1
    assert "yes_bid_dollars" in report.failures[0]
    assert count(services.engine, tables.quotes) == 2
    clock.forward(60)
    assert poll(services).outcomes["contract.vanished"] == 1, "it stays broken while the bytes are the same"
    clock.forward(60)
    venue.put(MARKETS, page(market(yes_bid_dollars="0.6100"), market(JAC)))
    assert not poll(services).failed


def test_a_refusal_by_the_edge_is_blocked_never_no_markets(services: Services, venue: Venue) -> None:
    venue.put(MARKETS, b"<html>Access Denied</html>", status=403, content_type="text/html")
    report = poll(services)
    assert (report.failed, report.outcomes) == (True, {"http.blocked": 1})
    assert "http.blocked" in report.failures[0]


def test_markets_that_left_the_open_listing_are_read_by_ticker_until_final(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    linked(services, venue)
    assert sweep_markets(services, correlation_id="test").rows_in == 0
    venue.put(NFL_BOARD, board(board_event("401", state="post", status="STATUS_FINAL", completed=True, score=(20, 10))))
    clock.forward(4 * 3600)
    poll_games(services, [(NFL, services.clock.now().date())], correlation_id="test")
    venue.put(MARKETS, page(settled(), settled(JAC, "no")))
    venue.requests.clear()
    report = sweep_markets(services, correlation_id="test")
    assert (report.changed, venue.requests[0].count(KC), venue.requests[0].count(JAC)) == (2, 1, 1)
    assert (row(services).result, row(services, JAC).result) == ("yes", "no")
    venue.requests.clear()
    sweep_markets(services, correlation_id="test")
    assert venue.requests == []


def test_series_and_events_of_ours_are_kept_and_the_rest_counted(services: Services, venue: Venue) -> None:
    venue.put(f"{TRADE}/series", {"series": [series(), series("KXNFLTOTAL"), series("KXCHESS")]})
    venue.put(f"{TRADE}/events", {"cursor": "", "events": [event()]}, series_ticker="KXNFLGAME")
    report = discover_series(services, [NFL], correlation_id="test")
    assert (report.inserted, report.notes) == (2, {"series_elsewhere": 2, "series_missing": 0})
    with services.engine.connect() as connection:
        assert connection.execute(sa.select(tables.series.c.league)).scalar_one() == "nfl"
        assert connection.execute(sa.select(tables.events.c.title)).scalar_one() == "Jacksonville at Kansas City"


def test_a_configured_series_that_the_exchange_does_not_list_is_noted(services: Services, venue: Venue) -> None:
    venue.put(f"{TRADE}/series", {"series": [series("KXCHESS")]})
    venue.put(f"{TRADE}/events", {"cursor": "", "events": []})
    assert discover_series(services, [NFL], correlation_id="test").notes["series_missing"] == 1


def test_books_are_read_for_games_that_run_or_begin_soon(services: Services, venue: Venue, clock: TestClock) -> None:
    assert poll_books(services, [NFL], correlation_id="test").outcomes == {}
    linked(services, venue)
    book = {"ticker": KC, "orderbook_fp": {"yes_dollars": [["0.6100", "5.00"], ["0.6200", "9.50"]], "no_dollars": []}}
    other = {"ticker": JAC, "orderbook_fp": {"yes_dollars": [], "no_dollars": []}}
    venue.put(f"{TRADE}/markets/orderbooks", {"orderbooks": [book, other]})
    assert poll_books(services, [NFL], correlation_id="test").inserted == 2
    clock.forward(5)
    assert poll_books(services, [NFL], correlation_id="test").written == 0
    assert poll_books(services, [load_leagues()["nba"]], correlation_id="test").rows_in == 0
    with services.engine.connect() as connection:
        levels = connection.scalars(sa.select(tables.order_books.c.yes_levels)).all()
    assert sorted(levels) == [[], [["0.6100", "5.00"], ["0.6200", "9.50"]]]


def test_trades_are_read_since_the_last_one_and_written_once(services: Services, venue: Venue) -> None:
    linked(services, venue)
    trade = {
        "trade_id": "t-1",
        "ticker": KC,
        "count_fp": "14.18",
        "yes_price_dollars": "0.6300",
        "no_price_dollars": "0.3700",
        "taker_outcome_side": "no",
        "taker_side": "no",
        "taker_book_side": "ask",
        "created_time": "2026-11-22T18:10:00.436559Z",
        "is_block_trade": False,
    }
    venue.put(f"{TRADE}/markets/trades", {"cursor": "", "trades": [trade]}, ticker=KC)
    venue.put(f"{TRADE}/markets/trades", {"cursor": "", "trades": []}, ticker=JAC)
    assert read_trades(services, NFL, correlation_id="test").inserted == 1
    venue.requests.clear()
    assert read_trades(services, NFL, correlation_id="test").written == 0
    asked = next(request for request in venue.requests if KC in request)
    assert "min_ts=1795371000" in asked
    with services.engine.connect() as connection:
        stored = connection.execute(sa.select(tables.trades)).one()
    assert (stored.count, stored.origin, stored.known_at) == (Decimal("14.18"), Origin.BACKFILL.value, stored.traded_at)


def test_candles_of_linked_markets_are_written(services: Services, venue: Venue) -> None:
    linked(services, venue)
    ohlc = {"open_dollars": "0.6000", "high_dollars": "0.6400", "low_dollars": "0.6000", "close_dollars": "0.6300"}
    candle = {
        "end_period_ts": 1795366800,
        "yes_bid": ohlc,
        "yes_ask": ohlc,
        "price": ohlc,
        "volume_fp": "20.00",
        "open_interest_fp": "900.00",
    }
    candles = {"markets": [{"market_ticker": KC, "candlesticks": [candle]}, {"market_ticker": JAC, "candlesticks": []}]}
    venue.put(f"{TRADE}/markets/candlesticks", candles)
    report = read_candles(services, NFL, correlation_id="test")
    assert (report.failures, report.inserted) == ([], 1)
    with services.engine.connect() as connection:
        stored = connection.execute(sa.select(tables.candles)).one()
    assert (stored.period_minutes, stored.price_close, stored.known_at) == (60, Decimal("0.63"), stored.end_time)


def test_markets_of_the_historical_tier_are_kept_with_their_result_and_when_it_was_known(
    services: Services, venue: Venue, clock: TestClock
) -> None:
    clock.forward(86_400)
    venue.put(f"{TRADE}/historical/markets", page(settled(), cursor="two"))
    venue.put(f"{TRADE}/historical/markets", page(settled(JAC, result="no")), cursor="two")
    report = backfill_markets(services, NFL, correlation_id="test")
    assert (report.failures, report.inserted) == ([], 2)
    with services.engine.connect() as connection:
        stored = connection.execute(
            sa.select(tables.markets.c.ticker, tables.markets.c.result).order_by(tables.markets.c.result)
        ).all()
        state = connection.execute(sa.select(tables.market_states)).first()
    assert [tuple(row) for row in stored] == [(JAC, "no"), (KC, "yes")]
    assert state is not None
    assert (state.origin, state.known_at < state.observed_at) == ("backfill", True)
    assert backfill_markets(services, NFL, correlation_id="test").written == 0
