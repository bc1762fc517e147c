"""How good a forecast is: one definition each of every score, of calibration and of their intervals.

`scores.py` per game and as a mean, `calibration.py` for reliability, `intervals.py` for the bootstrap, `leak.py` for
figures too good to be true, `evaluation.py` for a frame of games at once. Pure functions: no database, no clock, no
configuration; randomness is passed in. What a price is and what a position earned belong elsewhere.
"""
