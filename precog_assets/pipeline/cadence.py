"""When a league is polled: by phase (idle, pre-game, live), decided by a pure function of its games."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from precog_assets.config.sources import Cadence

OVERDUE = timedelta(hours=8)
"""A game still `scheduled` this long after its start is stale, not about to begin: its league may idle."""


class Phase(StrEnum):
    IDLE = "idle"
    PREGAME = "pregame"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class LeagueActivity:
    """What a league's stored games say about now."""

    in_play: int
    next_start: datetime | None
    """Earliest start of a scheduled game that is not overdue by more than OVERDUE."""


def phase_of(activity: LeagueActivity | None, now: datetime, cadence: Cadence) -> Phase:
    """Live while a game runs or should have begun, pre-game within the window before one, else idle."""
    if activity is None:
        return Phase.IDLE
    if activity.in_play:
        return Phase.LIVE
    if activity.next_start is None:
        return Phase.IDLE
    if activity.next_start <= now:
        return Phase.LIVE
    window = timedelta(minutes=cadence.pregame_window_min)
    return Phase.PREGAME if activity.next_start - now <= window else Phase.IDLE


def interval_s(phase: Phase, cadence: Cadence) -> float:
    """Seconds between two polls of one feed in a phase."""
    return {Phase.IDLE: cadence.idle_s, Phase.PREGAME: cadence.pregame_s, Phase.LIVE: cadence.live_s}[phase]


def due(
    leagues: Sequence[str],
    phases: Mapping[str, Phase],
    polled_s_ago: Mapping[str, float],
    cadence: Cadence,
) -> list[str]:
    """The leagues whose interval has passed, live ones first, then the longest waiting.

    `polled_s_ago`: seconds (monotonic) since the last poll; a league that is missing was never polled.
    """
    order = {Phase.LIVE: 0, Phase.PREGAME: 1, Phase.IDLE: 2}
    waiting = [
        league
        for league in leagues
        if polled_s_ago.get(league, float("inf")) >= interval_s(phases.get(league, Phase.IDLE), cadence)
    ]
    return sorted(
        waiting,
        key=lambda league: (order[phases.get(league, Phase.IDLE)], -polled_s_ago.get(league, float("inf"))),
    )


_ACTIVITY = sa.text(
    """
    SELECT league, count(*) FILTER (WHERE phase IN ('in_play', 'delayed')) AS in_play,
           min(start_time) FILTER (WHERE phase = 'scheduled' AND start_time_valid) AS next_start
    FROM core.games
    WHERE league = ANY(:leagues) AND (
        (phase IN ('in_play', 'delayed') AND start_time > :long_ago)
        OR (phase = 'scheduled' AND start_time > :overdue))
    GROUP BY league
    """
)


def read_activity(connection: sa.Connection, leagues: Sequence[str], now: datetime) -> dict[str, LeagueActivity]:
    """The activity of each league that has a running or coming game."""
    rows = connection.execute(
        _ACTIVITY, {"leagues": list(leagues), "long_ago": now - timedelta(days=3), "overdue": now - OVERDUE}
    )
    return {row.league: LeagueActivity(row.in_play, row.next_start) for row in rows}
