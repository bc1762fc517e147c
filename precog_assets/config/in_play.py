"""Reading `in_play.yaml`: the parameters of win probabilities in play, by league.

Belongs here: reading and refusing. Does not: what a parameter means (`domain/in_play.py`) or how it was fitted.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from precog_assets.config import config_path, load_leagues
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.in_play import InPlayRules

FILE = "in_play.yaml"
_RULES: TypeAdapter[InPlayRules] = TypeAdapter(InPlayRules)


class _UniqueKeys(yaml.SafeLoader):
    """YAML that refuses a key given twice: a second place for a parameter is an error."""


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            mark = key_node.start_mark
            raise ConfigurationError(f"{mark.name}, line {mark.line + 1}: `{key}` is given twice; keep one.")
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_in_play(path: Path) -> dict[str, InPlayRules]:
    """Rules of every league of a file. Raises ConfigurationError naming file, league and key."""
    try:
        with path.open(encoding="utf-8") as file:
            document = yaml.load(file, Loader=_UniqueKeys)  # noqa: S506 (a safe loader that also counts keys)
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: cannot be read as YAML: {error}") from error
    rows = document.get("leagues") if isinstance(document, dict) else None
    if not isinstance(rows, dict) or len(document) != 1:
        raise ConfigurationError(f"{path}: expected one mapping, under `leagues:`.")
    known = load_leagues()
    rules: dict[str, InPlayRules] = {}
    for key, row in rows.items():
        if key not in known:
            raise ConfigurationError(f"{path}: league `{key}` is unknown; known: {', '.join(known)}.")
        try:
            rules[key] = _RULES.validate_python(row)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ConfigurationError(
                f"{path}: league `{key}`: `{where}`: {first['msg']} (was {str(first['input'])[:200]})"
            ) from error
    return rules


@cache
def load_in_play() -> dict[str, InPlayRules]:
    """Rules of every league that has any, read once per process."""
    return read_in_play(config_path(FILE))


def in_play_rules(league: str) -> InPlayRules:
    """Rules of one league. Raises ConfigurationError where it has none."""
    rules = load_in_play()
    if league not in rules:
        raise ConfigurationError(f"League {league!r} has no win probability in play; {FILE} has {', '.join(rules)}.")
    return rules[league]
