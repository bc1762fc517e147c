"""The leak guard: figures of a rating-only model that are too good to be true.

Belongs here: the rules that say so, on figures already measured. Does not: the bands of the leagues (they are passed
in), nor what happens to a model that was caught.

A model that knows nothing but past results does not beat a sharp closing price by whole percents. Where it seems to,
it has most likely seen a result, a rating or a price of after the start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from precog_assets.grading.intervals import Interval

MINIMUM_GAMES = 500
"""Below this a band is not applied: luck explains a good score."""
MINIMUM_PRICED_GAMES = 100
"""Below this the closing price is no witness: one honest model in forty would look better by luck."""
MAXIMUM_SKILL = 0.01
"""Skill against the closing price that a rating-only model is not believed above."""

ScoreName = Literal["brier", "rps"]
Rule = Literal["score_below_band", "accuracy_above_band", "beats_close"]
_NAMES = {"brier": "Brier", "rps": "RPS"}


@dataclass(frozen=True, slots=True)
class LeakBand:
    """What a league's rating-only models do not reach without a leak; None where no bound is known.

    Raises ValueError for another score than brier and rps, and for bounds outside (0, 1).
    """

    score: ScoreName
    minimum: float | None
    """A score below it is a leak."""
    max_accuracy: float | None

    def __post_init__(self) -> None:
        if self.score not in ("brier", "rps"):
            raise ValueError(f"score {self.score!r} of a leak band; right is brier or rps")
        for name, bound in (("minimum", self.minimum), ("max_accuracy", self.max_accuracy)):
            if bound is not None and not 0.0 < bound < 1.0:
                raise ValueError(f"{name} {bound!r} of a leak band; right is between 0 and 1, or None")


@dataclass(frozen=True, slots=True)
class LeakFinding:
    """One rule broken: `figure`, measured over `games`, is past `limit`."""

    league: str
    model_version: str
    rule: Rule
    score: ScoreName | Literal["accuracy"]
    games: int
    figure: float
    limit: float
    low: float | None
    """The figure's interval; only where the closing price is beaten."""
    high: float | None
    reason: str


def leak_findings(
    league: str,
    model_version: str,
    band: LeakBand | None,
    *,
    games: int,
    brier: float,
    rps: float | None,
    accuracy: float,
    priced_games: int = 0,
    skill: Interval | None = None,
) -> tuple[LeakFinding, ...]:
    """Why the figures of a rating-only model are not to be believed; empty where nothing speaks against them.

    `brier`, `rps` (None for two outcomes) and `accuracy` are over `games` games; `skill` is against the closing price
    over `priced_games` of them, in RPS where there is one, else Brier. The band applies from MINIMUM_GAMES on; beating
    the close counts from MINIMUM_PRICED_GAMES on, by more than MAXIMUM_SKILL and with the whole interval above zero.
    Raises ValueError where the band is of RPS and the league has two outcomes.
    """

    def finding(
        rule: Rule, score: ScoreName | Literal["accuracy"], figure: float, limit: float, reason: str
    ) -> LeakFinding:
        reason = f"{league}: {reason}; no rating-only model is believed so good"
        return LeakFinding(league, model_version, rule, score, games, figure, limit, None, None, reason)

    found = []
    if band is not None and band.score == "rps" and rps is None:
        raise ValueError(f"{league}: the leak band is of RPS, which two outcomes do not have; right is brier")
    if band is not None and games >= MINIMUM_GAMES:
        score = rps if band.score == "rps" and rps is not None else brier
        if band.minimum is not None and score < band.minimum:
            reason = f"{_NAMES[band.score]} {score:.4f} over {games:,} games is below {band.minimum:g}"
            found.append(finding("score_below_band", band.score, score, band.minimum, reason))
        if band.max_accuracy is not None and accuracy > band.max_accuracy:
            reason = f"accuracy {accuracy:.4f} over {games:,} games is above {band.max_accuracy:g}"
            found.append(finding("accuracy_above_band", "accuracy", accuracy, band.max_accuracy, reason))
    if skill is not None and priced_games >= MINIMUM_PRICED_GAMES and skill.low > 0 and skill.estimate > MAXIMUM_SKILL:
        name: ScoreName = "brier" if rps is None else "rps"
        reason = (
            f"{_NAMES[name]} skill against the closing price is {skill.estimate:+.2%} over {priced_games:,} games "
            f"({skill.level:.0%} interval {skill.low:+.2%} to {skill.high:+.2%}), above {MAXIMUM_SKILL:.0%}"
        )
        beaten = finding("beats_close", name, skill.estimate, MAXIMUM_SKILL, reason)
        found.append(replace(beaten, games=priced_games, low=skill.low, high=skill.high))
    return tuple(found)
