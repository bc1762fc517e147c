"""The decision on a market: every gate's answer, the side, the size, and the reason in one word.

Belongs here: the functions that pipelines, backtests and replays call; pure, the same for all of them. Does not: gates
(`gates.py`), arithmetic (`asked.py`, `sizing.py`, `limits.py`), sending orders.

`TAKE` means that an order may follow, on the decision's rung. In shadow nothing is taken: the decision is a pass whose
reason is `skill`, with side, price and contracts as they would have been and `details["would_take"]` true where
nothing else failed. Those are the decisions that the ladder grades.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from precog_assets.config import load_fees
from precog_assets.domain.strategies import Limits, Strategy
from precog_assets.domain.trading import Decision, Snapshot
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.trading.asked import Rules
from precog_assets.trading.judging import decision_of, judge
from precog_assets.trading.slates import size_alone, size_together


class Decider:
    """A strategy under limits and fees, made ready once: what pipelines and backtests hold.

    `fees` is what is known of fees, read as of each snapshot (default: the configuration alone); `live_allowed` is the
    permission for real orders, without which no decision stands above paper.
    """

    def __init__(
        self, strategy: Strategy, limits: Limits, *, fees: FeeBook | None = None, live_allowed: bool = False
    ) -> None:
        self.rules = Rules(strategy, limits, fees or FeeBook.of(load_fees()), live_allowed=live_allowed)

    def decide(self, snapshot: Snapshot, *, complete: bool = True) -> Decision:
        """The decision on one market by itself; raises for no snapshot.

        With `complete` false it stops at the first gate that failed (`skill` excepted), with the same action and
        reason: for backtests, which ask for millions.
        """
        judged = judge(snapshot, self.rules, complete=complete)
        if not judged.to_size:
            return decision_of(judged, None, {})
        return decision_of(judged, *size_alone(judged))

    def slate(
        self, snapshots: Sequence[Snapshot], *, between_games: float = 0.0, complete: bool = True
    ) -> tuple[Decision, ...]:
        """Decisions on markets of one instant, in their order, sized together and under limits that all of them share.

        `between_games`: assumed correlation of games, 0 to below 1. Raises ValueError for a market given twice, or
        snapshots of several instants.
        """
        _check(snapshots)
        judged = [judge(snapshot, self.rules, complete=complete) for snapshot in snapshots]
        sized = size_together(judged, between_games=between_games)
        return tuple(decision_of(one, *sized.get(at, (None, {}))) for at, one in enumerate(judged))

    def game(self, snapshots: Sequence[Snapshot], *, complete: bool = True) -> tuple[Decision, ...]:
        """`slate` of one game's markets; ValueError too where they are tied to several games."""
        games = sorted({one.link.game_id for one in snapshots if one.link.game_id is not None})
        if len(games) > 1:
            raise ValueError(f"markets of {len(games)} games ({', '.join(games[:3])}); right is one game, or a slate")
        return self.slate(snapshots, complete=complete)


def decide(
    snapshot: Snapshot,
    strategy: Strategy,
    limits: Limits,
    *,
    fees: FeeBook | None = None,
    live_allowed: bool = False,
    complete: bool = True,
) -> Decision:
    """What a strategy does about one market: a function of its arguments and nothing else. See `Decider.decide`."""
    return _decider(strategy, limits, fees, live_allowed).decide(snapshot, complete=complete)


def decide_game(
    snapshots: Sequence[Snapshot],
    strategy: Strategy,
    limits: Limits,
    *,
    fees: FeeBook | None = None,
    live_allowed: bool = False,
) -> tuple[Decision, ...]:
    """`decide` for the markets of one game, sized together: exclusive outcomes, shared limits. See `Decider.game`."""
    return _decider(strategy, limits, fees, live_allowed).game(snapshots)


def decide_slate(
    snapshots: Sequence[Snapshot],
    strategy: Strategy,
    limits: Limits,
    *,
    fees: FeeBook | None = None,
    live_allowed: bool = False,
    between_games: float = 0.0,
) -> tuple[Decision, ...]:
    """`decide` for the markets of many games at one instant, sized together. See `Decider.slate`."""
    return _decider(strategy, limits, fees, live_allowed).slate(snapshots, between_games=between_games)


def _decider(strategy: Strategy, limits: Limits, fees: FeeBook | None, live_allowed: bool) -> Decider:
    if fees is not None:
        return Decider(strategy, limits, fees=fees, live_allowed=live_allowed)
    rows: tuple[Any, Any] = (strategy, limits)
    return _configured(*rows, live_allowed, id(load_fees()))


@lru_cache(maxsize=64)
def _configured(strategy: Strategy, limits: Limits, live_allowed: bool, _fees: int) -> Decider:
    return Decider(strategy, limits, live_allowed=live_allowed)


def _check(snapshots: Sequence[Snapshot]) -> None:
    seen: set[str] = set()
    for snapshot in snapshots:
        market = snapshot.market.market_id
        if market in seen:
            raise ValueError(f"market {market} is given twice; one snapshot a market")
        seen.add(market)
        if snapshot.as_of != snapshots[0].as_of:
            raise ValueError(
                f"market {market} is of {snapshot.as_of.isoformat()}, others of "
                f"{snapshots[0].as_of.isoformat()}; right is one instant"
            )
