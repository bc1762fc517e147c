"""ESPN's public site API: games, scores, teams and standings.

`client` builds and sends requests, `parse` turns bytes into rows; the other modules serve `parse`.
"""
