"""A settled market checks its match: what the venue paid against how the game ended."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from precog_assets.domain.leagues import League, Outcome
from precog_assets.domain.statuses import GamePhase

HALF = Decimal("0.5")


class Agreement(StrEnum):
    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    """The market is tied to the wrong game or side, or one of the two results is wrong: an alarm."""
    VOID = "void"
    """Settled at a fair price, which says nothing of who won."""


def compare(
    league: League,
    outcome: Outcome,
    *,
    result: str,
    settlement_value: Decimal | None,
    phase: str,
    winner: str | None,
) -> Agreement | None:
    """Whether the venue's result is the game's; None while one of them is missing.

    `result`: '', yes, no or scalar. `phase`: `GamePhase`. `winner`: home, away or draw when completed. A level game
    of a league without draws pays 0.50 for each side (Kalshi's rules of NFL markets). A yes or no on a game that was
    called off contradicts it: the market was decided by another game.
    """
    if result not in ("yes", "no", "scalar"):
        return None
    if phase in (GamePhase.CANCELED, GamePhase.POSTPONED):
        return Agreement.VOID if result == "scalar" else Agreement.CONTRADICTS
    if phase != GamePhase.FINAL or winner is None:
        return None
    level = winner == Outcome.DRAW and not league.has_draw
    if result == "scalar":
        if not level:
            return Agreement.VOID
        return Agreement.AGREES if settlement_value == HALF else Agreement.CONTRADICTS
    if level:
        return Agreement.CONTRADICTS
    paid = settlement_value is None or settlement_value == (1 if result == "yes" else 0)
    return Agreement.AGREES if paid and (result == "yes") == (winner == outcome) else Agreement.CONTRADICTS
