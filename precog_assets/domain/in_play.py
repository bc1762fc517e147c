"""Games in play: the states a win probability is of, and the parameters it is made with.

Belongs here: types. Does not: the parameters (`config/in_play.yaml`), the arithmetic (`pricing/in_play/`), and how a
state is read from what a board said (`pricing/in_play/states.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from precog_assets.domain.rating_rules import Row

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PlayStates:
    """n states of games of one league as columns, each (n,); made by `of`. NaN: unknown."""

    home_score: Floats
    """Points, goals, runs; in tennis sets."""
    away_score: Floats
    period: Floats
    """1 is the first; 0 before the start. Innings in baseball; 3 and 4 are a match's extra time, 5 its shoot-out."""
    clock_s: Floats
    """Seconds left in the period, a half's expected stoppage time included; unused where there is no clock."""
    over: Bools
    winner: Floats
    """Of a game that is over: 1 home, -1 away, 0 drawn. NaN: as the score says."""
    postseason: Bools
    """Played to a winner under the rules of the play-offs."""
    knockout: Bools
    """Soccer: the question is who goes through, extra time and shoot-out included, not the result of regulation."""
    possession: Floats
    """Football: 1 home has the ball, -1 away, 0 not known or nobody."""
    yards_to_goal: Floats
    """Of the side with the ball, 1 to 99."""
    down: Floats
    bottom: Floats
    """Baseball: 1 while home bats, 0 while away does."""
    outs: Floats
    bases: Floats
    """Bits: 1 first, 2 second, 4 third."""
    home_games: Floats
    """Tennis: games won in the running set."""
    away_games: Floats
    home_points: Floats
    """Points won in the running game or tie-break, counted 0, 1, 2, 3, ..."""
    away_points: Floats
    server: Floats
    """1 home serves, -1 away, 0 not known."""
    best_of: Floats
    home_shootout: Floats
    away_shootout: Floats

    @classmethod
    def of(cls, **columns: ArrayLike) -> PlayStates:
        """States from the columns that are known, as arrays or scalars broadcast against each other.

        Unknown ones get what says least (no possession, bases empty, nobody out ...). Raises ValueError for a name
        that is no column, and for lengths that do not fit.
        """
        known = {field.name: field.type for field in fields(cls)}
        if unknown := columns.keys() - known.keys():
            raise ValueError(f"no such columns: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        given: dict[str, Any] = {**_UNSAID, **columns}
        kinds = {name: np.bool_ if "Bools" in str(kind) else np.float64 for name, kind in known.items()}
        arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(given[name], dtype=kinds[name])) for name in known))
        if arrays[0].ndim != 1:
            raise ValueError(f"columns have shape {arrays[0].shape}; right is (n,) or a number")
        return cls(**dict(zip(known, arrays, strict=True)))

    def __len__(self) -> int:
        return len(self.home_score)

    def at(self, chosen: NDArray[Any]) -> PlayStates:
        """The states at these positions, or where a mask is true."""
        return PlayStates(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


_UNSAID: dict[str, Any] = {
    "home_score": 0.0, "away_score": 0.0, "period": 0.0, "clock_s": np.nan, "over": False, "winner": np.nan,
    "postseason": False, "knockout": False, "possession": 0.0, "yards_to_goal": np.nan, "down": np.nan,
    "bottom": 0.0, "outs": 0.0, "bases": 0.0, "home_games": 0.0, "away_games": 0.0, "home_points": 0.0,
    "away_points": 0.0, "server": 0.0, "best_of": 3.0, "home_shootout": np.nan, "away_shootout": np.nan,
}  # fmt: skip


class _Origin(Row):
    source: str = Field(min_length=1)
    """Where the numbers come from: which results, or which publication."""
    seasons: tuple[int, int] | None = None
    """First and last season they were fitted on; None where they were not fitted on results."""
    model_weight: float = Field(default=0.0, ge=0, le=0.5)
    """Of the probability in play beside the market's price, once earlier seasons have earned one; 0: the market."""


class Possession(Row):
    """What having the ball is worth in football, in points of lead."""

    by_yards_to_goal: tuple[tuple[float, float], ...] = Field(min_length=2)
    """(yards to goal, points) on first down, ascending; between them along a line."""
    unknown_place: float
    """Points where the yards are not known."""
    a_down: float = Field(ge=0)
    """Points less for each down after the first."""
    drive_s: float = Field(gt=0)
    """With less time left in the half than this, the worth goes to 0 in proportion."""


class LeadOvertime(Row):
    """What follows a lead of 0. `repeat`: until decided; `ends_level`: may stay level outside the play-offs;
    `pairs`: college football's possessions without a clock."""

    kind: Literal["repeat", "ends_level", "pairs"]
    period_s: float = Field(default=0.0, ge=0)
    sd: float = Field(gt=0)
    """Of the lead after one overtime, points."""
    level_half_width: float = Field(default=0.5, gt=0, lt=1)
    """An overtime ends level where the Gaussian lead is within this of 0."""
    possession_scores: tuple[float, float] | None = None
    """`pairs`: chances that a possession brings 3 and 7 points."""


class LeadRules(_Origin):
    """A lead as a Brownian motion with drift and a volatility by period."""

    family: Literal["lead"]
    periods: int = Field(ge=2)
    period_s: float = Field(gt=0)
    period_sd: tuple[float, ...]
    """Standard deviation of the lead's change in each period, points, as results imply it: more than the score's own,
    because leads fall back."""
    level_half_width: float = Field(default=0.95, gt=0, lt=1)
    """Regulation ends level where the Gaussian lead is within this of 0; under 1, so that a lead of 1 is one."""
    overtime: LeadOvertime
    possession: Possession | None = None

    @model_validator(mode="after")
    def _whole(self) -> LeadRules:
        if len(self.period_sd) != self.periods or min(self.period_sd) <= 0:
            raise ValueError(f"period_sd {self.period_sd}: right is {self.periods} numbers above 0")
        if self.overtime.kind == "pairs" and self.overtime.possession_scores is None:
            raise ValueError("overtime of kind `pairs` needs possession_scores")
        return self


class GoalRules(_Origin):
    """Goals of both sides as Poisson processes."""

    family: Literal["goals"]
    draws: bool
    """Level after regulation is an outcome; else overtime decides."""
    period_s: float = Field(gt=0)
    stoppage_s: tuple[float, ...]
    """Expected time added to each period; its number of values is the number of periods."""
    shares: tuple[float, ...]
    """Of the scoring rate, by period; sum 1. Rates are those the pre-game price implies, so these are too."""
    usual_total: float = Field(gt=0)
    """Implied goals of both sides in regulation, where the price has no draw to tell them by."""
    trailing: float
    """Log factor on the rate of the side that is behind."""
    leading: float
    """Log factor on the rate of the side that is ahead."""
    level_odds: float = Field(default=1.0, gt=0)
    """Factor on the odds of a level end of regulation, over Poisson's."""
    overtime_s: float = Field(gt=0)
    overtime_decides: float = Field(gt=0, lt=1)
    """Share of overtimes outside the play-offs with a goal (sudden death); in soccer unused."""

    @model_validator(mode="after")
    def _whole(self) -> GoalRules:
        if len(self.shares) != len(self.stoppage_s) or abs(sum(self.shares) - 1.0) > 1e-9:
            raise ValueError(f"shares {self.shares}: right is one a period, sum 1")
        return self


class PlateChances(Row):
    """What a plate appearance brings, and how runners advance; the rest of appearances are outs."""

    walk: float = Field(gt=0, lt=1)
    single: float = Field(gt=0, lt=1)
    double: float = Field(gt=0, lt=1)
    triple: float = Field(gt=0, lt=1)
    homer: float = Field(gt=0, lt=1)
    single_scores_second: float = Field(ge=0, le=1)
    """A runner on second scores on a single; else he is on third."""
    single_first_to_third: float = Field(ge=0, le=1)
    """A runner on first reaches third on a single where third is free."""
    double_scores_first: float = Field(ge=0, le=1)
    double_play: float = Field(ge=0, le=1)
    """Of outs with a runner on first and fewer than two out."""
    out_scores_third: float = Field(ge=0, le=1)
    """Of outs with a runner on third and fewer than two out."""
    out_moves_second: float = Field(ge=0, le=1)
    """Of outs with a runner on second, third free, and fewer than two out."""


class BaseballRules(_Origin):
    """Half innings as a Markov chain over outs and bases."""

    family: Literal["baseball"]
    innings: int = Field(ge=1)
    plate: PlateChances
    extra_runner: bool
    """Extra innings begin with a runner on second; not in the play-offs."""


class TennisRules(_Origin):
    """Points won on serve with a fixed chance a side."""

    family: Literal["tennis"]
    serve: float = Field(gt=0.5, lt=1)
    """Mean share of points won by the server on the tour."""
    tie_break: int = Field(default=7, ge=1)
    """Points that win a tie-break, with two ahead."""
    last_set_tie_break: tuple[tuple[int, int], ...] = ()
    """(best of, points): the same in the deciding set, where it differs."""


InPlayRules = Annotated[LeadRules | GoalRules | BaseballRules | TennisRules, Field(discriminator="family")]
