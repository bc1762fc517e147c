"""Soccer games in which someone must go through: extra time, penalties, two legs, and what markets settle on."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.play.penalties import shootout, tally
from precog_assets.simulator.world.randomness import digest
from precog_assets.simulator.world.rules import make_rules
from precog_assets_tests.simulator.world.test_calibration import game_of

RULES = make_rules("mls")
COURSES = 400


def tie(lead: int | None = None) -> SimGame:
    return replace(game_of("mls", 40.0, 3), knockout=True, first_leg_lead=lead)


def endings(game: SimGame) -> list[Truth]:
    return [RULES.ending(game, digest("tie", number)) for number in range(COURSES)]


def ninety(truth: Truth) -> int:
    return sum(truth.home_lines[:2]) - sum(truth.away_lines[:2])


def test_a_game_that_must_have_a_winner_ends_in_regulation_after_extra_time_or_on_penalties() -> None:
    found = Counter((truth.status, truth.detail, truth.period, len(truth.home_lines)) for truth in endings(tie()))
    assert set(found) == {
        ("STATUS_FULL_TIME", "FT", 2, 2),
        ("STATUS_FINAL_AET", "AET", 4, 4),
        ("STATUS_FINAL_PEN", "FT-Pens", 5, 4),
    }
    assert min(found.values()) > COURSES / 40


def test_markets_settle_on_the_ninety_minutes_and_who_advances_is_told_apart() -> None:
    for truth in endings(tie()):
        lead = ninety(truth)
        assert truth.winner == ("home" if lead > 0 else "away" if lead < 0 else "draw")
        assert (truth.status == "STATUS_FULL_TIME") == (lead != 0)
        final = truth.home_score - truth.away_score
        if truth.status == "STATUS_FINAL_PEN":
            assert final == 0
            assert truth.home_shootout is not None
            assert truth.away_shootout is not None
            final = truth.home_shootout - truth.away_shootout
        else:
            assert truth.home_shootout is None
        assert truth.advanced == ("home" if final > 0 else "away")


def test_a_game_of_the_league_knows_nothing_of_it() -> None:
    for truth in endings(game_of("mls", 40.0)):
        assert (truth.advanced, truth.home_shootout, len(truth.home_lines)) == (None, None, 2)


@pytest.mark.parametrize("lead", [-2, -1, 0, 1])
def test_the_first_leg_decides_whether_a_second_leg_goes_on(lead: int) -> None:
    found = endings(tie(lead))
    assert any(len(truth.home_lines) > 2 for truth in found)
    for truth in found:
        both = ninety(truth) + lead
        assert (len(truth.home_lines) > 2) == (both == 0)
        if both:
            assert truth.advanced == ("home" if both > 0 else "away")


def test_odds_are_of_the_ninety_minutes_and_certain_once_they_are_over() -> None:
    game = tie()
    courses = [RULES.course(game, digest("tie", number)) for number in range(COURSES)]
    long = [course for course in courses if course[-1].status != "STATUS_FULL_TIME"]
    assert long
    for course in long:
        for truth in course:
            extra = truth.period > 2 or truth.status == "STATUS_END_OF_REGULATION"
            certain = (truth.home_win, truth.draw, truth.away_win) == (0.0, 1.0, 0.0)
            assert certain if extra else not certain or truth.display_clock.startswith("90'+")


def test_the_phases_follow_each_other_as_the_provider_names_them() -> None:
    game = tie()
    courses = [RULES.course(game, digest("tie", number)) for number in range(COURSES)]
    course = next(course for course in courses if course[-1].status == "STATUS_FINAL_PEN")
    phases = [(first.status, first.period) for first in course[:1]]
    phases += [(b.status, b.period) for a, b in pairwise(course) if (a.status, a.period) != (b.status, b.period)]
    assert phases == [
        ("STATUS_FIRST_HALF", 1),
        ("STATUS_HALFTIME", 1),
        ("STATUS_SECOND_HALF", 2),
        ("STATUS_END_OF_REGULATION", 2),
        ("STATUS_OVERTIME", 3),
        ("STATUS_HALFTIME_ET", 3),
        ("STATUS_OVERTIME", 4),
        ("STATUS_SHOOTOUT", 5),
        ("STATUS_FINAL_PEN", 5),
    ]
    clocks = {truth.status: truth.clock_s for truth in course}
    assert clocks["STATUS_END_OF_REGULATION"] == 5400.0
    assert clocks["STATUS_HALFTIME_ET"] == 6300.0
    assert clocks["STATUS_SHOOTOUT"] == clocks["STATUS_FINAL_PEN"] == 7200.0
    kicks = [(t.home_shootout, t.away_shootout) for t in course if t.status == "STATUS_SHOOTOUT"]
    assert kicks[0] == (0, 0)
    assert kicks[-1] == (course[-1].home_shootout, course[-1].away_shootout)
    taken = (course[-1].situation or {})["shootout"]
    assert isinstance(taken, tuple)
    assert len(taken) == len(kicks) - 1


def test_a_shootout_ends_as_soon_as_it_is_decided_and_never_level() -> None:
    for number in range(2000):
        kicks = shootout(Random(number))
        home, away = tally(kicks)
        assert home != away
        if len(kicks) > 10:
            assert abs(home - away) == 1
            before = tally(kicks[:-2])
            assert before[0] == before[1]
        else:
            left = (5 - len(kicks[::2]), 5 - len(kicks[1::2]))
            assert home > away + left[1] or away > home + left[0]
            before = tally(kicks[:-1])
            left = (5 - len(kicks[:-1:2]), 5 - len(kicks[1:-1:2]))
            assert before[0] <= before[1] + left[1]
            assert before[1] <= before[0] + left[0]
