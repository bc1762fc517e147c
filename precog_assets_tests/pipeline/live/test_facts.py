"""Facts come out of the spool as they went in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.facts import OrderBookSeen, QuoteSeen, TradeSeen
from precog_assets.domain.live import Gap, GapKind, RawPlace
from precog_assets.pipeline.live.facts import BookFact, Fact, FactBatch, GapFact, QuoteFact, TradeFact, decoded, encoded

NUMBERS = st.decimals(0, 10**9, allow_nan=False, places=4)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
TEXTS = st.text(max_size=20)
PLACES = st.none() | st.builds(RawPlace, TEXTS, st.integers(0, 2**60))
QUOTES = st.builds(QuoteSeen, *[st.none() | NUMBERS] * 8)
TRADES = st.builds(TradeSeen, TEXTS, TEXTS, INSTANTS, NUMBERS, NUMBERS, st.sampled_from(["yes", "no"]), st.booleans())
NUMBER = st.none() | st.integers(0, 2**60)
GAPS = st.builds(
    Gap,
    TEXTS,
    TEXTS,
    st.sampled_from(GapKind),
    st.floats(0, 1e9),
    NUMBER,
    NUMBER,
    NUMBER,
    st.lists(TEXTS, max_size=3).map(tuple),
    TEXTS,
)
LEVELS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3).map(tuple)
BOOKS = st.builds(OrderBookSeen, TEXTS, LEVELS, LEVELS)
FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(QuoteFact, TEXTS, QUOTES, INSTANTS, PLACES),
    st.builds(TradeFact, TRADES, INSTANTS, PLACES),
    st.builds(BookFact, BOOKS, INSTANTS, PLACES),
    st.builds(GapFact, GAPS, INSTANTS),
)


@given(FACTS)
def test_a_fact_comes_out_as_it_went_in(fact: Fact) -> None:
    assert decoded(*encoded(fact)) == fact


def test_zero_missing_and_places_after_the_point_are_kept_apart() -> None:
    quote = QuoteSeen(Decimal("0.0000"), None, Decimal("0.00"), None, None, None, None, None)
    kept = decoded(*encoded(QuoteFact("kalshi:A", quote, datetime(2026, 1, 1, tzinfo=UTC), None)))
    assert isinstance(kept, QuoteFact)
    assert (str(kept.quote.yes_bid), kept.quote.yes_ask, str(kept.quote.yes_bid_size)) == ("0.0000", None, "0.00")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("quote", b"{}"),
        ("quote", b"not json"),
        ("novelty", b'{"at":"2026-01-01T00:00:00+00:00","place":null}'),
        ("gap", b"[]"),
    ],
)
def test_what_is_no_fact_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(ValueError, match=f"no fact of the kind {kind!r}"):
        decoded(kind, body)


def test_a_batch_keeps_facts_by_kind_and_in_order() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    gap = GapFact(Gap("kalshi", "", GapKind.SILENT, 1.0), at)
    quote = QuoteFact("kalshi:A", QuoteSeen(*[None] * 8), at, None)
    assert gap.since(3.0) == at
    assert GapFact(replace(gap.gap, quiet_s=20.0), at).since(3.0) == at - timedelta(seconds=60)
    batch = FactBatch()
    for fact in (gap, quote, quote):
        batch.add(fact)
    assert (len(batch), batch.facts()) == (3, [quote, quote, gap])
