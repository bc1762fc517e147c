"""Kalshi's own clients do not notice that the venue is simulated."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from precog_assets.domain.times import FixedClock
from precog_assets.simulator.kalshi import KalshiVenue
from precog_assets.simulator.world import World, WorldSettings
from precog_assets_tests.simulator.proof.conftest import Run, Simulator

pytestmark = pytest.mark.proof

NOT_IN_THE_CLIENTS = re.compile(r"/portfolio/orders$|/portfolio/orders/.*|/portfolio/orders/batched")
"""The retired order endpoints, which only answer that they are gone."""


def served() -> list[tuple[str, str]]:
    """(method, path pattern) of every endpoint the venue has."""
    moment = datetime(2026, 11, 22, 1, tzinfo=UTC)
    venue = KalshiVenue(World(WorldSettings(anchor=moment, leagues=("nfl",))), FixedClock(moment))
    return [
        (endpoint.method, re.sub(r"\{\w+\}", "[^/]+", endpoint.path) + "$")
        for endpoint in venue.endpoints()
        if not (endpoint.method != "GET" and NOT_IN_THE_CLIENTS.match(endpoint.path))
    ]


def uncalled(called: list[list[str]]) -> list[tuple[str, str]]:
    """Endpoints that no call reached; of two that fit a path, the one without a placeholder was meant."""
    left = set(served())
    for method, path in called:
        fitting = [row for row in served() if row[0] == method and re.match(row[1], path)]
        assert fitting, f"{method} {path} is not served"
        left.discard(min(fitting, key=lambda row: row[1].count("[^/]+")))
    return sorted(left)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_the_official_client_trades_through_every_endpoint(run: Run, simulator: Simulator, kind: str) -> None:
    report = run("official.py", kind, simulator.address, simulator.key_id, str(simulator.key_file))
    assert uncalled(report["called"]) == []
    assert report["seen"]["orders"] >= 9
    assert report["seen"]["settled"] in ("yes", "no")


def test_the_unofficial_client_trades_through_every_endpoint(run: Run, simulator: Simulator) -> None:
    report = run("unofficial.py", simulator.address, simulator.key_id, str(simulator.key_file))
    assert uncalled(report["called"]) == []
    assert report["seen"]["settled"] in ("yes", "no")


def test_a_client_rebuilds_the_books_from_ten_thousand_deltas_with_frames_dropped(
    run: Run, simulator: Simulator
) -> None:
    simulator.control("/simulator/clock", {"speed": 20})
    report = run("books.py", simulator.address, simulator.key_id, str(simulator.key_file), "10000", "80")
    assert report["deltas"] >= 10_000
    assert report["gaps"] > 0
    assert report["books"] == 80
    assert report["filled"] > 40
