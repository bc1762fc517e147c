"""ESPN's public site API over a simulated world: scoreboards, team lists, standings, with its quirks."""

from precog_assets.simulator.espn.venue import EspnVenue

__all__ = ["EspnVenue"]
