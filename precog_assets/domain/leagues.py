"""What a league is: its sport, its outcomes, where its games and markets are found, how it is rated.

The types only; the rows are data in `config/leagues.yaml`, read once by `config.load_leagues`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Sport(StrEnum):
    FOOTBALL = "football"
    BASKETBALL = "basketball"
    HOCKEY = "hockey"
    BASEBALL = "baseball"
    SOCCER = "soccer"
    TENNIS = "tennis"


class Outcome(StrEnum):
    """What a game can end as. In tennis `home` is the competitor with the smaller id as text."""

    HOME = "home"
    AWAY = "away"
    DRAW = "draw"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EspnFeed(_Row):
    """Where ESPN shows the league."""

    path: str
    """`sport/league` part of the path, e.g. `football/nfl`."""
    groups: tuple[str, ...] = ()
    """College boards show featured games only unless a group is named; one request a group."""
    limit: int = Field(default=500, ge=1, le=500)
    """600 and more silently returned 25 events in 2026; 500 is complete."""


class KalshiSeries(_Row):
    """Which exact Kalshi series carries the winner markets of the league's games."""

    series: str
    order: Literal["away_home", "home_away", "none"]
    """Order of the two team codes in the event ticker; tennis has none."""
    also: tuple[str, ...] = ()
    """Further series of the same structure (challengers); polled too, matched where possible."""


class SeasonLabel(StrEnum):
    START_YEAR = "start_year"
    END_YEAR = "end_year"
    CALENDAR_YEAR = "calendar_year"


class EloParameters(_Row):
    """Parameters of the league's Elo; formulas and sources in `ratings/elo.py`."""

    k: float = Field(gt=0)
    k_rule: Literal["constant", "tennis"] = "constant"
    """`tennis`: K = k / (matches played + 5) ** 0.4."""
    home_edge: float = 0.0
    margin: Literal["none", "nfl", "nba", "nhl", "log", "goals"] = "none"
    carry: float = Field(default=0.75, ge=0, le=1)
    """Share of the distance to `mean` that a rating keeps at the start of a season; regresses once."""
    mean: float = 1505.0
    new_team: float = 1505.0
    playoff_factor: float = Field(default=1.0, gt=0)
    """Multiplies the rating gap in postseason games."""
    min_games: int = Field(default=10, ge=0)
    """Fewer rated games than this: the team is `unrated`, and forecasts say so."""


class League(_Row):
    key: str
    name: str
    sport: Sport
    default: bool = True
    """Polled and rated unless `PRECOG_LEAGUES` says otherwise."""
    outcomes: tuple[Outcome, ...]
    ties: bool = False
    """Games of two outcomes can end level (NFL): half a win each; graded games leave them out."""
    espn: EspnFeed
    kalshi: KalshiSeries
    season_label: SeasonLabel
    season_starts: str
    """Month and day (`MM-DD`) from which a date belongs to the new season; the provider's label wins."""
    regulation_periods: int
    result_lag_h: float = Field(default=4.0, gt=0)
    """A backfilled result counts as known this long after the start: the declared lag of `known_at`."""
    rating: EloParameters

    @property
    def has_draw(self) -> bool:
        return Outcome.DRAW in self.outcomes

    @property
    def is_individual(self) -> bool:
        """True where the sides are players, not teams."""
        return self.sport is Sport.TENNIS
