"""One pass over the simulated world: every league's games and markets, linked, settled, rated; twice the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from precog_assets import embedded
from precog_assets.config import load_leagues
from precog_assets.domain.errors import PrecogError
from precog_assets.environment import Settings, resolve
from precog_assets.pipeline.once import run_once
from precog_assets.pipeline.report import StepReport
from precog_assets.services import Services, build_services
from precog_assets.simulator.server import build_app
from precog_assets.simulator.world_file import new_settings
from precog_assets.store import tables
from precog_assets_tests.databases import copied, count
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock
from precog_assets_tests.pipeline.serving import served
from precog_assets_tests.venues import Venue, board, board_event

pytestmark = pytest.mark.xdist_group("one pass over the simulated world")
INSTANT = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
"""A Sunday, 15:00 Eastern: every league has games over, on, and to come."""
LEAGUES = [key for key, league in load_leagues().items() if league.default]
FACTS = (
    tables.games,
    tables.game_states,
    tables.teams,
    tables.markets,
    tables.market_states,
    tables.quotes,
    tables.order_books,
    tables.market_games,
    tables.ratings,
    tables.responses,
)
Pass = dict[str, StepReport | PrecogError]


@dataclass
class World:
    """Two passes at one instant, and how many rows there were after each."""

    engine: sa.Engine
    first: Pass
    second: Pass
    rows_after_first: dict[str, int]


def report(passed: Pass, step: str) -> StepReport:
    found = passed[step]
    assert isinstance(found, StepReport), found
    return found


def rows(engine: sa.Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text(query)))


def counted(engine: sa.Engine) -> dict[str, int]:
    return {table.fullname: count(engine, table) for table in FACTS}


@pytest.fixture(scope="module")
def world(
    postgres: embedded.EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    # A world that takes a year of real time for a second: both passes see the same instant.
    settings = new_settings(real_now=datetime.now(UTC), seed=1, speed=1e-9, anchor=INSTANT, leagues=tuple(LEAGUES))
    app = build_app(settings)
    asyncio.run(app.simulation.make_first_pages())
    with (
        pytest.MonkeyPatch.context() as patch,
        copied(postgres, template, "precog_test_once") as url,
        served(app) as address,
    ):
        patch.setattr("precog_assets.services.clock_of", lambda _environment: TestClock(INSTANT))
        environment = resolve(
            Settings(
                _env_file=None,
                precog_env="test",
                precog_home=tmp_path_factory.mktemp("once"),
                espn_base_url=address,
                kalshi_base_url=f"{address}/trade-api/v2",
                database_url=SecretStr(url),
            )
        )
        services = build_services(environment)
        first = dict(run_once(services))
        after_first = counted(services.engine)
        yield World(services.engine, first, dict(run_once(services)), after_first)
        services.close()


def test_every_step_ends_well_and_shows_rows(world: World) -> None:
    assert list(world.first) == [
        "games",
        "series",
        "markets",
        "fees",
        "links",
        "settlements",
        "order books",
        *(f"ratings {league}" for league in LEAGUES),
        "prices",
        "decisions",
        "orders",
        "settled positions",
        "ladder",
        "upkeep",
    ]
    for name in world.first:
        one = report(world.first, name)
        assert (one.failed, one.failures, one.rejected) == (False, [], 0), name
        if name not in ("settlements", "orders", "settled positions", "upkeep"):
            assert one.written > 0, name


def test_every_league_has_games_over_on_or_to_come(world: World) -> None:
    found = rows(world.engine, "SELECT league, array_agg(DISTINCT phase) FROM core.games GROUP BY league")
    phases = {row[0]: set(row[1]) for row in found}
    assert set(phases) == set(LEAGUES)
    for league, seen in phases.items():
        assert {"final", "scheduled"} <= seen, league


def test_every_market_is_matched_in_every_league(world: World) -> None:
    found = rows(
        world.engine,
        "SELECT m.league, count(*), count(*) FILTER (WHERE l.verdict = 'matched'), count(DISTINCT l.game_id), "
        "count(DISTINCT m.event_ticker) FROM market.markets m LEFT JOIN market.market_games l USING (market_id) "
        "GROUP BY m.league",
    )
    assert {row[0] for row in found} == set(LEAGUES)
    for league, markets, matched, games, events in found:
        assert matched == markets, league
        assert games == events, league


def test_every_game_soon_to_be_played_has_its_markets(world: World) -> None:
    """One a side, and the draw in soccer."""
    found = rows(
        world.engine,
        "SELECT g.league, g.game_id, array_agg(l.outcome ORDER BY l.outcome) FROM core.games g "
        "JOIN market.market_games l USING (game_id) GROUP BY g.league, g.game_id",
    )
    for league, game_id, outcomes in found:
        assert outcomes == sorted(outcome.value for outcome in load_leagues()[league].outcomes), game_id


def test_yes_pays_for_the_team_that_its_code_names(world: World) -> None:
    found = rows(
        world.engine,
        "SELECT m.ticker, l.outcome, a.code, a.team_id, g.home_team_id, g.away_team_id FROM market.market_games l "
        "JOIN market.markets m USING (market_id) JOIN core.games g USING (game_id) JOIN core.team_aliases a "
        "ON a.source = 'kalshi' AND a.league = g.league AND a.code = substring(m.ticker from '[^-]+$') "
        "AND a.team_id IN (g.home_team_id, g.away_team_id) WHERE l.outcome IN ('home', 'away')",
    )
    assert len(found) > 1500
    for ticker, outcome, _, team, home, away in found:
        assert team == (home if outcome == "home" else away), ticker


def test_a_players_market_is_the_one_that_bears_the_players_name(world: World) -> None:
    found = rows(
        world.engine,
        "SELECT m.yes_sub_title, t.display_name FROM market.market_games l JOIN market.markets m USING (market_id) "
        "JOIN core.games g USING (game_id) JOIN core.teams t ON t.team_id = "
        "CASE l.outcome WHEN 'home' THEN g.home_team_id ELSE g.away_team_id END WHERE m.league IN ('atp', 'wta')",
    )
    assert len(found) > 100
    assert [(shown, name) for shown, name in found if shown.split()[-1] != name.split()[-1]] == []


def test_what_markets_settled_at_is_what_the_boards_say(world: World) -> None:
    found = rows(
        world.engine,
        "SELECT g.league, m.ticker, m.result, l.outcome, g.winner, m.settlement_value, m.settlement_time, g.start_time "
        "FROM market.market_games l JOIN market.markets m USING (market_id) JOIN core.games g USING (game_id) "
        "WHERE m.status = 'finalized'",
    )
    assert {row.league for row in found} == set(LEAGUES)
    for row in found:
        assert row.result == ("yes" if row.outcome == row.winner else "no"), row.ticker
        assert row.settlement_value == (1 if row.result == "yes" else 0), row.ticker
        assert row.settlement_time > row.start_time, row.ticker


def test_no_market_is_settled_before_its_game_is_final(world: World) -> None:
    found = rows(
        world.engine,
        "SELECT m.ticker FROM market.market_games l JOIN market.markets m USING (market_id) "
        "JOIN core.games g USING (game_id) WHERE m.status = 'finalized' AND NOT g.completed",
    )
    assert found == []


def test_quotes_are_prices_and_bid_is_below_ask(world: World) -> None:
    found = rows(
        world.engine,
        "SELECT count(*), count(*) FILTER (WHERE yes_bid >= yes_ask), "
        "count(*) FILTER (WHERE yes_bid <= 0 OR yes_ask >= 1) FROM market.quotes",
    )
    assert found[0][0] > 1000
    assert tuple(found[0][1:]) == (0, 0)


def test_facts_point_to_the_response_they_were_read_from(world: World) -> None:
    for table in ("core.game_states", "market.market_states", "market.quotes", "market.order_books"):
        found = rows(
            world.engine,
            f"SELECT count(*) FROM {table} f WHERE NOT EXISTS (SELECT 1 FROM raw.responses r "
            "WHERE r.response_id = f.response_id AND r.observed_at = f.observed_at)",
        )
        assert found[0][0] == 0, table


def test_every_league_is_rated_on_both_sides_of_its_games(world: World) -> None:
    found = rows(
        world.engine,
        "SELECT league, count(*), count(*) FILTER (WHERE rating_after <> rating_before) FROM model.ratings "
        "GROUP BY league",
    )
    assert {row[0] for row in found} == set(LEAGUES)
    for league, changes, moved in found:
        assert changes % 2 == 0, league
        assert moved > 0, league


def test_a_second_pass_at_the_same_instant_changes_nothing(world: World) -> None:
    for name in world.second:
        one = report(world.second, name)
        assert (one.failed, one.written) == (False, 0), name
    for name in ("games", "series", "markets", "order books"):
        assert set(report(world.second, name).outcomes) == {"http.unchanged"}, name
    assert counted(world.engine) == world.rows_after_first


def test_a_step_that_fails_does_not_keep_the_others_from_running(services: Services, venue: Venue) -> None:
    """The exchange is down and the archive cannot be written; the links and ratings of before still run."""
    venue.put(NFL_BOARD, board(board_event("401", state="post", status="STATUS_FINAL", completed=True, score=(3, 0))))
    passed = dict(run_once(services))
    assert report(passed, "games").written == 1
    assert report(passed, "markets").failed
    assert set(report(passed, "markets").outcomes) == {"http.not_found"}
    assert report(passed, "ratings nfl").written == 2
    assert not report(passed, "upkeep").failed


def test_a_step_that_raises_is_yielded_as_its_error(services: Services, venue: Venue) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    root = services.archive.root  # type: ignore[attr-defined]
    root.rename(root.with_name("moved"))
    root.write_text("not a folder")
    begun: list[str] = []
    passed = dict(run_once(services, begin=begun.append))
    error = passed["games"]
    assert isinstance(error, PrecogError)
    assert error.code == "system.archive"
    assert begun == list(passed)
    assert report(passed, "links").rows_in == 0
