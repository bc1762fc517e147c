"""The race for the play-offs: teams that are out of it, and teams whose place is fixed.

What belongs here: one loop over a league's games that keeps the standings. Both terms are home minus away, for
regular-season games only, from the state before the day:

out   Phi(-u - 1.5) * max(0, 1 - left / (games / 2)): u is the distance to the last place that goes on, in wins
      above half, over its standard deviation sqrt(left / 2). Late and far behind: near 1.
idle  exp(-rivals / 1.5) / sqrt(left) for a team inside the places with at most 12 games left; rivals are teams
      of its conference that can still pass or be passed. Late and fixed: near 1.

Found on NBA and NFL seasons before those the README grades: such teams do worse than their ratings say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from precog_assets.domain.rating_rules import Race
from precog_assets.ratings.compiled import compiled
from precog_assets.ratings.games import Games
from precog_assets.ratings.systems import State

OUT_SHIFT = 1.5
IDLE_RIVALS = 1.5
IDLE_GAMES = 12
_NO_SEASON = -(2**31)


@dataclass(frozen=True, slots=True)
class PlayoffRace:
    """Terms of the race. `conferences` maps a side's id to its conference; sides it lacks form one table, with the
    places of both conferences."""

    race: Race
    conferences: Mapping[str, str] = field(default_factory=dict)
    name: str = "race"
    terms: tuple[str, ...] = ("race.out", "race.idle")

    def start(self, teams: int) -> State:
        """Sides before the season's first game."""
        return State(
            {
                "wins": np.zeros(teams),
                "played": np.zeros(teams, np.int64),
                "season": np.full(teams, _NO_SEASON, np.int64),
            }
        )

    def advance(self, games: Games, state: State) -> np.ndarray:
        """The two terms of each game, (n, 2); `state` is moved on."""
        out = np.zeros((len(games), 2))
        if not len(games):
            return out
        named = [self.conferences.get(team) for team in games.teams]
        known = all(named)
        order = {name: i for i, name in enumerate(sorted({str(name) for name in named}))}
        group = np.array([order[str(name)] if known else 0 for name in named], np.int64)
        tables = len(order) if known else 2
        factor = 1 if known else tables
        seasons = np.unique(games.season)
        length = {int(s): self.race.games_in(int(s)) for s in seasons}
        places = {int(s): factor * self.race.places_in(int(s)) for s in seasons}
        _walk(
            games.home,
            games.away,
            games.batch,
            games.season,
            games.result,
            games.playoff,
            group,
            np.array([length[int(s)] for s in games.season], np.int64),
            np.array([places[int(s)] for s in games.season], np.int64),
            state.teams["wins"],
            state.teams["played"],
            state.teams["season"],
            out,
        )
        return out


@compiled
def _walk(
    home: np.ndarray,
    away: np.ndarray,
    batch: np.ndarray,
    season: np.ndarray,
    result: np.ndarray,
    playoff: np.ndarray,
    group: np.ndarray,
    length: np.ndarray,
    places: np.ndarray,
    wins: np.ndarray,
    played: np.ndarray,
    last_season: np.ndarray,
    out: np.ndarray,
) -> None:
    n, teams = len(home), len(wins)
    best = np.zeros(teams)
    i = 0
    while i < n:
        j = i
        while j < n and batch[j] == batch[i]:
            j += 1
        for g in range(i, j):
            if playoff[g] or home[g] == away[g]:
                continue
            for side in range(2):
                t = home[g] if side == 0 else away[g]
                sign = 1.0 if side == 0 else -1.0
                if last_season[t] != season[g]:
                    continue
                left = length[g] - played[t]
                half = 0.5 * length[g]
                if left <= 0 or (left >= half and left > IDLE_GAMES):
                    continue
                mine = wins[t] - 0.5 * played[t]
                count, rivals = 0, 0
                for other in range(teams):
                    if other == t or group[other] != group[t] or last_season[other] != season[g]:
                        continue
                    pace = wins[other] - 0.5 * played[other]
                    if abs(mine - pace) <= left:
                        rivals += 1
                    k = count
                    count += 1
                    while k > 0 and best[k - 1] < pace:
                        best[k] = best[k - 1]
                        k -= 1
                    best[k] = pace
                if count == 0:
                    continue
                gap = mine - best[min(places[g], count) - 1]
                u = gap / math.sqrt(0.5 * left)
                behind = 0.5 * math.erfc((u + OUT_SHIFT) / math.sqrt(2.0))
                out[g, 0] += sign * behind * max(0.0, 1.0 - left / half)
                if gap > 0.0 and left <= IDLE_GAMES:
                    out[g, 1] += sign * math.exp(-rivals / IDLE_RIVALS) / math.sqrt(left)
        for g in range(i, j):
            if playoff[g] or home[g] == away[g] or np.isnan(result[g]):
                continue
            for side in range(2):
                t = home[g] if side == 0 else away[g]
                if last_season[t] != season[g]:
                    last_season[t] = season[g]
                    wins[t] = 0.0
                    played[t] = 0
                played[t] += 1
                wins[t] += result[g] if side == 0 else 1.0 - result[g]
        i = j
