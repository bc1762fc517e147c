"""Ratings from stored results: repeated they change nothing, corrected they change from that game on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.facts import GameKind, GameSeen, Observation, Origin
from precog_assets.domain.times import eastern_day
from precog_assets.pipeline.rate import rate_league
from precog_assets.pipeline.report import StepReport
from precog_assets.queries import team_ratings
from precog_assets.ratings.systems import MEAN_POINTS
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.games import write_games
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.store.rows import final, game

NFL = load_leagues()["nfl"]


def played(number: int, score: tuple[int, int] = (20, 10), **given: Any) -> GameSeen:
    base = final(str(number), score, **given)
    start = base.start_time + timedelta(days=7 * number)
    return final(str(number), score, **{"start_time": start, **given})


def store(services: Services, *seen: GameSeen) -> None:
    with services.engine.begin() as connection:
        write_games(
            connection, [(one, Observation(services.clock.now(), Origin.LIVE, 1)) for one in seen], load_leagues()
        )


def rate(services: Services) -> StepReport:
    return rate_league(services, NFL, correlation_id="test")


def standing(services: Services) -> dict[str, float]:
    return dict(team_ratings(services.engine, "nfl").select("team_id", "rating").rows())


def current(services: Services) -> set[str]:
    table = tables.ratings
    with services.engine.connect() as connection:
        return set(connection.scalars(sa.select(table.c.game_id).where(table.c.superseded_at.is_(None))))


def test_a_result_moves_both_teams_by_the_same_and_is_named_by_its_model(services: Services) -> None:
    store(services, played(1))
    report = rate(services)
    assert (report.rows_in, report.inserted, report.changed) == (1, 2, 0)
    assert str(report.notes["model_version"]).startswith("nfl-default-")
    after = standing(services)
    assert after["nfl:12"] > MEAN_POINTS > after["nfl:30"]
    assert sum(after.values()) == pytest.approx(2 * MEAN_POINTS)


def test_rating_again_changes_nothing(services: Services, clock: TestClock) -> None:
    store(services, played(1), played(2))
    rate(services)
    clock.forward(60)
    assert (rate(services).written, count(services.engine, tables.ratings)) == (0, 4)


def test_game_by_game_or_all_at_once_gives_the_same(services: Services, clock: TestClock) -> None:
    results = [played(number, (20 + number, 17)) for number in range(1, 6)]
    for one in results:
        store(services, one)
        rate(services)
        clock.forward(60)
    step_by_step = standing(services)
    with services.engine.begin() as connection:
        connection.execute(sa.delete(tables.ratings))
    rate(services)
    assert standing(services) == step_by_step


def test_a_corrected_score_changes_that_game_and_those_after_it(services: Services, clock: TestClock) -> None:
    store(services, played(1), played(2), played(3))
    rate(services)
    clock.forward(60)
    store(services, played(2, (20, 19)))
    report = rate(services)
    assert (report.inserted, report.changed, report.unchanged) == (0, 4, 2)
    assert count(services.engine, tables.ratings) == 10


def test_a_late_result_takes_its_place_in_time(services: Services, clock: TestClock) -> None:
    store(services, played(1), played(3))
    rate(services)
    clock.forward(60)
    store(services, played(2, (3, 30)))
    assert rate(services).written == 4
    in_order = standing(services)
    with services.engine.begin() as connection:
        connection.execute(sa.delete(tables.ratings))
    rate(services)
    assert standing(services) == in_order


def test_a_void_game_leaves_the_ratings(services: Services, clock: TestClock) -> None:
    store(services, played(1))
    rate(services)
    before = standing(services)
    clock.forward(60)
    store(services, played(2, (40, 0)))
    rate(services)
    clock.forward(60)
    void = game("2", status="STATUS_CANCELED", state="post", start_time=played(2).start_time)
    store(services, void)
    rate(services)
    assert current(services) == {"nfl:1"}
    assert standing(services) == before


@pytest.mark.parametrize(
    "facts",
    [
        {"game_kind": GameKind.PRESEASON},
        {"game_kind": GameKind.EXHIBITION},
        {"game_kind": GameKind.ALL_STAR},
        {"home_team_id": None},
        {"score": (0, 0)},
    ],
    ids=["preseason", "exhibition", "all-star", "a side unknown", "no score outside soccer"],
)
def test_what_never_counts_moves_no_rating(services: Services, facts: dict[str, Any]) -> None:
    store(services, played(1, **facts))
    report = rate(services)
    assert (report.rows_in, report.written) == (0, 0)


def test_a_league_without_results_has_no_ratings_and_says_so(services: Services) -> None:
    report = rate(services)
    assert (report.rows_in, report.written, report.failed) == (0, 0, False)
    assert team_ratings(services.engine, "nfl").height == 0


def test_a_league_is_rated_from_its_own_games_only(services: Services) -> None:
    nba = {"game_id": "nba:9", "league": "nba", "home_team_id": "nba:1", "away_team_id": "nba:2"}
    store(services, played(1), final("9", (100, 90), **nba))
    assert rate(services).rows_in == 1
    assert rate_league(services, load_leagues()["nba"], correlation_id="test").rows_in == 1
    assert set(standing(services)) == {"nfl:12", "nfl:30"}


def upcoming(number: int, **given: Any) -> GameSeen:
    """A game that begins `number` days from now."""
    start = datetime(2026, 11, 22, 18, tzinfo=UTC) + timedelta(days=number)
    base = {"status": "STATUS_SCHEDULED", "state": "pre", "start_time": start, "home_score": None, "away_score": None}
    return game(f"9{number}", **{**base, **given})


def forecasts_of(services: Services, *, current_only: bool = True) -> list[Any]:
    table = tables.forecasts
    query = sa.select(table).order_by(table.c.game_id, table.c.computed_at)
    with services.engine.connect() as connection:
        return list(connection.execute(query.where(table.c.superseded_at.is_(None)) if current_only else query))


def test_games_of_the_next_days_are_forecast_and_later_ones_not_yet(services: Services) -> None:
    store(services, played(-2), played(-1), upcoming(3), upcoming(40))
    report = rate(services)
    assert report.notes["forecasts"] == 3
    ahead = forecasts_of(services)[-1]
    assert ahead.game_id == "nfl:93"
    assert ahead.p_home + ahead.p_away == pytest.approx(1.0)
    assert (ahead.games_home, ahead.games_away) == (2, 2)
    assert ahead.as_of == ahead.computed_at == services.clock.now()


def test_a_new_result_renews_the_forecasts_it_moves_and_keeps_the_old_ones(
    services: Services, clock: TestClock
) -> None:
    store(services, played(-2), upcoming(3))
    rate(services)
    clock.forward(60)
    store(services, played(-1, (50, 3)))
    rate(services)
    first, second = (row for row in forecasts_of(services, current_only=False) if row.game_id == "nfl:93")
    assert first.superseded_at == second.computed_at
    assert second.p_home > first.p_home


def test_a_forecast_of_a_game_that_was_called_off_is_superseded(services: Services, clock: TestClock) -> None:
    store(services, played(-2), upcoming(3))
    rate(services)
    clock.forward(60)
    store(services, upcoming(3, status="STATUS_POSTPONED", state="post"))
    rate(services)
    assert [row.game_id for row in forecasts_of(services)] == ["nfl:-2"]


def test_the_forecast_made_before_a_game_stands_when_it_is_over(services: Services, clock: TestClock) -> None:
    store(services, played(-2), upcoming(0))
    rate(services)
    before = forecasts_of(services)[-1]
    clock.forward(4 * 3600)
    store(services, final("90", (20, 3), start_time=upcoming(0).start_time))
    rate(services)
    after = forecasts_of(services)[-1]
    assert (after.game_id, after.computed_at, after.p_home) == ("nfl:90", before.computed_at, before.p_home)
    assert "nfl:90" in current(services)


def test_an_update_replays_from_the_day_that_changed(services: Services, clock: TestClock) -> None:
    store(services, *(played(number) for number in range(-6, 0)))
    assert rate(services).notes["replayed_from"] == "the start"
    clock.forward(3600)
    store(services, played(-1, (20, 11)))
    rate(services)
    clock.forward(3600)
    store(services, upcoming(2))
    last_day = eastern_day(played(-1).start_time)
    assert rate(services).notes["replayed_from"] == last_day.isoformat()
    clock.forward(3600)
    store(services, played(-6, (3, 40)))
    assert rate(services).notes["replayed_from"] == eastern_day(played(-6).start_time).isoformat()


def test_a_new_season_is_replayed_from_the_start(services: Services, clock: TestClock) -> None:
    store(services, *(played(number, season=2025) for number in (-5, -4)), played(-2, season=2026))
    rate(services)
    clock.forward(60)
    store(services, played(-1, season=2027))
    assert rate(services).notes["replayed_from"] == "the start"


def test_ratings_that_somebody_deleted_are_made_again(services: Services, clock: TestClock) -> None:
    store(services, *(played(number) for number in range(-4, 0)))
    rate(services)
    with services.engine.begin() as connection:
        connection.execute(sa.delete(tables.ratings))
    clock.forward(60)
    assert rate(services).inserted == 8


def test_the_version_is_recorded_with_everything_that_decides_its_numbers(services: Services) -> None:
    store(services, played(-1))
    version = str(rate(services).notes["model_version"])
    with services.engine.connect() as connection:
        row = connection.execute(sa.select(tables.versions)).one()
    assert (row.model_version, row.league, row.name) == (version, "nfl", "default")
    assert row.parameters["margin"]["carry"] == NFL.rating.margin.carry


def test_two_models_of_a_league_stand_side_by_side(services: Services) -> None:
    store(services, played(-1))
    rate(services)
    rate_league(services, NFL, correlation_id="test", name="plain")
    with services.engine.connect() as connection:
        versions = set(connection.scalars(sa.select(tables.ratings.c.model_version)))
    assert len(versions) == 2
    assert all(
        row.deviation_home == row.deviation_home for row in forecasts_of(services) if "default" in row.model_version
    )


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["result", "result", "correct", "void", "move", "rate"]), st.integers(0, 11), st.integers(0, 40)
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_updates_equal_a_full_recomputation_bit_for_bit(
    services: Services, clock: TestClock, changes: list[tuple[str, int, int]]
) -> None:
    with services.engine.begin() as connection:
        for name in ("model.states", "model.forecasts", "model.ratings", "core.game_states", "core.games"):
            connection.execute(sa.text(f"DELETE FROM {name}"))
    teams = ("nfl:12", "nfl:30", "nfl:1", "nfl:2")
    held: dict[int, GameSeen] = {}
    for what, number, points in changes:
        clock.forward(600)
        sides = {"home_team_id": teams[number % 3], "away_team_id": teams[3 if number % 2 else (number + 1) % 3]}
        season = 2025 if number < 5 else 2026
        start = played(number - 12).start_time
        if what == "result":
            held[number] = played(number - 12, (points, 17), season=season, start_time=start, **sides)
        elif what == "correct" and number in held:
            held[number] = played(number - 12, (17, points), season=season, start_time=held[number].start_time, **sides)
        elif what == "move" and number in held:
            moved = held[number].start_time + timedelta(days=points - 20)
            held[number] = played(number - 12, (points, 17), season=season, start_time=moved, **sides)
        elif what == "void" and number in held:
            given = {"season": season, "start_time": held[number].start_time, **sides}
            held[number] = game(str(number - 12), status="STATUS_CANCELED", state="post", **given)
        else:
            rate(services)
            continue
        store(services, held[number])
    rate(services)
    clock.forward(600)
    anew = rate_league(services, NFL, correlation_id="test", anew=True)
    assert (anew.written, anew.notes["forecasts_changed"]) == (0, 0)
