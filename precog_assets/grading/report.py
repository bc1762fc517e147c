"""What an evaluation reports: rows of scores, comparisons, reliability curves, leak findings.

Belongs here: the frozen types and their JSON form. Does not: how any figure is computed.

None is "not measured", never zero: a score of no games, an interval of too few.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from precog_assets.grading.calibration import ReliabilityCurve
from precog_assets.grading.leak import LeakFinding, ScoreName

Scope = Literal["all", "season", "month"]


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """Scores of one model version in one league over `label` of `scope`; definitions in `scores.py`."""

    league: str
    model_version: str
    scope: Scope
    label: str
    """`all`, the season's label, or the month as YYYY-MM."""
    games: int
    """Games graded; ties of two-outcome leagues are not among them."""
    ties_left_out: int
    brier: float | None
    """This and the next four are None only where every game was a tie."""
    log_loss: float | None
    rps: float | None
    """None in leagues of two outcomes, as every RPS here."""
    accuracy: float | None
    ece: float | None
    """Of three outcomes flattened: see `calibration.reliability_curve`."""
    priced_games: int
    """Graded games with a closing probability for every outcome; the next six are over them, None without any."""
    brier_on_priced: float | None
    log_loss_on_priced: float | None
    rps_on_priced: float | None
    closing_brier: float | None
    closing_log_loss: float | None
    closing_rps: float | None
    skill_score: ScoreName
    """What the skill is measured in: RPS for three outcomes, Brier for two."""
    skill: float | None
    """1 - score / closing score on the priced games; None below 30 of them."""
    skill_low: float | None
    """Ends of the 95 % bootstrap interval; None too where none was asked for (months)."""
    skill_high: float | None
    resampled: Literal["date", "game"] | None
    """What the bootstrap drew: whole dates, or single games where there were under 20 dates."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The model beside another forecast, on the graded games that have it; Brier, or RPS for three outcomes."""

    league: str
    model_version: str
    name: str
    games: int
    score_name: ScoreName
    score: float | None
    """Of the other forecast."""
    model_score: float | None
    """Of the model, on the same games."""
    difference: float | None
    """model_score - score: below zero the model is better."""
    difference_low: float | None
    """Ends of the paired 95 % bootstrap interval; None below 30 games."""
    difference_high: float | None


@dataclass(frozen=True, slots=True)
class LeagueCurve:
    """Reliability of a model version over all its graded games of a league, outcomes flattened where three."""

    league: str
    model_version: str
    curve: ReliabilityCurve


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All of it, ordered by league and model version, in each: all, seasons, months."""

    rows: tuple[ScoreRow, ...]
    curves: tuple[LeagueCurve, ...]
    comparisons: tuple[Comparison, ...]
    findings: tuple[LeakFinding, ...]

    def as_dict(self) -> dict[str, list[dict[str, Any]]]:
        """The same as lists, dicts, strings, finite numbers and None: what JSON has."""
        curves = [asdict(curve) for curve in self.curves]
        for curve in curves:
            curve["curve"]["bins"] = list(curve["curve"]["bins"])
        return {
            "rows": [asdict(row) for row in self.rows],
            "curves": curves,
            "comparisons": [asdict(comparison) for comparison in self.comparisons],
            "findings": [asdict(finding) for finding in self.findings],
        }
