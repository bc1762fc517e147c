"""A market's life: its status, result and settlement at an instant, from the game's truth alone.

initialized, active (now and then inactive), closed, determined, at times disputed and amended, finalized. A game
that is not started within 48 hours of its first start, or never played, settles at fair prices.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.habits import Habits
from precog_assets.simulator.kalshi.instants import HOUR_US, MINUTE_US, NEVER_US, microseconds
from precog_assets.simulator.kalshi.listing import Event, Side
from precog_assets.simulator.kalshi.noise import mix, unit
from precog_assets.simulator.kalshi.sports import SPORTS
from precog_assets.simulator.world.model import Truth, WorldView

_TIED_EACH = 5_000
LONGEST_GAME = timedelta(days=14)
"""How long after its first start a game that began may still be finished (suspended ones)."""
_SUSPENDED = "STATUS_SUSPENDED"
_NOTICED_US = MINUTE_US
"""How long after a suspension trading stops."""


class Verdict(NamedTuple):
    """What an event is determined as."""

    winner: Side | None
    """None when every market settles at its own value (`scalar`)."""
    winner_name: str
    """Text of the winner, as every market of the event shows it in `expiration_value`; '' without one."""
    values: dict[Side, int]
    """Settlement of YES in 1/10,000 dollars."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an event ends; known to the simulator from the start, shown only once `now` has passed it."""

    close: datetime
    determined: datetime
    finalized: datetime
    verdict: Verdict
    """The one that is paid."""
    mistaken: Verdict | None = None
    """What was determined at first, where that was wrong."""
    disputed: datetime | None = None
    amended: datetime | None = None

    @property
    def winner(self) -> Side | None:
        return self.verdict.winner

    @property
    def winner_name(self) -> str:
        return self.verdict.winner_name

    @property
    def values(self) -> dict[Side, int]:
        return self.verdict.values

    def shown(self, now: datetime) -> Verdict:
        """The verdict as the venue has it at `now`, once there is one."""
        wrong = self.mistaken is not None and self.amended is not None and now < self.amended
        return self.mistaken if wrong and self.mistaken else self.verdict


@dataclass(frozen=True, slots=True)
class Path:
    """The truth of a game over time, cut down to what prices need."""

    times: tuple[int, ...]
    """Microseconds at which the probabilities changed, the first long before the start."""
    chances: tuple[tuple[float, float, float], ...]
    """home, draw, away."""
    suspensions: tuple[tuple[int, int], ...]
    """Spans in which the game was suspended and nobody trades."""

    def at(self, time_us: int) -> tuple[float, float, float]:
        return self.chances[max(0, bisect_right(self.times, time_us) - 1)]


class _Steps(NamedTuple):
    times: tuple[int, ...]
    statuses: tuple[MarketStatus, ...]


class Lifecycle:
    """Endings and statuses of a world's events; results are kept, they never change."""

    def __init__(self, world: WorldView, habits: Habits | None = None) -> None:
        self._world = world
        self._habits = habits or Habits()
        self.path = lru_cache(maxsize=768)(self._path)
        self.opening = lru_cache(maxsize=4_096)(self._opening)
        self.ending = lru_cache(maxsize=4_096)(self._ending)
        self._steps = lru_cache(maxsize=8_192)(self._make_steps)
        self._spans = lru_cache(maxsize=8_192)(self._make_spans)

    def _path(self, event: Event) -> Path:
        times: list[int] = []
        chances: list[tuple[float, float, float]] = []
        states = self._world.timeline(event.game)
        for state in states:
            chance = (state.home_win, state.draw, state.away_win)
            if not chances or chance != chances[-1]:
                times.append(microseconds(state.at))
                chances.append(chance)
        suspensions = tuple(
            (microseconds(state.at) + _NOTICED_US, microseconds(following.at))
            for state, following in pairwise(states)
            if state.status == _SUSPENDED and following.at - state.at > timedelta(microseconds=_NOTICED_US)
        )
        return Path(tuple(times), tuple(chances), suspensions)

    def _opening(self, event: Event) -> tuple[float, float, float]:
        truth = self._world.truth(event.game, event.opened)
        return (truth.home_win, truth.draw, truth.away_win)

    def truth(self, event: Event, now: datetime) -> Truth:
        """The game as it truly is."""
        return self._world.truth(event.game, now)

    def played(self, event: Event, now: datetime) -> list[Truth]:
        """The states the game went through so far, oldest first."""
        if now < event.game.start:
            return []
        return [state for state in self._world.timeline(event.game) if state.at <= now]

    def announced_start(self, event: Event, now: datetime) -> datetime:
        """The game's start as the schedule has it now."""
        return self._world.listing(event.game, now).start

    def chances(self, event: Event, time_us: int) -> tuple[float, float, float]:
        """True values of home, draw and away at an instant, in dollars; before the start they stand still.

        They are the probabilities; where there is no market on a draw, a tie pays half to each side.
        """
        before = time_us < event.start_us or event.start_us > event.deadline_us
        home, draw, away = self.opening(event) if before else self.path(event).at(time_us)
        if draw and not event.has_draw:
            return home + draw / 2, 0.0, away + draw / 2
        return home, draw, away

    def value(self, event: Event, side: Side, time_us: int) -> float:
        """The true value of YES on one side, in dollars."""
        home, draw, away = self.chances(event, time_us)
        return home if side == "home" else away if side == "away" else draw

    def _ending(self, event: Event) -> Ending:
        late = timedelta(seconds=3 + mix(event.key, 3) % 30)
        game = event.game
        if game.fate in ("canceled", "walkover") and game.off_from is not None:
            close = max(game.off_from.astimezone(UTC), event.opened) + 60 * late
            return self._end(event, min(close, event.deadline), self._fair(event))
        final = self._world.truth(game, event.deadline)
        if not final.completed and final.status == _SUSPENDED:
            final = self._world.truth(game, event.first_start + LONGEST_GAME)
            if not final.completed:
                return self._end(event, event.first_start + LONGEST_GAME, self._fair(event))
        if not final.completed and final.state == "in":
            final = self._world.timeline(game)[-1]
        if not final.completed or final.void:
            return self._end(event, event.deadline, self._fair(event))
        return self._end(event, final.at.astimezone(UTC) + late, self._verdict(event, final))

    def _verdict(self, event: Event, final: Truth) -> Verdict:
        if final.winner == "draw" and not event.has_draw:
            return Verdict(None, "", dict.fromkeys((market.side for market in event.markets), _TIED_EACH))
        winner: Side
        if final.winner == "home":
            winner = "home"
        elif final.winner == "away":
            winner = "away"
        elif final.winner == "draw":
            winner = "draw"
        else:
            raise ValueError(f"{event.ticker}: completed with winner {final.winner!r}; expected home, away or draw")
        return _won(event, winner)

    def _end(self, event: Event, close: datetime, verdict: Verdict) -> Ending:
        determined = close + timedelta(seconds=20 + mix(event.key, 4) % 100, microseconds=mix(event.key, 5) % 1_000_000)
        timer = timedelta(seconds=SPORTS[event.sport].settlement_timer_s)
        if verdict.winner is None or unit(event.key, 31) >= self._habits.disputed:
            return Ending(close, determined, determined + timer, verdict)
        others: list[Side] = [market.side for market in event.markets if market.side != verdict.winner]
        mistaken = _won(event, others[mix(event.key, 32) % len(others)])
        disputed = determined + timedelta(seconds=5 + mix(event.key, 33) % 20)
        amended = disputed + timedelta(minutes=5 + mix(event.key, 34) % 40)
        return Ending(close, determined, amended + timer, verdict, mistaken, disputed, amended)

    def _fair(self, event: Event) -> Verdict:
        """Fair prices in whole cents that sum to a dollar, from the probabilities before the game."""
        home, draw, _ = self.chances(event, event.opened_us)
        values: dict[Side, int] = {"home": round(home * 100) * 100}
        if event.has_draw:
            values["draw"] = round(draw * 100) * 100
        values["away"] = 10_000 - sum(values.values())
        return Verdict(None, "", values)

    def over(self, event: Event, now: datetime) -> Ending | None:
        """The ending, once the market has closed; None before."""
        if not self._may_be_over(event, microseconds(now)):
            return None
        ending = self.ending(event)
        return ending if now >= ending.close else None

    def close_us(self, event: Event, time_us: int) -> int:
        """When trading ends, where that can be known at `time_us`; else NEVER_US."""
        return microseconds(self.ending(event).close) if self._may_be_over(event, time_us) else NEVER_US

    def _may_be_over(self, event: Event, time_us: int) -> bool:
        return time_us >= event.over_from_us

    def close_shown(self, event: Event, now: datetime) -> datetime:
        """The close time as the venue tells it: the deadline, moved out for a suspended game, then the real one."""
        ending = self.over(event, now)
        if ending is not None:
            return ending.close
        late = now >= event.deadline - timedelta(hours=1) and self._may_be_over(event, microseconds(now))
        if late and self.ending(event).close > event.deadline:
            return event.first_start + LONGEST_GAME
        return event.deadline

    def status(self, event: Event, now: datetime) -> MarketStatus | None:
        """The status all markets of the event have at `now`; None while they are not created yet."""
        return self.status_at(event, microseconds(now))

    def status_at(self, event: Event, time_us: int) -> MarketStatus | None:
        """The same by microseconds."""
        steps = self._steps(event, self._may_be_over(event, time_us))
        passed = bisect_right(steps.times, time_us)
        return steps.statuses[passed - 1] if passed else None

    def next_status_us(self, event: Event, time_us: int) -> int:
        """When the status next changes after `time_us`; NEVER_US once it is final.

        Before the game starts it is the start itself, if nothing comes earlier: the end is looked up only then.
        """
        steps = self._steps(event, self._may_be_over(event, time_us))
        passed = bisect_right(steps.times, time_us)
        return steps.times[passed] if passed < len(steps.times) else NEVER_US

    def changes(self, event: Event, time_us: int) -> tuple[tuple[int, MarketStatus], ...]:
        """All changes of status that can be known at `time_us`, oldest first, those to come included."""
        steps = self._steps(event, self._may_be_over(event, time_us))
        return tuple(zip(steps.times, steps.statuses, strict=True))

    def pauses(self, event: Event, time_us: int) -> tuple[tuple[int, int], ...]:
        """Spans of status inactive that can be known at `time_us`, begin included and end not."""
        return self._spans(event, self._may_be_over(event, time_us))

    def _make_spans(self, event: Event, played: bool) -> tuple[tuple[int, int], ...]:
        spans = []
        if unit(event.key, 35) < self._habits.paused:
            begin = event.start_us - 20 * HOUR_US + int(22 * HOUR_US * unit(event.key, 36))
            begin = max(begin, event.opened_us + 10 * MINUTE_US)
            spans.append((begin, begin + (2 + mix(event.key, 37) % 14) * MINUTE_US))
        if not played:
            return tuple(spans)
        close_us = microseconds(self.ending(event).close)
        if any(pause.status == _SUSPENDED for pause in event.game.pauses) and event.start_us < close_us:
            spans.extend(self.path(event).suspensions)
        apart: list[tuple[int, int]] = []
        for begin, end in sorted(spans):
            if begin >= close_us:
                break
            begin = max(begin, apart[-1][1]) if apart else begin
            if begin < min(end, close_us):
                apart.append((begin, min(end, close_us)))
        return tuple(apart)

    def _make_steps(self, event: Event, played: bool) -> _Steps:
        steps: dict[int, MarketStatus] = {
            event.created_us: MarketStatus.INITIALIZED,
            event.opened_us: MarketStatus.ACTIVE,
        }
        for begin, end in self._make_spans(event, played):
            steps[begin] = MarketStatus.INACTIVE
            steps[end] = MarketStatus.ACTIVE
        if not played:
            looked_up = event.over_from_us
            status = next((s for at, s in sorted(steps.items(), reverse=True) if at <= looked_up), MarketStatus.ACTIVE)
            steps = {at: s for at, s in steps.items() if at < looked_up} | {looked_up: status}
        else:
            ending = self.ending(event)
            if ending.close > event.deadline:
                shown_us = event.deadline_us - HOUR_US
                last = max(at for at in steps if at <= shown_us)
                steps.setdefault(shown_us, steps[last])
            steps[microseconds(ending.close)] = MarketStatus.CLOSED
            steps[microseconds(ending.determined)] = MarketStatus.DETERMINED
            if ending.disputed is not None and ending.amended is not None:
                steps[microseconds(ending.disputed)] = MarketStatus.DISPUTED
                steps[microseconds(ending.amended)] = MarketStatus.AMENDED
            steps[microseconds(ending.finalized)] = MarketStatus.FINALIZED
        times, statuses = zip(*sorted(steps.items()), strict=True)
        return _Steps(times, statuses)


def _won(event: Event, winner: Side) -> Verdict:
    name = next(market.name for market in event.markets if market.side == winner)
    return Verdict(winner, name, {market.side: 10_000 if market.side == winner else 0 for market in event.markets})
