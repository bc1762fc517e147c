"""Services of a test environment against a venue on loopback and a database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from precog_assets.config import load_leagues
from precog_assets.environment import Settings, resolve
from precog_assets.services import Services, build_services
from precog_assets_tests.venues import Venue, running_venue

NFL_BOARD = "/apis/site/v2/sports/football/nfl/scoreboard"


class TestClock:
    """A clock that tests set."""

    __test__ = False

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def forward(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)


@pytest.fixture
def venue() -> Iterator[Venue]:
    with running_venue() as running:
        yield running


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> TestClock:
    clock = TestClock(datetime(2026, 11, 22, 18, 30, tzinfo=UTC))
    monkeypatch.setattr("precog_assets.services.clock_of", lambda _environment: clock)
    return clock


def settings_for(venue: Venue, database_url: str, home: Path) -> Settings:
    return Settings(
        _env_file=None,
        precog_env="test",
        precog_home=home,
        precog_leagues="nfl",
        espn_base_url=venue.url,
        kalshi_base_url=f"{venue.url}/trade-api/v2",
        database_url=SecretStr(database_url),
    )


@pytest.fixture
def services(venue: Venue, database_url: str, tmp_path: Path, clock: TestClock) -> Iterator[Services]:
    opened = build_services(resolve(settings_for(venue, database_url, tmp_path)), leagues=[load_leagues()["nfl"]])
    yield opened
    opened.close()
