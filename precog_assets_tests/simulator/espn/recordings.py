"""The recorded payloads, by league and state, without those whose bytes are not the wire's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from precog_assets.config import load_leagues
from precog_assets_tests.conftest import SHARED

RECORDED = SHARED / "recorded" / "espn"
FOLDERS = {
    "nba": "nba",
    "nfl": "nfl",
    "mlb": "mlb",
    "nhl": "nhl",
    "epl": "eng.1",
    "ligue1": "fra.1",
    "ncaab": "ncaab",
    "wncaab": "ncaaw",
    "ncaaf": "ncaaf",
    "mls": "mls",
    "wnba": "wnba",
}
CUPS = "fifa.world"
"""Soccer's knock-out states, recorded at a World Cup."""
SINCE = 2024
"""Seasons before it were recorded in an older shape; they count where a sport has nothing else of a state."""
_ORDINARY = frozenset(
    {
        "STATUS_SCHEDULED",
        "STATUS_IN_PROGRESS",
        "STATUS_END_PERIOD",
        "STATUS_HALFTIME",
        "STATUS_FIRST_HALF",
        "STATUS_SECOND_HALF",
        "STATUS_FINAL",
        "STATUS_FULL_TIME",
    }
)


def rewritten() -> set[str]:
    """Files that a client wrote anew (folder/name): their values are right, their form is not the wire's."""
    rows = (RECORDED / "PROVENANCE.md").read_text(encoding="utf-8").splitlines()
    return {row.split("|")[1].strip() for row in rows if row.startswith("|") and "re-serialised" in row}


def payloads(folder: str) -> Iterator[tuple[str, Any]]:
    """(name, document) of each payload of a folder in its wire form."""
    left_out = rewritten()
    for path in sorted((RECORDED / folder).glob("*.json")):
        if f"{folder}/{path.name}" not in left_out:
            yield path.name, load(path)


def load(path: Path) -> Any:
    return json.loads(path.read_bytes())


def boards(folder: str) -> Iterator[dict[str, Any]]:
    for _, document in payloads(folder):
        if isinstance(document, dict) and "leagues" in document and "events" in document:
            yield document


def events(folder: str) -> Iterator[dict[str, Any]]:
    """Events of boards, and those recorded on their own."""
    for _, document in payloads(folder):
        if not isinstance(document, dict):
            continue
        if "leagues" in document:
            yield from (event for event in document.get("events", []) if event and "competitions" in event)
        elif "competitions" in document and "status" in document:
            yield document


def state_of(event: dict[str, Any]) -> str:
    """pre, in or post, or the name of a status that is none of the ordinary ones; playoffs apart."""
    kind = event["status"]["type"]
    state = kind["state"] if kind["name"] in _ORDINARY else kind["name"].removeprefix("STATUS_").lower()
    return f"{state} playoffs" if event["season"]["type"] == 3 and state == "post" else state


def as_now(event: dict[str, Any]) -> dict[str, Any]:
    """The event without odds of the shape that ended in December 2025, known by their provider."""
    competition = event["competitions"][0]
    old = any((line or {}).get("provider", {}).get("id") == "58" for line in competition.get("odds", []))
    if not old:
        return event
    kept = {key: value for key, value in competition.items() if key != "odds"}
    return event | {"competitions": [kept]}


def sport_folders(league: str) -> list[str]:
    sport = load_leagues()[league].sport
    return [folder for other, folder in FOLDERS.items() if load_leagues()[other].sport is sport]
