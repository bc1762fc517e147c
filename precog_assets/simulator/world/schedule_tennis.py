"""Tennis tours: two tournaments a week with 32 players each, and the majors with 128 over two weeks.

Players of a later round are known once the earlier matches are over. The order of play comes out on the evening
before; until then a match is dated to midnight. Rain makes some begin late, a few are given without play,
and now and then a final is never played.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from precog_assets.domain.times import eastern_day
from precog_assets.simulator.world.calendars import Major, SeasonPlan
from precog_assets.simulator.world.fixtures import Fixture, Play, Slot, on
from precog_assets.simulator.world.model import Announced, SimTeam
from precog_assets.simulator.world.names import CITIES
from precog_assets.simulator.world.randomness import shuffled
from precog_assets.simulator.world.strength import normal

FORM = 220.0
"""Elo points of chance in who enters: the best do not play every week, but for the majors."""
MAJOR_FORM = 60.0
WALKOVER_SHARE = 0.007
CANCELED_FINAL_SHARE = 0.03
LATE_SHARE = 0.03
_GIVEN_BEFORE, _GIVEN_AFTER = timedelta(hours=3), timedelta(minutes=20)
"""A walk-over: before the match, and not before both sides are known."""
_JUST_BEGUN, _SHORTEST = timedelta(minutes=60), timedelta(minutes=5)
"""A match that began so lately should run at the anchor; one that began so lately does."""
_ORDER_OF_PLAY: Slot = (17, 0)
"""Of the day before."""
_KINDS = ("Open", "Classic", "Trophy", "Indoors")
Days = tuple[tuple[int, int], ...]
"""Days of the tournament and matches on each."""
_WEEK: tuple[tuple[str, Days], ...] = (
    ("Round 1", ((0, 8), (1, 8))),
    ("Round 2", ((2, 4), (3, 4))),
    ("Quarterfinal", ((4, 4),)),
    ("Semifinal", ((5, 2),)),
    ("Final", ((6, 1),)),
)
_FORTNIGHT: tuple[tuple[str, Days], ...] = (
    ("Round 1", ((0, 32), (1, 32))),
    ("Round 2", ((2, 16), (3, 16))),
    ("Round 3", ((4, 8), (5, 8))),
    ("Round 4", ((6, 4), (7, 4))),
    ("Quarterfinal", ((8, 2), (9, 2))),
    ("Semifinal", ((11, 2),)),
    ("Final", ((13, 1),)),
)
_WOMEN_EARLIER: dict[str, Days] = {"Semifinal": ((10, 2),), "Final": ((12, 1),)}
"""At the majors."""
_EUROPE: dict[int, tuple[Slot, ...]] = {
    32: ((5, 0), (6, 30), (8, 0), (9, 30), (11, 0), (14, 15)),
    16: ((5, 0), (7, 0), (9, 0), (11, 30)),
    8: ((5, 0), (5, 10), (7, 0), (7, 10), (9, 0), (11, 0), (13, 0), (13, 10)),
    4: ((5, 0), (7, 0), (9, 0), (13, 0)),
    2: ((7, 0), (9, 30)),
    1: ((9, 0),),
}
_AMERICA: dict[int, tuple[Slot, ...]] = {
    32: ((11, 0), (12, 40), (14, 20), (16, 0), (19, 0), (20, 30)),
    16: ((11, 0), (13, 0), (15, 30), (19, 0)),
    8: ((11, 0), (11, 10), (13, 0), (13, 10), (15, 0), (17, 0), (19, 0), (21, 0)),
    4: ((12, 0), (14, 0), (19, 0), (21, 0)),
    2: ((19, 20), (21, 30)),
    1: ((15, 0),),
}
_AUSTRALIA: dict[int, tuple[Slot, ...]] = {
    32: ((19, 0), (20, 30), (22, 0), (23, 30), (27, 0)),
    16: ((19, 0), (21, 0), (23, 0), (27, 0)),
    8: ((19, 0), (21, 0), (23, 0), (27, 0)),
    4: ((19, 0), (21, 30), (27, 0), (28, 30)),
    2: ((22, 0), (27, 30)),
    1: ((27, 30),),
}
_SLOTS = {"europe": _EUROPE, "america": _AMERICA, "australia": _AUSTRALIA}
"""By the day's matches. In Melbourne a day of play begins on the evening before, Eastern."""


@dataclass(frozen=True, slots=True)
class _Tournament:
    base: Fixture
    """What all its matches share."""
    rounds: tuple[tuple[str, Days], ...]
    part: str
    first: int
    """Number of its first match."""
    week: int
    earlier_days: int = 0
    """By how much its days begin earlier, Eastern."""


def tennis_fixtures(
    league: str,
    plan: SeasonPlan,
    players: Sequence[SimTeam],
    strength: Mapping[str, Sequence[float]],
    anchor: datetime | None,
    rng: Random,
    play: Play,
) -> list[tuple[int, Fixture]]:
    """All matches of a season with their numbers; `strength` is by player and week.

    Nothing goes wrong on the day of the `anchor`, if one is given, and the match before it still runs then.
    """
    fixtures: list[tuple[int, Fixture]] = []
    first_number = 401 if league == "atp" else 601
    majors = dict(plan.majors)
    for week in range(plan.weeks):
        if week - 1 in majors:
            continue
        form = {player.espn_id: strength[player.espn_id][week] for player in players}
        chance = MAJOR_FORM if week in majors else FORM
        entries = sorted(players, key=lambda player: -(form[player.espn_id] + chance * normal(rng)))
        if week in majors:
            tournaments = [(_major(league, plan, week, majors[week], entries[:2]), entries[:128])]
        else:
            tournaments = [
                (_regular(first_number, plan, week, place, entries[:2]), entries[place:64:2]) for place in (0, 1)
            ]
        for tournament, field in tournaments:
            ranked = sorted(field, key=lambda player: -form[player.espn_id])
            fixtures += _matches(tournament, plan, _draw(ranked, rng), anchor, rng, play)
    return fixtures


def _regular(first_number: int, plan: SeasonPlan, week: int, place: int, sides: Sequence[SimTeam]) -> _Tournament:
    number = 2 * week + place
    city, _ = CITIES[number % len(CITIES)]
    base = Fixture(
        sides[0],
        sides[1],
        on(plan.day(week, 0), (0, 0)),
        neutral=True,
        tournament_id=f"{first_number + number}-{plan.label}",
        tournament_name=f"{city} {_KINDS[number // len(CITIES) % len(_KINDS)]}",
        best_of=3,
    )
    return _Tournament(base, _WEEK, "america" if place else "europe", 64 * number, week)


def _major(league: str, plan: SeasonPlan, week: int, major: Major, sides: Sequence[SimTeam]) -> _Tournament:
    base = Fixture(
        sides[0],
        sides[1],
        on(plan.day(week, 0), (0, 0)),
        neutral=True,
        tournament_id=f"{major.number}-{plan.label}",
        tournament_name=major.name,
        best_of=5 if league == "atp" else 3,
    )
    women = league == "wta"
    rounds = tuple(
        (name, _WOMEN_EARLIER[name] if women and name in _WOMEN_EARLIER else days) for name, days in _FORTNIGHT
    )
    return _Tournament(base, rounds, major.part, 128 * week, week, int(major.part == "australia"))


def _seed_places(size: int) -> list[int]:
    """Places of the draw for the seeds, a quarter of the field, so that the best meet late."""
    order = [0]
    while len(order) < size // 4:
        order = [seed for place in order for seed in (place, 2 * len(order) - 1 - place)]
    width = size // len(order)
    places = [0] * len(order)
    for part, seed in enumerate(order):
        places[seed] = part * width + (width - 1 if part % 2 else 0)
    return places


def _draw(field: Sequence[SimTeam], rng: Random) -> list[SimTeam]:
    """The field in the order of the draw: seeds in their places, the others anywhere."""
    places = _seed_places(len(field))
    others = iter(shuffled(field[len(places) :], rng))
    seeds = dict(zip(places, field, strict=False))
    return [seeds[place] if place in seeds else next(others) for place in range(len(field))]


def _matches(
    tournament: _Tournament,
    plan: SeasonPlan,
    draw: list[SimTeam],
    anchor: datetime | None,
    rng: Random,
    play: Play,
) -> list[tuple[int, Fixture]]:
    """The matches, round by round."""
    played: list[tuple[int, Fixture]] = []
    known: dict[str, datetime] = {}
    for name, days in tournament.rounds:
        places = [(day, place, count) for day, count in days for place in range(count)]
        winners: list[SimTeam] = []
        for match, (day, place, count) in enumerate(places):
            one, other = sorted(draw[2 * match : 2 * match + 2], key=lambda player: player.espn_id)
            slots = _SLOTS[tournament.part][count]
            start = on(plan.day(tournament.week, day - tournament.earlier_days), slots[place * len(slots) // count])
            fixture = replace(
                tournament.base,
                home=one,
                away=other,
                start=start,
                round_name=name,
                home_known_from=known.get(one.espn_id),
                away_known_from=known.get(other.espn_id),
            )
            fixture = _changed(fixture, anchor, rng)
            number = tournament.first + len(played)
            outcome = play(number, fixture)
            if anchor is not None and fixture.start + _JUST_BEGUN > anchor >= outcome.over_at:
                fixture = replace(fixture, start=anchor - _SHORTEST, announced=())
                outcome = play(number, fixture)
            played.append((number, fixture))
            winners.append(outcome.winner)
            known[outcome.winner.espn_id] = outcome.over_at
        draw = winners
    return played


def _changed(fixture: Fixture, anchor: datetime | None, rng: Random) -> Fixture:
    """The match with its history: dated to midnight, given an hour on the evening before, then what goes wrong."""
    chance, more = rng.random(), rng.random()
    day = eastern_day(fixture.start)
    ordered = on(day - timedelta(days=1), _ORDER_OF_PLAY)
    history = (Announced(None, on(day, (0, 0)), time_valid=False), Announced(ordered, fixture.start))
    fixture = replace(fixture, announced=history)
    if anchor is not None and day == eastern_day(anchor):
        return fixture
    if fixture.round_name == "Final":
        if chance < CANCELED_FINAL_SHARE and fixture.best_of == 3:
            return replace(fixture, fate="canceled", off_from=fixture.start + timedelta(minutes=int(240 * more)))
        return fixture
    if chance < WALKOVER_SHARE:
        known = max(filter(None, (fixture.home_known_from, fixture.away_known_from)), default=ordered)
        return replace(fixture, fate="walkover", off_from=max(fixture.start - _GIVEN_BEFORE, known + _GIVEN_AFTER))
    if fixture.round_name is not None and fixture.round_name.startswith("Round") and chance > 1.0 - LATE_SHARE:
        return replace(fixture, start=fixture.start + timedelta(minutes=20 + int(100 * more)))
    return fixture
