"""Which games count, and when a rating means something. Pure rules; no arithmetic of ratings here."""

from __future__ import annotations

from typing import Literal

from precog_assets.domain.facts import RATED_KINDS, GameKind
from precog_assets.domain.leagues import Sport

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
    """`unrated` while a side has fewer rated games than the league's `min_games`."""
    return "rated" if games_played >= min_games else "unrated"
