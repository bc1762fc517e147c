"""Keys of stream frames reach the check that looks for vanished ones: each counted once, whatever the database does."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
import sqlalchemy as sa

from precog_assets.checks.findings import contract
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import ContractCounts
from precog_assets.pipeline.live import contracts as module
from precog_assets.pipeline.live.contracts import StreamContracts, together
from precog_assets.services import Services
from precog_assets.sources.kalshi.stream.session import StreamSession
from precog_assets.store.error_counts import read_errors
from precog_assets_tests.sources.kalshi.stream import venue as wire
from precog_assets_tests.sources.kalshi.stream.venue import A

TRADE = "kalshi.stream.trade"
ROWS = sa.text("SELECT kind, key, rows FROM ops.contract_counts WHERE payload_type = :kind ORDER BY kind, key")


@pytest.fixture
def session() -> StreamSession:
    session = StreamSession(Random(1))
    session.want([A])
    session.opened()
    return session


def trade(number: int, **other: object) -> bytes:
    return wire.trade(4, number, A, f"t{number}", **other)


def renamed(number: int) -> bytes:
    return trade(number).replace(b"count_fp", b"count_float")


def counted(services: Services) -> list[tuple[str, str, int]]:
    with services.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(ROWS, {"kind": TRADE})]  # type: ignore[misc]


def hear(session: StreamSession, contracts: StreamContracts, frames: Iterable[bytes]) -> None:
    for data in frames:
        session.receive(data, 1.0)
    contracts.add(session.contracts())


def test_a_renamed_field_of_the_stream_fails_the_check_until_it_is_there_again(
    services: Services, session: StreamSession, caplog: pytest.LogCaptureFixture
) -> None:
    contracts = StreamContracts(services, "kalshi")
    hear(session, contracts, [trade(1), trade(2, new_key=1, no_price_dollars=None)])
    contracts.record()
    assert counted(services) == [("null", "no_price_dollars", 1), ("rows", "", 2), ("unknown", "new_key", 1)]
    for number in (3, 4):
        hear(session, contracts, [renamed(number)])
        contracts.record()
    with services.engine.connect() as connection:
        broken = contract(connection, "kalshi")
        failures = read_errors(connection, services.clock.now())
    assert not broken.passed
    assert broken.description.startswith(f"contract.vanished: {TRADE} lacks count_fp. First sample: ")
    assert ("missing_required", "count_fp", 2) in counted(services)
    assert [(one.source, one.code, one.count) for one in failures] == [("kalshi", "contract.vanished", 1)]
    assert caplog.text.count("frames of kalshi.stream.trade lack count_fp") == 1
    hear(session, contracts, [trade(5)])
    contracts.record()
    with services.engine.connect() as connection:
        assert contract(connection, "kalshi").passed


def test_while_the_database_is_away_counts_wait_and_are_written_once(
    services: Services, session: StreamSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object) -> list[str]:
        raise PrecogError("system.database", "stopped by the test")

    contracts = StreamContracts(services, "kalshi")
    with monkeypatch.context() as patch:
        patch.setattr(module.ops, "record_contracts", away)
        for number in range(1, 4):
            hear(session, contracts, [trade(number)])
            with pytest.raises(PrecogError, match="stopped by the test"):
                contracts.record()
    assert counted(services) == []
    for _ in range(2):
        contracts.record()
    assert counted(services) == [("rows", "", 3)]


def test_counts_of_a_kind_add_up_and_those_without_a_frame_are_left_out() -> None:
    first = ContractCounts("a", 2, {"x": 1}, {"y": 2}, {"z": 1}, {"z": 1}, "sample")
    more = ContractCounts("a", 3, {"x": 2, "w": 1}, {}, {}, {"z": 2}, "later")
    found = together(together({}, [first, ContractCounts("b")]), [more])
    assert found == {"a": ContractCounts("a", 5, {"x": 3, "w": 1}, {"y": 2}, {"z": 1}, {"z": 3}, "sample")}
    assert (first.rows, more.rows) == (2, 3), "what was given is left as it is"
