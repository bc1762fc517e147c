"""Games that an import brought first and a board later: the import's give way, or they would be rated twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from precog_assets.domain.leagues import League
from precog_assets.pipeline.imports.known import TOURNAMENT, FileGame, known_already
from precog_assets.store import imports as store

AROUND = TOURNAMENT + timedelta(days=2)
"""How far apart the days can be under which a file and a board know one game."""


def give_way(connection: sa.Connection, league: League, now: datetime, *, changed_after: datetime | None = None) -> int:
    """Call off the imported games of a league that a board has too; how many. Repeated, it finds none.

    To be called before a league is rated: boards know nothing of imports. With `changed_after` only games of boards
    that changed since are looked at. The rows stay, canceled and changed now; their closing odds go to the board's
    game.
    """
    boards = store.games_elsewhere(connection, league.key, changed_after=changed_after)
    if not boards:
        return 0
    days = [game.day for game in boards]
    imported = store.imported_between(connection, league.key, min(days) - AROUND, max(days) + AROUND)
    ours = [
        FileGame(
            number,
            game.day,
            game.home_team_id,
            game.away_team_id,
            game.home_score,
            game.away_score,
            neutral=game.neutral,
            winner_only=False,
        )
        for number, game in enumerate(imported)
    ]
    known = known_already(league, ours, boards)
    twice = [(imported[number].game_id, one.game_id, one.reversed) for number, one in sorted(known.items())]
    if twice:
        store.give_way(connection, twice, now)
    return len(twice)
