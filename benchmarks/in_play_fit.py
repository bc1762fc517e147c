"""Makes the fitted parameters of `config/in_play.yaml` again: `python -m benchmarks.in_play_fit [LEAGUE ...]`.

Belongs here: likelihoods of results given states at period ends, on the seasons that the file names and no other.
Does not: grading (`in_play.py`). Nothing is written; what is found is printed beside what is in force.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from benchmarks.in_play import WINDOWS, joined_of, of_seasons
from precog_assets.config import load_leagues
from precog_assets.config.in_play import in_play_rules
from precog_assets.domain.in_play import GoalRules, InPlayRules, LeadRules
from precog_assets.grading import in_play
from precog_assets.pricing.in_play import in_play_probabilities

_CLIP = 1e-9


def main(keys: Sequence[str]) -> None:
    """Fit the leagues named, by default all that have scores by period."""
    for key in keys or list(WINDOWS):
        rules = in_play_rules(key)
        if rules.seasons is None:
            raise SystemExit(f"{key}: nothing in in_play.yaml says on which seasons it is fitted")
        joined = of_seasons(joined_of(load_leagues()[key], WINDOWS[key].file), *rules.seasons)
        found = fit(rules, joined)
        print(f"{key} {rules.seasons[0]}-{rules.seasons[1]}, {joined.frame.height:,} games")
        for name in sorted(fitted_names(rules)):
            print(f"  {name}: {getattr(found, name)}, in force {getattr(rules, name)}")
        print(f"  log loss over the period ends: {loss(found, joined):.6f}, in force {loss(rules, joined):.6f}")


def fitted_names(rules: InPlayRules) -> set[str]:
    """Parameters that `fit` finds."""
    return {"period_sd"} if isinstance(rules, LeadRules) else {"shares", "trailing", "leading"}


def _lead_rules(rules: LeadRules, x: np.ndarray) -> InPlayRules:
    """Rules with the volatilities whose logarithms are given."""
    return rules.model_copy(update={"period_sd": tuple(float(sd) for sd in np.exp(x).round(2))})


def _goal_rules(rules: GoalRules, x: np.ndarray) -> InPlayRules:
    """Rules with the second half's share of goals, and what being behind or ahead does."""
    second = float(np.clip(x[0], 0.3, 0.8).round(3))
    behind, ahead = (float(value) for value in x[1:].round(3))
    shares = (round(1.0 - second, 3), second)
    return rules.model_copy(update={"shares": shares, "trailing": behind, "leading": ahead})


def fit(rules: InPlayRules, joined: in_play.Joined) -> InPlayRules:
    """The rules with the parameters that give the results most likelihood: every period's volatility for leads; the
    second half's share and what being behind or ahead does for goals. Nelder and Mead's simplex from fixed starts."""
    from scipy.optimize import minimize

    made: Callable[[np.ndarray], InPlayRules]
    if isinstance(rules, LeadRules):
        start, steps, made = np.log(_of_increments(joined) * 1.3), 0.2, partial(_lead_rules, rules)
    elif isinstance(rules, GoalRules):
        start, steps, made = np.array([0.55, 0.0, 0.0]), 0.1, partial(_goal_rules, rules)
    else:
        raise SystemExit(f"{rules.family}: no scores by period to fit on")
    simplex = np.vstack([start, start + steps * np.eye(len(start))])
    options = {"initial_simplex": simplex, "xatol": 1e-3, "fatol": 1e-7, "maxiter": 400}
    return made(minimize(lambda x: loss(made(x), joined), start, method="Nelder-Mead", options=options).x)


def loss(rules: InPlayRules, joined: in_play.Joined) -> float:
    """Mean negative log likelihood of the results, summed over the period ends. Games without a winner are left
    out where only winners are priced."""
    frame = joined.frame
    margin = (frame["final_home"] - frame["final_away"]).to_numpy()
    drawn = rules.family == "goals" and rules.draws
    total = 0.0
    for after in range(1, joined.periods + 1):
        p = in_play_probabilities(rules, in_play.before(joined), in_play.period_ends(joined, after))
        if drawn:
            given = p[np.arange(len(p)), np.where(margin > 0, 0, np.where(margin < 0, 2, 1))]
            total -= float(np.log(np.clip(given, _CLIP, 1.0)).mean())
        else:
            kept = margin != 0
            home = p[:, 0] / (p[:, 0] + p[:, 2])
            given = np.where(margin > 0, home, 1.0 - home)[kept]
            total -= float(np.log(np.clip(given, _CLIP, 1.0)).mean())
    return total


def _of_increments(joined: in_play.Joined) -> np.ndarray:
    """Standard deviations of what each period adds to the lead."""
    frame = joined.frame
    last = joined.periods + 1
    leads = [np.zeros(frame.height)]
    leads += [(frame[f"home_{after}"] - frame[f"away_{after}"]).to_numpy() for after in range(1, last)]
    leads.append((frame["final_home"] - frame["final_away"]).to_numpy())
    return np.diff(np.array(leads), axis=0).std(axis=1)


if __name__ == "__main__":
    main(sys.argv[1:])
