"""A hand-made world of a few games whose truth can be read off: the venue's tests need no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world.model import Listing, SimGame, SimTeam, Truth

NOW = datetime(2026, 11, 22, 18, 40, 7, 250_000, tzinfo=UTC)
"""A Sunday, 13:40 Eastern, in the first half of the early NFL games."""


def team(league: str, number: int, code: str, location: str, name: str) -> SimTeam:
    return SimTeam(league, str(number), code, location, name, f"{location} {name}", code)


DAL, TB = team("nfl", 6, "DAL", "Dallas", "Cowboys"), team("nfl", 27, "TB", "Tampa Bay", "Buccaneers")
NYG, NYJ = team("nfl", 19, "NYG", "New York", "Giants"), team("nfl", 20, "NYJ", "New York", "Jets")
SEA, LAD = team("mlb", 12, "SEA", "Seattle", "Mariners"), team("mlb", 19, "LAD", "Los Angeles", "Dodgers")
CRY, MCI = team("epl", 384, "CRY", "Crystal Palace", "Crystal Palace"), team("epl", 382, "MCI", "Man City", "Man City")
ZVE, DAR = team("atp", 1, "ZVE", "", "Zverev"), team("atp", 2, "DAR", "", "Darderi")
ZH1, ZH2 = team("wta", 5, "ZHA", "", "Zhang"), team("wta", 6, "ZHA", "", "Zhang")


def game(event_id: str, league: str, start: datetime, away: SimTeam, home: SimTeam, gap: float) -> SimGame:
    return SimGame(event_id, league, 2026, 2, None, start, home, away, neutral=False, home_gap=gap)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


LIVE = game("1", "nfl", at("2026-11-22T18:00"), TB, DAL, 40.0)
TIED = game("2", "nfl", at("2026-11-21T18:00"), NYJ, NYG, -10.0)
POSTPONED = game("3", "nfl", at("2026-11-19T18:00"), DAL, TB, 5.0)
SOON = game("4", "nfl", at("2026-11-27T01:15"), NYG, DAL, 90.0)
FAR = game("5", "nfl", at("2026-11-29T20:00"), TB, NYJ, 0.0)
OLD = game("6", "nfl", at("2026-11-08T18:00"), TB, NYG, 12.0)
ANCIENT = game("7", "nfl", at("2025-12-14T18:00"), NYG, TB, 12.0)
TWIN_1 = game("8", "mlb", at("2026-11-22T17:35"), SEA, LAD, 30.0)
TWIN_2 = game("9", "mlb", at("2026-11-23T02:10"), SEA, LAD, 25.0)
SOCCER = game("10", "epl", at("2026-11-22T14:00"), MCI, CRY, -80.0)
TENNIS = game("11", "atp", at("2026-11-23T15:00"), ZVE, DAR, 15.0)
NAMESAKES = game("12", "wta", at("2026-11-23T16:00"), ZH1, ZH2, 15.0)
GAMES = (LIVE, TIED, POSTPONED, SOON, FAR, OLD, ANCIENT, TWIN_1, TWIN_2, SOCCER, TENNIS, NAMESAKES)


class TinyWorld:
    """A WorldView over GAMES: a state a minute, the leader ever more likely, over after three hours."""

    def __init__(self) -> None:
        self._timelines: dict[str, tuple[Truth, ...]] = {}

    @property
    def leagues(self) -> tuple[str, ...]:
        return ("nfl", "mlb", "epl", "atp", "wta")

    def games_on(self, league: str, day: date) -> list[SimGame]:
        found = [g for g in GAMES if g.league == league and eastern_day(g.start) == day]
        return sorted(found, key=lambda g: (g.start, g.event_id))

    def listed_on(self, league: str, day: date, now: datetime) -> list[SimGame]:
        return self.games_on(league, day)

    def listing(self, game: SimGame, now: datetime) -> Listing:
        return Listing(start=game.start, time_valid=True, home_known=True, away_known=True)

    def season_days(self, league: str, season: int) -> tuple[date, date]:
        days = [eastern_day(g.start) for g in GAMES if g.league == league]
        return min(days), max(days)

    def seasons(self, league: str) -> tuple[int, ...]:
        return (2026,)

    def teams(self, league: str) -> tuple[SimTeam, ...]:
        return tuple({t for g in GAMES if g.league == league for t in (g.home, g.away)})

    def truth(self, game: SimGame, now: datetime) -> Truth:
        states = self.timeline(game)
        return next((state for state in reversed(states) if state.at <= now), states[0])

    def timeline(self, game: SimGame) -> tuple[Truth, ...]:
        if game.event_id not in self._timelines:
            self._timelines[game.event_id] = tuple(_states(game))
        return self._timelines[game.event_id]


def _states(game: SimGame) -> list[Truth]:
    draw = 0.25 if game.league == "epl" else 0.0
    home = (1 - draw) / (1 + 10 ** (-game.home_gap / 400))
    first = Truth(
        at=game.start - timedelta(days=30),
        state="pre",
        status="STATUS_SCHEDULED",
        completed=False,
        period=0,
        clock_s=0.0,
        display_clock="0:00",
        detail="",
        home_score=0,
        away_score=0,
        home_lines=(),
        away_lines=(),
        home_win=home,
        draw=draw,
        away_win=1 - draw - home,
    )
    if game is POSTPONED:
        return [first, replace(first, at=game.start, state="post", status="STATUS_POSTPONED")]
    states = [first]
    for minute in range(180):
        shift = 0.08 * ((minute // 10) % 3 - 1)
        now_home = min(max(home + shift, 0.02), 0.97 - draw)
        states.append(
            replace(
                first,
                at=game.start + timedelta(minutes=minute),
                state="in",
                status="STATUS_IN_PROGRESS",
                period=1,
                home_win=now_home,
                away_win=1 - draw - now_home,
            )
        )
    winner = "draw" if game is TIED else "away" if game is SOCCER else "home"
    states.append(
        replace(
            first,
            at=game.start + timedelta(hours=3),
            state="post",
            status="STATUS_FINAL",
            completed=True,
            winner=winner,
            home_win=float(winner == "home"),
            draw=float(winner == "draw"),
            away_win=float(winner == "away"),
        )
    )
    return states
