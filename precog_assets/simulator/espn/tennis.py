"""A tennis tournament as an event: whole draws by grouping, whatever day was asked for; majors in both tours' feeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import orjson

from precog_assets.domain.times import days_between, eastern_day, eastern_day_bounds
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.fragments import Fragments
from precog_assets.simulator.espn.pieces import COMMA, Piece, between
from precog_assets.simulator.espn.tennis_match import DOUBLES, SINGLES, athlete, place_of, tour
from precog_assets.simulator.espn.wire import Json, instant, link, status
from precog_assets.simulator.world.model import SimGame, WorldView

LONGEST = timedelta(days=15)
"""From the first to the last day of a tournament at most."""
TOURS = ("atp", "wta")
_LATE_ROUNDS = frozenset({"Quarterfinal", "Semifinal", "Final"})
"""Rounds the doubles draw is played in."""


class Tournaments:
    """The tournaments of one world."""

    def __init__(self, world: WorldView, fragments: Fragments) -> None:
        self._world = world
        self._fragments = fragments

    def running(self, league: str, first: date, last: date) -> list[list[SimGame]]:
        """The matches of each tournament of a feed that has a day between two, by tournament.

        A tournament both tours hold under one id comes whole, men and women.
        """
        own = self._draws(league, first, last)
        others = [other for other in TOURS if other != league and other in self._world.leagues]
        for other in others:
            for number, games in self._draws(other, first, last).items():
                if number in own:
                    own[number] += games
        return [games for _, games in sorted(own.items()) if _overlaps(games, first, last)]

    def _draws(self, league: str, first: date, last: date) -> dict[str, list[SimGame]]:
        draws: dict[str, list[SimGame]] = {}
        for near in days_between(first - LONGEST, last + LONGEST):
            for game in self._world.games_on(league, near):
                draws.setdefault(game.tournament_id or "", []).append(game)
        return draws

    def event(self, face: Face, games: Sequence[SimGame], now: datetime) -> tuple[Piece, ...]:
        """The event with a grouping for each draw, matches by start."""
        head, _, tail = orjson.dumps(self._around(face, games, now)).partition(b'"groupings":[]')
        groupings: list[Piece] = []
        for league in (face.key, *(other for other in TOURS if other != face.key)):
            own = [game for game in games if tour(game) == league]
            late = [game for game in own if game.round_name in _LATE_ROUNDS]
            for kind, chosen, doubles in ((SINGLES, own, False), (DOUBLES, late, True)):
                if chosen:
                    matches = [self._fragments.match(face, game, now, doubles=doubles) for game in chosen]
                    groupings += [COMMA] if groupings else []
                    groupings += _grouping(kind[league], matches)
        return (Piece(head + b'"groupings":['), *groupings, Piece(b"]" + tail))

    def _around(self, face: Face, games: Sequence[SimGame], now: datetime) -> Json:
        first, last = min(games, key=_start), max(games, key=_start)
        number = first.tournament_id or ""
        start, _ = eastern_day_bounds(eastern_day(first.start))
        last_day, end = eastern_day_bounds(eastern_day(last.start))
        latest = self._latest(games, now)
        return {
            "id": number,
            "uid": face.event_uid(number),
            "date": instant(start),
            "endDate": instant(end - timedelta(minutes=1)),
            "major": any(game.best_of == 5 for game in games),
            "name": first.tournament_name,
            "shortName": first.tournament_name,
            "season": {"year": first.season, "type": first.season_type},
            "groupings": [],
            "status": status(self._world.truth(latest, now), latest, face.sport, self._world.listing(latest, now)),
            "venue": {"displayName": place_of(first)},
            "links": [
                link(rel, f"https://www.espn.com/tennis/{rel}/_/eventId/{number}", text) | {"isHidden": False}
                for rel, text in (("summary", "Summary"), ("bracket", "Bracket"))
            ],
            "previousWinners": [self._champion(league) for league in TOURS if any(tour(g) == league for g in games)],
            "calendar": {
                "type": "day",
                "timeZone": "America/New_York",
                "startDate": instant(start),
                "endDate": instant(last_day),
                "calendar": [
                    instant(eastern_day_bounds(day)[0]) for day in sorted({eastern_day(_start(game)) for game in games})
                ],
            },
        }

    def _latest(self, games: Sequence[SimGame], now: datetime) -> SimGame:
        """The match whose status stands for the event's, which is of no use: one that is over while others play."""
        begun = [game for game in games if game.start <= now]
        over = [game for game in begun if self._world.truth(game, now).completed]
        return (over or begun or list(games))[-1]

    def _champion(self, league: str) -> Json:
        """Last year's: the first of the tour's players."""
        one = self._world.teams(league)[0]
        number, slug, words = SINGLES[league]
        shown = athlete(one)
        return {
            "displayName": one.display_name,
            "shortDisplayName": shown["shortName"],
            "type": {"id": number, "text": words, "slug": slug},
            "links": shown["links"],
        }


def _start(game: SimGame) -> datetime:
    return game.start


def _overlaps(games: Sequence[SimGame], first: date, last: date) -> bool:
    days = [eastern_day(game.start) for game in games]
    return min(days) <= last and first <= max(days)


def _grouping(kind: tuple[str, str, str], matches: Sequence[Piece]) -> tuple[Piece, ...]:
    named = orjson.dumps({"id": kind[0], "slug": kind[1], "displayName": kind[2]})
    return between(b'{"grouping":' + named + b',"competitions":[', matches, b"]}")
