"""Which team an unknown id may mean, by likeness of codes and names: for a person to check, never applied.

A team that is known under another id on the same days is less likely: `OAK` until 2019 is the club that
has no games before 2020.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from functools import cache
from typing import Any

from precog_assets.pipeline.imports.mapping import Stray

SHOWN = 3
LOWEST = 0.5
TAKEN = 0.6
"""Likeness counts this much of itself where the team goes by another id on those days."""
FEW = 80
"""In a league of more teams only those that share a word's beginning are compared."""
WITHIN = 0.8
"""At least this much where all words of one are words of the other: `West Ham`, `Arizona/Utah`."""
_WORDS = {"st": "state", "n": "north", "s": "south", "e": "east", "w": "west", "c": "central", "so": "southern"}
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_BEGINNING = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    team_id: str
    name: str
    score: float
    """Likeness in [0, 1]; 1: the same code or name."""


@dataclass(frozen=True, slots=True)
class _Team:
    team_id: str
    name: str
    code: str
    names: tuple[str, ...]


@cache
def plain(text: str) -> str:
    """Lower case, without accents and punctuation, usual short forms of compass points and `State` written out."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = _NOT_WORD.sub(" ", letters).split()
    if len(words) > 1:
        words = ["saint" if i == 0 and word == "st" else _WORDS.get(word, word) for i, word in enumerate(words)]
    return " ".join(words)


def suggest(
    strays: Sequence[Stray], teams: Iterable[Any], taken: Iterable[tuple[str, date, date]]
) -> dict[str, tuple[Suggestion, ...]]:
    """Up to SHOWN teams for each id, best first; beside one of the same code or name no others.

    `teams`: rows of core.teams; `taken`: team, first and last day of the ids that are known.
    """
    known = [_team(team) for team in teams]
    by_beginning: defaultdict[str, set[int]] = defaultdict(set)
    exact: defaultdict[str, set[int]] = defaultdict(set)
    for index, team in enumerate(known):
        for name in (team.code, *team.names):
            exact[name].add(index)
            for word in name.split():
                by_beginning[word[:_BEGINNING]].add(index)
    alike: dict[str, list[tuple[float, int]]] = {}
    busy: defaultdict[str, list[tuple[str, date, date]]] = defaultdict(list)
    for team_id, first, last in taken:
        busy[team_id].append(("", first, last))
    for stray in strays:
        asked = [text for text in (plain(stray.code), plain(stray.name or "")) if text and not text.isdigit()]
        same = {index for text in asked for index in exact.get(text, ())}
        near = set(range(len(known))) if len(known) <= FEW else _sharing(asked, by_beginning) | same
        alike[stray.code] = [(_likeness(asked, known[index]), index) for index in near] if asked else []
        if len(same) == 1:
            busy[known[min(same)].team_id].append((stray.code, stray.first, stray.last))
    return {stray.code: _best(stray, alike[stray.code], known, busy) for stray in strays}


def _team(row: Any) -> _Team:
    names = [row.display_name, row.name, row.location, f"{row.location or ''} {row.name or ''}"]
    plain_names = tuple(dict.fromkeys(plain(name) for name in names if name and name.strip()))
    return _Team(row.team_id, row.display_name, plain(row.abbreviation or ""), plain_names)


def _sharing(asked: Sequence[str], by_beginning: dict[str, set[int]]) -> set[int]:
    words = {word[:_BEGINNING] for text in asked for word in text.split()}
    return {index for word in words for index in by_beginning.get(word, ())}


def _likeness(asked: Sequence[str], team: _Team) -> float:
    best = 0.0
    for text in asked:
        matcher = SequenceMatcher(None, autojunk=False)
        matcher.set_seq2(text)
        words = set(text.split())
        for name in (team.code, *team.names):
            if name and (words <= set(name.split()) or set(name.split()) <= words):
                best = max(best, 1.0 if name == text else WITHIN)
            matcher.set_seq1(name)
            floor = max(best, LOWEST)
            if name and matcher.real_quick_ratio() > floor and matcher.quick_ratio() > floor:
                best = max(best, matcher.ratio())
    return best


def _best(
    stray: Stray,
    alike: list[tuple[float, int]],
    known: Sequence[_Team],
    busy: dict[str, list[tuple[str, date, date]]],
) -> tuple[Suggestion, ...]:
    found = []
    for score, index in alike:
        team = known[index]
        others = [one for one in busy.get(team.team_id, ()) if one[0] != stray.code]
        elsewhere = any(first <= stray.last and stray.first <= last for _, first, last in others)
        found.append(Suggestion(team.team_id, team.name, round(score * (TAKEN if elsewhere else 1.0), 2)))
    lowest = 1.0 if any(one.score >= 1 for one in found) else LOWEST
    found = [one for one in found if one.score >= lowest]
    return tuple(sorted(found, key=lambda one: (-one.score, one.team_id))[:SHOWN])
