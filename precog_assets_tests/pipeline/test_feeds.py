"""Fetching side by side: what our own rate limit holds back waits in batches, and is left alone in ticks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from precog_assets.domain.errors import CODES
from precog_assets.pipeline.feeds import fetch_all, only_one
from precog_assets.pipeline.report import StepReport
from precog_assets.sources.outcome import Fetch

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def fetch(code: str) -> Fetch:
    return Fetch(
        error_class=CODES[code].error_class,
        code=code,
        status_code=200 if code == "ok" else None,
        body=b"{}",
        content_type="application/json",
        observed_at=NOW,
        response_id=None,
        sha256="0" * 64,
        feed="espn:test",
        url="http://127.0.0.1/",
        elapsed_ms=1.0,
        detail="",
        attempts=1,
    )


class Source:
    """Holds the first requests back, as a used-up rate limit does."""

    def __init__(self, held_back: int) -> None:
        self.held_back = held_back
        self.asked = 0

    def send(self, _request: str) -> list[Fetch]:
        self.asked += 1
        return [fetch("http.budget" if self.asked <= self.held_back else "ok")]


def test_a_batch_waits_for_its_turn_and_counts_only_how_it_ended(engine: sa.Engine) -> None:
    report, source, waits = StepReport("test", "test", NOW), Source(held_back=3), []
    answered = fetch_all(["one"], source.send, report, engine, sleep=waits.append)
    assert [one.request for one in answered] == ["one"]
    assert (report.outcomes, source.asked, len(waits)) == ({"ok": 1}, 4, 3)


def test_a_server_that_goes_while_a_block_is_held_hides_nothing_that_the_block_raises(engine: sa.Engine) -> None:
    with only_one(engine, "lost") as mine:
        assert mine
        _cut_others(engine)
    with pytest.raises(LookupError, match="its own"):
        _lose_the_server(engine)


def _lose_the_server(engine: sa.Engine) -> None:
    with only_one(engine, "lost"):
        _cut_others(engine)
        raise LookupError("its own")


def _cut_others(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
                "WHERE locktype = 'advisory' AND datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_a_tick_does_not_wait_for_its_turn(engine: sa.Engine) -> None:
    report, source, waits = StepReport("test", "test", NOW), Source(held_back=3), []
    assert fetch_all(["one"], source.send, report, engine, budget_s=3.0, sleep=waits.append) == []
    assert (report.outcomes, source.asked, waits) == ({"http.budget": 1}, 1, [])
