"""Which fees an event's markets have at an instant: the series' own, at times reduced, or an override.

The formula is the exchange's; this is the schedule of its type and multiplier, and the reads that announce it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from precog_assets.simulator.kalshi.answers import Key, page
from precog_assets.simulator.kalshi.endpoints import Call, Endpoint
from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.instants import DAY_US, HOUR_US, instant_of, microseconds
from precog_assets.simulator.kalshi.listing import Event
from precog_assets.simulator.kalshi.noise import key_of, stable_uuid, unit
from precog_assets.simulator.kalshi.selection import Filters, Selection
from precog_assets.simulator.kalshi.sports import SeriesTerms
from precog_assets.simulator.kalshi.wire import Json, time_text

_CHANGED_SHARE = 0.1
"""Share of a series' months with a reduced fee from the 15th to the 29th."""
_REDUCED = 0.5
_ANNOUNCED = timedelta(days=14)
_REMEMBERED_MONTHS = 12


class Terms(NamedTuple):
    """A fee structure: Kalshi's `fee_type` and `fee_multiplier`."""

    fee_type: str
    multiplier: float


class SeriesChange(NamedTuple):
    """A scheduled change of a series' fees."""

    at: datetime
    terms: Terms


class EventChange(NamedTuple):
    """A scheduled override of an event's fees; None takes it away."""

    at_us: int
    terms: Terms | None


class Fees:
    """The fee structures of a world."""

    def __init__(self, habits: Habits | None = None) -> None:
        self._share = (habits or Habits()).fee_override

    def of(self, event: Event, time_us: int) -> Terms:
        """What the event's markets pay then."""
        return self.override(event, time_us) or self.of_series(event.series, instant_of(time_us))

    def of_series(self, series: SeriesTerms, now: datetime) -> Terms:
        """The series' own structure then."""
        passed = [change.terms for change in self.series_changes(series, now, months=1) if change.at <= now]
        return passed[-1] if passed else Terms(series.fee_type, 1)

    def series_changes(self, series: SeriesTerms, now: datetime, *, months: int) -> list[SeriesChange]:
        """Changes announced by `now` back to `months` before, oldest first."""
        changes = []
        month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        for _ in range(months):
            month = (month - timedelta(days=1)).replace(day=1)
        for _ in range(months + 2):
            if unit(key_of("fees", series.ticker, month.year, month.month)) < _CHANGED_SHARE:
                changes.append(SeriesChange(month.replace(day=15, hour=12), Terms(series.fee_type, _REDUCED)))
                changes.append(SeriesChange(month.replace(day=28, hour=12), Terms(series.fee_type, 1)))
            month = (month + timedelta(days=32)).replace(day=1)
        return [change for change in changes if change.at - _ANNOUNCED <= now]

    def override(self, event: Event, time_us: int) -> Terms | None:
        """The event's own structure then, where it has one."""
        passed = [change.terms for change in self.event_changes(event) if change.at_us <= time_us]
        return passed[-1] if passed else None

    def event_changes(self, event: Event) -> tuple[EventChange, ...]:
        """All overrides the event ever gets, oldest first."""
        if unit(event.key, 50) >= self._share:
            return ()
        given_us = event.opened_us + HOUR_US + int(2 * DAY_US * unit(event.key, 51))
        given = EventChange(given_us, Terms("quadratic", _REDUCED))
        if unit(event.key, 52) < 0.5 or event.start_us <= given_us:
            return (given,)
        return given, EventChange(event.start_us, None)


class FeeReads:
    """GET /series/fee_changes and /events/fee_changes."""

    def __init__(self, fees: Fees, selection: Selection) -> None:
        self._fees = fees
        self._selection = selection

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint("GET", "/series/fee_changes", "GetSeriesFeeChanges", self._series),
            Endpoint("GET", "/events/fee_changes", "GetEventFeeChanges", self._events),
        ]

    def _series(self, call: Call) -> Json:
        wanted, past = call.query.text("series_ticker"), call.query.flag("show_historical")
        rows = []
        for series in self._selection.series(wanted):
            for change in self._fees.series_changes(series, call.now, months=_REMEMBERED_MONTHS if past else 0):
                if past or change.at > call.now:
                    rows.append(
                        {
                            "id": stable_uuid("fee", series.ticker, change.at.isoformat()),
                            "series_ticker": series.ticker,
                            "fee_type": change.terms.fee_type,
                            "fee_multiplier": change.terms.multiplier,
                            "scheduled_ts": time_text(change.at),
                        }
                    )
        return {"series_fee_change_arr": rows}

    def _events(self, call: Call) -> Json:
        limit, after = call.query.limit(100, 1000, lowest=1), call.query.after()
        ticker = call.query.text("event_ticker")
        if ticker is None:
            events = self._selection.live(Filters(), call.now)
        else:
            named = self._selection.event(ticker, call.now)
            events = iter([named] if named else [])
        changes = sorted(self._changes(events), key=_change_key)
        taken, cursor = page(changes, limit, _change_key, after)
        rows = [
            {
                "id": stable_uuid("fee", event.ticker, change.at_us),
                "event_ticker": event.ticker,
                "series_ticker": event.series.ticker,
                "fee_type_override": change.terms.fee_type if change.terms else None,
                "fee_multiplier_override": change.terms.multiplier if change.terms else None,
                "scheduled_ts": time_text(instant_of(change.at_us)),
            }
            for event, change in taken
        ]
        return {"event_fee_changes": rows, "cursor": cursor}

    def _changes(self, events: Iterator[Event]) -> Iterator[tuple[Event, EventChange]]:
        for event in events:
            for change in self._fees.event_changes(event):
                yield event, change


def _change_key(item: tuple[Event, EventChange]) -> Key:
    event, change = item
    return (change.at_us, event.ticker)


def override_json(fees: Fees, event: Event, now: datetime) -> Json:
    """The two fields of an EventData object that has an override; none otherwise."""
    terms = fees.override(event, microseconds(now))
    if terms is None:
        return {}
    return {"fee_type_override": terms.fee_type, "fee_multiplier_override": terms.multiplier}
