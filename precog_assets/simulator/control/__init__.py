"""Control: what whoever runs a simulator may ask of it and do to it, under `/simulator/`, on this machine only.

`access` keeps others out, `asking` reads requests and words refusals, `table` lists the endpoints; the others have
them by subject: `worldtime`, `faults`, `happenings`, `accounts`, `views`, `scenarios`.
"""
