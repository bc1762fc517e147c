"""Games in play as they were known: the states, what was thought before the start, and the probabilities of both.

Belongs here: the newest states as rows, the market's last prices before the start, and asking the model of games in
play for all games of a league at once. Does not: the model (`pricing.in_play`), reading a board's words
(`pricing.in_play.states`), forecasts (`known.py`).

Where the model begins is the forecast that stood at the start, or the first one made since from what was known before
it; where there is none, the market's last price before the start. The start is the announced one, or the instant at
which the game was first seen in play, if that was earlier.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from precog_assets.config import load_leagues
from precog_assets.config.in_play import load_in_play
from precog_assets.domain.leagues import League, Outcome
from precog_assets.domain.play import PlayFacts

FORECAST, MARKET = "forecast", "market"
DIGITS = 9
"""Of a probability in play that are kept: of games priced together or alone, the last ones differ."""
NO_MODEL = "no model of games in play for {league}"
NO_BEGINNING = "neither a forecast nor a price of before the start"
_SUM_TOLERANCE = 1e-3
_LONG, _SHORT = 5, 3
_SLAMS = ("australian open", "roland garros", "french open", "wimbledon", "us open")
_COLUMNS = (
    "status",
    "state",
    "completed",
    "game_kind",
    "period",
    "clock",
    "display_clock",
    "home_score",
    "away_score",
    "home_shootout_score",
    "away_shootout_score",
    "winner",
    "detail",
    "linescores",
    "situation",
    "headline",
    "best_of",
)


@dataclass(frozen=True, slots=True)
class Before:
    """What was thought of a game before its start, of every outcome, and where that is from."""

    probabilities: Mapping[Outcome, float]
    source: str


@dataclass(frozen=True, slots=True)
class GamePlay:
    """A game's probabilities in play, of every outcome; without them the reason."""

    before: Before | None
    probabilities: Mapping[Outcome, float] | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A state of a game in play, with the columns of `core.game_states` that `pricing.in_play.states` reads."""

    game_id: str
    league: str
    start_time: datetime
    observed_at: datetime
    columns: Mapping[str, Any]

    @classmethod
    def of(cls, row: Any) -> State:
        """From a row of the games statement, or another with its columns."""
        columns = {name: getattr(row, name) for name in _COLUMNS}
        return cls(row.game_id, row.league, row.start_time, row.observed_at, columns)

    def facts(self, play: GamePlay, outcome: Outcome) -> PlayFacts:
        """The state as a decision on the outcome reads it."""
        told, before, now = self.columns, play.before, play.probabilities
        return PlayFacts(
            observed_at=self.observed_at,
            home_score=told["home_score"],
            away_score=told["away_score"],
            period=told["period"],
            clock=told["display_clock"],
            detail=told["detail"],
            p_in_play=None if now is None else now.get(outcome),
            p_before=None if before is None else before.probabilities.get(outcome),
            before_from="" if before is None else before.source,
            why_not=play.why_not,
        )


def in_play_weight(league: str) -> float:
    """Weight of the probability in play beside the market's price: 0 until one is earned (`in_play.yaml`)."""
    rules = load_in_play().get(league)
    return 0.0 if rules is None else rules.model_weight


def plays_of(league: League, states: Sequence[State], before: Mapping[str, Before]) -> dict[str, GamePlay]:
    """The probabilities of games of one league in these states, by game; `before` has what was thought of them.

    One call of the model however many games there are. A draw where the league knows none is half a win each.
    """
    import numpy as np

    from precog_assets.pricing.in_play import in_play_probabilities
    from precog_assets.pricing.in_play.states import states_of

    rules = load_in_play().get(league.key)
    if rules is None:
        why_not = NO_MODEL.format(league=league.key)
        return {one.game_id: GamePlay(before.get(one.game_id), None, why_not) for one in states}
    found = {one.game_id: GamePlay(None, None, NO_BEGINNING) for one in states}
    asked = [one for one in states if one.game_id in before and _is_whole(league, before[one.game_id])]
    if not asked:
        return found
    priors = np.array(
        [[before[one.game_id].probabilities.get(side, 0.0) for side in _SIDES] for one in asked], dtype=np.float64
    )
    read = states_of(rules, [one.columns for one in asked], best_of=[_best_of(one) for one in asked])
    answers = in_play_probabilities(rules, priors, read)
    if not league.has_draw:
        answers[:, [0, 2]] += answers[:, [1]] / 2.0
    for one, row in zip(asked, answers.tolist(), strict=True):
        begun = before[one.game_id]
        if math.isnan(row[0]):
            found[one.game_id] = GamePlay(begun, None, _unsaid(one))
            continue
        said = {side: round(p, DIGITS) for side, p in zip(_SIDES, row, strict=True) if side in league.outcomes}
        found[one.game_id] = GamePlay(begun, said)
    return found


_SIDES = (Outcome.HOME, Outcome.DRAW, Outcome.AWAY)


def _is_whole(league: League, before: Before) -> bool:
    given = [before.probabilities.get(side) for side in league.outcomes]
    known = [p for p in given if p is not None and 0.0 <= p <= 1.0]
    return len(known) == len(given) and abs(sum(known) - 1.0) <= _SUM_TOLERANCE


def _unsaid(one: State) -> str:
    """What the board left out."""
    told = one.columns
    if told["home_score"] is None or told["away_score"] is None:
        return "the board tells no score"
    if told["period"] is None:
        return "the board tells no period"
    if told["clock"] is None:
        return "the board tells no clock"
    return f"the board tells too little: period {told['period']}, clock {told['display_clock']}, {told['detail']}"


def _best_of(one: State) -> int | None:
    """Sets of a tennis match: as imported, else by the tournament: men play five at the four slams, three elsewhere."""
    told = one.columns
    if told["best_of"] is not None:
        return int(told["best_of"])
    if one.league != "atp":
        return None
    name = (told["headline"] or "").lower()
    return _LONG if name.startswith(_SLAMS) and "qualif" not in name else _SHORT


@cache
def warm(leagues: tuple[str, ...]) -> None:
    """Build once what the first price of a league in play would build: half a second that no change should wait for."""
    known = load_leagues()
    for key in leagues:
        if key in load_in_play():
            start = datetime.min.replace(tzinfo=UTC)
            columns = dict.fromkeys(_COLUMNS) | {"state": "in", "period": 1, "clock": 60.0}
            columns |= {"home_score": 0, "away_score": 0}
            even = {side: 1.0 / len(known[key].outcomes) for side in known[key].outcomes}
            plays_of(known[key], [State(key, key, start, start, columns)], {key: Before(even, FORECAST)})
