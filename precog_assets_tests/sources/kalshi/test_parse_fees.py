"""Fee changes: rows with their instants, overrides taken away, new fee types kept, what is broken named."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from precog_assets.domain.fees import FeeScope, FeeTermsSeen
from precog_assets.sources.kalshi.parse import parse_any
from precog_assets.sources.kalshi.parse_fees import parse_event_fee_changes, parse_series_fee_changes
from precog_assets.sources.kalshi.parse_markets import parse_events
from precog_assets_tests.sources.kalshi.payload_files import changed, page

SERIES = {
    "id": "c1",
    "series_ticker": "KXNFLGAME",
    "fee_type": "quadratic",
    "fee_multiplier": 0.5,
    "scheduled_ts": "2026-12-01T05:00:00Z",
}
EVENT = {
    "id": "e1",
    "event_ticker": "KXNFLGAME-26NOV22JACKC",
    "series_ticker": "KXNFLGAME",
    "fee_type_override": None,
    "fee_multiplier_override": None,
    "scheduled_ts": "2026-11-22T18:00:00Z",
}


def test_a_series_change_is_read_with_the_instant_it_takes_effect() -> None:
    parsed = parse_series_fee_changes(orjson.dumps({"series_fee_change_arr": [SERIES]}))
    assert parsed.rows == [
        FeeTermsSeen(
            "kalshi",
            "c1",
            FeeScope.SERIES,
            "KXNFLGAME",
            "KXNFLGAME",
            datetime(2026, 12, 1, 5, tzinfo=UTC),
            "quadratic",
            Decimal("0.5"),
        )
    ]


def test_an_override_taken_away_is_a_row_without_terms() -> None:
    given = {**EVENT, "id": "e0", "fee_type_override": "quadratic", "fee_multiplier_override": 0}
    parsed = parse_event_fee_changes(page("event_fee_changes", given, EVENT))
    assert [(row.scope, row.ticker, row.fee_type, row.multiplier) for row in parsed.rows] == [
        (FeeScope.EVENT, EVENT["event_ticker"], "quadratic", Decimal(0)),
        (FeeScope.EVENT, EVENT["event_ticker"], None, None),
    ]


def test_a_fee_type_nobody_knows_is_kept() -> None:
    (row,) = parse_series_fee_changes(orjson.dumps({"series_fee_change_arr": [{**SERIES, "fee_type": "cubic"}]})).rows
    assert row.fee_type == "cubic"


@pytest.mark.parametrize("body", [b'{"series_fee_change_arr":[]}', b'{"series_fee_change_arr":null}'])
def test_no_changes_are_no_rows_and_no_rejections(body: bytes) -> None:
    parsed = parse_series_fee_changes(body)
    assert (parsed.rows, parsed.rejections) == ([], [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fee_multiplier": ...}, "missing_key:fee_multiplier"),
        ({"fee_multiplier": -1}, "bad_number"),
        ({"fee_multiplier": None}, "bad_number"),
        ({"fee_type": None}, "wrong_type:fee_type"),
        ({"scheduled_ts": ""}, "bad_time"),
    ],
)
def test_a_change_that_cannot_be_read_is_rejected_by_name(change: dict[str, Any], reason: str) -> None:
    parsed = parse_series_fee_changes(orjson.dumps({"series_fee_change_arr": [changed(SERIES, change)]}))
    assert [(one.key, one.reason) for one in parsed.rejections] == [("KXNFLGAME", reason)]


def test_a_renamed_list_is_a_rejection_not_an_empty_list() -> None:
    parsed = parse_event_fee_changes(b'{"fee_changes":[],"cursor":""}')
    assert [one.reason for one in parsed.rejections] == ["missing_key:event_fee_changes"]
    assert [key for counts in parsed.contracts for key in counts.vanished] == ["event_fee_changes"]


def test_changes_are_recognised_without_their_requests() -> None:
    assert parse_any(orjson.dumps({"series_fee_change_arr": [SERIES]})).parts["fee_terms"].rows[0].change_id == "c1"
    assert parse_any(page("event_fee_changes", EVENT)).kind == "event_fee_changes"


def test_an_event_shows_its_override() -> None:
    event = {"event_ticker": "KXA-1", "series_ticker": "KXA", "title": "a", "mutually_exclusive": True}
    own = {**event, "fee_type_override": "quadratic", "fee_multiplier_override": 0.5}
    rows = parse_events(page("events", event, own, {**event, "fee_type_override": ""})).rows
    assert [(row.fee_type_override, row.fee_multiplier_override) for row in rows] == [
        (None, None),
        ("quadratic", Decimal("0.5")),
        (None, None),
    ]
