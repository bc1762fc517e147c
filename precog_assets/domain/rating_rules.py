"""How a league is rated: the parameters of every rating system, and what a model is made of. Types only.

The values are data in `config/leagues.yaml`, the one place; nothing here has a default but "off" (a term of
weight 0, a factor of 1, an empty list). Formulas and sources stand with the systems in `ratings/`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Row(BaseModel):
    """A typed row of configuration: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EloParameters(Row):
    """Elo: one rating a side, moved by k times the surprise; `ratings/systems/elo.py`."""

    k: float = Field(gt=0)
    k_rule: Literal["constant", "tennis"] = "constant"
    """`tennis`: K = k / (matches played + 5) ** 0.4."""
    home_edge: float
    """Rating points of playing at home."""
    home_edge_rate: float = Field(default=0.0, ge=0)
    """Points by which a home win that was not expected moves the league's home edge; 0: it is fixed."""
    margin: Literal["none", "nfl", "nba", "nhl", "log", "goals"]
    carry: float = Field(ge=0, le=1)
    """Share of the distance to `mean` that a rating keeps at the start of a season; regresses once."""
    mean: float
    new_team: float
    playoff_factor: float = Field(default=1.0, gt=0)
    """Multiplies the rating gap in postseason games."""


class GlickoParameters(Row):
    """Glicko-2: rating, deviation, volatility; `ratings/systems/glicko.py`."""

    deviation: float = Field(gt=0)
    """Of a new side, rating points; also the most it can grow to."""
    volatility: float = Field(gt=0)
    """Of a new side, in Glicko-2's own scale (0.06 in its paper)."""
    tau: float = Field(gt=0)
    """How much the volatility can move."""
    period_days: float = Field(gt=0)
    """Days without a game after which the deviation grows by one volatility."""
    home_edge: float
    mean: float
    carry: float = Field(default=1.0, ge=0, le=1)


class BayesParameters(Row):
    """Bayesian Elo in logits, by surface, whose deviation widens the forecast; `ratings/systems/bayes.py`."""

    prior_sd: float = Field(gt=0)
    """Logits, of a side never met."""
    prior_mean_team_event: float = 0.0
    """Logits, of a player whose first match is a rubber of a team competition."""
    drift_per_year: float = Field(ge=0)
    """Standard deviation, logits per square root of a year, by which skill wanders between matches."""
    drift_per_match: float = Field(default=0.0, ge=0)
    """The same for each match."""
    prior_correlation: tuple[float, float, float]
    """Of the skills on two surfaces: hard-clay, hard-grass (also hard-carpet and grass-carpet), clay-grass."""
    drift_correlation: tuple[float, float, float]
    best_of_5: float = Field(default=1.0, gt=0)
    """Stretches the gap in matches of best of five."""
    retired_weight: float = Field(default=1.0, gt=0, le=1)
    team_event_weight: float = Field(default=1.0, gt=0)
    activity_days: tuple[float, float] = (35.0, 730.0)
    """Decay of the two counts of recent matches."""
    activity_gain: float = 0.0
    """Logits for each unit of log recent matches, inside the expectation."""
    home_edge: float = 0.0
    """Logits; 0 in tennis."""


class MarginParameters(Row):
    """One strength a team from transformed margins, Gaussian; `ratings/systems/margin.py`."""

    scale: float = Field(gt=0)
    """Points or goals of margin that count as one unit."""
    power: float = Field(gt=0, le=1)
    """A unit margin m counts sign(m) |m| ** power: blowouts count less."""
    of_total: float | None = None
    """Margins are measured as if both sides had scored this many together: a fast game's counts less."""
    noise: float = Field(gt=0)
    """Variance of a game's transformed margin around its expectation."""
    variance: float = Field(gt=0)
    """Of every team at the start of the data."""
    new_variance: float = Field(gt=0)
    new_mean: float
    """Of a team first met in a later season."""
    drift_per_day: float = Field(ge=0)
    """Variance a team gains a day, at most `drift_days` between two games."""
    drift_days: float = Field(default=7.0, gt=0)
    carry: float = Field(ge=0, le=1)
    season_variance: float = Field(ge=0)
    max_variance: float = Field(gt=0)
    home_edge: float
    home_edge_rate: float = Field(default=0.0, ge=0)
    team_home_rate: float = Field(default=0.0, ge=0)
    team_home_carry: float = Field(default=1.0, ge=0, le=1)


class ScoringParameters(Row):
    """Attack and defence of a team from transformed scores, Gaussian; `ratings/systems/scoring.py`."""

    power: float = Field(gt=0, le=1)
    offset: float = Field(ge=0)
    """A score s counts (s + offset) ** power."""
    noise: float = Field(gt=0)
    """Variance of a transformed score around its expectation; the variances below are in units of it."""
    mean: float
    """Transformed score of an average side."""
    mean_rate: float = Field(ge=0)
    variance: float = Field(gt=0)
    new_variance: float = Field(gt=0)
    drift_per_day: float = Field(ge=0)
    carry_attack: float = Field(ge=0, le=1)
    carry_defence: float = Field(ge=0, le=1)
    season_variance_attack: float = Field(ge=0)
    season_variance_defence: float = Field(ge=0)
    home_edge: float
    """In standard deviations of a score, over both sides."""
    home_edge_rate: float = Field(ge=0)


class GoalsParameters(Row):
    """Soccer: strength and style of a club from goals, a Poisson filter; `ratings/systems/goals.py`."""

    drift_per_day: float = Field(ge=0)
    """Variance of log strength gained a day between a club's games, at most 30 days."""
    season_variance: float = Field(ge=0)
    variance: float = Field(gt=0)
    """Of a club new to the league or back in it."""
    style_gain: float = Field(ge=0)
    """Gain of the goals level (attack minus defence) relative to strength."""
    carry: float = Field(ge=0, le=1)
    long_run_pull: float = Field(ge=0, le=1)
    """Share of the long-run level in what the rest of the carry goes to."""
    long_run_rate: float = Field(ge=0, le=1)
    promoted: float
    """Log strength of a club never met before."""
    returning: float = Field(ge=0, le=1)
    """Share of a returning club's distance to `promoted` that its long-run level keeps."""
    goals_a_side: float = Field(gt=0)
    goals_rate: float = Field(ge=0)
    home_edge: float
    """Log ratio of the goal rates."""
    home_edge_rate: float = Field(ge=0)
    early_home_loss: float = Field(default=0.0, ge=0, le=1)
    """Share of the home edge that is missing in the first round ..."""
    early_home_rounds: float = Field(default=6.0, gt=0)
    """... fading with this many rounds."""
    stakes: float = 0.0
    """Log ratio for a club that still plays for something against one that does not."""
    max_goals: float = Field(gt=0)
    """Goals above it are not counted."""
    low_score_correction: float = 0.0
    """rho of Dixon and Coles 1997."""


class Stakes(Row):
    """Lines of a league table that clubs play for; `ratings/table.py`."""

    lines: tuple[int, ...]
    """Last places inside: 1 champion, 4 Champions League ..."""
    relegated: int = Field(ge=0)
    from_round: int = Field(ge=0)
    reach: float = Field(gt=0)
    """Share of the points still to be won that counts as within reach."""
    softness: float = Field(gt=0)


class Race(Row):
    """A regular season that ends in play-offs; `ratings/race.py`."""

    games: dict[int, int] = Field(min_length=1)
    """Regular-season games a team, by the season from which it holds (before the first key too)."""
    games_of: dict[int, int] = {}
    """Single seasons with another number."""
    places: dict[int, int] = Field(min_length=1)
    """Places of a conference that go on, by the season from which it holds."""

    def games_in(self, season: int) -> int:
        """Regular-season games a team plays in a season."""
        return self.games_of.get(season) or _holding(self.games, season)

    def places_in(self, season: int) -> int:
        """Places of a conference that go on in a season."""
        return _holding(self.places, season)


def _holding(values: dict[int, int], season: int) -> int:
    before = [first for first in values if first <= season]
    return values[max(before) if before else min(values)]


class ClosedDoors(Row):
    """Days without spectators; the home edge is multiplied by `home_edge_factor` (0: as on neutral ground)."""

    first: date
    last: date
    home_edge_factor: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> ClosedDoors:
        if self.last < self.first:
            raise ValueError(f"last {self.last} is before first {self.first}")
        return self


class Calibration(Row):
    """From terms to probabilities, refitted at the start of each season on the seasons before it."""

    method: Literal["none", "platt", "isotonic", "ordered_logit", "multinomial"]
    """`platt`: logistic regression on the terms. `none`: the first term is the logit as it stands."""
    window_seasons: int = Field(gt=0)
    decay: float = Field(default=1.0, gt=0, le=1)
    """Weight of a season relative to the one after it."""
    ridge: float = Field(ge=0)
    skip_seasons: int = Field(default=0, ge=0)
    """First seasons of the data that are not fitted on: ratings settle there."""
    prior: tuple[float, ...]
    """Coefficients before anything is fitted, one a term; what the ridge pulls to."""
    width: float | None = None
    """Half the distance of the two thresholds of a draw, before anything is fitted; three outcomes only."""


class ModelChoice(Row):
    """A model: which system's ratings it shows, which terms it reads, how they are calibrated."""

    ratings: Literal["elo", "glicko", "bayes", "margin", "scoring", "goals"]
    terms: tuple[str, ...] = Field(min_length=1)
    """Names of terms that the systems and `ratings/context.py` give, e.g. `elo.gap`, `home`."""
    calibration: Calibration

    @model_validator(mode="after")
    def _one_prior_a_term(self) -> ModelChoice:
        if len(self.calibration.prior) != len(self.terms):
            raise ValueError(f"{len(self.terms)} terms and {len(self.calibration.prior)} of calibration.prior")
        return self


class LeakBand(Row):
    """Beyond this, over many games, a rating-only model has seen the future (reference: published anchors)."""

    score_minimum: float | None = None
    """Brier; RPS for three outcomes."""
    accuracy_maximum: float | None = None


class RatingRules(Row):
    """Everything a league's ratings depend on."""

    min_games: int = Field(ge=0)
    """Fewer rated games than this: the side is `unrated`, and forecasts say so."""
    models: dict[str, ModelChoice]
    """By name; `default` is the one in force."""
    elo: EloParameters
    glicko: GlickoParameters | None = None
    bayes: BayesParameters | None = None
    margin: MarginParameters | None = None
    scoring: ScoringParameters | None = None
    goals: GoalsParameters | None = None
    stakes: Stakes | None = None
    race: Race | None = None
    franchises: dict[str, str] = {}
    """A side's later id to the id its rating goes by: moves and changes of name."""
    closed_doors: tuple[ClosedDoors, ...] = ()
    leak_band: LeakBand = LeakBand()

    @model_validator(mode="after")
    def _complete(self) -> RatingRules:
        if "default" not in self.models:
            raise ValueError(f"no model `default` among {', '.join(self.models) or 'none'}")
        for name, model in self.models.items():
            used = {model.ratings, *(term.partition(".")[0] for term in model.terms if "." in term)}
            for system in used & {"glicko", "bayes", "margin", "scoring", "goals", "stakes", "race"}:
                if getattr(self, system) is None:
                    raise ValueError(f"model `{name}` uses {system}, which has no parameters here")
        return self
