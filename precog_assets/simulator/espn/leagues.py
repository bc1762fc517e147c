"""`leagues[0]` of a board: the league, its season, and its calendar of days or weeks."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import days_between, eastern_day, eastern_day_bounds
from precog_assets.simulator.espn.catalog import TYPE_NAMES, Face, season_words, stage_type
from precog_assets.simulator.espn.wire import Json, instant
from precog_assets.simulator.world.model import SimGame, WorldView

PACIFIC = timedelta(hours=3)
"""ESPN's calendars name a day by its midnight on the Pacific coast."""
_MINUTE = timedelta(minutes=1)
_BLACKLISTED = frozenset({"mlb"})
"""Leagues whose calendar lists the days without games."""
_PLAYOFFS = {
    1: ("Wild Card", "Wild Card"),
    2: ("Divisional Round", "Div Rd"),
    3: ("Conference Championship", "Conf Champ"),
    4: ("Pro Bowl", "Pro Bowl"),
    5: ("Super Bowl", "Super Bowl"),
}


class Leagues:
    """The head of the boards of one world."""

    def __init__(self, world: WorldView) -> None:
        self._world = world
        self._calendar = lru_cache(maxsize=64)(self._make_calendar)

    def league(self, face: Face, season: int, kind: int) -> Json:
        """`leagues[0]` in a season type: 1 to 3 while games are played, 4 after them."""
        first, last = self._world.season_days(face.key, season)
        start, end = _span(face, first, last)
        words = season_words(face, season)
        name, short = (words, words) if face.stage else TYPE_NAMES[kind]
        number = str(kind) if face.stage is None else "1"
        league: Json = {"id": face.league_id, "uid": face.uid, "name": face.name, "abbreviation": face.abbreviation}
        if face.midsize:
            league["midsizeName"] = face.midsize
        return league | {
            "slug": face.slug,
            "season": {
                "year": season,
                "startDate": start,
                "endDate": end,
                "displayName": words,
                "type": {
                    "id": number,
                    "type": stage_type(face, season, kind),
                    "name": name,
                    "abbreviation": short,
                },
            },
            "logos": [
                {
                    "href": f"https://a.espncdn.com/i/teamlogos/leagues/{folder}/{face.slug}.png",
                    "width": 500,
                    "height": 500,
                    "alt": "",
                    "rel": ["full", word],
                    "lastUpdated": "2026-01-15T12:00Z",
                }
                for folder, word in (("500", "default"), ("500-dark", "dark"))
            ],
            "calendarType": "list" if face.sport is Sport.FOOTBALL else "day",
            "calendarIsWhitelist": face.key not in _BLACKLISTED,
            "calendarStartDate": start,
            "calendarEndDate": end,
            "calendar": self._calendar(face, season),
        }

    def weeks(self, face: Face, season: int) -> list[Json]:
        """A football season's weeks by season type."""
        return [entry for entry in self._calendar(face, season) if isinstance(entry, dict)]

    def days(self, league: str, season: int) -> list[date]:
        """The Eastern days of a season with games."""
        days = days_between(*self._world.season_days(league, season))
        return [day for day in days if any(game.season == season for game in self._world.games_on(league, day))]

    def _make_calendar(self, face: Face, season: int) -> list[str] | list[Json]:
        """Days with games (or without), or a football season's weeks; shared between pages, never change it."""
        every = days_between(*self._world.season_days(face.key, season))
        if face.sport is not Sport.FOOTBALL:
            played = set(self.days(face.key, season))
            wanted = [day for day in every if (day in played) != (face.key in _BLACKLISTED)]
            return [instant(eastern_day_bounds(day)[0] + PACIFIC) for day in wanted]
        games = [game for day in every for game in self._world.games_on(face.key, day) if game.season == season]
        kinds = sorted({game.season_type for game in games})
        lists = [_weeks(face, kind, [game for game in games if game.season_type == kind]) for kind in kinds]
        return [*lists, _off_season(face, every[-1])]


def _span(face: Face, first: date, last: date) -> tuple[str, str]:
    """Begin and end of a stretch of days, the end a minute before the next begins."""
    late = timedelta(0) if face.sport is Sport.SOCCER else PACIFIC
    return instant(eastern_day_bounds(first)[0] + late), instant(eastern_day_bounds(last)[1] + late - _MINUTE)


def _labels(face: Face, kind: int, week: int) -> tuple[str, str]:
    """Preseason weeks are named one lower than they are numbered (Q11); playoff weeks by their round."""
    if kind == 1:
        return ("Hall of Fame Weekend", "HOF") if week == 1 else (f"Preseason Week {week - 1}", f"Pre Wk {week - 1}")
    if kind == 3 and face.key == "nfl" and week in _PLAYOFFS:
        return _PLAYOFFS[week]
    if kind == 3:
        return f"Postseason Week {week}", f"Post Wk {week}"
    return f"Week {week}", f"Week {week}"


def _weeks(face: Face, kind: int, games: list[SimGame]) -> Json:
    entries: list[Json] = []
    for week in sorted({game.week or 1 for game in games}):
        days = [eastern_day(game.start) for game in games if (game.week or 1) == week]
        label, short = _labels(face, kind, week)
        begins, ends = _span(face, min(days), max(days))
        entries.append(
            {
                "label": label,
                "alternateLabel": short,
                "detail": f"{min(days):%b} {min(days).day}-{max(days):%b} {max(days).day}",
                "value": str(week),
                "startDate": begins,
                "endDate": ends,
            }
        )
    return {
        "label": TYPE_NAMES[kind][0],
        "value": str(kind),
        "startDate": entries[0]["startDate"],
        "endDate": entries[-1]["endDate"],
        "entries": entries,
    }


def _off_season(face: Face, last: date) -> Json:
    begins, ends = _span(face, last + timedelta(days=1), last + timedelta(days=150))
    week: Json = {"label": "Week 1", "alternateLabel": "Week 1", "detail": "", "value": "1"}
    return {
        "label": "Off Season",
        "value": "4",
        "startDate": begins,
        "endDate": ends,
        "entries": [week | {"startDate": begins, "endDate": ends}],
    }
