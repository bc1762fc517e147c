"""A venue is down when its stream or its REST is away for long: what rests is taken back, once for each time."""

from __future__ import annotations

import pytest

from precog_assets.pipeline.live import venue_watch
from precog_assets.pipeline.live.standing_down import AWAY_S
from precog_assets.pipeline.live.venue_watch import AGAIN_S, REST, STREAM, VenueWatch
from precog_assets.pipeline.report import StepReport
from precog_assets.services import Services
from precog_assets.store.leases import Lease


class Hands:
    """A monotonic clock that is set by hand."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def watch(hands: Hands) -> VenueWatch:
    return VenueWatch(monotonic=hands)


@pytest.fixture
def failures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the exchange does not answer; on paper two orders rest."""
    told: list[str] = []

    def take_back(services: Services, **_given: object) -> StepReport:
        report = StepReport("there", "test", services.clock.now())
        report.failures.extend(told)
        return report.finish()

    monkeypatch.setattr(venue_watch, "take_back", take_back)
    monkeypatch.setattr(venue_watch, "stand_down", lambda _services, _lease: 2)
    return told


@pytest.mark.parametrize(("stream", "rest", "ways"), [(False, True, (STREAM,)), (True, False, (REST,))])
def test_either_way_that_is_away_for_long_is_a_venue_that_is_down(
    watch: VenueWatch, hands: Hands, *, stream: bool, rest: bool, ways: tuple[str, ...]
) -> None:
    watch.look(stream=stream, rest=rest)
    hands.now_s += AWAY_S - 1
    watch.look(stream=stream, rest=rest)
    assert watch.due() == ()
    hands.now_s += 1
    assert watch.due() == ways


def test_a_way_that_comes_back_for_a_moment_begins_anew(watch: VenueWatch, hands: Hands) -> None:
    watch.look(stream=False, rest=True)
    hands.now_s += AWAY_S
    watch.look(stream=True, rest=True)
    watch.look(stream=False, rest=True)
    assert watch.due() == ()
    hands.now_s += AWAY_S
    assert watch.due() == (STREAM,)


def test_what_rests_is_taken_back_once_and_again_when_the_other_way_goes_too(
    watch: VenueWatch, hands: Hands, services: Services, failures: list[str]
) -> None:
    lease = Lease("trading", "test", 1)
    assert failures == []
    watch.look(stream=False, rest=True)
    hands.now_s += AWAY_S
    assert watch.act(services, lease, watch.due()) == 2
    assert watch.due() == ()
    watch.look(stream=False, rest=False)
    hands.now_s += AWAY_S
    assert watch.due() == (STREAM, REST)
    assert watch.act(services, lease, watch.due()) == 2
    assert watch.due() == ()
    watch.look(stream=True, rest=True)
    watch.look(stream=False, rest=True)
    hands.now_s += AWAY_S
    assert watch.due() == (STREAM,)


def test_an_exchange_that_does_not_answer_is_asked_again_and_paper_is_not_touched_twice(
    watch: VenueWatch, hands: Hands, services: Services, failures: list[str]
) -> None:
    failures.append("http.timeout: no answer")
    watch.look(stream=False, rest=False)
    hands.now_s += AWAY_S
    lease = Lease("trading", "test", 1)
    assert watch.act(services, lease, watch.due()) == 2
    assert watch.due() == ()
    hands.now_s += AGAIN_S
    assert watch.act(services, lease, watch.due()) == 0
    failures.clear()
    hands.now_s += AGAIN_S
    watch.act(services, lease, watch.due())
    hands.now_s += AGAIN_S
    assert watch.due() == ()
