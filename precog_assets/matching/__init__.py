"""Market to game: what belongs here ties a ticker to exactly one game, or says why it cannot.

`match.py` is the entry and explains; `teams.py` and `players.py` hold the rules, `registry.py` the codes,
`games.py` the candidates, `results.py` the answers. No database, no clock, no guessing.
"""
