"""Many quotes at once: the gates that fail before money is asked about, over arrays.

Belongs here: which quotes `decide` need not be called for, because the first gate that fails is certain. Does not:
decisions, values (`values.py`), sizes. It is no second set of rules: what only facts move is asked of the gates
themselves, once for as long as the facts stand; what time and prices move is compared with the same thresholds of the
same `Rules`; and everything from `skill` on is left to `decide`. A test compares every reason with that of `decide`.

A stretch is a run of quotes between which no other fact became known.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from precog_assets.domain.statuses import MarketStatus
from precog_assets.domain.trading import ExposureFacts, SkillFacts
from precog_assets.pipeline.backtest.feed import NO_PRICE, STEPS, Quotes, micros
from precog_assets.pipeline.backtest.known import Known
from precog_assets.pipeline.backtest.values import ASK, Values
from precog_assets.trading.asked import Asked, Rules
from precog_assets.trading.gates import GATES

GATE_NAMES = tuple(GATES)
"""What codes are positions in; ASK is that of a quote that `decide` has to be asked about."""
_CODE = {name: code for code, name in enumerate(GATE_NAMES)}
_OF_FACTS = ("matched", "league", "rated", "not_exhibition", "market_open", "game_phase", "no_in_play_model")
"""Gates that only facts move; of `market_open` the status."""
_DAY_S, _HOUR_S = 86_400.0, 3_600.0
_FAR = np.iinfo(np.int64).max // 4
_NO_EXPOSURE = ExposureFacts(equity=Decimal(0), cash=Decimal(0), peak_equity=Decimal(0))
_NO_SKILL = SkillFacts()


class Screen:
    """Screens the stretches of one chunk. `markets` are the chunk's; slots are positions in it."""

    def __init__(self, markets: tuple[str, ...], known: Known, rules: Rules) -> None:
        self._markets, self._known, self._rules = markets, known, rules
        self._slot = {market_id: slot for slot, market_id in enumerate(markets)}
        count = len(markets)
        self._fails = {name: np.zeros(count, np.bool_) for name in _OF_FACTS}
        self._ask = np.zeros(count, np.bool_)
        self._rated_us = np.full(count, -_FAR)
        self._state_us = np.full(count, _FAR)
        self._start_us = np.full(count, -_FAR)
        self._start_valid = np.zeros(count, np.bool_)
        self._close_us = np.full(count, _FAR)
        self._stale = set(markets)
        self._values = Values(markets, known, rules)

    def touch(self, market_ids: list[str]) -> None:
        """Facts about these markets changed."""
        self._stale.update(market_ids)
        self._values.touch(market_ids)

    def reasons(self, quotes: Quotes) -> NDArray[np.int16]:
        """Of each quote of a stretch the code of the first gate that fails, or ASK."""
        present = {self._markets[slot] for slot in np.unique(quotes.market).tolist()}
        for market_id in sorted(self._stale & present):
            self._read(market_id)
        self._stale -= present
        codes = np.full(len(quotes), ASK, np.int16)
        left = np.flatnonzero(~self._ask[quotes.market])
        for name in GATE_NAMES[: _CODE["spread"] + 1]:
            if not len(left):
                break
            failed = self._failed(name, quotes, left)
            codes[left[failed]] = _CODE[name]
            left = left[~failed]
        if len(left):
            codes[left] = self._values.codes(quotes, left)
        return codes

    def _failed(self, name: str, quotes: Quotes, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the gate fails, of each of these rows."""
        rules, slot, at = self._rules, quotes.market[rows], quotes.known_us[rows]
        if name == "rating_age":
            return _too_old(at - self._rated_us[slot], _DAY_S, rules.max_rating_age_days)
        if name == "quote_age":
            observed = at - quotes.observed_us[rows]
            confirmed = np.maximum(at - np.maximum(quotes.confirmed_us[rows], quotes.observed_us[rows]), 0)
            age = np.where(observed < 0, observed, np.minimum(observed, confirmed))
            return _too_old(age, 1.0, rules.max_quote_age_s)
        if name == "game_state_age":
            return _too_old(np.maximum(at - self._state_us[slot], 0), 1.0, rules.max_game_state_age_s)
        if name == "time_to_start":
            hours = (self._start_us[slot] - at) / 1e6 / _HOUR_S
            in_window = (hours >= rules.min_hours_to_start) & (hours <= rules.max_hours_to_start)
            return ~(self._start_valid[slot] & in_window)
        if name == "spread":
            bid, ask = quotes.bid[rows], quotes.ask[rows]
            two_sided = (bid > 0) & (ask != NO_PRICE) & (ask < STEPS)
            return ~(two_sided & (ask > bid) & (ask - bid <= rules.max_spread_steps))
        failed = self._fails[name][slot]
        return failed | (self._close_us[slot] <= at) if name == "market_open" else failed

    def _read(self, market_id: str) -> None:
        """Ask the gates what the facts say of a market."""
        slot, known = self._slot[market_id], self._known
        snapshot = known.snapshot(market_id, _NO_EXPOSURE, _NO_SKILL)
        self._ask[slot] = snapshot is None
        if snapshot is None:
            return
        asked, forecast, game = Asked(snapshot, self._rules), snapshot.forecast, snapshot.game
        answers = {name: GATES[name](asked).passed for name in _OF_FACTS}
        answers["market_open"] = snapshot.market.status == MarketStatus.ACTIVE
        if forecast is not None and forecast.as_of > snapshot.as_of:
            answers["rated"] = None
        for name in _OF_FACTS:
            self._fails[name][slot] = answers[name] is False
        # What could not be asked is certain only where an earlier gate fails; those up to `rated` are all of facts.
        first = next((name for name in _OF_FACTS if answers[name] is not True), None)
        certain = first in _OF_FACTS[:3] and answers[first] is False
        self._ask[slot] = not certain and (game is None or None in answers.values())
        self._close_us[slot] = micros(snapshot.market.close_time)
        rated_at = forecast.rated_at if forecast is not None else None
        self._rated_us[slot] = -_FAR if rated_at is None else micros(rated_at)
        if game is not None:
            confirmed_at = known.games[game.game_id].confirmed_at
            self._state_us[slot] = _FAR if confirmed_at is None else micros(confirmed_at)
            self._start_us[slot], self._start_valid[slot] = micros(game.start_time), game.start_time_valid


def _too_old(age_us: NDArray[np.int64], unit_s: float, most: float) -> NDArray[np.bool_]:
    """As `answers.answer_age`: above the most, or from the future."""
    age_s = age_us / 1e6
    return ~((age_s >= 0) & (age_s / unit_s <= most))
