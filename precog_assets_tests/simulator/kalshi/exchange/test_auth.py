"""Who may call: signatures, clocks, keys and scopes, refused as recorded."""

from __future__ import annotations

import base64
import time
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from precog_assets.simulator.kalshi.answers import Refusal
from precog_assets_tests.simulator.kalshi.exchange.conftest import PREFIX, Trader, Venue, order_body

BALANCE = "/portfolio/balance"


def now_ms() -> int:
    return int(time.time() * 1_000)


def test_signed_call_is_answered_for_its_account(trader: Trader) -> None:
    assert trader.get(BALANCE)["balance"] == 100_000


def test_query_is_not_signed(trader: Trader) -> None:
    assert trader.get(BALANCE, subaccount=0)["balance"] == 100_000


def test_rsa_key_signs_with_pss_and_a_salt_of_the_digests_length(venue: Venue) -> None:
    opened = venue.exchange.open_account(Decimal(7), "basic", key_kind="rsa")
    assert opened.private_key_pem is not None
    key = load_pem_private_key(opened.private_key_pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    stamp = str(now_ms())
    text = f"{stamp}GET{PREFIX}{BALANCE}".encode()

    def ask(salt: int) -> int:
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=salt)
        headers = {
            "KALSHI-ACCESS-KEY": opened.key_id,
            "KALSHI-ACCESS-TIMESTAMP": stamp,
            "KALSHI-ACCESS-SIGNATURE": base64.b64encode(key.sign(text, pss, hashes.SHA256())).decode(),
        }
        return venue.request("GET", BALANCE, headers=headers).status_code

    assert ask(32) == 200
    assert ask(20) == 401


@pytest.mark.parametrize(("skew_ms", "status"), [(-5_000, 200), (5_000, 200), (-30_000, 401), (300_000, 401)])
def test_timestamp_may_differ_from_the_machines_clock_by_ten_seconds(trader: Trader, skew_ms: int, status: int) -> None:
    headers = trader.headers("GET", BALANCE, at_ms=now_ms() + skew_ms)
    answer = trader.venue.request("GET", BALANCE, headers=headers)
    assert answer.status_code == status
    if status == 401:
        expected = {"code": "header_timestamp_expired", "message": "header timestamp expired"}
        assert answer.json() == {"error": expected}


def test_a_skewed_venue_accepts_only_its_own_time(trader: Trader) -> None:
    trader.venue.kalshi.auth.skew_s = 60.0
    assert trader.raw("GET", BALANCE).status_code == 401
    headers = trader.headers("GET", BALANCE, at_ms=now_ms() + 60_000)
    assert trader.venue.request("GET", BALANCE, headers=headers).status_code == 200


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "1e12", "9" * 40, "１７９５３７２８０７２５０"])
def test_timestamp_that_is_no_number_is_expired(trader: Trader, stamp: str) -> None:
    headers = {**trader.headers("GET", BALANCE), "KALSHI-ACCESS-TIMESTAMP": stamp}
    with pytest.raises(Refusal) as refused:
        trader.venue.kalshi.auth.authenticate(headers, "GET", PREFIX + BALANCE)
    assert refused.value.status_code == 401


def test_signature_over_something_else_is_incorrect(trader: Trader) -> None:
    answer = trader.venue.request("GET", BALANCE, headers=trader.headers("POST", BALANCE))
    assert (answer.status_code, answer.json()) == (
        401,
        {
            "error": {
                "code": "authentication_error",
                "message": "authentication_error",
                "details": "INCORRECT_API_KEY_SIGNATURE",
            }
        },
    )


def test_signature_that_is_no_base64_is_incorrect(trader: Trader) -> None:
    headers = {**trader.headers("GET", BALANCE), "KALSHI-ACCESS-SIGNATURE": "%%%"}
    answer = trader.venue.request("GET", BALANCE, headers=headers)
    assert answer.json()["error"]["details"] == "INCORRECT_API_KEY_SIGNATURE"


def test_unknown_key_is_not_found(trader: Trader) -> None:
    headers = {**trader.headers("GET", BALANCE), "KALSHI-ACCESS-KEY": "00000000-0000-0000-0000-000000000000"}
    answer = trader.venue.request("GET", BALANCE, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"] == {
        "code": "authentication_error",
        "message": "authentication_error",
        "details": "NOT_FOUND",
    }


def test_call_without_headers_lacks_a_signature(venue: Venue) -> None:
    answer = venue.request("GET", BALANCE)
    assert (answer.status_code, answer.json()) == (
        401,
        {
            "error": {
                "code": "signature_is_missing_from_headers",
                "message": "signature is missing from headers",
            }
        },
    )


@pytest.mark.parametrize("name", ["KEY", "TIMESTAMP"])
def test_each_missing_header_is_named(trader: Trader, name: str) -> None:
    headers = trader.headers("GET", BALANCE)
    del headers[f"KALSHI-ACCESS-{name}"]
    answer = trader.venue.request("GET", BALANCE, headers=headers)
    assert answer.json()["error"]["code"] == f"{name.lower()}_is_missing_from_headers"


def test_key_that_may_only_read_cannot_trade(venue: Venue) -> None:
    reader = venue.trader(scopes=("read",))
    reader.get(BALANCE)
    body = reader.post("/portfolio/events/orders", order_body("bid", "0.0100"), 403)
    assert body == {"error": {"code": "permission_denied", "message": "permission denied"}}


def test_key_with_a_narrow_scope_can_do_that_alone(venue: Venue) -> None:
    narrow = venue.trader(scopes=("read::portfolio_balance",))
    narrow.get(BALANCE)
    narrow.get("/portfolio/fills", status=403)


def test_handshake_is_authenticated_like_a_call(trader: Trader) -> None:
    path = "/trade-api/ws/v2"
    stamp = str(now_ms())
    signature = base64.b64encode(trader.key.sign(f"{stamp}GET{path}".encode())).decode()
    headers = {
        "KALSHI-ACCESS-KEY": trader.key_id,
        "KALSHI-ACCESS-TIMESTAMP": stamp,
        "KALSHI-ACCESS-SIGNATURE": signature,
    }
    auth = trader.venue.kalshi.auth
    assert auth.authenticate(headers, "GET", path) == trader.account_id
    with pytest.raises(Refusal):
        auth.authenticate(headers, "GET", "/trade-api/ws/v1")


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        ({"tier": "gold"}, "usage tier 'gold'"),
        ({"tier": "basic", "scopes": ("admin",)}, "admin"),
        ({"tier": "basic", "scopes": ()}, "scopes"),
        ({"tier": "basic", "public_key_pem": "no key"}, "public key"),
        ({"tier": "basic", "key_kind": "dsa"}, "key kind 'dsa'"),
    ],
)
def test_account_that_cannot_be_opened_is_refused_whole(venue: Venue, terms: dict, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        venue.exchange.open_account(Decimal(10), **terms)
    assert not venue.exchange.accounts
