"""Keys spend tokens by tier, endpoint and batch; who has none is told so and nothing more."""

from __future__ import annotations

import pytest

from precog_assets.simulator.kalshi.answers import Refusal
from precog_assets.simulator.kalshi.limits import Limits, allowance, cost_of, limits_json
from precog_assets_tests.simulator.kalshi.exchange.conftest import DAL, Venue, order_body


@pytest.mark.parametrize(
    ("method", "path", "cost"),
    [
        ("POST", "/portfolio/events/orders", 10),
        ("DELETE", "/portfolio/events/orders/{order_id}", 2),
        ("DELETE", "/portfolio/events/orders/batched", 2),
        ("GET", "/portfolio/orders/{order_id}", 2),
        ("GET", "/portfolio/orders", 10),
        ("POST", "/portfolio/orders", 20),
    ],
)
def test_costs_are_the_recorded_ones(method: str, path: str, cost: int) -> None:
    assert cost_of(method, path) == cost


def test_limits_read_as_recorded_for_the_basic_tier() -> None:
    assert limits_json("basic") == {
        "grants": [],
        "read": {"bucket_capacity": 200, "refill_rate": 200},
        "usage_tier": "basic",
        "write": {"bucket_capacity": 100, "refill_rate": 100},
    }


def test_writes_above_basic_may_save_up_two_seconds() -> None:
    assert (allowance("advanced", "write").capacity, allowance("advanced", "write").refill) == (600, 300)
    assert allowance("advanced", "read").capacity == 300


def test_unknown_tier_is_an_error_that_lists_the_tiers() -> None:
    with pytest.raises(ValueError, match="basic, advanced"):
        allowance("gold", "read")


def test_an_empty_bucket_fills_with_time_and_no_further_than_its_size() -> None:
    limits = Limits()
    limits.spend("key", "basic", "write", 100, 0.0)
    with pytest.raises(Refusal):
        limits.spend("key", "basic", "write", 1, 0.0)
    limits.spend("key", "basic", "write", 50, 0.5)
    limits.spend("key", "basic", "write", 100, 1_000.0)
    with pytest.raises(Refusal):
        limits.spend("key", "basic", "write", 1, 1_000.0)


def test_reads_and_writes_and_keys_have_buckets_of_their_own() -> None:
    limits = Limits()
    limits.spend("one", "basic", "write", 100, 0.0)
    limits.spend("one", "basic", "read", 200, 0.0)
    limits.spend("two", "basic", "write", 100, 0.0)


def test_eleventh_order_of_a_second_is_refused_on_the_basic_tier_without_a_hint_when_to_retry(venue: Venue) -> None:
    trader = venue.trader(tier="basic")
    answers = [trader.raw("POST", "/portfolio/events/orders", order_body("bid", "0.0100")) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert answers[-1].json() == {"error": "too many requests"}
    assert not {"retry-after", "x-ratelimit-limit"} & set(answers[-1].headers)
    venue.wait(seconds=0.1)
    trader.order("bid", "0.0100")


def test_a_batch_is_billed_by_its_items(venue: Venue) -> None:
    trader = venue.trader(tier="basic")
    batch = {"orders": [order_body("bid", "0.0100") for _ in range(11)]}
    trader.post("/portfolio/events/orders/batched", batch, 429)
    trader.post("/portfolio/events/orders/batched", {"orders": batch["orders"][:10]})
    trader.order("bid", "0.0100", status=429)


def test_calls_without_a_key_are_not_limited_unless_they_are_given_a_tier(venue: Venue) -> None:
    path = f"/markets/{DAL}"
    assert {venue.request("GET", path).status_code for _ in range(30)} == {200}
    venue.kalshi.limits.anonymous_tier = "basic"
    statuses = [venue.request("GET", path).status_code for _ in range(25)]
    assert statuses == [200] * 20 + [429] * 5


def test_public_calls_spend_from_the_key_they_name(venue: Venue) -> None:
    trader = venue.trader(tier="basic")
    headers = trader.headers("GET", f"/markets/{DAL}")
    statuses = [venue.request("GET", f"/markets/{DAL}", headers=headers).status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    assert trader.raw("GET", "/portfolio/balance").status_code == 429
