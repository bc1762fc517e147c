"""What the collector polls beside stream and boards, on a slower cadence: listings, books, boards ahead, discovery.

Belongs here: which step, how often. Does not: the steps; links and ratings, which the command hands in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from precog_assets.domain.times import eastern_day
from precog_assets.pipeline.cadence import LeagueActivity, Phase, phase_of, read_activity
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.live.process import Chore
from precog_assets.pipeline.live.reaction import Reactor
from precog_assets.pipeline.live.watched import read_watched
from precog_assets.pipeline.market_data import poll_books
from precog_assets.pipeline.markets import discover_series, poll_markets, sweep_markets
from precog_assets.pipeline.report import new_correlation_id

if TYPE_CHECKING:
    from precog_assets.services import Services

BOOKS_EACH_S, SWEEP_EACH_S, AHEAD_EACH_S, DISCOVER_EACH_S = 15.0, 120.0, 300.0, 6 * 3600.0
DAYS_AHEAD = (1, 2)


def chores_of(
    services: Services, streaming: Callable[[], bool], holds_book: Callable[[str], bool], react: Reactor
) -> list[Chore]:
    """The slower work. While the stream is away the listings are read as often as boards, and reacted to.

    Order books are read of the markets whose book the stream does not hold.
    """
    cadence = services.limiter.config("kalshi").poll

    def listings() -> None:
        # League by league: while a step writes quotes, those of the stream wait.
        named = new_correlation_id()
        reports = [poll_markets(services, [one], correlation_id=named, step="markets live") for one in services.leagues]
        if any(report.written for report in reports) and not streaming():
            react(tuple(read_watched(services).priorities), ())

    def books() -> None:
        now = services.clock.now()
        with in_database(services.engine) as connection:
            activity: dict[str, LeagueActivity] = read_activity(connection, [one.key for one in services.leagues], now)
        near = [one for one in services.leagues if phase_of(activity.get(one.key), now, cadence) is not Phase.IDLE]
        if near:
            poll_books(services, near, correlation_id=new_correlation_id(), known=holds_book)

    def ahead() -> None:
        today = eastern_day(services.clock.now())
        named = new_correlation_id()
        for league in services.leagues:
            wanted = [(league, today + timedelta(days=days)) for days in DAYS_AHEAD]
            poll_games(services, wanted, correlation_id=named, step="games ahead")

    return [
        Chore("listings", lambda: cadence.idle_s if streaming() else cadence.live_s, listings),
        Chore("order books", lambda: BOOKS_EACH_S, books),
        Chore("settled markets", lambda: SWEEP_EACH_S, lambda: sweep_markets(services, correlation_id=_named())),
        Chore("boards ahead", lambda: AHEAD_EACH_S, ahead),
        Chore(
            "discovery",
            lambda: DISCOVER_EACH_S,
            lambda: discover_series(services, services.leagues, correlation_id=_named()),
        ),
    ]


def _named() -> str:
    return new_correlation_id()
