"""Pricing: what the market says of every linked market of games to come or in play, and what may be traded on.

Belongs here: which markets are priced, by which model versions, and why one is not. Does not: the arithmetic
(`pricing.event`), what was known (`store.known`), decisions, which make the same prices from the same facts again.

A market without a price has a named reason, in the report and never as a row. Prices that vanish from most markets
at once are the source's doing and no market's: that fails the step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.config import load_leagues, load_trading_rules
from precog_assets.domain.statuses import QUOTED
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.report import StepReport
from precog_assets.pricing.event import EMPTY, why_no_price
from precog_assets.store.known import Known, read_known
from precog_assets.store.prices import Priced, ever_priced, take_turn, write_prices
from precog_assets.store.snapshots import version_of, versions_of

if TYPE_CHECKING:
    from precog_assets.services import Services

NOT_OPEN = "market_not_open"
"""Closed or settled: what is still quoted there is no price."""
NO_GAME = "game_not_known"
LEAST_VANISHED = 10
"""Markets that were priced before and have an empty book now: so many at once, and most, are no coincidence."""
_LINKED = sa.text(
    """
    SELECT l.market_id FROM market.market_games l JOIN core.games g USING (game_id)
    WHERE l.verdict = 'matched' AND g.league = ANY(:leagues) AND g.phase IN ('scheduled', 'in_play', 'delayed')
      AND (CAST(:market_ids AS text[]) IS NULL OR l.market_id = ANY(:market_ids))
    """
)


def price_markets(services: Services, *, market_ids: Iterable[str] | None = None, correlation_id: str) -> StepReport:
    """Price the linked markets of games ahead or in play, of those given or all; a row where a price changed.

    `rows_in` counts markets, the written counts rows of market and model version; reasons of markets without a price
    are in `out_of_scope`. Raises PrecogError(system.database) when the server is away.
    """
    report = StepReport("prices", correlation_id, services.clock.now())
    chosen = {
        "leagues": [league.key for league in services.leagues],
        "market_ids": None if market_ids is None else sorted(set(market_ids)),
    }
    with in_database(services.engine) as connection:
        take_turn(connection)
        now = services.clock.now()
        wanted = sorted(connection.scalars(_LINKED, chosen))
        versions = _versions()
        known = read_known(connection, wanted, now, versions=versions)
        priced: list[Priced] = []
        unpriced: dict[str, str] = {}
        for market_id in wanted:
            found = list(_priced(known, market_id, versions))
            priced.extend(found)
            if not found:
                unpriced[market_id] = why_not(known, market_id)
        report.rows_in = len(wanted)
        report.out_of_scope = Counter(unpriced.values())
        report.notes |= {"priced": len(wanted) - len(unpriced), "not_priced": len(unpriced)}
        _tell_vanished(connection, report, unpriced, len(wanted))
        report.wrote(write_prices(connection, priced, now))
        report.finish()
        report.record(connection)
    return report


def why_not(known: Known, market_id: str) -> str:
    """Why a market has no price, in one word; empty where it has one."""
    if not _is_open(known, market_id):
        return NOT_OPEN
    game = known.games.get(_game_of(known, market_id))
    league = None if game is None else load_leagues().get(game.league)
    if league is None:
        return NO_GAME
    return why_no_price(league.outcomes, known.sides(market_id))


def _versions() -> dict[str, list[str]]:
    """Every league's default model, and the models that strategies read beside it."""
    wanted = versions_of(load_trading_rules().strategies.values())
    for key in load_leagues():
        default = version_of(key, "default")
        wanted[key] = [default, *(one for one in wanted.get(key, ()) if one != default)]
    return wanted


def _game_of(known: Known, market_id: str) -> str:
    return known.links[market_id].game_id or ""


def _is_open(known: Known, market_id: str) -> bool:
    market = known.markets.get(market_id)
    return market is not None and market.status in QUOTED


def _priced(known: Known, market_id: str, versions: Mapping[str, Sequence[str]]) -> Iterator[Priced]:
    """What each model version of its league says of a market; nothing where there is no price."""
    game = known.games.get(_game_of(known, market_id)) if _is_open(known, market_id) else None
    outcome = None if game is None else known.links[market_id].outcome
    if game is None or outcome is None:
        return
    for version in versions.get(game.league, ()):
        price = known.price(market_id, version)
        if price is not None:
            yield Priced(
                market_id=market_id,
                model_version=version,
                game_id=game.game_id,
                outcome=outcome,
                price=price,
                p_model=known.p_model(market_id, version),
                forecast=known.forecast(market_id, version),
                quote_observed_at=_quoted_at(known, market_id),
            )


def _quoted_at(known: Known, market_id: str) -> datetime:
    siblings = known.siblings(market_id).values()
    return max(known.quotes[other].observed_at for other in siblings if other in known.quotes)


def _tell_vanished(connection: sa.Connection, report: StepReport, unpriced: dict[str, str], markets: int) -> None:
    empty = [market_id for market_id, reason in unpriced.items() if reason == EMPTY]
    if len(empty) < LEAST_VANISHED or len(empty) * 2 <= markets:
        return
    gone = ever_priced(connection, empty)
    if len(gone) >= LEAST_VANISHED and len(gone) * 2 > markets:
        report.outcomes["contract.vanished"] += 1
        report.failures.append(
            f"prices: contract.vanished; {len(gone)} of {markets} markets had a price and show neither bid nor ask now"
        )
