"""Boards read while the database is away: written when it is back, under the instants they were answered at, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import Origin
from precog_assets.domain.ports import RawResponse
from precog_assets.pipeline.live import boards_away
from precog_assets.pipeline.live.boards import BoardUnanswered
from precog_assets.pipeline.live.boards_away import BoardPoller, packed, unpacked
from precog_assets.services import Services
from precog_assets.store.error_counts import read_errors
from precog_assets_tests.pipeline.conftest import NFL_BOARD, TestClock
from precog_assets_tests.venues import Venue, board, board_event


@pytest.fixture
def poller(services: Services, tmp_path: Path) -> Iterator[BoardPoller]:
    made = BoardPoller(services, tmp_path / "boards")
    yield made
    made.close()


def scores(engine: sa.Engine) -> list[tuple[int, datetime]]:
    with engine.connect() as connection:
        query = sa.text("SELECT home_score, observed_at FROM core.game_states ORDER BY observed_at")
        return [tuple(row) for row in connection.execute(query)]  # type: ignore[misc]


def away(*_given: object) -> tuple[str, ...]:
    raise PrecogError("system.database", "stopped by the test")


def test_every_score_seen_meanwhile_is_there_afterwards_once(
    poller: BoardPoller, services: Services, venue: Venue, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, datetime]] = []
    with monkeypatch.context() as patch:
        patch.setattr(boards_away, "poll_board", away)
        patch.setattr(BoardPoller, "_drain", away)
        for score in (0, 3, 3, 7):
            venue.put(NFL_BOARD, board(board_event("401", score=(score, 0))))
            with pytest.raises(PrecogError):
                poller("nfl")
            if score not in [told for told, _ in seen]:
                seen.append((score, clock.now()))
            clock.forward(4)
    assert poller.depth >= 3
    assert scores(services.engine) == []
    venue.put(NFL_BOARD, board(board_event("401", score=(10, 0))))
    assert "nfl:401" in poller("nfl")
    assert poller.depth == 0
    assert scores(services.engine) == [*seen, (10, clock.now())]
    clock.forward(4)
    assert poller("nfl") == ()
    assert len(scores(services.engine)) == 4


def test_a_source_that_does_not_answer_is_no_reason_to_think_the_database_away(
    poller: BoardPoller, venue: Venue
) -> None:
    venue.put(NFL_BOARD, b"<html>no</html>", status=403, content_type="text/html")
    with pytest.raises(BoardUnanswered) as raised:
        poller("nfl")
    assert raised.value.code == "http.blocked"
    assert poller.depth == 0


def test_a_board_that_was_not_answered_is_counted_by_its_step_alone(
    poller: BoardPoller, services: Services, venue: Venue
) -> None:
    venue.put(NFL_BOARD, b"<html>no</html>", status=403, content_type="text/html")
    with pytest.raises(BoardUnanswered):
        poller("nfl")
    with services.engine.connect() as connection:
        counted = read_errors(connection, services.clock.now())
    assert [(one.source, one.code) for one in counted] == [("espn", "http.blocked")]


@given(body=st.binary(max_size=200), url=st.text(max_size=40), elapsed_ms=st.floats(0, 1e6))
def test_an_answer_comes_out_of_the_spool_as_it_went_in(body: bytes, url: str, elapsed_ms: float) -> None:
    at = datetime(2026, 11, 22, 18, 0, 0, 123456, tzinfo=UTC)
    given_ = RawResponse("espn", "f", url, at, 200, "json", body, elapsed_ms, "ok", "ok", "c", Origin.LIVE)
    assert unpacked(packed(given_)) == given_
