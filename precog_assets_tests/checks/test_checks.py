"""Each check fails on the state it exists for, says what is wrong, and passes when it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from precog_assets.assets.evaluations import EVALUATIONS
from precog_assets.assets.teams import TEAMS
from precog_assets.checks import findings
from precog_assets.checks.backfill import gaps
from precog_assets.checks.games import archive_budget, rows_on_a_game_day
from precog_assets.checks.links import decided, unmatched_share
from precog_assets.checks.markets import live_age
from precog_assets.checks.teams import provisional
from precog_assets.definitions import build_defs
from precog_assets.domain.facts import ContractCounts, Observation, Origin, QuoteSeen
from precog_assets.environment import resolve
from precog_assets.resources import PrecogServices
from precog_assets.services import Services
from precog_assets.store import ops, tables
from precog_assets.store.markets import write_quotes
from precog_assets_tests.pipeline.conftest import NFL_BOARD
from precog_assets_tests.test_definitions import settings
from precog_assets_tests.venues import Venue, board, board_event

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.begin() as connection:
        yield connection


def step(name: str, rows_in: int, outcomes: dict[str, int], *, rejected: int = 0, ago_min: float = 1) -> dict[str, Any]:
    return {
        "step": name,
        "correlation_id": "test",
        "started_at": NOW - timedelta(minutes=ago_min),
        "elapsed_ms": 1.0,
        "http_ms": 0.0,
        "rows_in": rows_in,
        "inserted": 0,
        "changed": 0,
        "unchanged": 0,
        "rejected": rejected,
        "outcomes": outcomes,
        "rejections": {},
    }


def game(game_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "game_id": game_id,
        "league": "nfl",
        "espn_event_id": game_id.partition(":")[2],
        "season": 2026,
        "season_type": "regular",
        "game_kind": "regular",
        "start_time": NOW - timedelta(hours=1),
        "start_time_valid": True,
        "home_team_id": "nfl:12",
        "away_team_id": "nfl:30",
        "status": "STATUS_IN_PROGRESS",
        "state": "in",
        "completed": False,
        "phase": "in_play",
        "first_observed_at": NOW,
        "last_observed_at": NOW,
        "last_changed_at": NOW,
        **changes,
    }


def market(ticker: str, **changes: Any) -> dict[str, Any]:
    return {
        "market_id": f"kalshi:{ticker}",
        "venue": "kalshi",
        "ticker": ticker,
        "event_ticker": ticker.rpartition("-")[0],
        "series_ticker": ticker.partition("-")[0],
        "league": "nfl",
        "title": ticker,
        "yes_sub_title": "",
        "market_type": "binary",
        "status": "active",
        "result": "",
        "open_time": NOW - timedelta(days=1),
        "close_time": NOW + timedelta(days=1),
        "expiration_value": "",
        "price_level_structure": "linear_cent",
        "price_ranges": [],
        "rules_primary": "",
        "first_observed_at": NOW - timedelta(hours=1),
        "last_observed_at": NOW,
        "last_changed_at": NOW,
        **changes,
    }


def link(ticker: str, verdict: str, **changes: Any) -> dict[str, Any]:
    matched = {"game_id": "nfl:1", "outcome": "home"} if verdict == "matched" else {}
    return {
        "market_id": f"kalshi:{ticker}",
        "verdict": verdict,
        "detail": "",
        "evidence": {},
        "first_decided_at": NOW,
        "last_changed_at": NOW,
        **matched,
        **changes,
    }


def put(connection: sa.Connection, table: sa.Table, *rows: dict[str, Any]) -> None:
    for row in rows:
        connection.execute(sa.insert(table).values(**row))


def test_a_game_day_with_running_games_and_zero_rows_fails(connection: sa.Connection) -> None:
    put(connection, tables.games, game("nfl:1"))
    put(connection, tables.steps, step("games live", 0, {"ok": 3}))
    finding = rows_on_a_game_day(connection, NOW)
    assert not finding.passed
    assert "1 games should be running" in finding.description
    put(connection, tables.steps, step("games live", 16, {"ok": 1}))
    assert rows_on_a_game_day(connection, NOW).passed


def test_a_sweep_of_all_boards_that_read_nothing_fails_when_games_of_the_day_are_stored(
    connection: sa.Connection,
) -> None:
    put(connection, tables.games, game("nfl:1", phase="final", completed=True, state="post"))
    put(connection, tables.steps, step("results", 0, {"ok": 4}))
    assert "results" in rows_on_a_game_day(connection, NOW).description
    assert not rows_on_a_game_day(connection, NOW).passed


def test_zero_rows_are_no_failure_when_no_game_is_on_or_nothing_changed(connection: sa.Connection) -> None:
    put(connection, tables.steps, step("results", 0, {"ok": 4}))
    assert rows_on_a_game_day(connection, NOW).passed
    put(connection, tables.games, game("nfl:1", phase="final", completed=True, state="post"))
    put(connection, tables.steps, step("results", 0, {"http.unchanged": 4}, ago_min=0.5))
    connection.execute(sa.delete(tables.steps).where(~tables.steps.c.outcomes.has_key("http.unchanged")))
    assert rows_on_a_game_day(connection, NOW).passed


def test_a_vanished_key_fails_the_contract_of_its_source_only_with_a_sample_until_it_is_back(
    connection: sa.Connection,
) -> None:
    broken = ContractCounts("kalshi.market", rows=2, missing_required={"yes_bid_dollars": 2}, sample='{"ticker":"A"}')
    ops.record_contracts(connection, [broken], NOW)
    finding = findings.contract(connection, "kalshi")
    assert not finding.passed
    assert "contract.vanished" in finding.description
    assert "kalshi.market lacks yes_bid_dollars" in finding.description
    assert finding.facts["sample"] == {"kalshi.market": '{"ticker":"A"}'}
    assert findings.contract(connection, "espn").passed
    ops.record_contracts(connection, [ContractCounts("kalshi.market", rows=2)], NOW)
    assert findings.contract(connection, "kalshi").passed


def test_rejections_warn_above_five_in_a_hundred(connection: sa.Connection) -> None:
    put(connection, tables.steps, step("games live", 100, {"ok": 1}, rejected=5))
    assert findings.rejections(connection, ("games",), NOW).passed
    put(connection, tables.steps, step("games", 10, {"ok": 1}, rejected=5))
    finding = findings.rejections(connection, ("games",), NOW)
    assert (finding.passed, finding.warn, finding.facts["rejected"]) == (False, True, 10)
    assert findings.rejections(connection, ("markets",), NOW).passed


def test_teams_that_no_seed_knows_are_listed_and_players_are_not(connection: sa.Connection) -> None:
    team = {"league": "nfl", "display_name": "New Team", "provisional": True, "first_seen_at": NOW}
    put(connection, tables.teams, {**team, "team_id": "nfl:p1", "espn_team_id": "p1", "kind": "player"})
    assert provisional(connection).passed
    put(connection, tables.teams, {**team, "team_id": "nfl:999", "espn_team_id": "999", "kind": "team"})
    finding = provisional(connection)
    assert (finding.passed, finding.warn, finding.facts["teams"]) == (False, True, {"nfl:999": "New Team"})


def test_an_active_market_without_a_verdict_fails_after_ten_minutes(connection: sa.Connection) -> None:
    put(connection, tables.markets, market("KXNFLGAME-A-B", first_observed_at=NOW))
    assert decided(connection, NOW).passed
    finding = decided(connection, NOW + timedelta(minutes=11))
    assert (finding.passed, finding.facts["tickers"]) == (False, ["KXNFLGAME-A-B"])
    put(connection, tables.market_games, link("KXNFLGAME-A-B", "no_game"))
    assert decided(connection, NOW + timedelta(minutes=11)).passed


def test_a_league_with_many_unmatched_markets_warns_with_its_share(connection: sa.Connection) -> None:
    tickers = [f"KXNFLGAME-E{number}-X" for number in range(4)]
    put(connection, tables.markets, *(market(ticker) for ticker in tickers))
    verdicts = ("matched", "matched", "exhibition", "unknown_code")
    put(connection, tables.market_games, *(link(t, v) for t, v in zip(tickers, verdicts, strict=True)))
    finding = unmatched_share(connection)
    assert (finding.passed, finding.warn, finding.facts["shares"]) == (False, True, {"nfl": 0.25})


def test_quotes_of_a_game_in_play_fail_when_their_listing_is_old_or_was_never_read(connection: sa.Connection) -> None:
    put(connection, tables.games, game("nfl:1"))
    put(connection, tables.markets, market("KXNFLGAME-A-B"))
    put(connection, tables.market_games, link("KXNFLGAME-A-B", "matched"))
    assert "KXNFLGAME" in live_age(connection, NOW, 30).description
    feed = {"source": "kalshi", "last_outcome": "ok", "last_code": "ok", "polls": 1, "changes": 1}
    put(connection, tables.feeds, {**feed, "feed": "kalshi:markets:KXNFLGAME:open:0", "last_polled_at": NOW})
    assert live_age(connection, NOW + timedelta(seconds=20), 30).passed
    finding = live_age(connection, NOW + timedelta(seconds=31), 30)
    assert (finding.passed, finding.facts["age_s"]) == (False, {"KXNFLGAME": 31.0})
    put(connection, tables.markets, market("KXNFLGAME-A-A"))
    put(connection, tables.market_games, link("KXNFLGAME-A-A", "matched"))
    for ticker, second in (("KXNFLGAME-A-B", 10), ("KXNFLGAME-A-A", 28)):
        seen = Observation(NOW + timedelta(seconds=second), Origin.LIVE)
        write_quotes(connection, [(f"kalshi:{ticker}", QuoteSeen(*[None] * 8), seen)])
        named = live_age(connection, NOW + timedelta(seconds=31), 30)
        assert named.facts["age_s"] == {"KXNFLGAME": 31.0 if second == 10 else 21.0}, "a stream knows all or none"
    assert live_age(connection, NOW + timedelta(seconds=31), 30).passed


def test_missing_days_between_backfilled_ones_are_named_with_the_command(connection: sa.Connection) -> None:
    for day in ("2026-11-01", "2026-11-04"):
        ops.mark_unit(connection, "games:nfl", day, NOW, 0)
    finding = gaps(connection)
    assert finding.facts["missing"] == {"nfl": ["2026-11-02", "2026-11-03"]}
    assert "precog backfill games --league nfl --from 2026-11-02 --to 2026-11-03" in finding.description
    for day in ("2026-11-02", "2026-11-03"):
        ops.mark_unit(connection, "games:nfl", day, NOW, 0)
    assert gaps(connection).passed


def test_the_archive_budget_passes_while_there_is_room(services: Services) -> None:
    finding = archive_budget(services)
    assert finding.passed
    assert finding.facts["used_bytes"] < finding.facts["budget_bytes"]


def test_a_run_of_games_evaluates_their_checks_and_all_pass(resource: PrecogServices, venue: Venue) -> None:
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 3))))
    defs = build_defs(resolve(settings(precog_env="test")), services=resource, sql_models=False)
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def("results").execute_in_process(instance=instance)
    evaluated = {
        (one.asset_key.to_user_string(), one.check_name): one.passed for one in result.get_asset_check_evaluations()
    }
    assert evaluated == {
        ("raw/espn_games", "contract"): True,
        ("raw/espn_games", "rejections"): True,
        ("raw/espn_games", "archive_budget"): True,
        ("raw/espn_games", "heartbeat"): True,
        ("core/games", "schema"): True,
        ("core/games", "states_schema"): True,
        ("core/games", "rows_on_a_game_day"): True,
    }


def test_the_checks_job_evaluates_what_sensors_write_and_makes_nothing(resource: PrecogServices) -> None:
    defs = build_defs(resolve(settings(precog_env="test")), services=resource, sql_models=False)
    of_runs = {TEAMS, EVALUATIONS}
    keys = {key for key in defs.resolve_asset_graph().asset_check_keys if key.asset_key not in of_runs}
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def("checks").execute_in_process(instance=instance)
    evaluated = {(one.asset_key, one.check_name) for one in result.get_asset_check_evaluations()}
    assert evaluated == {(key.asset_key, key.name) for key in keys}
    assert result.get_asset_materialization_events() == []
