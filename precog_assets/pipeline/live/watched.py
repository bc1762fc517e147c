"""Which markets are followed, in which order, and which belong together: read from the database every few seconds.

Belongs here: the window and the priorities. Does not: subscribing (`sources.kalshi.stream`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.domain.live import Priority
from precog_assets.domain.statuses import QUOTED
from precog_assets.pipeline.feeds import in_database

if TYPE_CHECKING:
    from precog_assets.services import Services

AHEAD = timedelta(hours=24)
"""Markets of games that begin so soon are followed."""
MOST_MARKETS = 2_000
_WATCHED = sa.text(
    """
    SELECT m.market_id, m.ticker, g.phase IN ('in_play', 'delayed') AS in_play,
           EXISTS (
               SELECT 1 FROM book.orders o LEFT JOIN book.settlements s ON s.market_id = o.market_id
               WHERE o.market_id = m.market_id AND s.market_id IS NULL
                 AND (o.filled > 0 OR o.status IN ('written', 'resting'))
           ) AS held,
           count(*) OVER () AS in_window
    FROM market.market_games l JOIN market.markets m USING (market_id) JOIN core.games g USING (game_id)
    WHERE l.verdict = 'matched' AND m.venue = 'kalshi' AND m.status = ANY(:quoted) AND g.league = ANY(:leagues)
      AND (g.phase IN ('in_play', 'delayed') OR (g.phase = 'scheduled' AND g.start_time BETWEEN :overdue AND :until))
    ORDER BY in_play DESC, held DESC, g.start_time, m.ticker LIMIT :most
    """
)
_TOGETHER = sa.text(
    """
    SELECT o.market_id FROM market.market_games o
    WHERE o.verdict = 'matched' AND (
        o.game_id = ANY(:game_ids)
        OR o.game_id IN (SELECT l.game_id FROM market.market_games l
                         WHERE l.market_id = ANY(:market_ids) AND l.verdict = 'matched'))
    """
)


_TO_DECIDE = sa.text(
    """
    SELECT m.market_id FROM market.markets m LEFT JOIN market.market_games l USING (market_id)
    WHERE m.league = ANY(:leagues) AND (m.status = ANY(:quoted) OR m.last_changed_at > :since)
    ORDER BY l.game_id NULLS LAST, m.event_ticker, m.market_id
    """
)
LAST_WORD = timedelta(hours=1)
"""As long as `pipeline.decide` decides on markets that are over."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The markets to follow, the most important first."""

    tickers: tuple[str, ...]
    priorities: Mapping[str, Priority]
    """By market id."""
    not_followed: int = 0
    """Markets of the window that are too many, the least important ones."""


def read_watched(services: Services) -> Watched:
    """The markets of games in their window. Raises PrecogError(system.database)."""
    now = services.clock.now()
    given = {
        "quoted": [status.value for status in QUOTED],
        "leagues": [league.key for league in services.leagues],
        "overdue": now - timedelta(hours=8),
        "until": now + AHEAD,
        "most": MOST_MARKETS,
    }
    with in_database(services.engine) as connection:
        rows = connection.execute(_WATCHED, given).all()
    priorities = {row.market_id: _priority(in_play=row.in_play, held=row.held) for row in rows}
    not_followed = rows[0].in_window - len(rows) if rows else 0
    return Watched(tuple(row.ticker for row in rows), priorities, not_followed)


def to_decide(services: Services) -> list[str]:
    """Every market that is decided on now and then, those of a game together."""
    given = {
        "leagues": [league.key for league in services.leagues],
        "quoted": [status.value for status in QUOTED],
        "since": services.clock.now() - LAST_WORD,
    }
    with in_database(services.engine) as connection:
        return list(connection.scalars(_TO_DECIDE, given))


def of_the_same_games(services: Services, market_ids: Iterable[str], game_ids: Iterable[str]) -> set[str]:
    """These markets, and all of these games and theirs: one's price says something of its siblings' too."""
    wanted = set(market_ids)
    with in_database(services.engine) as connection:
        given = {"market_ids": sorted(wanted), "game_ids": sorted(set(game_ids))}
        return wanted | set(connection.scalars(_TOGETHER, given))


def _priority(*, in_play: bool, held: bool) -> Priority:
    if in_play:
        return Priority.IN_PLAY_HELD if held else Priority.IN_PLAY
    return Priority.PRE_GAME
