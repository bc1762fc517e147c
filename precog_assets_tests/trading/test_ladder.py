"""The ladder: up one rung by figures, down at once, and live behind two locks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from precog_assets.domain.trading import Rung, Side, SkillFacts
from precog_assets.trading.ladder import (
    GradedDecision,
    effective_rung,
    highest_allowed,
    next_rung,
    one_a_game,
    skill_facts,
)
from precog_assets_tests.trading.builders import AS_OF, strategy

GOOD = SkillFacts(Rung.PAPER, 400, 0.02, 0.01, 0.008, 0.002)
FEW = replace(GOOD, graded=199)
NOTHING = SkillFacts()
LIVE = strategy(highest_rung="live")


def graded(games: int, *, edge: float, line: float, seed: int = 3, day_games: int = 8) -> list[GradedDecision]:
    """Games whose market is off by `edge` in a known direction and closes `line` dollars better than was paid."""
    rng = np.random.default_rng(seed)
    p_market = rng.uniform(0.35, 0.6, games)
    truth = p_market + edge
    return [
        GradedDecision(
            game_id=f"nfl:{number}",
            market_id=f"m{number}",
            day=date(2026, 1, 1) + timedelta(days=number // day_games),
            decided_at=AS_OF + timedelta(minutes=number),
            side=Side.YES,
            price=float(p_market[number]) + 0.01,
            probability=float(truth[number]),
            p_market=float(p_market[number]),
            yes_value=float(rng.random() < truth[number]),
            closing_mid=float(p_market[number]) + 0.01 + line + float(rng.normal(0, 0.02)),
        )
        for number in range(games)
    ]


def test_a_strategy_that_beats_the_market_climbs_one_rung_at_a_time() -> None:
    found = skill_facts(graded(1500, edge=0.15, line=0.02), LIVE, before=Rung.SHADOW, live_allowed=True)
    assert (found.rung, found.graded) == (Rung.PAPER, 1500)
    assert found.skill_low is not None
    assert found.closing_line_value_low is not None
    assert 0 < found.skill_low < (found.skill or 0)
    assert found.closing_line_value == pytest.approx(0.02, abs=0.003)
    again = skill_facts(graded(1500, edge=0.15, line=0.02), LIVE, before=found.rung, live_allowed=True)
    assert again.rung is Rung.LIVE


@pytest.mark.parametrize(("edge", "line"), [(0.0, 0.02), (0.15, -0.02), (0.0, 0.0)])
def test_without_skill_or_without_closing_line_value_it_stays_in_shadow(edge: float, line: float) -> None:
    assert skill_facts(graded(1500, edge=edge, line=line), strategy(), before=Rung.SHADOW).rung is Rung.SHADOW


def test_a_probability_that_is_the_markets_own_has_no_skill() -> None:
    found = skill_facts(graded(400, edge=0.0, line=0.02), strategy())
    assert (found.skill, found.skill_low, found.rung) == (0.0, 0.0, Rung.SHADOW)


def test_too_few_games_prove_nothing_however_good() -> None:
    assert skill_facts(graded(150, edge=0.3, line=0.1), strategy(), before=Rung.SHADOW).rung is Rung.SHADOW


def test_a_game_decided_on_often_counts_once_at_its_first_decision() -> None:
    games = graded(50, edge=0.1, line=0.0)
    later = [replace(one, decided_at=one.decided_at + timedelta(days=9), price=0.99) for one in games for _ in range(9)]
    assert one_a_game([*later, *games]) == games
    assert skill_facts([*later, *games], strategy()).graded == 50


def test_closing_line_value_of_no_is_the_fall_of_yes() -> None:
    one = replace(graded(1, edge=0, line=0)[0], side=Side.NO, price=0.40, closing_mid=0.55)
    assert one.closing_line_value == pytest.approx(0.05)
    assert replace(one, closing_mid=None).closing_line_value is None


def test_games_without_a_closing_quote_do_not_prove_a_closing_line_value() -> None:
    games = graded(1500, edge=0.15, line=0.02)
    few = [one if number < 100 else replace(one, closing_mid=None) for number, one in enumerate(games)]
    found = skill_facts(few, strategy(), before=Rung.SHADOW)
    assert found.closing_line_value is not None
    assert (found.closing_line_value_low, found.rung) == (None, Rung.SHADOW)


def test_nothing_graded_says_nothing() -> None:
    assert skill_facts([], strategy()) == SkillFacts(rung=Rung.SHADOW)
    assert skill_facts([], strategy(start_rung="paper")).rung is Rung.PAPER


def test_the_same_decisions_give_the_same_figures() -> None:
    games = graded(300, edge=0.1, line=0.01)
    assert skill_facts(games, strategy()) == skill_facts(games[::-1], strategy())


def test_it_falls_to_shadow_at_once_when_the_figures_fall() -> None:
    for fallen in (replace(GOOD, skill_low=0.0), replace(GOOD, closing_line_value_low=-0.001)):
        for before in Rung:
            assert next_rung(before, fallen, LIVE, live_allowed=True) is Rung.SHADOW
        assert effective_rung(fallen, strategy()) is Rung.SHADOW
    assert highest_allowed(replace(GOOD, skill_low=0.0), strategy(start_rung="paper")) is Rung.SHADOW


def test_a_strategy_that_starts_on_paper_stays_there_until_it_was_judged() -> None:
    starter = strategy(start_rung="paper")
    assert next_rung(None, NOTHING, starter) is Rung.PAPER
    assert next_rung(Rung.PAPER, FEW, starter) is Rung.PAPER
    assert next_rung(None, NOTHING, strategy()) is Rung.SHADOW


def test_live_is_locked_twice() -> None:
    assert next_rung(Rung.PAPER, GOOD, LIVE, live_allowed=True) is Rung.LIVE
    assert next_rung(Rung.PAPER, GOOD, LIVE) is Rung.PAPER
    assert next_rung(Rung.PAPER, GOOD, strategy(), live_allowed=True) is Rung.PAPER
    assert next_rung(Rung.LIVE, GOOD, LIVE) is Rung.PAPER
    assert next_rung(Rung.LIVE, FEW, strategy(highest_rung="live", start_rung="paper"), live_allowed=True) is Rung.PAPER


def test_a_strategy_for_comparison_only_never_leaves_shadow() -> None:
    assert next_rung(Rung.SHADOW, GOOD, strategy("divergence"), live_allowed=True) is Rung.SHADOW
    assert effective_rung(GOOD, strategy("divergence"), live_allowed=True) is Rung.SHADOW
