"""Doing again what was done: a day of raw answers read anew, a decision made anew, and what comes out differently.

Belongs here: rebuilding from what was kept and comparing. Nothing here writes to the tables it compares with. Does not:
parsers, writers, `decide` themselves: the same functions run as when it was live.
"""
