"""The world: leagues, seasons, schedules and games as pure functions of a seed and an instant.

Its calendar is fictional: whatever the month, every league is in season around the anchor.
"""

from precog_assets.simulator.world.settings import WorldSettings, default_anchor
from precog_assets.simulator.world.world import World

__all__ = ["World", "WorldSettings", "default_anchor"]
