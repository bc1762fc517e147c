"""Tuning a rating system walking forward: each season is forecast with what its earlier seasons liked best.

What belongs here: drawing parameter sets, their losses by season, choosing without looking ahead, the proposal.
What does not: changing any configuration, which is a person's to do, and files.

The number to trust is the walk-forward one: for each tested season the set is chosen on the seasons before it alone.
The proposal is the best set over all seasons, so its own score over them would be flattering and is not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from precog_assets.domain.leagues import League
from precog_assets.domain.rating_rules import RatingRules
from precog_assets.ratings.games import Games
from precog_assets.ratings.model import Model

SPREAD = 1.6
"""Each parameter is drawn between its value divided by this and times this, evenly on the logarithm."""
BURN_IN_SEASONS = 2
"""First seasons of the data that no choice is made on."""
BATCH = 250
"""Sets of a plain Elo that are rated side by side between two signs of progress."""
_CLIP = 1e-6
_NOT_TUNED = {"mean", "new_team", "variance", "goals_a_side", "of_total", "scale", "offset", "max_goals"}
"""Units and starting points: they move with the data, not with its fit."""


@dataclass(frozen=True, slots=True)
class TestedSeason:
    """Mean log loss of one season, which no choice for it has seen."""

    season: int
    games: int
    before: float
    """With the parameters in force."""
    after: float
    """With those that did best on the seasons before."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a tuning found; nothing is changed by it."""

    league: str
    model: str
    system: str
    sets: int
    seed: int
    tested: tuple[TestedSeason, ...]
    before: dict[str, float]
    after: dict[str, float]
    """The set that did best over all seasons after the burn-in: what would be used from now on."""

    @property
    def gain(self) -> float:
        """Log loss a game that walking forward would have saved; below zero it would have cost."""
        games = sum(one.games for one in self.tested)
        return sum((one.before - one.after) * one.games for one in self.tested) / games

    @property
    def better_seasons(self) -> int:
        """Tested seasons in which the chosen set did better than the parameters in force."""
        return sum(one.after < one.before for one in self.tested)


def tunable(rules: RatingRules, system: str) -> dict[str, float]:
    """The parameters of a system that are tuned, with the values in force: its numbers that are not 0."""
    given = getattr(rules, system).model_dump()
    return {
        name: float(value)
        for name, value in given.items()
        if name not in _NOT_TUNED and isinstance(value, int | float) and not isinstance(value, bool) and value != 0
    }


def tune(
    model: Model,
    games: Games,
    *,
    sets: int = 200,
    test_seasons: int = 5,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Proposal:
    """Draw `sets` parameter sets around the one in force and walk forward over the last `test_seasons`.

    `progress` is told the sets that are done. Raises ValueError when the games have too few seasons.
    """
    system, rules = model.choice.ratings, model.league.rating
    seasons = np.unique(games.season)
    if len(seasons) < BURN_IN_SEASONS + test_seasons + 1:
        raise ValueError(
            f"{len(seasons)} seasons of {model.league.key}; testing {test_seasons} needs at least "
            f"{BURN_IN_SEASONS + test_seasons + 1}"
        )
    drawn = _drawn(rules, system, sets, seed)
    loss, counts = _losses(model, games, drawn, seasons, progress or _untold)
    known = np.cumsum(loss[:, BURN_IN_SEASONS:] * counts[BURN_IN_SEASONS:], axis=1)
    tested = []
    for at in range(len(seasons) - test_seasons, len(seasons)):
        best = int(np.argmin(known[:, at - BURN_IN_SEASONS - 1]))
        tested.append(TestedSeason(int(seasons[at]), int(counts[at]), float(loss[0, at]), float(loss[best, at])))
    final = drawn[int(np.argmin(known[:, -1]))]
    names = list(tunable(rules, system))
    parameters = getattr(final, system)
    return Proposal(
        model.league.key,
        model.name,
        system,
        len(drawn),
        seed,
        tuple(tested),
        tunable(rules, system),
        {name: float(getattr(parameters, name)) for name in names},
    )


def _untold(_done: int) -> None:
    """Nobody asked for progress."""


def _drawn(rules: RatingRules, system: str, sets: int, seed: int) -> list[RatingRules]:
    """The rules in force first, then drawn ones; what the parameters' own limits refuse is drawn again."""
    rng = np.random.default_rng(seed)
    names = tunable(rules, system)
    parameters = getattr(rules, system)
    drawn = [rules]
    while len(drawn) <= sets:
        factors = SPREAD ** rng.uniform(-1.0, 1.0, len(names))
        values = {
            name: float(f"{value * factor:.3g}") for (name, value), factor in zip(names.items(), factors, strict=True)
        }
        try:
            changed = type(parameters).model_validate({**parameters.model_dump(), **values})
        except ValidationError:
            continue
        drawn.append(rules.model_copy(update={system: changed}))
    return drawn


def _losses(
    model: Model, games: Games, drawn: Sequence[RatingRules], seasons: np.ndarray, progress: Callable[[int], None]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean log loss of each set in each season, (sets, seasons), and the games each season counts."""
    known = ~np.isnan(games.result) & (games.home != games.away)
    if not model.league.has_draw:
        known &= games.result != 0.5
    masks = [known & (games.season == season) for season in seasons]
    counts = np.array([mask.sum() for mask in masks], np.float64)
    loss = np.empty((len(drawn), len(seasons)))
    if model.choice.ratings == "elo" and model.choice.calibration.method == "none" and not model.league.has_draw:
        from precog_assets.ratings.systems.elo import scores_many

        for first in range(0, len(drawn), BATCH):
            part = slice(first, min(first + BATCH, len(drawn)))
            parameters = [rules.elo for rules in drawn[part]]
            for at, mask in enumerate(masks):
                loss[part, at] = scores_many(games, parameters, mask).log_loss
            progress(part.stop)
        return loss, counts
    for place, rules in enumerate(drawn):
        surprise = -np.log(np.clip(_likelihood(model, rules, games), _CLIP, 1.0))
        loss[place] = [surprise[mask].mean() for mask in masks]
        progress(place + 1)
    return loss, counts


def _likelihood(model: Model, rules: RatingRules, games: Games) -> np.ndarray:
    """Probability that the model with these rules gave to what happened, one a game."""
    league: League = model.league.model_copy(update={"rating": rules})
    p: Any = Model(league, model.name, model.conferences).run(games).probabilities
    last = p.shape[1] - 1
    outcome = np.where(games.result == 1.0, 0, np.where(games.result == 0.0, last, 1))
    return p[np.arange(len(games)), np.minimum(outcome, last)]
