"""How far a strategy may go in a league: shadow, paper, live. Up by figures, down by itself.

Belongs here: what graded decisions show, and the rung that follows. Does not: grading a decision (`queries`, from
results and closing quotes), reading or storing it. The venue's demo is no rung and its fills are no evidence.

Live has two locks of its own: the strategy's `highest_rung`, and a permission that the caller hands in, which
exists only where the environment allows real orders. Neither opens by figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from precog_assets.domain.strategies import Strategy
from precog_assets.domain.trading import Rung, Side, SkillFacts

HEIGHT = {Rung.SHADOW: 0, Rung.PAPER: 1, Rung.LIVE: 2}
_RUNGS = tuple(HEIGHT)
LEVEL = 0.95
"""Of the intervals whose lower ends count."""


@dataclass(frozen=True, slots=True)
class GradedDecision:
    """A decision that was taken, or would have been but for its rung, and what became of its market."""

    game_id: str
    market_id: str
    day: date
    """Eastern day of the game: what surprises in one game of a day often does in all."""
    decided_at: datetime
    side: Side
    price: float
    """Dollars a contract of the side, paid or to be paid."""
    probability: float
    """That YES pays, as the strategy believed."""
    p_market: float
    """That YES pays, as the market believed then."""
    yes_value: float
    """Dollars that a YES contract paid."""
    closing_mid: float | None
    """Mid of YES at the last quote before the true start; None where there was none."""

    @property
    def closing_line_value(self) -> float | None:
        """Dollars a contract by which the market came to value the side more than it cost, before fees."""
        if self.closing_mid is None:
            return None
        closed = self.closing_mid if self.side is Side.YES else 1.0 - self.closing_mid
        return closed - self.price


def one_a_game(decisions: Sequence[GradedDecision]) -> list[GradedDecision]:
    """The first decision of each game, in time order: a game decided on a hundred times is one piece of evidence."""
    first: dict[str, GradedDecision] = {}
    for decision in sorted(decisions, key=lambda one: (one.decided_at, one.market_id)):
        first.setdefault(decision.game_id, decision)
    return list(first.values())


def skill_facts(
    decisions: Sequence[GradedDecision],
    strategy: Strategy,
    *,
    before: Rung | None = None,
    live_allowed: bool = False,
    seed: int = 0,
    resamples: int = 2000,
) -> SkillFacts:
    """What the decisions show, and the rung that follows from `before` (None: the strategy's first).

    One decision a game counts. Skill is 1 - Brier of the probability used / Brier of the market's, on the same games;
    closing line value is over the games that have a closing quote, and has no interval unless `min_graded` games
    have one. Intervals are bootstraps over days; None where fewer than two days were graded.
    """
    from precog_assets.grading.intervals import mean_interval, skill_interval

    graded = one_a_game(decisions)
    moved = [(one.day, value) for one in graded if (value := one.closing_line_value) is not None]
    skill = line = None
    if len({one.day for one in graded}) >= 2:
        paid = np.array([one.yes_value for one in graded])
        used = (np.array([one.probability for one in graded]) - paid) ** 2
        market = (np.array([one.p_market for one in graded]) - paid) ** 2
        if np.all(market > 0.0):
            blocks = np.array([one.day.toordinal() for one in graded])
            skill = skill_interval(
                used, market, np.random.default_rng(seed), resamples=resamples, level=LEVEL, blocks=blocks
            )
    if len({day for day, _ in moved}) >= 2:
        blocks = np.array([day.toordinal() for day, _ in moved])
        values = np.array([value for _, value in moved])
        line = mean_interval(values, np.random.default_rng(seed), resamples=resamples, level=LEVEL, blocks=blocks)
    enough_closed = len(moved) >= strategy.climb.min_graded
    figures = SkillFacts(
        graded=len(graded),
        skill=skill.estimate if skill else None,
        skill_low=skill.low if skill else None,
        closing_line_value=line.estimate if line else None,
        closing_line_value_low=line.low if line and enough_closed else None,
    )
    return SkillFacts(
        rung=next_rung(before, figures, strategy, live_allowed=live_allowed),
        graded=figures.graded,
        skill=figures.skill,
        skill_low=figures.skill_low,
        closing_line_value=figures.closing_line_value,
        closing_line_value_low=figures.closing_line_value_low,
    )


def proven(figures: SkillFacts, strategy: Strategy) -> bool:
    """Whether enough was graded, and skill and closing line value lie above their marks, lower ends of intervals."""
    climb, skill, line = strategy.climb, figures.skill_low, figures.closing_line_value_low
    if figures.graded < climb.min_graded or skill is None or line is None:
        return False
    return skill > climb.min_skill_low and line > climb.min_closing_line_value_low


def highest_allowed(figures: SkillFacts, strategy: Strategy, *, live_allowed: bool = False) -> Rung:
    """The rung that the figures, the strategy and the permission leave open, whatever stood before.

    Proven: the strategy's highest, paper where live is not allowed. Too few graded: where the strategy starts.
    Enough graded and nothing shown: shadow, also for a strategy that starts on paper.
    """
    highest = Rung(strategy.highest_rung)
    if highest is Rung.LIVE and not live_allowed:
        highest = Rung.PAPER
    if proven(figures, strategy):
        return highest
    if figures.graded < strategy.climb.min_graded:
        return lower_of(Rung(strategy.start_rung), highest)
    return Rung.SHADOW


def next_rung(before: Rung | None, figures: SkillFacts, strategy: Strategy, *, live_allowed: bool = False) -> Rung:
    """The rung after `before` (None: none yet): at most one higher, and down at once as far as the figures say."""
    allowed = highest_allowed(figures, strategy, live_allowed=live_allowed)
    if before is None:
        return lower_of(Rung(strategy.start_rung), allowed)
    return lower_of(_RUNGS[min(HEIGHT[before] + 1, len(_RUNGS) - 1)], allowed)


def effective_rung(facts: SkillFacts, strategy: Strategy, *, live_allowed: bool = False) -> Rung:
    """The rung of a snapshot, never above what its own figures leave open: it falls before anybody lowers it."""
    return lower_of(facts.rung, highest_allowed(facts, strategy, live_allowed=live_allowed))


def lower_of(one: Rung, other: Rung) -> Rung:
    return one if HEIGHT[one] <= HEIGHT[other] else other
