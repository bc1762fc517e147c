"""What a gate is asked about: a snapshot, and a strategy's rules made ready for being asked many times.

Belongs here: the thresholds as numbers, the offer that would be bought and what it is worth. Does not: verdicts
(`gates.py`), how much is bought (`sizing.py`), formulas of fees (`pricing.fees`).

Prices are compared in whole millionths of a dollar, so that no float decides whether 0.55 - 0.50 is more than 0.05.
What cannot be read as a number is NaN or None here, and refused by the gate that wants it: nothing in this module
raises for a strange snapshot.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import inf, nan
from typing import Any

from precog_assets.domain.statuses import PLAYING, GamePhase
from precog_assets.domain.strategies import Limits, Strategy
from precog_assets.domain.trading import GateResult, Level, Rung, Side, SkillFacts, Snapshot
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.pricing.fees import FeeSchedule
from precog_assets.trading.ladder import effective_rung

STEPS = 1_000_000
"""Of a dollar."""
Tops = tuple[int | None, int | None]
_KEPT = 4096
_BEYOND = 1e6


def number(value: Decimal | float | None) -> float:
    """The value as a float; NaN where it is none."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return nan


def steps(value: Decimal) -> int | None:
    """A price in millionths of a dollar; None where it is no number, or beyond any price."""
    price = number(value)
    return round(price * STEPS) if -_BEYOND < price < _BEYOND else None


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Seconds from one to the other; NaN where only one of them has a time zone."""
    try:
        return (later - earlier).total_seconds()
    except TypeError:
        return nan


@dataclass(frozen=True, slots=True)
class Offer:
    """A side that could be bought, and what a contract of it is worth at the best price. Dollars."""

    side: Side
    price_steps: int
    price: float
    contracts: float
    """Offered by others at their best price of the side; what a maker would have before it, on the other side."""
    probability: float
    """That the side pays."""
    fee: float
    """A contract, before rounding."""
    half_spread: float
    """Price less the mid of the side: what crossing costs, below zero for a maker."""
    schedule: FeeSchedule
    fee_rate: float
    value: float
    """Expected dollars a contract: probability - price - fee. The price has the half-spread in it."""


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= _KEPT:
        kept.clear()


class Rules:
    """A strategy, the limits and the fees, with every threshold as the number that gates compare with."""

    def __init__(self, strategy: Strategy, limits: Limits, fees: FeeBook, *, live_allowed: bool = False) -> None:
        gates = strategy.gates
        self.strategy = strategy
        self.limits = limits
        self.fees = fees
        self.live_allowed = live_allowed
        self.name = strategy.name
        self.hash = strategy.hash
        self.leagues = frozenset(strategy.leagues)
        self.league_names = ", ".join(strategy.leagues)
        self.maker = strategy.entry == "maker"
        self.by_model = strategy.probability == "model"
        self.min_games = gates.min_games
        self.max_rating_age_days = gates.max_rating_age_days
        self.max_quote_age_s = gates.max_quote_age_s
        self.max_game_state_age_s = gates.max_game_state_age_s
        self.min_hours_to_start = gates.min_hours_to_start
        self.max_hours_to_start = gates.max_hours_to_start
        self.in_play = gates.in_play
        self.phases = frozenset({GamePhase.SCHEDULED, *(PLAYING if gates.in_play else ())})
        self.phase_names = "scheduled or in play" if gates.in_play else "scheduled"
        self.hours_window = f"{gates.min_hours_to_start:g} to {gates.max_hours_to_start:g}"
        self.max_spread_steps = round(float(gates.max_spread) * STEPS)
        self.max_spread = float(gates.max_spread)
        self.min_depth = float(gates.min_depth_contracts)
        self.min_price_steps = max(1, round(float(gates.min_price) * STEPS))
        self.max_price_steps = min(STEPS - 1, round(float(gates.max_price) * STEPS))
        self.price_window = f"{gates.min_price} to {gates.max_price}"
        self.min_net_value = float(gates.min_net_value)
        self.max_net_value = float(gates.max_net_value)
        self.skill_wanted = (
            f"{strategy.climb.min_graded} graded, skill above {strategy.climb.min_skill_low:g}, "
            f"closing line value above {strategy.climb.min_closing_line_value_low:g}"
        )
        self.exposures = {
            "exposure_market": float(limits.per_market),
            "exposure_game": float(limits.per_game),
            "exposure_league": float(limits.per_league),
            "exposure_day": float(limits.per_day),
            "exposure_total": float(limits.total),
        }
        self.max_drawdown = limits.max_drawdown
        self.orders_per_minute = limits.orders_per_minute
        self.equity_share = Decimal(repr(strategy.sizing.max_equity_share))
        self.kelly_share = strategy.sizing.kelly_fraction
        self.max_contracts = int(strategy.sizing.max_contracts)
        self._schedules: dict[tuple[str, str, str | None, int], FeeSchedule] = {}
        self._fee_changes = fees.changes()
        self._events_with_fees = fees.events()
        self._rungs: dict[SkillFacts, Rung] = {}
        self._answers: dict[tuple[str, str | float | None, str], GateResult] = {}

    def rung(self, facts: SkillFacts) -> Rung:
        """Where the strategy stands by these facts."""
        found = self._rungs.get(facts)
        if found is None:
            _make_room(self._rungs)
            found = self._rungs[facts] = effective_rung(facts, self.strategy, live_allowed=self.live_allowed)
        return found

    def answer(
        self, name: str, passed: bool | None, value: str | float | None, wanted: str | float, detail: str = ""
    ) -> GateResult:
        """A gate's result that follows from its value and detail alone, made once: many markets answer alike."""
        found = self._answers.get((name, value, detail))
        if found is None:
            _make_room(self._answers)
            found = self._answers[name, value, detail] = GateResult(name, passed, value, wanted, str(detail))
        return found

    def schedule(self, snapshot: Snapshot) -> FeeSchedule | str:
        """The fees of the snapshot's market as known then, or why they cannot be said.

        Looked up once for a series, or an event that is charged by itself, and the time between two statements.
        """
        market, as_of = snapshot.market, snapshot.as_of
        if as_of.tzinfo is None:
            return f"as_of {as_of.isoformat()} has no time zone"
        event = market.event_ticker if market.event_ticker in self._events_with_fees else None
        key = (market.venue, market.series_ticker, event, bisect_right(self._fee_changes, as_of))
        found = self._schedules.get(key)
        if found is None:
            try:
                found = self.fees.schedule_at(
                    market.venue, market.series_ticker, market.event_ticker, as_of, as_of=as_of
                )
            except ValueError as error:
                return str(error)
            _make_room(self._schedules)
            self._schedules[key] = found
        return found

    def price_open(self, price_steps: int) -> bool:
        """Whether the strategy may pay the price; 0 and 1 are no prices whatever it says."""
        return self.min_price_steps <= price_steps <= self.max_price_steps


class Asked:
    """A snapshot under rules; the offer is looked for when first wanted."""

    __slots__ = ("_looked", "_offer", "_tops", "_why_none", "rules", "snapshot")

    def __init__(self, snapshot: Snapshot, rules: Rules) -> None:
        self.snapshot = snapshot
        self.rules = rules
        self._looked = False
        self._offer: Offer | None = None
        self._why_none = ""
        self._tops: Tops | None = None

    @property
    def tops(self) -> Tops:
        """The best bids, for YES and for NO; None where there is none, or none that is a number."""
        if self._tops is None:
            quote = self.snapshot.quote
            self._tops = (None, None) if quote is None else (_top(quote.book.yes_bids), _top(quote.book.no_bids))
        return self._tops

    @property
    def offer(self) -> Offer | None:
        """The side worth more, YES where both are worth the same; None where none can be bought or valued."""
        if not self._looked:
            self._looked = True
            found = _best_offer(self)
            if isinstance(found, str):
                self._why_none = found
            else:
                self._offer = found
        return self._offer

    @property
    def offer_if_known(self) -> Offer | None:
        """The offer where a gate has looked for it."""
        return self._offer

    @property
    def why_no_offer(self) -> str:
        """Why there is no offer; empty where there is one."""
        return self._why_none if self.offer is None else ""


def probability_of_yes(snapshot: Snapshot, rules: Rules) -> float | None:
    """What the strategy believes; None where it was not computed."""
    if rules.by_model:
        return snapshot.p_model
    return None if snapshot.price is None else snapshot.price.p_trading


def _best_offer(asked: Asked) -> Offer | str:
    snapshot, rules = asked.snapshot, asked.rules
    if snapshot.quote is None:
        return "no quote"
    p_yes = probability_of_yes(snapshot, rules)
    if p_yes is None:
        if not rules.by_model:
            return "no price"
        return "no forecast" if snapshot.play is None else "no probability in play"
    p_yes = number(p_yes)
    if not 0.0 <= p_yes <= 1.0:
        return f"{p_yes!r} is no probability"
    schedule = rules.schedule(snapshot)
    if isinstance(schedule, str):
        return schedule
    rate = float(schedule.maker_rate if rules.maker else schedule.taker_rate)
    yes, no = _price_of(asked, Side.YES), _price_of(asked, Side.NO)
    yes_value = no_value = -inf
    if not isinstance(yes, str):
        yes_value = _value(p_yes, yes, rate)
    if not isinstance(no, str):
        no_value = _value(1.0 - p_yes, no, rate)
        if no_value > yes_value:
            return _offer(asked, Side.NO, no, 1.0 - p_yes, no_value, rate, schedule)
    return yes if isinstance(yes, str) else _offer(asked, Side.YES, yes, p_yes, yes_value, rate, schedule)


def _value(probability: float, price_steps: int, rate: float) -> float:
    price = price_steps / STEPS
    return round(probability - price - max(0.0, rate * price * (1.0 - price)), 9)


def _price_of(asked: Asked, side: Side) -> int | str:
    """Steps at which the side would be bought, or why it cannot."""
    own, against = asked.tops if side is Side.YES else asked.tops[::-1]
    if against is None:
        levels = _against(asked, side)
        return f"price {levels[0].price} is no number" if levels else f"nobody offers {side.value}"
    if not asked.rules.maker:
        return STEPS - against
    if own is None:
        return f"nobody bids for {side.value}"
    return _maker_steps(asked.snapshot, asked.rules, side, own, STEPS - against)


def _top(bids: tuple[Level, ...]) -> int | None:
    return steps(bids[0].price) if bids else None


def _against(asked: Asked, side: Side) -> tuple[Level, ...]:
    assert asked.snapshot.quote is not None
    book = asked.snapshot.quote.book
    return book.no_bids if side is Side.YES else book.yes_bids


def _offer(
    asked: Asked, side: Side, price_steps: int, probability: float, value: float, rate: float, schedule: FeeSchedule
) -> Offer:
    own, against = asked.tops if side is Side.YES else asked.tops[::-1]
    assert against is not None
    price = price_steps / STEPS
    return Offer(
        side=side,
        price_steps=price_steps,
        price=price,
        contracts=number(_against(asked, side)[0].contracts),
        probability=probability,
        fee=max(0.0, rate * price * (1.0 - price)),
        half_spread=0.0 if own is None else round(price - (own + STEPS - against) / (2 * STEPS), 9),
        schedule=schedule,
        fee_rate=rate,
        value=value,
    )


def _maker_steps(snapshot: Snapshot, rules: Rules, side: Side, bid: int, ask: int) -> int:
    """The best bid, improved where that is a price of the market and stays below the ask."""
    better = bid + round(float(rules.strategy.maker_improvement) * STEPS)
    better -= _off_grid(snapshot, side, better)
    return better if bid < better < ask else bid


def _off_grid(snapshot: Snapshot, side: Side, price_steps: int) -> int:
    """Steps by which a price lies above the market's grid; the grid is that of YES prices."""
    yes = price_steps if side is Side.YES else STEPS - price_steps
    for start, end, step in snapshot.market.price_ranges:
        low, high, grid = steps(start), steps(end), steps(step)
        if low is None or high is None or not grid or grid < 0 or not low <= yes <= high:
            continue
        over = (yes - low) % grid
        return over if side is Side.YES or not over else grid - over
    return 0
