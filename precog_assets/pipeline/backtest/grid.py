"""A strategy tried with other parameters: what may vary, every combination, the results side by side.

Belongs here: reading `name=value,value`, combinations, their order, and what trying many does to the best of them.
Does not: running one (`run.py`), the figures (`figures.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import prod

import yaml
from pydantic import ValidationError

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.strategies import Gates, Sizing, Strategy
from precog_assets.grading.intervals import Interval
from precog_assets.pipeline.backtest.figures import Figures, figures_of
from precog_assets.pipeline.backtest.result import Result
from precog_assets.pipeline.backtest.tables import Table, cents, dollars, percent, share

OF_STRATEGY = ("probability", "entry", "maker_improvement", "order_lifetime_s")
PARTS: Mapping[str, str | None] = {
    **dict.fromkeys(Gates.model_fields, "gates"),
    **dict.fromkeys(Sizing.model_fields, "sizing"),
    **dict.fromkeys(OF_STRATEGY, None),
}
"""What may vary, and the part of the strategy it belongs to."""
MOST = 500
LEVEL = 0.95
RESAMPLES = 10_000
"""Enough for the tails of an interval that is widened for many variants."""

Parameters = Mapping[str, str]
Run = Callable[[Strategy], Result]


@dataclass(frozen=True, slots=True)
class Row:
    """One combination and what came of it."""

    parameters: Parameters
    figures: Figures
    widened_roi: Interval | None
    """The return's interval at the level that all variants together keep (Bonferroni); None where it is refused."""


def axes_of(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """`min_net_value=0.01,0.02` as name and values. Raises ConfigurationError naming what may vary."""
    axes: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, rest = (part.strip() for part in text.partition("="))
        values = tuple(dict.fromkeys(value for part in rest.split(",") if (value := part.strip())))
        if not equals or not values:
            raise ConfigurationError(f"--grid {text}: expected NAME=VALUE,VALUE.")
        if name not in PARTS:
            raise ConfigurationError(f"--grid {text}: {name!r} is no parameter; known: {', '.join(PARTS)}.")
        if name in axes:
            raise ConfigurationError(f"--grid {text}: {name} is given twice; write its values in one --grid.")
        axes[name] = values
    count = prod(len(values) for values in axes.values())
    if count > MOST:
        raise ConfigurationError(f"--grid: {count:,} combinations; at most {MOST}.")
    return axes


def variants(strategy: Strategy, axes: Mapping[str, Sequence[str]]) -> list[tuple[Parameters, Strategy]]:
    """Every combination, the last name varying fastest. Raises ConfigurationError for values that no strategy has."""
    made = []
    for values in product(*axes.values()):
        parameters = dict(zip(axes, values, strict=True))
        made.append((parameters, _with(strategy, parameters)))
    return made


def run_grid(
    strategy: Strategy,
    axes: Mapping[str, Sequence[str]],
    run: Run,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[Row]:
    """Run every combination and put them side by side, best first (`by_worth`). Raises as `variants`."""
    every = variants(strategy, axes)
    level = 1.0 - (1.0 - LEVEL) / len(every)
    rows = []
    for at, (parameters, variant) in enumerate(every):
        result = run(variant)
        least = result.assumptions.min_bets_for_roi
        figures = figures_of(result.bets, min_bets_for_roi=least)
        widened = None
        if figures.roi is not None:
            widened = figures_of(result.bets, min_bets_for_roi=least, resamples=RESAMPLES, level=level).roi
        rows.append(Row(parameters, figures, widened))
        if progress is not None:
            progress(at + 1, len(every))
    return by_worth(rows)


def by_worth(rows: Sequence[Row]) -> list[Row]:
    """Combinations whose return may be said first, by return; then the others by profit; equal ones by parameters."""

    def worth(row: Row) -> tuple[bool, float, tuple[str, ...]]:
        roi = row.figures.roi
        return roi is None, -(roi.estimate if roi else float(row.figures.profit)), tuple(row.parameters.values())

    return sorted(rows, key=worth)


def grid_table(rows: Sequence[Row]) -> Table:
    """The combinations in their order."""
    names = tuple(rows[0].parameters) if rows else ()
    headings = (*names, "bets", "staked", "profit", "ROI", "95 %", "95 % of all tried", "CLV", "fees")
    return Table(
        "Parameters tried",
        headings,
        tuple(
            (
                *row.parameters.values(),
                f"{row.figures.bets:,}",
                dollars(row.figures.staked),
                dollars(row.figures.profit),
                share(row.figures.roi) if row.figures.roi else "refused",
                percent(row.figures.roi) or "–",
                percent(row.widened_roi) or "–",
                cents(row.figures.closing_line_value),
                dollars(row.figures.fees),
            )
            for row in rows
        ),
    )


def warning(rows: Sequence[Row]) -> str:
    """What the best of many is worth."""
    told = [row for row in rows if row.figures.roi is not None]
    said = f"{len(rows)} combinations were tried on the same games, so the best of them is best partly by luck."
    if not told:
        return f"{said} None has bets enough for a return: their order is that of profits and says nothing."
    expected = len(told) * (1.0 - LEVEL) / 2
    surviving = sum(row.widened_roi is not None and row.widened_roi.low > 0 for row in told)
    return (
        f"{said} Of {len(told)} intervals of {LEVEL:.0%} about {expected:.2g} would lie above zero though nothing were "
        f"earned; widened for their number (Bonferroni), {surviving} do. What is chosen here must be run on games that "
        "it was not chosen on."
    )


def _with(strategy: Strategy, parameters: Parameters) -> Strategy:
    fields = strategy.model_dump()
    for name, text in parameters.items():
        part = PARTS[name]
        target = fields if part is None else fields[part]
        target[name] = Decimal(text) if isinstance(target[name], Decimal) and _is_number(text) else yaml.safe_load(text)
    try:
        return Strategy.model_validate(fields)
    except ValidationError as error:
        item = error.errors()[0]
        where = ".".join(str(part) for part in item["loc"])
        tried = ", ".join(f"{name}={value}" for name, value in parameters.items())
        raise ConfigurationError(f"--grid {tried}: {where}: {item['msg']}.") from error


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
