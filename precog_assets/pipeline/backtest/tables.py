"""A report's figures as tables of text, for the page and the terminal alike.

Belongs here: the words, units and digits of a figure. Does not: HTML (`page.py`), colours (`cli/`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from precog_assets.grading.intervals import Interval
from precog_assets.pipeline.backtest.figures import Figures
from precog_assets.pipeline.backtest.report import Report

Number = Decimal | float


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of text, as many cells in each; the first column is words, the others are numbers."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: bool = False
    """All columns are words."""


def summary(report: Report) -> Table:
    """One line a figure: its name, its value, and its interval or the reason why there is none."""
    total, risk = report.total, report.risk
    period = (
        "nothing"
        if report.first is None or report.last is None
        else f"{report.first:%Y-%m-%d} to {report.last:%Y-%m-%d}"
    )
    rows = [
        ("period", period, f"{report.quotes:,} quotes of {report.markets:,} markets"),
        ("decisions", f"{report.decided:,}", "worked out gate by gate; of the other quotes the first gate was certain"),
        ("orders, bets", f"{report.orders_sent:,}, {total.bets:,}", f"{total.settled:,} settled"),
        ("profit", dollars(total.profit), f"on {dollars(total.staked)} staked, fees counted"),
        ("return on investment", share(total.roi), _why(total, "roi", percent(total.roi))),
        ("closing line value", cents(total.closing_line_value), _why(total, "closing_line_value", _closed(total))),
        ("Brier of prices paid", plain(total.brier_paid), _why(total, "brier_paid", f"{total.settled:,} settled bets")),
        (
            "Brier of what was believed",
            plain(total.brier_believed),
            _why(total, "brier_believed", "on the same bets; lower is better"),
        ),
        ("fees paid", dollars(total.fees), _of(total.fees, total.staked)),
        ("Sharpe ratio", plain(risk.sharpe, 2), _why(risk, "sharpe", f"{risk.days:,} days, a year's worth")),
        ("Sortino ratio", plain(risk.sortino, 2), _why(risk, "sortino", f"{risk.days:,} days, a year's worth")),
        ("largest fall", f"{risk.max_drawdown:.2%}", f"{dollars(risk.max_drawdown_dollars)} below a peak"),
        ("exposure", dollars(risk.peak_exposure), f"at most at once; {dollars(risk.mean_exposure)} on the mean day"),
        ("equity at the end", dollars(risk.final_equity), f"from {dollars(report.starting_cash)}"),
    ]
    return Table("Figures", ("figure", "value", ""), tuple(rows), words=True)


def groups(title: str, heading: str, figures: Mapping[str, Figures]) -> Table:
    """Bets by league or month."""
    headings = (heading, "bets", "settled", "staked", "fees", "profit", "ROI", "95 %", "CLV", "95 %", "Brier paid")
    rows = tuple(
        (
            name or "unknown",
            f"{one.bets:,}",
            f"{one.settled:,}",
            dollars(one.staked),
            dollars(one.fees),
            dollars(one.profit),
            share(one.roi) if one.roi else "refused",
            percent(one.roi) or "–",
            cents(one.closing_line_value),
            _cents_between(one.closing_line_value) or "–",
            plain(one.brier_paid),
        )
        for name, one in figures.items()
    )
    return Table(title, headings, rows)


def gates(report: Report) -> Table:
    """Quotes by the gate that failed first, in all and by league."""
    leagues = sorted({row.league for row in report.gates})
    counts = {(row.gate, row.league): 0 for row in report.gates}
    for row in report.gates:
        counts[row.gate, row.league] += row.count
    total = sum(counts.values())
    shown = leagues if len(leagues) > 1 else []
    rows = tuple(
        (
            gate,
            f"{count:,}",
            f"{count / total:.1%}",
            *(f"{counts.get((gate, league), 0):,}" for league in shown),
        )
        for gate, count in report.by_gate().items()
    )
    headings = ("first gate that failed", "quotes", "share", *(league or "unknown" for league in shown))
    return Table("Gates", headings, rows)


def gates_by_month(report: Report) -> Table:
    """Quotes by the gate that failed first and the Eastern month."""
    months = sorted({row.month for row in report.gates})
    counts: dict[tuple[str, str], int] = {}
    for row in report.gates:
        counts[row.gate, row.month] = counts.get((row.gate, row.month), 0) + row.count
    rows = tuple((gate, *(f"{counts.get((gate, month), 0):,}" for month in months)) for gate in report.by_gate())
    return Table("Gates by month", ("first gate that failed", *months), rows)


def tables(report: Report) -> Sequence[Table]:
    """Every table of a report that has rows."""
    every = (
        summary(report),
        groups("Bets by league", "league", report.by_league),
        groups("Bets by month", "month", report.by_month),
        gates(report),
        gates_by_month(report),
    )
    return [table for table in every if table.rows]


def dollars(amount: Number) -> str:
    """`-$1,234.50`."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def plain(value: float | None, digits: int = 4) -> str:
    """A number, or a dash."""
    return "–" if value is None else f"{value:.{digits}f}"


def share(interval: Interval | None) -> str:
    """The estimate as a percentage with its sign."""
    return "–" if interval is None else f"{interval.estimate:+.2%}"


def percent(interval: Interval | None) -> str:
    """The interval as percentages; empty without one."""
    return "" if interval is None else f"{interval.low:+.2%} to {interval.high:+.2%}"


def cents(interval: Interval | None) -> str:
    """The estimate, dollars a contract, in cents."""
    return "–" if interval is None else f"{100 * interval.estimate:+.2f} ¢"


def _cents_between(interval: Interval | None) -> str:
    return "" if interval is None else f"{100 * interval.low:+.2f} to {100 * interval.high:+.2f} ¢"


def _closed(total: Figures) -> str:
    return f"{_cents_between(total.closing_line_value)} a contract, {total.closed_bets:,} bets with a closing quote"


def _of(part: Decimal, whole: Decimal) -> str:
    return f"{part / whole:.2%} of what was staked" if whole else ""


def _why(held: object, name: str, otherwise: str) -> str:
    refused: Mapping[str, str] = getattr(held, "refused")  # noqa: B009
    return f"not given: {refused[name]}" if name in refused else otherwise
