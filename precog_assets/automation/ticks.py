"""The live ticks: which leagues are due, one step over them, and a sentence of what came of it.

Belongs here: choosing and calling, without Dagster. Does not: events, cursors, metadata (`events`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from precog_assets.automation import relay
from precog_assets.automation.memory import TickMemory
from precog_assets.domain.errors import CODES, ErrorClass
from precog_assets.domain.leagues import League
from precog_assets.domain.times import board_days, eastern_day
from precog_assets.pipeline.cadence import LeagueActivity, Phase, due, phase_of, read_activity
from precog_assets.pipeline.feeds import in_database, only_one
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.market_data import poll_books
from precog_assets.pipeline.markets import poll_markets
from precog_assets.pipeline.report import StepReport
from precog_assets.sources.espn.client import requests_for

if TYPE_CHECKING:
    from precog_assets.services import Services

BUDGET_S = 3.0
"""Work of a tick that would begin later than this is left to the next one."""
DAYS_AHEAD = (1, 2)
"""Boards after today's that hold games within the longest time to start of a strategy, 36 hours."""
AHEAD_BUDGET_S = 12.0
NOT_SENT = ("system.budget", "http.budget")
AWAY = frozenset({ErrorClass.TRANSIENT, ErrorClass.SYSTEM})


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick did. `report` is None when there was nothing to do, and `sentence` says why."""

    sentence: str
    report: StepReport | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Of the process that feeds instead, for metadata."""


@dataclass(frozen=True, slots=True)
class Due:
    """The leagues to poll now, in order, and the phase of each."""

    leagues: tuple[League, ...]
    phases: dict[str, Phase]

    def said(self) -> str:
        return ", ".join(f"{league.key} {self.phases[league.key]}" for league in self.leagues)


def phases_now(services: Services, source: str) -> dict[str, Phase]:
    """The phase of every league by its stored games. Raises PrecogError(system.database)."""
    now = services.clock.now()
    keys = [league.key for league in services.leagues]
    with in_database(services.engine) as connection:
        activity: dict[str, LeagueActivity] = read_activity(connection, keys, now)
    cadence = services.limiter.config(source).poll
    return {key: phase_of(activity.get(key), now, cadence) for key in keys}


def leagues_due(services: Services, memory: TickMemory, feed: str, source: str) -> Due:
    """The leagues whose interval of `source` has passed, live ones first."""
    phases = phases_now(services, source)
    by_key = {league.key: league for league in services.leagues}
    keys = due(list(by_key), phases, memory.polled_s_ago(feed), services.limiter.config(source).poll)
    return Due(tuple(by_key[key] for key in keys), phases)


def read_leagues(wanted: Sequence[str], not_sent: int) -> list[str]:
    """The leagues that count as polled when the last `not_sent` requests of `wanted` (a league each) were not sent.

    What was left over stays due, and being longest waiting it comes first at the next tick.
    """
    left = set(wanted[len(wanted) - not_sent :]) if not_sent else set()
    return [league for league in dict.fromkeys(wanted) if league not in left]


def polled_leagues(wanted: Sequence[str], report: StepReport) -> list[str]:
    """The leagues of a finished poll that need not be asked again before their interval.

    While a source is away altogether, none: an idle league must not wait minutes for it to be back (the
    breaker spares the host meanwhile). A source that refuses is not pressed.
    """
    if report.outcomes and all(CODES[code].error_class in AWAY for code in report.outcomes):
        return []
    return read_leagues(wanted, sum(report.outcomes[code] for code in NOT_SENT))


def games_tick(services: Services, memory: TickMemory, correlation_id: str) -> Tick:
    """Read the boards of the leagues that are due. Raises PrecogError(system.*): a tick must fail loudly."""
    yielded = _yielded(services, memory, "espn", "games", relay.GAMES, correlation_id)
    if yielded is not None:
        return yielded
    chosen = leagues_due(services, memory, "games", "espn")
    if not chosen.leagues:
        return Tick("games: no league is due")
    wanted = boards(chosen.leagues, services.clock.now())
    requests = [league.key for league, day in wanted for _ in requests_for(league, day)]
    began_s = memory.monotonic()
    return _alone(
        services,
        "games live",
        chosen,
        lambda: poll_games(services, wanted, correlation_id=correlation_id, budget_s=BUDGET_S, step="games live"),
        lambda report: _remember(memory, "games", requests, report, began_s),
    )


def boards(leagues: Sequence[League], now: datetime) -> list[tuple[League, date]]:
    """The league days whose boards can hold a running game."""
    return [(league, day) for league in leagues for day in board_days(now)]


def ahead_tick(services: Services, memory: TickMemory, correlation_id: str) -> Tick:
    """Read the boards of the next days, which decisions look at too. Raises PrecogError(system.*)."""
    turn = relay.turn_of(services, memory, "espn")
    if turn.why:
        return Tick(f"games ahead: {turn.why}")
    today = eastern_day(services.clock.now())
    wanted = [(league, today + timedelta(days=ahead)) for ahead in DAYS_AHEAD for league in services.leagues]
    return _alone(
        services,
        "games ahead",
        Due(services.leagues, phases_now(services, "espn")),
        lambda: poll_games(
            services, wanted, correlation_id=correlation_id, budget_s=AHEAD_BUDGET_S, step="games ahead"
        ),
        lambda _report: None,
    )


def markets_tick(services: Services, memory: TickMemory, correlation_id: str) -> Tick:
    """Read the open listings of the leagues that are due. Raises PrecogError(system.*)."""
    yielded = _yielded(services, memory, "kalshi", "markets", relay.MARKETS, correlation_id)
    if yielded is not None:
        return yielded
    chosen = leagues_due(services, memory, "markets", "kalshi")
    if not chosen.leagues:
        return Tick("markets: no league is due")
    requests = [league.key for league in chosen.leagues for _ in (league.kalshi.series, *league.kalshi.also)]
    began_s = memory.monotonic()
    return _alone(
        services,
        "markets live",
        chosen,
        lambda: poll_markets(
            services, chosen.leagues, correlation_id=correlation_id, budget_s=BUDGET_S, step="markets live"
        ),
        lambda report: _remember(memory, "markets", requests, report, began_s),
    )


def books_tick(services: Services, memory: TickMemory, correlation_id: str) -> Tick:
    """Read the order books of leagues with a game running or near. Raises PrecogError(system.*)."""
    yielded = _yielded(services, memory, "kalshi", "books", relay.BOOKS, correlation_id)
    if yielded is not None:
        return yielded
    phases = phases_now(services, "kalshi")
    near = tuple(league for league in services.leagues if phases[league.key] is not Phase.IDLE)
    if not near:
        return Tick("order books: no game runs or begins soon")
    return _alone(
        services,
        "order books",
        Due(near, phases),
        lambda: poll_books(services, near, correlation_id=correlation_id, budget_s=BUDGET_S),
        lambda _report: None,
    )


def _yielded(
    services: Services, memory: TickMemory, source: str, name: str, steps: Sequence[str], correlation_id: str
) -> Tick | None:
    """The tick of a source that the collector feeds: what it wrote meanwhile is told. None: it is ours to feed."""
    turn = relay.turn_of(services, memory, source)
    if not turn.why:
        return None
    report = relay.relayed(services, memory, name, steps, turn, correlation_id)
    return Tick(f"{name}: {turn.why}; {report.written} changed since the tick before", report, turn.facts)


def _remember(memory: TickMemory, feed: str, requests: Sequence[str], report: StepReport, began_s: float) -> None:
    memory.polled(feed, polled_leagues(requests, report), began_s)
    if report.written:
        memory.news.tell()


def _alone(
    services: Services,
    step: str,
    chosen: Due,
    run: Callable[[], StepReport],
    done: Callable[[StepReport], None],
) -> Tick:
    """Run a step unless another process is in it."""
    with only_one(services.engine, step) as mine:
        if not mine:
            return Tick(f"{step}: another process polls")
        report = run()
    done(report)
    return Tick(f"{report.sentence()} ({chosen.said()})", report)
