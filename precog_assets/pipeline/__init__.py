"""The steps, one function each: poll games, poll markets, link, rate, retain; and the passes over them.

A step takes services, returns a report of rows in, changed and rejected, and may be repeated at any
time with the same result. Nothing here knows Dagster.
"""
