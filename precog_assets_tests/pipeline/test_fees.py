"""Polling fees: changes and terms become facts, repeats say nothing new, a broken answer is never "no changes"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.environment import resolve
from precog_assets.pipeline.fees import fee_book, poll_fees
from precog_assets.pipeline.markets import discover_series
from precog_assets.pipeline.report import StepReport
from precog_assets.pricing.fees import FeeSchedule
from precog_assets.services import Services, build_services
from precog_assets.simulator.server import build_app
from precog_assets.simulator.world_file import new_settings
from precog_assets.sources.kalshi.parse_markets import parse_events
from precog_assets_tests.pipeline.conftest import TestClock, settings_for
from precog_assets_tests.pipeline.kalshi_payloads import EVENT, TRADE, event, series
from precog_assets_tests.pipeline.serving import served
from precog_assets_tests.venues import Venue

NFL = "KXNFLGAME"
CHANGE = {
    "id": "c1",
    "series_ticker": NFL,
    "fee_type": "quadratic",
    "fee_multiplier": 0.5,
    "scheduled_ts": "2026-11-23T00:00:00Z",
}
OVERRIDE = {
    "id": "e1",
    "event_ticker": EVENT,
    "series_ticker": NFL,
    "fee_type_override": "quadratic",
    "fee_multiplier_override": 0,
    "scheduled_ts": "2026-11-22T20:00:00Z",
}
ELSEWHERE = {**CHANGE, "id": "c2", "series_ticker": "KXWEATHER"}


@pytest.fixture
def fees(venue: Venue) -> Venue:
    """A venue with one change of a series, one override of an event, and one of a series that is not ours."""
    venue.put(f"{TRADE}/series/fee_changes", {"series_fee_change_arr": [CHANGE, ELSEWHERE]})
    venue.put(f"{TRADE}/events/fee_changes", {"event_fee_changes": [OVERRIDE], "cursor": ""})
    venue.put(f"{TRADE}/series", {"series": [series(), series("KXWEATHER")]})
    venue.put(f"{TRADE}/events", {"events": [event()], "cursor": ""})
    return venue


def poll(services: Services) -> StepReport:
    return poll_fees(services, correlation_id="c")


def at(services: Services, instant: datetime, event_ticker: str | None = None, **given: Any) -> FeeSchedule:
    with services.engine.connect() as connection:
        return fee_book(connection, **given).schedule_at("kalshi", NFL, event_ticker, instant)


def test_changes_and_terms_become_facts_and_make_the_fee_book(
    services: Services, fees: Venue, clock: TestClock
) -> None:
    report = poll(services)
    assert (report.failed, report.inserted, report.rejected, report.notes["terms_elsewhere"]) == (False, 4, 0, 2)
    now = clock.now()
    assert (at(services, now).fee_type, at(services, now).maker_rate) == ("quadratic", 0)
    assert at(services, datetime(2026, 11, 23, tzinfo=UTC)).taker_rate == Decimal("0.035")
    free = at(services, datetime(2026, 11, 22, 20, tzinfo=UTC), EVENT)
    assert (free.source, free.taker_rate) == ("event", 0)


def test_a_repeated_poll_writes_nothing_and_confirms_what_it_saw(
    services: Services, fees: Venue, clock: TestClock
) -> None:
    poll(services)
    clock.forward(3600)
    report = poll(services)
    assert (report.written, report.unchanged) == (0, 4)
    with services.engine.connect() as connection:
        confirmed = set(connection.scalars(sa.text("SELECT confirmed_at FROM market.fee_changes")))
    assert confirmed == {clock.now()}


def test_terms_are_read_although_the_discovery_of_series_read_the_same_bytes(services: Services, fees: Venue) -> None:
    discover_series(services, services.leagues, correlation_id="d")
    assert poll(services).inserted == 4


def test_an_override_that_is_gone_from_the_event_is_gone_from_the_book(
    services: Services, fees: Venue, clock: TestClock
) -> None:
    fees.put(f"{TRADE}/events/fee_changes", {"event_fee_changes": [], "cursor": ""})
    fees.put(
        f"{TRADE}/events", {"events": [{**event(), "fee_type_override": "quadratic", "fee_multiplier_override": 0}]}
    )
    poll(services)
    assert at(services, clock.now(), EVENT).source == "event"
    clock.forward(3600)
    fees.put(f"{TRADE}/events", {"events": [event()], "cursor": ""})
    poll(services)
    assert at(services, clock.now(), EVENT).source == "series"
    assert at(services, clock.now() - timedelta(hours=1), EVENT).source == "event"


def test_events_without_terms_of_their_own_leave_no_rows(services: Services, fees: Venue) -> None:
    fees.put(f"{TRADE}/events/fee_changes", {"event_fee_changes": [], "cursor": ""})
    poll(services)
    with services.engine.connect() as connection:
        assert set(connection.scalars(sa.text("SELECT scope FROM market.fee_changes"))) == {"series"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"series_fee_changes": [CHANGE]}, "contract.vanished"),
        (b"<html>down</html>", "contract.not_json"),
    ],
)
def test_a_broken_answer_is_a_failure_and_the_others_are_kept(
    services: Services, fees: Venue, answer: Any, code: str
) -> None:
    fees.put(f"{TRADE}/series/fee_changes", answer)
    report = poll(services)
    assert report.failed
    assert report.outcomes[code] == 1
    assert report.inserted == 3


def test_a_change_that_cannot_be_read_is_rejected_and_the_rest_written(services: Services, fees: Venue) -> None:
    fees.put(f"{TRADE}/series/fee_changes", {"series_fee_change_arr": [{**CHANGE, "fee_multiplier": "half"}, CHANGE]})
    report = poll(services)
    assert (dict(report.rejections), report.inserted) == ({"bad_number": 1}, 4)


def test_the_simulated_exchange_charges_what_the_book_says(database_url: str, clock: TestClock, tmp_path: Path) -> None:
    """Real answers of its fee endpoints, without a rejected row, and the book agrees with what its events show."""
    leagues = [load_leagues()[key] for key in ("nfl", "nba", "nhl", "ncaab", "epl")]
    world = new_settings(
        real_now=datetime.now(UTC), seed=3, speed=1e-9, anchor=clock.now(), leagues=tuple(one.key for one in leagues)
    )
    app: Any = build_app(world)
    with served(app) as address:
        services = build_services(resolve(settings_for(Venue(address), database_url, tmp_path)), leagues=leagues)
        report = poll(services)
        with services.engine.connect() as connection:
            book = fee_book(connection)
            effective = list(connection.scalars(sa.text("SELECT effective_at FROM market.fee_changes")))
        shown = [
            (row.series_ticker, row.event_ticker, row.fee_type_override)
            for series_ticker in ("KXNFLGAME", "KXNBAGAME", "KXNCAAMBGAME")
            for fetch in services.kalshi.events(series_ticker=series_ticker, status="open", correlation_id="c")
            for row in parse_events(fetch.body).rows
        ]
        services.close()
    assert (report.failed, report.rejected, report.broken) == (False, 0, [])
    assert any(instant is None for instant in effective)
    assert any(instant is not None for instant in effective)
    assert any(override for _, _, override in shown)
    for series_ticker, event_ticker, override in shown:
        said = book.schedule_at("kalshi", series_ticker, event_ticker, clock.now())
        assert said.source == ("event" if override else "series")
        assert override in (None, said.fee_type)
