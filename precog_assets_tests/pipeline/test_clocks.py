"""Clocks: measured by the headers of real answers, kept by source, and no decision while one is surely off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from precog_assets.domain.live import DateSeen
from precog_assets.domain.times import eastern_day
from precog_assets.pipeline.clocks import Clocks, why_clocks_forbid
from precog_assets.pipeline.decide import decide_markets
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.replay.decision import replay_decision
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.clocks import FRESH_S, keep_clock, read_clocks
from precog_assets.store.error_counts import read_errors
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.conftest import NFL_BOARD
from precog_assets_tests.pipeline.slate_world import NOW, put_slate
from precog_assets_tests.venues import Venue, board, board_event

REAL = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def seen(clocks: Clocks, off_s: float, source: str = "kalshi") -> None:
    """Answers of a server whose clock is `off_s` seconds ahead, each after 40 ms."""
    for number in range(20):
        asked = REAL + timedelta(seconds=number * 1.05)
        date = (asked + timedelta(seconds=off_s, milliseconds=20)).replace(microsecond=0)
        clocks.observe(DateSeen(source, date, asked, asked + timedelta(milliseconds=40), number * 1.05))


def test_an_answer_s_date_is_held_against_this_machine_s_clock_not_the_world_s(
    services: Services, venue: Venue
) -> None:
    venue.put(NFL_BOARD, board(board_event("401")))
    today = eastern_day(services.clock.now())
    poll_games(services, [(services.leagues[0], today)], correlation_id="c")
    offset, jumps = services.clocks.estimates()["espn"]
    assert jumps == 0
    assert abs(offset.offset_s) <= offset.error_s + 0.1 <= 2


def test_measurements_are_kept_by_source_and_not_at_every_step(services: Services) -> None:
    now = [100.0]
    clocks = Clocks(monotonic=lambda: now[0])
    seen(clocks, 3.4)
    with services.engine.begin() as connection:
        assert clocks.keep(connection) == 1
        measured = read_clocks(connection)["kalshi"]
        assert measured.offset_s == pytest.approx(3.4, abs=0.2)
        assert measured.error_s < 0.2
        assert measured.fresh
        now[0] += 14
        assert clocks.keep(connection) == 0
        assert clocks.keep(connection, at_once=True) == 1
        now[0] += 600
        assert clocks.keep(connection) == 0, "what was seen ten minutes ago says nothing"


def test_a_clock_that_is_set_is_kept_as_off_at_once(services: Services) -> None:
    clocks = Clocks(monotonic=lambda: 100.0)
    seen(clocks, 0.0)
    with services.engine.begin() as connection:
        assert clocks.keep(connection) == 1
        clocks.ours_set(30.0)
        assert clocks.keep(connection) == 1
        assert read_clocks(connection)["kalshi"].offset_s == pytest.approx(-30.0, abs=0.2)


@pytest.mark.parametrize(("off_s", "error_s", "refused"), [(3.0, 0.5, True), (-3.0, 0.5, True), (2.2, 0.5, False)])
def test_nothing_is_taken_while_a_clock_is_surely_off(
    services: Services, off_s: float, error_s: float, refused: bool
) -> None:
    put_slate(services.engine)
    with services.engine.begin() as connection:
        keep_clock(connection, "kalshi", off_s, error_s, 10)
    report = decide_markets(services, correlation_id="c")
    assert count(services.engine, tables.decisions) > 0
    with services.engine.connect() as connection:
        decided = connection.execute(sa.select(tables.decisions)).all()
    assert {one.reason == "clock" for one in decided} == {refused}, "the row itself says why"
    assert (count(services.engine, tables.orders) == 0) or not refused
    if refused:
        assert report.failed
        assert all(one.gates[0]["detail"].startswith("kalshi's clock is") for one in decided)
        replayed = replay_decision(services.engine, decided[0].decision_id)
        assert replayed.same, replayed.as_json()
        assert report.failures == [
            f"nothing may be taken: kalshi's clock is {off_s:+.2f} s against ours, within 0.50 s, "
            "more than the 2 s of config/sources.yaml"
        ]
        with services.engine.begin() as connection:
            assert [(one.source, one.code) for one in read_errors(connection, NOW)] == [("precog", "system.clock")]


def test_a_measurement_of_long_ago_forbids_nothing(services: Services) -> None:
    with services.engine.begin() as connection:
        keep_clock(connection, "kalshi", 30.0, 0.5, 10)
        assert why_clocks_forbid(connection, {"kalshi": 2.0})
        assert not why_clocks_forbid(connection, {"espn": 2.0})
        connection.execute(
            sa.text("UPDATE ops.clock_offsets SET measured_at = measured_at - :ago"),
            {"ago": timedelta(seconds=FRESH_S + 1)},
        )
        assert not why_clocks_forbid(connection, {"kalshi": 2.0})
