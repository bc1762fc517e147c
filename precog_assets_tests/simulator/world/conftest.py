"""One world of all leagues for the tests of this folder; a world is immutable, so they share it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from precog_assets.config import load_leagues
from precog_assets.simulator.world import World, WorldSettings, default_anchor

ANCHOR = default_anchor(datetime(2026, 11, 23, 3, 0, tzinfo=UTC))
ALL = tuple(load_leagues())


@pytest.fixture(scope="session")
def world() -> World:
    return World(WorldSettings(anchor=ANCHOR, seed=1, leagues=ALL))
