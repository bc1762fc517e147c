"""Kalshi's scheduled fee changes as rows; the terms its series and events show are read by `parse_markets.py`.

Pure functions of bytes that never raise: each element is a row or a named rejection. A fee type nobody knows is kept
as it is: what it costs is refused where it is asked for.
"""

from __future__ import annotations

from typing import Any

from precog_assets.domain.facts import Parsed
from precog_assets.domain.fees import FeeScope, FeeTermsSeen
from precog_assets.sources.kalshi import payloads
from precog_assets.sources.kalshi.parse_markets import VENUE
from precog_assets.sources.kalshi.reading import Reader, Reading, refuse_combo

SERIES_LIST, EVENTS_LIST = "series_fee_change_arr", "event_fee_changes"


def parse_series_fee_changes(body: bytes) -> Parsed[FeeTermsSeen]:
    """Changes of series' terms, with the instants they take effect."""
    return _listed(Reading(_SERIES_CHANGE), body, SERIES_LIST)


def parse_event_fee_changes(body: bytes) -> Parsed[FeeTermsSeen]:
    """Overrides of events given or, with a fee type of None, taken away. Combos are refused as such."""
    return _listed(Reading(_EVENT_CHANGE), body, EVENTS_LIST)


def _listed(reading: Reading[Any, FeeTermsSeen], body: bytes, name: str) -> Parsed[FeeTermsSeen]:
    document = reading.open(body)
    if document is None:
        return reading.done()
    if name not in document:
        reading.vanished(payloads.PAGES[name], document)
    else:
        reading.page(payloads.PAGES[name], document)
        reading.add_all(document[name], name)
    return reading.done()


def _series_change(change: payloads.SeriesFeeChange) -> FeeTermsSeen:
    return FeeTermsSeen(
        venue=VENUE,
        change_id=change.id,
        scope=FeeScope.SERIES,
        ticker=change.series_ticker,
        series_ticker=change.series_ticker,
        effective_at=change.scheduled_ts,
        fee_type=change.fee_type,
        multiplier=change.fee_multiplier,
    )


def _event_change(change: payloads.EventFeeChange) -> FeeTermsSeen:
    return FeeTermsSeen(
        venue=VENUE,
        change_id=change.id,
        scope=FeeScope.EVENT,
        ticker=change.event_ticker,
        series_ticker=change.series_ticker,
        effective_at=change.scheduled_ts,
        fee_type=change.fee_type_override or None,
        multiplier=change.fee_multiplier_override,
    )


_SERIES_CHANGE = Reader(
    payloads.SERIES_FEE_CHANGE, payloads.SeriesFeeChange.model_validate, _series_change, key="series_ticker"
)
_EVENT_CHANGE = Reader(
    payloads.EVENT_FEE_CHANGE,
    payloads.EventFeeChange.model_validate,
    _event_change,
    key="event_ticker",
    refuse=refuse_combo,
)
