"""The live sensors: they poll inside their ticks, and say what changed.

Belongs here: shells around `ticks` and `derive`. Intervals are one second under a multiple of five: the
daemon's loop wakes every five seconds, and at the multiple itself every second wake-up would be missed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import dagster as dg

from precog_assets.assets.book import DECISIONS, DESK, SETTLEMENTS
from precog_assets.assets.games import GAMES, RAW_GAMES
from precog_assets.assets.links import LINKS
from precog_assets.assets.market_data import ORDER_BOOKS, TRADES
from precog_assets.assets.markets import MARKETS, QUOTES, RAW_MARKETS
from precog_assets.assets.prices import PRICES
from precog_assets.assets.ratings import FORECASTS, RATINGS
from precog_assets.resources import PrecogServices

if TYPE_CHECKING:
    from precog_assets.automation.derive import DeriveTick
    from precog_assets.automation.memory import TickMemory
    from precog_assets.automation.ticks import Tick
    from precog_assets.automation.trading import TradingTick
    from precog_assets.services import Services

GAME_TABLES = {RAW_GAMES: "raw.responses", GAMES: "core.games"}
MARKET_TABLES = {RAW_MARKETS: "raw.responses", MARKETS: "market.markets", QUOTES: "market.quotes"}
STREAMED_TABLES = {TRADES: "market.trades"}
"""Filled by a stream beside those, where there is one."""
BOOK_TABLES = {ORDER_BOOKS: "market.order_books"}
TRADING_TABLES = {
    "prices": {PRICES: "model.prices"},
    "decisions": {DECISIONS: "book.decisions"},
    "orders": DESK,
    "settlements": {SETTLEMENTS: "book.settlements"},
}
"""By step of the trading tick."""


def live_sensors(status: dg.DefaultSensorStatus) -> list[dg.SensorDefinition]:
    """The sensors that poll and derive, running by default only where `status` says so."""

    @dg.sensor(minimum_interval_seconds=4, default_status=status, description="Polls ESPN's boards inside its tick")
    def espn_live(context: dg.SensorEvaluationContext, services: PrecogServices) -> dg.SensorResult:
        from precog_assets.automation.relay import counted
        from precog_assets.automation.ticks import games_tick
        from precog_assets.pipeline.report import new_correlation_id

        opened = services.get()
        with counted(opened):
            tick = games_tick(opened, _memory(opened), new_correlation_id())
        return _result(context, services, "espn_live", tick, GAME_TABLES, source="espn", contract_of=RAW_GAMES)

    @dg.sensor(
        minimum_interval_seconds=299,
        default_status=status,
        description="Polls the boards of tomorrow and the day after",
    )
    def espn_ahead(context: dg.SensorEvaluationContext, services: PrecogServices) -> dg.SensorResult:
        from precog_assets.automation.relay import counted
        from precog_assets.automation.ticks import ahead_tick
        from precog_assets.pipeline.report import new_correlation_id

        opened = services.get()
        with counted(opened):
            tick = ahead_tick(opened, _memory(opened), new_correlation_id())
        return _result(context, services, "espn_ahead", tick, GAME_TABLES, source="espn", contract_of=RAW_GAMES)

    @dg.sensor(minimum_interval_seconds=4, default_status=status, description="Polls Kalshi's listings in its tick")
    def kalshi_live(context: dg.SensorEvaluationContext, services: PrecogServices) -> dg.SensorResult:
        from precog_assets.automation.relay import counted
        from precog_assets.automation.ticks import markets_tick
        from precog_assets.pipeline.report import new_correlation_id

        opened = services.get()
        with counted(opened):
            tick = markets_tick(opened, _memory(opened), new_correlation_id())
        tables = {**MARKET_TABLES, **STREAMED_TABLES} if tick.facts else MARKET_TABLES
        return _result(context, services, "kalshi_live", tick, tables, source="kalshi", contract_of=RAW_MARKETS)

    @dg.sensor(minimum_interval_seconds=14, default_status=status, description="Polls order books near their games")
    def kalshi_books(context: dg.SensorEvaluationContext, services: PrecogServices) -> dg.SensorResult:
        from precog_assets.automation.relay import counted
        from precog_assets.automation.ticks import books_tick
        from precog_assets.pipeline.report import new_correlation_id

        opened = services.get()
        with counted(opened):
            tick = books_tick(opened, _memory(opened), new_correlation_id())
        return _result(context, services, "kalshi_books", tick, BOOK_TABLES)

    @dg.sensor(minimum_interval_seconds=29, default_status=status, description="Links markets, rates and forecasts")
    def links_and_ratings(context: dg.SensorEvaluationContext, services: PrecogServices) -> dg.SensorResult:
        from precog_assets.automation.derive import Derived, derive_tick
        from precog_assets.pipeline.report import new_correlation_id

        opened = services.get()
        tick = derive_tick(opened, Derived.from_cursor(context.cursor), new_correlation_id())
        return dg.SensorResult(
            skip_reason=tick.sentence,
            cursor=tick.state.to_cursor(),
            asset_events=_derived_events(services, tick),
        )

    @dg.sensor(minimum_interval_seconds=4, default_status=status, description="Prices, decides, works on the book")
    def trading_live(context: dg.SensorEvaluationContext, services: PrecogServices) -> dg.SensorResult:
        from precog_assets.automation.relay import counted
        from precog_assets.automation.trading import STAYS_S, trading_tick
        from precog_assets.pipeline.report import new_correlation_id

        opened = services.get()
        with counted(opened):
            tick = trading_tick(opened, _memory(opened), new_correlation_id(), stays_s=STAYS_S)
        return _traded(context, services, tick)

    return [espn_live, espn_ahead, kalshi_live, kalshi_books, links_and_ratings, trading_live]


def _memory(opened: Services) -> TickMemory:
    from precog_assets.automation.memory import memory_of

    return memory_of(opened.engine.url.render_as_string(hide_password=True))


def _result(
    context: dg.SensorEvaluationContext,
    services: PrecogServices,
    sensor: str,
    tick: Tick,
    tables: dict[dg.AssetKey, str],
    *,
    source: str = "",
    contract_of: dg.AssetKey | None = None,
) -> dg.SensorResult:
    from precog_assets.automation.evaluate import evaluations
    from precog_assets.automation.events import Told, contract_changes, told_of_tick
    from precog_assets.checks.findings import contract
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    before = Told.from_cursor(context.cursor)
    events, told = told_of_tick(
        opened.engine, _memory(opened), sensor, before, tick.report, tables, source=source, facts=tick.facts
    )
    checks: list[dg.AssetCheckEvaluation] = []
    if contract_of is not None and tick.report is not None:
        with in_database(opened.engine) as connection:
            finding = contract(connection, source)
        checks, told = contract_changes(told, contract_of, finding)
    if events:
        checks = evaluations(services, [event.asset_key for event in events])
    return dg.SensorResult(skip_reason=tick.sentence, cursor=told.to_cursor(), asset_events=[*events, *checks])


def _traded(context: dg.SensorEvaluationContext, services: PrecogServices, tick: TradingTick) -> dg.SensorResult:
    """What changed of each step's tables; the cursor is the data version of each step."""
    from precog_assets.automation.evaluate import evaluations
    from precog_assets.automation.events import Told, told_of_tick

    opened = services.get()
    versions: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
    events: list[dg.AssetMaterialization] = []
    for step, report in tick.reports.items():
        before, name = Told(versions.get(step, "")), f"trading_live {step}"
        new, told = told_of_tick(
            opened.engine, _memory(opened), name, before, report, TRADING_TABLES[step], derived=True, facts=tick.facts
        )
        events += new
        versions[step] = told.version
    checks = evaluations(services, [event.asset_key for event in events])
    return dg.SensorResult(
        skip_reason=tick.sentence, cursor=json.dumps(versions, sort_keys=True), asset_events=[*events, *checks]
    )


def _derived_events(
    services: PrecogServices, tick: DeriveTick
) -> list[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    from precog_assets.assets.results import counts_of, rows_stored
    from precog_assets.automation.evaluate import evaluations
    from precog_assets.automation.events import VERSION_TAGS

    opened = services.get()
    memory = _memory(opened)
    events: list[dg.AssetMaterialization] = []
    if (tick.links is not None and tick.links.written) or memory.heartbeat_due("links"):
        memory.reported("links")
        counts = counts_of(tick.links) if tick.links is not None else {}
        rows = rows_stored(opened.engine, "market.market_games")
        tags = {**VERSION_TAGS, "dagster/data_version": tick.state.links_version}
        events.append(dg.AssetMaterialization(LINKS, metadata={**counts, "dagster/row_count": rows}, tags=tags))
    events += [
        dg.AssetMaterialization(
            key,
            partition=league,
            metadata={**counts_of(report), **report.notes},
            tags={**VERSION_TAGS, "dagster/data_version": report.correlation_id},
        )
        for league, report in tick.ratings.items()
        for key, changed in ((RATINGS, report.written), (FORECASTS, report.notes["forecasts_changed"]))
        if changed
    ]
    return [*events, *evaluations(services, [event.asset_key for event in events])]
