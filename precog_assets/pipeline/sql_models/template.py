"""What stands in braces in a model: `ref`, `source`, `config`, and nothing else.

What belongs here: taking the text of one file apart, and putting it together with real names. No Jinja is
run: anything but the three calls is refused with its file and line, so that dbt and Precog read the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from precog_assets.domain.errors import ConfigurationError

NAME = r"[a-z_][a-z0-9_]{0,49}"
"""Names of models, schemas, tables and columns: what PostgreSQL takes unquoted, short enough for a suffix."""
MATERIALIZATIONS = ("view", "table")
ALLOWED = "ref('model'), source('schema', 'table') and config(materialized='view' or 'table')"
_OPENING = re.compile(r"\{\{|\{%|\{#")
_REF = re.compile(rf"ref\(\s*(['\"])(?P<name>{NAME})\1\s*\)")
_SOURCE = re.compile(rf"source\(\s*(['\"])(?P<schema>{NAME})\1\s*,\s*(['\"])(?P<name>{NAME})\3\s*\)")
_CONFIG = re.compile(r"config\(\s*materialized\s*=\s*(['\"])(?P<value>\w+)\1\s*,?\s*\)")


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """A table or view by schema and name; both are plain identifiers."""

    schema: str
    name: str

    def __post_init__(self) -> None:
        for value in (self.schema, self.name):
            if not re.fullmatch(NAME, value):
                raise ConfigurationError(f"{value!r} is not a name for a schema, table or model; expected {NAME}")

    @property
    def quoted(self) -> str:
        return f'"{self.schema}"."{self.name}"'

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Ref:
    """`ref('name')`: another model."""

    name: str


@dataclass(frozen=True, slots=True)
class SourceRef:
    """`source('source', 'table')`: a table that sources.yml names."""

    source: str
    table: str


@dataclass(frozen=True, slots=True)
class Template:
    """A file taken apart: text and calls in order. `materialized` is what its config says, if it does."""

    parts: tuple[str | Ref | SourceRef, ...]
    materialized: str | None

    @property
    def refs(self) -> tuple[Ref, ...]:
        return tuple(dict.fromkeys(part for part in self.parts if isinstance(part, Ref)))

    @property
    def sources(self) -> tuple[SourceRef, ...]:
        return tuple(dict.fromkeys(part for part in self.parts if isinstance(part, SourceRef)))

    def render(self, resolve: Callable[[Ref | SourceRef], Relation]) -> str:
        """The SQL with real names; line numbers stay those of the file."""
        return "".join(part if isinstance(part, str) else resolve(part).quoted for part in self.parts)


def parse_call(expression: str) -> Ref | SourceRef | None:
    """A `ref` or `source` call as schema.yml and models write it; None when it is neither."""
    if found := _REF.fullmatch(expression):
        return Ref(found["name"])
    if found := _SOURCE.fullmatch(expression):
        return SourceRef(found["schema"], found["name"])
    return None


def parse_template(text: str, place: str) -> Template:
    """Take a model's text apart. Raises ConfigurationError naming file and line for anything not allowed."""
    parts: list[str | Ref | SourceRef] = []
    materialized: str | None = None
    at = 0
    while found := _OPENING.search(text, at):
        line = text.count("\n", 0, found.start()) + 1
        end = text.find("}}", found.end())
        if found[0] != "{{" or end < 0:
            raise _refused(place, line, text[found.start() :].splitlines()[0])
        expression = text[found.end() : end].strip()
        parts.append(text[at : found.start()])
        at = end + 2
        call = parse_call(expression)
        if call is not None:
            parts.append(call)
        elif (config := _CONFIG.fullmatch(expression)) and config["value"] in MATERIALIZATIONS:
            materialized = config["value"]
        else:
            raise _refused(place, line, text[found.start() : at])
        parts.append("\n" * text.count("\n", found.start(), at))
    parts.append(text[at:])
    return Template(tuple(part for part in parts if part), materialized)


def _refused(place: str, line: int, read: str) -> ConfigurationError:
    return ConfigurationError(f"{place}:{line}: {read[:80]!r} is not understood; braces may hold only {ALLOWED}.")
