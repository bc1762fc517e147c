"""Elo of a league: what belongs here turns finished games into ratings and ratings into a forecast.

`elo.py` replays games, `rules.py` says which count, `forecast.py` looks one game ahead, `kernel.py` does the
sums. No database, no clock, no prices.
"""
