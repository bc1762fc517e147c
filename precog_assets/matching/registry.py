"""The codes a venue uses for teams, by league and Eastern day, and the ways to cut two of them apart.

What belongs here: looking up, splitting, saying what is nearly known. What does not: games.
The same code means different clubs in different leagues, so every lookup names the league.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import copy
from datetime import date

from precog_assets.seeds import CodeSeed, GuestSeed, TeamSeed, kalshi_codes, kalshi_guests, team_seeds

MIN_CODE = 2


class AliasRegistry:
    """(league, code, day) -> team ids of one source. Immutable once built."""

    def __init__(
        self,
        codes: Iterable[CodeSeed],
        *,
        source: str = "kalshi",
        guests: Iterable[GuestSeed] = (),
        teams: Iterable[TeamSeed] = (),
    ) -> None:
        found: defaultdict[tuple[str, str], list[CodeSeed]] = defaultdict(list)
        for code in codes:
            if code.source == source:
                found[code.league, code.code].append(code)
        teams = tuple(teams)
        self._codes: Mapping[tuple[str, str], list[CodeSeed]] = dict(found)
        self._guests = {(guest.league, guest.code): guest.name for guest in guests}
        self._names = {team.team_id: team.display_name for team in teams}
        named: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for team in teams:
            for text in (team.location, team.name, team.display_name):
                named[team.league, plain(text)].add(team.team_id)
        self._named: Mapping[tuple[str, str], set[str]] = dict(named)

    def teams(self, league: str, code: str, day: date) -> frozenset[str]:
        """Team ids the code stands for on that Eastern day; small colleges share some codes."""
        return frozenset(seed.team_id for seed in self._codes.get((league, code), ()) if seed.holds_on(day))

    def guest(self, league: str, code: str) -> str | None:
        """Name of the exhibition guest the code stands for."""
        return self._guests.get((league, code))

    def name(self, team_id: str) -> str:
        """Display name of a team, its id where none was given."""
        return self._names.get(team_id, team_id)

    def ever(self, league: str, code: str) -> frozenset[str]:
        """Team ids the code stands for on any day."""
        return frozenset(seed.team_id for seed in self._codes.get((league, code), ()))

    def named(self, league: str, text: str) -> frozenset[str]:
        """Team ids whose city, nickname or full name is exactly this text, whatever its case."""
        return frozenset(self._named.get((league, plain(text)), ()))

    def with_code(self, code: CodeSeed) -> AliasRegistry:
        """The same registry knowing one code more."""
        other = copy(self)
        known = self._codes.get((code.league, code.code), [])
        other._codes = {**self._codes, (code.league, code.code): [*known, code]}
        return other

    def split(self, league: str, blob: str, day: date) -> list[tuple[str, str]]:
        """Every way to cut `blob` into two codes that are both known in the league on that day."""
        return [
            (first, second)
            for first, second in halves(blob)
            if self.teams(league, first, day) and self.teams(league, second, day)
        ]

    def half_known(self, league: str, blob: str, day: date) -> list[tuple[str, str]]:
        """Every cut of `blob` of which one side is known: (known code, unknown rest)."""
        cuts: list[tuple[str, str]] = []
        for first, second in halves(blob):
            known = [bool(self.teams(league, code, day)) for code in (first, second)]
            if known == [True, False]:
                cuts.append((first, second))
            elif known == [False, True]:
                cuts.append((second, first))
        return cuts


def plain(text: str) -> str:
    """A team's name for comparison: no case, no outer spaces, `LA` written out."""
    words = text.casefold().split()
    return " ".join(["los", "angeles", *words[1:]] if words[:1] == ["la"] else words)


def halves(blob: str) -> list[tuple[str, str]]:
    """Every cut of the text into two parts of at least two characters."""
    return [(blob[:i], blob[i:]) for i in range(MIN_CODE, len(blob) - MIN_CODE + 1)]


def packaged_registry() -> AliasRegistry:
    """Kalshi's codes, guests and team names from the seeds."""
    return AliasRegistry(kalshi_codes(), guests=kalshi_guests(), teams=team_seeds())
