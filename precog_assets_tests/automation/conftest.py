"""The same services, venue and clock as the pipeline's tests, given to Dagster as a resource."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import dagster as dg
import pytest

from precog_assets.automation import trading
from precog_assets.automation.memory import memory_of
from precog_assets.resources import PrecogServices
from precog_assets.services import Services
from precog_assets_tests.pipeline.conftest import clock, services, venue

__all__ = ["clock", "resource", "services", "venue"]


class GivenServices(PrecogServices):
    """Services that a test opened."""

    opened: ClassVar[dict[str, Services]] = {}

    def get(self) -> Services:
        return self.opened[self.environment]


@pytest.fixture
def resource(services: Services) -> PrecogServices:
    name = services.engine.url.database or ""
    GivenServices.opened[name] = services
    return GivenServices(environment=name)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that decides does not stay for news, which nobody would tell it here."""
    monkeypatch.setattr(trading, "STAYS_S", 0.0)


@pytest.fixture(autouse=True)
def forgetful() -> None:
    """A process remembers what it polled by database, and tests share theirs."""
    memory_of.cache_clear()
