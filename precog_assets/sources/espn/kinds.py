"""Which season a game belongs to, which kind of game it is, and what its notes say.

The provider's label wins; a date's calendar only fills the year where none was sent. A kind that cannot
be read is `exhibition`, which is never rated: refusing to rate is safer than rating an all-star game.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import League, Sport
from precog_assets.domain.times import season_of
from precog_assets.sources.espn.fields import first_text, items, mapping, text, whole

UNKNOWN = "unknown"
_BY_NUMBER = {1: "preseason", 2: "regular", 3: "postseason", 4: "offseason", 5: "play_in"}
_BY_SLUG = {
    "preseason": "preseason",
    "regular-season": "regular",
    "post-season": "postseason",
    "postseason": "postseason",
    "off-season": "offseason",
    "play-in-season": "play_in",
}
_KINDS = {
    "preseason": GameKind.PRESEASON,
    "regular": GameKind.REGULAR,
    "postseason": GameKind.POSTSEASON,
    "play_in": GameKind.POSTSEASON,
}
_NFL_PRO_BOWL_WEEK = 4

_KNOCKOUT = re.compile(
    r"play-?off|round-of-|knockout|quarter-?final|semi-?final|post-?season|third-place|(^|-)finals?$"
)
_FRIENDLY = re.compile(r"friendl(y|ies)|exhibition", re.IGNORECASE)
_EXHIBITION_NOTE = re.compile(r"\bexhibition\b", re.IGNORECASE)
_ALL_STAR_NAME = re.compile(
    r"all[- ]?stars?\b|^team [a-z]|^(american|national) (league|team)$|^(afc|nfc)$|^(east|west|world)$"
    r"|^(eastern|western) conference$|^(atlantic|central|metropolitan|pacific) division$|^usa (stars|stripes)\b",
    re.IGNORECASE,
)
_MONTHS = {
    name: index
    for index, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MAKEUP = re.compile(
    r"\bmake-?\s?up\s+(?:game\s+)?(?:from|of)\s+(?:([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2})|(\d{1,2})/(\d{1,2}))\b",
    re.IGNORECASE | re.ASCII,
)
_LEAP_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Season:
    year: int
    type: str
    number: int | None
    """ESPN's number of the season type (1 to 5 in US sports); large and changing in soccer."""


def board_season(board: Mapping[str, Any]) -> int | None:
    """The season a whole board names; None with `dates=`, where boards carry none."""
    return _year(mapping(board.get("season")).get("year"))


def read_season(event: Mapping[str, Any], league: League, start: datetime, fallback: int | None) -> Season:
    """Season year and type of an event: its own, else the board's year, else the league's calendar."""
    season, season_type = mapping(event.get("season")), mapping(event.get("seasonType"))
    year = _year(season.get("year")) or fallback or season_of(league, start)
    number = whole(season_type.get("type")) or whole(season.get("type"))
    if league.sport is Sport.SOCCER:
        named = text(season.get("slug")) or _slug(text(season_type.get("name")))
        return Season(year, named or (str(number) if number is not None else UNKNOWN), number)
    meaning = _BY_NUMBER.get(number or 0) or _BY_SLUG.get(text(season.get("slug")) or "", UNKNOWN)
    return Season(year, meaning, number)


def game_kind(
    season: Season,
    league: League,
    competition: Mapping[str, Any],
    teams: tuple[Mapping[str, Any], Mapping[str, Any]],
    *,
    week: int | None,
    note: str | None,
) -> GameKind:
    """What kind of team game this is; the all-star signs come before the season's own label."""
    if _is_all_star(season, league, competition, teams, week):
        return GameKind.ALL_STAR
    if note and _EXHIBITION_NOTE.search(note):
        return GameKind.EXHIBITION
    if league.sport is not Sport.SOCCER:
        return _KINDS.get(season.type, GameKind.EXHIBITION)
    if season.type == UNKNOWN or _FRIENDLY.search(season.type):
        return GameKind.EXHIBITION
    if "preseason" in season.type or "pre-season" in season.type:
        return GameKind.PRESEASON
    return GameKind.POSTSEASON if _KNOCKOUT.search(season.type) else GameKind.REGULAR


def _is_all_star(
    season: Season,
    league: League,
    competition: Mapping[str, Any],
    teams: tuple[Mapping[str, Any], Mapping[str, Any]],
    week: int | None,
) -> bool:
    if text(mapping(competition.get("type")).get("abbreviation")) == "ALLSTAR":
        return True
    if league.espn.path == "football/nfl" and season.type == "postseason" and week == _NFL_PRO_BOWL_WEEK:
        return True
    return any(
        team.get("isAllStar") is True or names_all_star(first_text(team, "displayName", "name", "abbreviation") or "")
        for team in teams
    )


@lru_cache(maxsize=8192)
def names_all_star(name: str) -> bool:
    """Whether a side's name is an all-star selection's (`Team LeBron`, `AFC`, `American League All-Stars`)."""
    return _ALL_STAR_NAME.search(name) is not None


def can_tie(league: League, kind: GameKind) -> bool:
    """Whether equal final scores are a result: soccer, the NFL's regular season, any preseason."""
    if league.sport is Sport.SOCCER or kind is GameKind.PRESEASON:
        return True
    return league.espn.path == "football/nfl" and kind is GameKind.REGULAR


def note_headlines(competition: Mapping[str, Any]) -> list[str]:
    """Headlines of a competition's notes in their order."""
    found = (text(mapping(note).get("headline")) for note in items(competition.get("notes")))
    return [headline for headline in found if headline is not None]


def makeup_of_date(headlines: list[str]) -> str | None:
    """`MM-DD` of the game that this one makes up: `Makeup from June 4` reads 06-04.

    `Makeup date June 5` stands on the postponed game and looks ahead; it is not read.
    """
    for headline in headlines:
        match = _MAKEUP.search(headline)
        if match is None:
            continue
        month = _MONTHS.get(match[1].lower()) if match[1] else int(match[3])
        day = int(match[2] or match[4])
        try:
            return date(_LEAP_YEAR, month or 0, day).strftime("%m-%d")
        except ValueError:
            continue
    return None


def read_week(event: Mapping[str, Any], league: League) -> int | None:
    """Week number in football; it repeats between season types, so only (season, type, week) is a key."""
    if league.sport is not Sport.FOOTBALL:
        return None
    week = event.get("week")
    return whole(mapping(week).get("number")) if isinstance(week, dict) else whole(week)


def _year(value: Any) -> int | None:
    year = whole(value)
    return year if year is not None and 1850 <= year <= 2200 else None


def _slug(name: str | None) -> str | None:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or None if name else None
