"""The vocabulary of the house: frozen types, time, statuses, errors and ports.

Belongs here: what a game, a market, a quote, a failure is, and pure functions on them.
Does not: I/O, SQL, HTTP, Dagster, parameters of leagues (they are data in `config/`).
"""
