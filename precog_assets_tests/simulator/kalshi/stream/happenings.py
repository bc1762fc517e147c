"""One event of every sort an exchange tells of, as tests need them."""

from __future__ import annotations

from precog_assets.simulator.kalshi.exchange.events import (
    EventFeeChanged,
    EventListed,
    ExchangeEvent,
    FillMade,
    GroupChanged,
    MarketChanged,
    OrderChanged,
    PositionChanged,
    TickerMoved,
    TradeMade,
)
from precog_assets.simulator.kalshi.exchange.model import Fill, Order, OrderGroup, Position
from precog_assets_tests.simulator.kalshi.stream.scripted import ANN, DET, START_US

AT = START_US + 1_000_000
UUID = "d91bc706-ee49-470d-82d8-11418bda6fed"
ORDER_ID = "ee587a1c-8b87-4dcf-b721-9f6f790619fa"
COMBO = "KXMVESPORTS-26NOV22-M1"


def ticker_moved(time_us: int = AT, ticker: str = DET) -> TickerMoved:
    return TickerMoved(time_us, ticker, 4700, 4600, 4800, 1000, 100, 20_050, 10_000, 2500)


def trade_made(time_us: int = AT, ticker: str = DET) -> TradeMade:
    return TradeMade(time_us, ticker, UUID, 4800, 13_600, "no")


def fill_made(account_id: str = ANN, ticker: str = DET, subaccount: int = 0) -> FillMade:
    fill = Fill(
        UUID, account_id, ORDER_ID, "mine", ticker, "ask", 4800, 300, True, 17_500, AT, subaccount, position_after=-300
    )
    return FillMade(AT, fill)


def order_changed(account_id: str = ANN, ticker: str = DET, **more: object) -> OrderChanged:
    order = Order(
        ORDER_ID,
        account_id,
        "mine",
        ticker,
        "ask",
        4800,
        1000,
        700,
        300,
        "resting",
        "good_till_canceled",
        "taker_at_cross",
        START_US,
        AT,
        taker_cost=1_440_000,
        taker_fees=17_500,
    )
    for name, value in more.items():
        setattr(order, name, value)
    return OrderChanged(AT, order, "Trade")


def position_changed(account_id: str = ANN, ticker: str = DET, subaccount: int = 0) -> PositionChanged:
    position = Position(ticker, -300, 1_560_000, -20_000, 17_500, 1_440_000, 300, AT, subaccount)
    return PositionChanged(AT, account_id, position)


def group_changed(account_id: str = ANN, change: str = "limit_updated") -> GroupChanged:
    return GroupChanged(AT, OrderGroup(UUID, account_id, 15_000), change)  # type: ignore[arg-type]


def market_created(ticker: str = DET) -> MarketChanged:
    facts = {
        "exchange_index": 0,
        "open_ts": START_US // 1_000_000,
        "close_ts": START_US // 1_000_000 + 9_000,
        "price_level_structure": "linear_cent",
        "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
        "additional_metadata": {
            "name": "Detroit",
            "title": "Detroit at Buffalo Winner?",
            "yes_sub_title": "Detroit",
            "no_sub_title": "Detroit",
            "rules_primary": "If Detroit wins …",
            "rules_secondary": "",
            "can_close_early": True,
            "event_ticker": "KXNFLGAME-26NOV22DETBUF",
            "expected_expiration_ts": START_US // 1_000_000 + 9_000,
        },
    }
    return MarketChanged(AT, ticker, "created", facts)


def event_listed(ticker: str = "KXNFLGAME-26NOV22DETBUF") -> EventListed:
    facts = {
        "exchange_index": 0,
        "title": "Detroit at Buffalo",
        "subtitle": "DET at BUF (Nov 22)",
        "collateral_return_type": "MECNET",
        "series_ticker": "KXNFLGAME",
    }
    return EventListed(AT, ticker, facts)


def fees_changed() -> EventFeeChanged:
    return EventFeeChanged(AT, "KXNFLGAME-26NOV22DETBUF", "quadratic", 0.5)


def everything() -> list[ExchangeEvent]:
    """Every sort that is not a book's, with the optional fields there are."""
    life = [
        MarketChanged(AT, DET, "deactivated", {"is_deactivated": True}),
        MarketChanged(AT, DET, "activated", {"is_deactivated": False}),
        MarketChanged(AT, DET, "close_date_updated", {"close_ts": AT // 1_000_000}),
        MarketChanged(
            AT,
            DET,
            "determined",
            {"result": "yes", "settlement_value": "1.0000", "determination_ts": AT // 1_000_000},
        ),
        MarketChanged(AT, DET, "settled", {"settled_ts": AT // 1_000_000}),
    ]
    return [
        ticker_moved(),
        trade_made(),
        fill_made(),
        fill_made(subaccount=3),
        order_changed(),
        order_changed(group_id="og", expires_us=AT + 5_000_000, subaccount=2, status="canceled"),
        position_changed(),
        position_changed(subaccount=3),
        *(group_changed(change=change) for change in ("created", "triggered", "reset", "deleted", "limit_updated")),
        market_created(),
        *life,
        event_listed(),
        fees_changed(),
        EventFeeChanged(AT, "KXNFLGAME-26NOV22DETBUF", None, None),
        market_created(COMBO),
        event_listed("KXMVESPORTS-26NOV22"),
    ]
