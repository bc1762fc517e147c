"""Plots of a backtest as PNG: the account over time, and how often prices paid, and beliefs, came true.

Belongs here: drawing what `report.py` holds. Does not: computing a figure. Matplotlib is loaded when drawn, with its
file backend: no window, no global state.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from precog_assets.grading.calibration import ReliabilityCurve
from precog_assets.grading.plots import ACCENT, ENOUGH, FAINT, INK, SECOND, SQUARE, WIDE, png
from precog_assets.pipeline.backtest.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTHING_YET = "nothing was bought: there is nothing to draw"


def draw_all(report: Report) -> dict[str, bytes]:
    """The plots of a report as PNG bytes, by file name."""
    return {"equity.png": png(equity_plot(report)), "calibration.png": png(calibration_plot(report))}


def write_all(report: Report, folder: Path) -> list[Path]:
    """The plots of a report into a folder that is there; their paths."""
    written = []
    for name, content in draw_all(report).items():
        (folder / name).write_bytes(content)
        written.append(folder / name)
    return written


def equity_plot(report: Report) -> Figure:
    """Equity at the ends of Eastern days, and below it how far it stands under its highest."""
    figure = _figure(WIDE)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    for axes in (above, below):
        _plain(axes)
    days = [day for day, _ in report.equity]
    equity = [float(one) for _, one in report.equity]
    above.axhline(float(report.starting_cash), color=FAINT, linewidth=1)
    above.plot(days, equity, color=ACCENT, linewidth=1.4, marker="o" if len(days) < 3 else None, ms=4)
    highest, falls = float(report.starting_cash), []
    for one in equity:
        highest = max(highest, one)
        falls.append((one - highest) / highest)
    below.fill_between(days, falls, color=SECOND, alpha=0.35, linewidth=0)
    below.plot(days, falls, color=SECOND, linewidth=0.8)
    above.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    below.yaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
    if not any(falls):
        below.set_ylim(-0.01, 0.001)
    if len(set(equity)) <= 1:
        middle = equity[0] if equity else float(report.starting_cash)
        above.set_ylim(middle * 0.99, middle * 1.01)
    if not report.total.bets:
        above.text(0.5, 0.75, NOTHING_YET, ha="center", transform=above.transAxes, color=INK, fontsize=9)
    above.set(ylabel="equity, dollars")
    below.set(ylabel="below its peak")
    above.set_title(f"The account of {report.strategy}", fontsize=10, loc="left")
    figure.autofmt_xdate(rotation=0, ha="center")
    _few_dates(below)
    return figure


def calibration_plot(report: Report) -> Figure:
    """How often what was bought at a price paid, by tenths, with 95 % intervals; beside it what was believed."""
    figure = _figure(SQUARE)
    axes = figure.add_subplot()
    _plain(axes)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, zorder=1)
    drawn = [
        _curve(axes, curve, colour, name)
        for curve, colour, name in (
            (report.prices_paid, ACCENT, "prices paid"),
            (report.believed, SECOND, "probabilities believed"),
        )
        if curve is not None
    ]
    if drawn:
        axes.legend(frameon=False, fontsize=8, loc="upper left")
    else:
        axes.text(0.45, 0.88, NOTHING_YET, ha="center", transform=axes.transAxes, color=INK, fontsize=9)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="price, or probability, of the side bought", ylabel="share that paid")
    axes.set_aspect("equal")
    axes.set_title(f"Prices paid by {report.strategy}, and what they paid", fontsize=10, loc="left")
    return figure


def _curve(axes: Axes, curve: ReliabilityCurve, colour: str, name: str) -> None:
    bins = [one for one in curve.bins if one.count]
    at = [float(one.mean_forecast or 0.0) for one in bins]
    seen = [float(one.observed_share or 0.0) for one in bins]
    low = [max(0.0, share - float(one.share_low or 0.0)) for share, one in zip(seen, bins, strict=True)]
    high = [max(0.0, float(one.share_high or 0.0) - share) for share, one in zip(seen, bins, strict=True)]
    label = f"{name}, ECE {curve.ece:.3f}"
    axes.errorbar(at, seen, yerr=[low, high], color=colour, marker="o", ms=4, capsize=2, ls="none", label=label)
    solid = [(x, y) for x, y, one in zip(at, seen, bins, strict=True) if one.count >= ENOUGH]
    axes.plot([x for x, _ in solid], [y for _, y in solid], color=colour, linewidth=1)
    for x, y, one in zip(at, seen, bins, strict=True):
        axes.annotate(f"{one.count:,}", (x, y), (6, -9), textcoords="offset points", fontsize=7, color=colour)


def _figure(size: tuple[float, float]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8)


def _few_dates(axes: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
