"""A model: rating systems, terms and calibration of a league put together, walking forward.

What belongs here: running the parts in step, refitting at season starts, states to go on from, the version.
What does not: the parts themselves, files, databases.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from precog_assets.domain.leagues import League
from precog_assets.domain.rating_rules import ModelChoice, RatingRules
from precog_assets.ratings.games import Games
from precog_assets.ratings.versions import SYSTEMS, model_version, parts_of

_NO_SEASON = -(2**31)


class NeedsHistory(ValueError):
    """These games cannot be added to that state; replay from the start."""


@dataclass(slots=True)
class ModelState:
    """Every number a model needs to go on within a season."""

    version: str
    teams: tuple[str, ...]
    parts: dict[str, Any] = field(default_factory=dict)
    """State of each system and source of terms, by name."""
    season: int = _NO_SEASON
    first_season: int = _NO_SEASON
    fitted: Any = None
    """`calibration.Fitted` of `season`; None before the first."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a model says of n games, each from before it."""

    version: str
    probabilities: np.ndarray
    """(n, 2) home, away; or (n, 3) home, draw, away; rows sum to 1."""
    rated: Any
    """`systems.Rated` of the system whose ratings the model shows."""
    terms: np.ndarray
    """(terms, n), in the order of the model's choice."""
    fitted: tuple[Any, ...]
    """`calibration.Fitted` of each season, in order."""
    state: ModelState
    """After the last game."""
    kept: Mapping[int, ModelState]
    """States before the games at the places asked for."""


@dataclass(frozen=True)
class Model:
    """A named choice of a league's configuration. `conferences` maps sides to conferences where they are known."""

    league: League
    name: str = "default"
    conferences: Mapping[str, str] = field(default_factory=dict)

    @property
    def choice(self) -> ModelChoice:
        return self.league.rating.models[self.name]

    @property
    def version(self) -> str:
        """League, name, and eight hex digits of everything that decides its numbers."""
        return model_version(self.league, self.name)

    @cached_property
    def _parts(self) -> dict[str, Any]:
        """The systems and sources of terms in use, by name, in one order."""
        from precog_assets.ratings.context import Context
        from precog_assets.ratings.race import PlayoffRace

        rules, parts = self.league.rating, {}
        used = parts_of(self.league, self.name)
        for name in SYSTEMS:
            if name in used:
                parts[name] = system(name, rules)
        if "schedule" in used:
            parts["schedule"] = Context()
        if "race" in used and rules.race is not None:
            parts["race"] = PlayoffRace(rules.race, self.conferences)
        return parts

    def start(self, teams: tuple[str, ...]) -> ModelState:
        """The state before any game of these sides."""
        parts = {name: part.start(len(teams)) for name, part in self._parts.items()}
        return ModelState(self.version, teams, parts)

    def run(self, games: Games, state: ModelState | None = None, keep: Sequence[int] = ()) -> Run:
        """Forecast and rate `games`, in order, each from what was known before it.

        Without `state` from the start: at the first game of each season the calibration is refitted on the
        seasons before. With `state` (left as it was; `games.teams` must begin with its teams) within its season.
        `keep` lists places whose state before that game is wanted; a place must begin a batch.
        Raises NeedsHistory when the state is of another version or the games of another season.
        """

        n = len(games)
        if not n:
            raise ValueError(f"{self.version}: no games")
        now = self._resumed(games, state)
        starts = np.flatnonzero(np.diff(games.season, prepend=now.season)).tolist()
        if state is not None and starts:
            raise NeedsHistory(f"{self.version}: a new season has begun; its calibration needs all earlier games")
        terms = np.empty((len(self.choice.terms), n))
        kept: dict[int, ModelState] = {}
        pieces: list[Any] = []
        for first, last in itertools.pairwise(sorted({0, n, *keep})):
            if first in keep:
                kept[first] = copy.deepcopy(now)
            pieces.append(self._advance(games.part(first, last), now, terms[:, first:last]))
        if n in keep:
            kept[n] = copy.deepcopy(now)
        probabilities, fitted = self._calibrated(games, terms, starts, now, kept)
        return Run(self.version, probabilities, _joined(pieces), terms, fitted, now, kept)

    def _calibrated(
        self, games: Games, terms: np.ndarray, starts: list[int], now: ModelState, kept: Mapping[int, ModelState]
    ) -> tuple[np.ndarray, tuple[Any, ...]]:
        """Probabilities, and the fit of each season; `now` and the kept states get the fit that holds in them.

        Ratings do not depend on it, so it comes after them, season by season, each from the games before.
        """
        from precog_assets.ratings import calibration

        rules, n = self.choice.calibration, len(games)
        probabilities = np.empty((n, 3 if self.league.has_draw else 2))
        fitted: list[Any] = [] if now.fitted is None else [now.fitted]
        for first, last in itertools.pairwise(sorted({0, n, *starts})):
            if first in starts:
                now.season = int(games.season[first])
                now.first_season = now.season if now.first_season == _NO_SEASON else now.first_season
                past, seasons = games.result[:first], games.season[:first]
                now.fitted = calibration.fit(
                    rules, terms[:, :first], past, seasons, now.season, now.first_season, now.fitted
                )
                fitted.append(now.fitted)
            held: Any = now.fitted
            probabilities[first:last] = calibration.apply(rules, held, terms[:, first:last])
            for place, state in kept.items():
                if first <= place < last or place == n:
                    state.season, state.first_season, state.fitted = now.season, now.first_season, now.fitted
        return probabilities, tuple(fitted)

    def _resumed(self, games: Games, state: ModelState | None) -> ModelState:
        if state is None:
            return self.start(games.teams)
        if state.version != self.version:
            raise NeedsHistory(f"the state is of {state.version}, the model is {self.version}")
        if games.teams[: len(state.teams)] != state.teams:
            raise ValueError(f"{self.version}: the games do not keep the sides' places of the state")
        now = copy.deepcopy(state)
        fresh = len(games.teams) - len(state.teams)
        if fresh:
            now.teams = games.teams
            for name, part in self._parts.items():
                added = part.start(fresh).teams
                held = now.parts[name].teams
                now.parts[name].teams = {key: np.concatenate((held[key], added[key])) for key in held}
        return now

    def _advance(self, games: Games, now: ModelState, terms: np.ndarray) -> Any:
        """Move every part on, fill in the model's terms (terms, n), and give what the shown system says."""
        columns: dict[str, np.ndarray] = {"home": games.home_factor}
        rated: Any = None
        for name, part in self._parts.items():
            given = part.advance(games, now.parts[name])
            table = given if isinstance(given, np.ndarray) else given.terms
            columns |= {term: table[:, i] for i, term in enumerate(part.terms)}
            if name == self.choice.ratings:
                rated = given
        for i, term in enumerate(self.choice.terms):
            terms[i] = _term(term, columns, games)
        return rated


def _term(term: str, columns: Mapping[str, np.ndarray], games: Games) -> np.ndarray:
    """A term by name; `NAME:playoff` is the term in postseason games only, `NAME:regular` outside them."""
    name, _, when = term.partition(":")
    if name not in columns:
        raise ValueError(f"no term `{name}`; known here: {', '.join(columns)}")
    if when == "playoff":
        return np.where(games.playoff, columns[name], 0.0)
    if when == "regular":
        return np.where(games.playoff, 0.0, columns[name])
    return columns[name]


def system(name: str, rules: RatingRules) -> Any:
    """The rating system of that name with the league's parameters. Raises ValueError when the league has none."""
    parameters = getattr(rules, name)
    if parameters is None:
        raise ValueError(f"{name}: no parameters in config/leagues.yaml")
    if name == "elo":
        from precog_assets.ratings.systems.elo import Elo

        return Elo(parameters)
    if name == "glicko":
        from precog_assets.ratings.systems.glicko import Glicko

        return Glicko(parameters)
    if name == "bayes":
        from precog_assets.ratings.systems.bayes import Bayes

        return Bayes(parameters)
    if name == "margin":
        from precog_assets.ratings.systems.margin import Margin

        return Margin(parameters)
    if name == "scoring":
        from precog_assets.ratings.systems.scoring import Scoring

        return Scoring(parameters)
    from precog_assets.ratings.systems.goals import Goals

    return Goals(parameters, rules.stakes)


def _joined(pieces: Sequence[Any]) -> Any:
    if len(pieces) == 1:
        return pieces[0]
    from precog_assets.ratings.systems import Rated

    names = Rated.__dataclass_fields__
    return Rated(**{name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in names})
