"""dbt itself builds and tests `dbt_like_sql/` unchanged, into a database of its own, and agrees with our engine.

Needs a virtual environment with dbt 1.11 (dbt and the platform do not share dependencies). It is made once under
`$XDG_CACHE_HOME/precog/dbt-1.11` (PRECOG_DBT_VENV names another place) when PRECOG_TEST_DBT=1 is set, and found
there from then on; without it these tests are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from precog_assets.pipeline.sql_models.build import build_models
from precog_assets.pipeline.sql_models.files import find_folder, load_project
from precog_assets.store.engine import engine_for
from precog_assets_tests.pipeline.sql_world import build_world

REQUIREMENTS = ("dbt-core==1.11.*", "dbt-postgres>=1.9,<2")
pytestmark = pytest.mark.dbt


def venv_folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PRECOG_DBT_VENV") or Path(cache) / "precog" / "dbt-1.11")


@pytest.fixture(scope="module")
def dbt() -> Path:
    """The dbt command, installed first where PRECOG_TEST_DBT=1 asks for it."""
    folder = venv_folder()
    command = folder / "bin" / "dbt"
    if not command.exists():
        if os.environ.get("PRECOG_TEST_DBT") != "1":
            pytest.skip(f"no dbt in {folder}; PRECOG_TEST_DBT=1 installs it there (needs a package index)")
        venv.create(folder, with_pip=True, clear=True)
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *REQUIREMENTS]
        made = subprocess.run(install, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr[-2000:]
    return command


def run_dbt(command: Path, verb: str, database_url: str, work: Path) -> tuple[int, str, dict[str, Any]]:
    """Run a dbt verb on the shipped folder as it is: exit code, output, run results by node."""
    parts = urlsplit(database_url)
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(work),
        "PGHOST": parse_qs(parts.query)["host"][0],
        "PGUSER": parts.username or "postgres",
        "PGDATABASE": parts.path.lstrip("/"),
        "DO_NOT_TRACK": "1",
    }
    folder = find_folder({})
    target = work / "target"
    ran = subprocess.run(
        [
            str(command),
            "--no-use-colors",
            "--no-version-check",
            "--warn-error",
            "--no-partial-parse",
            f"--log-path={work / 'logs'}",
            verb,
            f"--project-dir={folder}",
            f"--profiles-dir={folder}",
            f"--target-path={target}",
        ],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=work,
        timeout=300,
    )
    results: dict[str, Any] = {}
    if (target / "run_results.json").exists():
        listed = json.loads((target / "run_results.json").read_text())["results"]
        results = {one["unique_id"]: one for one in listed}
    return ran.returncode, ran.stdout + ran.stderr, results


def contents(engine: sa.Engine, relation: str) -> list[str]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text(f"SELECT to_jsonb(t)::text FROM {relation} t ORDER BY 1"))
        return [row[0] for row in rows]


def test_the_installed_dbt_is_the_version_the_files_are_written_for(dbt: Path) -> None:
    said = subprocess.run([str(dbt), "--version"], capture_output=True, text=True, check=True).stdout
    assert "installed: 1.11." in said, said


def test_dbt_builds_and_tests_the_folder_unchanged_and_gets_the_same_rows(
    dbt: Path, own_database_url: str, tmp_path: Path
) -> None:
    engine = engine_for(own_database_url)
    build_world(engine)
    code, said, results = run_dbt(dbt, "build", own_database_url, tmp_path)
    assert code == 0, said
    project = load_project()
    models = {key.rpartition(".")[2] for key in results if key.startswith("model.")}
    tests = [key for key in results if key.startswith("test.")]
    assert models == set(project.models)
    assert len(tests) == sum(len(model.tests) for model in project.models.values())
    theirs = {name: contents(engine, str(model.relation)) for name, model in project.models.items()}
    for result in build_models(engine):
        assert contents(engine, str(result.model.relation)) == theirs[result.model.name], result.model.name
    assert theirs["board"]


def test_dbt_reports_the_failing_row_that_our_tests_report(dbt: Path, own_database_url: str, tmp_path: Path) -> None:
    engine = engine_for(own_database_url)
    build_world(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE market.market_games SET game_id = 'nfl:gone' WHERE outcome = 'away'"))
    code, said, results = run_dbt(dbt, "build", own_database_url, tmp_path)
    failed = {key: one["failures"] for key, one in results.items() if one["status"] == "fail"}
    assert code == 1, said
    assert [(key.split(".")[2].startswith("relationships_stg_markets"), count) for key, count in failed.items()] == [
        (True, 1)
    ]
