"""Pandera says which rows are wrong, and the check tells how many, why, and one of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from precog_assets.checks.bridge import RECENT, checked, recent_rows, validated
from precog_assets.domain.schemas import ALL, frame_schema, pandera_schema
from precog_assets.store.tables import metadata, teams

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
QUOTE: dict[str, Any] = {
    "market_key": 1,
    "observed_at": NOW,
    "known_at": NOW,
    "confirmed_at": NOW,
    "origin": "live",
    "yes_bid": Decimal("0.40"),
    "yes_ask": Decimal("0.42"),
    "last_price": None,
    "volume": Decimal(10),
    "open_interest": Decimal(5),
}


def quotes(*changes: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{**QUOTE, **change} for change in changes], schema=frame_schema(ALL["market.quotes"]))


def test_a_frame_as_it_must_be_passes_with_its_rows_counted() -> None:
    finding = validated(quotes({}, {"yes_bid": None, "yes_ask": None}), "market.quotes")
    assert (finding.passed, finding.facts["rows_checked"]) == (True, 2)


def test_an_empty_frame_passes_every_schema() -> None:
    for table, rules in ALL.items():
        assert validated(pl.DataFrame(schema=frame_schema(rules)), table).passed, table


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        pytest.param({"yes_bid": Decimal("0.43")}, "row: bid not above ask", id="crossed"),
        pytest.param({"yes_ask": Decimal("1.01")}, "yes_ask: less_than_or_equal_to(1)", id="above a dollar"),
        pytest.param({"yes_bid": Decimal("-0.01")}, "yes_bid: greater_than_or_equal_to(0)", id="negative"),
        pytest.param({"origin": "guess"}, "origin: isin(['live', 'backfill', 'import'])", id="unknown origin"),
        pytest.param({"market_key": None}, "market_key: not_nullable", id="null key"),
        pytest.param(
            {"confirmed_at": NOW - timedelta(seconds=1)}, "row: confirmed not before observed", id="times out of order"
        ),
    ],
)
def test_each_broken_rule_is_named_and_counted(change: dict[str, Any], failed: str) -> None:
    finding = validated(quotes({}, change, change), "market.quotes")
    assert not finding.passed
    assert finding.facts["failures"] == {failed: 2}
    assert failed in finding.description


def test_many_failures_leave_a_small_sample_and_one_whole_row() -> None:
    finding = validated(quotes(*[{"yes_bid": Decimal("0.9")}] * 100), "market.quotes")
    assert finding.facts["failures"] == {"row: bid not above ask": 100}
    assert len(finding.facts["sample"]) == 5
    assert finding.facts["first_row"]["yes_bid"] == "0.900000"


def test_a_missing_column_is_a_failure_not_a_crash() -> None:
    finding = validated(quotes({}).drop("yes_ask"), "market.quotes")
    assert not finding.passed
    assert "yes_ask" in finding.description


def test_a_team_id_given_twice_fails() -> None:
    row = {"team_id": "nfl:1", "league": "nfl", "espn_team_id": "1", "kind": "team", "abbreviation": "ATL"}
    frame = pl.DataFrame(
        [{**row, "display_name": "Atlanta Falcons", "provisional": False}] * 2, schema=frame_schema(ALL["core.teams"])
    )
    assert validated(frame, "core.teams").facts["failures"] == {"team_id: field_uniqueness": 2}


def test_every_schema_speaks_of_columns_that_its_table_has() -> None:
    for table, rules in ALL.items():
        columns = metadata.tables[table].c
        for column in rules.columns:
            assert column.name in columns, f"{table}.{column.name}"
            assert column.nullable or not columns[column.name].nullable, f"{table}.{column.name}"
        assert RECENT[table].column in columns
        assert set(pandera_schema(table).columns) == {column.name for column in rules.columns}


def test_the_seeded_teams_are_read_and_pass(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        finding = checked(connection, "core.teams", datetime.now(UTC))
        stored = connection.execute(sa.select(sa.func.count()).select_from(teams)).scalar_one()
    assert (finding.passed, finding.facts["rows_checked"]) == (True, stored)


def test_only_the_newest_rows_are_read(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        assert recent_rows(connection, "core.teams", datetime.now(UTC), limit=3).height == 3


def test_every_table_of_the_schemas_can_be_read(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        for table in ALL:
            assert checked(connection, table, NOW).passed, table
