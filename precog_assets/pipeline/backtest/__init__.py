"""Backtests: stored or imported facts stepped through in the order in which they could be known.

Belongs here: feeds of facts, the loop over them, what came of it in figures, plots and pages. Does not: deciding,
filling, booking and pricing, which are the functions that run live (`trading/`, `pricing/`).
"""
