"""The check of probabilities in play: at the ends of periods of games that are over, against what they ended as.

Belongs here: which stored states are graded, and when the grade is bad. Does not: the model (`pricing.in_play`), files
of scores by period (`grading.in_play`).

A state is graded as the board told it last in a period after which another followed, from the forecast that a decision
would have begun from. The grade of that forecast on the same states stands beside it: knowing the score must not make
a probability worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from precog_assets.checks.findings import Finding
from precog_assets.domain.facts import RATED_KINDS
from precog_assets.domain.leagues import League, Outcome
from precog_assets.store.known_sql import FORECASTS
from precog_assets.store.plays import FORECAST, Before, State, plays_of
from precog_assets.store.snapshots import version_of

if TYPE_CHECKING:
    import numpy as np

LOOKS_BACK = timedelta(days=7)
LEAST_GAMES = 30
"""Of a league, to be judged; fewer are counted and graded, and no more."""
_SEED = 20261125
_ENDS = sa.text(
    """
    WITH ended AS (
        SELECT g.game_id, g.league, g.start_time, g.game_kind, g.headline, g.attributes->>'best_of' AS best_of,
               g.winner AS won_by
        FROM core.games g
        WHERE g.league = ANY(:leagues) AND g.start_time > :since AND g.start_time <= :now AND g.phase = 'final'
          AND g.winner IS NOT NULL AND g.game_kind = ANY(:kinds)
    ), told AS (
        SELECT DISTINCT ON (s.game_id, s.period) e.league, e.start_time, e.game_kind, e.headline, e.best_of, e.won_by,
               s.game_id, s.observed_at, s.status, s.state, s.completed, s.period, s.clock, s.display_clock,
               s.home_score, s.away_score, s.home_shootout_score, s.away_shootout_score, s.winner, s.detail,
               s.linescores, s.situation, max(s.period) OVER (PARTITION BY s.game_id) AS last_period
        FROM ended e JOIN core.game_states s USING (game_id)
        WHERE s.state = 'in' AND s.period >= 1 AND s.observed_at <= :now
        ORDER BY s.game_id, s.period, s.observed_at DESC
    )
    SELECT * FROM told WHERE period < last_period ORDER BY game_id, period
    """
)


def in_play(connection: sa.Connection, leagues: Sequence[League], now: datetime) -> Finding:
    """Brier score (RPS where games are drawn) of the last days' states at period ends, by league, with counts.

    A league is found fault with where its probabilities in play were worse than the forecasts of before the start by
    more than chance allows: the whole interval of the difference, resampled by game, lies above 0.
    """
    kinds = sorted(kind.value for kind in RATED_KINDS)
    given = {"leagues": [one.key for one in leagues], "since": now - LOOKS_BACK, "now": now, "kinds": kinds}
    rows: dict[str, list[Any]] = {}
    for row in connection.execute(_ENDS, given):
        rows.setdefault(row.league, []).append(row)
    grades = {
        league.key: grade for league in leagues if (grade := _graded(connection, league, rows.get(league.key, ()), now))
    }
    worse = [
        f"{key}: {one['score']} in play {one['in_play']:.4f}, before the start {one['before']:.4f} "
        f"({one['states']} states of {one['games']} games)"
        for key, one in grades.items()
        if one["games"] >= LEAST_GAMES and one["worse_by_at_least"] > 0
    ]
    judged = [key for key, one in grades.items() if one["games"] >= LEAST_GAMES]
    few = [f"{key} {one['games']}" for key, one in grades.items() if one["games"] < LEAST_GAMES]
    rest = f"; fewer than {LEAST_GAMES} games, not judged: {', '.join(few)}" if few else ""
    fine = f"no worse than the forecasts of before the start in {', '.join(judged) or 'no league yet'}"
    return Finding(
        not worse,
        ("worse than the forecasts of before the start: " + "; ".join(worse) if worse else fine) + rest,
        warn=True,
        facts={"days": LOOKS_BACK.days, "grades": grades},
    )


def _graded(connection: sa.Connection, league: League, rows: Sequence[Any], now: datetime) -> dict[str, Any] | None:
    """Scores of a league's states, all and by period; None where there is nothing to grade."""
    import numpy as np

    from precog_assets.grading.intervals import difference_interval

    usable = [row for row in rows if row.won_by in league.outcomes]
    before = _before(connection, league, usable, now)
    states = [_state(row) for row in usable if row.game_id in before]
    of_state = {one.game_id: before[_game_of(one.game_id)] for one in states}
    plays = plays_of(league, states, of_state)
    said = [(row, play) for row in usable if (play := plays.get(_name(row))) is not None and play.probabilities]
    silent = len(rows) - len(said)
    if len(said) < 2:
        return None
    won = [Outcome(row.won_by) for row, _ in said]
    own = _scores(league, [play.probabilities or {} for _, play in said], won)
    was = _scores(league, [before[row.game_id].probabilities for row, _ in said], won)
    games = [row.game_id for row, _ in said]
    period = np.array([row.period for row, _ in said])
    several = len(set(games)) > 1
    found = difference_interval(own, was, np.random.default_rng(_SEED), blocks=games) if several else None
    return {
        "score": "RPS" if league.has_draw else "Brier",
        "games": len(set(games)),
        "states": len(said),
        "not_graded": silent,
        "in_play": round(float(own.mean()), 5),
        "before": round(float(was.mean()), 5),
        "worse_by_at_least": 0.0 if found is None else round(float(found.low), 5),
        "worse_by_at_most": 0.0 if found is None else round(float(found.high), 5),
        "after_period": {
            str(one): {
                "states": int((period == one).sum()),
                "in_play": round(float(own[period == one].mean()), 5),
                "before": round(float(was[period == one].mean()), 5),
            }
            for one in np.unique(period).tolist()
        },
    }


def _before(connection: sa.Connection, league: League, rows: Sequence[Any], now: datetime) -> dict[str, Before]:
    """By game the forecast of before its start, of the model in force."""
    starts = {row.game_id: row.start_time for row in rows}
    version = version_of(league.key, "default")
    given = {"game_ids": list(starts), "versions": [version] * len(starts), "began": list(starts.values()), "at": now}
    found: dict[str, Before] = {}
    for row in connection.execute(FORECASTS["observed"], given) if starts else ():
        said = {Outcome.HOME: row.p_home, Outcome.AWAY: row.p_away}
        if row.p_draw is not None:
            said[Outcome.DRAW] = row.p_draw
        found[row.game_id] = Before(said, FORECAST)
    return found


def _name(row: Any) -> str:
    return f"{row.game_id} {row.period}"


def _game_of(name: str) -> str:
    return name.rpartition(" ")[0]


def _state(row: Any) -> State:
    """The state of a row by game and period: several are of one game."""
    one = State.of(row)
    return State(_name(row), one.league, one.start_time, one.observed_at, one.columns)


def _scores(league: League, said: Sequence[Mapping[Outcome, float]], won: Sequence[Outcome]) -> np.ndarray:
    import numpy as np

    from precog_assets.grading.scores import brier_per_game, rps_per_game

    if not league.has_draw:
        home = np.array([one[Outcome.HOME] for one in said])
        return brier_per_game(home, np.array([int(side is Outcome.HOME) for side in won]))
    sides = (Outcome.HOME, Outcome.DRAW, Outcome.AWAY)
    p = np.array([[one[side] for side in sides] for one in said])
    return rps_per_game(p / p.sum(axis=1, keepdims=True), np.array([sides.index(side) for side in won]))
