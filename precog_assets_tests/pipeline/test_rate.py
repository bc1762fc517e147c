"""Ratings from stored results: repeated they change nothing, corrected they change from that game on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.facts import GameKind, GameSeen, Observation, Origin
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
    "given",
    [
        {"game_kind": GameKind.PRESEASON},
        {"game_kind": GameKind.EXHIBITION},
        {"game_kind": GameKind.ALL_STAR},
        {"home_team_id": None},
        {"score": (0, 0)},
    ],
    ids=["preseason", "exhibition", "all-star", "a side unknown", "no score outside soccer"],
)
def test_what_never_counts_moves_no_rating(services: Services, given: dict[str, Any]) -> None:
    store(services, played(1, **given))
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
