"""Which fees hold: event before series, the later word, nothing that was not known yet, never a guess of zero."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.config import load_fees
from precog_assets.config.fees import FeeRules
from precog_assets.domain.fees import FeeFact, FeeScope, FeeTermsSeen, seen_terms
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.pricing.fees import FeeSchedule, UnknownFeeError, fee

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NFL, EVENT = "KXNFLGAME", "KXNFLGAME-26NOV22JACKC"
MAKER, TAKER = "quadratic_with_maker_fees", "quadratic"


def scheduled(at: datetime, fee_type: str | None, multiplier: str | None, **given: Any) -> FeeFact:
    """A change the venue announced an hour before the instant it takes effect, unless said otherwise."""
    known: datetime = given.pop("known", at - HOUR)
    ticker = given.pop("ticker", NFL)
    terms = FeeTermsSeen(
        venue="kalshi",
        change_id=given.pop("change_id", f"{ticker}@{at.isoformat()}"),
        scope=FeeScope.EVENT if "-" in ticker else FeeScope.SERIES,
        ticker=ticker,
        series_ticker=NFL,
        effective_at=at,
        fee_type=fee_type,
        multiplier=None if multiplier is None else Decimal(multiplier),
    )
    return FeeFact(terms, observed_at=known, confirmed_at=known, known_at=known)


def seen(first: datetime, last: datetime, fee_type: str | None, multiplier: str | None, ticker: str = NFL) -> FeeFact:
    scope = FeeScope.EVENT if "-" in ticker else FeeScope.SERIES
    factor = None if multiplier is None else Decimal(multiplier)
    return FeeFact(seen_terms("kalshi", scope, ticker, NFL, fee_type, factor), first, last, first)


def at(instant: datetime, *facts: FeeFact, event: str | None = EVENT, **given: Any) -> FeeSchedule:
    return FeeBook.of(load_fees(), facts).schedule_at("kalshi", NFL, event, instant, **given)


def terms(schedule: FeeSchedule) -> tuple[str, str, str]:
    return schedule.source, schedule.fee_type, str(schedule.multiplier)


def test_the_packaged_terms_of_a_series_hold_by_date() -> None:
    before, after = at(datetime(2025, 4, 1, tzinfo=UTC)), at(datetime(2025, 11, 1, tzinfo=UTC))
    assert (before.fee_type, before.maker_rate, before.round_up_to) == (TAKER, 0, Decimal("0.01"))
    assert (after.fee_type, after.maker_rate, after.round_up_to) == (MAKER, Decimal("0.0175"), Decimal("0.01"))
    assert at(NOON).round_up_to == Decimal("0.0001")


def test_a_series_nobody_spoke_of_is_charged_the_dearer_default_and_says_so() -> None:
    schedule = FeeBook.of(load_fees()).schedule_at("kalshi", "KXNHLGAME", None, NOON)
    assert (*terms(schedule), schedule.assumed) == ("default", MAKER, "1", True)


def test_a_scheduled_change_holds_from_its_instant_on() -> None:
    change = scheduled(NOON, TAKER, "0.5")
    assert terms(at(NOON - timedelta(microseconds=1), change)) == ("series", MAKER, "1")
    assert terms(at(NOON, change)) == ("series", TAKER, "0.5")
    assert at(NOON, change).taker_rate == Decimal("0.035")


def test_an_event_overrides_its_series_until_the_override_is_taken_away() -> None:
    facts = scheduled(NOON, TAKER, "0.5", ticker=EVENT), scheduled(NOON + HOUR, None, None, ticker=EVENT)
    assert terms(at(NOON, *facts)) == ("event", TAKER, "0.5")
    assert terms(at(NOON, *facts, event="KXNFLGAME-26NOV22OTHER")) == ("series", MAKER, "1")
    assert terms(at(NOON + HOUR, *facts)) == ("series", MAKER, "1")


def test_what_was_not_known_yet_is_not_used() -> None:
    change = scheduled(NOON, TAKER, "0.5", known=NOON + 2 * HOUR)
    assert at(NOON + HOUR, change, as_of=NOON + HOUR).fee_type == MAKER
    assert at(NOON + HOUR, change, as_of=NOON + 2 * HOUR).fee_type == TAKER
    assert at(NOON + HOUR, change).fee_type == TAKER


def test_a_change_that_was_moved_holds_from_where_it_was_moved_to() -> None:
    first = scheduled(NOON, TAKER, "0.5", change_id="c1", known=NOON - 5 * HOUR)
    moved = scheduled(NOON + 3 * HOUR, TAKER, "0.5", change_id="c1", known=NOON - 2 * HOUR)
    assert at(NOON + HOUR, first, moved).fee_type == MAKER
    assert at(NOON + 3 * HOUR, first, moved).fee_type == TAKER
    assert at(NOON + HOUR, first, moved, as_of=NOON - 4 * HOUR).fee_type == TAKER


def test_a_change_that_never_came_gives_way_to_what_the_series_was_seen_with() -> None:
    change = scheduled(NOON, TAKER, "0.5")
    polled = seen(NOON - 5 * HOUR, NOON + HOUR, MAKER, "1")
    assert at(NOON + 2 * HOUR, change, polled).fee_type == MAKER
    assert at(NOON + 2 * HOUR, change, polled, as_of=NOON - HOUR).fee_type == TAKER
    assert at(NOON + HOUR / 2, change, seen(NOON - 5 * HOUR, NOON - HOUR, MAKER, "1")).fee_type == TAKER


def test_terms_seen_hold_on_until_others_are_seen() -> None:
    facts = seen(NOON, NOON + HOUR, TAKER, "1"), seen(NOON + 2 * HOUR, NOON + 3 * HOUR, MAKER, "2")
    fee_types = [at(NOON + hours * HOUR, *facts).fee_type for hours in (-1, 0, 1, 1.5, 2, 9)]
    assert fee_types == [MAKER, TAKER, TAKER, TAKER, MAKER, MAKER]
    assert at(NOON + 9 * HOUR, *facts).taker_rate == Decimal("0.14")


def test_an_override_seen_on_an_event_counts_and_its_absence_too() -> None:
    facts = seen(NOON, NOON, TAKER, "0.5", EVENT), seen(NOON + HOUR, NOON + HOUR, None, None, EVENT)
    assert terms(at(NOON, *facts)) == ("event", TAKER, "0.5")
    assert terms(at(NOON + HOUR, *facts)) == ("series", MAKER, "1")


@pytest.mark.parametrize("fee_type", ["flat", "quadratic_with_surprise"])
def test_a_fee_type_without_a_formula_is_refused_by_name(fee_type: str) -> None:
    told = rf"kalshi series KXNFLGAME, event {EVENT}: fee type '{fee_type}' has no published formula; known: quadratic,"
    with pytest.raises(UnknownFeeError, match=told):
        at(NOON, scheduled(NOON, fee_type, "1"))


def test_a_venue_or_time_nobody_configured_is_refused() -> None:
    book = FeeBook.of(load_fees())
    with pytest.raises(UnknownFeeError, match="no fees are configured of 'betfair'; known: kalshi, polymarket"):
        book.schedule_at("betfair", "X", None, NOON)
    with pytest.raises(UnknownFeeError, match="no fees are configured before 2021-07-01"):
        at(datetime(2020, 1, 1, tzinfo=UTC))


def test_without_a_default_unknown_terms_are_refused() -> None:
    document = load_fees().model_dump(by_alias=True)
    document["venues"]["kalshi"]["default"] = None
    book = FeeBook.of(FeeRules.model_validate(document))
    assert book.schedule_at("kalshi", NFL, None, NOON).source == "series"
    with pytest.raises(UnknownFeeError, match="kalshi series KXNHLGAME: nobody has said what it charges"):
        book.schedule_at("kalshi", "KXNHLGAME", None, NOON)


def test_polymarket_charges_takers_by_category() -> None:
    schedule = FeeBook.of(load_fees()).schedule_at("polymarket", "any", None, NOON)
    assert fee(schedule, price=Decimal("0.4"), contracts=Decimal(10), maker=False) == Decimal("0.072")
    assert fee(schedule, price=Decimal("0.4"), contracts=Decimal(10), maker=True) == 0


HOURS = st.integers(0, 48).map(lambda hours: NOON + hours * HOUR)
FEE_TYPES = st.sampled_from([TAKER, MAKER])
FACTS = st.one_of(
    st.builds(
        lambda effective, ahead, fee_type, ticker, number: scheduled(
            effective, fee_type, "2", known=effective - ahead * HOUR, ticker=ticker, change_id=f"c{number}"
        ),
        HOURS, st.integers(0, 9), FEE_TYPES, st.sampled_from([NFL, EVENT]), st.integers(1, 2),
    ),
    st.builds(
        lambda first, length, fee_type, multiplier, ticker: seen(
            first, first + length * HOUR, fee_type, multiplier, ticker
        ),
        HOURS, st.integers(0, 20), FEE_TYPES, st.sampled_from(["0.5", "1", "3"]), st.sampled_from([NFL, EVENT]),
    ),
)  # fmt: skip


@given(facts=st.lists(FACTS, max_size=5), minutes=st.integers(0, 60 * 60))
def test_between_two_changes_the_schedule_stays_as_it_is(facts: list[FeeFact], minutes: int) -> None:
    book, when = FeeBook.of(load_fees(), facts), NOON + timedelta(minutes=minutes)
    changes = book.changes()
    since = changes[bisect_right(changes, when) - 1]
    for event in (EVENT, "KXNFLGAME-26NOV22OTHER"):
        then, now = (book.schedule_at("kalshi", NFL, event, one, as_of=one) for one in (since, when))
        assert then == now
        if event not in book.events():
            assert now == book.schedule_at("kalshi", NFL, None, when, as_of=when)
