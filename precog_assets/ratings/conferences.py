"""Which conference a side is of, by any of the ids it goes by.

What belongs here: looking ids up in the seeds. A file of results brings ids of its own; where they are the
codes of the seeds (ESPN's or Kalshi's, in any case) conferences are known, elsewhere the league is one table.
"""

from __future__ import annotations

from functools import cache

from precog_assets.seeds import kalshi_codes, team_seeds


@cache
def conferences(league: str) -> dict[str, str]:
    """Conference by team id (`nba:1`) and by code (`BOS`, `bos`), of the teams that have one."""
    found: dict[str, str] = {}
    of_id: dict[str, str] = {}
    for seed in team_seeds():
        if seed.league == league and seed.conference:
            of_id[seed.team_id] = seed.conference
            found[seed.team_id] = seed.conference
            if seed.abbreviation:
                found[seed.abbreviation] = found[seed.abbreviation.lower()] = seed.conference
    for code in kalshi_codes():
        if code.league == league and code.team_id in of_id:
            for text in (code.code, code.code.lower()):
                found.setdefault(text, of_id[code.team_id])
    return found
