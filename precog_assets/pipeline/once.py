"""One headless pass of the whole pipeline: what the sensors and schedules do, once, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.times import eastern_day
from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.decide import decide_markets
from precog_assets.pipeline.fees import poll_fees
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.ladder import climb
from precog_assets.pipeline.link import link_markets
from precog_assets.pipeline.market_data import poll_books
from precog_assets.pipeline.markets import (
    SETTLED_LOOKBACK,
    discover_series,
    poll_markets,
    sweep_markets,
)
from precog_assets.pipeline.price import price_markets
from precog_assets.pipeline.rate import rate_league
from precog_assets.pipeline.report import StepReport, new_correlation_id
from precog_assets.pipeline.settle import settle_markets
from precog_assets.pipeline.upkeep import upkeep

if TYPE_CHECKING:
    from precog_assets.services import Services

DAYS_BACK = SETTLED_LOOKBACK.days + 1
"""Every market that the settled listings show has its game among the boards that are read."""
DAYS_AHEAD = 7


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the pass, by the name people see."""

    name: str
    run: Callable[[], StepReport]


def steps(services: Services, *, correlation_id: str) -> list[Step]:
    """The pass in order: games before markets, both before links, results before ratings, all before decisions."""
    today = eastern_day(services.clock.now())
    days = [today + timedelta(days=shift) for shift in range(-DAYS_BACK, DAYS_AHEAD + 1)]
    leagues = services.leagues
    return [
        Step(
            "games",
            lambda: poll_games(
                services, [(league, day) for league in leagues for day in days], correlation_id=correlation_id
            ),
        ),
        Step("series", lambda: discover_series(services, leagues, correlation_id=correlation_id)),
        Step(
            "markets",
            lambda: poll_markets(
                services, leagues, statuses=("unopened", "open", "closed", "settled"), correlation_id=correlation_id
            ),
        ),
        Step("fees", lambda: poll_fees(services, correlation_id=correlation_id)),
        Step("links", lambda: link_markets(services, correlation_id=correlation_id)),
        Step("settlements", lambda: sweep_markets(services, correlation_id=correlation_id)),
        Step("order books", lambda: poll_books(services, leagues, correlation_id=correlation_id)),
        *(
            Step(
                f"ratings {league.key}",
                lambda league=league: rate_league(services, league, correlation_id=correlation_id),
            )
            for league in leagues
        ),
        Step("prices", lambda: price_markets(services, correlation_id=correlation_id)),
        Step("decisions", lambda: decide_markets(services, correlation_id=correlation_id)),
        Step("orders", lambda: work_book(services, correlation_id=correlation_id)),
        Step("settled positions", lambda: settle_markets(services, correlation_id=correlation_id)),
        Step("ladder", lambda: climb(services, correlation_id=correlation_id)),
        Step("upkeep", lambda: upkeep(services, correlation_id=correlation_id)),
    ]


def run_once(
    services: Services, *, begin: Callable[[str], None] = lambda _name: None
) -> Iterator[tuple[str, StepReport | PrecogError]]:
    """Run every step; one that fails does not keep the others from running, it is yielded as its error."""
    for step in steps(services, correlation_id=new_correlation_id()):
        begin(step.name)
        try:
            yield step.name, step.run()
        except PrecogError as error:
            yield step.name, error
