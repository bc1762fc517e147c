"""Why, as metadata of decisions: the gates passed, the commonest reasons, one market counted once a strategy."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg
import pytest
import sqlalchemy as sa

from precog_assets.assets.why import REASONS_SHOWN, why_metadata
from precog_assets.store import tables
from precog_assets.store.engine import engine_for
from precog_assets_tests.pipeline.book_world import JAC, KC, LATER, decision, gates, put
from precog_assets_tests.pipeline.sql_world import NOW, build_world

HOUR = timedelta(hours=1)


@pytest.fixture
def world(emptied: str) -> sa.Engine:
    engine = engine_for(emptied)
    build_world(engine)
    return engine


def records(metadata: dict[str, object], name: str) -> list[dict[str, object]]:
    table = metadata[name]
    assert isinstance(table, dg.TableMetadataValue)
    return [dict(record.data) for record in table.records]


def test_the_funnel_and_the_reasons_of_the_last_day_are_tables(world: sa.Engine) -> None:
    put(
        world,
        tables.decisions,
        decision(KC, reason="rated", gates=gates(True, False, None, None), as_of=NOW - 4 * HOUR),
        decision(KC, reason="spread", gates=gates(True, True, False), as_of=NOW - 3 * HOUR),
        decision(JAC, reason="spread", gates=gates(True, True, False), repeats=7, last_repeated_at=NOW),
        decision(LATER, as_of=NOW),
        decision(LATER, strategy="maker", as_of=NOW - 30 * HOUR),
    )
    metadata = why_metadata(world, NOW)
    assert [(row["gate"], row["markets"], row["passed"]) for row in records(metadata, "funnel")] == [
        ("matched", 3, 3),
        ("rated", 3, 3),
        ("spread", 3, 1),
        ("skill", 1, 1),
    ]
    assert records(metadata, "funnel")[2]["share_of_all"] == 0.3333
    assert records(metadata, "reasons") == [
        {"strategy": "value", "reason": "spread", "markets": 2, "verdicts": 9},
        {"strategy": "value", "reason": "taken", "markets": 1, "verdicts": 1},
        {"strategy": "value", "reason": "rated", "markets": 0, "verdicts": 1},
    ]
    assert (metadata["taken_in_24_hours"], metadata["decided_markets_in_24_hours"]) == (1, 3)


def test_without_decisions_the_tables_are_empty(world: sa.Engine) -> None:
    metadata = why_metadata(world, NOW)
    assert (records(metadata, "funnel"), records(metadata, "reasons")) == ([], [])


def test_only_the_commonest_reasons_are_shown(world: sa.Engine) -> None:
    names = "abcdefghijklm"
    put(world, tables.decisions, *(decision(KC, reason=f"gate_{name}", strategy=name) for name in names))
    assert len(records(why_metadata(world, NOW), "reasons")) == REASONS_SHOWN < len(names)
