"""Grades of the forecasts, by league, with the plots of them where people look."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from precog_assets.assets.games import GAMES
from precog_assets.assets.links import LINKS
from precog_assets.assets.markets import QUOTES
from precog_assets.assets.ratings import FORECASTS, LEAGUES, RATINGS
from precog_assets.assets.results import failures_named, materialized
from precog_assets.assets.tables import DAILY, table_spec
from precog_assets.config import load_leagues
from precog_assets.resources import PrecogServices

if TYPE_CHECKING:
    from precog_assets.pipeline.report import StepReport

EVALUATIONS = dg.AssetKey(["model", "evaluations"])
LARGEST_PLOT_BYTES = 120_000
"""A larger image is named, not shown: metadata is a row of the event log, kept and sent as text."""

evaluations_spec = table_spec(
    EVALUATIONS.path,
    "model.evaluations",
    group="ratings",
    description="Grades of the forecasts of finished games and of their blend with the closing price: all seasons, "
    "each season, each month. One partition a league, with reliability, skill and rating plots in its metadata.",
    kinds=("python", "matplotlib"),
    deps=(FORECASTS.path, RATINGS.path, GAMES.path, LINKS.path, QUOTES.path),
    freshness=DAILY,
    partitions=LEAGUES,
)


@dg.multi_asset(specs=[evaluations_spec], name="evaluations")
def evaluations(context: dg.AssetExecutionContext, services: PrecogServices) -> dg.MaterializeResult:
    """Grade what is stored of a league; figures, leak findings and plots are the materialization's metadata."""
    from precog_assets.pipeline.evaluate import evaluate_league
    from precog_assets.pipeline.report import new_correlation_id

    opened = services.get()
    with failures_named():
        report = evaluate_league(opened, load_leagues()[context.partition_key], correlation_id=new_correlation_id())
    plots = plots_of(report)
    result = materialized(report, opened.engine, "model.evaluations", key=EVALUATIONS)
    return dg.MaterializeResult(asset_key=EVALUATIONS, metadata={**(result.metadata or {}), **plots})


def plots_of(report: "StepReport") -> dict[str, Any]:
    """Taken out of a report's notes: each plot as an image in markdown, and the path of its file."""
    shown: dict[str, Any] = {}
    for note in [name for name in report.notes if name.startswith("plot_")]:
        path = Path(str(report.notes.pop(note)))
        name = note.removeprefix("plot_")
        image = path.read_bytes()
        if len(image) <= LARGEST_PLOT_BYTES:
            encoded = base64.b64encode(image).decode()
            shown[name] = dg.MetadataValue.md(f"![{name}](data:image/png;base64,{encoded})")
        shown[f"{name}_file"] = dg.MetadataValue.path(path)
    return shown
