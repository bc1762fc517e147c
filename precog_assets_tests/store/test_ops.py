"""How the platform runs, as rows: rejections met again are counted, contracts tallied by day, units remembered."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from precog_assets.domain.facts import ContractCounts, Rejection
from precog_assets.store import ops, tables
from precog_assets_tests.store.rows import at

DAY_S = 86_400


def rejection(key: str = "401", reason: str = "bad_date", detail: str = "no date", sample: str = "{}") -> Rejection:
    return Rejection("espn.event", key, reason, detail, sample)


def rows(connection: sa.Connection, table: sa.Table) -> list[Any]:
    return list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)))


def tally(rows: int = 10, missing: dict[str, int] | None = None, sample: str = "{}", **given: Any) -> ContractCounts:
    return ContractCounts("espn.event", rows=rows, missing_required=missing or {}, sample=sample, **given)


def contracts(engine: sa.Engine, second: float, *tallies: ContractCounts) -> list[str]:
    with engine.begin() as connection:
        return ops.record_contracts(connection, tallies, at(second))


def samples(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        return rows(connection, tables.contract_samples)


def test_a_rejection_met_again_is_counted_and_its_latest_sample_kept(store: sa.Engine) -> None:
    with store.begin() as connection:
        ops.record_rejections(connection, [(rejection(sample="one"), 1)], at(0))
        ops.record_rejections(connection, [(rejection(sample="two"), 2), (rejection("402"), None)], at(60))
        ops.record_rejections(connection, [], at(90))
        first, second = rows(connection, tables.rejections)
    assert (first.key, first.seen, first.sample, first.response_id) == ("401", 2, "two", 2)
    assert (first.first_seen_at, first.last_seen_at) == (at(0), at(60))
    assert (second.key, second.seen, second.response_id) == ("402", 1, None)


def test_a_rejection_twice_in_one_step_is_met_once(store: sa.Engine) -> None:
    with store.begin() as connection:
        ops.record_rejections(connection, [(rejection(), 1), (rejection(), 2)], at(0))
        assert [row.seen for row in rows(connection, tables.rejections)] == [1]


def test_rejections_that_differ_only_past_the_kept_length_are_one_row(store: sa.Engine) -> None:
    """Keys are cut to 200 characters; two that are equal then must not break the write."""
    with store.begin() as connection:
        ops.record_rejections(connection, [(rejection("k" * 200 + "a"), 1), (rejection("k" * 200 + "b"), 2)], at(0))
        (row,) = rows(connection, tables.rejections)
    assert (row.key, row.seen) == ("k" * 200, 2)


def test_text_that_postgresql_cannot_hold_is_kept_readable(store: sa.Engine) -> None:
    with store.begin() as connection:
        ops.record_rejections(connection, [(rejection("a\x00b", detail="\ud800", sample="🏀" * 3000), 1)], at(0))
        contracts_of = tally(unknown={"new\x00key": 3})
        ops.record_contracts(connection, [contracts_of], at(0))
        (row,) = rows(connection, tables.rejections)
        keys = [one.key for one in rows(connection, tables.contract_counts)]
    assert (row.key, row.detail, len(row.sample)) == ("a\\u0000b", "\\ud800", 2000)
    assert "new\\u0000key" in keys


def test_contract_counts_add_up_within_a_day_and_begin_anew_the_next(store: sa.Engine) -> None:
    one = tally(rows=10, unknown={"odds": 4}, nulls={"venue": 2}, missing_optional={"week": 1})
    for second in (0, 60, DAY_S):
        assert contracts(store, second, one) == []
    with store.connect() as connection:
        stored = {(row.day, row.kind, row.key): row.rows for row in rows(connection, tables.contract_counts)}
    today, tomorrow = at(0).date(), at(DAY_S).date()
    assert stored[today, "rows", ""] == 20
    assert stored[today, "unknown", "odds"] == 8
    assert stored[today, "null", "venue"] == 4
    assert stored[today, "missing_optional", "week"] == 2
    assert stored[tomorrow, "rows", ""] == 10


def test_two_payloads_of_one_type_in_a_step_are_added(store: sa.Engine) -> None:
    contracts(store, 0, tally(rows=10), tally(rows=5), tally(rows=0, unknown={"x": 1}))
    with store.connect() as connection:
        assert [(row.kind, row.rows) for row in rows(connection, tables.contract_counts)] == [("rows", 15)]


def test_a_key_gone_from_most_rows_breaks_the_payload_with_a_sample(store: sa.Engine) -> None:
    assert contracts(store, 0, tally(missing={"competitions": 6}, sample="one")) == ["espn.event"]
    assert contracts(store, 60, tally(missing={"competitions": 10}, sample="two")) == ["espn.event"]
    (row,) = samples(store)
    assert (row.broken_since, row.last_seen_at) == (at(0), at(60))
    assert (row.missing, row.sample) == ({"competitions": 10}, "two")


def test_a_key_that_a_few_rows_lack_breaks_nothing(store: sa.Engine) -> None:
    assert contracts(store, 0, tally(missing={"competitions": 5})) == []
    assert samples(store) == []


def test_a_payload_that_is_whole_again_is_mended_but_not_by_an_older_read(store: sa.Engine) -> None:
    contracts(store, 60, tally(missing={"competitions": 10}))
    contracts(store, 0, tally())
    assert len(samples(store)) == 1
    contracts(store, 120, tally())
    assert samples(store) == []


def test_one_broken_board_among_whole_ones_is_broken(store: sa.Engine) -> None:
    assert contracts(store, 0, tally(), tally(missing={"competitions": 10}), tally()) == ["espn.event"]
    assert len(samples(store)) == 1


def test_units_are_remembered_by_job_and_marked_again_without_harm(store: sa.Engine) -> None:
    with store.begin() as connection:
        ops.mark_unit(connection, "games:nfl", "2025-09-04", at(0), 5)
        ops.mark_unit(connection, "games:nfl", "2025-09-04", at(60), 6)
        ops.mark_unit(connection, "games:nba", "2025-10-21", at(0), 2)
        assert ops.units_done(connection, "games:nfl") == {"2025-09-04"}
        assert ops.units_done(connection, "games:mlb") == set()
        row = connection.execute(
            sa.select(tables.backfill_units).where(tables.backfill_units.c.job == "games:nfl")
        ).one()
    assert (row.done_at, row.rows_in) == (at(60), 6)
