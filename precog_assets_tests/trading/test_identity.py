"""Ids follow from what they name."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta, timezone

import pytest

from precog_assets.trading.identity import decision_id, order_client_id
from precog_assets_tests.trading.builders import AS_OF


def test_the_same_instant_in_another_zone_is_the_same_decision() -> None:
    eastern = AS_OF.astimezone(timezone(timedelta(hours=-5)))
    assert decision_id("m", "s", "h", eastern) == decision_id("m", "s", "h", AS_OF)
    assert decision_id("m", "s", "h", AS_OF.replace(tzinfo=None)) == decision_id("m", "s", "h", AS_OF)


def test_each_part_of_a_decision_tells_it_apart() -> None:
    ids = {
        decision_id(*parts)
        for parts in (
            ("m", "s", "h", AS_OF),
            ("n", "s", "h", AS_OF),
            ("m", "t", "h", AS_OF),
            ("m", "s", "i", AS_OF),
            ("m", "s", "h", AS_OF + timedelta(microseconds=1)),
            ("ms", "", "h", AS_OF),
            ("m", "s", "h", datetime.min),
        )
    }
    assert len(ids) == 7


def test_an_order_sent_twice_is_one_and_a_replaced_one_another() -> None:
    first = order_client_id("d1")
    assert first == order_client_id("d1", 0) != order_client_id("d1", 1)
    assert first != order_client_id("d2")
    assert str(uuid.UUID(first)) == first
    with pytest.raises(ValueError, match="order number -1"):
        order_client_id("d1", -1)
