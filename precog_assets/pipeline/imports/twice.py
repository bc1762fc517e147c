"""Games that an import brought first and a board later: the import's give way, or they would be rated twice."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from precog_assets.domain.leagues import League
from precog_assets.pipeline.imports.known import FileGame, known_already
from precog_assets.store import imports as store


def give_way(connection: sa.Connection, league: League, now: datetime) -> int:
    """Call off the imported games of a league that a board has too; how many. Repeated, it finds none.

    To be called before a league is rated: boards know nothing of imports. The rows stay, canceled and changed
    now; their closing odds go to the board's game.
    """
    imported = store.imports_near_boards(connection, league.key)
    if not imported:
        return 0
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
    known = known_already(league, ours, store.games_elsewhere(connection, league.key))
    twice = [(imported[number].game_id, one.game_id, one.reversed) for number, one in sorted(known.items())]
    if twice:
        store.give_way(connection, twice, now)
    return len(twice)
