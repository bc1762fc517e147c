"""Fees: what Kalshi schedules and shows of its series' and events' terms, kept as facts, and the book they make."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from precog_assets.config import load_fees
from precog_assets.domain.facts import EventSeen, Observation, Origin, Parsed, SeriesSeen
from precog_assets.domain.fees import FeeScope, FeeTermsSeen, seen_terms
from precog_assets.pipeline.feeds import Wanted, fetch_all, in_database
from precog_assets.pipeline.markets import series_of
from precog_assets.pipeline.report import StepReport
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.sources.kalshi.parse_fees import parse_event_fee_changes, parse_series_fee_changes
from precog_assets.sources.kalshi.parse_markets import VENUE, parse_events, parse_series
from precog_assets.store.fees import overridden_events, read_fee_facts, write_fee_terms

if TYPE_CHECKING:
    import sqlalchemy as sa

    from precog_assets.services import Services

_PARSERS: dict[str, Callable[[bytes], Parsed[Any]]] = {
    "series changes": parse_series_fee_changes,
    "event changes": parse_event_fee_changes,
    "series": parse_series,
    "events": parse_events,
}


def poll_fees(services: Services, *, correlation_id: str) -> StepReport:
    """Read the scheduled fee changes and the terms that our series and their open events show.

    What is not of a configured series is counted, not kept. Answers are read again even where their bytes are those
    of the last poll: that terms still hold is news of the terms. Raises PrecogError(system.*).
    """
    report = StepReport("fees", correlation_id, services.clock.now())
    ours = set(series_of(services.leagues))
    found: list[tuple[str, Any, Observation]] = []
    for one in fetch_all(_wanted(services, sorted(ours), correlation_id), _send, report, services.engine):
        parsed = _PARSERS[one.request.label](one.fetch.body)
        report.read(one.fetch, parsed)
        if not report.stands_still(one.fetch, parsed):
            seen = one.observation(Origin.LIVE)
            found.extend((one.request.label, row, seen) for row in parsed.rows)
    with in_database(services.engine) as connection:
        overridden = overridden_events(connection, VENUE)
        overridden |= {row.ticker for label, row, _ in found if label == "event changes"}
        said = [(terms, seen) for _, row, seen in found if (terms := _terms(row, overridden)) is not None]
        kept = [(terms, seen) for terms, seen in said if terms.series_ticker in ours]
        report.notes["terms_elsewhere"] = len(said) - len(kept)
        report.wrote(write_fee_terms(connection, kept))
        report.keep_refused(connection, services.clock.now())
        report.finish()
        report.record(connection)
    return report


def fee_book(connection: sa.Connection, *, as_of: datetime | None = None) -> FeeBook:
    """The configured fees and every stored statement of venues, as known at `as_of` (default: now)."""
    return FeeBook.of(load_fees(), read_fee_facts(connection, as_of=as_of))


def _wanted(services: Services, ours: Iterable[str], correlation_id: str) -> list[Wanted]:
    kalshi = services.kalshi
    return [
        Wanted("series changes", lambda: [kalshi.series_fee_changes(correlation_id=correlation_id)]),
        Wanted("event changes", lambda: kalshi.event_fee_changes(correlation_id=correlation_id)),
        Wanted("series", lambda: [kalshi.series_list(category="Sports", correlation_id=correlation_id)]),
        *(
            Wanted(
                "events",
                lambda ticker=ticker: kalshi.events(series_ticker=ticker, status="open", correlation_id=correlation_id),
            )
            for ticker in ours
        ),
    ]


def _send(one: Wanted) -> Iterable[Any]:
    return one.send()


def _terms(row: Any, overridden: set[str]) -> FeeTermsSeen | None:
    """What a row says of fees; None for an event that never had terms of its own."""
    if isinstance(row, SeriesSeen):
        return seen_terms(VENUE, FeeScope.SERIES, row.ticker, row.ticker, row.fee_type, row.fee_multiplier)
    if not isinstance(row, EventSeen):
        return row
    own = row.fee_type_override, row.fee_multiplier_override
    if own == (None, None) and row.event_ticker not in overridden:
        return None
    return seen_terms(VENUE, FeeScope.EVENT, row.event_ticker, row.series_ticker, *own)
