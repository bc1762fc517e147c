"""What the YAML beside the models says: descriptions, tests, and where the sources lie.

What belongs here: schema.yml and sources.yml as typed rows. What does not: the models' SQL (`template`), and
running the tests (`checks`). A test nobody here can run is refused, never skipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.sql_models.template import Ref, Relation, SourceRef, parse_call

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TestKind(StrEnum):
    __test__ = False

    NOT_NULL = "not_null"
    UNIQUE = "unique"
    ACCEPTED_VALUES = "accepted_values"
    RELATIONSHIPS = "relationships"


@dataclass(frozen=True, slots=True)
class ModelTest:
    """One test of one column. `values` for accepted_values; `to` and `field` for relationships."""

    column: str
    kind: TestKind
    values: tuple[str, ...] = ()
    to: Ref | SourceRef | None = None
    field: str = ""

    @property
    def name(self) -> str:
        """E.g. `not_null game_id`."""
        return f"{self.kind.value} {self.column}"


@dataclass(frozen=True, slots=True)
class ModelDoc:
    """What schema.yml says of one model; descriptions by column, in the order of the file."""

    name: str
    description: str
    columns: Mapping[str, str]
    tests: tuple[ModelTest, ...]
    place: str
    """The file, for messages."""


def read_yaml(path: Path, place: str) -> Mapping[str, Any]:
    """A YAML file whose top is a mapping. Raises ConfigurationError naming file and line."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{place}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"{place}: the top is {type(document).__name__}; expected keys such as `models:`")
    return document


def model_docs(document: Mapping[str, Any], place: str) -> list[ModelDoc]:
    """The `models:` of a file."""
    return [_model_doc(entry, place) for entry in _entries(document, "models", place)]


def source_relations(document: Mapping[str, Any], place: str) -> dict[SourceRef, Relation]:
    """The `sources:` of a file: where each named table lies. A source's schema is its name unless it says else."""
    found: dict[SourceRef, Relation] = {}
    for source in _entries(document, "sources", place):
        name = _name(source, f"{place}: sources")
        for table in _entries(source, "tables", f"{place}: source {name}"):
            table_name = _name(table, f"{place}: source {name}")
            where = Relation(str(source.get("schema", name)), str(table.get("identifier", table_name)))
            found[SourceRef(name, table_name)] = where
    return found


def _entries(document: Mapping[str, Any], key: str, place: str) -> Sequence[Mapping[str, Any]]:
    entries = document.get(key) or []
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise ConfigurationError(f"{place}: `{key}:` must be a list of mappings with a `name`")
    return entries


def _name(entry: Mapping[str, Any], place: str) -> str:
    name = entry.get("name")
    if not isinstance(name, str):
        raise ConfigurationError(f"{place}: an entry has no name; it reads {str(dict(entry))[:80]}")
    return name


def _model_doc(entry: Mapping[str, Any], place: str) -> ModelDoc:
    name = _name(entry, f"{place}: models")
    if entry.get("data_tests") or entry.get("tests"):
        raise ConfigurationError(f"{place}: model {name} has tests of its own; only tests of columns are understood")
    columns: dict[str, str] = {}
    tests: list[ModelTest] = []
    for column in _entries(entry, "columns", f"{place}: model {name}"):
        column_name = _name(column, f"{place}: columns of {name}")
        columns[column_name] = _text(column.get("description"))
        for test in [*(column.get("data_tests") or []), *(column.get("tests") or [])]:
            tests.append(_test(column_name, test, f"{place}: {name}.{column_name}"))
    return ModelDoc(name, _text(entry.get("description")), columns, tuple(tests), place)


def _text(value: object) -> str:
    return " ".join(str(value).split()) if value is not None else ""


def _test(column: str, entry: object, place: str) -> ModelTest:
    given: Mapping[str, Any] = {}
    name = entry
    if isinstance(entry, Mapping) and len(entry) == 1:
        name, given = next(iter(entry.items()))
    if not isinstance(name, str) or name not in set(TestKind) or not isinstance(given, Mapping):
        raise ConfigurationError(f"{place}: the test reads {entry!r}; expected one of {', '.join(TestKind)}")
    arguments = given.get("arguments", given)
    kind = TestKind(name)
    wanted = {TestKind.ACCEPTED_VALUES: {"values"}, TestKind.RELATIONSHIPS: {"to", "field"}}.get(kind, set())
    if set(arguments) != wanted or (set(given) - {"arguments"} and "arguments" in given):
        read = ", ".join(sorted({*given, *arguments} - {"arguments"})) or "none"
        raise ConfigurationError(f"{place}: {name} takes {', '.join(sorted(wanted)) or 'no arguments'}; it has {read}")
    if kind is TestKind.ACCEPTED_VALUES:
        return ModelTest(column, kind, values=tuple(_literal(value) for value in arguments["values"]))
    if kind is TestKind.RELATIONSHIPS:
        to = parse_call(str(arguments["to"]).strip())
        if to is None:
            raise ConfigurationError(
                f"{place}: relationships to {arguments['to']!r}; expected ref('...') or source('...')"
            )
        return ModelTest(column, kind, to=to, field=str(arguments["field"]))
    return ModelTest(column, kind)


def _literal(value: object) -> str:
    """A value as PostgreSQL writes it as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
