"""Terms that no rating holds: rest, back-to-backs, travel-free days, streaks.

What belongs here: one loop over a league's games that knows when and where each side last played and how its
last games ended. Every term is home minus away, so swapping the sides negates it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from precog_assets.ratings.compiled import compiled
from precog_assets.ratings.games import Games
from precog_assets.ratings.systems import State

TERMS = (
    "schedule.back_to_back",
    "schedule.rest_days",
    "schedule.long_rest",
    "schedule.games_in_6_days",
    "schedule.at_home_before",
    "schedule.streak",
)
"""back_to_back: played yesterday. rest_days: days since the last game, at most 5. long_rest: more than 9 (a bye
week). games_in_6_days: games on the six days before. at_home_before: the last game was at home too, so no
journey. streak: wins in a row (losses negative), at most 6; it fades to 0 at a new season."""
_NEVER = -(2**31)
_LONG_REST_DAYS = 9
_LOAD_DAYS = 6
_RECENT = 7
_MOST_REST_DAYS = 5
_LONGEST_STREAK = 6


@dataclass(frozen=True, slots=True)
class Context:
    """The terms of TERMS; a source of terms beside the rating systems, with the same state and rules."""

    name: str = "schedule"
    terms: tuple[str, ...] = TERMS

    def start(self, teams: int) -> State:
        """Sides that have not played yet."""
        return State(
            {
                "last_day": np.full(teams, _NEVER, np.int64),
                "season": np.full(teams, _NEVER, np.int64),
                "at_home": np.zeros(teams, np.int64),
                "streak": np.zeros(teams, np.int64),
                "recent": np.full((teams, _RECENT), _NEVER, np.int64),
            }
        )

    def advance(self, games: Games, state: State) -> np.ndarray:
        """The terms of each game, (n, terms); `state` is moved on."""
        out = np.zeros((len(games), len(TERMS)))
        _walk(
            games.home,
            games.away,
            games.day,
            games.batch,
            games.season,
            games.result,
            games.home_factor,
            state.teams["last_day"],
            state.teams["season"],
            state.teams["at_home"],
            state.teams["streak"],
            state.teams["recent"],
            out,
        )
        return out


@compiled
def _walk(
    home: np.ndarray,
    away: np.ndarray,
    day: np.ndarray,
    batch: np.ndarray,
    season: np.ndarray,
    result: np.ndarray,
    home_factor: np.ndarray,
    last_day: np.ndarray,
    last_season: np.ndarray,
    at_home: np.ndarray,
    streak: np.ndarray,
    recent: np.ndarray,
    out: np.ndarray,
) -> None:
    n = len(home)
    i = 0
    while i < n:
        j = i
        while j < n and batch[j] == batch[i]:
            j += 1
        for g in range(i, j):
            if home[g] == away[g]:
                continue
            for side in range(2):
                t = home[g] if side == 0 else away[g]
                sign = 1.0 if side == 0 else -1.0
                if last_season[t] != season[g]:
                    out[g, 1] += sign * _MOST_REST_DAYS
                    continue
                rest = day[g] - last_day[t]
                if rest == 1:
                    out[g, 0] += sign
                out[g, 1] += sign * min(rest, _MOST_REST_DAYS)
                if rest > _LONG_REST_DAYS:
                    out[g, 2] += sign
                for k in range(_RECENT):
                    if day[g] - recent[t, k] <= _LOAD_DAYS:
                        out[g, 3] += sign
                if at_home[t] == 1:
                    out[g, 4] += sign
                out[g, 5] += sign * streak[t]
        for g in range(i, j):
            if home[g] == away[g] or np.isnan(result[g]):
                continue
            for side in range(2):
                t = home[g] if side == 0 else away[g]
                won = result[g] if side == 0 else 1.0 - result[g]
                if last_season[t] != season[g]:
                    streak[t] = 0
                    recent[t, :] = _NEVER
                for k in range(_RECENT - 1, 0, -1):
                    recent[t, k] = recent[t, k - 1]
                recent[t, 0] = day[g]
                if won == 0.5:
                    streak[t] = 0
                elif won > 0.5:
                    streak[t] = min(max(streak[t], 0) + 1, _LONGEST_STREAK)
                else:
                    streak[t] = max(min(streak[t], 0) - 1, -_LONGEST_STREAK)
                last_day[t] = day[g]
                last_season[t] = season[g]
                at_home[t] = 1 if side == 0 and home_factor[g] > 0.0 else 0
        i = j
