"""Time at its edges: midnight Eastern, the two days that are not 24 hours long, and the turn of seasons."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.times import (
    EASTERN,
    FixedClock,
    ScaledClock,
    SystemClock,
    board_days,
    days_between,
    eastern_day,
    eastern_day_bounds,
    parse_instant,
    season_of,
)

INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-11-22T04:59:59", date(2026, 11, 21)),
        ("2026-11-22T05:00:00", date(2026, 11, 22)),
        ("2026-07-04T03:59:59", date(2026, 7, 3)),
        ("2026-07-04T04:00:00", date(2026, 7, 4)),
        ("2027-01-01T04:59:59", date(2026, 12, 31)),
        ("2026-03-08T04:59:59", date(2026, 3, 7)),
        ("2026-03-09T03:59:59", date(2026, 3, 8)),
        ("2026-11-01T03:59:59", date(2026, 10, 31)),
        ("2026-11-02T04:59:59", date(2026, 11, 1)),
    ],
)
def test_an_eastern_day_begins_at_midnight_in_new_york(instant: str, day: date) -> None:
    assert eastern_day(utc(instant)) == day


def test_an_instant_given_in_another_zone_is_of_the_same_eastern_day() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert eastern_day(datetime(2026, 11, 22, 13, 30, tzinfo=tokyo)) == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 11, 22), 24), (date(2026, 12, 31), 24)]
)
def test_a_day_is_as_long_as_the_clock_change_makes_it(day: date, hours: int) -> None:
    first, end = eastern_day_bounds(day)
    assert end - first == timedelta(hours=hours)
    assert first.tzinfo is UTC


@given(st.dates(date(1975, 1, 1), date(2100, 1, 1)))
def test_days_follow_one_another_without_gap_and_hold_their_own_instants(day: date) -> None:
    first, end = eastern_day_bounds(day)
    assert eastern_day_bounds(day + timedelta(days=1))[0] == end
    assert eastern_day(first) == day == eastern_day(end - timedelta(microseconds=1))
    assert eastern_day(end) == day + timedelta(days=1)


@pytest.mark.parametrize("day", [date(2026, 11, 22), SPRING, AUTUMN])
def test_until_five_in_the_morning_yesterdays_board_still_counts(day: date) -> None:
    local = datetime(day.year, day.month, day.day, tzinfo=EASTERN)
    yesterday = day - timedelta(days=1)
    assert board_days(local) == (yesterday, day)
    assert board_days(local.replace(hour=4, minute=59)) == (yesterday, day)
    assert board_days(local.replace(hour=5)) == (day,)
    assert board_days(local.replace(hour=23, minute=59)) == (day,)
    assert board_days(local.replace(hour=2), rollover_hours=2) == (day,)


def test_days_between_holds_both_ends_and_nothing_backwards() -> None:
    assert days_between(date(2026, 2, 27), date(2026, 3, 1)) == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert days_between(date(2026, 3, 1), date(2026, 3, 1)) == [date(2026, 3, 1)]
    assert days_between(date(2026, 3, 2), date(2026, 3, 1)) == []


@pytest.mark.parametrize(
    ("league", "local", "season"),
    [
        ("nfl", (2026, 7, 31, 23, 59), 2025),
        ("nfl", (2026, 8, 1, 0, 0), 2026),
        ("nfl", (2027, 2, 7, 18, 30), 2026),
        ("epl", (2026, 7, 14, 23, 59), 2025),
        ("epl", (2026, 7, 15, 0, 0), 2026),
        ("nba", (2026, 9, 14, 23, 59), 2026),
        ("nba", (2026, 9, 15, 0, 0), 2027),
        ("nba", (2027, 1, 1, 0, 0), 2027),
        ("nhl", (2026, 8, 31, 23, 59), 2026),
        ("nhl", (2026, 9, 1, 0, 0), 2027),
        ("ncaab", (2026, 9, 30, 23, 59), 2026),
        ("ncaab", (2026, 10, 1, 0, 0), 2027),
        ("mlb", (2026, 12, 31, 23, 59), 2026),
        ("mlb", (2027, 1, 1, 0, 0), 2027),
        ("atp", (2026, 12, 31, 23, 59), 2026),
    ],
)
def test_a_season_turns_on_its_leagues_eastern_day(league: str, local: tuple[int, ...], season: int) -> None:
    year, month, day, hour, minute = local
    instant = datetime(year, month, day, hour, minute, tzinfo=EASTERN).astimezone(UTC)
    assert season_of(load_leagues()[league], instant) == season


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-09T00:15Z", utc("2026-10-09T00:15:00")),
        ("2026-10-09T00:15:07Z", utc("2026-10-09T00:15:07")),
        ("2026-10-09T00:15:07.5Z", utc("2026-10-09T00:15:07.500000")),
        ("2026-10-09T00:15:07.123456789Z", utc("2026-10-09T00:15:07.123456")),
        ("2026-10-08T20:15-04:00", utc("2026-10-09T00:15:00")),
        ("2026-10-09T05:45:00.25+05:30", utc("2026-10-09T00:15:00.250000")),
        ("0001-01-01T00:00:00Z", utc("0001-01-01T00:00:00")),
    ],
)
def test_an_instant_is_read_as_utc_to_the_microsecond(text: str, instant: datetime) -> None:
    read = parse_instant(text)
    assert read == instant
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "TBD",
        "2026-10-09",
        "2026-10-09T00:15",
        "2026-10-09 00:15Z",
        "2026-10-09T00:15z",
        "2026-10-09T00:15Z\n",
        " 2026-10-09T00:15Z",
        "2026-10-09T24:00Z",
        "2026-13-09T00:15Z",
        "2026-02-29T00:15Z",
        "2026-10-09T00:15:61Z",
        "2026-10-09T00:15:00.Z",
        "2026-10-09T00:15:00.1234567890Z",
        "2026-10-09T00:15+0000",
        "2026-10-09T00:15+99:99",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-12:00",
        "٢٠٢٦-10-09T00:15Z",
        None,
        1_700_000_000,
    ],
)
def test_what_is_no_instant_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="not an instant") as refused:
        parse_instant(text)
    assert repr(text) in str(refused.value)


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_an_instant_written_in_any_zone_reads_back_the_same(instant: datetime, minutes: int) -> None:
    local = instant.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_instant(local.isoformat()) == instant
    assert parse_instant(instant.isoformat().replace("+00:00", "Z")) == instant


@given(st.text(max_size=40))
def test_any_text_is_an_instant_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_instant(text).tzinfo is UTC


def test_a_scaled_clock_shows_its_anchor_and_runs_at_its_speed() -> None:
    real, world = utc("2026-11-22T18:00:00"), utc("2026-11-01T03:00:00")
    clock = ScaledClock(real, world, speed=60.0)
    assert clock.at(real) == world
    assert clock.at(real + timedelta(seconds=10)) == world + timedelta(minutes=10)
    assert clock.at(real - timedelta(seconds=1)) == world - timedelta(minutes=1)


def test_a_scaled_clock_goes_with_the_machines_clock() -> None:
    before = SystemClock().now()
    clock = ScaledClock(before, before, speed=1000.0)
    first, second = clock.now(), clock.now()
    real = (SystemClock().now() - before) * 1000
    assert before <= first <= second <= before + real


def test_a_fixed_clock_stands_still() -> None:
    clock = FixedClock(utc("2026-11-22T18:00:00"))
    assert clock.now() == clock.now() == utc("2026-11-22T18:00:00")
