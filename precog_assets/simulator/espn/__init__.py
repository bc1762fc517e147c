"""ESPN's site and core APIs over a simulated world: boards, summaries, teams, standings, with their quirks."""

from precog_assets.simulator.espn.venue import EspnVenue

__all__ = ["EspnVenue"]
