"""From a venue's result to the ledger: once, checked against the game, and amended by reversal.

Belongs here: what a result pays, whether the game says the same, which transactions follow. Does not: reading results
from a venue, nor double entry itself (`ledger.py`).

What the venue says is what is paid, also where the game disagrees: then `game_agrees` is False and somebody must
look. A two-way market whose game ends level pays 0.50 on either side (NFL terms); a three-way market has a contract
of its own for the draw. Scalar results pay the venue's value, whatever it is (unplayed matches settle at a fair
price). A void returns what was paid for the contracts unless the venue names a value; fees are not returned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import LedgerEntry, Settlement
from precog_assets.trading.ledger import Ledger

ZERO, HALF, ONE = Decimal(0), Decimal("0.5"), Decimal(1)
RESULTS = ("yes", "no", "scalar", "void")


@dataclass(frozen=True, slots=True)
class VenueResult:
    """How a venue says a market ended."""

    market_id: str
    result: str
    """yes, no, scalar or void."""
    yes_value: Decimal | None
    """Dollars a YES contract pays; must be there for scalar, and fit for yes and no where it is."""
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class GameResult:
    """How the market's game ended, as far as is known, and what YES of the market pays for."""

    pays_for: Outcome
    ended_as: Outcome | None
    """None: not played to an end, or not known."""
    three_way: bool
    """Whether the draw has a market of its own."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a result came to. `entries` is empty where nothing was held or nothing is new."""

    settlement: Settlement
    entries: tuple[LedgerEntry, ...]
    is_new: bool
    """Whether the venue said something it had not said before."""


def yes_value_of(result: VenueResult) -> Decimal | None:
    """Dollars a YES contract pays; None: a void without a value, what was paid comes back.

    Raises ValueError for a result that is none of the four, or whose value does not fit it.
    """
    value = result.yes_value
    if result.result not in RESULTS:
        raise ValueError(f"{result.market_id}: result {result.result!r}; expected one of {', '.join(RESULTS)}")
    if value is not None and not ZERO <= value <= ONE:
        raise ValueError(f"{result.market_id}: a YES contract pays from 0 to 1 dollar, not {value}")
    if result.result in ("yes", "no"):
        fixed = ONE if result.result == "yes" else ZERO
        if value is not None and value != fixed:
            raise ValueError(f"{result.market_id}: result {result.result} with a value of {value}; expected {fixed}")
        return fixed
    if result.result == "scalar" and value is None:
        raise ValueError(f"{result.market_id}: a scalar result without its value; it is never guessed")
    return value


def game_value(game: GameResult) -> Decimal | None:
    """Dollars that a YES contract should pay by the game; None where the game does not say."""
    if game.ended_as is None:
        return None
    if game.ended_as is Outcome.DRAW and not game.three_way:
        return HALF
    return ONE if game.ended_as is game.pays_for else ZERO


def agreement(result: VenueResult, game: GameResult | None) -> bool | None:
    """Whether the game says what the venue says; None where it cannot be said: no game, no end, or a void."""
    should = game_value(game) if game is not None else None
    if should is None or result.result == "void":
        return None
    return yes_value_of(result) == should


@dataclass(slots=True)
class Settlements:
    """What was settled in one ledger. Built anew with it, from the same results in the same order."""

    ledger: Ledger
    _latest: dict[str, Settlement] = field(default_factory=dict)
    _paid: dict[str, list[str]] = field(default_factory=dict)
    """Payouts that stand, by market."""

    def latest(self, market_id: str) -> Settlement | None:
        return self._latest.get(market_id)

    def settle(self, result: VenueResult, game: GameResult | None = None) -> Settled:
        """Book a result. The same result again pays only what was not paid yet, such as a fill reported late.

        Another result than before takes every payout of the market back and pays anew; its settlement's `amends`
        counts up. An answer older than the one that stands changes nothing. Raises ValueError as `yes_value_of`.
        """
        value = yes_value_of(result)
        before = self._latest.get(result.market_id)
        settlement = Settlement(
            market_id=result.market_id,
            result=result.result,
            yes_value=ZERO if value is None else value,
            settled_at=result.settled_at,
            game_agrees=agreement(result, game),
            amends=before.amends if before else 0,
        )
        same = before is not None and (before.result, before.yes_value) == (settlement.result, settlement.yes_value)
        if before is not None and not same and result.settled_at < before.settled_at:
            return Settled(before, (), is_new=False)
        entries: tuple[LedgerEntry, ...] = ()
        if before is not None and not same:
            settlement = _amending(settlement, before)
            entries += self._take_back(result)
        name = f"settlement:{result.market_id}:{settlement.amends}"
        paid = self._paid.setdefault(result.market_id, [])
        if paid:
            name += f":late{len(paid)}"
        note = f"{result.result} at {'what was paid' if value is None else value}"
        pays = self.ledger.pay_out(name, result.market_id, value, at=result.settled_at, note=note)
        if pays:
            paid.append(name)
        self._latest[result.market_id] = settlement
        return Settled(settlement, entries + pays, is_new=not same)

    def _take_back(self, result: VenueResult) -> tuple[LedgerEntry, ...]:
        entries: tuple[LedgerEntry, ...] = ()
        for name in reversed(self._paid.pop(result.market_id, [])):
            entries += self.ledger.reverse_payout(name, at=result.settled_at, note=f"amended to {result.result}")
        return entries


def _amending(settlement: Settlement, before: Settlement) -> Settlement:
    return Settlement(
        market_id=settlement.market_id,
        result=settlement.result,
        yes_value=settlement.yes_value,
        settled_at=settlement.settled_at,
        game_agrees=settlement.game_agrees,
        amends=before.amends + 1,
    )
