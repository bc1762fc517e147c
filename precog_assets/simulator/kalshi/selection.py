"""Which events a listing holds at an instant: the live tier, the archive, and the filters of both.

Live listings hold an event from its creation until three days after it settled, or further back, to the
cutoff, where the request itself names the time. By ticker the live tier answers until the cutoff. The
archive holds what settled more than three days ago, so every market is listed somewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from precog_assets.domain.statuses import MarketStatus
from precog_assets.domain.times import eastern_day
from precog_assets.simulator.kalshi.answers import Key, Query, bad_request
from precog_assets.simulator.kalshi.catalog import Catalog
from precog_assets.simulator.kalshi.instants import NEVER_US, microseconds
from precog_assets.simulator.kalshi.lifecycle import Lifecycle
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.moves import DEADLINE_AFTER, LISTED_BEFORE
from precog_assets.simulator.kalshi.sports import SeriesTerms

LISTED_AFTER = timedelta(days=3)
ARCHIVED_AFTER = timedelta(days=60)
_MARGIN = timedelta(days=1)

STATUSES: dict[str, frozenset[MarketStatus]] = {
    "unopened": frozenset({MarketStatus.INITIALIZED}),
    "open": frozenset({MarketStatus.ACTIVE}),
    "paused": frozenset({MarketStatus.INACTIVE}),
    "closed": frozenset({MarketStatus.CLOSED, MarketStatus.DETERMINED, MarketStatus.DISPUTED, MarketStatus.AMENDED}),
    "settled": frozenset({MarketStatus.FINALIZED}),
}


EVENT_STATUSES = ("unopened", "open", "closed", "settled")


class Horizon:
    """The first instant at which a listing that was read may hold something else."""

    def __init__(self, until_us: int) -> None:
        self.until_us = until_us

    def narrow(self, at_us: int) -> None:
        self.until_us = min(self.until_us, at_us)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a request asks for; times in Unix seconds, bounds included."""

    series: str | None = None
    status: str | None = None
    close: tuple[int | None, int | None] = (None, None)
    settled: tuple[int | None, int | None] = (None, None)
    created: tuple[int | None, int | None] = (None, None)
    updated: tuple[int | None, int | None] = (None, None)

    @classmethod
    def of(cls, query: Query, *, exclusive: bool = True) -> Filters:
        """The filters of a request.

        Raises Refusal for what Kalshi excludes in market listings (`exclusive`): times of two kinds, and times
        beside a status they say nothing about.
        """
        ranges = {
            name: (query.integer(f"min_{name}_ts"), query.integer(f"max_{name}_ts"))
            for name in ("close", "settled", "created", "updated")
        }
        status = query.status(STATUSES if exclusive else EVENT_STATUSES)
        given = [name for name, bounds in ranges.items() if bounds != (None, None)]
        if exclusive and len(given) > 1:
            raise bad_request(f"{given[0]} and {given[1]} timestamp filters are mutually exclusive")
        allowed = {"close": ("closed",), "settled": ("settled",), "created": ("unopened", "open"), "updated": ()}
        if exclusive and given and status is not None and status not in allowed[given[0]]:
            raise bad_request(f"{given[0]} timestamp filters cannot be combined with status {status!r}")
        series = query.text("series_ticker")
        if exclusive and given == ["updated"]:
            beside = next((name for name in ("event_ticker", "tickers") if query.text(name)), None)
            if beside is not None:
                raise bad_request(f"updated timestamp filters cannot be combined with {beside}")
            if series is not None and query.text("mve_filter") != "exclude":
                raise bad_request("updated timestamp filters with series_ticker require mve_filter=exclude")
        return cls(series=series, status=status, **ranges)

    @property
    def earliest(self) -> int | None:
        """The request's own lower bound on when an event closed, settled or changed."""
        return self.close[0] or self.settled[0] or self.updated[0]

    def within(self, *, close: datetime, settled: datetime | None, created: datetime, updated: datetime) -> bool:
        """Whether the instants are within the bounds that were asked for."""
        return (
            _within(self.close, close)
            and _within(self.settled, settled)
            and _within(self.created, created)
            and _within(self.updated, updated)
        )


class Selection:
    """The events of a world that a listing holds."""

    def __init__(self, catalog: Catalog, lifecycle: Lifecycle) -> None:
        self._catalog = catalog
        self._lifecycle = lifecycle

    def series(self, ticker: str | None) -> list[SeriesTerms]:
        """All series, or the one of that ticker; empty when nobody knows it."""
        if ticker is None:
            return list(self._catalog.series.values())
        found = self._catalog.series.get(ticker)
        return [found] if found else []

    def live(
        self, filters: Filters, now: datetime, after: Key | None = None, horizon: Horizon | None = None
    ) -> Iterator[Event]:
        """Events of the live listing that pass the filters, in order, from the cursor's day on.

        `horizon` is narrowed to the first instant at which what was read may be another; within an hour of now.
        """
        since = self.since(filters, now)
        first, last = self.days(filters, now)
        for event in self._catalog.walk(self.series(filters.series), _from(first, after), last):
            if horizon is not None:
                horizon.narrow(self._next_us(event, microseconds(now)))
            if self._listed(event, now, since) and self.passes(event, filters, now):
                yield event

    def since(self, filters: Filters, now: datetime) -> datetime:
        """What settled before this instant is not in the live listing."""
        since = now - LISTED_AFTER
        if filters.earliest is not None:
            asked_s = max(float(filters.earliest), (now - ARCHIVED_AFTER).timestamp())
            since = datetime.fromtimestamp(min(since.timestamp(), asked_s), UTC)
        return since

    def days(self, filters: Filters, now: datetime) -> tuple[date, date]:
        """The Eastern days whose games the live listing may hold."""
        since = now if filters.status in ("open", "unopened", "paused") else self.since(filters, now)
        return eastern_day(since - DEADLINE_AFTER - _MARGIN), eastern_day(now + LISTED_BEFORE + _MARGIN)

    def _next_us(self, event: Event, now_us: int) -> int:
        if now_us < event.created_us:
            return event.created_us
        next_us = self._lifecycle.next_status_us(event, now_us)
        if next_us < NEVER_US:
            return next_us
        gone_us = microseconds(self._lifecycle.ending(event).finalized + LISTED_AFTER) + 1
        return gone_us if gone_us > now_us else NEVER_US

    def _listed(self, event: Event, now: datetime, since: datetime) -> bool:
        if now < event.created:
            return False
        ending = self._lifecycle.over(event, now)
        return ending is None or ending.finalized >= since

    def passes(self, event: Event, filters: Filters, now: datetime) -> bool:
        """Whether the event's markets, all alike in this, pass status and times."""
        status = self._lifecycle.status(event, now)
        if status is None or (filters.status is not None and status not in STATUSES[filters.status]):
            return False
        ending = self._lifecycle.over(event, now)
        close = ending.close if ending else event.deadline
        settled = ending.finalized if ending and now >= ending.finalized else None
        updated = settled or (ending.close if ending else event.opened)
        return filters.within(close=close, settled=settled, created=event.created, updated=updated)

    def archived(self, series: str | None, now: datetime, after: Key | None = None) -> Iterator[Event]:
        """Events that settled more than three days ago, from the first season on, in order."""
        first, last = self.archived_days(now, after)
        for event in self._catalog.walk(self.series(series), first, last):
            if self.is_archived(event, now):
                yield event

    def archived_days(self, now: datetime, after: Key | None) -> tuple[date, date]:
        """The Eastern days whose games the archive may hold, from the cursor's on."""
        return _from(self._catalog.first_day(), after), eastern_day(now - LISTED_AFTER)

    def is_archived(self, event: Event, now: datetime) -> bool:
        ending = self._lifecycle.over(event, now)
        return ending is not None and ending.finalized < now - LISTED_AFTER

    def archived_event(self, ticker: str, now: datetime) -> Event | None:
        """The event by ticker where the archive has it."""
        event = self._catalog.event(ticker)
        return event if event and self.is_archived(event, now) else None

    def reachable(self, event: Event | None, now: datetime) -> bool:
        """Whether the live tier answers for the event by its ticker."""
        return event is not None and self._listed(event, now, now - ARCHIVED_AFTER)

    def event(self, ticker: str, now: datetime) -> Event | None:
        """The event by ticker where the live tier still answers for it."""
        event = self._catalog.event(ticker)
        return event if self.reachable(event, now) else None

    def market(self, ticker: str, now: datetime) -> tuple[Event, Listed] | None:
        """The market by ticker where the live tier still answers for it."""
        found = self._catalog.market(ticker)
        return found if found and self.reachable(found[0], now) else None

    def any_market(self, ticker: str, now: datetime) -> tuple[Event, Listed] | None:
        """The market by ticker once created, however old."""
        found = self._catalog.market(ticker)
        return found if found and now >= found[0].created else None


def markets_of(events: Iterable[Event]) -> Iterator[tuple[Event, Listed]]:
    """The events' markets, by ticker within each."""
    for event in events:
        for market in sorted(event.markets, key=lambda listed: listed.ticker):
            yield event, market


def _from(first: date, after: Key | None) -> date:
    """The first day to walk: the cursor's, where there is one."""
    if after is None or not 0 <= after[0] < 4_000_000_000:
        return first
    return max(first, eastern_day(datetime.fromtimestamp(after[0], UTC)))


def _within(bounds: tuple[int | None, int | None], instant: datetime | None) -> bool:
    low, high = bounds
    if low is None and high is None:
        return True
    if instant is None:
        return False
    time_s = instant.timestamp()
    return (low is None or time_s >= low) and (high is None or time_s <= high)


def cutoff(now: datetime) -> datetime:
    """Before which what is settled, traded or cancelled is only in the historical tier: a midnight, UTC."""
    return (now.astimezone(UTC) - ARCHIVED_AFTER).replace(hour=0, minute=0, second=0, microsecond=0)
