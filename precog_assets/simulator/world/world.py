"""The world itself: seasons, games by day, and the truth of each game at an instant, as pure functions of settings.

No clock and no I/O: the caller brings the instant. Everything is made when first asked for and kept
in caches of bounded size; two worlds of equal settings give equal answers, in any process. A postseason
follows from the regular season's results, so it is made apart, when one of its days is asked for.

Event ids are `4PPNNNNNN`: PP comes from seed and anchor, so that games of different worlds rarely
share an id; the rest from league, season and the game's number. Ids are stable for given settings.
A world is as old as its anchor: keep the anchor with whatever stores its games.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world.calendars import SeasonPlan, together_plans
from precog_assets.simulator.world.fixtures import Fixture, Outcome, Play
from precog_assets.simulator.world.model import Listing, SimGame, SimTeam, Truth
from precog_assets.simulator.world.play.frame import waiting
from precog_assets.simulator.world.randomness import digest
from precog_assets.simulator.world.real_calendar import real_plans
from precog_assets.simulator.world.roster import TENNIS, conferences, league_teams
from precog_assets.simulator.world.rules import make_rules
from precog_assets.simulator.world.season import Numbered, SeasonMaker
from precog_assets.simulator.world.settings import WorldSettings
from precog_assets.simulator.world.stages import (
    announcement,
    before_play,
    ending_with_pauses,
    is_listed,
    listing,
    with_pauses,
)
from precog_assets.simulator.world.strength import Strengths, gap

Part = Literal["regular", "postseason"]
PARTS: tuple[Part, ...] = ("regular", "postseason")
_SEASONS_A_LEAGUE = 3
_COURSES = 384
_ENDINGS = 8192


@dataclass(frozen=True, slots=True)
class _Games:
    """Games of a part of a season, by Eastern day."""

    played: Mapping[date, tuple[SimGame, ...]]
    """By the day of the true start."""
    shown: Mapping[date, tuple[SimGame, ...]]
    """By every day the schedule ever had them on."""


class World:
    """A simulated world; implements `WorldView`. Raises ConfigurationError for a league it does not play."""

    def __init__(self, settings: WorldSettings) -> None:
        self.settings = settings
        rows = load_leagues()
        known = list(rows)
        self._order = {key: known.index(key) for key in settings.leagues}
        self._rules = {key: make_rules(key) for key in settings.leagues}
        self._prefix = 400 + digest(settings.seed, settings.anchor.isoformat(), settings.calendar) % 100
        plans = {"together": together_plans, "real": real_plans}[settings.calendar]
        seasons = {key: plans(rows[key], settings.anchor_day) for key in settings.leagues}
        self._plans = {key: {plan.label: plan for plan in seasons[key]} for key in settings.leagues}
        self._teams = {key: league_teams(key, settings) for key in settings.leagues}
        self._strengths = {
            key: Strengths(
                key, settings.seed, self._teams[key], {} if key in TENNIS else conferences(key), seasons[key]
            )
            for key in settings.leagues
        }
        self._makers = {
            key: SeasonMaker(key, settings, self._teams[key], self._strengths[key]) for key in settings.leagues
        }
        size = _SEASONS_A_LEAGUE * len(settings.leagues)
        self._numbered = lru_cache(maxsize=size)(self._make_numbered)
        self._games = lru_cache(maxsize=len(PARTS) * size)(self._make_games)
        self._course = lru_cache(maxsize=_COURSES)(self._make_course)
        self._ending = lru_cache(maxsize=_ENDINGS)(self._make_ending)
        self._stages = lru_cache(maxsize=_ENDINGS)(self._make_stages)

    @property
    def leagues(self) -> tuple[str, ...]:
        return self.settings.leagues

    def seasons(self, league: str) -> tuple[int, ...]:
        return tuple(self._plans_of(league))

    def season_days(self, league: str, season: int) -> tuple[date, date]:
        """First and last Eastern day with games of any kind. Raises ValueError for a season it does not have."""
        days = self.game_days(league, season)
        return days[0], days[-1]

    def game_days(self, league: str, season: int) -> list[date]:
        """The Eastern days of a season that have games, in order. Raises ValueError for a season it does not have."""
        plans = self._plans_of(league)
        if season not in plans:
            raise ValueError(f"{league} has no season {season} in this world; it has {', '.join(map(str, plans))}.")
        return sorted({day for part in PARTS for day in self._games(league, season, part).played})

    def teams(self, league: str) -> tuple[SimTeam, ...]:
        self._plans_of(league)
        return self._teams[league]

    def games_on(self, league: str, day: date) -> list[SimGame]:
        games = [game for part in self._parts(league, day) for game in part.played.get(day, ())]
        return sorted(games, key=lambda game: (game.start, game.event_id))

    def listed_on(self, league: str, day: date, now: datetime) -> list[SimGame]:
        found = [
            (announcement(game, now).start, game.event_id, game)
            for part in self._parts(league, day)
            for game in part.shown.get(day, ())
            if is_listed(game, now)
        ]
        return [game for start, _, game in sorted(found, key=lambda one: one[:2]) if eastern_day(start) == day]

    def listing(self, game: SimGame, now: datetime) -> Listing:
        return listing(game, now)

    def truth(self, game: SimGame, now: datetime) -> Truth:
        if game.fate != "played" or now < game.start:
            return _at(self._stages(game), now)
        ending = self._ending(game)
        return ending if now >= ending.at else _at(self.timeline(game), now)

    def timeline(self, game: SimGame) -> tuple[Truth, ...]:
        return self._course(game)

    def ending(self, game: SimGame) -> Truth:
        """The last state the game reaches; cheaper than its timeline."""
        return self._ending(game)

    def _plans_of(self, league: str) -> Mapping[int, SeasonPlan]:
        if league not in self._plans:
            raise ValueError(f"{league!r} is not played in this world; it has {', '.join(self.leagues)}.")
        return self._plans[league]

    def _parts(self, league: str, day: date) -> Iterator[_Games]:
        """The parts of seasons that may have games on a day."""
        for season, plan in self._plans_of(league).items():
            if plan.may_hold_regular(day):
                yield self._games(league, season, "regular")
            if plan.may_hold_postseason(day):
                yield self._games(league, season, "postseason")

    def _chance(self, game: SimGame) -> int:
        return digest(self.settings.seed, game.league, game.event_id, "play")

    def _make_ending(self, game: SimGame) -> Truth:
        if game.fate != "played":
            return self._stages(game)[-1]
        return ending_with_pauses(game, self._rules[game.league].ending(game, self._chance(game)))

    def _make_course(self, game: SimGame) -> tuple[Truth, ...]:
        if game.fate != "played":
            return self._stages(game)
        course = self._rules[game.league].course(game, self._chance(game))
        return (*self._stages(game), *with_pauses(game, course))

    def _make_stages(self, game: SimGame) -> tuple[Truth, ...]:
        sport = load_leagues()[game.league].sport
        display = {Sport.BASKETBALL: "0.0", Sport.TENNIS: ""}.get(sport, "0:00")
        period = 1 if sport is Sport.BASEBALL else 0
        scheduled = waiting(game, self._rules[game.league].before(game), period=period, display_clock=display)
        return before_play(game, scheduled)

    def _play(self, league: str, plan: SeasonPlan) -> Play:
        """Plays fixtures of a season, so that others can follow from them."""

        def play(number: int, fixture: Fixture) -> Outcome:
            game = self._game(league, plan, number, fixture)
            ending = self._ending(game)
            through = ending.advanced or ending.winner
            return Outcome(
                winner=game.away if through == "away" else game.home,
                level=ending.winner == "draw" and ending.advanced is None,
                home_score=ending.home_score,
                away_score=ending.away_score,
                over_at=ending.at,
            )

        return play

    def _make_numbered(self, league: str, season: int) -> Numbered:
        plan = self._plans[league][season]
        return self._makers[league].regular(plan, self._play(league, plan))

    def _make_games(self, league: str, season: int, part: Part) -> _Games:
        plan, numbered = self._plans[league][season], self._numbered(league, season)
        if part == "postseason":
            numbered = self._makers[league].postseason(plan, numbered, self._play(league, plan))
        games = [self._game(league, plan, number, fixture) for number, fixture in numbered]
        return _Games(
            played=_by_day(games, lambda game: (game.start,)),
            shown=_by_day(games, lambda game: [one.start for one in game.announced] or (game.start,)),
        )

    def _game(self, league: str, plan: SeasonPlan, number: int, fixture: Fixture) -> SimGame:
        slot = _SEASONS_A_LEAGUE * self._order[league] + plan.index
        day, strengths = eastern_day(fixture.start), self._strengths[league]
        home, away = strengths.at(fixture.home.espn_id, plan, day), strengths.at(fixture.away.espn_id, plan, day)
        return SimGame(
            event_id=f"{self._prefix}{slot:02d}{number:04d}",
            league=league,
            season=plan.label,
            season_type=fixture.season_type,
            week=fixture.week,
            start=fixture.start,
            home=fixture.home,
            away=fixture.away,
            neutral=fixture.neutral,
            home_gap=gap(home, away, league, neutral=fixture.neutral),
            tournament_id=fixture.tournament_id,
            tournament_name=fixture.tournament_name,
            round_name=fixture.round_name,
            best_of=fixture.best_of,
            home_known_from=fixture.home_known_from,
            away_known_from=fixture.away_known_from,
            fate=fixture.fate,
            exhibition=fixture.exhibition,
            knockout=fixture.knockout,
            first_leg_lead=fixture.first_leg_lead,
            series=fixture.series,
            announced=fixture.history,
            off_from=fixture.off_from,
            off_until=fixture.off_until,
            pauses=fixture.pauses,
        )


def _at(states: tuple[Truth, ...], now: datetime) -> Truth:
    """The last state begun by an instant; the first one before all."""
    return states[max(0, bisect_right(states, now, key=lambda truth: truth.at) - 1)]


def _by_day(
    games: Iterable[SimGame], starts: Callable[[SimGame], Iterable[datetime]]
) -> dict[date, tuple[SimGame, ...]]:
    days: dict[date, list[SimGame]] = {}
    for game in games:
        for day in {eastern_day(start) for start in starts(game)}:
            days.setdefault(day, []).append(game)
    return {day: tuple(found) for day, found in days.items()}
