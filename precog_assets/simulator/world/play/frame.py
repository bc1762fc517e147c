"""What every sport's states share: their making, ordinals, clocks, and the words ESPN's status carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from precog_assets.domain.times import EASTERN
from precog_assets.simulator.world.model import SimGame, Truth

Odds = tuple[float, float, float]
"""Probabilities of home, draw, away."""

END_PERIOD = "STATUS_END_PERIOD"
FINAL = "STATUS_FINAL"
HALFTIME = "STATUS_HALFTIME"
IN_PROGRESS = "STATUS_IN_PROGRESS"
SCHEDULED = "STATUS_SCHEDULED"


class Rules(Protocol):
    """How one league's games are played: a pure function of the game and the seed of its chance."""

    def before(self, game: SimGame) -> Odds:
        """Probabilities before the start."""
        ...

    def ending(self, game: SimGame, seed: int) -> Truth:
        """The last state, made cheaply; equal to the last of `course`."""
        ...

    def course(self, game: SimGame, seed: int) -> list[Truth]:
        """Every state from the start to the ending, in time order."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a game stands on its own clock."""

    after_s: float
    """Seconds of wall time since the start."""
    period: int
    clock_s: float
    display_clock: str
    detail: str
    status: str = IN_PROGRESS


@dataclass(frozen=True, slots=True)
class Lines:
    """Scores by period, home and away."""

    home: tuple[int, ...]
    away: tuple[int, ...]


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th ..."""
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def count_down(seconds: float, *, tenths: bool = False) -> str:
    """`11:20`; with `tenths`, under a minute `8.4`."""
    if tenths and seconds < 60:
        return f"{seconds:.1f}"
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def scheduled_detail(start: datetime) -> str:
    """`Sat, November 21st at 8:00 PM EST`."""
    local = start.astimezone(EASTERN)
    return f"{local:%a}, {local:%B} {ordinal(local.day)} at {local:%I:%M %p}".replace(" 0", " ") + f" {local:%Z}"


def short_scheduled(start: datetime) -> str:
    """`11/21 - 8:00 PM EST`."""
    local = start.astimezone(EASTERN)
    return f"{local.month}/{local.day} - {f'{local:%I:%M %p}'.lstrip('0')} {local:%Z}"


def waiting(game: SimGame, odds: Odds, *, period: int = 0, display_clock: str = "0:00") -> Truth:
    """The state before the start, as of the start."""
    return Truth(
        at=game.start,
        state="pre",
        status=SCHEDULED,
        completed=False,
        period=period,
        clock_s=0.0,
        display_clock=display_clock,
        detail=scheduled_detail(game.start),
        home_score=0,
        away_score=0,
        home_lines=(),
        away_lines=(),
        home_win=odds[0],
        draw=odds[1],
        away_win=odds[2],
    )


def running(
    game: SimGame,
    moment: Moment,
    score: tuple[int, int],
    lines: Lines,
    odds: Odds,
    situation: dict[str, object] | None = None,
    *,
    shootout: tuple[int, int] | None = None,
) -> Truth:
    """A state in play."""
    home_shootout, away_shootout = shootout or (None, None)
    return Truth(
        at=game.start + timedelta(seconds=moment.after_s),
        state="in",
        status=moment.status,
        completed=False,
        period=moment.period,
        clock_s=moment.clock_s,
        display_clock=moment.display_clock,
        detail=moment.detail,
        home_score=score[0],
        away_score=score[1],
        home_lines=lines.home,
        away_lines=lines.away,
        home_win=odds[0],
        draw=odds[1],
        away_win=odds[2],
        home_shootout=home_shootout,
        away_shootout=away_shootout,
        situation=situation,
    )


def over(
    game: SimGame,
    moment: Moment,
    score: tuple[int, int],
    lines: Lines,
    situation: dict[str, object] | None = None,
    *,
    settled: tuple[int, int] | None = None,
    advanced: str | None = None,
    shootout: tuple[int, int] | None = None,
) -> Truth:
    """The final state; the winner is read from the score markets settle on, by default the final one."""
    home, away = settled or score
    home_shootout, away_shootout = shootout or (None, None)
    winner = "home" if home > away else "away" if away > home else "draw"
    return Truth(
        at=game.start + timedelta(seconds=moment.after_s),
        state="post",
        status=moment.status,
        completed=True,
        period=moment.period,
        clock_s=moment.clock_s,
        display_clock=moment.display_clock,
        detail=moment.detail,
        home_score=score[0],
        away_score=score[1],
        home_lines=lines.home,
        away_lines=lines.away,
        home_win=float(winner == "home"),
        draw=float(winner == "draw"),
        away_win=float(winner == "away"),
        winner=winner,
        advanced=advanced,
        home_shootout=home_shootout,
        away_shootout=away_shootout,
        situation=situation,
    )


def without_draw(home: float) -> Odds:
    """Odds where one side must win."""
    return home, 0.0, 1.0 - home


def summed(lines: Sequence[Sequence[int]]) -> tuple[int, int]:
    """Total score of (home lines, away lines)."""
    return sum(lines[0]), sum(lines[1])
