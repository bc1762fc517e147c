"""A simulator as its users run it, and the environment of Kalshi's own clients, which need Python 3.13.

The environment is made once under `$XDG_CACHE_HOME/precog/kalshi-clients` and found there from then on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
MODERN = ("3.13", "3.14")
ANCHOR = "2026-11-22T01:00Z"
"""A Saturday evening, when every league of the world plays."""


def modern_python() -> str | None:
    """A Python new enough for Kalshi's client: in the path, or among pyenv's."""
    for version in MODERN:
        found = shutil.which(f"python{version}")
        candidates = [found] if found else []
        candidates += sorted(map(str, Path.home().glob(f".pyenv/versions/{version}*/bin/python")))
        for candidate in candidates:
            asked = subprocess.run([candidate, "--version"], capture_output=True, text=True, check=False)
            if asked.returncode == 0 and asked.stdout.startswith(f"Python {version}"):
                return candidate
    return None


@pytest.fixture(scope="session")
def clients() -> Path:
    """The Python of an environment with Kalshi's clients and schemathesis, as their authors released them."""
    python = modern_python()
    if python is None:
        pytest.skip("needs Python 3.13, which Kalshi's official client requires")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    stamp = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = cache / "precog" / f"kalshi-clients-{stamp}"
    uv = [sys.executable, "-m", "uv"]
    if not (folder / "made").exists():
        made = subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", python, str(folder)], check=False)
        install = [*uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python")]
        done = subprocess.run([*install, "-r", str(REQUIREMENTS)], capture_output=True, text=True, check=False)
        if made.returncode or done.returncode:
            pytest.skip(f"Kalshi's clients could not be installed: {done.stderr[-500:]}")
        (folder / "made").touch()
    return folder / "bin" / "python"


@dataclass(frozen=True)
class Simulator:
    """A running simulator with an account."""

    address: str
    key_id: str
    key_file: Path

    def control(self, path: str, body: Any = None) -> Any:
        answer = httpx.request("GET" if body is None else "POST", self.address + path, json=body, trust_env=False)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def open_account(self, folder: Path, **terms: Any) -> Simulator:
        """The same simulator with an account of its own."""
        opened = self.control("/simulator/accounts", {"balance_dollars": "1000.00", "tier": "prime", **terms})
        key_file = folder / f"{opened['key_id']}.pem"
        key_file.write_text(opened["private_key_pem"])
        return Simulator(self.address, opened["key_id"], key_file)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Simulator]:
    """The simulator's own process on a free port, for the length of the block."""
    command = [
        sys.executable,
        "-m",
        "precog_assets.simulator.server",
        "--port",
        "0",
        "--world",
        str(folder / "world.json"),
    ]
    with subprocess.Popen([*command, "--anchor", ANCHOR, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = next((line for line in process.stdout if "simulator ready at" in line), None)
            assert line is not None, "the simulator ended before it was ready; its words are above"
            yield Simulator(line.split()[-1].strip(), "", folder).open_account(folder)
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    with running(tmp_path) as one:
        yield one


Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(clients: Path) -> Run:
    """Run a script of this folder in the clients' environment; its JSON, or its traceback as the failure."""

    def script(name: str, *arguments: str) -> dict[str, Any]:
        command = [str(clients), str(HERE / name), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, done.stderr[-6000:]
        return json.loads(done.stdout.splitlines()[-1])

    return script
