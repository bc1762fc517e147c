"""What a league is: its sport, its outcomes, where its games and markets are found, how it is rated.

The types only; the rows are data in `config/leagues.yaml`, read once by `config.load_leagues`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from precog_assets.domain.rating_rules import RatingRules
from precog_assets.domain.rating_rules import Row as _Row


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
    rating: RatingRules

    @property
    def has_draw(self) -> bool:
        return Outcome.DRAW in self.outcomes

    @property
    def is_individual(self) -> bool:
        """True where the sides are players, not teams."""
        return self.sport is Sport.TENNIS
