"""Which conference a side is of, by any of the ids it goes by.

What belongs here: looking ids up in the seeds. A file of results brings ids of its own; where they are names or
codes of the seeds (ESPN's or Kalshi's) conferences are known, elsewhere the league is one table.
"""

from __future__ import annotations

from functools import cache

from precog_assets.seeds import kalshi_codes, team_seeds


@cache
def conferences(league: str) -> dict[str, str]:
    """Conference by team id (`nba:1`), name (`Celtics`, `Boston Celtics`) and code (`BOS`, `bos`)."""
    found: dict[str, str] = {}
    of_id: dict[str, str] = {}
    for seed in team_seeds():
        if seed.league == league and seed.conference:
            of_id[seed.team_id] = seed.conference
            codes = (seed.abbreviation, seed.abbreviation.lower()) if seed.abbreviation else ()
            found |= dict.fromkeys((seed.team_id, seed.name, seed.display_name, *codes), seed.conference)
    for code in kalshi_codes():
        if code.league == league and code.team_id in of_id:
            for text in (code.code, code.code.lower()):
                found.setdefault(text, of_id[code.team_id])
    return found
