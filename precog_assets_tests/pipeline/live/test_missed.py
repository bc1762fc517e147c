"""Which trades are read again over REST: those since a gap, once REST can tell of them, and again where that failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from precog_assets.domain.live import Gap, GapKind
from precog_assets.pipeline.live.facts import GapFact
from precog_assets.pipeline.live.missed import LONGEST, SETTLES_S, Missed, loses_trades

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Hands:
    """A monotonic clock that is set by hand."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_gap_is_due_a_little_later_and_once() -> None:
    hands = Hands()
    missed = Missed(monotonic=hands)
    assert missed.take() is None
    missed.noticed(at(5))
    missed.noticed(at(2))
    assert missed.take() is None
    hands.now_s += SETTLES_S
    assert missed.take() == at(2)
    assert missed.take() is None


def test_a_gap_that_is_noticed_later_is_read_for_later() -> None:
    hands = Hands()
    missed = Missed(monotonic=hands)
    missed.noticed(at(0))
    hands.now_s += SETTLES_S
    missed.noticed(at(3))
    assert missed.take() == at(0)
    assert missed.take() is None, "what was read just now may not tell of it yet"
    hands.now_s += SETTLES_S
    assert missed.take() == at(3)


def test_a_market_that_comes_back_missed_what_it_traded_since_it_left() -> None:
    hands = Hands()
    missed = Missed(monotonic=hands)
    missed.follows({"A", "B"}, at(0))
    missed.follows({"A"}, at(10))
    missed.follows({"A", "C"}, at(20))
    hands.now_s += SETTLES_S
    assert missed.take() is None, "a new one has nothing to come back to"
    missed.follows({"A", "B", "C"}, at(30))
    hands.now_s += SETTLES_S
    assert missed.take() == at(10)
    missed.follows({"A"}, at(40))
    missed.follows({"A", "B"}, at(40) + 2 * LONGEST)
    hands.now_s += SETTLES_S
    assert missed.take() is None, "the histories have what is that old"


def test_gaps_of_trades_and_of_the_whole_connection_lose_trades_and_others_none() -> None:
    def gap(channel: str, kind: GapKind) -> GapFact:
        return GapFact(Gap("kalshi", channel, kind, 1.0), NOON)

    assert loses_trades(gap("trade", GapKind.MISSING))
    assert loses_trades(gap("", GapKind.DISCONNECTED))
    assert not loses_trades(gap("orderbook_delta", GapKind.MISSING))
    assert not loses_trades(gap("trade", GapKind.REPEATED))
