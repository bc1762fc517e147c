"""The account behind the key: signed, read only, and a refusal is never an empty account."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.pipeline.account import read_account
from precog_assets.services import Services
from precog_assets.sources.kalshi.auth import load_credentials
from precog_assets.sources.kalshi.client import KalshiClient
from precog_assets_tests.venues import Venue

PORTFOLIO = "/trade-api/v2/portfolio"
POSITION = {
    "ticker": "KXNFLGAME-26NOV22JACKC-KC",
    "position_fp": "10.00",
    "market_exposure_dollars": "4.200000",
    "realized_pnl_dollars": "0.000000",
    "fees_paid_dollars": "0.170000",
    "total_traded_dollars": "4.200000",
    "last_updated_ts": "2026-11-22T18:00:00Z",
    "resting_orders_count": 0,
}


@pytest.fixture
def signed(services: Services, tmp_path: Path) -> Services:
    """The services with a key of our own."""
    pem = tmp_path / "key.pem"
    key = Ed25519PrivateKey.generate()
    pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    kalshi = next(client for client in services.http if client.source == "kalshi")
    return replace(services, kalshi=KalshiClient(kalshi, load_credentials("key-id", pem)))


def test_balance_and_positions_are_read_in_dollars(signed: Services, venue: Venue) -> None:
    venue.put(f"{PORTFOLIO}/balance", {"balance": 12345, "portfolio_value": 420, "updated_ts": 1795370400})
    venue.put(f"{PORTFOLIO}/positions", {"cursor": "", "market_positions": [POSITION], "event_positions": []})
    balance, positions = read_account(signed, correlation_id="test")
    assert (balance.available, balance.positions_value) == (Decimal("123.45"), Decimal("4.20"))
    assert [(one.ticker, one.contracts, one.exposure) for one in positions] == [
        ("KXNFLGAME-26NOV22JACKC-KC", Decimal(10), Decimal("4.2"))
    ]


def test_a_refused_key_is_said_and_not_read_as_an_empty_account(signed: Services, venue: Venue) -> None:
    refusal = {"error": {"code": "authentication_error", "message": "authentication_error", "details": "NOT_FOUND"}}
    venue.put(f"{PORTFOLIO}/balance", refusal, status=401)
    with pytest.raises(PrecogError) as refused:
        read_account(signed, correlation_id="test")
    assert refused.value.code == "http.unauthorized"


def test_without_keys_nothing_is_asked(services: Services, venue: Venue) -> None:
    with pytest.raises(ConfigurationError, match="KALSHI_KEY_ID"):
        read_account(services, correlation_id="test")
    assert venue.requests == []
