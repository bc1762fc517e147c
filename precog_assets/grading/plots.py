"""Plots of grades as PNG: reliability, skill against the market by season, ratings over time.

What belongs here: drawing what `report.py` holds. Does not: computing a figure. Matplotlib is loaded when drawn,
with its file backend: no window, no global state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from precog_assets.grading.report import Evaluation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE = (7.5, 4.5)
SQUARE = (5.5, 5.5)
DPI = 110
ENOUGH = 10
"""Forecasts of a bin that the curve is drawn through; fewer are shown as a point."""
LONG_BREAK = timedelta(days=300)
INK, FAINT, ACCENT, SECOND = "#22303c", "#b8c4ce", "#0b6e99", "#c0504d"


def draw_all(folder: Path, league: str, model: Evaluation, market_aware: Evaluation | None = None) -> list[Path]:
    """Reliability and skill plots of one league into `folder`, as {league}-reliability.png and {league}-skill.png."""
    reliability, skill = folder / f"{league}-reliability.png", folder / f"{league}-skill.png"
    save(reliability_plot(model), reliability)
    save(skill_plot(model, market_aware), skill)
    return [reliability, skill]


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    figure.savefig(path, dpi=DPI, metadata={"Software": "precog"})


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG."""
    import io

    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, metadata={"Software": "precog"})
    return file.getvalue()


def reliability_plot(evaluation: Evaluation) -> Figure:
    """How often what was forecast at p came true, by tenths, with 95 % intervals and how many forecasts each holds."""
    figure, axes = _axes(SQUARE)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, zorder=1)
    for held in evaluation.curves:
        bins = [one for one in held.curve.bins if one.count and one.observed_share is not None]
        forecast = [float(one.mean_forecast or 0.0) for one in bins]
        observed = [float(one.observed_share or 0.0) for one in bins]
        low = [max(0.0, seen - float(one.share_low or 0.0)) for seen, one in zip(observed, bins, strict=True)]
        high = [max(0.0, float(one.share_high or 0.0) - seen) for seen, one in zip(observed, bins, strict=True)]
        label = f"{held.model_version}\nECE {held.curve.ece:.4f}"
        axes.errorbar(forecast, observed, yerr=[low, high], color=ACCENT, marker="o", ms=4, capsize=2, ls="none")
        solid = [(x, y) for x, y, one in zip(forecast, observed, bins, strict=True) if one.count >= ENOUGH]
        axes.plot([x for x, _ in solid], [y for _, y in solid], color=ACCENT, label=label)
        for x, y, one in zip(forecast, observed, bins, strict=True):
            axes.annotate(f"{one.count:,}", (x, y), (6, -9), textcoords="offset points", fontsize=7, color=INK)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="forecast probability", ylabel="share that came true")
    axes.set_aspect("equal")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.set_title(f"Reliability: {_leagues(evaluation)}", fontsize=10, loc="left")
    return figure


def skill_plot(model: Evaluation, market_aware: Evaluation | None = None) -> Figure:
    """Skill against the closing price by season, with 95 % intervals; 0 is the market, below it is worse."""
    figure, axes = _axes(WIDE)
    axes.axhline(0, color=FAINT, linewidth=1)
    drawn = False
    for evaluation, colour, shift in ((model, ACCENT, -0.1), (market_aware, SECOND, 0.1)):
        if evaluation is None:
            continue
        rows = [row for row in evaluation.rows if row.scope == "season" and row.skill is not None]
        if not rows:
            continue
        drawn = True
        at = [int(row.label) + shift for row in rows]
        skill = [float(row.skill or 0.0) for row in rows]
        low = [s - (row.skill_low if row.skill_low is not None else s) for s, row in zip(skill, rows, strict=True)]
        high = [(row.skill_high if row.skill_high is not None else s) - s for s, row in zip(skill, rows, strict=True)]
        axes.errorbar(
            at,
            skill,
            yerr=[low, high],
            color=colour,
            marker="o",
            ms=4,
            capsize=2,
            ls="none",
            label=rows[0].model_version,
        )
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:+.1%}")
    axes.xaxis.get_major_locator().set_params(integer=True)
    if drawn:
        axes.legend(frameon=False, fontsize=8)
    else:
        axes.text(0.5, 0.5, "not measured: no closing prices", ha="center", transform=axes.transAxes, color=INK)
    axes.set(xlabel="season", ylabel="skill against the closing price")
    axes.set_title(f"Skill against the market: {_leagues(model)}", fontsize=10, loc="left")
    return figure


def history_plot(league: str, histories: Mapping[str, Sequence[tuple[datetime, float]]]) -> Figure:
    """Ratings of a few teams over time, one line each; `histories` by team name, in time order."""
    figure, axes = _axes(WIDE)
    for team, points in histories.items():
        times, ratings = _with_gaps(points)
        axes.plot(times, ratings, linewidth=1.2, label=team)
    if histories:
        axes.legend(frameon=False, fontsize=7, ncols=2)
    else:
        axes.text(0.5, 0.5, "no ratings yet", ha="center", transform=axes.transAxes, color=INK)
    axes.set(ylabel="rating after the game")
    axes.set_title(f"Ratings of the teams that stand highest: {league}", fontsize=10, loc="left")
    figure.autofmt_xdate()
    return figure


def _with_gaps(points: Sequence[tuple[datetime, float]]) -> tuple[list[datetime], list[float]]:
    """Times and ratings with a hole where nothing was played for longer than a season's break."""
    times: list[datetime] = []
    ratings: list[float] = []
    for at, rating in points:
        if times and at - times[-1] > LONG_BREAK:
            times.append(times[-1] + LONG_BREAK)
            ratings.append(float("nan"))
        times.append(at)
        ratings.append(rating)
    return times, ratings


def _axes(size: tuple[float, float]) -> tuple[Figure, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8)
    return figure, axes


def _leagues(evaluation: Evaluation) -> str:
    return ", ".join(dict.fromkeys(row.league for row in evaluation.rows))
