"""A snapshot put through the gates, and the decision made of the answers.

Belongs here: asking gates in order, naming the reason, filling in a Decision. Does not: what is asked (`gates.py`),
sizes (`slates.py`), the functions that others call (`decide.py`).
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

from precog_assets.domain.trading import Action, Decision, GateResult, Snapshot
from precog_assets.trading.asked import Asked, Offer, Rules
from precog_assets.trading.gates import GATES, SIZE, SKILL, clock, venue
from precog_assets.trading.identity import decision_id
from precog_assets.trading.limits import NoPurchase, Purchase

TAKEN = "taken"
_ASKED = tuple((name, gate, name == SKILL) for name, gate in GATES.items())


class Judged:
    """A snapshot, its gates' answers, and whether it comes to a size."""

    __slots__ = ("asked", "only_skill_failed", "passed", "results")

    def __init__(self, asked: Asked, results: list[GateResult], passed: bool, only_skill_failed: bool) -> None:
        self.asked = asked
        self.results = results
        self.passed = passed
        """Every gate did."""
        self.only_skill_failed = only_skill_failed
        """It would be taken, but for its rung."""

    @property
    def to_size(self) -> bool:
        return self.passed or self.only_skill_failed


def judge(snapshot: Snapshot, rules: Rules, *, complete: bool = True) -> Judged:
    """Ask every gate; with `complete` false stop at the first that failed, `skill` excepted."""
    asked = Asked(snapshot, rules)
    results: list[GateResult] = [clock(asked)] if snapshot.clock else []
    if snapshot.venue_away:
        results.append(venue(asked))
    clear, in_shadow = not results, False
    for _, gate, is_skill in () if results and not complete else _ASKED:
        result = gate(asked)
        results.append(result)
        if result.passed is not True:
            if is_skill:
                in_shadow = True
                continue
            clear = False
            if result.passed is False and not complete:
                break
    return Judged(asked, results, clear and not in_shadow, clear and in_shadow)


def decision_of(judged: Judged, purchase: Purchase | NoPurchase | None, together: dict[str, Any]) -> Decision:
    """The decision; `purchase` is None where some gate kept it from being sized, `together` what sizing adds."""
    asked, rules, snapshot, results = judged.asked, judged.asked.rules, judged.asked.snapshot, judged.results
    offer, bought = asked.offer_if_known, purchase if isinstance(purchase, Purchase) else None
    if purchase is not None:
        contracts = 0 if bought is None else bought.contracts
        results.append(GateResult(SIZE, bought is not None, float(contracts), 1.0, purchase.bound_by))
    taken = judged.passed and bought is not None
    game, link, price, p_model = snapshot.game, snapshot.link, snapshot.price, snapshot.p_model
    return Decision(
        decision_id=decision_id(snapshot.market.market_id, rules.name, rules.hash, snapshot.as_of),
        as_of=snapshot.as_of,
        market_id=snapshot.market.market_id,
        game_id=link.game_id,
        league=game.league if game is not None else snapshot.market.league,
        strategy=rules.name,
        strategy_hash=rules.hash,
        action=Action.TAKE if taken else Action.PASS,
        reason=TAKEN if taken else _reason(results),
        gates=tuple(results),
        side=None if offer is None else offer.side,
        limit_price=None if bought is None else bought.limit_price,
        contracts=Decimal(0) if bought is None else Decimal(bought.contracts),
        p_model=None if p_model is None else _finite(p_model),
        p_market=None if price is None else _finite(price.p_market),
        p_trading=None if price is None else _finite(price.p_trading),
        divergence=None if price is None or price.divergence is None else _finite(price.divergence),
        net_value=_value(offer, bought),
        rung=rules.rung(snapshot.skill),
        details=_details(offer, purchase, together),
    )


def _value(offer: Offer | None, bought: Purchase | None) -> Decimal | None:
    """After everything where there is a size, of the first contract where there is none."""
    if bought is not None:
        return bought.net_value
    return None if offer is None else Decimal(f"{offer.value:.6f}")


def _details(offer: Offer | None, purchase: Purchase | NoPurchase | None, together: dict[str, Any]) -> dict[str, Any]:
    """Components of the value, dollars a contract, and of the size; a purchase's own where there is one."""
    if offer is None:
        return {}
    details: dict[str, Any] = {
        "price": offer.price,
        "half_spread": offer.half_spread,
        "fee_per_contract": offer.fee,
        "fee_type": offer.schedule.fee_type,
        "fee_assumed": offer.schedule.source == "default",
    }
    if purchase is None:
        return details
    details |= together
    details["wanted_contracts"] = purchase.wanted
    details["bound_by"] = purchase.bound_by
    details["would_take"] = isinstance(purchase, Purchase)
    if isinstance(purchase, Purchase):
        average = float(purchase.average_price)
        details["fee_per_contract"] = float(purchase.fee) / purchase.contracts
        details["average_price"] = average
        details["slippage"] = round(average - offer.price, 9)
        details["outlay"] = float(purchase.outlay)
    return details


def _reason(results: list[GateResult]) -> str:
    """The first gate that failed; where none did, the first that could not be asked."""
    unasked = None
    for result in results:
        if result.passed is False:
            return result.name
        if result.passed is None and unasked is None:
            unasked = result.name
    assert unasked is not None
    return unasked


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
