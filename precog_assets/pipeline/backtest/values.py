"""What quotes are worth, asked once for all quotes alike: the gates between spread and skill, by their own functions.

Belongs here: which quotes are alike to those gates, and their answer. Does not: arithmetic of values, which is that of
`trading` and `pricing`; gates that fail before (`screen.py`).

From `depth` to `max_net_value` a gate reads the market's own book, the prices of the event's other markets, the
forecast, and the fees. While forecast and fees stand, quotes with equal prices and enough or too few contracts on the
same sides get equal answers, so one of them is asked. Prices move on a grid: of a day's quotes few are different.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import ExposureFacts, SkillFacts, Snapshot
from precog_assets.pipeline.backtest.feed import NO_PRICE, STEPS, Quotes, instant, micros
from precog_assets.pipeline.backtest.known import Known, quote_at
from precog_assets.pricing.event import Sides
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.trading.asked import Asked, Rules
from precog_assets.trading.gates import GATES, SKILL

_NAMES = tuple(GATES)
_CODES = range(_NAMES.index("spread") + 1, _NAMES.index(SKILL))
"""Of the gates asked here, positions in the order of all."""
ASK = -1
_OTHERS = 2
"""An event has at most three outcomes."""
_NEVER = -2
"""Stands for the prices of a market that was never quoted."""
_NO_EXPOSURE = ExposureFacts(equity=Decimal(0), cash=Decimal(0), peak_equity=Decimal(0))
_NO_SKILL = SkillFacts()


class Values:
    """Answers for the stretches of one chunk, whose `markets` slots are positions in."""

    def __init__(self, markets: tuple[str, ...], known: Known, rules: Rules) -> None:
        self._markets, self._known, self._rules = markets, known, rules
        self._slot = {market_id: slot for slot, market_id in enumerate(markets)}
        self._fee_changes = np.array(sorted({micros(at) for at in _fee_instants(rules.fees)}), np.int64)
        self._fees_of = -1
        """How many of the changes had been when the answers kept were given."""
        self._kept: dict[str, dict[tuple[int, ...], int]] = {}

    def touch(self, market_ids: list[str]) -> None:
        """Facts about these markets changed."""
        for market_id in market_ids:
            self._kept.pop(market_id, None)

    def codes(self, quotes: Quotes, rows: NDArray[np.int64]) -> NDArray[np.int16]:
        """Of each of these rows, which passed every gate before, the code of the first gate that fails, or ASK."""
        first, last = np.searchsorted(self._fee_changes, quotes.known_us[rows[[0, -1]]], side="right")
        if first != last:
            return np.full(len(rows), ASK, np.int16)
        if first != self._fees_of:
            self._kept, self._fees_of = {}, int(first)
        others = {slot: self._others(slot) for slot in np.unique(quotes.market[rows]).tolist()}
        seen = self._rows_of_others(quotes, rows, others)
        alike, where = np.unique(self._situations(quotes, rows, seen, others), axis=0, return_inverse=True)
        example = np.zeros(len(alike), np.int64)
        example[where.reshape(-1)] = np.arange(len(rows))
        answers = np.empty(len(alike), np.int16)
        for number, at in enumerate(example.tolist()):
            row = int(rows[at])
            slot = int(quotes.market[row])
            kept = self._kept.setdefault(self._markets[slot], {})
            situation = tuple(alike[number].tolist())
            if situation not in kept:
                kept[situation] = self._answer(quotes, row, seen[at].tolist(), others[slot])
            answers[number] = kept[situation]
        return answers[where.reshape(-1)]

    def _others(self, slot: int) -> list[tuple[Outcome, str]]:
        own = self._markets[slot]
        return [(outcome, one) for outcome, one in self._known.siblings(own).items() if one != own][:_OTHERS]

    def _rows_of_others(
        self, quotes: Quotes, rows: NDArray[np.int64], others: dict[int, list[tuple[Outcome, str]]]
    ) -> NDArray[np.int64]:
        """(rows, _OTHERS): the last row of each other market known with the row; -1 where the stretch has none."""
        count = len(quotes)
        order = np.argsort(quotes.market, kind="stable")
        keys = quotes.market[order].astype(np.int64) * (count + 1) + order
        until = np.searchsorted(quotes.known_us, quotes.known_us[rows], side="right") - 1
        table = np.full((len(self._markets), _OTHERS), -1, np.int64)
        for slot, listed in others.items():
            for number, (_, market_id) in enumerate(listed):
                table[slot, number] = self._slot.get(market_id, -1)
        of = table[quotes.market[rows]]
        found = np.searchsorted(keys, of * (count + 1) + until[:, None], side="right") - 1
        row = order[np.maximum(found, 0)]
        return np.where((of >= 0) & (found >= 0) & (quotes.market[row] == of), row, -1)

    def _situations(
        self,
        quotes: Quotes,
        rows: NDArray[np.int64],
        seen: NDArray[np.int64],
        others: dict[int, list[tuple[Outcome, str]]],
    ) -> NDArray[np.int64]:
        """(rows, 5 + 2 * _OTHERS): market, its prices and whether enough is there, and the other markets' prices."""
        least, slot = self._rules.min_depth, quotes.market[rows]
        columns = [slot, quotes.bid[rows], quotes.ask[rows]]
        columns += [quotes.bid_size[rows] >= least, quotes.ask_size[rows] >= least]
        carried = np.full((len(self._markets), _OTHERS, 2), _NEVER, np.int64)
        for one, listed in others.items():
            for number, (_, market_id) in enumerate(listed):
                quote = self._known.quotes.get(market_id)
                if quote is not None:
                    carried[one, number] = [_steps(quote.bid), _steps(quote.ask)]
        for number in range(_OTHERS):
            row = seen[:, number]
            columns.append(np.where(row >= 0, quotes.bid[row], carried[slot, number, 0]))
            columns.append(np.where(row >= 0, quotes.ask[row], carried[slot, number, 1]))
        return np.column_stack([column.astype(np.int64) for column in columns])

    def _answer(self, quotes: Quotes, row: int, seen: list[int], others: list[tuple[Outcome, str]]) -> int:
        """The code of the first gate that fails, by the gates themselves; ASK where none does."""
        known, market_id = self._known, self._markets[quotes.market[row]]
        listed, quote = known.markets[market_id], quote_at(quotes, row)
        sides: dict[Outcome, Sides] = {}
        told = {market_id: quote}
        for (_, other), at in zip(others, seen, strict=False):
            before = known.quotes.get(other)
            if at >= 0:
                told[other] = quote_at(quotes, at)
            elif before is not None:
                told[other] = before
        for outcome, one in known.siblings(market_id).items():
            if one in told:
                sides[outcome] = (told[one].bid, told[one].ask)
        asked = Asked(
            Snapshot(
                as_of=instant(int(quotes.known_us[row])),
                market=listed.market,
                link=listed.link,
                game=None,
                quote=quote,
                forecast=known.forecast(listed.link),
                price=known.price(listed.market, listed.link, sides),
                skill=_NO_SKILL,
                exposure=_NO_EXPOSURE,
            ),
            self._rules,
        )
        return next((code for code in _CODES if GATES[_NAMES[code]](asked).passed is False), ASK)


def _steps(price: Decimal | None) -> int:
    return NO_PRICE if price is None else int(price * STEPS)


def _fee_instants(fees: FeeBook) -> Iterator[datetime]:
    """Every instant at which what is said of fees may begin or cease to hold."""
    for venue in fees.rules.venues.values():
        yield from (period.start for period in venue.periods)
        dated: list[Any] = [*venue.series.values(), *venue.events.values()]
        yield from (terms.start for listed in dated for terms in listed)
    for facts in fees.facts.values():
        for fact in facts:
            yield from (fact.observed_at, fact.confirmed_at, fact.known_at)
            if fact.terms.effective_at is not None:
                yield fact.terms.effective_at
