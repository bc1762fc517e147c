"""A stream over a scripted exchange."""

from __future__ import annotations

import pytest

from precog_assets_tests.simulator.kalshi.stream.scripted import Connected, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def client(desk: Desk) -> Connected:
    return desk.connect()
