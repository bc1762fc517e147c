"""The scoreboard: which games a request gets, and the page around them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import days_between, eastern_day, eastern_day_bounds
from precog_assets.simulator.espn import tennis
from precog_assets.simulator.espn.catalog import TYPE_NAMES, Face, season_type, season_words
from precog_assets.simulator.espn.event import Showing, team_event
from precog_assets.simulator.espn.query import BoardQuery
from precog_assets.simulator.espn.records import Records, Tallies
from precog_assets.simulator.espn.teams import conference_ids
from precog_assets.simulator.espn.wire import Json, instant
from precog_assets.simulator.world.model import SimGame, WorldView
from precog_assets.simulator.world.randomness import digest

FEATURED = 12
"""College games that come at most when no group is named."""
EVERYBODY = frozenset({"50", "80", "90"})
CHAMPIONSHIP = "100"
_WEEK_STARTS = 1
"""Football weeks run from Tuesday to Monday."""


class Boards:
    """Scoreboards of one world."""

    def __init__(self, world: WorldView, records: Records) -> None:
        self._world = world
        self._records = records
        self._calendar = lru_cache(maxsize=64)(self._make_calendar)

    def page(self, face: Face, query: BoardQuery, now: datetime) -> Json:
        """The answer to a request at an instant."""
        today = eastern_day(now)
        day = query.day or today
        if face.sport is Sport.TENNIS:
            draws = tennis.running(self._world, face.key, day)
            events = [tennis.tournament_event(self._world, face, games, now) for games in draws]
            season = draws[0][0].season if draws else self.season_at(face, day)
            return self._around(face, query, day, season, 2, events[: query.at_most])
        games = self._chosen(face, query, today)
        season = games[0].season if games else self.season_at(face, day)
        kind = games[0].season_type if games else self._kind_at(face, season, day)
        events = self._events(face, games[: query.at_most], now)
        return self._around(face, query, day, season, kind, events)

    def _chosen(self, face: Face, query: BoardQuery, today: date) -> list[SimGame]:
        games = [game for day in self._days(face, query, today) for game in self._world.games_on(face.key, day)]
        if face.sport is Sport.FOOTBALL:
            if query.year is not None:
                games = [game for game in games if game.season == query.year]
            if query.season_type is not None:
                games = [game for game in games if game.season_type == query.season_type]
            if query.week is not None:
                games = [game for game in games if game.week == query.week]
        return _grouped(games, query.group) if face.college else games

    def _days(self, face: Face, query: BoardQuery, today: date) -> Iterable[date]:
        if query.day is not None:
            return [query.day]
        if query.year is not None and face.sport is Sport.FOOTBALL:
            seasons = self._world.seasons(face.key)
            return days_between(*self._world.season_days(face.key, query.year)) if query.year in seasons else []
        if query.days:
            return query.days
        if face.sport is Sport.FOOTBALL:
            first = today - timedelta(days=(today.weekday() - _WEEK_STARTS) % 7)
            return days_between(first, first + timedelta(days=6))
        return [today]

    def _events(self, face: Face, games: list[SimGame], now: datetime) -> list[Json]:
        tallies: dict[tuple[int, date], Tallies] = {}
        events = []
        for game in games:
            key = (game.season, eastern_day(game.start))
            if key not in tallies:
                tallies[key] = self._records.before(face.key, game.season, key[1], now)
            events.append(team_event(Showing(face, game, self._world.truth(game, now), tallies[key], now)))
        return events

    def season_at(self, face: Face, day: date) -> int:
        """The last season that has begun by a day, or the first one."""
        seasons = self._world.seasons(face.key)
        begun = [season for season in seasons if self._world.season_days(face.key, season)[0] <= day]
        return begun[-1] if begun else seasons[0]

    def _kind_at(self, face: Face, season: int, day: date) -> int:
        """The season type of the last game up to a day; off season after the end."""
        first, last = self._world.season_days(face.key, season)
        if day > last:
            return 4
        for earlier in reversed(days_between(first, day)):
            games = self._world.games_on(face.key, earlier)
            if games:
                return games[-1].season_type
        return 1

    def _around(self, face: Face, query: BoardQuery, day: date, season: int, kind: int, events: list[Json]) -> Json:
        shown = season_type(face, season, kind)[0] if face.stage else kind
        page: Json = {"leagues": [self._league(face, season, shown)]}
        if not query.dated:
            page["season"] = {"type": shown, "year": season}
            if face.sport is Sport.FOOTBALL:
                weeks = [event["week"] for event in events if "week" in event]
                number = weeks[-1]["number"] if weeks and isinstance(weeks[-1], dict) else 1
                page["week"] = {"number": number, "teamsOnBye": []}
            else:
                page["day"] = {"date": day.isoformat()}
        if face.college and query.group:
            page["groups"] = [query.group]
        page["events"] = events
        if face.college and query.group:
            page["eventsDate"] = {"date": instant(eastern_day_bounds(day)[0]), "seasonType": shown}
        page["provider"] = {"id": "100", "priority": 1, "logos": []}
        return page

    def _league(self, face: Face, season: int, shown: int) -> Json:
        first, last = self._world.season_days(face.key, season)
        start, end = instant(eastern_day_bounds(first)[0]), instant(eastern_day_bounds(last)[1])
        words = season_words(face, season)
        name, short = (words, words) if face.stage else TYPE_NAMES[shown]
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
                "type": {"id": "1" if face.stage else str(shown), "type": shown, "name": name, "abbreviation": short},
            },
            "logos": [],
            "calendarType": "list" if face.sport is Sport.FOOTBALL else "day",
            "calendarIsWhitelist": True,
            "calendarStartDate": start,
            "calendarEndDate": end,
            "calendar": self._calendar(face, season),
        }

    def _make_calendar(self, face: Face, season: int) -> list[str] | list[Json]:
        """Days with games, or a football season's weeks; shared between pages, never change it."""
        days = days_between(*self._world.season_days(face.key, season))
        games = [game for day in days for game in self._world.games_on(face.key, day) if game.season == season]
        if face.sport is not Sport.FOOTBALL:
            played = sorted({eastern_day(game.start) for game in games})
            return [instant(eastern_day_bounds(day)[0] + timedelta(hours=3)) for day in played]
        return [_weeks(kind, [game for game in games if game.season_type == kind]) for kind in _kinds(games)]


def _kinds(games: list[SimGame]) -> list[int]:
    return sorted({game.season_type for game in games})


def _weeks(kind: int, games: list[SimGame]) -> Json:
    name, _ = TYPE_NAMES[kind]
    entries: list[Json] = []
    for week in sorted({game.week or 1 for game in games}):
        days = [eastern_day(game.start) for game in games if (game.week or 1) == week]
        detail = f"{min(days):%b} {min(days).day}-{max(days):%b} {max(days).day}"
        entries.append(
            {
                "label": f"Week {week}" if kind == 2 else f"{name} Week {week}",
                "alternateLabel": f"Week {week}",
                "detail": detail,
                "value": str(week),
                "startDate": instant(eastern_day_bounds(min(days))[0]),
                "endDate": instant(eastern_day_bounds(max(days))[1]),
            }
        )
    return {
        "label": name,
        "value": str(kind),
        "startDate": entries[0]["startDate"],
        "endDate": entries[-1]["endDate"],
        "entries": entries,
    }


def _grouped(games: list[SimGame], group: str | None) -> list[SimGame]:
    """College games of a group; without one, a featured dozen."""
    if group is None:
        ranked = sorted(games, key=lambda game: digest("featured", game.event_id))[:FEATURED]
        return [game for game in games if game in ranked]
    championship = [game for game in games if game.season_type == 3 and game.note]
    if group == CHAMPIONSHIP:
        return championship
    if group in EVERYBODY:
        return [game for game in games if game not in championship]
    return [game for game in games if group in (_conference(game, True), _conference(game, False))]


def _conference(game: SimGame, home: bool) -> str | None:
    side = game.home if home else game.away
    found = conference_ids(game.league).get(side.espn_id)
    return found[0] if found else None
