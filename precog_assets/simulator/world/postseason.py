"""The postseasons of the professional leagues: seeds from the table, then each league's own rounds.

Belongs here: who meets whom, when, in how many games. College championships are in `championship`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from precog_assets.simulator.world.brackets import Entrant, Ladder, Stage, neighbours, reseeded, seeded
from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Outcome, Slot, on
from precog_assets.simulator.world.guests import ALL_STARS, former_clubs
from precog_assets.simulator.world.model import SimTeam

SEVEN = (0, 2, 4, 6, 8, 10, 12)
_SEVEN_OF_BASEBALL = (0, 1, 3, 4, 5, 7, 8)
_FIVE_OF_BASEBALL = (0, 1, 3, 4, 6)
_AFTERNOON: tuple[Slot, ...] = ((13, 0), (16, 30), (20, 15), (15, 0))
_SUNDAY_PAIR: tuple[Slot, ...] = ((15, 5), (18, 40))
_SUPER_BOWL: tuple[Slot, ...] = ((18, 30),)
_RELEGATED_PLACE = -3
"""Place in Ligue 1's table that plays for its place against a club from below."""
_PLAY_OFF: Slot = (14, 45)


@dataclass(frozen=True, slots=True)
class Table:
    """A league's table at the end of the regular season."""

    ranked: tuple[SimTeam, ...]
    """The best first."""
    decided_at: datetime
    """When its last game was over."""

    def entrants(self, count: int, members: Callable[[SimTeam], bool] = lambda _: True) -> list[Entrant]:
        """The best of some teams, seeded from 1."""
        chosen = [team for team in self.ranked if members(team)][:count]
        return [Entrant(team, place + 1, self.decided_at) for place, team in enumerate(chosen)]


def table(
    teams: Sequence[SimTeam],
    played: Sequence[tuple[Fixture, Outcome]],
    *,
    win: float,
    draw: float,
    by_share: bool,
) -> Table:
    """The table of games played: points, or their share of the games, then goals or points scored ahead, then id."""
    points = dict.fromkeys((team.espn_id for team in teams), 0.0)
    games = dict.fromkeys(points, 0)
    ahead = dict.fromkeys(points, 0)
    for fixture, outcome in played:
        lead = outcome.home_score - outcome.away_score
        for team, margin in ((fixture.home, lead), (fixture.away, -lead)):
            points[team.espn_id] += draw if outcome.level else win if outcome.winner == team else 0.0
            games[team.espn_id] += 1
            ahead[team.espn_id] += margin

    def standing(team: SimTeam) -> tuple[float, int, int]:
        own = points[team.espn_id]
        share = own / max(1, games[team.espn_id]) if by_share else own
        return -share, -ahead[team.espn_id], int(team.espn_id)

    return Table(tuple(sorted(teams, key=standing)), max(outcome.over_at for _, outcome in played))


def postseason_fixtures(
    league: str, plan: SeasonPlan, standings: Table, conference: Mapping[str, str], ladder: Ladder
) -> list[tuple[int, Fixture]]:
    """The postseason's games with their numbers."""
    _POSTSEASONS[league](plan, standings, conference, ladder)
    return ladder.fixtures


def _halves(standings: Table, conference: Mapping[str, str], count: int) -> dict[str, list[Entrant]]:
    """Entrants of each conference, by its name."""
    names = sorted({name for name in conference.values() if name})
    return {name: standings.entrants(count, lambda team, name=name: conference[team.espn_id] == name) for name in names}


def _nfl(plan: SeasonPlan, standings: Table, conference: Mapping[str, str], ladder: Ladder) -> None:
    champions = []
    for name, field in _halves(standings, conference, 7).items():
        wild = Stage("Wild Card Playoffs", plan.postseason_day(0, 5), week=1, slots=_AFTERNOON, staggered=2)
        second = Stage("Divisional Playoffs", plan.postseason_day(1, 5), week=2, slots=_AFTERNOON[1:], staggered=2)
        third = Stage("Championship", plan.postseason_day(2, 6), week=3, slots=_SUNDAY_PAIR[name == "NFC" :])
        through = ladder.stage(wild, [(field[1], field[6]), (field[2], field[5]), (field[3], field[4])], name)
        through = ladder.stage(second, reseeded([field[0], *through]), name)
        champions += ladder.stage(third, neighbours(through), name)
    home, away = ALL_STARS["nfl"]
    start = on(plan.postseason_day(3, 6), (15, 0))
    ladder.game(Fixture(home, away, start, neutral=True, season_type=3, week=4, exhibition=True, note="Pro Bowl"))
    final = Stage("Super Bowl", plan.postseason_day(4, 6), neutral=True, week=5, slots=_SUPER_BOWL)
    ladder.stage(final, neighbours(champions))


def _best_of_seven(plan: SeasonPlan, standings: Table, conference: Mapping[str, str], ladder: Ladder) -> None:
    """Sixteen teams in two halves, four rounds of seven games."""
    champions = []
    names = ("1st Round", "Semifinals", "Finals")
    for name, field in _halves(standings, conference, 8).items():
        alive = [field[place] for place in seeded(8)]
        for number, round_name in enumerate(names):
            first = plan.postseason_day(2 * number, 5)
            alive = ladder.stage(Stage(round_name, first, SEVEN, staggered=2), neighbours(alive), name)
        champions += alive
    ladder.stage(
        Stage("Finals", plan.postseason_day(7, 0), SEVEN, slots=((20, 0),)), neighbours(_ranked(champions, standings))
    )


def _ranked(champions: Sequence[Entrant], standings: Table) -> list[Entrant]:
    """Champions of the halves, seeded by the whole table."""
    return [Entrant(one.team, standings.ranked.index(one.team) + 1, one.known_from) for one in champions]


def _mlb(plan: SeasonPlan, standings: Table, conference: Mapping[str, str], ladder: Ladder) -> None:
    champions = []
    for name, field in _halves(standings, conference, 6).items():
        wild = Stage("Wild Card", plan.postseason_day(0, 1), (0, 1, 2), pattern="hhh")
        second = Stage("Division Series", plan.postseason_day(0, 5), _FIVE_OF_BASEBALL)
        third = Stage("Championship Series", plan.postseason_day(1, 6), _SEVEN_OF_BASEBALL)
        through = ladder.stage(wild, [(field[3], field[4]), (field[2], field[5])], name)
        alive = ladder.stage(second, [(field[0], through[0]), (field[1], through[1])], name)
        champions += ladder.stage(third, neighbours(alive), name)
    series = Stage("World Series", plan.postseason_day(3, 4), _SEVEN_OF_BASEBALL, slots=((20, 5),))
    ladder.stage(series, neighbours(_ranked(champions, standings)))


def _wnba(plan: SeasonPlan, standings: Table, _conference: Mapping[str, str], ladder: Ladder) -> None:
    field = standings.entrants(8)
    alive = [field[place] for place in seeded(8)]
    rounds = (
        Stage("1st Round", plan.postseason_day(0, 2), (0, 2, 4), pattern="hah"),
        Stage("Semifinals", plan.postseason_day(1, 2), (0, 2, 5, 7, 9)),
        Stage("Finals", plan.postseason_day(2, 5), (0, 2, 5, 7, 9, 11, 13)),
    )
    for stage in rounds:
        alive = ladder.stage(stage, neighbours(alive))


def _mls(plan: SeasonPlan, standings: Table, conference: Mapping[str, str], ladder: Ladder) -> None:
    champions = []
    for name, field in _halves(standings, conference, 8).items():
        alive = [field[place] for place in seeded(8)]
        for week, round_name in ((0, "Round One"), (2, "Semifinals"), (4, "Final")):
            stage = Stage(round_name, plan.postseason_day(week, 5), knockout=True, staggered=2)
            alive = ladder.stage(stage, neighbours(alive), name)
        champions += alive
    final = Stage("MLS Cup", plan.postseason_day(5, 5), knockout=True, slots=((14, 30),))
    ladder.stage(final, neighbours(_ranked(champions, standings)))


def _ligue1(plan: SeasonPlan, standings: Table, _conference: Mapping[str, str], ladder: Ladder) -> None:
    """The third from the bottom against a club from below, at that one's ground first."""
    clubs = former_clubs("ligue1")
    club, own = clubs[plan.label % len(clubs)], standings.ranked[_RELEGATED_PLACE]
    known, title = standings.decided_at, "Relegation Playoff"
    first = Fixture(
        club,
        own,
        on(plan.postseason_day(0, 3), _PLAY_OFF),
        season_type=3,
        home_known_from=known,
        away_known_from=known,
        series=title,
        note=f"{title} - 1st Leg",
    )
    outcome = ladder.game(first)
    second = Fixture(
        own,
        club,
        on(plan.postseason_day(0, 6), _PLAY_OFF),
        season_type=3,
        home_known_from=known,
        away_known_from=known,
        knockout=True,
        first_leg_lead=outcome.away_score - outcome.home_score,
        series=title,
        note=f"{title} - 2nd Leg",
    )
    ladder.game(second)


def _ncaaf(plan: SeasonPlan, standings: Table, _conference: Mapping[str, str], ladder: Ladder) -> None:
    """Twelve teams; the best four wait, and from the second round on the ground is neutral."""
    field = standings.entrants(12)
    name = "College Football Playoff"
    first = Stage("First Round Game", plan.postseason_day(1, 5), week=1, slots=_AFTERNOON, staggered=2)
    through = ladder.stage(first, [(field[7 - n], field[8 + n]) for n in (0, 1, 2, 3)][::-1], name)
    alive = [side for n in (0, 3, 2, 1) for side in (field[n], through[3 - n])]
    for week, weekday, round_name in ((3, 3, "Quarterfinal"), (4, 4, "Semifinal"), (5, 7, "National Championship")):
        stage = Stage(round_name, plan.postseason_day(week, weekday), neutral=True, week=1, slots=_AFTERNOON[1:3])
        alive = ladder.stage(stage, neighbours(alive), name)


_POSTSEASONS = {
    "nfl": _nfl,
    "nba": _best_of_seven,
    "nhl": _best_of_seven,
    "mlb": _mlb,
    "wnba": _wnba,
    "mls": _mls,
    "ligue1": _ligue1,
    "ncaaf": _ncaaf,
}
"""Leagues whose postseason follows from the table."""
