"""What an account has, over REST: to the cent, the contract and the page."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from precog_assets_tests.simulator.kalshi.exchange.conftest import DAL, TB, Trader, Venue
from precog_assets_tests.simulator.kalshi.tiny_world import LIVE

EVENT = "KXNFLGAME-26NOV22TBDAL"


def filled(trader: Trader, count: str = "4.00", **more: Any) -> Decimal:
    """What a purchase cost, fee included."""
    trader.order("bid", "0.9900", count, **more)
    fill = trader.get("/portfolio/fills", limit=1)["fills"][0]
    return Decimal(fill["yes_price_dollars"]) * Decimal(count) + Decimal(fill["fee_cost"])


def test_balance_is_cut_to_cents_and_exact_in_dollars(trader: Trader) -> None:
    spent = filled(trader, "1.00")
    body = trader.get("/portfolio/balance")
    left = Decimal(1000) - spent
    assert Decimal(body["balance_dollars"]) == left
    assert body["balance"] == int(left * 100)
    assert body["balance_breakdown"] == [{"balance": body["balance_dollars"], "exchange_index": 0}]
    assert body["updated_ts"] == trader.venue.now_us // 1_000_000


def test_resting_orders_are_not_available_and_not_part_of_the_portfolio(trader: Trader) -> None:
    trader.order("bid", "0.0100", "100.00")
    assert Decimal(trader.get("/portfolio/balance")["balance_dollars"]) < 999
    assert trader.get("/portfolio/balance")["portfolio_value"] == 0
    assert trader.get("/portfolio/summary/total_resting_order_value") == {
        "total_resting_order_value": 100,
        "resting_order_value_breakdown": [{"exchange_index": 0, "balance": "1.0000"}],
    }


def test_portfolio_is_worth_its_contracts_at_the_last_price(trader: Trader) -> None:
    trader.order("bid", "0.9900", "4.00")
    last = Decimal(trader.get("/portfolio/fills")["fills"][0]["yes_price_dollars"])
    assert trader.get("/portfolio/balance")["portfolio_value"] == int(last * 400)


def test_other_shards_hold_nothing(trader: Trader) -> None:
    body = trader.get("/portfolio/balance", exchange_index=1)
    assert (body["balance"], body["balance_breakdown"][0]) == (0, {"balance": "0.0000", "exchange_index": 1})


def test_position_carries_cost_fees_and_what_rests(trader: Trader) -> None:
    trader.order("bid", "0.9900", "3.00")
    trader.order("bid", "0.0100", "1.00")
    fill = trader.get("/portfolio/fills")["fills"][0]
    body = trader.get("/portfolio/positions")
    (position,) = body["market_positions"]
    cost = Decimal(fill["yes_price_dollars"]) * 3
    assert position["position_fp"] == "3.00"
    assert Decimal(position["market_exposure_dollars"]) == Decimal(position["total_traded_dollars"]) == cost
    assert position["fees_paid_dollars"] == fill["fee_cost"]
    assert position["resting_orders_count"] == 1
    (event,) = body["event_positions"]
    assert (event["event_ticker"], event["total_cost_shares_fp"]) == (EVENT, "3.00")
    assert Decimal(event["event_exposure_dollars"]) == cost


def test_opposite_contracts_net_and_realize_what_they_gained(trader: Trader) -> None:
    trader.order("bid", "0.9900", "3.00")
    trader.order("ask", "0.0100", "2.00")
    sold, bought = trader.get("/portfolio/fills")["fills"]
    gained = 2 * (Decimal(sold["yes_price_dollars"]) - Decimal(bought["yes_price_dollars"]))
    (position,) = trader.get("/portfolio/positions")["market_positions"]
    assert position["position_fp"] == "1.00"
    assert Decimal(position["realized_pnl_dollars"]) == gained
    trader.order("ask", "0.0100", "2.00")
    (position,) = trader.get("/portfolio/positions")["market_positions"]
    assert position["position_fp"] == "-1.00"


def test_positions_are_filtered(trader: Trader) -> None:
    trader.order("bid", "0.9900", "1.00")
    trader.order("ask", "0.0100", "1.00")
    trader.order("bid", "0.9900", "1.00", ticker=TB)

    def listed(**filters: Any) -> list[str]:
        return sorted(row["ticker"] for row in trader.get("/portfolio/positions", **filters)["market_positions"])

    assert listed() == [DAL, TB]
    assert listed(count_filter="position") == [TB]
    assert listed(count_filter="position,total_traded") == [TB]
    assert listed(ticker=DAL) == [DAL]
    assert listed(event_ticker="KXNO") == []
    assert listed(settlement_status="settled") == []
    trader.get("/portfolio/positions", status=400, count_filter="luck")
    trader.get("/portfolio/positions", status=400, settlement_status="maybe")


def test_fills_are_listed_newest_first_page_by_page_and_filtered(trader: Trader) -> None:
    for number in range(5):
        trader.order("bid", "0.9900", f"{number + 1}.00", ticker=TB if number == 2 else DAL)
        trader.venue.wait(seconds=30)
    counts: list[str] = []
    cursor = ""
    while True:
        page = trader.get("/portfolio/fills", limit=2, cursor=cursor)
        counts += [fill["count_fp"] for fill in page["fills"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert counts == ["5.00", "4.00", "3.00", "2.00", "1.00"]
    (only,) = trader.get("/portfolio/fills", ticker=TB)["fills"]
    assert trader.get("/portfolio/fills", order_id=only["order_id"])["fills"] == [only]
    assert only["fill_id"] == only["trade_id"]
    assert (only["outcome_side"], only["book_side"], only["is_taker"]) == ("yes", "bid", True)
    assert len(trader.get("/portfolio/fills", max_ts=only["ts"])["fills"]) == 3


def test_public_tape_shows_the_trade_of_a_fill(trader: Trader) -> None:
    trader.order("bid", "0.9900", "4.00")
    fill = trader.get("/portfolio/fills")["fills"][0]
    trades = trader.get("/markets/trades", ticker=DAL, limit=5)["trades"]
    (trade,) = (trade for trade in trades if trade["trade_id"] == fill["trade_id"])
    assert (trade["count_fp"], trade["yes_price_dollars"]) == ("4.00", fill["yes_price_dollars"])
    assert trade["taker_outcome_side"] == "yes"


def test_public_book_and_market_show_a_resting_order(trader: Trader) -> None:
    before = trader.get(f"/markets/{DAL}")["market"]
    trader.order("bid", "0.0100", "7.00")
    book = trader.get(f"/markets/{DAL}/orderbook")["orderbook_fp"]
    assert book["yes_dollars"][0] == ["0.0100", "7.00"]
    trader.order("bid", "0.9900", "4.00")
    after = trader.get(f"/markets/{DAL}")["market"]
    assert Decimal(after["volume_fp"]) - Decimal(before["volume_fp"]) == 4
    assert after["last_price_dollars"] == trader.get("/portfolio/fills")["fills"][0]["yes_price_dollars"]


def settle(venue: Venue) -> None:
    venue.wait(hours=6)


def test_settlement_pays_cents_and_moves_the_position_to_the_settled(trader: Trader) -> None:
    trader.order("bid", "0.9900", "4.00")
    trader.order("ask", "0.0100", "2.50", ticker=TB)
    cash = Decimal(trader.get("/portfolio/balance")["balance_dollars"])
    settle(trader.venue)
    rows = {row["ticker"]: row for row in trader.get("/portfolio/settlements")["settlements"]}
    assert (rows[DAL]["market_result"], rows[DAL]["value"], rows[DAL]["revenue"]) == ("yes", 100, 400)
    assert (rows[TB]["market_result"], rows[TB]["value"], rows[TB]["revenue"]) == ("no", 0, 250)
    assert (rows[TB]["no_count_fp"], rows[TB]["yes_count_fp"]) == ("2.50", "0.00")
    gained = Decimal(trader.get("/portfolio/balance")["balance_dollars"]) - cash
    assert gained == Decimal("6.50")
    assert trader.get("/portfolio/positions")["market_positions"] == []
    settled = trader.get("/portfolio/positions", settlement_status="settled")["market_positions"]
    assert {row["ticker"] for row in settled} == {DAL, TB}
    assert trader.get("/portfolio/settlements", ticker=DAL)["settlements"] == [rows[DAL]]
    assert len(trader.get("/portfolio/settlements", event_ticker=EVENT, limit=1)["settlements"]) == 1
    assert trader.get("/portfolio/settlements", max_ts=int(LIVE.start.timestamp()))["settlements"] == []


def test_what_is_old_moves_to_the_historical_tier(trader: Trader) -> None:
    trader.order("bid", "0.9900", "4.00")
    trader.order("bid", "0.0100", "1.00")
    settle(trader.venue)
    live = {name: trader.get(f"/portfolio/{name}")[name] for name in ("orders", "fills")}
    assert [trader.get(f"/historical/{name}")[name] for name in ("orders", "fills")] == [[], []]
    trader.venue.clock.instant += timedelta(days=62)
    for name, rows in live.items():
        assert trader.get(f"/portfolio/{name}")[name] == []
        assert trader.get(f"/historical/{name}")[name] == rows
    assert trader.get("/portfolio/positions", settlement_status="all")["market_positions"] == []
    (position,) = trader.get("/historical/positions")["market_positions"]
    assert position["ticker"] == DAL


def test_money_in_and_out_is_listed(venue: Venue, trader: Trader) -> None:
    venue.exchange.deposit(trader.account_id, Decimal("25.50"))
    venue.exchange.deposit(trader.account_id, Decimal(-5))
    assert [row["amount_cents"] for row in trader.get("/portfolio/deposits")["deposits"]] == [2_550, 100_000]
    (out,) = trader.get("/portfolio/withdrawals")["withdrawals"]
    assert (out["amount_cents"], out["status"]) == (500, "applied")
    page = trader.get("/portfolio/deposits", limit=1)
    assert trader.get("/portfolio/deposits", limit=1, cursor=page["cursor"])["cursor"] == ""
    with pytest.raises(ValueError, match="only"):
        venue.exchange.deposit(trader.account_id, Decimal(-5_000))


def test_subaccounts_have_money_orders_and_positions_of_their_own(trader: Trader) -> None:
    number = trader.post("/portfolio/subaccounts", status=201)["subaccount_number"]
    assert number == 1
    move = {
        "client_transfer_id": str(uuid.uuid4()),
        "from_subaccount": 0,
        "to_subaccount": 1,
        "amount_cents": 5_000,
    }
    trader.post("/portfolio/subaccounts/transfer", move)
    trader.post("/portfolio/subaccounts/transfer", move)
    balances = trader.get("/portfolio/subaccounts/balances")["subaccount_balances"]
    assert [row["balance"] for row in balances] == ["950.0000", "50.0000"]
    order_id = trader.order("bid", "0.0100", subaccount=1)["order_id"]
    trader.delete(f"/portfolio/events/orders/{order_id}", status=404)
    trader.order("bid", "0.9900", "2.00", subaccount=1)
    assert trader.get("/portfolio/positions")["market_positions"] == []
    (position,) = trader.get("/portfolio/positions", subaccount=1)["market_positions"]
    assert position["position_fp"] == "2.00"
    assert trader.get("/portfolio/balance", subaccount=1)["balance"] < 5_000
    trader.delete("/portfolio/events/orders", subaccount=1)
    (transfer,) = trader.get("/portfolio/subaccounts/transfers")["transfers"]
    assert (transfer["amount_cents"], transfer["transfer_id"]) == (5_000, move["client_transfer_id"])
    trader.get("/portfolio/balance", subaccount=2, status=404)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"amount_cents": 0}, 400),
        ({"amount_cents": 200_000}, 400),
        ({"to_subaccount": 0}, 400),
        ({"to_subaccount": 5}, 404),
        ({"to_subaccount": 64}, 400),
        ({"client_transfer_id": "no uuid"}, 400),
        ({"amount_cents": "1"}, 400),
    ],
)
def test_transfer_that_cannot_be_is_refused(trader: Trader, change: dict[str, Any], status: int) -> None:
    trader.post("/portfolio/subaccounts")
    move = {
        "client_transfer_id": str(uuid.uuid4()),
        "from_subaccount": 0,
        "to_subaccount": 1,
        "amount_cents": 1,
        **change,
    }
    trader.post("/portfolio/subaccounts/transfer", move, status)
    assert trader.get("/portfolio/subaccounts/transfers")["transfers"] == []


def test_netting_is_a_setting_of_each_subaccount(trader: Trader) -> None:
    trader.put("/portfolio/subaccounts/netting", {"subaccount_number": 0, "enabled": True})
    (row,) = trader.get("/portfolio/subaccounts/netting")["netting_configs"]
    assert row == {"subaccount_number": 0, "enabled": True, "exchange_index": 0}


def test_sixty_three_subaccounts_are_the_most(trader: Trader) -> None:
    for _ in range(63):
        trader.post("/portfolio/subaccounts")
    trader.post("/portfolio/subaccounts", status=400)


def test_groups_are_made_read_triggered_reset_and_deleted(trader: Trader) -> None:
    base = "/portfolio/order_groups"
    group = trader.post(f"{base}/create", {"contracts_limit": 5}, 201)["order_group_id"]
    order_id = trader.order("bid", "0.0100", order_group_id=group)["order_id"]
    read = trader.get(f"{base}/{group}")
    assert read == {
        "contracts_limit_fp": "5.00",
        "exchange_index": 0,
        "is_auto_cancel_enabled": False,
        "orders": [order_id],
    }
    assert [row["id"] for row in trader.get(base)["order_groups"]] == [group]
    assert trader.put(f"{base}/{group}/limit", {"contracts_limit_fp": "2.50"}) == {}
    assert trader.put(f"{base}/{group}/trigger") == {}
    assert trader.get(f"{base}/{group}")["is_auto_cancel_enabled"] is True
    assert trader.get(f"/portfolio/orders/{order_id}")["order"]["status"] == "canceled"
    trader.order("bid", "0.0100", order_group_id=group, status=400)
    trader.put(f"{base}/{group}/reset")
    again = trader.order("bid", "0.0100", order_group_id=group)["order_id"]
    assert trader.delete(f"{base}/{group}") == {}
    assert trader.get(f"/portfolio/orders/{again}")["order"]["status"] == "canceled"
    trader.get(f"{base}/{group}", status=404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"contracts_limit": 0},
        {"contracts_limit": "5"},
        {"contracts_limit_fp": "0.00"},
        {"contracts_limit": 5, "contracts_limit_fp": "6.00"},
    ],
)
def test_group_without_a_possible_limit_is_refused(trader: Trader, body: dict[str, Any]) -> None:
    assert trader.raw("POST", "/portfolio/order_groups/create", body or b"{}").status_code == 400


def test_limits_and_progress_are_the_accounts(trader: Trader) -> None:
    assert trader.get("/account/limits")["usage_tier"] == "prime"
    trader.order("bid", "0.9900", "4.00")
    (row,) = trader.get("/account/api_usage_level/volume_progress")["volume_progress"]
    assert row["trailing_30d_volume_fp"] == "4.00"
