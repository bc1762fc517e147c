"""Which games count, when a rating means something, and from where a correction must be replayed.

Pure rules around the Elo loop of `elo.py`; no arithmetic of ratings here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from precog_assets.domain.facts import RATED_KINDS, GameKind
from precog_assets.domain.leagues import Sport
from precog_assets.ratings.elo import RatedGame

RatingStatus = Literal["rated", "unrated"]


def counts(
    sport: Sport,
    game_kind: GameKind,
    *,
    completed: bool,
    home_team_id: str | None,
    away_team_id: str | None,
    home_score: int | None,
    away_score: int | None,
) -> bool:
    """True for a finished regular or postseason game of two known sides with a result that was played for.

    Preseason, exhibition and all-star games never count. Outside soccer 0-0 is no result: a forfeit, a
    tennis walkover, or a placeholder on a board. Nor is a game of a placeholder side against itself.
    """
    if not completed or game_kind not in RATED_KINDS or home_score is None or away_score is None:
        return False
    if home_team_id is None or away_team_id is None or home_team_id == away_team_id:
        return False
    return sport is Sport.SOCCER or (home_score, away_score) != (0, 0)


def rating_status(games_played: int, min_games: int) -> RatingStatus:
    """`unrated` while a team has fewer rated games than the league's `min_games`."""
    return "rated" if games_played >= min_games else "unrated"


def first_affected(games: Sequence[RatedGame], changed_ids: Collection[str]) -> int:
    """Position of the first game, in rated order, that `changed_ids` names; `len(games)` when it names none.

    Everything from there must be replayed, on a state from before it or from the start. Raises ValueError
    for an id that is not among the games: a game taken away, whose place only `first_difference` can tell.
    """
    wanted = set(changed_ids)
    missing = wanted - {game.game_id for game in games}
    if missing:
        raise ValueError(f"not among the games: {', '.join(sorted(missing)[:5])}; use first_difference")
    return next((i for i, game in enumerate(games) if game.game_id in wanted), len(games))


def first_difference(before: Sequence[RatedGame], now: Sequence[RatedGame]) -> int:
    """First position where two ordered lists of games differ: a late, corrected, moved or removed game.

    Their common length when one only continues the other.
    """
    return next(
        (i for i, (old, new) in enumerate(zip(before, now, strict=False)) if old != new), min(len(before), len(now))
    )
