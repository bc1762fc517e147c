"""Every answer is valid against Kalshi's own OpenAPI file, where that is at hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from precog_assets.simulator.kalshi.noise import stable_uuid
from precog_assets_tests.conftest import SHARED
from precog_assets_tests.simulator.kalshi.conftest import Ask
from precog_assets_tests.simulator.kalshi.tiny_world import LIVE, NOW

GAME = "KXNFLGAME-26NOV22TBDAL"
DAL = f"{GAME}-DAL"
MILESTONE = stable_uuid("milestone", "nfl", "1")
OLD = "KXNFLGAME-26NOV08TBNYG-NYG"
SPAN = {"start_ts": int((NOW - timedelta(hours=30)).timestamp()), "end_ts": int(NOW.timestamp())}
DAYS = {**SPAN, "period_interval": 1440, "market_tickers": DAL}
OLD_HOURS = {**{name: value - 14 * 86_400 for name, value in SPAN.items()}, "period_interval": 60}

READS: list[tuple[str, str, dict[str, Any]]] = [
    ("ExchangeStatus", "/exchange/status", {}),
    ("GetExchangeScheduleResponse", "/exchange/schedule", {}),
    ("GetSeriesListResponse", "/series", {}),
    ("GetSeriesResponse", "/series/KXNFLGAME", {}),
    ("GetEventsResponse", "/events", {"with_nested_markets": "true", "with_milestones": "true"}),
    ("GetEventResponse", "/events/KXEPLGAME-26NOV22CRYMCI", {"with_nested_markets": "true"}),
    ("GetMarketsResponse", "/markets", {"limit": 1000}),
    ("GetMarketResponse", f"/markets/{DAL}", {}),
    ("GetMarketOrderbookResponse", f"/markets/{DAL}/orderbook", {"depth": 4}),
    ("GetMarketOrderbooksResponse", "/markets/orderbooks", {"tickers": [DAL, OLD]}),
    ("GetTradesResponse", "/markets/trades", {"ticker": DAL, "limit": 300}),
    ("GetMarketCandlesticksResponse", f"/series/KXNFLGAME/markets/{DAL}/candlesticks", {**SPAN, "period_interval": 60}),
    ("GetMarketCandlesticksResponse", f"/series/KXNFLGAME/markets/{DAL}/candlesticks", {**SPAN, "period_interval": 1}),
    ("BatchGetMarketCandlesticksResponse", "/markets/candlesticks", DAYS),
    ("GetHistoricalCutoffResponse", "/historical/cutoff", {}),
    ("GetMarketsResponse", "/historical/markets", {}),
    ("GetMarketResponse", f"/historical/markets/{OLD}", {}),
    ("GetMarketCandlesticksHistoricalResponse", f"/historical/markets/{OLD}/candlesticks", OLD_HOURS),
    ("GetTradesResponse", "/historical/trades", {"ticker": OLD}),
    ("GetMilestonesResponse", "/milestones", {"limit": 10}),
    ("GetEventMetadataResponse", f"/events/{GAME}/metadata", {}),
    ("GetSeriesFeeChangesResponse", "/series/fee_changes", {"show_historical": "true"}),
    ("GetSeriesListResponse", "/series", {"include_volume": "true"}),
    ("GetEventCandlesticksResponse", f"/series/KXNFLGAME/events/{GAME}/candlesticks", {**SPAN, "period_interval": 60}),
    ("GetStructuredTargetsResponse", "/structured_targets", {"page_size": 20}),
    ("GetLiveDatasResponse", "/live_data/batch", {"milestone_ids": MILESTONE}),
    ("GetLiveDataResponse", f"/live_data/milestone/{MILESTONE}", {}),
    ("GetLiveDataResponse", f"/live_data/football_game/milestone/{MILESTONE}", {}),
    ("GetGameStatsResponse", f"/live_data/milestone/{MILESTONE}/game_stats", {}),
    ("GetFiltersBySportsResponse", "/search/filters_by_sport", {}),
    ("GetTagsForSeriesCategoriesResponse", "/search/tags_by_categories", {}),
    ("GetUserDataTimestampResponse", "/exchange/user_data_timestamp", {}),
    ("GetAccountEndpointCostsResponse", "/account/endpoint_costs", {}),
    ("GetMultivariateEventsResponse", "/events/multivariate", {"with_nested_markets": "true"}),
    ("GetMultivariateEventCollectionsResponse", "/multivariate_event_collections", {}),
    (
        "GetMultivariateEventCollectionResponse",
        "/multivariate_event_collections/KXMVESPORTSMULTIGAMEEXTENDED-R",
        {},
    ),
    ("GetMarketsResponse", "/markets", {"mve_filter": "only", "limit": 1000}),
    ("GetMarketsResponse", "/markets", {"status": "settled", "limit": 1000}),
    ("GetTradesResponse", "/markets/trades", {"limit": 1000}),
]  # fmt: skip


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema: `nullable` becomes a union with null, `oneOf` of one member falls away."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    converted = {key: as_json_schema(value) for key, value in node.items() if key not in ("nullable", "example")}
    return {"anyOf": [converted, {"type": "null"}]} if node.get("nullable") is True else converted


@pytest.fixture(scope="module")
def validate() -> Callable[[str, Any], None]:
    spec = SHARED / "recorded" / "kalshi" / "specs" / "openapi.yaml"
    if not spec.is_file():
        pytest.skip("Kalshi's OpenAPI file is not beside this checkout")
    document = as_json_schema(yaml.load(spec.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader))
    registry = Registry().with_resource("spec:", Resource.from_contents(document, default_specification=DRAFT202012))

    def check(name: str, body: Any) -> None:
        schema = {"$ref": f"spec:#/components/schemas/{name}"}
        validator = Draft202012Validator(schema, registry=registry, format_checker=FormatChecker())
        errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(body)]
        assert errors == []

    return check


@pytest.mark.parametrize(("schema", "path", "params"), READS, ids=[f"{path}-{name}" for name, path, _ in READS])
def test_answer_is_valid_against_the_spec(
    get: Ask, validate: Callable[[str, Any], None], schema: str, path: str, params: dict[str, Any]
) -> None:
    body = get(path, **params)
    assert any(value or value == 0 for value in body.values())
    validate(schema, body)


def test_one_milestone_is_valid_against_the_spec(get: Ask, validate: Callable[[str, Any], None]) -> None:
    (milestone,) = get("/milestones", limit=1, related_event_ticker=DAL.rpartition("-")[0])["milestones"]
    validate("GetMilestoneResponse", get(f"/milestones/{milestone['id']}"))


@pytest.mark.parametrize("minutes", [181, 182, 190])
def test_market_is_valid_while_it_closes_and_settles(
    get: Ask, validate: Callable[[str, Any], None], minutes: int
) -> None:
    validate("GetMarketResponse", get(f"/markets/{DAL}", LIVE.start + timedelta(minutes=minutes)))


def test_the_check_itself_notices_a_wrong_answer(get: Ask, validate: Callable[[str, Any], None]) -> None:
    market = get(f"/markets/{DAL}")["market"]
    del market["yes_bid_dollars"]
    with pytest.raises(AssertionError, match="yes_bid_dollars"):
        validate("GetMarketResponse", {"market": market})
