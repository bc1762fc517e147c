"""Loading `precog_assets.definitions` against `import dagster`, each in a fresh process, in turn.

Belongs here: what a code server pays before it serves. Time is taken inside the process, around the import, so
that the interpreter's own start flatters neither side; byte code is compiled beforehand, as after an install.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

from benchmarks.measure import Figure, Samples, Scale, Target

TARGET = Target("<=", 2.5)
SIDES = {
    "import dagster": "import dagster",
    "definitions": "import precog_assets.definitions",
    "definitions, resolved": "import precog_assets.definitions as loaded; loaded.defs.get_repository_def()",
}
_TIMED = "import time; began = time.perf_counter(); {}; print(time.perf_counter() - began)"


def measure(scale: Scale) -> list[Figure]:
    """Import time as a multiple of Dagster's, and the time until all assets are resolved."""
    rounds = scale.of(11, 3)
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory(prefix="precog-loading-") as folder:
        for number in range(-1, rounds):
            for side, code in SIDES.items():
                took = _import_s(code, folder)
                if number >= 0:
                    seconds[side].append(took)
    samples = Samples(seconds)
    dagster_s = samples.median("import dagster")
    resolved = samples.median("definitions, resolved")
    return [
        Figure(
            "loading the definitions",
            samples.ratio("definitions", "import dagster"),
            "x import dagster",
            TARGET,
            f"{samples.median('definitions'):.2f} s, import dagster {dagster_s:.2f} s",
            samples.detail(),
        ),
        Figure(
            "loading the definitions, every asset and job resolved",
            samples.ratio("definitions, resolved", "import dagster"),
            "x import dagster",
            None,
            f"{resolved:.2f} s",
        ),
    ]


def _import_s(code: str, folder: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(code)], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return float(done.stdout)
