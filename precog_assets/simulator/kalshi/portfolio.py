"""What an account has, over REST: balance, positions, fills, settlements, and money moved."""

from __future__ import annotations

from collections.abc import Callable

from precog_assets.simulator.kalshi.answers import Key, Query, invalid, page
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.exchange.accounts import Account, Purse
from precog_assets.simulator.kalshi.exchange.exchange import Exchange
from precog_assets.simulator.kalshi.exchange.membership import purse_of
from precog_assets.simulator.kalshi.exchange.model import Fill, Position
from precog_assets.simulator.kalshi.exchange.units import DOLLAR, cents, dollars_text
from precog_assets.simulator.kalshi.instants import SECOND_US, microseconds
from precog_assets.simulator.kalshi.orders import newest_first, place_key, shard_of, span_us, subaccount_of
from precog_assets.simulator.kalshi.records import (
    deposit_json,
    event_position_json,
    fill_json,
    position_json,
    settlement_json,
)
from precog_assets.simulator.kalshi.selection import cutoff
from precog_assets.simulator.kalshi.wire import Json

_SCOPES = {"/portfolio/balance": "read::portfolio_balance"}
_TICKERS_AT_ONCE = 100
_COUNTS = ("position", "total_traded")


class Portfolio:
    """The portfolio reads over one exchange, which has been advanced to the call's instant."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def endpoints(self) -> list[Endpoint]:
        """The rows of the route table."""
        return [
            Endpoint("GET", path, operation, handler, signed=True, scope=_SCOPES.get(path, ""))
            for path, operation, handler in (
                ("/portfolio/balance", "GetBalance", self._balance),
                ("/portfolio/positions", "GetPositions", self._positions),
                ("/portfolio/fills", "GetFills", self._fills),
                ("/portfolio/settlements", "GetSettlements", self._settlements),
                ("/portfolio/deposits", "GetDeposits", self._deposits),
                ("/portfolio/withdrawals", "GetWithdrawals", self._withdrawals),
                (
                    "/portfolio/summary/total_resting_order_value",
                    "GetPortfolioRestingOrderTotalValue",
                    self._resting_value,
                ),
                ("/historical/fills", "GetFillsHistorical", self._historical_fills),
                ("/historical/positions", "GetHistoricalPositions", self._historical_positions),
            )
        ]

    def _account(self, call: Call) -> Account:
        return self._exchange.accounts[call.account_id]

    def _purses(self, account: Account, subaccount: int | None) -> list[Purse]:
        return list(account.purses.values()) if subaccount is None else [purse_of(account, subaccount)]

    def _balance(self, call: Call) -> Json:
        subaccount, shard = subaccount_of(call.query, default=0), shard_of(call.query)
        purse = purse_of(self._account(call), subaccount or 0)
        here = shard in (None, 0)
        available = purse.available if here else 0
        value = sum(self._value(p, call) for p in purse.positions.values() if p.count) if here else 0
        return {
            "balance": cents(available),
            "balance_dollars": dollars_text(available, 4),
            "portfolio_value": cents(value),
            "updated_ts": purse.updated_us // SECOND_US,
            "balance_breakdown": [{"exchange_index": shard or 0, "balance": dollars_text(available, 4)}],
        }

    def _value(self, position: Position, call: Call) -> int:
        """A position at its market's last price."""
        last = self._exchange.last_price(position.ticker, microseconds(call.now))
        return (last if position.count > 0 else DOLLAR - last) * abs(position.count)

    def _positions(self, call: Call) -> Json:
        settled_us = microseconds(cutoff(call.now))
        status = call.query.choice("settlement_status", ("unsettled", "settled", "all")) or "unsettled"
        account = self._account(call)
        found: list[tuple[Position, int]] = []
        subaccount = subaccount_of(call.query, default=0)
        if status in ("unsettled", "all"):
            for purse in self._purses(account, subaccount):
                found.extend((p, len(purse.resting.get(p.ticker, ()))) for p in purse.positions.values())
        if status in ("settled", "all"):
            found.extend((p, 0) for p in account.settled if p.updated_us >= settled_us and p.subaccount == subaccount)
        return self._position_page(call, found)

    def _historical_positions(self, call: Call) -> Json:
        settled_us = microseconds(cutoff(call.now))
        subaccount = subaccount_of(call.query, default=0)
        settled = self._account(call).settled
        found = [(p, 0) for p in settled if p.updated_us < settled_us and p.subaccount == subaccount]
        return self._position_page(call, found)

    def _position_page(self, call: Call, found: list[tuple[Position, int]]) -> Json:
        query = call.query
        limit, after = query.limit(100, 1000, lowest=1), query.after()
        ticker, event = query.text("ticker"), query.text("event_ticker")
        nonzero = query.split("count_filter") or []
        if any(name not in _COUNTS for name in nonzero):
            raise invalid(query.operation, "CountFilter", "oneof")
        shard = shard_of(query)
        kept = [
            (position, resting)
            for position, resting in found
            if ticker in (None, position.ticker)
            and event in (None, _event_of(position.ticker))
            and ("position" not in nonzero or position.count)
            and ("total_traded" not in nonzero or position.traded)
            and shard in (None, 0)
        ]
        taken, cursor = page(sorted(kept, key=_position_key), limit, _position_key, after)
        events: dict[str, list[Position]] = {}
        for position, _ in taken:
            events.setdefault(_event_of(position.ticker), []).append(position)
        return {
            "cursor": cursor,
            "market_positions": [position_json(position, resting) for position, resting in taken],
            "event_positions": [event_position_json(name, positions) for name, positions in events.items()],
        }

    def _fills(self, call: Call) -> Json:
        cutoff_us = microseconds(cutoff(call.now))
        return self._fill_page(call, lambda fill: fill.time_us >= cutoff_us)

    def _historical_fills(self, call: Call) -> Json:
        cutoff_us = microseconds(cutoff(call.now))
        return self._fill_page(call, lambda fill: fill.time_us < cutoff_us)

    def _fill_page(self, call: Call, tier: Callable[[Fill], bool]) -> Json:
        query = call.query
        limit, after = query.limit(100, 1000, lowest=1), query.after()
        tickers, order_id = query.split("ticker"), query.text("order_id")
        if tickers and len(tickers) > _TICKERS_AT_ONCE:
            raise invalid(query.operation, "Ticker", "max")
        (begin_us, end_us), subaccount, shard = span_us(query), subaccount_of(query), shard_of(query)
        kept = (
            (place, fill)
            for place, fill in newest_first(self._account(call).fills)
            if tier(fill)
            and (tickers is None or fill.ticker in tickers)
            and order_id in (None, fill.order_id)
            and begin_us <= fill.time_us <= end_us
            and subaccount in (None, fill.subaccount)
            and shard in (None, 0)
        )
        taken, cursor = page(kept, limit, place_key, after)
        return {"cursor": cursor, "fills": [fill_json(fill) for _, fill in taken]}

    def _settlements(self, call: Call) -> Json:
        query = call.query
        limit, after = query.limit(100, 1000, lowest=1), query.after()
        ticker, event = query.text("ticker"), query.text("event_ticker")
        (begin_us, end_us), subaccount = span_us(query), subaccount_of(query)
        kept = (
            (place, settlement)
            for place, settlement in newest_first(self._account(call).settlements)
            if ticker in (None, settlement.ticker)
            and event in (None, settlement.event_ticker)
            and begin_us <= settlement.time_us <= end_us
            and subaccount in (None, settlement.subaccount)
        )
        taken, cursor = page(kept, limit, place_key, after)
        return {"cursor": cursor, "settlements": [settlement_json(settlement) for _, settlement in taken]}

    def _deposits(self, call: Call) -> Json:
        rows = [deposit_json(d) for d in self._account(call).deposits if d.money >= 0]
        return paged_rows(call.query, "deposits", rows, 500)

    def _withdrawals(self, call: Call) -> Json:
        rows = [deposit_json(d) for d in self._account(call).deposits if d.money < 0]
        return paged_rows(call.query, "withdrawals", rows, 500)

    def _resting_value(self, call: Call) -> Json:
        money = sum(
            (order.price if order.side == "bid" else DOLLAR - order.price) * order.remaining
            for order in self._account(call).resting()
        )
        breakdown = [{"exchange_index": 0, "balance": dollars_text(money, 4)}]
        return {"total_resting_order_value": cents(money), "resting_order_value_breakdown": breakdown}


def paged_rows(query: Query, name: str, rows: list[Json], highest: int) -> Json:
    """A page of rows, given oldest first and listed newest first."""
    limit, after = query.limit(100, highest, lowest=1), query.after()
    taken, cursor = page(newest_first(rows), limit, place_key, after)
    return {name: [row for _, row in taken], "cursor": cursor}


def _event_of(ticker: str) -> str:
    return ticker.rpartition("-")[0]


def _position_key(item: tuple[Position, int]) -> Key:
    return (-item[0].updated_us, item[0].ticker)
