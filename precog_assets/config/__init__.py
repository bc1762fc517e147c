"""Data the product runs on, read once into typed models: leagues, sources, strategies, fees.

`PRECOG_CONFIG_DIR` names a folder whose files (`leagues.yaml`, `fees.yaml` ...) replace the packaged ones.
A key that nobody declared is an error, and so is a file that names a league or source twice.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from precog_assets.config.fees import FeeRules
from precog_assets.config.sources import SourceConfig
from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.leagues import League
from precog_assets.domain.strategies import TradingRules

PACKAGED = Path(__file__).parent
FILES = ("leagues.yaml", "sources.yaml", "strategies.yaml", "fees.yaml", "in_play.yaml")


def config_path(name: str) -> Path:
    """The file in force for `name` (e.g. `leagues.yaml`): the user's own if there is one, else the packaged."""
    own = os.environ.get("PRECOG_CONFIG_DIR")
    if own:
        folder = Path(own).expanduser()
        if not folder.is_dir():
            raise ConfigurationError(f"PRECOG_CONFIG_DIR={own}: no such folder; name a folder, or leave it unset.")
        for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml"))):
            if file.name not in FILES:
                raise ConfigurationError(
                    f"PRECOG_CONFIG_DIR={own}: {file.name} is read by nothing; the files that count are "
                    f"{', '.join(FILES)}. Each parameter has one place."
                )
        if (folder / name).is_file():
            return folder / name
    return PACKAGED / name


_Safe: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""The same, by libyaml where it is there: every command reads these files when it starts."""


class _UniqueKeys(_Safe):
    """YAML that refuses a key given twice: a second place for a parameter is an error."""


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            mark = key_node.start_mark
            raise ConfigurationError(f"{mark.name}, line {mark.line + 1}: `{key}` is given twice; keep one.")
        seen.add(key)
    return _Safe.construct_mapping(loader, node, deep)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open(encoding="utf-8") as file:
            document = yaml.load(file, Loader=_UniqueKeys)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    return document if isinstance(document, dict) else {}


def _rows(path: Path, top: str) -> dict[str, Any]:
    document = _document(path)
    if not isinstance(document.get(top), dict):
        raise ConfigurationError(f"{path}: expected a mapping under `{top}:`.")
    for key, row in document[top].items():
        if not isinstance(row, dict):
            raise ConfigurationError(f"{path}: `{top}.{key}`: expected a mapping (was {row!r}).")
    return document[top]


def read_leagues(path: Path) -> dict[str, League]:
    """All leagues of a file by key, in its order. Raises ConfigurationError naming file, league and key."""
    leagues: dict[str, League] = {}
    for key, row in _rows(path, "leagues").items():
        try:
            leagues[key] = League.model_validate({"key": key, **row})
        except ValidationError as error:
            raise ConfigurationError(f"{path}: league `{key}`: {_first(error)}") from error
    series: dict[str, str] = {}
    for league in leagues.values():
        for ticker in (league.kalshi.series, *league.kalshi.also):
            if ticker in series:
                raise ConfigurationError(
                    f"{path}: series {ticker} belongs to both `{series[ticker]}` and `{league.key}`."
                )
            series[ticker] = league.key
    return leagues


def read_sources(path: Path) -> dict[str, SourceConfig]:
    """All sources of a file by name. Raises ConfigurationError naming file, source and key."""
    sources: dict[str, SourceConfig] = {}
    for name, row in _rows(path, "sources").items():
        try:
            sources[name] = SourceConfig.model_validate({"name": name, **row})
        except ValidationError as error:
            raise ConfigurationError(f"{path}: source `{name}`: {_first(error)}") from error
    return sources


def read_trading_rules(path: Path) -> TradingRules:
    """Strategies, limits and backtests of a file. Raises ConfigurationError naming file, strategy and key."""
    document = _document(path)
    if not document:
        raise ConfigurationError(f"{path}: expected a mapping with `strategies:`, `limits:` and `backtests:`.")
    named = document.get("strategies")
    if isinstance(named, dict):
        document = {**document, "strategies": {name: _named(name, row) for name, row in named.items()}}
    try:
        rules = TradingRules.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_first(error)}") from error
    leagues = load_leagues()
    for strategy in rules.strategies.values():
        for key in strategy.leagues:
            if key not in leagues:
                raise ConfigurationError(
                    f"{path}: strategy `{strategy.name}`: league {key!r} is unknown; known: {', '.join(leagues)}."
                )
            if strategy.model not in leagues[key].rating.models:
                raise ConfigurationError(
                    f"{path}: strategy `{strategy.name}`: {key} has no model {strategy.model!r} in leagues.yaml."
                )
        if strategy.probability == "model" and strategy.highest_rung != "shadow":
            raise ConfigurationError(
                f"{path}: strategy `{strategy.name}`: probability `model` trades in shadow only (highest_rung was "
                f"{strategy.highest_rung!r}): raw ratings do not beat the market."
            )
    return rules


def _named(name: str, row: Any) -> Any:
    return {"name": name, **row} if isinstance(row, dict) else row


@cache
def load_trading_rules() -> TradingRules:
    """Strategies, limits and backtests, read once per process."""
    return read_trading_rules(config_path("strategies.yaml"))


def read_fees(path: Path) -> FeeRules:
    """What the venues of a file charge. Raises ConfigurationError naming file and key."""
    _rows(path, "venues")
    try:
        return FeeRules.model_validate(_document(path))
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_first(error)}") from error


@cache
def load_fees() -> FeeRules:
    """What every venue charges, read once per process."""
    return read_fees(config_path("fees.yaml"))


def _first(error: ValidationError) -> str:
    item = error.errors()[0]
    where = ".".join(str(part) for part in item["loc"])
    was = repr(item["input"])
    return f"`{where}`: {item['msg']} (was {was if len(was) <= 200 else was[:200] + ' ...'})"


@cache
def load_leagues() -> dict[str, League]:
    """Every configured league by key, read once per process."""
    return read_leagues(config_path("leagues.yaml"))


@cache
def load_sources() -> dict[str, SourceConfig]:
    """Every configured source by name, read once per process; `sources.http` watches for changes of rates."""
    return read_sources(config_path("sources.yaml"))


def league_of_series() -> dict[str, str]:
    """Kalshi series ticker to league key, for every configured league."""
    return {
        ticker: league.key
        for league in load_leagues().values()
        for ticker in (league.kalshi.series, *league.kalshi.also)
    }


def chosen_leagues(names: str | None = None) -> list[League]:
    """The leagues to work on: `names` (comma-separated), else `PRECOG_LEAGUES`, else the default ones."""
    leagues = load_leagues()
    text = names if names is not None else os.environ.get("PRECOG_LEAGUES", "")
    keys = [part.strip().lower() for part in text.split(",") if part.strip()]
    unknown = [key for key in keys if key not in leagues]
    if unknown:
        raise ConfigurationError(
            f"Unknown league {unknown[0]!r} in PRECOG_LEAGUES or --league; known: {', '.join(leagues)}."
        )
    if keys:
        return [leagues[key] for key in dict.fromkeys(keys)]
    return [league for league in leagues.values() if league.default]
