"""College basketball's March: conference tournaments on neutral ground, then 68 teams for the championship.

A conference's champion is in; the strongest of the others fill the field. The last four of them and the four
weakest champions play for the last places first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from precog_assets.simulator.world.brackets import Entrant, Ladder, Stage, neighbours, seeded
from precog_assets.simulator.world.calendars import SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Slot, on
from precog_assets.simulator.world.model import SimTeam

TOURNAMENT = {
    "ncaab": "NCAA Men's Basketball Championship",
    "wncaab": "NCAA Women's Basketball Championship",
}
REGIONS = ("South", "East", "West", "Midwest")
FIELD = 68
_HOSTED = {"wncaab": 2}
"""Rounds of 64 and 32 that the better seed hosts."""
_FIRST_FOUR_SEED = 11
_DAY: tuple[Slot, ...] = ((12, 15), (12, 40), (13, 30), (14, 45), (15, 10), (16, 0), (16, 30), (18, 50))
_NIGHT: tuple[Slot, ...] = ((19, 10), (19, 25), (20, 0), (21, 20), (21, 40), (21, 55), (22, 5), (22, 15))
_CONFERENCE: tuple[Slot, ...] = ((12, 0), (14, 30), (19, 0), (21, 30))
_FINAL: tuple[Slot, ...] = ((18, 9), (20, 49))
_SELECTED: Slot = (18, 30)

Strong = Callable[[SimTeam], float]
"""Strength of a team when the field is chosen, Elo points."""


def championship_fixtures(
    league: str,
    plan: SeasonPlan,
    teams: Sequence[SimTeam],
    conference: Mapping[str, str],
    strong: Strong,
    ladder: Ladder,
) -> list[tuple[int, Fixture]]:
    """The games of both, with their numbers. Conference games belong to the regular season."""
    order = sorted(teams, key=lambda team: (-strong(team), int(team.espn_id)))
    champions = _conference_champions(plan, order, conference, ladder)
    others = [team for team in order if team not in champions]
    _national(
        league, plan, [team for team in order if team in champions], others[: FIELD - len(champions)], strong, ladder
    )
    return ladder.fixtures


def _conference_champions(
    plan: SeasonPlan, order: Sequence[SimTeam], conference: Mapping[str, str], ladder: Ladder
) -> set[SimTeam]:
    """The best eight of each conference (four of a small one), three days of one round each."""
    chosen = on(plan.postseason_day(-1, 6), (24, 0))
    champions = set()
    for index, name in enumerate(sorted({name for name in conference.values() if name})):
        members = [team for team in order if conference[team.espn_id] == name]
        size = 8 if len(members) >= 8 else 4
        field = [Entrant(team, place + 1, chosen) for place, team in enumerate(members[:size])]
        alive = [field[place] for place in seeded(size)]
        day = 3 + index % 2 + (size == 4)
        while len(alive) > 1:
            title = {8: "Quarterfinal", 4: "Semifinal", 2: "Championship"}[len(alive)]
            stage = Stage(title, plan.postseason_day(0, day), neutral=True, season_type=2, slots=_CONFERENCE)
            alive = ladder.stage(stage, neighbours(alive), f"{name} Tournament -")
            day += 1
        champions.add(alive[0].team)
    return champions


def _national(
    league: str,
    plan: SeasonPlan,
    champions: Sequence[SimTeam],
    others: Sequence[SimTeam],
    strong: Strong,
    ladder: Ladder,
) -> None:
    later = int(league == "wncaab")
    title = TOURNAMENT[league]
    selected = on(plan.postseason_day(0, 6), _SELECTED)
    safe = sorted([*champions[:-4], *others[:-4]], key=lambda team: (-strong(team), int(team.espn_id)))
    place = 4 * (_FIRST_FOUR_SEED - 1)
    slots: list[list[SimTeam]] = [[team] for team in safe]
    slots[place:place] = [[others[-4], others[-1]], [others[-3], others[-2]]]
    slots += [[champions[-4], champions[-1]], [champions[-3], champions[-2]]]
    entered = []
    for index, sides in enumerate(slots):
        field = [Entrant(team, index // 4 + 1, selected) for team in sides]
        if len(field) == 2:
            stage = Stage(
                "First Four", plan.postseason_day(1, 1 + later + index % 2), neutral=True, slots=_NIGHT[index % 4 :]
            )
            field = ladder.stage(stage, [(field[0], field[1])], f"{title} -")
        entered.append(field[0])
    survivors = []
    for region, name in enumerate(REGIONS):
        lines = [entered[4 * line + (region if line % 2 == 0 else 3 - region)] for line in range(16)]
        alive = [lines[seed] for seed in seeded(16)]
        for number, (week, weekday) in enumerate(((1, 3), (1, 5), (2, 3), (2, 5)), start=1):
            day = plan.postseason_day(week, weekday + later + region % 2)
            neutral = number > _HOSTED.get(league, 0)
            stage = Stage(_round(number), day, neutral=neutral, slots=_NIGHT if region > 1 else _DAY)
            alive = ladder.stage(stage, neighbours(alive), f"{title} - {name} Region -")
        survivors += alive
    four = Stage("Final Four", plan.postseason_day(3, 4 if later else 5), neutral=True, slots=_FINAL)
    final = Stage("National Championship", plan.postseason_day(3, 6 if later else 7), neutral=True, slots=_FINAL[1:])
    ladder.stage(final, neighbours(ladder.stage(four, neighbours(survivors), f"{title} -")), f"{title} -")


def _round(number: int) -> str:
    return {1: "1st Round", 2: "2nd Round", 3: "Sweet 16", 4: "Elite 8"}[number]
