"""Boards polled by the collector: what their games are doing, one board read, and which games changed.

Belongs here: a league's boards of the days that can hold a running game, read by `pipeline.games`. Does not: when
(`phases`). Which games changed is asked of the database after the poll: what anyone wrote counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.times import board_days, speed_of
from precog_assets.pipeline.cadence import OVERDUE
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.games import poll_games
from precog_assets.pipeline.live.phases import BoardState
from precog_assets.pipeline.report import StepReport, new_correlation_id

if TYPE_CHECKING:
    from precog_assets.services import Services

BUDGET_S = 3.0
STEP = "games live"
REGULAR_PERIODS = {"nfl": 4, "nba": 4, "nhl": 3, "mlb": 9, "ncaab": 2, "wncaab": 4, "epl": 2, "ligue1": 2}
"""A later period is overtime; tennis has none."""
_STATES = sa.text(
    """
    SELECT g.league, g.phase, g.start_time, g.last_changed_at, s.period
    FROM core.games g LEFT JOIN LATERAL (
        SELECT period FROM core.game_states s WHERE s.game_id = g.game_id AND g.phase IN ('in_play', 'delayed')
        ORDER BY observed_at DESC LIMIT 1
    ) s ON true
    WHERE g.league = ANY(:leagues) AND (
        (g.phase IN ('in_play', 'delayed') AND g.start_time > :long_ago)
        OR (g.phase = 'scheduled' AND g.start_time_valid AND g.start_time BETWEEN :overdue AND :ahead)
        OR (g.phase IN ('final', 'canceled') AND g.start_time > :long_ago AND g.last_changed_at > :lately))
    """
)
_CHANGED = sa.text(
    "SELECT game_id FROM core.games WHERE last_changed_at >= :since "
    "AND (CAST(:league AS text) IS NULL OR league = :league)"
)


def read_boards(services: Services) -> dict[str, BoardState]:
    """What each league's games are doing, in real seconds. Raises PrecogError(system.database)."""
    now, speed = services.clock.now(), speed_of(services.clock)
    leagues = [league.key for league in services.leagues]
    given = {
        "leagues": leagues,
        "long_ago": now - timedelta(days=3),
        "overdue": now - OVERDUE,
        "ahead": now + timedelta(days=2),
        "lately": now - timedelta(hours=1),
    }
    with in_database(services.engine) as connection:
        rows = connection.execute(_STATES, given).all()
    return {key: _state(key, [row for row in rows if row.league == key], now, speed) for key in leagues}


def _state(league: str, rows: list[sa.Row], now: datetime, speed: float) -> BoardState:
    running = [row for row in rows if row.phase in ("in_play", "delayed")]
    starts = [(row.start_time - now).total_seconds() for row in rows if row.phase == "scheduled"]
    ended = [(now - row.last_changed_at).total_seconds() for row in rows if row.phase in ("final", "canceled")]
    regular = REGULAR_PERIODS.get(league)
    overtime = sum(regular is not None and row.period is not None and row.period > regular for row in running)
    return BoardState(
        in_play=len(running),
        in_overtime=overtime,
        starts_in_s=min(starts) / speed if starts else None,
        ended_ago_s=min(ended) / speed if ended else None,
    )


class BoardUnanswered(PrecogError):
    """A board was not answered: its step has told so, and has counted it at its source."""


def poll_board(services: Services, league_key: str) -> tuple[str, ...]:
    """Read a league's boards and write what changed; the games that did. Raises PrecogError(system.*).

    A source that does not answer is raised as BoardUnanswered, with its code; nothing is written then.
    """
    league = next(one for one in services.leagues if one.key == league_key)
    began = services.clock.now()
    days = board_days(began)
    report = poll_games(
        services,
        [(league, day) for day in days],
        correlation_id=new_correlation_id(),
        budget_s=BUDGET_S,
        step=STEP,
    )
    changed = games_changed(services, league_key, began) if report.written else ()
    _raise_unanswered(report)
    return changed


def games_changed(services: Services, league_key: str | None, since: datetime) -> tuple[str, ...]:
    """The games of a league, or of all, that changed since an instant. Raises PrecogError(system.database)."""
    with in_database(services.engine) as connection:
        return tuple(connection.scalars(_CHANGED, {"league": league_key, "since": since}))


def _raise_unanswered(report: StepReport) -> None:
    """Nothing was answered: the poll failed, by the first code."""
    bad = [code for code in report.outcomes if code not in ("ok", "http.unchanged")]
    if bad and not (report.outcomes["ok"] or report.outcomes["http.unchanged"]):
        raise BoardUnanswered(bad[0], "; ".join(report.failures[:2]) or bad[0])
