"""Reading scenarios: by name from this folder, or from a file of the user's own. Errors name the file and the key."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.faults.rules import problems
from precog_assets.simulator.scenarios.model import Scenario

_FOLDER = Path(__file__).parent
_SUFFIXES = (".yaml", ".yml")


@lru_cache(maxsize=1)
def scenarios() -> dict[str, Scenario]:
    """Those that come along, by name."""
    found = [read_scenario(file.read_text(encoding="utf-8"), file.name) for file in sorted(_FOLDER.glob("*.yaml"))]
    return {scenario.name: scenario for scenario in found}


def load_scenario(asked: str) -> Scenario:
    """The scenario of that name, or of the file: what has a slash or ends in .yaml is one.

    Raises ConfigurationError for a name nobody knows, a file that is not there, and what is wrong in it.
    """
    file = Path(asked)
    if file.suffix not in _SUFFIXES and "/" not in asked:
        if asked not in scenarios():
            raise ConfigurationError(
                f"Scenario {asked!r}: expected one of {', '.join(scenarios())}, or a file such as ./mine.yaml."
            )
        return scenarios()[asked]
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(f"Scenario {asked}: cannot be read ({reason}).") from error
    return read_scenario(text, asked)


def read_scenario(text: str, place: str) -> Scenario:
    """The scenario of a YAML text. Raises ConfigurationError naming `place`, the key, and what would be right."""
    raw = read_yaml(text, place)
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{place}: {raw!r}; expected keys such as name, description, anchor and speed")
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as error:
        raise ConfigurationError(f"{place}: {problems(error, 'scenario')}") from error
    try:
        scenario.rules  # noqa: B018 - read now, so that what is wrong is said now
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}: {error}") from error
    return scenario


def read_yaml(text: str, place: str) -> Any:
    """What a YAML text says. Raises ConfigurationError naming where it breaks."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise ConfigurationError(f"{place}{where}: not YAML ({getattr(error, 'problem', error)})") from error
