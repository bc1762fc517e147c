"""Assets run the real steps: rows in PostgreSQL, counts in metadata, failures with class and code."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from precog_assets.assets.backfill import chosen_days
from precog_assets.assets.evaluations import LARGEST_PLOT_BYTES, plots_of
from precog_assets.definitions import build_defs
from precog_assets.environment import resolve
from precog_assets.pipeline.report import StepReport
from precog_assets.resources import PrecogServices
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock
from precog_assets_tests.test_definitions import settings
from precog_assets_tests.venues import Venue, board, board_event

SERIES_MARKETS = "/trade-api/v2/markets"


def run(
    resource: PrecogServices, *keys: str, partition: str | None = None, **more: object
) -> dg.ExecuteInProcessResult:
    """Materialize assets by key as a run of the implicit job does, without raising."""
    defs = build_defs(resolve(settings(precog_env="test")), services=resource, sql_models=False)
    with dg.DagsterInstance.ephemeral() as instance:
        return defs.resolve_implicit_global_asset_job_def().execute_in_process(
            asset_selection=[dg.AssetKey.from_user_string(key) for key in keys],
            partition_key=partition,
            raise_on_error=False,
            instance=instance,
            **more,  # type: ignore[arg-type]
        )


def made(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, object]]:
    """Metadata of what was materialized, by asset."""
    return {
        event.asset_key.to_user_string(): {
            name: value.value for name, value in event.step_materialization_data.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def rows(services: Services, table: sa.Table) -> int:
    with services.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def failure(result: dg.ExecuteInProcessResult) -> str:
    event = next(event for event in result.all_events if event.is_step_failure)
    return event.step_failure_data.error_display_string


@pytest.mark.parametrize("chosen", ["raw/espn_games", "core/games"])
def test_selecting_either_asset_of_a_step_runs_it_and_makes_only_that_one(
    resource: PrecogServices, services: Services, venue: Venue, chosen: str
) -> None:
    venue.put(NFL_BOARD, board(board_event("401", score=(7, 3))))
    result = run(resource, chosen)
    assert result.success
    assert list(made(result)) == [chosen]
    assert rows(services, tables.games) == 1


def test_a_materialization_tells_rows_in_changed_and_how_many_there_are(
    resource: PrecogServices, services: Services, venue: Venue
) -> None:
    venue.put(NFL_BOARD, board(board_event("401"), board_event("402", home="2", away="15")))
    told = made(run(resource, "core/games", "raw/espn_games"))
    games = told["core/games"]
    assert games["dagster/row_count"] == rows(services, tables.games) == 2
    assert (games["rejected"], games["rejections"]) == (0, {})
    assert games["rows_in"] == 20
    assert len(str(games["correlation_id"])) == 16
    assert told["raw/espn_games"]["dagster/row_count"] == rows(services, tables.responses)


def test_a_run_in_which_nothing_could_be_read_fails_with_class_code_and_what_to_do(
    resource: PrecogServices, services: Services, venue: Venue
) -> None:
    venue.put(NFL_BOARD, b"<html>Access Denied</html>", status=403, content_type="text/html")
    result = run(resource, "core/games")
    assert not result.success
    assert "blocked http.blocked" in failure(result)
    assert "HTTP_USER_AGENT" in failure(result)
    assert rows(services, tables.games) == 0


def test_a_permanent_refusal_is_not_retried(resource: PrecogServices, venue: Venue) -> None:
    result = run(resource, "raw/espn_games")
    assert "permanent http.not_found" in failure(result)
    assert not [event for event in result.all_events if event.is_step_up_for_retry]


def test_teams_are_seeded_once(resource: PrecogServices, services: Services) -> None:
    before = rows(services, tables.teams)
    told = made(run(resource, "core/teams"))
    assert told["core/teams"]["dagster/row_count"] == before == rows(services, tables.teams)


def test_a_backfilled_day_is_remembered_and_not_read_again(
    resource: PrecogServices, services: Services, venue: Venue
) -> None:
    venue.put(
        NFL_BOARD,
        board(
            board_event(
                "401", start="2026-11-15T18:00Z", state="post", status="STATUS_FINAL", completed=True, score=(20, 17)
            )
        ),
    )
    first = made(run(resource, "raw/espn_game_days", partition="2026-11-15|nfl"))
    assert first["raw/espn_game_days"]["rows_in"] == 1
    asked = len(venue.requests)
    second = made(run(resource, "raw/espn_game_days", partition="2026-11-15|nfl"))
    assert second["raw/espn_game_days"]["precog/days_done_before"] == 1
    assert len(venue.requests) == asked
    with services.engine.connect() as connection:
        assert connection.execute(sa.select(tables.game_states.c.origin)).scalar_one() == "backfill"


def test_a_range_of_days_is_read_in_one_run(resource: PrecogServices, venue: Venue) -> None:
    venue.put(NFL_BOARD, board())
    result = run(
        resource,
        "raw/espn_game_days",
        tags={
            "dagster/asset_partition_range_start": "2026-11-10|nfl",
            "dagster/asset_partition_range_end": "2026-11-12|nfl",
        },
    )
    assert result.success
    assert sorted(request.split("dates=")[1][:8] for request in venue.requests) == ["20261110", "20261111", "20261112"]


def test_partition_keys_become_days_by_league() -> None:
    days = chosen_days(["2026-11-11|nba", "2026-11-10|nfl", "2026-11-10|nba"])
    assert {league: [day.isoformat() for day in chosen] for league, chosen in days.items()} == {
        "nba": ["2026-11-10", "2026-11-11"],
        "nfl": ["2026-11-10"],
    }


def play(venue: Venue, resource: PrecogServices, clock: TestClock) -> None:
    """One finished game in the database, and one of the next days."""
    over = board_event("401", state="post", status="STATUS_FINAL", completed=True, score=(20, 17))
    coming = board_event("402", start="2026-11-24T18:00Z", home="2", away="15", state="pre", status="STATUS_SCHEDULED")
    venue.put(NFL_BOARD, board(over, coming))
    assert run(resource, "core/games").success
    clock.forward(timedelta(minutes=1).total_seconds())


@pytest.mark.parametrize("chosen", ["model/ratings", "model/forecasts"])
def test_ratings_and_forecasts_of_a_league_are_made_by_one_step(
    resource: PrecogServices, services: Services, venue: Venue, clock: TestClock, chosen: str
) -> None:
    play(venue, resource, clock)
    told = made(run(resource, chosen, partition="nfl"))
    assert list(told) == [chosen]
    assert told[chosen]["dagster/row_count"] == 2
    assert str(told[chosen]["precog/model_version"]).startswith("nfl-default-")
    assert told[chosen]["precog/replayed_from"] == "the start"
    assert told[chosen]["precog/forecasts_changed"] == 2
    assert rows(services, tables.ratings) == rows(services, tables.forecasts) == 2


def test_an_evaluation_shows_its_figures_and_three_plots_with_their_files(
    resource: PrecogServices, venue: Venue, clock: TestClock
) -> None:
    play(venue, resource, clock)
    assert run(resource, "model/forecasts", partition="nfl").success
    told = made(run(resource, "model/evaluations", partition="nfl"))["model/evaluations"]
    assert (told["rows_in"], told["precog/games"], told["precog/leak_findings"]) == (1, 1, "none")
    assert 0 < float(str(told["precog/brier"])) < 1
    for name in ("reliability", "skill", "ratings"):
        image = str(told[name]).removeprefix(f"![{name}](data:image/png;base64,").removesuffix(")")
        assert base64.b64decode(image) == Path(str(told[f"{name}_file"])).read_bytes()


def test_a_plot_too_large_for_metadata_is_named_only(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(b"0" * (LARGEST_PLOT_BYTES + 1))
    report = StepReport("evaluations nfl", "test", datetime(2026, 11, 22, tzinfo=UTC), notes={"plot_skill": str(large)})
    assert plots_of(report) == {"skill_file": dg.MetadataValue.path(large)}
    assert report.notes == {}


def test_a_league_without_graded_games_says_so(resource: PrecogServices) -> None:
    told = made(run(resource, "model/evaluations", partition="nba"))["model/evaluations"]
    assert (told["rows_in"], told["inserted"]) == (0, 0)
    assert str(told["precog/graded"]).startswith("0 games: ")
