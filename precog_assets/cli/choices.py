"""Global options into this process's environment, so that children and Dagster see the same choices."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from precog_assets.domain.errors import ConfigurationError
from precog_assets.environment import VENUES, export_overrides


def put_in_force(*, env: str | None, market_modes: Sequence[str], home: Path | None, leagues: str | None) -> None:
    """Export what was chosen. Raises ConfigurationError for a value that no setting accepts."""
    chosen: dict[str, object] = {}
    if env is not None:
        chosen["precog_env"] = env
    for text in market_modes:
        venue, mode = read_mode(text)
        chosen[f"{venue}_mode"] = mode
    if home is not None:
        chosen["precog_home"] = home.expanduser().absolute()
    if leagues is not None:
        from precog_assets.config import chosen_leagues

        chosen_leagues(leagues)
        chosen["precog_leagues"] = leagues
    if chosen:
        export_overrides(chosen)


def read_mode(text: str) -> tuple[str, str]:
    """`kalshi=live` as its two parts. Raises ConfigurationError naming the venues there are."""
    venue, equals, mode = (part.strip().lower() for part in text.partition("="))
    if not equals or venue not in VENUES or not mode:
        raise ConfigurationError(
            f"--market-mode {text}: expected VENUE=MODE, with VENUE one of {', '.join(VENUES)} "
            "and MODE one of sim, demo, live."
        )
    return venue, mode


def start_logging(*, verbose: bool) -> None:
    """Log lines to stderr: warnings of the house are in reports and tables already, so only errors by default."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
