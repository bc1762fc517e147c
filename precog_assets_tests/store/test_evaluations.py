"""Grades and blends as stored: what differs is superseded, what is the same or not spoken of stays."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.store import tables
from precog_assets.store.bulk import WriteCounts
from precog_assets.store.evaluations import EVALUATIONS, Blend, current_blend, write_blends, write_evaluations
from precog_assets_tests.store.rows import at

VERSION = "elo-nfl-00000001"


def grade(label: str = "all", *, scope: str = "season", **given: Any) -> dict[str, Any]:
    return {
        "forecast": "model",
        "scope": scope,
        "label": label,
        "games": 256,
        "ties_left_out": 1,
        "brier": 0.21,
        "log_loss": 0.6,
        "accuracy": 0.65,
        "ece": 0.02,
        "priced_games": 200,
        "skill": -0.01,
        "leak_findings": [],
        "further": "left out",
        **given,
    }


def put(engine: sa.Engine, second: float, *rows: dict[str, Any]) -> WriteCounts:
    with engine.begin() as connection:
        return write_evaluations(connection, "nfl", VERSION, rows, at(second))


def current(engine: sa.Engine) -> list[tuple[str, str, float]]:
    table = tables.evaluations
    with engine.connect() as connection:
        rows = connection.execute(sa.select(table).where(table.c.superseded_at.is_(None)).order_by(table.c.label))
        return [(row.forecast, row.label, (row.computed_at - at(0)).total_seconds()) for row in rows]


def test_a_grade_is_stored_as_it_was_given_and_what_was_not_measured_is_null(store: sa.Engine) -> None:
    findings = [{"rule": 'too good, "really"', "limit": 0.19, "reason": None}]
    assert put(store, 0, grade(leak_findings=findings)) == WriteCounts(1, 1, 0)
    with store.connect() as connection:
        row = connection.execute(sa.select(tables.evaluations)).one()._asdict()
    wanted = grade(leak_findings=findings)
    assert {name: row[name] for name in EVALUATIONS.columns} == {name: wanted.get(name) for name in EVALUATIONS.columns}
    assert (row["league"], row["computed_at"], row["rps"]) == ("nfl", at(0), None)


def test_grades_that_are_the_same_stay_and_others_are_superseded(store: sa.Engine) -> None:
    put(store, 0, grade("2024"), grade("2025"))
    assert put(store, 60, grade("2024"), grade("2025", brier=0.22)) == WriteCounts(2, 0, 1)
    assert current(store) == [("model", "2024", 0), ("model", "2025", 60)]


@pytest.mark.parametrize("given", [{"leak_findings": [{"rule": "x"}]}, {"skill": None}, {"rps": 0.1}, {"games": 257}])
def test_any_measure_that_differs_supersedes(store: sa.Engine, given: dict[str, Any]) -> None:
    put(store, 0, grade())
    assert put(store, 60, grade(**given)) == WriteCounts(1, 0, 1)
    assert put(store, 90, grade(**given)) == WriteCounts(1, 0, 0)


def test_a_scope_that_is_gone_is_superseded_for_the_forecast_that_was_graded(store: sa.Engine) -> None:
    put(store, 0, grade("2024"), grade("2025"), grade("2024", forecast="market_aware"))
    assert put(store, 60, grade("2025")) == WriteCounts(1, 0, 0)
    assert current(store) == [("market_aware", "2024", 0), ("model", "2025", 0)]
    assert put(store, 90) == WriteCounts()
    assert len(current(store)) == 2


def test_the_same_label_of_two_scopes_is_two_grades(store: sa.Engine) -> None:
    assert put(store, 0, grade("2024", scope="season"), grade("2024", scope="month")) == WriteCounts(2, 2, 0)


@pytest.mark.parametrize("given", [{"brier": None}, {"leak_findings": None}])
def test_a_grade_without_what_it_needs_is_refused_by_row(store: sa.Engine, given: dict[str, Any]) -> None:
    (name,) = given
    with pytest.raises(ValueError, match=f"row 1 lacks {name}; it has forecast, scope"):
        put(store, 0, grade("2024"), grade("2025", **given))
    assert current(store) == []


def blend(season: int, weight: float = 0.3, games: int = 500) -> dict[str, Any]:
    return {"season": season, "model_weight": weight, "fitted_games": games}


def test_the_blend_in_force_is_the_last_one_of_its_season(store: sa.Engine) -> None:
    with store.begin() as connection:
        assert write_blends(connection, "nfl", VERSION, [blend(2024), blend(2025)], at(0)) == WriteCounts(2, 2, 0)
        assert write_blends(connection, "nfl", VERSION, [blend(2025, 0.4), blend(2026)], at(60)) == WriteCounts(2, 1, 1)
        assert write_blends(connection, "nfl", VERSION, [blend(2025, 0.4)], at(90)).written == 0
        found = {season: current_blend(connection, VERSION, season) for season in (2023, 2024, 2025, 2026)}
        assert current_blend(connection, "other", 2025) is None
        kept = connection.execute(sa.select(tables.blends.c.model_weight, tables.blends.c.superseded_at)).all()
    assert found == {
        2023: None,
        2024: Blend(0.3, 500, at(0)),
        2025: Blend(0.4, 500, at(60)),
        2026: Blend(0.3, 500, at(60)),
    }
    assert sorted(map(tuple, kept), key=str) == [(0.3, None), (0.3, None), (0.3, at(60)), (0.4, None)]
