"""Bets sized together: the exclusive outcomes of a game, the games of a slate, and the limits they share.

Belongs here: turning markets that passed their gates into purchases. Does not: the mathematics (`sizing.py`), what a
single purchase may cost (`limits.py`).

Markets of a game pay on its outcomes, of which one happens, so that their dependence is known and need not be assumed:
YES on one and NO on the other are the same bet, YES on both a hedge. Games are taken as independent unless said
otherwise. Room is given to the bets worth most first; equal ones in the order of their market ids. In which order
markets are given changes nothing, not even the last digit: a replay gives them in its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from precog_assets.domain.trading import Side
from precog_assets.trading.asked import Offer
from precog_assets.trading.judging import Judged
from precog_assets.trading.limits import NoPurchase, Purchase, Spent, fit
from precog_assets.trading.sizing import SlateBets, exclusive_payoffs, kelly_fraction, simultaneous_kelly, slate_kelly

_OTHER = "other"
_Sized = tuple[Purchase | NoPurchase, dict[str, Any]]


def size_together(judged: Sequence[Judged], *, between_games: float = 0.0) -> dict[int, _Sized]:
    """Purchases of the bets among `judged`, by index, with what sizing together adds to a decision's details.

    Bets in shadow are sized as if they were real, among themselves: they take no room from those that are.
    """
    sized: dict[int, _Sized] = {}
    for shadow in (False, True):
        chosen = [at for at, one in enumerate(judged) if one.to_size and one.only_skill_failed is shadow]
        chosen.sort(key=lambda at: judged[at].asked.snapshot.market.market_id)
        if chosen:
            sized |= _round(judged, chosen, between_games)
    return sized


def size_alone(judged: Judged) -> _Sized:
    """The purchase of one bet that has the round to itself; what `size_together` says of it alone."""
    offer = judged.asked.offer
    assert offer is not None, "a bet whose value passed its gate has an offer"
    alone = _alone(offer)
    purchase = fit(judged.asked.snapshot, offer, judged.asked.rules, Spent(), 1.0 if alone > 0.0 else 0.0)
    return purchase, {"kelly_alone": alone, "kelly_together": alone}


def _round(judged: Sequence[Judged], chosen: list[int], between_games: float) -> dict[int, _Sized]:
    offers = {at: offer for at in chosen if (offer := judged[at].asked.offer) is not None}
    alone = {at: _alone(offer) for at, offer in offers.items()}
    together = dict(alone) if len(offers) < 2 else _fractions(judged, offers, alone, between_games)
    spent, sized = Spent(), {}
    for at in sorted(offers, key=lambda at: (-offers[at].value, judged[at].asked.snapshot.market.market_id)):
        snapshot, rules = judged[at].asked.snapshot, judged[at].asked.rules
        scale = together[at] / alone[at] if alone[at] > 0.0 else 0.0
        purchase = fit(snapshot, offers[at], rules, spent, scale)
        if isinstance(purchase, Purchase):
            spent.add(snapshot, purchase.outlay)
        sized[at] = purchase, {"kelly_alone": alone[at], "kelly_together": together[at]}
    return sized


def _alone(offer: Offer) -> float:
    return kelly_fraction(offer.probability, offer.price, offer.fee)


def _fractions(
    judged: Sequence[Judged], offers: dict[int, Offer], alone: dict[int, float], between_games: float
) -> dict[int, float]:
    """Kelly's share of each bet, held together with the others: each game by itself, then the games as bets."""
    games: dict[str | None, list[int]] = {}
    for at in offers:
        games.setdefault(judged[at].asked.snapshot.link.game_id, []).append(at)
    fractions: dict[int, float] = {}
    payoffs, chances, staked = [], [], []
    for members in games.values():
        results, probabilities = _game_results(judged, members, offers)
        shares = np.array([alone[members[0]]])
        if len(members) > 1:
            costs = _costs(members, offers)
            shares = simultaneous_kelly(results, probabilities, costs, caps=np.ones(len(members)))
        fractions |= dict(zip(members, shares.tolist(), strict=True))
        total = float(shares.sum())
        if total > 0.0:
            # What a dollar put on the game, in the mix that is best for it, pays in each of its results.
            payoffs.append((results / _costs(members, offers)) @ (shares / total)[:, None])
            chances.append(probabilities)
            staked.append((members, total))
    if len(staked) > 1:
        slate = SlateBets(payoffs, chances, np.ones(len(staked)))
        totals = np.array([total for _, total in staked])
        kept = slate_kelly(slate, caps=totals, budget=1.0, between_games=between_games) / totals
        for (members, _), share in zip(staked, kept.tolist(), strict=True):
            fractions |= {at: fractions[at] * share for at in members}
    return fractions


def _costs(members: Sequence[int], offers: dict[int, Offer]) -> np.ndarray:
    return np.array([offers[at].price + offers[at].fee for at in members])


def _game_results(
    judged: Sequence[Judged], members: Sequence[int], offers: dict[int, Offer]
) -> tuple[np.ndarray, np.ndarray]:
    """(payoffs (outcomes, bets), probabilities (outcomes,)) of a game: outcomes with a bet, and all others as one.

    The probability of an outcome is the mean of what its markets' bets believe; together at most 1.
    """
    believed: dict[str, list[float]] = {}
    for at in members:
        p_yes = offers[at].probability if offers[at].side is Side.YES else 1.0 - offers[at].probability
        believed.setdefault(_outcome(judged[at]), []).append(p_yes)
    chances = {outcome: sum(listed) / len(listed) for outcome, listed in believed.items()}
    total = sum(chances.values())
    outcomes = [*chances, _OTHER]
    probabilities = np.array([*chances.values(), max(0.0, 1.0 - total)])
    every = frozenset(outcomes)
    pays_on = [
        frozenset({_outcome(judged[at])}) if offers[at].side is Side.YES else every - {_outcome(judged[at])}
        for at in members
    ]
    return exclusive_payoffs(pays_on, outcomes), probabilities / probabilities.sum()


def _outcome(judged: Judged) -> str:
    outcome = judged.asked.snapshot.link.outcome
    return _OTHER if outcome is None else outcome.value
