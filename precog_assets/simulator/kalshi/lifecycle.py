"""How a market ends and when: its status, result and settlement at an instant, from the game's truth alone."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from precog_assets.domain.statuses import MarketStatus
from precog_assets.simulator.kalshi.instants import NEVER_US, microseconds
from precog_assets.simulator.kalshi.listing import Event, Side
from precog_assets.simulator.kalshi.noise import mix
from precog_assets.simulator.kalshi.sports import SPORTS
from precog_assets.simulator.world.model import WorldView

_TIED_EACH = 5_000


@dataclass(frozen=True, slots=True)
class Ending:
    """How an event ends; known to the simulator from the start, shown only once `now` has passed it."""

    close: datetime
    determined: datetime
    finalized: datetime
    winner: Side | None
    """None when every market settles at its own value (`scalar`)."""
    winner_name: str
    """Text of the winner, as every market of the event shows it in `expiration_value`; '' without one."""
    values: dict[Side, int]
    """Settlement of YES in 1/10,000 dollars."""


@dataclass(frozen=True, slots=True)
class Path:
    """The truth of a game over time, cut down to what prices need."""

    times: tuple[int, ...]
    """Microseconds at which the probabilities changed, the first long before the start."""
    chances: tuple[tuple[float, float, float], ...]
    """home, draw, away."""

    def at(self, time_us: int) -> tuple[float, float, float]:
        return self.chances[max(0, bisect_right(self.times, time_us) - 1)]


class Lifecycle:
    """Endings and statuses of a world's events; results are kept, they never change."""

    def __init__(self, world: WorldView) -> None:
        self._world = world
        self.path = lru_cache(maxsize=1_024)(self._path)
        self.opening = lru_cache(maxsize=12_000)(self._opening)
        self.ending = lru_cache(maxsize=12_000)(self._ending)

    def _path(self, event: Event) -> Path:
        times: list[int] = []
        chances: list[tuple[float, float, float]] = []
        for state in self._world.timeline(event.game):
            chance = (state.home_win, state.draw, state.away_win)
            if not chances or chance != chances[-1]:
                times.append(microseconds(state.at))
                chances.append(chance)
        return Path(tuple(times), tuple(chances))

    def _opening(self, event: Event) -> tuple[float, float, float]:
        truth = self._world.truth(event.game, event.opened)
        return (truth.home_win, truth.draw, truth.away_win)

    def chances(self, event: Event, time_us: int) -> tuple[float, float, float]:
        """True values of home, draw and away at an instant, in dollars; before the start they stand still.

        They are the probabilities; where there is no market on a draw, a tie pays half to each side.
        """
        before = time_us < event.start_us
        home, draw, away = self.opening(event) if before else self.path(event).at(time_us)
        if draw and not event.has_draw:
            return home + draw / 2, 0.0, away + draw / 2
        return home, draw, away

    def _ending(self, event: Event) -> Ending:
        final = self._world.truth(event.game, event.deadline)
        if not final.completed:
            return self._end(event, event.deadline, None, self._fair_values(event))
        close = final.at.astimezone(UTC) + timedelta(seconds=3 + mix(event.key, 3) % 30)
        sides: list[Side] = [market.side for market in event.markets]
        winner: Side
        values: dict[Side, int] = dict.fromkeys(sides, _TIED_EACH)
        if final.winner == "draw" and not event.has_draw:
            return self._end(event, close, None, values)
        if final.winner == "home":
            winner = "home"
        elif final.winner == "away":
            winner = "away"
        elif final.winner == "draw":
            winner = "draw"
        else:
            raise ValueError(f"{event.ticker}: completed with winner {final.winner!r}; expected home, away or draw")
        values = {side: 10_000 if side == winner else 0 for side in sides}
        return self._end(event, close, winner, values)

    def _end(self, event: Event, close: datetime, winner: Side | None, values: dict[Side, int]) -> Ending:
        determined = close + timedelta(seconds=20 + mix(event.key, 4) % 100, microseconds=mix(event.key, 5) % 1_000_000)
        timer = timedelta(seconds=SPORTS[event.sport].settlement_timer_s)
        name = next((market.name for market in event.markets if market.side == winner), "")
        return Ending(close, determined, determined + timer, winner, name, values)

    def _fair_values(self, event: Event) -> dict[Side, int]:
        """Fair prices in whole cents that sum to a dollar, from the probabilities before the game."""
        home, draw, _ = self.chances(event, event.opened_us)
        values: dict[Side, int] = {"home": round(home * 100) * 100}
        if event.has_draw:
            values["draw"] = round(draw * 100) * 100
        values["away"] = 10_000 - sum(values.values())
        return values

    def over(self, event: Event, now: datetime) -> Ending | None:
        """The ending, once the market has closed; None before."""
        if now < event.game.start:
            return None
        ending = self.ending(event)
        return ending if now >= ending.close else None

    def status(self, event: Event, now: datetime) -> MarketStatus | None:
        """The status all markets of the event have at `now`; None while they are not created yet."""
        return self.status_at(event, microseconds(now))

    def status_at(self, event: Event, time_us: int) -> MarketStatus | None:
        """The same by microseconds."""
        found: MarketStatus | None = None
        for at_us, status in self._steps(event, time_us):
            if time_us < at_us:
                break
            found = status
        return found

    def next_status_us(self, event: Event, time_us: int) -> int:
        """When the status next changes after `time_us`; NEVER_US once it is final.

        Before the game starts it is the start itself, if nothing comes earlier: the end is looked up only then.
        """
        return next((at_us for at_us, _ in self._steps(event, time_us) if at_us > time_us), NEVER_US)

    def _steps(self, event: Event, time_us: int) -> list[tuple[int, MarketStatus]]:
        steps = [(event.created_us, MarketStatus.INITIALIZED), (event.opened_us, MarketStatus.ACTIVE)]
        if time_us < event.start_us:
            return [*steps, (event.start_us, MarketStatus.ACTIVE)]
        ending = self.ending(event)
        return [
            *steps,
            (microseconds(ending.close), MarketStatus.CLOSED),
            (microseconds(ending.determined), MarketStatus.DETERMINED),
            (microseconds(ending.finalized), MarketStatus.FINALIZED),
        ]
