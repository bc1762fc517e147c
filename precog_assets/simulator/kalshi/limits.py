"""How often a key may call: token buckets for reads and writes by usage tier, with the costs of endpoints.

Times are monotonic seconds of the machine, passed in: limits hold in real time however fast the world's clock runs.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Literal

from precog_assets.simulator.kalshi.answers import Refusal

Kind = Literal["read", "write"]

DEFAULT_COST = 10
ENDPOINT_COSTS: tuple[tuple[str, str, int], ...] = (
    ("POST", "/account/api_usage_level/upgrade", 30),
    ("GET", "/cfbenchmarks", 150),
    ("GET", "/cfbenchmarks/*endpoint", 150),
    ("POST", "/communications/quotes", 2),
    ("DELETE", "/communications/quotes/:quote_id", 2),
    ("GET", "/margin/balance", 5),
    ("PUT", "/multivariate_event_collections/:collection_ticker/lookup", 2),
    ("DELETE", "/portfolio/events/orders/:order_id", 2),
    ("DELETE", "/portfolio/events/orders/batched", 2),
    ("POST", "/portfolio/orders", 20),
    ("DELETE", "/portfolio/orders/:order_id", 4),
    ("GET", "/portfolio/orders/:order_id", 2),
    ("POST", "/portfolio/orders/:order_id/amend", 20),
    ("POST", "/portfolio/orders/:order_id/decrease", 20),
    ("DELETE", "/portfolio/orders/batched", 4),
    ("POST", "/portfolio/orders/batched", 20),
)
"""Method, path under the venue's prefix as Kalshi writes it, and tokens; everything else costs the default."""
_COSTS = {(method, path): cost for method, path, cost in ENDPOINT_COSTS}

TIERS: dict[str, tuple[int, int]] = {
    "basic": (200, 100),
    "advanced": (300, 300),
    "premier": (1_000, 1_000),
    "paragon": (2_000, 2_000),
    "prime": (4_000, 4_000),
}
"""Tokens a second for reads and for writes."""
_BUCKETS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """A bucket's size and how fast it fills, in tokens and tokens a second."""

    capacity: int
    refill: int


def allowance(tier: str, kind: Kind) -> Allowance:
    """The bucket of a tier: writes above Basic may save up two seconds' worth. Raises ValueError for a tier unknown."""
    if tier not in TIERS:
        raise ValueError(f"usage tier {tier!r}: expected one of {', '.join(TIERS)}")
    refill = TIERS[tier][0 if kind == "read" else 1]
    return Allowance(2 * refill if kind == "write" and tier != "basic" else refill, refill)


def cost_of(method: str, path: str) -> int:
    """Tokens of one call; `path` is the route's, e.g. `/portfolio/events/orders/{order_id}`."""
    written = "/".join(f":{part[1:-1]}" if part.startswith("{") else part for part in path.split("/"))
    return _COSTS.get((method, written), DEFAULT_COST)


def limits_json(tier: str) -> dict[str, Any]:
    """What `GET /account/limits` answers for a tier."""
    body: dict[str, Any] = {"usage_tier": tier, "grants": []}
    for kind in ("read", "write"):
        bucket = allowance(tier, kind)
        body[kind] = {"refill_rate": bucket.refill, "bucket_capacity": bucket.capacity}
    return body


class Limits:
    """The buckets of all callers; those that called last are kept, a forgotten one is full again."""

    def __init__(self, anonymous_tier: str | None = None) -> None:
        self.anonymous_tier = anonymous_tier
        """Tier of calls without a key, taken together; None leaves them unlimited."""
        self._buckets: OrderedDict[tuple[str, Kind], tuple[float, float]] = OrderedDict()

    def spend(self, caller: str, tier: str, kind: Kind, tokens: int, now_s: float) -> None:
        """Take tokens from a caller's bucket. Raises Refusal (429) and takes none when too few are left."""
        bucket = allowance(tier, kind)
        key = (caller, kind)
        left, then_s = self._buckets.pop(key, (float(bucket.capacity), now_s))
        left = min(float(bucket.capacity), left + max(0.0, now_s - then_s) * bucket.refill)
        enough = tokens <= left
        self._buckets[key] = (left - tokens if enough else left, max(now_s, then_s))
        if len(self._buckets) > _BUCKETS_KEPT:
            self._buckets.popitem(last=False)
        if not enough:
            raise Refusal(429, {"error": "too many requests"})
