"""Markets, quotes, books and trades: one quote a change, keys that hold, zero never for missing."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.domain.facts import (
    CandleSeen,
    EventSeen,
    MarketSeen,
    Observation,
    OrderBookSeen,
    Origin,
    SeriesSeen,
    TradeSeen,
)
from precog_assets.store import tables
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.markets import (
    market_keys,
    write_events,
    write_markets,
    write_order_books,
    write_quotes,
    write_series,
)
from precog_assets.store.trades import write_candles, write_trades
from precog_assets_tests.databases import count, rolled_back
from precog_assets_tests.store.rows import at, market, quote, seen, settled

LEAGUES = {"KXNFLGAME": "nfl"}
KC = "kalshi:KXNFLGAME-26NOV22JACKC-KC"
JAC = "kalshi:KXNFLGAME-26NOV22JACKC-JAC"


def put(engine: sa.Engine, *observed: tuple[MarketSeen, Observation]) -> tuple[WriteCounts, WriteCounts]:
    with engine.begin() as connection:
        return write_markets(connection, observed, LEAGUES)


def row(engine: sa.Engine, market_id: str = KC) -> Any:
    with engine.connect() as connection:
        return connection.execute(sa.select(tables.markets).where(tables.markets.c.market_id == market_id)).one()


def quotes(engine: sa.Engine, market_id: str = KC) -> list[Any]:
    table = tables.quotes
    with engine.connect() as connection:
        joined = sa.select(table).join(tables.markets, tables.markets.c.market_key == table.c.market_key)
        return list(connection.execute(joined.where(tables.markets.c.market_id == market_id).order_by("observed_at")))


def test_a_market_is_written_with_its_state_and_its_quote(store: sa.Engine) -> None:
    states, quoted = put(store, (market(), seen(0)), (market("JAC"), seen(0)))
    assert (states, quoted) == (WriteCounts(2, 2, 0), WriteCounts(2, 2, 0))
    shown = row(store)
    assert (shown.league, shown.status, shown.result, shown.series_ticker) == ("nfl", "active", "", "KXNFLGAME")
    assert shown.price_ranges == [["0", "1", "0.01"]]
    assert shown.strike == {"football_team": "x"}
    (one,) = quotes(store)
    assert (one.yes_bid, one.yes_ask, one.yes_ask_size) == (Decimal("0.40"), Decimal("0.42"), Decimal("20.50"))
    assert one.known_at == one.observed_at == at(0)


def test_a_quote_is_kept_where_it_differs_and_markets_do_not_mix(store: sa.Engine) -> None:
    put(store, (market(), seen(0)), (market("JAC", quote=quote("0.58", "0.60")), seen(0)))
    put(store, (market(), seen(5)), (market("JAC", quote=quote("0.57", "0.60")), seen(5)))
    assert [(one.yes_bid, one.confirmed_at) for one in quotes(store)] == [(Decimal("0.40"), at(5))]
    assert [one.yes_bid for one in quotes(store, JAC)] == [Decimal("0.58"), Decimal("0.57")]
    assert row(store).market_key != row(store, JAC).market_key


def test_a_change_of_volume_alone_is_a_quote(store: sa.Engine) -> None:
    put(store, (market(), seen(0)))
    _, quoted = put(store, (market(quote=quote(volume=Decimal("1201.00"))), seen(5)))
    assert quoted.changed == 1


def test_no_price_is_null_and_never_zero(store: sa.Engine) -> None:
    put(store, (market(quote=quote(None, None, last_price=None, yes_bid_size=None, yes_ask_size=None)), seen(0)))
    put(store, (market(quote=quote("0.00", "0.01")), seen(5)))
    assert [(one.yes_bid, one.last_price) for one in quotes(store)] == [(None, None), (Decimal(0), Decimal("0.41"))]


def test_a_settled_market_has_its_result_and_no_new_quote(store: sa.Engine) -> None:
    put(store, (market(), seen(0)))
    states, quoted = put(store, (settled(), seen(5 * 3600)))
    assert (states.changed, quoted) == (1, WriteCounts())
    shown = row(store)
    assert (shown.status, shown.result, shown.settlement_value) == ("finalized", "yes", Decimal(1))
    assert shown.settlement_time == at(4 * 3600)
    assert shown.expiration_value == "Kansas City"
    assert [one.yes_bid for one in quotes(store)] == [Decimal("0.40")]


def test_a_market_first_met_settled_has_no_quote_at_all(store: sa.Engine) -> None:
    put(store, (settled(result="no"), seen(5 * 3600)))
    assert (row(store).result, row(store).settlement_value) == ("no", Decimal(0))
    assert count(store, tables.quotes) == 0


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_projection_is_the_same_in_whatever_order_facts_come(store: sa.Engine, order: tuple[int, ...]) -> None:
    facts = [
        (market(title="First"), seen(0)),
        (market(title="Second", status="closed", quote=None, close_time=at(3 * 3600)), seen(10)),
        (settled(title="Third"), seen(5 * 3600)),
    ]
    for index in order:
        put(store, facts[index])
    shown = row(store)
    assert (shown.status, shown.result, shown.title) == ("finalized", "yes", "Third")
    assert shown.settlement_time == at(4 * 3600)
    assert (shown.first_observed_at, shown.last_changed_at) == (at(0), at(5 * 3600))
    assert count(store, tables.market_states) == 3


@pytest.mark.parametrize(("origin", "known"), [(Origin.LIVE, 9 * 3600), (Origin.BACKFILL, 4 * 3600)])
def test_a_backfilled_settlement_is_known_when_it_was_paid(store: sa.Engine, origin: Origin, known: float) -> None:
    put(store, (settled(), seen(9 * 3600, origin)))
    with store.connect() as connection:
        assert connection.execute(sa.select(tables.market_states.c.known_at)).scalar_one() == at(known)


def test_a_market_keeps_its_key_for_life(store: sa.Engine) -> None:
    put(store, (market(), seen(0)))
    key = row(store).market_key
    put(store, (market(title="Renamed", status="inactive"), seen(5)))
    assert row(store).market_key == key
    with store.connect() as connection:
        assert market_keys(connection, [KC, "kalshi:NONE", KC]) == {KC: key}


def test_a_rolled_back_market_leaves_no_key_behind(store: sa.Engine) -> None:
    """Its key died with the transaction; the market gets another, which the quotes must carry."""
    with rolled_back(store) as connection:
        write_markets(connection, [(market(), seen(0))], LEAGUES)
        lost = market_keys(connection, [KC])[KC]
    put(store, (market(), seen(5)))
    assert row(store).market_key != lost
    assert [one.observed_at for one in quotes(store)] == [at(5)]
    assert count(store, tables.quotes) == 1


def test_quotes_of_a_market_nobody_wrote_are_a_mistake(store: sa.Engine) -> None:
    with pytest.raises(KeyError, match="NONE"), store.begin() as connection:
        write_quotes(connection, [("kalshi:NONE", quote(), seen(0))])


def test_a_series_of_no_configured_league_has_none(store: sa.Engine) -> None:
    put(store, (market(event="KXOTHERGAME-26NOV22AB"), seen(0)))
    assert row(store, "kalshi:KXOTHERGAME-26NOV22AB-KC").league is None


def test_books_are_kept_on_change_and_those_of_unknown_markets_left_out(store: sa.Engine) -> None:
    put(store, (market(), seen(0)))
    book = OrderBookSeen(KC, ((Decimal("0.39"), Decimal(5)), (Decimal("0.40"), Decimal("10.5"))), ())
    other = OrderBookSeen("kalshi:NONE", (), ())
    with store.begin() as connection:
        assert write_order_books(connection, [(book, seen(0)), (other, seen(0))]) == WriteCounts(1, 1, 0)
        assert write_order_books(connection, [(book, seen(5))]).written == 0
        assert write_order_books(connection, [(OrderBookSeen(KC, (), ()), seen(10))]).changed == 1
        levels = connection.execute(sa.select(tables.order_books.c.yes_levels).order_by("observed_at")).scalars().all()
    assert levels == [[["0.39", "5"], ["0.40", "10.5"]], []]


def test_a_trade_is_written_once_and_known_when_it_happened_unless_seen_live(store: sa.Engine) -> None:
    def trade(name: str) -> TradeSeen:
        return TradeSeen(name, KC, at(-60), Decimal("0.63"), Decimal("14.18"), "no", False)

    with store.begin() as connection:
        assert write_trades(connection, [(trade("a"), seen(0, Origin.BACKFILL)), (trade("b"), seen(0))]).inserted == 2
        assert write_trades(connection, [(trade("a"), seen(5))]) == WriteCounts(1, 0, 0)
        known = sa.select(tables.trades.c.trade_id, tables.trades.c.known_at).order_by("trade_id")
        assert connection.execute(known).all() == [("a", at(-60)), ("b", at(0))]


def test_a_candle_that_still_forms_is_brought_up_to_date(store: sa.Engine) -> None:
    def candle(close: str, volume: int) -> CandleSeen:
        prices = [None, None, Decimal("0.60"), Decimal("0.64"), Decimal("0.60"), Decimal(close)]
        return CandleSeen(KC, 60, at(3600), *prices, Decimal(volume), Decimal(9))

    with store.begin() as connection:
        assert write_candles(connection, [(candle("0.61", 5), seen(0))]).inserted == 1
        assert write_candles(connection, [(candle("0.64", 9), seen(60))]).changed == 1
        assert write_candles(connection, [(candle("0.61", 5), seen(30))]).written == 0
        stored = connection.execute(sa.select(tables.candles)).one()
    assert (stored.price_close, stored.volume, stored.known_at, stored.yes_bid_close) == (
        Decimal("0.64"),
        Decimal(9),
        at(3600),
        None,
    )


def test_series_and_events_are_updated_by_newer_reads_only(store: sa.Engine) -> None:
    def series(fee: str) -> SeriesSeen:
        return SeriesSeen("KXNFLGAME", "NFL games", "Sports", "custom", "quadratic", Decimal(fee), ("Football",))

    def event(title: str) -> EventSeen:
        return EventSeen("KXNFLGAME-26NOV22JACKC", "KXNFLGAME", title, "JAC at KC", True)

    with store.begin() as connection:
        for second, fee, title in ((0, "1", "a"), (10, "0.5", "b"), (5, "2", "c")):
            write_series(connection, [series(fee)], "kalshi", LEAGUES, at(second))
            write_events(connection, [event(title)], "kalshi", at(second))
        stored = connection.execute(sa.select(tables.series)).one()
        titles = connection.scalars(sa.select(tables.events.c.title)).all()
    assert (stored.fee_multiplier, stored.league, stored.tags) == (Decimal("0.5"), "nfl", ["Football"])
    assert titles == ["b"]
