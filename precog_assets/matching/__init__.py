"""Market to game: what belongs here ties a ticker to exactly one game, or says why it cannot.

`match.py` is the entry and explains; `ids.py` (the venue's ids), `teams.py`, `players.py` and `unknown.py` hold the
rules, `events.py` holds the markets of an event against each other, `settlement.py` results against games,
`registry.py` the codes, `games.py` the candidates, `results.py` the answers. No database, no clock, no guessing.
"""
