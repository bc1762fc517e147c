"""Whether orders may be sent to Kalshi at all, and which single order may: the last guard before the wire.

Belongs here: holding the environment, the client and the keys against each other, and the risk limit file against an
order. Does not: what a strategy wants (`trading/gates.py`, which binds long before this), nor sending.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import yaml
from pydantic import ValidationError

from precog_assets.config.sources import Mode
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.strategies import Limits
from precog_assets.domain.trading import Order
from precog_assets.environment import Environment, orders_mode
from precog_assets.sources.http import HttpClient
from precog_assets.sources.kalshi.auth import KEY_ID_VARIABLE, KEY_PATH_VARIABLE, KalshiCredentials

MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class OrderGuard:
    """What was permitted. `limits` are those of the risk limit file, in live only."""

    mode: Mode
    limits: Limits | None
    _sent: deque[datetime] = field(default_factory=deque)

    def objection(self, contracts: Decimal, price: Decimal) -> str:
        """Why an order of that size must not be sent; empty when it may."""
        if self.limits is not None and contracts * price > self.limits.per_market:
            return f"risk_limit: {contracts * price} dollars are above per_market {self.limits.per_market}"
        return ""

    def admit(self, order: Order, now: datetime) -> str:
        """As `objection` for a new order, which counts towards the rate when it may be sent."""
        objection = self.objection(order.contracts, order.limit_price)
        if objection or self.limits is None:
            return objection
        while self._sent and self._sent[0] <= now - MINUTE:
            self._sent.popleft()
        if len(self._sent) >= self.limits.orders_per_minute:
            return f"risk_limit: {len(self._sent)} orders in a minute reach orders_per_minute"
        self._sent.append(now)
        return ""


def guard_orders(environment: Environment, http: HttpClient, credentials: KalshiCredentials | None) -> OrderGuard:
    """The guard of this environment's orders. Raises ConfigurationError unless everything fits together."""
    mode = orders_mode(environment)
    venue = environment.venues["kalshi"]
    if (http.mode, http.base_url.rstrip("/")) != (mode, venue.base_url.rstrip("/")):
        raise ConfigurationError(
            f"Orders of KALSHI_MODE={mode} go to {venue.base_url}, but the client given speaks to {http.base_url} "
            f"in mode {http.mode}."
        )
    if credentials is None:
        raise ConfigurationError(f"Orders are signed: {KEY_ID_VARIABLE} and {KEY_PATH_VARIABLE} must both be set.")
    path = environment.settings.kalshi_risk_limits_path
    if mode != "live":
        return OrderGuard(mode, None)
    if path is None:
        raise ConfigurationError("KALSHI_TRADING=live needs KALSHI_RISK_LIMITS_PATH to name a file (was None).")
    return OrderGuard(mode, read_risk_limits(path))


def read_risk_limits(path: Path) -> Limits:
    """The risk limit file: YAML with the keys of `limits` in strategies.yaml, all of them.

    Raises ConfigurationError naming the file and what is wrong in it.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"KALSHI_RISK_LIMITS_PATH={path}: cannot be read as YAML ({error}).") from error
    if isinstance(document, dict) and document.keys() == {"limits"}:
        document = document["limits"]
    try:
        return Limits.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the document"
        raise ConfigurationError(f"KALSHI_RISK_LIMITS_PATH={path}: {key}: {first['msg']}.") from error
