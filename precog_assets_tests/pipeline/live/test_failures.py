"""Failures of the collector by source and code: what its counters say, and that every gap has a code of the table."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

from precog_assets.domain.errors import CODES
from precog_assets.domain.live import GAP_CODES, GapKind
from precog_assets.pipeline.live.failures import failures_of, keep_failures
from precog_assets.services import Services
from precog_assets.store.error_counts import read_errors
from precog_assets.store.spool_state import SpoolState


def collector(**counted: Counter[str]) -> Any:
    """As far as it is asked: its five sets of counters."""
    given = {name: counted.get(name, Counter()) for name in ("supervisor", "stream", "intake", "writer", "own")}
    return SimpleNamespace(
        supervisor=SimpleNamespace(failures=given["supervisor"]),
        stream=SimpleNamespace(state=SimpleNamespace(codes=given["stream"])),
        intake=SimpleNamespace(counts=given["intake"]),
        writer=SimpleNamespace(counts=given["writer"]),
        counts=given["own"],
    )


def test_every_irregularity_but_a_repeated_frame_has_a_code() -> None:
    assert set(GapKind) - set(GAP_CODES) == {GapKind.REPEATED}
    assert set(GAP_CODES.values()) <= set(CODES)


def test_failures_are_of_the_venue_where_it_refused_and_ours_otherwise() -> None:
    found = failures_of(
        cast(
            Any,
            collector(
                supervisor=Counter({"system.database": 2}),
                stream=Counter({"stream.clock_skew": 3, "http.blocked": 1}),
                intake=Counter({"refused:5": 1, "refused:9": 2, "trades": 90}),
                own=Counter({"spool_full": 4, "polls": 70}),
            ),
        ),
        (),
    )
    assert found == {
        ("precog", "system.database"): 2,
        ("kalshi", "stream.clock_skew"): 3,
        ("kalshi", "http.blocked"): 1,
        ("kalshi", "stream.refused"): 3,
        ("precog", "system.spool"): 4,
    }


def test_a_spool_with_damage_counts_once_and_each_fact_in_it_that_cannot_be_read() -> None:
    whole, damaged = SpoolState("a", 3, 900, 0, torn_bytes=70), SpoolState("b", 3, 900, 0, damaged_bytes=130)
    found = failures_of(cast(Any, collector(writer=Counter({"unreadable": 2, "spooled": 9}))), (whole, damaged))
    assert found == {("precog", "system.spool"): 3}
    assert failures_of(cast(Any, collector()), (whole,)) == {}


def test_they_add_up_in_the_hour(services: Services) -> None:
    for _ in range(2):
        keep_failures(services, {("kalshi", "stream.refused"): 3})
    with services.engine.connect() as connection:
        (counted,) = read_errors(connection, services.clock.now())
    assert (counted.source, counted.code, counted.count) == ("kalshi", "stream.refused", 6)
