"""Recorded mode: a folder of payloads that the venues once sent, served again at their paths.

Nothing is made up: each element is what was recorded, only the envelope around a union is new. What is
in the folder is found by its content, not by a list of names. Layout: `espn/<league>/*.json` and
`kalshi/<capture>/*.json`, the captures' names ending in their date (`-2026-10-06`, `-2026-09`).
"""

from __future__ import annotations

from pathlib import Path

from starlette.routing import Route

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.recorded.espn import RecordedEspn
from precog_assets.simulator.recorded.kalshi import RecordedKalshi

__all__ = ["RecordedEspn", "RecordedKalshi", "recorded_routes"]


def recorded_routes(folder: Path) -> list[Route]:
    """Routes of every venue recorded under the folder, read once, now.

    Raises ConfigurationError when the folder holds neither `espn/` nor `kalshi/`, or a file is not JSON.
    """
    espn, kalshi = folder / "espn", folder / "kalshi"
    if not espn.is_dir() and not kalshi.is_dir():
        raise ConfigurationError(f"{folder}: expected recorded payloads under espn/ or kalshi/; neither is there.")
    routes: list[Route] = []
    if espn.is_dir():
        routes += RecordedEspn(espn).routes()
    if kalshi.is_dir():
        routes += RecordedKalshi(kalshi).routes()
    return routes
