"""Kalshi's REST that refuses, breaks, hangs or is asked with a wrong time, while its stream is cut and REST is needed.

Belongs here: requests. Does not: frames (`test_stream`).
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from precog_assets.pipeline.live.standing_down import REASON
from precog_assets_tests.chaos.conftest import Tell
from precog_assets_tests.chaos.world import LiveWorld, counted, faults, pass_s, settled, streaming, until

pytestmark = pytest.mark.chaos
LASTS_S = 20.0
DOWN_S = 45.0
"""Longer than what makes a venue one that is down."""
MOST_AT_ONCE = 40
"""Requests in the first second after an outage; Kalshi's basic tier takes 20 reads a second."""
CUT = {"kind": "cut_stream", "count": 2}
TROUBLES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("429 to four of five, no Retry-After", {"kind": "rate_limit", "probability": 0.8}, "http.rate_limited"),
    ("429 to all, Retry-After 3 s", {"kind": "rate_limit", "retry_after_s": 3}, "http.rate_limited"),
    ("500 to four of five", {"kind": "server_error", "probability": 0.8}, "http.server_error"),
    ("503 to all", {"kind": "unavailable"}, "http.server_error"),
    ("no answer for 30 s", {"kind": "timeout"}, "http.timeout"),
    ("answers cut short", {"kind": "reset", "keep": 0.3, "probability": 0.8}, "http.connection"),
    ("answers that are no JSON", {"kind": "broken_json"}, "contract.not_json"),
)


def busiest_second(world: LiveWorld, since: datetime) -> int:
    """Of ours, since an instant of ours: how many requests to Kalshi."""
    seconds = Counter(
        one["wall_time"][:19]
        for one in world.control("/requests", limit=1000)["requests"]
        if datetime.fromisoformat(one["wall_time"]) >= since and one["path"].startswith("/trade-api/")
    )
    return max(seconds.values(), default=0)


@pytest.mark.parametrize(("done", "rule", "code"), TROUBLES, ids=[done for done, _, _ in TROUBLES])
def test_requests_that_fail_are_made_up_for(world: LiveWorld, tell: Tell, done: str, rule: Any, code: str) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now()
        with faults(world, {**rule, "venue": "kalshi"}, CUT) as struck:
            pass_s(LASTS_S, collecting)
            assert struck() > CUT["count"], "no request was struck"
        until(lambda: streaming(collecting), collecting, what="the stream did not come back")
        found, took_s = settled(world, began, collecting)
        assert code in counted(world, began)
    tell("Kalshi REST", done, took_s, found)


def test_a_field_with_another_name_refuses_the_rows_and_not_the_rest(world: LiveWorld, tell: Tell) -> None:
    rule = {"kind": "renamed_field", "venue": "kalshi", "field": "markets[*].yes_bid_dollars", "to_name": "yes_bid"}
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now()
        with faults(world, rule, CUT) as struck:
            until(lambda: struck() > CUT["count"], collecting, what="no listing was read")
            until(
                lambda: bool(
                    world.rows(
                        "SELECT 1 FROM ops.rejections WHERE last_seen_at >= :b AND payload_type LIKE 'kalshi%'", b=began
                    )
                ),
                collecting,
                what="no row was refused",
            )
        until(lambda: streaming(collecting), collecting, what="the stream did not come back")
        found, took_s = settled(world, began, collecting)
    tell("Kalshi REST", "a renamed field", took_s, found)


def test_signatures_that_the_venues_clock_refuses_are_named_and_made_again(world: LiveWorld, tell: Tell) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now()
        skews = [{"kind": "clock_skew", "venue": venue, "skew_s": 90} for venue in ("kalshi", "stream")]
        with faults(world, *skews, {**CUT, "count": 1}):
            until(lambda: not collecting.last()["connected"], collecting, what="the stream was not cut")
            until(lambda: "stream.clock_skew" in counted(world, began), collecting, what="the skew was not told")
        until(lambda: streaming(collecting), collecting, what="the stream did not come back")
        found, took_s = settled(world, began, collecting)
    tell("Kalshi", "401 by clock skew", took_s, found)


def test_a_venue_that_is_down_holds_no_order_of_ours_and_is_not_stormed_when_it_is_back(
    world: LiveWorld, tell: Tell
) -> None:
    resting = "SELECT count(*) FROM book.orders WHERE status IN ('written', 'resting')"
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        until(lambda: world.one(resting) > 0, collecting, what="no order rests")
        began = world.services.clock.now()
        down = [{"kind": "unavailable", "venue": venue} for venue in ("kalshi", "stream")]
        with faults(world, *down, {"kind": "cut_stream"}):
            pass_s(DOWN_S, collecting)
            until(lambda: world.one(resting) == 0, collecting, what="orders rest at a venue that is down")
            assert world.rows("SELECT 1 FROM book.orders WHERE reason = :why", why=REASON)
            assert world.rows("SELECT 1 FROM book.decisions WHERE reason = 'venue' AND as_of > :began", began=began)
        back = datetime.now(UTC)
        until(lambda: streaming(collecting), collecting, what="the stream did not come back")
        asked = busiest_second(world, back)
        print(f"venue down: {asked} requests in the busiest second after it was back")
        assert asked <= MOST_AT_ONCE
        found, took_s = settled(world, began, collecting, visible_s=60.0)
    tell("Kalshi", f"down whole for {DOWN_S:.0f} s", took_s, found)
