"""The trading tick: prices, decisions, orders and payouts follow from new quotes and scores.

Belongs here: the order of the steps, and that one process takes them at a time. Does not: the steps, Dagster's events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.decide import decide_markets
from precog_assets.pipeline.feeds import only_one
from precog_assets.pipeline.price import price_markets
from precog_assets.pipeline.report import StepReport
from precog_assets.pipeline.settle import settle_markets

if TYPE_CHECKING:
    from precog_assets.services import Services

STEPS: Mapping[str, Callable[..., StepReport]] = {
    "prices": price_markets,
    "decisions": decide_markets,
    "orders": work_book,
    "settlements": settle_markets,
}


@dataclass(frozen=True, slots=True)
class TradingTick:
    """The reports of a tick by step; none, and a sentence that says why, where another process is at it."""

    sentence: str
    reports: Mapping[str, StepReport] = field(default_factory=dict)


def trading_tick(services: Services, correlation_id: str) -> TradingTick:
    """Price, decide, work on orders, pay out. Raises PrecogError(system.*)."""
    with only_one(services.engine, "trading") as mine:
        if not mine:
            return TradingTick("trading: another process is at it")
        reports = {name: step(services, correlation_id=correlation_id) for name, step in STEPS.items()}
    return TradingTick("; ".join(report.sentence() for report in reports.values()), reports)
