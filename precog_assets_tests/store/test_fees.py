"""Fee terms in the store: appended on change, confirmed when repeated, read back as they were known at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.facts import Observation, Origin
from precog_assets.domain.fees import FeeFact, FeeScope, FeeTermsSeen, seen_terms
from precog_assets.store.fees import overridden_events, read_fee_facts, write_fee_terms
from precog_assets_tests.store.conftest import START

NFL, EVENT = "KXNFLGAME", "KXNFLGAME-26NOV22JACKC"
HOUR = timedelta(hours=1)


def shown(fee_type: str | None = "quadratic", multiplier: str | None = "1", ticker: str = NFL) -> FeeTermsSeen:
    scope = FeeScope.EVENT if "-" in ticker else FeeScope.SERIES
    return seen_terms("kalshi", scope, ticker, NFL, fee_type, None if multiplier is None else Decimal(multiplier))


def change(effective_at: datetime, **given: Any) -> FeeTermsSeen:
    row: dict[str, Any] = {
        "venue": "kalshi",
        "change_id": "c1",
        "scope": FeeScope.SERIES,
        "ticker": NFL,
        "series_ticker": NFL,
        "effective_at": effective_at,
        "fee_type": "quadratic",
        "multiplier": Decimal("0.5"),
    }
    return FeeTermsSeen(**{**row, **given})


def wrote(store: sa.Engine, terms: FeeTermsSeen, at: datetime) -> tuple[int, int, int]:
    with store.begin() as connection:
        counts = write_fee_terms(connection, [(terms, Observation(at, Origin.LIVE, 7))])
    return counts.inserted, counts.changed, counts.unchanged


def facts(store: sa.Engine, **given: Any) -> list[FeeFact]:
    with store.connect() as connection:
        return read_fee_facts(connection, **given)


def test_terms_are_appended_when_they_change_and_confirmed_when_they_do_not(store: sa.Engine) -> None:
    assert wrote(store, shown(), START) == (1, 0, 0)
    assert wrote(store, shown(), START + HOUR) == (0, 0, 1)
    assert wrote(store, shown(multiplier="2"), START + 2 * HOUR) == (0, 1, 0)
    assert [(fact.terms.multiplier, fact.observed_at, fact.confirmed_at) for fact in facts(store)] == [
        (Decimal(1), START, START + HOUR),
        (Decimal(2), START + 2 * HOUR, START + 2 * HOUR),
    ]


def test_what_is_read_back_is_what_was_written(store: sa.Engine) -> None:
    terms = change(START + 5 * HOUR)
    wrote(store, terms, START)
    assert facts(store, venue="kalshi") == [FeeFact(terms, START, START, START)]
    assert facts(store, venue="polymarket") == []


def test_a_change_announced_ahead_is_known_when_it_is_read_and_one_in_force_since_it_was(store: sa.Engine) -> None:
    wrote(store, change(START + HOUR, change_id="ahead"), START)
    wrote(store, change(START - HOUR, change_id="past"), START)
    assert {fact.terms.change_id: fact.known_at for fact in facts(store)} == {"ahead": START, "past": START - HOUR}
    with store.connect() as connection:
        origins = connection.execute(sa.text("SELECT change_id, origin FROM market.fee_changes")).all()
    assert dict(map(tuple, origins)) == {"ahead": "live", "past": "backfill"}


def test_a_change_that_was_moved_is_kept_in_both_versions(store: sa.Engine) -> None:
    wrote(store, change(START + HOUR), START)
    wrote(store, change(START + 9 * HOUR), START + HOUR / 2)
    assert [fact.terms.effective_at for fact in facts(store)] == [START + HOUR, START + 9 * HOUR]


def test_a_look_back_sees_no_later_statement_nor_confirmation(store: sa.Engine) -> None:
    wrote(store, shown(), START)
    wrote(store, shown(), START + 3 * HOUR)
    wrote(store, shown(multiplier="2"), START + 4 * HOUR)
    (fact,) = facts(store, as_of=START + 2 * HOUR)
    assert (fact.terms.multiplier, fact.confirmed_at) == (Decimal(1), START + 2 * HOUR)


def test_events_that_had_an_override_are_remembered_when_it_is_gone(store: sa.Engine) -> None:
    wrote(store, shown(), START)
    wrote(store, shown("quadratic", "0.5", EVENT), START)
    wrote(store, shown(None, None, EVENT), START + HOUR)
    with store.connect() as connection:
        assert overridden_events(connection, "kalshi") == {EVENT}
    assert [fact.terms.fee_type for fact in facts(store) if fact.terms.ticker == EVENT] == ["quadratic", None]
