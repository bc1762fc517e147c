"""The checks of assets that sensors write, evaluated with the materializations they are about.

A check is about the newest materialization of its asset: one that was evaluated before it counts as not
evaluated. So a tick that materializes evaluates too. Belongs here: which checks, and their events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg

from precog_assets.assets.book import DECISIONS, LEDGER, SETTLEMENTS
from precog_assets.assets.games import GAMES, RAW_GAMES
from precog_assets.assets.links import LINKS
from precog_assets.assets.markets import MARKETS, QUOTES, RAW_MARKETS
from precog_assets.assets.prices import PRICES
from precog_assets.assets.ratings import FORECASTS, RATINGS
from precog_assets.checks.book import decisions_checks, settlements_checks, trades_checks
from precog_assets.checks.forecasts import forecasts_checks
from precog_assets.checks.games import games_checks, raw_games_checks
from precog_assets.checks.links import market_games_checks
from precog_assets.checks.live import live_games_checks, live_markets_checks
from precog_assets.checks.markets import markets_checks, quotes_checks, raw_markets_checks
from precog_assets.checks.prices import prices_checks
from precog_assets.checks.ratings import ratings_checks
from precog_assets.resources import PrecogServices

CHECKS = {
    RAW_GAMES: raw_games_checks,
    GAMES: games_checks,
    RAW_MARKETS: raw_markets_checks,
    MARKETS: markets_checks,
    QUOTES: quotes_checks,
    LINKS: market_games_checks,
    RATINGS: ratings_checks,
    FORECASTS: forecasts_checks,
    PRICES: prices_checks,
    DECISIONS: decisions_checks,
    LEDGER: trades_checks,
    SETTLEMENTS: settlements_checks,
}
"""By the last materialized of the assets that a definition is about."""
LIVE_CHECKS = {RAW_GAMES: live_games_checks, RAW_MARKETS: live_markets_checks}
"""Beside those: who feeds, how late, and by which clock."""


def evaluations(services: PrecogServices, keys: Iterable[dg.AssetKey]) -> list[dg.AssetCheckEvaluation]:
    """Every check of these assets, evaluated now, as events to be reported after their materializations."""
    return [
        dg.AssetCheckEvaluation(
            asset_key=result.asset_key or key,
            check_name=result.check_name or "",
            passed=result.passed,
            severity=result.severity,
            description=result.description,
            metadata=result.metadata,
        )
        for key in dict.fromkeys(keys)
        for checks in (CHECKS.get(key), LIVE_CHECKS.get(key))
        if checks is not None
        for result in _results(checks, services)
    ]


def _results(checks: dg.AssetChecksDefinition, services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """Call a definition's own function, as a run would."""
    invoked: Any = checks(services=services)
    return iter(invoked)
