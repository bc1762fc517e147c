"""The world itself: seasons, games by day, and the truth of each game at an instant, as pure functions of settings.

No clock and no I/O: the caller brings the instant. Everything is made when first asked for and kept
in caches of bounded size; two worlds of equal settings give equal answers, in any process.

Event ids are `4PPNNNNNN`: PP comes from seed and anchor, so that games of different worlds rarely
share an id; the rest from league, season and the game's number. Ids are stable for given settings.
A world is as old as its anchor: keep the anchor with whatever stores its games.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from random import Random

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world.calendars import SeasonPlan, season_plans
from precog_assets.simulator.world.fixtures import Fixture
from precog_assets.simulator.world.model import Announced, Listing, SimGame, SimTeam, Truth
from precog_assets.simulator.world.play.baseball import Baseball
from precog_assets.simulator.world.play.basketball import COURTS, Basketball
from precog_assets.simulator.world.play.football import FIELDS, Football
from precog_assets.simulator.world.play.frame import Rules, waiting
from precog_assets.simulator.world.play.hockey import Hockey
from precog_assets.simulator.world.play.soccer import Soccer
from precog_assets.simulator.world.play.tennis import Tennis
from precog_assets.simulator.world.postseason import postseason_fixtures
from precog_assets.simulator.world.randomness import digest, stream
from precog_assets.simulator.world.roster import conferences, gap, league_teams, strengths
from precog_assets.simulator.world.schedule_baseball import baseball_fixtures
from precog_assets.simulator.world.schedule_college import college_fixtures
from precog_assets.simulator.world.schedule_football import football_fixtures
from precog_assets.simulator.world.schedule_nightly import nightly_fixtures
from precog_assets.simulator.world.schedule_soccer import soccer_fixtures
from precog_assets.simulator.world.schedule_tennis import tennis_fixtures
from precog_assets.simulator.world.settings import WorldSettings
from precog_assets.simulator.world.slate import settle_slate

CALLED_OFF = timedelta(minutes=90)
"""How long before its start a postponed game is called off."""
_COURSES = 384
_ENDINGS = 8192


def make_rules(league: str) -> Rules:
    """The rules of a league's games, with caches of their own."""
    if league in COURTS:
        return Basketball(COURTS[league])
    if league in FIELDS:
        return Football(FIELDS[league])
    if league in _OTHERS:
        return _OTHERS[league]()
    raise ConfigurationError(f"The simulated world has no rules for league {league!r}; leave it out of its leagues.")


_OTHERS = {
    "nhl": Hockey,
    "mlb": Baseball,
    "epl": lambda: Soccer(2.85),
    "ligue1": lambda: Soccer(2.75),
    "mls": lambda: Soccer(2.9),
    "atp": lambda: Tennis(0.79),
    "wta": lambda: Tennis(0.66),
}


class World:
    """A simulated world; implements `WorldView`. Raises ConfigurationError for a league it does not play."""

    def __init__(self, settings: WorldSettings) -> None:
        self.settings = settings
        known = list(load_leagues())
        self._order = {key: known.index(key) for key in settings.leagues}
        self._rules = {key: make_rules(key) for key in settings.leagues}
        self._prefix = 400 + digest(settings.seed, settings.anchor.isoformat()) % 100
        self._plans = {
            key: {plan.label: plan for plan in season_plans(load_leagues()[key], settings.anchor_day)}
            for key in settings.leagues
        }
        self._teams = {key: league_teams(key, settings) for key in settings.leagues}
        self._schedule = lru_cache(maxsize=2 * len(settings.leagues))(self._make_schedule)
        self._course = lru_cache(maxsize=_COURSES)(self._make_course)
        self._ending = lru_cache(maxsize=_ENDINGS)(self._make_ending)
        self._waiting = lru_cache(maxsize=_ENDINGS)(self._make_waiting)

    @property
    def leagues(self) -> tuple[str, ...]:
        return self.settings.leagues

    def seasons(self, league: str) -> tuple[int, ...]:
        return tuple(self._plans_of(league))

    def season_days(self, league: str, season: int) -> tuple[date, date]:
        """First and last Eastern day with games of any kind. Raises ValueError for a season it does not have."""
        plans = self._plans_of(league)
        if season not in plans:
            raise ValueError(f"{league} has no season {season} in this world; it has {', '.join(map(str, plans))}.")
        days = self._schedule(league, season)
        return min(days), max(days)

    def teams(self, league: str) -> tuple[SimTeam, ...]:
        self._plans_of(league)
        return self._teams[league]

    def games_on(self, league: str, day: date) -> list[SimGame]:
        seasons = [season for season, plan in self._plans_of(league).items() if plan.may_hold(day)]
        games = [game for season in seasons for game in self._schedule(league, season).get(day, ())]
        return sorted(games, key=lambda game: (game.start, game.event_id))

    def listed_on(self, league: str, day: date, now: datetime) -> list[SimGame]:  # noqa: ARG002
        return self.games_on(league, day)

    def listing(self, game: SimGame, now: datetime) -> Listing:
        known = game.known_from is None or now >= game.known_from
        return Listing(start=game.start, time_valid=known, home_known=known, away_known=known, note=game.note)

    def game_days(self, league: str, season: int) -> list[date]:
        """The Eastern days of a season that have games, in order."""
        self.season_days(league, season)
        return sorted(self._schedule(league, season))

    def truth(self, game: SimGame, now: datetime) -> Truth:
        if game.postponed or now < game.start:
            return self._unplayed(game, now)
        ending = self._ending(game)
        if now >= ending.at:
            return ending
        course = self.timeline(game)
        return course[bisect_right(course, now, key=lambda truth: truth.at) - 1]

    def timeline(self, game: SimGame) -> tuple[Truth, ...]:
        return self._course(game)

    def ending(self, game: SimGame) -> Truth:
        """The last state the game reaches; cheaper than its timeline."""
        return self._called_off(game) if game.postponed else self._ending(game)

    def _plans_of(self, league: str) -> Mapping[int, SeasonPlan]:
        if league not in self._plans:
            raise ValueError(f"{league!r} is not played in this world; it has {', '.join(self.leagues)}.")
        return self._plans[league]

    def _chance(self, game: SimGame) -> int:
        return digest(self.settings.seed, game.league, game.event_id, "play")

    def _make_ending(self, game: SimGame) -> Truth:
        return self._rules[game.league].ending(game, self._chance(game))

    def _make_course(self, game: SimGame) -> tuple[Truth, ...]:
        if game.postponed:
            return (self._waiting(game), self._called_off(game))
        return (self._waiting(game), *self._rules[game.league].course(game, self._chance(game)))

    def _make_waiting(self, game: SimGame) -> Truth:
        sport = load_leagues()[game.league].sport
        display = {Sport.BASKETBALL: "0.0", Sport.TENNIS: ""}.get(sport, "0:00")
        period = 1 if sport is Sport.BASEBALL else 0
        return waiting(game, self._rules[game.league].before(game), period=period, display_clock=display)

    def _called_off(self, game: SimGame) -> Truth:
        return replace(
            self._waiting(game),
            at=game.start - CALLED_OFF,
            state="post",
            status="STATUS_POSTPONED",
            detail="Postponed",
            void=True,
        )

    def _unplayed(self, game: SimGame, now: datetime) -> Truth:
        if game.postponed and now >= game.start - CALLED_OFF:
            return self._called_off(game)
        return self._waiting(game)

    def _make_schedule(self, league: str, season: int) -> dict[date, tuple[SimGame, ...]]:
        plan = self._plans[league][season]
        strength = strengths(league, self.settings, current=plan.current)
        numbered = self._fixtures(league, plan, strength)
        days: dict[date, list[SimGame]] = {}
        for number, fixture in numbered:
            game = self._game(league, plan, strength, number, fixture)
            days.setdefault(eastern_day(game.start), []).append(game)
        return {day: tuple(games) for day, games in days.items()}

    def _fixtures(self, league: str, plan: SeasonPlan, strength: Mapping[str, float]) -> list[tuple[int, Fixture]]:
        rng = stream(self.settings.seed, league, plan.label, plan.first_monday, "schedule")
        teams = self._teams[league]

        def winner(number: int, fixture: Fixture) -> tuple[SimTeam, datetime]:
            game = self._game(league, plan, strength, number, fixture)
            ending = self._ending(game)
            return (game.home if ending.winner == "home" else game.away), ending.at

        if load_leagues()[league].sport is Sport.TENNIS:
            return tennis_fixtures(league, plan, teams, strength, rng, winner)
        regular = self._regular(league, plan, teams, rng)
        if plan.current:
            regular = settle_slate(regular, load_leagues()[league].sport, self.settings.anchor)
        regular.sort(key=lambda fixture: (fixture.start, fixture.home.espn_id))
        return [*enumerate(regular), *postseason_fixtures(league, plan, teams, strength, winner)]

    def _regular(self, league: str, plan: SeasonPlan, teams: tuple[SimTeam, ...], rng: Random) -> list[Fixture]:
        if league == "nfl":
            return football_fixtures(plan, teams, rng)
        if league == "mlb":
            return baseball_fixtures(plan, teams, rng)
        sport = load_leagues()[league].sport
        if sport is Sport.SOCCER:
            return soccer_fixtures(league, plan, teams, rng)
        if league.startswith(("ncaa", "wncaa")):
            return college_fixtures(league, plan, teams, conferences(league), rng)
        return nightly_fixtures(league, plan, teams, rng)

    def _game(
        self, league: str, plan: SeasonPlan, strength: Mapping[str, float], number: int, fixture: Fixture
    ) -> SimGame:
        slot = 2 * self._order[league] + plan.current
        home, away = strength[fixture.home.espn_id], strength[fixture.away.espn_id]
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
            home_known_from=fixture.known_from,
            away_known_from=fixture.known_from,
            fate="postponed" if fixture.postponed else "played",
            announced=(Announced(None, fixture.start, note=fixture.note),) if fixture.note else (),
            off_from=fixture.start - CALLED_OFF if fixture.postponed else None,
        )
