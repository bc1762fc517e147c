"""The report of a backtest: its figures in all, by league and month, its gates, and what must be said beside them.

Belongs here: what a report holds, its JSON form, the remarks without which its figures would mislead. Does not: how a
figure is computed (`figures.py`), drawing (`plots.py`), laying out (`page.py`), printing (`cli/`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from precog_assets.domain.times import eastern_day
from precog_assets.grading.calibration import ReliabilityCurve, reliability_curve
from precog_assets.pipeline.backtest.account import Bet
from precog_assets.pipeline.backtest.figures import (
    Figures,
    Risk,
    believed_of,
    equity_by_day,
    figures_of,
    paid_for,
    risk_of,
)
from precog_assets.pipeline.backtest.result import Result

if TYPE_CHECKING:
    import polars as pl

TAKEN = "taken"
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class GateRow:
    """How many quotes were turned down first by a gate, or taken."""

    league: str
    """Empty where the market's is not known."""
    month: str
    gate: str
    count: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a backtest came to."""

    strategy: str
    strategy_hash: str
    first: datetime | None
    last: datetime | None
    quotes: int
    decided: int
    """Decisions that were worked out gate by gate; the others' first failing gate was certain."""
    markets: int
    orders_sent: int
    starting_cash: Decimal
    total: Figures
    by_league: Mapping[str, Figures]
    by_month: Mapping[str, Figures]
    """Eastern month of the decision, as YYYY-MM."""
    gates: tuple[GateRow, ...]
    risk: Risk
    equity: tuple[tuple[date, Decimal], ...]
    """At the last point of each Eastern day."""
    prices_paid: ReliabilityCurve | None
    """How often what was bought at a price paid; None without a settled bet that won or lost a whole contract."""
    believed: ReliabilityCurve | None
    """The same of the probabilities that the bets were made on."""
    remarks: tuple[str, ...]
    """What the figures must not be read without."""

    def by_gate(self) -> dict[str, int]:
        """Quotes by first failing gate, commonest first."""
        total: Counter[str] = Counter()
        for row in self.gates:
            total[row.gate] += row.count
        return dict(sorted(total.items(), key=lambda one: (-one[1], one[0])))


def report_of(result: Result, *, remarks: Sequence[str] = (), resamples: int = 2000) -> Report:
    """The report of a result; `remarks` of whoever made the feed come last."""
    least, bets = result.assumptions.min_bets_for_roi, sorted(result.bets, key=lambda one: one.decision.as_of)

    def grouped(name: Callable[[Bet], str]) -> dict[str, Figures]:
        groups: defaultdict[str, list[Bet]] = defaultdict(list)
        for bet in bets:
            groups[name(bet)].append(bet)
        return {key: figures_of(groups[key], min_bets_for_roi=least, resamples=resamples) for key in sorted(groups)}

    cash = result.limits.starting_cash
    total = figures_of(bets, min_bets_for_roi=least, resamples=resamples)
    return Report(
        strategy=result.strategy.name,
        strategy_hash=result.strategy.hash,
        first=result.first,
        last=result.last,
        quotes=result.events,
        decided=result.asked,
        markets=result.markets,
        orders_sent=result.orders_sent,
        starting_cash=cash,
        total=total,
        by_league=grouped(lambda bet: bet.decision.league or ""),
        by_month=grouped(lambda bet: eastern_day(bet.decision.as_of).strftime("%Y-%m")),
        gates=tuple(GateRow(*key, count) for key, count in sorted(result.by_gate.items()) if count),
        risk=risk_of(result.equity, bets, cash),
        equity=tuple(equity_by_day(result.equity, cash)),
        prices_paid=_curve(paid_for(bets)),
        believed=_curve(believed_of(bets)),
        remarks=(*_remarks(result, total), *remarks),
    )


def as_json(report: Report) -> dict[str, Any]:
    """The report as what JSON can hold: dollars as numbers, instants as ISO text, curves by bin."""
    return plain_of(report)


def bets_frame(bets: Sequence[Bet]) -> pl.DataFrame:
    """The bets, one row each in the order of deciding; dollars, prices those of the side bought."""
    import polars as pl

    rows = [
        (
            bet.decision.as_of,
            bet.decision.decision_id,
            bet.decision.league,
            bet.decision.game_id,
            bet.ticker,
            bet.start,
            bet.side.value,
            float(bet.contracts),
            bet.price,
            float(bet.fees),
            bet.decision.p_trading,
            None if bet.yes_value is None else float(bet.yes_value),
            None if bet.profit is None else float(bet.profit),
            bet.closing_line_value,
            bet.synthetic,
        )
        for bet in sorted(bets, key=lambda one: (one.decision.as_of, one.ticker))
    ]
    text, number, at = pl.String, pl.Float64, pl.Datetime("us", "UTC")
    schema = {
        "decided_at": at,
        "decision_id": text,
        "league": text,
        "game_id": text,
        "ticker": text,
        "start": at,
        "side": text,
        "contracts": number,
        "price": number,
        "fees": number,
        "p_trading": number,
        "yes_value": number,
        "profit": number,
        "closing_line_value": number,
        "synthetic": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def plain_of(value: Any) -> Any:
    """Reports, rows and what they are made of, as what JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain_of(asdict(value))
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain_of(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_of(one) for one in value]
    return value


def _curve(pairs: Sequence[tuple[float, float]]) -> ReliabilityCurve | None:
    whole = [(p, paid) for p, paid in pairs if paid in (0.0, 1.0)]
    if not whole:
        return None
    p, paid = np.array(whole).T
    return reliability_curve(p, paid.astype(np.int64))


def _remarks(result: Result, total: Figures) -> list[str]:
    said = [
        "The strategy ran on paper from the first day; live, it would first have had to climb there from "
        f"{result.strategy.start_rung}.",
    ]
    assumptions = result.assumptions
    if result.synthetic:
        said.append(
            f"{result.synthetic:,} of {result.events:,} quotes ({result.synthetic / result.events:.1%}) are synthetic: "
            f"the data has traded prices without bid and ask. Half a spread of {assumptions.synthetic_half_spread} "
            f"dollars on either side and {assumptions.synthetic_depth_contracts} contracts there are assumed, not "
            "observed; what is filled at such quotes, and their closing line value, is no evidence of what could have "
            "been traded."
        )
    if total.synthetic_bets:
        said.append(f"{total.synthetic_bets:,} of {total.bets:,} bets were made on synthetic quotes.")
    if result.assumed_starts:
        said.append(
            f"The start of {result.assumed_starts:,} games is assumed; the gates read it as "
            f"{assumptions.unknown_start_margin_minutes:g} minutes earlier, so that no price in play is taken for one "
            "before the game."
        )
    if (share := result.not_live_share) is not None and share > 0:
        said.append(
            f"{share:.1%} of the facts were imported, not observed as they happened: the instants at which they could "
            "be known are those that their files give."
        )
    if result.disputed:
        said.append(f"{result.disputed:,} markets have a result that is none; their positions are left open.")
    unsettled = total.bets - total.settled - total.given_back
    if unsettled:
        said.append(f"{unsettled:,} bets were open at the end, in the equity at what they would have fetched.")
    if not total.bets:
        taken = sum(count for (_, _, gate), count in result.by_gate.items() if gate == TAKEN)
        commonest = Counter[str]()
        for (_, _, gate), count in result.by_gate.items():
            commonest[gate] += count
        if taken:
            said.append(f"{taken:,} decisions took a position and none of their orders was filled.")
        elif commonest:
            gate, count = commonest.most_common(1)[0]
            said.append(
                f"Nothing was bought: of {sum(commonest.values()):,} quotes {count:,} failed first at the gate {gate}."
            )
    elif "roi" in total.refused:
        said.append(f"No return on investment is given: {total.refused['roi']}.")
    if result.balances and (left := sum(result.balances.values(), ZERO)) != 0:
        said.append(f"The ledger does not sum to zero but to {left}: an error of the platform, trust no figure here.")
    return said
