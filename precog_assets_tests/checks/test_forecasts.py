"""Checks of forecasts, grades and ratings: each fails on the state it is for, and names it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.checks.bridge import checked
from precog_assets.checks.forecasts import leaks, missing, monotone, not_worse, out_of_order
from precog_assets.checks.ratings import expected_mean, means
from precog_assets.config import load_leagues
from precog_assets.queries.forecasts import evaluations
from precog_assets.ratings.systems import MEAN_POINTS
from precog_assets.ratings.versions import model_version
from precog_assets.store import tables
from precog_assets.store.evaluations import write_evaluations
from precog_assets.store.forecasts import write_forecasts
from precog_assets_tests.checks.test_checks import game, put
from precog_assets_tests.pipeline.graded import VERSION, Played, drawn, forecast_of, play
from precog_assets_tests.pipeline.sql_world import grade_row

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
NFL = load_leagues()["nfl"]


def coming(number: int, days: float, **changes: Any) -> dict[str, Any]:
    scheduled = {"status": "STATUS_SCHEDULED", "state": "pre", "phase": "scheduled"}
    return game(f"nfl:{number}", start_time=NOW + timedelta(days=days), **{**scheduled, **changes})


def say(engine: sa.Engine, *rows: tuple, second: float = 0) -> None:
    with engine.begin() as connection:
        write_forecasts(connection, "nfl", VERSION, rows, NOW + timedelta(seconds=second))


def grade(engine: sa.Engine, *rows: dict[str, Any], version: str = VERSION, second: float = 0) -> None:
    with engine.begin() as connection:
        write_evaluations(connection, "nfl", version, rows, NOW + timedelta(seconds=second))


def test_a_scheduled_game_of_the_next_week_without_a_forecast_is_named_with_the_command(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        put(connection, tables.games, coming(1, 3), coming(2, 6), coming(3, 8), coming(4, 2, phase="postponed"))
    say(engine, forecast_of(Played(2, 2026, NOW + timedelta(days=6), home_won=True, forecast=0.6)))
    finding = missing(engine, [NFL], NOW)
    assert (finding.passed, finding.warn) == (False, True)
    assert finding.facts["missing"] == {"nfl": ["Jacksonville Jaguars at Kansas City Chiefs, 2026-11-25 18:30 UTC"]}
    assert "nfl 1: Jacksonville Jaguars at Kansas City Chiefs" in finding.description
    assert "--select model/forecasts --partition nfl" in finding.description


def test_a_game_that_was_moved_has_no_forecast_until_it_is_renewed(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        put(connection, tables.games, coming(1, 3))
    say(engine, forecast_of(Played(1, 2026, NOW + timedelta(days=2), home_won=True, forecast=0.6)))
    assert not missing(engine, [NFL], NOW).passed
    say(engine, forecast_of(Played(1, 2026, NOW + timedelta(days=3), home_won=True, forecast=0.6)), second=1)
    assert missing(engine, [NFL], NOW).passed


@pytest.mark.parametrize(
    ("p_home", "failed"),
    [
        pytest.param({"p_home": 0.7}, "row: probabilities sum to one", id="sum"),
        pytest.param({"p_draw": 0.3}, "row: probabilities sum to one", id="a draw too much"),
        pytest.param({"away_team_id": "nfl:12"}, "row: two different sides", id="one side"),
        pytest.param({"as_of": NOW}, "row: nothing of after the start", id="hindsight"),
    ],
)
def test_forecasts_that_cannot_be_fail_their_schema(engine: sa.Engine, p_home: dict[str, Any], failed: str) -> None:
    say(engine, forecast_of(Played(1, 2026, NOW - timedelta(days=1), home_won=True, forecast=0.6)))
    with engine.begin() as connection:
        assert checked(connection, "model.forecasts", NOW).passed
        connection.execute(sa.update(tables.forecasts).values(**p_home))
        assert checked(connection, "model.forecasts", NOW).facts["failures"] == {failed: 1}


def test_forecasts_that_came_true_less_often_the_higher_they_were_warn(engine: sa.Engine) -> None:
    games = drawn(2025, 400, noise=0.3)
    play(engine, games, NOW)
    with engine.connect() as connection:
        assert monotone(connection, [NFL], NOW).description == "rising in nfl"
    turned = [forecast_of(one, 1 - one.forecast) for one in games]
    say(engine, *turned, second=1)
    with engine.connect() as connection:
        finding = monotone(connection, [NFL], NOW)
    assert (finding.passed, finding.warn) == (False, True)
    assert "nfl: 70-80 % came true at most 34.2%, 10-20 % at least 60.0%" in finding.description
    assert sum(int(said.split(" of ")[1]) for said in finding.facts["came_true"]["nfl"].values()) == 400


def test_calibration_of_few_games_is_not_measured(engine: sa.Engine) -> None:
    play(engine, [replace(one, forecast=1 - one.forecast) for one in drawn(2025, 199, noise=0.3)], NOW)
    with engine.connect() as connection:
        finding = monotone(connection, [NFL], NOW)
    assert (finding.passed, finding.facts["games_of_unmeasured"]) == (True, {"nfl": 199})
    assert "not measured: nfl" in finding.description


def test_a_tenth_is_out_of_order_only_beyond_its_wilson_interval() -> None:
    assert out_of_order([(4, 1000, 450), (5, 1000, 440)]) == []
    assert out_of_order([(4, 1000, 450), (5, 1000, 300), (6, 1000, 650)]) == [
        "50-60 % came true at most 32.9%, 40-50 % at least 41.9%"
    ]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=10))
def test_rising_shares_are_never_out_of_order(happened: list[int]) -> None:
    assert out_of_order([(at, 1000, share) for at, share in enumerate(sorted(happened))]) == []


def test_leak_findings_of_the_model_in_force_fail_as_an_error(engine: sa.Engine) -> None:
    finding = {"rule": "score_below_band", "reason": "nfl: Brier 0.1000 over 900 games is below 0.205"}
    grade(engine, grade_row("model", "all", "all", leak_findings=[finding]), version="nfl-default-00000000")
    grade(engine, grade_row("model", "all", "all"))
    assert leaks(evaluations(engine), [NFL]).passed
    grade(engine, grade_row("model", "all", "all", leak_findings=[finding]), second=1)
    caught = leaks(evaluations(engine), [NFL])
    assert (caught.passed, caught.warn, caught.description) == (False, False, finding["reason"])


def test_a_blend_that_loses_to_the_close_warns_and_one_within_the_slack_does_not(engine: sa.Engine) -> None:
    grade(engine, grade_row("market_aware", "all", "all", log_loss=0.5904, closing_log_loss=0.59))
    assert not_worse(evaluations(engine), [NFL]).passed
    grade(engine, grade_row("market_aware", "all", "all", log_loss=0.5906, closing_log_loss=0.59), second=1)
    finding = not_worse(evaluations(engine), [NFL])
    assert (finding.passed, finding.warn) == (False, True)
    assert finding.description == "nfl: log loss 0.5906, the closing price 0.5900 (250 games)"


def test_grades_pass_their_schema_and_without_any_nothing_is_said_to_be_measured(engine: sa.Engine) -> None:
    assert not_worse(evaluations(engine), [NFL]).description == "no league has closing prices"
    assert leaks(evaluations(engine), [NFL]).description == "no league is graded yet"
    grade(engine, grade_row("model", "month", "2025-09", skill_low=None, skill_high=None))
    with engine.connect() as connection:
        finding = checked(connection, "model.evaluations", NOW)
    assert (finding.passed, finding.facts["rows_checked"]) == (True, 1)


def rating(number: int, team_id: str, after: float, games_before: int, *, seasons_ago: int = 0) -> dict[str, Any]:
    return {
        "league": "nfl",
        "game_id": f"nfl:{number}",
        "team_id": team_id,
        "model_version": model_version(NFL),
        "season": 2026 - seasons_ago,
        "start_time": NOW - timedelta(days=365 * seasons_ago),
        "rating_before": 1505.0,
        "rating_after": after,
        "expected_score": 0.5,
        "games_before": games_before,
        "computed_at": NOW,
    }


def test_ratings_warn_when_their_mean_drifts_and_when_most_teams_are_unrated(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        put(connection, tables.ratings, rating(1, "nfl:12", 1800.0, 20), rating(1, "nfl:30", 1700.0, 1))
    drift, unrated = means(engine, [NFL])
    assert (drift.passed, drift.warn, drift.facts["mean"]) == (False, True, {"nfl": 1750.0})
    assert (unrated.passed, unrated.facts["unrated"]) == (True, {"nfl": "1 of 2"})


def test_teams_that_did_not_play_in_the_last_season_are_not_in_the_mean(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        put(
            connection,
            tables.ratings,
            rating(1, "nfl:12", 1510.0, 20),
            rating(2, "nfl:30", 900.0, 20, seasons_ago=1),
            rating(3, "nfl:2", 900.0, 20, seasons_ago=9),
        )
    drift, unrated = means(engine, [NFL])
    assert (drift.passed, drift.facts["mean"], unrated.facts["unrated"]) == (True, {"nfl": 1510.0}, {"nfl": "0 of 1"})


def test_where_a_mean_belongs_depends_on_the_system_in_force() -> None:
    elo = NFL.rating.models["elo"]
    nba = load_leagues()["nba"]
    with_elo = nba.model_copy(update={"rating": nba.rating.model_copy(update={"models": {"default": elo}})})
    assert expected_mean(nba) == (MEAN_POINTS, MEAN_POINTS)
    assert expected_mean(with_elo) == (1300.0, 1505.0)
