"""What a person brings in files: games in the exchange format, and which team a source's code stands for.

`games.py` is the step; `mapping.py` says which team an id means, `suggestions.py` which it may mean,
`known.py` which games others brought already, `rows.py` what is written, `aliases.py` reads and writes
the codes. `twice.py` lets imports give way to boards that came later. Ratings of what was imported:
`pipeline.rate`, as of any other game.
"""
