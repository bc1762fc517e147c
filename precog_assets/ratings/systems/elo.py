"""Elo: one rating a side, moved by K times the margin's multiplier times the surprise, for both sides alike.

What belongs here: the system, its state, and the scores of many parameter sets for tuning. What does not: the loops
and the margin rules with their sources (`elo_kernel.py`), calibration.

The expected score is 1 / (1 + 10^(-gap/400)); the gap is the rating difference plus the home edge, times the playoff
factor in postseason games. Where K is constant an update is zero-sum. A side that has played regresses once, at its
first game of a later season. The home edge can adapt: each batch moves the league's by `home_edge_rate` times the
sum of its surprises, in proportion to how much of the edge the game had, without the margin's multiplier. Where only
the winner is known the multiplier is that of the rule's typical margin (`MARGIN_RULES`): 1 would be several times
too much or too little for some rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from precog_assets.domain.rating_rules import EloParameters
from precog_assets.ratings.games import Games
from precog_assets.ratings.systems import Rated, State
from precog_assets.ratings.systems import elo_kernel as kernel

LOG_LOSS_CLIP = 1e-6
"""As in `grading/scores.py`."""
MARGIN_RULES = {
    "none": kernel.MarginRule(0, base=1.0, slope=0.0, tied=1.0, typical=1.0),
    "nfl": kernel.MarginRule(1, base=2.2, slope=0.001, tied=1.0, typical=8.0),
    "nba": kernel.MarginRule(2, base=7.5, slope=0.006, tied=7.5, typical=10.0),
    "nhl": kernel.MarginRule(3, base=2.05, slope=0.001, tied=2.05, typical=2.0),
    "log": kernel.MarginRule(4, base=1.0, slope=0.0, tied=1.0, typical=3.0),
    "goals": kernel.MarginRule(5, base=1.0, slope=0.0, tied=1.0, typical=1.0),
}


@dataclass(frozen=True, slots=True)
class Elo:
    """Elo of one league. Ratings are its own points; it knows no deviation (NaN).

    Terms: `elo.gap`, the forecast's gap in logits, with home edge and playoff factor; `elo.rating_gap`, the same
    without the home edge. Both 0 where a side plays itself.
    """

    parameters: EloParameters

    @property
    def name(self) -> str:
        return "elo"

    @property
    def terms(self) -> tuple[str, ...]:
        return ("elo.gap", "elo.rating_gap")

    def start(self, teams: int) -> State:
        """New sides at `new_team`, the home edge as given. `season` is the last one played in."""
        return State(
            teams={
                "rating": np.full(teams, self.parameters.new_team, np.float64),
                "played": np.zeros(teams, np.int64),
                "season": np.full(teams, kernel.NO_SEASON, np.int64),
            },
            league={"home_edge": np.array([self.parameters.home_edge], np.float64)},
        )

    def advance(self, games: Games, state: State) -> Rated:
        """Rate `games`, moving `state` on; games without a result leave it as it is, bit for bit.

        Raises ValueError where the state has fewer sides than the games.
        """
        p, n, sides = self.parameters, len(games), state.teams
        if sides["rating"].shape[0] < len(games.teams):
            raise ValueError(f"state of {sides['rating'].shape[0]} sides, games of {len(games.teams)}")
        before, after, terms = np.empty((3, n, 2))
        played = np.empty((n, 2), np.int64)
        kernel.rate(
            _rows(games, MARGIN_RULES[p.margin]),
            sides["rating"],
            sides["played"],
            sides["season"],
            state.league["home_edge"],
            kernel.Numbers(p.k, p.home_edge_rate, p.carry, p.mean, p.playoff_factor),
            MARGIN_RULES[p.margin],
            _shares(p.k_rule, sides["played"], games.home, games.away),
            before,
            after,
            played,
            terms,
        )
        unknown = np.broadcast_to(np.nan, (n, 2))
        return Rated(before, after, unknown, unknown, played, terms)


@dataclass(frozen=True, slots=True)
class SetScores:
    """Mean scores of Elo's own expected score, uncalibrated, one a parameter set."""

    brier: np.ndarray
    """Squared error of the expected score; a draw or tie is a half."""
    log_loss: np.ndarray
    """Natural logarithm, clipped by LOG_LOSS_CLIP; a draw or tie is half a win and half a loss."""


def scores_many(games: Games, parameters: Sequence[EloParameters], mask: np.ndarray) -> SetScores:
    """Scores of each set over the games of `mask` (n,) that have a result, all games rated from the start.

    Sets are rated side by side in one compiled loop; forecasts are those of `Elo.advance`, bit for bit.
    Raises ValueError where `mask` has another length or leaves no game to score.
    """
    if mask.shape != (len(games),):
        raise ValueError(f"mask of shape {mask.shape} for {len(games)} games")
    learnt = np.flatnonzero(~np.isnan(games.result) & (games.home != games.away))
    counted = mask[learnt].astype(np.bool_)
    if not counted.any():
        raise ValueError("the mask leaves no game with a result to score")
    sides = len(games.teams)
    regresses, played, largest = kernel.plan(_rows(games, MARGIN_RULES["none"], learnt), sides)
    scores = SetScores(np.empty(len(parameters)), np.empty(len(parameters)))
    kinds = [(p.margin, p.k_rule) for p in parameters]
    for margin, k_rule in dict.fromkeys(kinds):
        rule, chosen = MARGIN_RULES[margin], [at for at, kind in enumerate(kinds) if kind == (margin, k_rule)]
        shares = _shares(k_rule, played)
        rows, shares = _rows(games, rule, learnt), shares[np.minimum(played, len(shares) - 1)]
        for first in range(0, len(chosen), kernel.BLOCK):
            block = chosen[first : first + kernel.BLOCK]
            sets = np.array([_numbers(parameters[at]) for at in block]).T.copy()
            scores.brier[block], scores.log_loss[block] = kernel.score_sets(
                rows, regresses, shares, counted, sides, largest, rule, sets, LOG_LOSS_CLIP
            )
    scores.brier[:] /= counted.sum()
    scores.log_loss[:] /= counted.sum()
    return scores


def expected_many(games: Games, parameters: Sequence[EloParameters]) -> np.ndarray:
    """Expected home scores of each set, (sets, n) float32: 80 MB for a thousand sets of 20,000 games.

    Where only scores are wanted, `scores_many` is several times faster and keeps nothing.
    """
    expected = np.empty((len(parameters), len(games)), np.float32)
    for place, one in enumerate(parameters):
        system = Elo(one)
        gap = system.advance(games, system.start(len(games.teams))).terms[:, 0]
        expected[place] = 1.0 / (1.0 + np.exp(-gap))
    return expected


def _numbers(p: EloParameters) -> tuple[float, ...]:
    return (p.k, p.home_edge, p.home_edge_rate, p.carry, p.mean, p.new_team, p.playoff_factor)


def _shares(k_rule: str, played: np.ndarray, *sides: np.ndarray) -> np.ndarray:
    """K's shares up to the most games that a side with `played` can come to by the games of `sides`."""
    if k_rule == "constant":
        return kernel.k_shares(False, 0)
    more = sum(int(np.bincount(side).max(initial=0)) for side in sides)
    return kernel.k_shares(True, int(played.max(initial=0)) + more)


def _rows(games: Games, rule: kernel.MarginRule, chosen: np.ndarray | None = None) -> kernel.Rows:
    """Arrays of all games or the chosen ones, read-only: one type to the compiler, wherever they come from."""
    growth = kernel.growths(rule, *_read_only(games.home_score, games.away_score, games.margin_known))
    arrays = (games.home, games.away, games.batch, games.season, games.result, growth, games.home_factor, games.playoff)
    return kernel.Rows(*_read_only(*(arrays if chosen is None else (array[chosen] for array in arrays))))


def _read_only(*arrays: np.ndarray) -> list[np.ndarray]:
    views = [array.view() for array in arrays]
    for view in views:
        view.flags.writeable = False
    return views
