"""Which team a file's id means on a day: by the source's aliases, or for `espn` by what core.teams says.

Belongs here: looking up, and telling which ids mean nothing. Does not: guessing (`suggestions.py`), and
the ids of venues' tickers (`matching.registry`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

DIRECT = "espn"
"""The source whose ids are core.teams' own."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Span:
    """A code stands for a team from `first` to `last`, both days included; None: without end."""

    team_id: str
    first: date | None = None
    last: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Stray:
    """An id of a file that means no team, or more than one, on the days it is used."""

    code: str
    name: str | None
    """As the file's home_name and away_name have it."""
    games: int
    first: date
    last: date
    why: str


class TeamCodes:
    """code -> team of one source and league, by day."""

    def __init__(self, spans: dict[str, list[Span]]) -> None:
        self._spans = spans

    @classmethod
    def of_aliases(cls, rows: Iterable[Any]) -> TeamCodes:
        """From rows of core.team_aliases: code, team_id, valid_from, valid_to."""
        found: defaultdict[str, list[Span]] = defaultdict(list)
        for row in rows:
            found[row.code].append(Span(row.team_id, row.valid_from, row.valid_to))
        return cls(dict(found))

    @classmethod
    def of_teams(cls, teams: Iterable[Any]) -> TeamCodes:
        """From rows of core.teams: team id, else ESPN's id, else the abbreviation."""
        teams = list(teams)
        found: dict[str, list[Span]] = {}
        for attribute in ("abbreviation", "espn_team_id", "team_id"):
            of_kind: defaultdict[str, list[Span]] = defaultdict(list)
            for team in teams:
                if code := getattr(team, attribute):
                    of_kind[code].append(Span(team.team_id))
            found.update(of_kind)
        return cls(found)

    def teams(self, code: str, day: date) -> list[str]:
        """Team ids the code stands for on that day; one unless it is unknown or ambiguous."""
        return sorted({span.team_id for span in self._spans.get(code, ()) if span.holds_on(day)})

    def add(self, code: str, team_id: str) -> None:
        """Let a code stand for a team on any day."""
        self._spans.setdefault(code, []).append(Span(team_id))

    def spans(self) -> Iterable[tuple[str, Span]]:
        """Every code with what it stands for."""
        return [(code, span) for code, spans in self._spans.items() for span in spans]

    def why_not(self, code: str, day: date) -> str:
        """Why the code means no single team on that day."""
        there = self.teams(code, day)
        if there:
            return f"stands for {' and '.join(there)}"
        return "not on these days" if code in self._spans else UNKNOWN

    def mapped(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The games (date, home, away ...) with home_team and away_team, null where the id means no one team."""
        if not frame.height:
            return frame.with_columns(home_team=pl.lit(None, pl.String), away_team=pl.lit(None, pl.String))
        days = pl.concat([frame.select("date", code=side) for side in ("home", "away")]).unique()
        always = {
            code: spans[0].team_id
            for code, spans in self._spans.items()
            if len(spans) == 1 and spans[0].holds_on(days["date"].min()) and spans[0].holds_on(days["date"].max())  # type: ignore[arg-type]
        }
        plain = days.filter(pl.col("code").is_in(list(always))).with_columns(
            team=pl.col("code").replace_strict(always, default=None, return_dtype=pl.String)
        )
        dated = [
            (day, code, found[0] if len(found) == 1 else None)
            for day, code in days.filter(~pl.col("code").is_in(list(always))).rows()
            for found in [self.teams(code, day)]
        ]
        looked_up = pl.concat([plain, pl.DataFrame(dated, schema=plain.schema, orient="row")])
        for side in ("home", "away"):
            found = looked_up.rename({"code": side, "team": f"{side}_team"})
            frame = frame.join(found, on=["date", side], how="left", maintain_order="left")
        return frame


def strays(mapped: pl.DataFrame, codes: TeamCodes, names: dict[str, str]) -> list[Stray]:
    """The ids that mean no one team, most games first. `mapped`: of `TeamCodes.mapped`."""
    lost = pl.concat(
        [
            mapped.filter(pl.col(f"{side}_team").is_null()).select(pl.col(side).alias("code"), "date", "row")
            for side in ("home", "away")
        ]
    )
    grouped = lost.group_by("code").agg(
        pl.col("row").n_unique().alias("games"), pl.col("date").min().alias("first"), pl.col("date").max().alias("last")
    )
    return [
        Stray(code, names.get(code), games, first, last, codes.why_not(code, first))
        for code, games, first, last in grouped.sort("games", "code", descending=[True, False]).rows()
    ]
