"""The Kalshi venue of the simulator: public REST reads over a simulated world.

Everything served is a pure function of the world and the instant: no state, so any process, and one
that was restarted, answers the same. Its tickers, prices, fees and settlement are this package's own.
"""

from precog_assets.simulator.kalshi.venue import KalshiVenue

__all__ = ["KalshiVenue"]
