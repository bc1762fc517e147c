"""Figures of bets and of an equity curve: what they paid, how sure that is, what was risked for it.

Belongs here: the figures and their definitions, one each. Does not: groups, gates, words, pages (`report.py` and on).

A figure that cannot be said is None, and `refused` says why: an ROI of a handful of bets is a number without meaning.
Intervals are bootstraps that draw whole Eastern days of games, because what surprises in one game often does in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from precog_assets.domain.times import eastern_day
from precog_assets.grading.intervals import Interval, mean_interval, skill_interval
from precog_assets.pipeline.backtest.account import Bet
from precog_assets.pipeline.backtest.result import EquityPoint

ZERO = Decimal(0)
SEED = 20_251_021
"""Of the bootstraps: equal bets give equal intervals."""
LEAST_DAYS = 2
DAYS_A_YEAR = 365
"""Games are played on every day of the week: returns are of calendar days."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a group of bets. Dollars; a bet is an order of which something was filled."""

    bets: int
    settled: int
    """Paid by a result; neither open nor given back."""
    given_back: int
    contracts: Decimal
    staked: Decimal
    """Of settled bets: what the contracts cost, and the fees."""
    fees: Decimal
    """Of all bets."""
    profit: Decimal
    """Of settled bets and those given back, fees counted."""
    roi: Interval | None
    """profit / staked of the settled bets."""
    closing_line_value: Interval | None
    """Dollars a contract, the mean over bets: the exchange's own mid at its last two-sided quote before the start,
    less the price paid, before fees."""
    closed_bets: int
    """Bets that have such a quote."""
    synthetic_bets: int
    """Decided on a bid and ask that were made from one price."""
    brier_paid: float | None
    """Of the prices paid, as probabilities that the side pays; over settled bets."""
    brier_believed: float | None
    """Of the probabilities that the bets were made on, over the same bets."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """By figure, why it is None."""


@dataclass(frozen=True, slots=True)
class Risk:
    """Of the account over time. Ratios are of returns by Eastern calendar day, a year's worth; None: `refused`."""

    days: int
    final_equity: Decimal
    sharpe: float | None
    sortino: float | None
    max_drawdown: float
    """Largest fall from a peak, as a share of the peak, at the ends of days or of shorter stretches."""
    max_drawdown_dollars: Decimal
    peak_exposure: Decimal
    """Dollars that could be lost at once."""
    mean_exposure: Decimal
    """Mean over days of the most that could be lost on one."""
    refused: Mapping[str, str] = field(default_factory=dict)


def figures_of(bets: Sequence[Bet], *, min_bets_for_roi: int, resamples: int = 2000, level: float = 0.95) -> Figures:
    """The figures of a group of bets, intervals of `level`. Raises ValueError for a bet of which nothing was filled."""
    for bet in bets:
        if bet.contracts <= 0:
            raise ValueError(f"{bet.ticker}: an order of which nothing was filled is no bet")
    settled = [bet for bet in bets if bet.payoff is not None]
    refused: dict[str, str] = {}
    return Figures(
        bets=len(bets),
        settled=len(settled),
        given_back=sum(bet.returned for bet in bets),
        contracts=sum((bet.contracts for bet in bets), ZERO),
        staked=sum((bet.cost + bet.fees for bet in settled), ZERO),
        fees=sum((bet.fees for bet in bets), ZERO),
        profit=sum((bet.profit for bet in bets if bet.profit is not None), ZERO),
        roi=_roi(settled, min_bets_for_roi, resamples, level, refused),
        closing_line_value=_closing_line_value(bets, resamples, level, refused),
        closed_bets=sum(bet.closing_line_value is not None for bet in bets),
        synthetic_bets=sum(bet.synthetic for bet in bets),
        brier_paid=_brier(paid_for(settled), refused, "brier_paid"),
        brier_believed=_brier(believed_of(settled), refused, "brier_believed"),
        refused=refused,
    )


def paid_for(bets: Iterable[Bet]) -> list[tuple[float, float]]:
    """(price paid, what a contract of the side paid) of the settled bets."""
    return [(bet.price, float(bet.payoff)) for bet in bets if bet.payoff is not None]


def believed_of(bets: Iterable[Bet]) -> list[tuple[float, float]]:
    """(probability that the side pays, as it was believed, what it paid) of the settled bets that say what they were
    made on."""
    pairs = []
    for bet in bets:
        believed = bet.decision.p_trading
        if bet.payoff is not None and believed is not None:
            pairs.append((believed if bet.side.value == "yes" else 1.0 - believed, float(bet.payoff)))
    return pairs


def risk_of(points: Sequence[EquityPoint], bets: Sequence[Bet], starting_cash: Decimal) -> Risk:
    """What the account went through. `points` in time order; `bets` add what stood between the points.

    A bet is counted at stake from its first fill to the start of its game, where its result is not known to the day.
    Sharpe (1994): mean daily return over its standard deviation, times the root of 365, no riskless return taken off;
    Sortino and Price (1994) with the root of the mean squared loss in its place.
    """
    drawdown, dollars, peak = 0.0, ZERO, starting_cash
    for point in points:
        peak = max(peak, point.equity)
        dollars = max(dollars, peak - point.equity)
        drawdown = max(drawdown, float((peak - point.equity) / peak))
    refused: dict[str, str] = {}
    returns = _daily_returns(points, starting_cash)
    sharpe = sortino = None
    if len(returns) < LEAST_DAYS:
        refused["sharpe"] = refused["sortino"] = f"{len(returns)} days; at least {LEAST_DAYS}"
    else:
        year, mean = np.sqrt(DAYS_A_YEAR), float(returns.mean())
        spread, loss = float(returns.std(ddof=1)), float(np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2)))
        sharpe = float(mean / spread * year) if spread > 0 else None
        sortino = float(mean / loss * year) if loss > 0 else None
        if sharpe is None:
            refused["sharpe"] = "equity moved the same on every day"
        if sortino is None:
            refused["sortino"] = "no day lost anything"
    by_day = _exposure_by_day(points, bets)
    return Risk(
        days=len(returns),
        final_equity=points[-1].equity if points else starting_cash,
        sharpe=sharpe,
        sortino=sortino,
        max_drawdown=drawdown,
        max_drawdown_dollars=dollars,
        peak_exposure=max(by_day.values(), default=ZERO),
        mean_exposure=sum(by_day.values(), ZERO) / len(by_day) if by_day else ZERO,
        refused=refused,
    )


def equity_by_day(points: Sequence[EquityPoint], starting_cash: Decimal) -> list[tuple[date, Decimal]]:
    """Equity at the last point of each Eastern day, first to last; days without a point keep the one before."""
    last_of = {_day_of(point.at): point.equity for point in points}
    if not last_of:
        return []
    first, equity, days = min(last_of), starting_cash, []
    for offset in range((max(last_of) - first).days + 1):
        equity = last_of.get(first + timedelta(days=offset), equity)
        days.append((first + timedelta(days=offset), equity))
    return days


def _daily_returns(points: Sequence[EquityPoint], starting_cash: Decimal) -> np.ndarray:
    equity = np.array([float(starting_cash), *(float(one) for _, one in equity_by_day(points, starting_cash))])
    return equity[1:] / equity[:-1] - 1.0 if len(equity) > 1 else np.zeros(0)


def _exposure_by_day(points: Sequence[EquityPoint], bets: Sequence[Bet]) -> dict[date, Decimal]:
    """Most dollars at stake on each Eastern day between the first point and the last."""
    moves: list[tuple[datetime, Decimal]] = []
    for bet in bets:
        for fill in bet.fills:
            stake = fill.price * fill.contracts
            moves += [(fill.filled_at, stake), (max(bet.start, fill.filled_at), -stake)]
    # What is filled at the instant at which something else ends stands beside it.
    moves.sort(key=lambda one: (one[0], one[1] < 0))
    most: dict[date, Decimal] = {day: ZERO for day, _ in equity_by_day(points, ZERO)}
    for point in points:
        most[_day_of(point.at)] = max(most[_day_of(point.at)], point.at_stake)
    standing, day = ZERO, None
    for at, move in moves:
        today = eastern_day(at)
        while day is not None and day < today:
            day += timedelta(days=1)
            most[day] = max(most.get(day, ZERO), standing)
        standing, day = standing + move, today
        most[day] = max(most.get(day, ZERO), standing)
    return most


def _day_of(at: datetime) -> date:
    """The Eastern day whose end the instant is; of midnight, the day before."""
    return eastern_day(at - timedelta(microseconds=1))


def _roi(settled: Sequence[Bet], least: int, resamples: int, level: float, refused: dict[str, str]) -> Interval | None:
    if len(settled) < least:
        refused["roi"] = f"{len(settled)} settled bets; at least {least}"
        return None
    days = _days(settled)
    if len(set(days)) < LEAST_DAYS:
        refused["roi"] = f"bets of {len(set(days))} day; at least {LEAST_DAYS}"
        return None
    paid = [float((bet.payoff or ZERO) * bet.contracts) for bet in settled]
    staked = [float(bet.cost + bet.fees) for bet in settled]
    # 1 - paid / staked is what was lost of a dollar: the return with its sign turned.
    rng = np.random.default_rng(SEED)
    lost = skill_interval(paid, staked, rng, resamples=resamples, level=level, blocks=days)
    return Interval(-lost.estimate, -lost.high, -lost.low, lost.level, lost.resamples, lost.blocks)


def _closing_line_value(bets: Sequence[Bet], resamples: int, level: float, refused: dict[str, str]) -> Interval | None:
    closed = [bet for bet in bets if bet.closing_line_value is not None]
    days = _days(closed)
    if len(set(days)) < LEAST_DAYS:
        refused["closing_line_value"] = f"closing quotes of {len(set(days))} days; at least {LEAST_DAYS}"
        return None
    values = [float(bet.closing_line_value or 0.0) for bet in closed]
    return mean_interval(values, np.random.default_rng(SEED), resamples=resamples, level=level, blocks=days)


def _brier(pairs: Sequence[tuple[float, float]], refused: dict[str, str], name: str) -> float | None:
    if not pairs:
        refused[name] = "no settled bet"
        return None
    return float(np.mean([(price - paid) ** 2 for price, paid in pairs]))


def _days(bets: Sequence[Bet]) -> np.ndarray:
    return np.array([eastern_day(bet.start).toordinal() for bet in bets], np.int64)
