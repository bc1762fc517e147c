"""Which rules each league plays by, with its own pace and scoring."""

from __future__ import annotations

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.world.play.baseball import Baseball
from precog_assets.simulator.world.play.basketball import COURTS, Basketball
from precog_assets.simulator.world.play.football import FIELDS, Football
from precog_assets.simulator.world.play.frame import Rules
from precog_assets.simulator.world.play.hockey import Hockey
from precog_assets.simulator.world.play.soccer import Soccer
from precog_assets.simulator.world.play.tennis import Tennis

_OTHERS = {
    "nhl": Hockey,
    "mlb": Baseball,
    "epl": lambda: Soccer(2.77, careful=0.84),
    "ligue1": lambda: Soccer(2.69, careful=0.66),
    "mls": lambda: Soccer(2.95, careful=0.8),
    "atp": lambda: Tennis(0.79, form=0.022, retiring=0.0005),
    "wta": lambda: Tennis(0.66, form=0.034, retiring=0.0007),
}


def make_rules(league: str) -> Rules:
    """The rules of a league's games, with caches of their own. Raises ConfigurationError for one it does not know."""
    if league in COURTS:
        return Basketball(COURTS[league])
    if league in FIELDS:
        return Football(FIELDS[league])
    if league in _OTHERS:
        return _OTHERS[league]()
    raise ConfigurationError(f"The simulated world has no rules for league {league!r}; leave it out of its leagues.")
