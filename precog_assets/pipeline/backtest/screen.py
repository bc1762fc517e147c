"""Many quotes at once: the gates that fail before money is asked about, over arrays.

Belongs here: which quotes `decide` need not be called for, because the first gate that would fail is certain. Does
not: decisions. Gates that time and prices do not move are asked by their own functions (`trading.gates`), once for as
long as the facts stand; the others are the same arithmetic over arrays, and wherever rounding could tell, the quote is left to
`decide`. A test compares every reason with that of `decide`.

A stretch is a run of quotes between which no other fact became known. Screening one reads its own quotes and what
was known before it, of each quote only what was known with it.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from precog_assets.domain.leagues import League
from precog_assets.domain.trading import ExposureFacts, QuoteFacts, SkillFacts
from precog_assets.pipeline.backtest.feed import NO_PRICE, STEPS, Quotes, instant, micros
from precog_assets.pipeline.backtest.known import Known
from precog_assets.pricing.blend import blend
from precog_assets.pricing.fees import UnknownFeeError
from precog_assets.pricing.vig import MIDS_FROM, MIDS_TO
from precog_assets.trading.asked import Asked, Rules
from precog_assets.trading.gates import GATES

GATE_NAMES = tuple(GATES)
ASK = -1
"""Code of a quote that `decide` has to be asked about; other codes are positions in GATE_NAMES."""
_CODE = {name: code for code, name in enumerate(GATE_NAMES)}
_OPEN = -2
_FIXED = ("matched", "league", "rated", "not_exhibition", "market_open", "game_phase", "no_in_play_model")
"""Gates whose answer stands as long as the facts do; of `market_open` the status."""
_DAY_S, _HOUR_S = 86_400.0, 3_600.0
_FAR = np.iinfo(np.int64).max // 4
_CLOSE_CALL = 1e-6
"""Dollars: nearer to a threshold than this, `decide` is asked."""


class Screen:
    """Screens the stretches of one chunk. `markets` are the chunk's; slots are positions in it."""

    def __init__(self, markets: tuple[str, ...], known: Known, rules: Rules, leagues: dict[str, League]) -> None:
        self._known, self._rules, self._leagues = known, rules, leagues
        self._slot = {market_id: slot for slot, market_id in enumerate(markets)}
        self._ids = list(markets)
        count = len(markets)
        self._fixed = np.full((len(_FIXED), count), False)
        self._asked = np.full(count, False)
        self._rated_us = np.full(count, _FAR)
        self._state_us = np.full(count, _FAR)
        self._start_us = np.full(count, -_FAR)
        self._start_valid = np.full(count, False)
        self._close_us = np.full(count, -_FAR)
        self._side_slots = np.full((count, 3), -1, np.int32)
        self._own_side = np.full(count, -1, np.int8)
        self._sides = np.full(count, 0, np.int8)
        self._model = np.full((count, 3), np.nan)
        self._weight = np.zeros(count)
        self._bid = np.full(count, NO_PRICE, np.int64)
        self._ask = np.full(count, NO_PRICE, np.int64)
        self._quoted = np.full(count, False)
        for market_id in markets:
            self._carry(market_id)
        self._stale = set(markets)

    def touch(self, market_ids: list[str]) -> None:
        """Facts about these markets changed."""
        self._stale.update(market_ids)

    def reasons(self, quotes: Quotes) -> NDArray[np.int16]:
        """Of each quote of a stretch the code of the first gate that fails, or ASK."""
        if not len(quotes):
            return np.zeros(0, np.int16)
        present = {self._ids[slot] for slot in np.unique(quotes.market).tolist()}
        for market_id in sorted(self._stale & present):
            self._refresh(market_id, quotes.known_us[0])
        self._stale -= present
        codes = self._screened(quotes)
        last = np.full(len(self._ids), -1, np.int64)
        last[quotes.market] = np.arange(len(quotes))
        seen = np.flatnonzero(last >= 0)
        self._bid[seen], self._ask[seen] = quotes.bid[last[seen]], quotes.ask[last[seen]]
        self._quoted[seen] = True
        return codes

    def _screened(self, quotes: Quotes) -> NDArray[np.int16]:
        at, slot, rules = quotes.known_us, quotes.market, self._rules
        codes = np.full(len(quotes), _OPEN, np.int16)
        codes[self._asked[slot]] = ASK
        failing = dict(zip(_FIXED, self._fixed, strict=True))

        def fails(name: str, where: NDArray[np.bool_]) -> bool:
            codes[(codes == _OPEN) & where] = _CODE[name]
            return bool(np.any(codes == _OPEN))

        def fixed(name: str) -> NDArray[np.bool_]:
            return failing[name][slot]

        if not (fails("matched", fixed("matched")) and fails("league", fixed("league"))):
            return codes
        if not fails("rated", fixed("rated")):
            return codes
        if not fails("rating_age", _too_old(at - self._rated_us[slot], _DAY_S, rules.max_rating_age_days)):
            return codes
        if not fails("not_exhibition", fixed("not_exhibition")):
            return codes
        observed = at - quotes.observed_us
        confirmed = np.maximum(at - np.maximum(quotes.confirmed_us, quotes.observed_us), 0)
        age = np.where(observed < 0, observed, np.minimum(observed, confirmed))
        if not fails("quote_age", _too_old(age, 1.0, rules.max_quote_age_s)):
            return codes
        state_us = self._state_us[slot]
        state_age = np.where(state_us == _FAR, 0, np.maximum(at - state_us, 0))
        if not fails("game_state_age", _too_old(state_age, 1.0, rules.max_game_state_age_s)):
            return codes
        if not fails("market_open", fixed("market_open") | (self._close_us[slot] <= at)):
            return codes
        if not (fails("game_phase", fixed("game_phase")) and fails("no_in_play_model", fixed("no_in_play_model"))):
            return codes
        hours = (self._start_us[slot] - at) / 1e6 / _HOUR_S
        soon_enough = (hours >= rules.min_hours_to_start) & (hours <= rules.max_hours_to_start)
        if not fails("time_to_start", ~(self._start_valid[slot] & soon_enough)):
            return codes
        wide = quotes.ask.astype(np.int64) - quotes.bid
        two_sided = (quotes.bid > 0) & (quotes.ask != NO_PRICE) & (quotes.ask < STEPS)
        if fails("spread", ~(two_sided & (wide > 0) & (wide <= rules.max_spread_steps))) and not rules.maker:
            rows = np.flatnonzero(codes == _OPEN)
            codes[rows] = self._valued(quotes, rows)
        codes[codes == _OPEN] = ASK
        return codes

    def _valued(self, quotes: Quotes, rows: NDArray[np.int64]) -> NDArray[np.int16]:
        """Codes of the gates that read what an offer is worth, of takers' quotes that passed the gates before."""
        rules, slot = self._rules, quotes.market[rows]
        p_yes = self._model_of(slot) if rules.by_model else self._trading(quotes, rows)
        rate = self._rates(quotes, rows)
        bid, ask = quotes.bid[rows].astype(np.int64), quotes.ask[rows].astype(np.int64)
        yes, no = _worth(p_yes, ask, rate), _worth(1.0 - p_yes, STEPS - bid, rate)
        is_no = no > yes
        value = np.where(is_no, no, yes)
        price = np.where(is_no, STEPS - bid, ask)
        contracts = np.where(is_no, quotes.bid_size[rows], quotes.ask_size[rows])
        codes = np.full(len(rows), _OPEN, np.int16)
        codes[np.isnan(value) | (np.abs(no - yes) < _CLOSE_CALL)] = ASK
        open_ = (price >= rules.min_price_steps) & (price <= rules.max_price_steps)
        for name, where in (
            ("depth", ~(contracts >= rules.min_depth)),
            ("price_bounds", ~open_),
            ("min_net_value", value < rules.min_net_value - _CLOSE_CALL),
        ):
            codes[(codes == _OPEN) & where] = _CODE[name]
        return codes

    def _trading(self, quotes: Quotes, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """P(YES) that may be traded on, NaN where it cannot be said here: `Known.price` over arrays."""
        slot = quotes.market[rows]
        bids, asks = self._mids_of_sides(quotes, rows)
        sane = np.all((bids > 0) & (asks < STEPS) & (bids < asks) | np.isnan(bids), axis=1)
        mids = (bids + asks) / 2.0 / STEPS
        quoted, sides = np.sum(~np.isnan(mids), axis=1), self._sides[slot]
        own = mids[np.arange(len(rows)), self._own_side[slot]]
        total = np.nansum(mids, axis=1)
        whole = quoted == sides
        with np.errstate(divide="ignore", invalid="ignore"):
            p = np.where(whole, own / total, own)
        sure = sane & np.where(
            whole, (total > MIDS_FROM + 1e-9) & (total < MIDS_TO - 1e-9), (sides == 2) & (quoted == 1)
        )
        p = np.where(sure, p, np.nan)
        weight = self._weight[slot]
        moved = np.flatnonzero(weight > 0)
        if len(moved):
            p[moved] = self._blended(slot[moved], mids[moved], whole[moved], p[moved], weight[moved])
        return p

    def _blended(
        self,
        slot: NDArray[np.int32],
        mids: NDArray[np.float64],
        whole: NDArray[np.bool_],
        p: NDArray[np.float64],
        weight: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        answer, own_side = np.full(len(slot), np.nan), self._own_side[slot]
        for count in (2, 3):
            rows = np.flatnonzero((self._sides[slot] == count) & ~np.isnan(p))
            if not len(rows):
                continue
            market = mids[rows, :count] / np.nansum(mids[rows, :count], axis=1, keepdims=True)
            alone = np.flatnonzero(~whole[rows])
            market[alone] = (1.0 - p[rows][alone])[:, None]
            market[alone, own_side[rows][alone]] = p[rows][alone]
            pooled = blend(self._model[slot[rows], :count], market, weight[rows])
            answer[rows] = pooled[np.arange(len(rows)), own_side[rows]]
        return answer

    def _mids_of_sides(self, quotes: Quotes, rows: NDArray[np.int64]) -> tuple[NDArray, NDArray]:
        """(bids, asks) in steps of each outcome of the rows' events, as known with the row; (rows, 3), NaN unquoted."""
        count = len(quotes)
        order = np.argsort(quotes.market, kind="stable")
        keys = quotes.market[order].astype(np.int64) * (count + 1) + order
        # What became known in the same instant is known too.
        until = np.searchsorted(quotes.known_us, quotes.known_us[rows], side="right") - 1
        bids, asks = np.full((len(rows), 3), np.nan), np.full((len(rows), 3), np.nan)
        for side in range(3):
            of = self._side_slots[quotes.market[rows], side].astype(np.int64)
            there = np.flatnonzero(of >= 0)
            if not len(there):
                continue
            found = np.searchsorted(keys, of[there] * (count + 1) + until[there], side="right") - 1
            row = order[np.maximum(found, 0)]
            here = (found >= 0) & (quotes.market[row] == of[there])
            bid = np.where(here, quotes.bid[row], self._bid[of[there]]).astype(np.float64)
            ask = np.where(here, quotes.ask[row], self._ask[of[there]]).astype(np.float64)
            quoted = here | self._quoted[of[there]]
            # One-sided: quoted, and of no use; 0 and a dollar say that to `sane`.
            bids[there, side] = np.where(quoted, np.where(bid == NO_PRICE, 0, bid), np.nan)
            asks[there, side] = np.where(quoted, np.where(ask == NO_PRICE, STEPS, ask), np.nan)
        return bids, asks

    def _model_of(self, slot: NDArray[np.int32]) -> NDArray[np.float64]:
        own = self._own_side[slot]
        return np.where(own >= 0, self._model[slot, np.maximum(own, 0)], np.nan)

    def _rates(self, quotes: Quotes, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Takers' rate of each row; NaN where it is not known, or changes on the way."""
        rates, slot = np.full(len(self._ids), np.nan), quotes.market[rows]
        first, last = instant(quotes.known_us[rows[0]]), instant(quotes.known_us[rows[-1]])
        for one in np.unique(slot).tolist():
            market = self._known.markets[self._ids[one]].market
            try:
                schedules = [
                    self._rules.fees.schedule_at(market.venue, market.series_ticker, market.event_ticker, at, as_of=at)
                    for at in (first, last)
                ]
            except UnknownFeeError:
                continue
            if schedules[0].taker_rate == schedules[1].taker_rate:
                rates[one] = float(schedules[0].taker_rate)
        return rates[slot]

    def _refresh(self, market_id: str, at_us: int) -> None:
        """Read again what the facts say of a market."""
        slot, known = self._slot[market_id], self._known
        snapshot = known.snapshot(market_id, _NO_EXPOSURE, _NO_SKILL)
        if snapshot is None:
            self._asked[slot] = True
            return
        asked = Asked(snapshot, self._rules)
        answers = {name: GATES[name](asked).passed for name in _FIXED}
        forecast, game = snapshot.forecast, snapshot.game
        # Where a gate could not be asked, only one that fails before it is certain.
        early = next((passed for name in _FIXED[:3] if (passed := answers[name]) is not True), True)
        ahead = forecast is not None and forecast.as_of > snapshot.as_of
        self._asked[slot] = early is None or ahead or (early is True and (game is None or None in answers.values()))
        self._fixed[:, slot] = [answers[name] is False for name in _FIXED]
        market_open = _FIXED.index("market_open")
        self._fixed[market_open, slot] = snapshot.market.status != "active"
        self._close_us[slot] = micros(snapshot.market.close_time)
        rated_at = forecast.rated_at if forecast is not None else None
        self._rated_us[slot] = micros(rated_at) if rated_at is not None else -_FAR
        if game is not None:
            state = known.games[game.game_id].confirmed_at
            self._state_us[slot] = _FAR if state is None else micros(state)
            self._start_us[slot], self._start_valid[slot] = micros(game.start_time), game.start_time_valid
        self._sides_of(market_id, slot)

    def _sides_of(self, market_id: str, slot: int) -> None:
        market = self._known.markets[market_id]
        league = self._leagues.get(market.market.league or "")
        self._own_side[slot], self._weight[slot] = -1, 0.0
        self._model[slot], self._side_slots[slot] = np.nan, -1
        if league is None or market.link.outcome not in league.outcomes:
            self._asked[slot] = True
            return
        self._own_side[slot], self._sides[slot] = league.outcomes.index(market.link.outcome), len(league.outcomes)
        for outcome, sibling in self._known.siblings(market_id).items():
            if outcome in league.outcomes:
                self._side_slots[slot, league.outcomes.index(outcome)] = self._slot_of(sibling)
        forecast = self._known.forecasts.get(market.link.game_id or "")
        if forecast is not None:
            said = [forecast.probabilities.get(one, np.nan) for one in league.outcomes]
            self._model[slot, : len(said)] = said
            self._weight[slot] = 0.0 if any(one != one for one in said) else forecast.model_weight

    def _slot_of(self, market_id: str) -> int:
        """The slot of a sibling; one that no quote of the chunk is of is added."""
        if market_id not in self._slot:
            self._slot[market_id] = len(self._ids)
            self._ids.append(market_id)
            self._bid, self._ask = np.append(self._bid, NO_PRICE), np.append(self._ask, NO_PRICE)
            self._quoted = np.append(self._quoted, False)
            self._carry(market_id)
        return self._slot[market_id]

    def _carry(self, market_id: str) -> None:
        quote: QuoteFacts | None = self._known.quotes.get(market_id)
        if quote is not None:
            slot = self._slot[market_id]
            self._quoted[slot] = True
            self._bid[slot] = NO_PRICE if quote.bid is None else int(quote.bid * STEPS)
            self._ask[slot] = NO_PRICE if quote.ask is None else int(quote.ask * STEPS)


def _too_old(age_us: NDArray[np.int64], unit_s: float, most: float) -> NDArray[np.bool_]:
    age_s = age_us / 1e6
    return ~((age_s >= 0) & (age_s / unit_s <= most))


def _worth(p: NDArray[np.float64], price_steps: NDArray[np.int64], rate: NDArray[np.float64]) -> NDArray[np.float64]:
    price = price_steps / STEPS
    return p - price - rate * price * (1.0 - price)


_NO_EXPOSURE = ExposureFacts(equity=Decimal(0), cash=Decimal(0), peak_equity=Decimal(0))
_NO_SKILL = SkillFacts()
