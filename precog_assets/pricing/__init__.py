"""What a price means and what a forecast is worth beside it.

`blend.py` is the market-aware probability. No database, no clock, no venue.
"""
