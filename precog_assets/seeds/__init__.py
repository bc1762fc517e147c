"""The teams of every league and the codes that venues give them, as this project's own tables.

`teams/{league}.csv`: one row a team, ESPN ids as identity. `kalshi_codes.csv`: the codes that differ
from ESPN's abbreviation, with the days they hold; a team listed there has no other code at Kalshi on
those days. `kalshi_guests.csv`: codes of clubs from outside that only play exhibition games. Tennis has
no table: players are met on the boards.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
_NOT_IN_TICKERS = re.compile("[^A-Z0-9]")
"""Tickers have no room for the punctuation of `W&M` or `L-MD`."""


@dataclass(frozen=True, slots=True)
class TeamSeed:
    team_id: str
    league: str
    espn_team_id: str
    abbreviation: str | None
    location: str
    name: str
    display_name: str
    conference: str | None
    division: str | None
    current: bool
    """False for clubs outside the league's 2026-27 season (relegated), kept for their history."""


@dataclass(frozen=True, slots=True)
class CodeSeed:
    """A code of a source for a team, on Eastern days from `valid_from` to `valid_to`, both included."""

    source: str
    league: str
    code: str
    team_id: str
    valid_from: date | None
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or day >= self.valid_from) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class GuestSeed:
    """A club from outside the league, met in exhibition games only, by its code at Kalshi."""

    league: str
    code: str
    name: str


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def team_seeds() -> tuple[TeamSeed, ...]:
    """Every seeded team of every league."""
    return tuple(
        TeamSeed(
            team_id=f"{path.stem}:{row['espn_team_id']}",
            league=path.stem,
            espn_team_id=row["espn_team_id"],
            abbreviation=row["abbreviation"] or None,
            location=row["location"],
            name=row["name"],
            display_name=row["display_name"],
            conference=row["conference"] or None,
            division=row["division"] or None,
            current=row["current"] == "true",
        )
        for path in sorted((FOLDER / "teams").glob("*.csv"))
        for row in _rows(path)
    )


@cache
def kalshi_codes() -> tuple[CodeSeed, ...]:
    """Kalshi's code of every seeded team: the listed differences, else the ESPN abbreviation."""
    listed = [
        CodeSeed(
            source="kalshi",
            league=row["league"],
            code=row["code"],
            team_id=f"{row['league']}:{row['espn_team_id']}",
            valid_from=date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        )
        for row in _rows(FOLDER / "kalshi_codes.csv")
    ]
    different = {code.team_id for code in listed}
    same = [
        CodeSeed("kalshi", team.league, bare, team.team_id, None, None)
        for team in team_seeds()
        if (bare := _NOT_IN_TICKERS.sub("", team.abbreviation or "")) and team.team_id not in different
    ]
    return (*listed, *same)


@cache
def kalshi_guests() -> tuple[GuestSeed, ...]:
    """Kalshi's codes of exhibition opponents."""
    return tuple(GuestSeed(row["league"], row["code"], row["name"]) for row in _rows(FOLDER / "kalshi_guests.csv"))
