"""When each board is polled next: by what its games are doing, spread out, within a share of the rate budget.

Belongs here: intervals and their jitter, pure. Does not: what was polled, or the rate limiter, which has the last word.
`pipeline.cadence` says live, pre-game or idle for the sensors; here overtime and the sweep after the end are told
apart too, because a stream of polls can afford to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from random import Random

from precog_assets.config.sources import Cadence

SWEEP_S = 900.0
"""So long after its last game ended a board is looked at for corrections and re-opened finals."""
JITTER = 0.1
"""Share of an interval by which it is drawn earlier or later, so that leagues do not ask together."""


class BoardPhase(Enum):
    """What a board's games are doing, the most urgent of them."""

    OVERTIME = "overtime"
    LIVE = "live"
    SWEEP = "sweep"
    PREGAME = "pregame"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class BoardState:
    """What is known of a board's games; seconds are from now."""

    in_play: int = 0
    in_overtime: int = 0
    starts_in_s: float | None = None
    """Of the next game; below zero when it should have begun."""
    ended_ago_s: float | None = None
    """Of the last game that ended."""


def board_phase(state: BoardState, cadence: Cadence) -> BoardPhase:
    """A game that should have begun makes a board live: its first frame is not to be missed."""
    if state.in_overtime:
        return BoardPhase.OVERTIME
    overdue = state.starts_in_s is not None and state.starts_in_s <= 0
    if state.in_play or overdue:
        return BoardPhase.LIVE
    if state.ended_ago_s is not None and state.ended_ago_s <= SWEEP_S:
        return BoardPhase.SWEEP
    if state.starts_in_s is not None and state.starts_in_s <= cadence.pregame_window_min * 60:
        return BoardPhase.PREGAME
    return BoardPhase.IDLE


def interval_s(phase: BoardPhase, cadence: Cadence) -> float:
    """Seconds between two polls of a board. In overtime every score may end the game: as often as live allows."""
    return {
        BoardPhase.OVERTIME: cadence.live_s,
        BoardPhase.LIVE: cadence.live_s,
        BoardPhase.SWEEP: cadence.pregame_s,
        BoardPhase.PREGAME: cadence.pregame_s,
        BoardPhase.IDLE: cadence.idle_s,
    }[phase]


class PollPlan:
    """The next poll of each board. Instants are monotonic seconds."""

    def __init__(self, cadence: Cadence, random: Random) -> None:
        self._cadence, self._random = cadence, random
        self._phases: dict[str, BoardPhase] = {}
        self._polled_s: dict[str, float] = {}
        self._next_s: dict[str, float] = {}

    def update(self, states: Mapping[str, BoardState], now_s: float) -> None:
        """What the boards' games are doing now; a board that got more urgent is polled sooner, not later."""
        for board, state in states.items():
            phase = board_phase(state, self._cadence)
            if board not in self._next_s:
                # Spread over one interval: a start must not ask for every board at once.
                self._next_s[board] = now_s + self._random.uniform(0.0, min(5.0, interval_s(phase, self._cadence)))
            elif phase is not self._phases.get(board):
                sooner_s = self._polled_s.get(board, now_s) + self._drawn(phase)
                self._next_s[board] = max(now_s, min(self._next_s[board], sooner_s))
            self._phases[board] = phase
        for board in self._next_s.keys() - states.keys():
            del self._next_s[board]
            self._phases.pop(board, None)
            self._polled_s.pop(board, None)

    def due(self, now_s: float) -> list[str]:
        """The boards to poll now, the most urgent first, then the longest waiting."""
        order = list(BoardPhase)
        waiting = [board for board, at_s in self._next_s.items() if at_s <= now_s]
        return sorted(waiting, key=lambda board: (order.index(self._phases[board]), self._next_s[board]))

    def polled(self, board: str, now_s: float) -> None:
        """A board was asked for, whatever came of it."""
        self._polled_s[board] = now_s
        self._next_s[board] = now_s + self._drawn(self._phases[board])

    def next_s(self) -> float | None:
        """When the next poll is due; None without boards."""
        return min(self._next_s.values(), default=None)

    def phase(self, board: str) -> BoardPhase:
        """What a board was last said to be doing."""
        return self._phases[board]

    def _drawn(self, phase: BoardPhase) -> float:
        return interval_s(phase, self._cadence) * self._random.uniform(1 - JITTER, 1 + JITTER)
