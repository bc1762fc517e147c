"""What Kalshi says about itself and about our account as rows: status, cutoff, balance, positions.

Pure functions of bytes that never raise. Balances come in whole cents, positions in fixed-point dollars.
"""

from __future__ import annotations

from typing import Any

from precog_assets.domain.facts import Parsed
from precog_assets.sources.kalshi import payloads
from precog_assets.sources.kalshi.parse_markets import market_id_of
from precog_assets.sources.kalshi.reading import Reader, Reading
from precog_assets.sources.kalshi.rows import BalanceSeen, CutoffSeen, ExchangeStatusSeen, PositionSeen


def parse_exchange_status(body: bytes) -> Parsed[ExchangeStatusSeen]:
    """Whether the exchange (its default shard) is up and trading: one row."""
    return _whole(_STATUS, body)


def parse_cutoff(body: bytes) -> Parsed[CutoffSeen]:
    """Where the historical tier begins: one row."""
    return _whole(_CUTOFF, body)


def parse_balance(body: bytes) -> Parsed[BalanceSeen]:
    """Our balance: one row."""
    return _whole(_BALANCE, body)


def parse_positions(body: bytes) -> Parsed[PositionSeen]:
    """Our positions by market, one page; the sums by event that come with them are not read."""
    reading = Reading(_POSITION)
    document = reading.open(body)
    if document is None:
        return reading.done()
    if "market_positions" not in document:
        reading.vanished(payloads.PAGES["market_positions"], document)
        return reading.done()
    reading.page(payloads.PAGES["market_positions"], document)
    reading.add_all(document["market_positions"], "market_positions")
    return reading.done()


def _whole(reader: Reader[Any, Any], body: bytes) -> Parsed[Any]:
    reading = Reading(reader)
    document = reading.open(body)
    if document is not None:
        reading.add(document, "body")
    return reading.done()


def _status(status: payloads.ExchangeStatus) -> ExchangeStatusSeen:
    return ExchangeStatusSeen(status.exchange_active, status.trading_active, status.exchange_estimated_resume_time)


def _cutoff(cutoff: payloads.Cutoff) -> CutoffSeen:
    return CutoffSeen(cutoff.market_settled_ts, cutoff.trades_created_ts, cutoff.orders_updated_ts)


def _balance(balance: payloads.Balance) -> BalanceSeen:
    return BalanceSeen(balance.balance, balance.portfolio_value, balance.updated_ts)


def _position(position: payloads.Position) -> PositionSeen:
    return PositionSeen(
        market_id=market_id_of(position.ticker),
        ticker=position.ticker,
        contracts=position.position_fp,
        exposure=position.market_exposure_dollars,
        realized_pnl=position.realized_pnl_dollars,
        fees_paid=position.fees_paid_dollars,
        total_traded=position.total_traded_dollars,
        updated_time=position.last_updated_ts,
    )


_STATUS = Reader(payloads.EXCHANGE_STATUS, payloads.ExchangeStatus.model_validate, _status)
_CUTOFF = Reader(payloads.CUTOFF, payloads.Cutoff.model_validate, _cutoff)
_BALANCE = Reader(payloads.BALANCE, payloads.Balance.model_validate, _balance)
_POSITION = Reader(payloads.POSITION, payloads.Position.model_validate, _position)
