"""Schemathesis throws what it can think of at every served path: no 5xx, no body the specification does not allow."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from precog_assets_tests.simulator.proof.conftest import HERE, Simulator
from precog_assets_tests.simulator.proof.test_clients import served

pytestmark = pytest.mark.proof

CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance"
EXAMPLES = os.environ.get("PRECOG_SCHEMATHESIS_EXAMPLES", "8")
"""Cases an operation; raise it for a thorough run."""


def restricted(specification: Path) -> dict[str, Any]:
    """The venue's own file with the operations that are served, and no others."""
    document = yaml.load(specification.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    wanted: dict[str, set[str]] = {}
    for method, pattern in served():
        wanted.setdefault(pattern.removesuffix("$"), set()).add(method.lower())
    paths = {}
    for path, operations in document["paths"].items():
        methods = wanted.get("/".join("[^/]+" if part.startswith("{") else part for part in path.split("/")), set())
        kept = {key: value for key, value in operations.items() if key in methods or key == "parameters"}
        if methods & set(kept):
            paths[path] = kept
    document["paths"] = paths
    return document


def test_no_request_gets_a_server_error_or_a_body_outside_the_specification(
    shared: Path, clients: Path, simulator: Simulator, tmp_path: Path
) -> None:
    document = restricted(shared / "recorded" / "kalshi" / "specs" / "openapi.yaml")
    assert sum(len(operations) for operations in document["paths"].values()) >= 60
    specification = tmp_path / "served.yaml"
    specification.write_text(yaml.safe_dump(document), encoding="utf-8")
    command = [
        str(clients.parent / "schemathesis"),
        "run",
        str(specification),
        "--url",
        f"{simulator.address}/trade-api/v2",
        *("--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES),
        *("--seed", "1", "--no-shrink", "--continue-on-failure", "--warnings", "off"),
        *("--suppress-health-check", "all", "--request-timeout", "60"),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "signing_hooks",
        "PYTHONPATH": str(HERE),
        "KALSHI_KEY_ID": simulator.key_id,
        "KALSHI_PRIVATE_KEY_PATH": str(simulator.key_file),
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode not in (0, 1):
        pytest.fail(done.stderr[-3000:] + done.stdout[-3000:])
    assert done.returncode == 0, done.stdout[-12000:]
