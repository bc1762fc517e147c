"""The league table before each game: what each side still plays for, and how many rounds it has played.

What belongs here: points, games and the lines of the table that a club can still win or lose, as a loop with a
state of its own. What does not: what a stake is worth in goals (`systems/goals.py`), tie-breaks by goals or
head to head, points that a league takes away.

A club's stake goes from 1 (a line is within reach) to 0 (its season is over). A line lies between two places;
a club below it must make up the points to the last place inside, a club above it can lose those to the first
place outside. With r = reach * 3 points * games left and d the distance, the stake in a line is
(r - d) / (softness * r) + 1/2 held to [0, 1], and a club's stake is the largest over the lines.
The table counts games with a result that are no postseason games, and has the clubs that played one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from precog_assets.domain.rating_rules import Stakes
from precog_assets.ratings.compiled import compiled
from precog_assets.ratings.games import Games
from precog_assets.ratings.systems import State

POINTS_OF_WIN = 3
NO_SEASON = -1_000_000
"""Label of the season before any game."""


@dataclass(frozen=True, slots=True)
class TableBefore:
    """What the table says before each of n games, from the games of earlier batches."""

    stakes: np.ndarray
    """Stake of home and away, (n, 2) in [0, 1]; 1 before the first round that counts and in the postseason."""
    rounds: np.ndarray
    """Games of this season that count, of the side that has played fewer of them, (n,) integers."""


def start(teams: int) -> State:
    """The table of that many sides before any game."""
    return State(
        teams={"points": np.zeros(teams, np.int64), "season_played": np.zeros(teams, np.int64)},
        league={"table_season": np.full(1, NO_SEASON, np.int64)},
    )


def advance(games: Games, stakes: Stakes | None, state: State) -> TableBefore:
    """The table before each game; the entries of `state` that `start` names are moved on in place.

    Without `stakes` nobody plays for anything: every stake is 0.
    """
    n = len(games)
    before = TableBefore(stakes=np.ones((n, 2)) if stakes else np.zeros((n, 2)), rounds=np.zeros(n, np.int64))
    _walk(
        games.season,
        games.batch,
        games.home,
        games.away,
        games.result,
        games.playoff,
        np.array((*stakes.lines, -stakes.relegated) if stakes else (), np.int64),
        stakes.from_round if stakes else 0,
        stakes.reach if stakes else 0.0,
        stakes.softness if stakes else 1.0,
        stakes is not None,
        state.teams["points"],
        state.teams["season_played"],
        state.league["table_season"],
        before.stakes,
        before.rounds,
    )
    return before


@compiled
def _walk(
    season: np.ndarray,
    batch: np.ndarray,
    home: np.ndarray,
    away: np.ndarray,
    result: np.ndarray,
    playoff: np.ndarray,
    lines: np.ndarray,
    from_round: int,
    reach: float,
    softness: float,
    has_stakes: bool,
    points: np.ndarray,
    played: np.ndarray,
    season_now: np.ndarray,
    stakes: np.ndarray,
    rounds: np.ndarray,
) -> None:
    """Fill `stakes` and `rounds`; move `points`, `played` and `season_now` on.

    `lines` are last places inside; from the end of the table where negative (0: no place is beyond it).
    `table` has the points of the clubs that played, falling.
    """
    table = np.zeros(points.shape[0], np.int64)
    clubs = 0
    for club in range(points.shape[0]):
        if played[club] > 0:
            table[clubs] = points[club]
            clubs += 1
    table[:clubs] = np.sort(table[:clubs])[::-1]
    first = 0
    while first < season.shape[0]:
        if season[first] != season_now[0]:
            season_now[0] = season[first]
            points[:] = 0
            played[:] = 0
            clubs = 0
        last = first
        while last < season.shape[0] and batch[last] == batch[first]:
            for side, club in ((0, home[last]), (1, away[last])):
                if not has_stakes or playoff[last] or played[club] < from_round:
                    continue
                nearest = np.inf
                for k in range(lines.shape[0]):
                    place = lines[k] if lines[k] > 0 else clubs + lines[k]
                    if 0 < place < clubs:
                        inside, outside = table[place - 1], table[place]
                        lacks, leads = inside - points[club], points[club] - outside
                        nearest = min(nearest, lacks if lacks > 0 else leads)
                within = reach * POINTS_OF_WIN * max(2 * (clubs - 1) - played[club], 1)
                stakes[last, side] = min(max((within - nearest) / (softness * within) + 0.5, 0.0), 1.0)
            rounds[last] = min(played[home[last]], played[away[last]])
            last += 1
        for i in range(first, last):
            if np.isnan(result[i]) or playoff[i] or home[i] == away[i]:
                continue
            for club, score in ((home[i], result[i]), (away[i], 1.0 - result[i])):
                if played[club] == 0:
                    table[clubs] = 0
                    clubs += 1
                played[club] += 1
                if score == 0.0:
                    continue
                place = 0
                while place < clubs - 1 and table[place] != points[club]:
                    place += 1
                points[club] += POINTS_OF_WIN if score == 1.0 else 1
                while place > 0 and table[place - 1] < points[club]:
                    table[place] = table[place - 1]
                    place -= 1
                table[place] = points[club]
        first = last
