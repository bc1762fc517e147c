"""The anchor and the settings a world is made from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import EASTERN
from precog_assets.simulator.world import WorldSettings, default_anchor


@pytest.mark.parametrize(
    ("now", "anchor"),
    [
        (datetime(2026, 11, 23, 3, tzinfo=UTC), datetime(2026, 11, 22, 1, tzinfo=UTC)),
        (datetime(2026, 11, 22, 0, 59, tzinfo=UTC), datetime(2026, 11, 15, 1, tzinfo=UTC)),
        (datetime(2026, 11, 22, 1, 0, tzinfo=UTC), datetime(2026, 11, 22, 1, tzinfo=UTC)),
        (datetime(2026, 7, 5, 12, tzinfo=UTC), datetime(2026, 7, 5, 0, tzinfo=UTC)),
    ],
)
def test_the_default_anchor_is_the_last_saturday_at_eight_eastern(now: datetime, anchor: datetime) -> None:
    assert default_anchor(now) == anchor


def test_the_default_anchor_is_always_a_saturday_evening_of_the_week_before() -> None:
    for hours in range(0, 24 * 400, 37):
        now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
        anchor = default_anchor(now)
        local = anchor.astimezone(EASTERN)
        assert (local.weekday(), local.hour, local.minute) == (5, 20, 0)
        assert timedelta(0) <= now - anchor <= timedelta(days=7, hours=1)


def test_a_naive_anchor_is_refused_with_what_was_read() -> None:
    with pytest.raises(ConfigurationError, match="2026-11-22T01:00:00 has no time zone"):
        WorldSettings(anchor=datetime(2026, 11, 22, 1))


def test_an_unknown_league_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"'xfl'.*nfl"):
        WorldSettings(anchor=datetime(2026, 11, 22, 1, tzinfo=UTC), leagues=("xfl",))


def test_without_leagues_the_default_ones_are_played() -> None:
    settings = WorldSettings(anchor=datetime(2026, 11, 22, 1, tzinfo=UTC))
    assert settings.leagues == ("nfl", "nba", "nhl", "mlb", "ncaab", "wncaab", "epl", "ligue1", "atp", "wta")
