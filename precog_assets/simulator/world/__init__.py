"""The world: leagues, seasons, schedules and games as pure functions of a seed and an instant.

Calendars: `together`, in which every league is in season at the anchor whatever the month, and `real`.
"""

from precog_assets.simulator.world.settings import WorldSettings, default_anchor
from precog_assets.simulator.world.world import World

__all__ = ["World", "WorldSettings", "default_anchor"]
