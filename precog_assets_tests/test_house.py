"""The house itself: every module says what it is for, none is long, none knows where it was built."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import precog_assets

PACKAGE = Path(precog_assets.__file__).parent
ROOT = PACKAGE.parent
TESTS = Path(__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
LINES = 350
MACHINE = re.compile("/" + r"(?:work|root|tmp|home)/\w")
LEFT_OPEN = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_modules_are_found() -> None:
    assert len(MODULES) > 100


def test_every_module_with_code_opens_with_its_charter() -> None:
    without = [
        name_of(path)
        for path in MODULES
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert without == []


def test_a_module_can_be_read_in_one_sitting() -> None:
    long = {name_of(path): count for path in MODULES if (count := len(path.read_text().splitlines())) > LINES}
    assert long == {}


def test_nothing_is_left_open_or_knows_the_machine_it_was_made_on() -> None:
    files = [path for path in (*MODULES, *TESTS.rglob("*.py"), *PACKAGE.rglob("*.yaml")) if path.is_file()]
    marked = [name_of(path) for path in files if LEFT_OPEN.search(path.read_text(encoding="utf-8"))]
    placed = [name_of(path) for path in files if MACHINE.search(path.read_text(encoding="utf-8"))]
    assert (marked, placed) == ([], [])


def test_no_exception_is_caught_bare_or_whole() -> None:
    broad = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]
    assert broad == []


def test_tests_mirror_folders_of_the_package() -> None:
    """A folder of tests is one of the package, or holds proofs with other people's software."""
    others = {Path("simulator/proof"), Path("chaos")}
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")} - others
    strays = [str(folder) for folder in folders if not (PACKAGE / folder).is_dir()]
    assert strays == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("precog_assets.environment", {"polars", "pandera", "numba", "scipy", "matplotlib", "dagster", "sqlalchemy"}),
        ("precog_assets.config", {"polars", "sqlalchemy", "httpx", "dagster"}),
        ("precog_assets.services", {"pandera", "numba", "scipy", "matplotlib", "dagster"}),
        ("precog_assets.queries", {"pandera", "numba", "scipy", "matplotlib", "dagster"}),
        ("precog_assets.pipeline.once", {"pandera", "numba", "scipy", "matplotlib", "dagster"}),
    ],
)
def test_heavy_libraries_are_imported_where_they_are_used(module: str, heavy: set[str]) -> None:
    program = f"import sys, {module}; print(*({sorted(heavy)} & sys.modules.keys()))".replace("[", "{").replace(
        "]", "}"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert answer.stdout.split() == []


def test_importing_a_module_opens_nothing() -> None:
    """No module does I/O at import: `python -W error` with no network, no home and no database."""
    program = "import precog_assets.services, precog_assets.queries, precog_assets.pipeline.once"
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def test_the_import_rules_hold() -> None:
    checker = Path(sys.executable).with_name("lint-imports")
    if not checker.is_file():
        pytest.skip("import-linter is not installed")
    answer = subprocess.run([str(checker), "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert answer.returncode == 0, answer.stdout[-3000:]
