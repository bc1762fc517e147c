"""Orders go nowhere unless environment, client, keys and risk limits fit: every refused combination, by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from precog_assets.config import load_sources, load_trading_rules
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import FixedClock
from precog_assets.domain.trading import Order, OrderStatus, Side
from precog_assets.environment import Environment, Settings, orders_mode, read_settings, resolve
from precog_assets.sources.http import UnrecordedResponses
from precog_assets.sources.kalshi.auth import KalshiCredentials
from precog_assets.sources.kalshi.order_guard import OrderGuard, guard_orders, read_risk_limits
from precog_assets.sources.kalshi.orders import KalshiVenue
from precog_assets.sources.limits import RateLimiter
from precog_assets.sources.sending import HttpSender

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CREDENTIALS = KalshiCredentials("id", ed25519.Ed25519PrivateKey.generate())
LIMITS = """
starting_cash: "1000"
per_market: "50"
per_game: "300"
per_league: "1500"
per_day: "1000"
total: "3000"
max_drawdown: 0.2
orders_per_minute: 2
"""


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of the caller's and no `.env` file reaches these tests."""
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {"kalshi_private_key_path": tmp_path / "key.pem", "kalshi_risk_limits_path": tmp_path / "limits.yaml"}
    found["kalshi_private_key_path"].touch()
    found["kalshi_risk_limits_path"].write_text(LIMITS)
    return found


def never(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"{request.method} {request.url} was sent")


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Any]:
    """Makes the client of an environment's Kalshi; none reaches a network, and to send anything fails the test."""
    with ExitStack() as stack:
        limiter = RateLimiter(tmp_path / "rates")
        stack.callback(limiter.close)

        def make(environment: Environment, **changes: Any) -> HttpSender:
            venue = environment.venues["kalshi"]
            made = HttpSender(
                load_sources()["kalshi"],
                user_agent=None,
                response_log=UnrecordedResponses(),
                clock=FixedClock(NOW),
                limiter=limiter,
                transport=httpx.MockTransport(never),
                **{"mode": venue.mode, "base_url": venue.base_url, **changes},
            )
            stack.callback(made.close)
            return made

        yield make


def made(env: str, mode: str, trading: str = "off", **more: Any) -> Environment:
    modes = {"espn_mode": mode, "kalshi_mode": mode}
    return resolve(read_settings({"precog_env": env, **modes, "kalshi_trading": trading, **more}))


def real(files: dict[str, Path]) -> Environment:
    return made("prod", "live", "live", kalshi_key_id="id", **files)


@pytest.mark.parametrize("env", ["dev", "test"])
def test_the_simulator_takes_orders(env: str, sender: Any) -> None:
    environment = made(env, "sim")
    assert orders_mode(environment) == "sim"
    assert guard_orders(environment, sender(environment), CREDENTIALS).limits is None


@pytest.mark.parametrize("env", ["dev", "staging"])
def test_the_sandbox_takes_orders_in_dev_and_staging_when_asked_for(env: str, sender: Any) -> None:
    environment = made(env, "demo", "demo")
    assert guard_orders(environment, sender(environment), CREDENTIALS).mode == "demo"


def test_production_takes_orders_with_everything_in_place(files: dict[str, Path], sender: Any) -> None:
    environment = real(files)
    guard = guard_orders(environment, sender(environment), CREDENTIALS)
    assert guard.mode == "live"
    assert guard.limits is not None
    assert guard.limits.per_market == 50


@pytest.mark.parametrize(
    ("env", "mode"), [("dev", "demo"), ("staging", "demo"), ("dev", "live"), ("staging", "live"), ("prod", "live")]
)
def test_no_real_order_goes_out_with_trading_off(env: str, mode: str, sender: Any) -> None:
    environment = made(env, mode)
    with pytest.raises(ConfigurationError, match=f"KALSHI_TRADING=off.*KALSHI_MODE={mode}.*accepted is"):
        KalshiVenue(environment, sender(environment), CREDENTIALS, clock=FixedClock(NOW))


@pytest.mark.parametrize(
    ("env", "mode", "trading"),
    [
        ("dev", "sim", "demo"),
        ("dev", "sim", "live"),
        ("test", "sim", "demo"),
        ("test", "sim", "live"),
        ("dev", "demo", "live"),
        ("staging", "demo", "live"),
        ("dev", "live", "demo"),
        ("dev", "live", "live"),
        ("staging", "live", "demo"),
        ("staging", "live", "live"),
        ("prod", "live", "demo"),
    ],
)
def test_a_combination_that_the_environment_refuses_is_refused_here_too(
    env: str, mode: str, trading: str, files: dict[str, Path], sender: Any
) -> None:
    """Also when it was put together by hand, past the environment's own guard."""
    keys = {**files, "kalshi_key_id": "id"}
    allowed = made(env, mode, **keys)
    by_hand = replace(allowed, settings=read_settings({**allowed.settings.model_dump(), "kalshi_trading": trading}))
    with pytest.raises(ConfigurationError, match=f"KALSHI_TRADING={trading}.*PRECOG_ENV={env} and KALSHI_MODE={mode}"):
        KalshiVenue(by_hand, sender(allowed), CREDENTIALS, clock=FixedClock(NOW))


@pytest.mark.parametrize(
    ("env", "mode"), [("test", "demo"), ("test", "live"), ("staging", "sim"), ("prod", "sim"), ("prod", "demo")]
)
def test_a_mode_that_the_environment_refuses_is_refused_here_too(env: str, mode: str, sender: Any) -> None:
    allowed = made("dev", mode)
    settings = read_settings({**allowed.settings.model_dump(), "precog_env": env})
    by_hand = replace(allowed, env=env, settings=settings)
    with pytest.raises(ConfigurationError, match=f"PRECOG_ENV={env}.*_MODE={mode}"):
        KalshiVenue(by_hand, sender(allowed), CREDENTIALS, clock=FixedClock(NOW))


def test_settings_and_environment_must_be_one(files: dict[str, Path], sender: Any) -> None:
    environment = replace(made("dev", "demo", "demo"), env="staging")
    with pytest.raises(ConfigurationError, match=r"PRECOG_ENV=dev.*staging and demo are in force"):
        KalshiVenue(environment, sender(environment), CREDENTIALS, clock=FixedClock(NOW))


@pytest.mark.parametrize("missing", ["kalshi_private_key_path", "kalshi_risk_limits_path", "kalshi_key_id"])
def test_production_without_one_of_its_conditions_takes_no_order(
    missing: str, files: dict[str, Path], sender: Any
) -> None:
    whole = real(files)
    by_hand = replace(whole, settings=read_settings({**whole.settings.model_dump(), missing: None}))
    with pytest.raises(ConfigurationError, match=f"KALSHI_TRADING=live needs {missing.upper()}"):
        KalshiVenue(by_hand, sender(whole), CREDENTIALS, clock=FixedClock(NOW))


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "the document"),
        ("limits: [", "cannot be read as YAML"),
        (LIMITS.replace('per_market: "50"', 'per_market: "-1"'), "per_market"),
        (LIMITS.replace('total: "3000"\n', ""), "total"),
        (LIMITS + "per_week: 3\n", "per_week"),
    ],
)
def test_a_risk_limit_file_that_cannot_be_read_whole_permits_nothing(
    text: str, match: str, files: dict[str, Path], sender: Any
) -> None:
    files["kalshi_risk_limits_path"].write_text(text)
    environment = real(files)
    with pytest.raises(ConfigurationError, match=f"KALSHI_RISK_LIMITS_PATH=.*{match}"):
        KalshiVenue(environment, sender(environment), CREDENTIALS, clock=FixedClock(NOW))


def test_the_limits_of_strategies_yaml_make_a_risk_limit_file(tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text("limits:\n" + "".join(f"  {line}\n" for line in LIMITS.splitlines()))
    assert read_risk_limits(path).model_dump().keys() == load_trading_rules().limits.model_dump().keys()


def test_orders_without_keys_are_refused(sender: Any) -> None:
    environment = made("dev", "sim")
    with pytest.raises(ConfigurationError, match=r"KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH"):
        KalshiVenue(environment, sender(environment), None, clock=FixedClock(NOW))


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "https://external-api.kalshi.com/trade-api/v2"},
        {"base_url": "http://127.0.0.1:9/trade-api/v2"},
        {"mode": "live"},
    ],
)
def test_a_client_of_another_host_or_mode_is_refused(changes: dict[str, Any], sender: Any) -> None:
    environment = made("dev", "sim")
    with pytest.raises(ConfigurationError, match="the client given speaks to"):
        KalshiVenue(environment, sender(environment, **changes), CREDENTIALS, clock=FixedClock(NOW))


def test_a_simulator_beyond_loopback_is_refused(sender: Any) -> None:
    environment = made("dev", "sim")
    away = replace(environment.venues["kalshi"], base_url="http://10.0.0.1:8100/trade-api/v2")
    by_hand = replace(environment, venues={**environment.venues, "kalshi": away})
    with pytest.raises(ConfigurationError, match="only loopback addresses"):
        KalshiVenue(by_hand, sender(by_hand), CREDENTIALS, clock=FixedClock(NOW))


def wanted(client_id: str, contracts: int) -> Order:
    return Order(
        client_id=client_id,
        venue="kalshi",
        market_id="kalshi:X",
        ticker="X",
        side=Side.YES,
        limit_price=Decimal("0.50"),
        contracts=Decimal(contracts),
        post_only=False,
        created_at=NOW,
        expires_at=None,
        strategy="default",
    )


def test_the_risk_limits_bind_a_single_order_and_the_rate(files: dict[str, Path]) -> None:
    guard = OrderGuard("live", read_risk_limits(files["kalshi_risk_limits_path"]))
    assert guard.admit(wanted("a", 100), NOW) == ""
    assert "above per_market 50" in guard.admit(wanted("b", 101), NOW)
    assert guard.admit(wanted("c", 1), NOW) == ""
    assert "orders_per_minute" in guard.admit(wanted("d", 1), NOW + timedelta(seconds=59))
    assert guard.admit(wanted("e", 1), NOW + timedelta(seconds=60)) == ""


def test_an_order_above_the_limit_is_rejected_and_never_sent(files: dict[str, Path], sender: Any) -> None:
    environment = real(files)
    venue = KalshiVenue(environment, sender(environment), CREDENTIALS, clock=FixedClock(NOW))
    done = venue.place_many([wanted("a", 101), wanted("b", 5000)])
    assert [order.status for order in done] == [OrderStatus.REJECTED] * 2
    assert venue.place(wanted("a", 101)).reason.startswith("risk_limit")
