"""The folder of SQL models as one typed project: models in the order they can be built.

What belongs here: finding the folder, reading every file, tying names to relations, order and cycles. What does
not: a database. Every mistake is a ConfigurationError that names the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.sql_models.schema_files import (
    ModelDoc,
    ModelTest,
    model_docs,
    read_yaml,
    source_relations,
)
from precog_assets.pipeline.sql_models.template import (
    MATERIALIZATIONS,
    Ref,
    Relation,
    SourceRef,
    Template,
    parse_template,
)

FOLDER = "dbt_like_sql"
VARIABLE = "PRECOG_SQL_DIR"
_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Model:
    """One file: what it is called, where it goes, what it says with real names, what it reads."""

    name: str
    place: str
    """The file within the folder, e.g. `models/marts/board.sql`; line numbers of `sql` are its own."""
    relation: Relation
    materialized: str
    """`view` or `table`."""
    sql: str
    refs: tuple[str, ...]
    sources: tuple[Relation, ...]
    description: str
    columns: Mapping[str, str]
    """Descriptions by column."""
    tests: tuple[ModelTest, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """Every model by name, upstream before downstream."""

    folder: Path
    models: Mapping[str, Model]
    sources: Mapping[SourceRef, Relation]

    def relation(self, call: Ref | SourceRef) -> Relation:
        return self.models[call.name].relation if isinstance(call, Ref) else self.sources[call]

    @property
    def by_relation(self) -> dict[Relation, Model]:
        return {model.relation: model for model in self.models.values()}

    def chosen(self, select: Iterable[str] | None) -> list[Model]:
        """The named models in building order; all when None. Raises ConfigurationError for an unknown name."""
        wanted = set(self.models) if select is None else set(select)
        unknown = sorted(wanted - set(self.models))
        if unknown:
            raise ConfigurationError(f"Unknown SQL model {', '.join(unknown)}; known: {', '.join(self.models)}.")
        return [model for model in self.models.values() if model.name in wanted]


def find_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The folder of models: PRECOG_SQL_DIR, else the one in the package, else the one beside it in a checkout."""
    named = (os.environ if environ is None else environ).get(VARIABLE)
    candidates = [Path(named)] if named else [_PACKAGE / FOLDER, _PACKAGE.parent / FOLDER]
    for candidate in candidates:
        if (candidate / "dbt_project.yml").is_file():
            return candidate.resolve()
    looked = ", ".join(str(candidate) for candidate in candidates)
    raise ConfigurationError(
        f"No SQL models: no dbt_project.yml in {looked}. Set {VARIABLE} to a folder like {FOLDER}/ of the repository"
        + (f"; it is {named!r}." if named else ".")
    )


def load_project(folder: Path | None = None) -> Project:
    """Read the folder (by default the one `find_folder` finds) and check that it hangs together."""
    folder = folder or find_folder()
    settings = read_yaml(folder / "dbt_project.yml", "dbt_project.yml")
    docs: dict[str, ModelDoc] = {}
    sources: dict[SourceRef, Relation] = {}
    templates: dict[str, tuple[Path, Template]] = {}
    for root in settings.get("model-paths", ["models"]):
        for path in sorted((folder / root).rglob("*.y*ml")):
            place = path.relative_to(folder).as_posix()
            document = read_yaml(path, place)
            sources.update(source_relations(document, place))
            for doc in model_docs(document, place):
                if doc.name in docs:
                    raise ConfigurationError(f"{place}: model {doc.name} is described in {docs[doc.name].place} too")
                docs[doc.name] = doc
        for path in sorted((folder / root).rglob("*.sql")):
            place = path.relative_to(folder).as_posix()
            if path.stem in templates:
                other = templates[path.stem][0].relative_to(folder).as_posix()
                raise ConfigurationError(f"{place}: {other} has the same name; models are known by it alone")
            templates[path.stem] = (path, parse_template(path.read_text(encoding="utf-8"), place))
    for doc in docs.values():
        if doc.name not in templates:
            raise ConfigurationError(f"{doc.place}: model {doc.name} has no file {doc.name}.sql")
    return _project(folder, settings, docs, sources, templates)


def _project(
    folder: Path,
    settings: Mapping[str, Any],
    docs: Mapping[str, ModelDoc],
    sources: Mapping[SourceRef, Relation],
    templates: Mapping[str, tuple[Path, Template]],
) -> Project:
    relations: dict[str, Relation] = {}
    materialized: dict[str, str] = {}
    for name, (path, template) in templates.items():
        config = _folder_config(settings, path.relative_to(folder).parts[1:-1])
        relations[name] = Relation(config.get("schema", "mart"), name)
        materialized[name] = template.materialized or config.get("materialized", "view")
    models: dict[str, Model] = {}
    for name in _ordered({name: template for name, (_, template) in templates.items()}):
        path, template = templates[name]
        place = path.relative_to(folder).as_posix()
        doc = docs.get(name) or ModelDoc(name, "", {}, (), place)
        _check_calls([*template.refs, *template.sources], relations, sources, place)
        _check_calls([test.to for test in doc.tests if test.to], relations, sources, doc.place)

        def resolve(call: Ref | SourceRef) -> Relation:
            return relations[call.name] if isinstance(call, Ref) else sources[call]

        models[name] = Model(
            name=name,
            place=place,
            relation=relations[name],
            materialized=materialized[name],
            sql=template.render(resolve).rstrip(),
            refs=tuple(ref.name for ref in template.refs),
            sources=tuple(sources[source] for source in template.sources),
            description=doc.description,
            columns=doc.columns,
            tests=doc.tests,
        )
    return Project(folder, models, sources)


def _check_calls(
    calls: Iterable[Ref | SourceRef],
    relations: Mapping[str, Relation],
    sources: Mapping[SourceRef, Relation],
    place: str,
) -> None:
    for call in calls:
        if isinstance(call, Ref) and call.name not in relations:
            raise ConfigurationError(f"{place}: ref('{call.name}') is no model; known: {', '.join(sorted(relations))}")
        if isinstance(call, SourceRef) and call not in sources:
            known = ", ".join(sorted(f"{one.source}.{one.table}" for one in sources))
            raise ConfigurationError(
                f"{place}: source('{call.source}', '{call.table}') is in no sources file; known: {known}"
            )


def _ordered(templates: Mapping[str, Template]) -> list[str]:
    graph = {name: sorted(ref.name for ref in template.refs) for name, template in sorted(templates.items())}
    try:
        return [name for name in TopologicalSorter(graph).static_order() if name in templates]
    except CycleError as error:
        raise ConfigurationError(f"SQL models refer to each other in a circle: {' -> '.join(error.args[1])}") from error


def _folder_config(settings: Mapping[str, Any], folders: tuple[str, ...]) -> dict[str, str]:
    """What dbt_project.yml sets for a folder: a deeper entry wins over a higher one."""
    config: dict[str, str] = {}
    level: Any = (settings.get("models") or {}).get(settings.get("name")) or {}
    for folder in (*folders, None):
        for key, value in level.items():
            if key.startswith("+"):
                config[key[1:]] = str(value)
        if folder is None or not isinstance(level.get(folder), Mapping):
            break
        level = level[folder]
    unknown = sorted(set(config) - {"schema", "materialized"})
    if unknown or config.get("materialized", "view") not in MATERIALIZATIONS:
        raise ConfigurationError(
            f"dbt_project.yml: models of {'/'.join(folders)} are configured with {config}; only +schema and "
            f"+materialized ({' or '.join(MATERIALIZATIONS)}) are understood"
        )
    return config
