"""Dagster's instance folder: dagster.yaml, workspace files, and the variables its processes need.

Belongs here: what is written under PRECOG_HOME/dagster. Does not: starting processes, and the definitions.
No password is written to disk: the storage's address is read from a variable.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from precog_assets.environment import Environment

DEFINITIONS_MODULE = "precog_assets.definitions"
LOCATION_NAME = "precog"
STORAGE_VARIABLE = "PRECOG_DAGSTER_DATABASE_URL"
MANAGED = "# Managed by precog: written anew by each command. Delete this line to keep your own changes."

_TEMPLATE = """\
{managed}
storage:
  postgres:
    # Always postgresql+psycopg2://: under psycopg 3, Dagster's event writes fail.
    postgres_url: {{env: {variable}}}
local_artifact_storage:
  module: dagster._core.storage.root
  class: LocalArtifactStorage
  config: {{base_dir: {base}}}
compute_logs:
  module: dagster._core.storage.local_compute_log_manager
  class: LocalComputeLogManager
  config: {{base_dir: {logs}}}
# One slow tick must not delay the other sensors.
sensors: {{use_threads: true, num_workers: 8, num_submit_workers: 4}}
schedules: {{use_threads: true, num_workers: 4}}
# After a pause, of the times a schedule missed only the last is looked at, and that within its grace.
scheduler: {{module: dagster._core.scheduler, class: DagsterDaemonScheduler, config: {{max_catchup_runs: 1}}}}
auto_materialize: {{use_sensors: true, use_threads: true, num_workers: 4}}
run_queue:
  max_concurrent_runs: 4
  dequeue_interval_seconds: 1
  # Limits are explicit: a default limit of pools breaks on PostgreSQL.
  tag_concurrency_limits:
    - {{key: precog/api, value: {{applyLimitPerUniqueValue: true}}, limit: 1}}
    - {{key: precog/job, value: {{applyLimitPerUniqueValue: true}}, limit: 1}}
    # Whatever backfills wait, live work finds a place; in the queue it goes first by its priority.
    - {{key: precog/work, value: backfill, limit: 2}}
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  cancel_timeout_seconds: 120
  max_runtime_seconds: 21600
  poll_interval_seconds: 30
# Can be asked whether a run's process is still there: without that, one that died with its code server seems to go on.
run_launcher: {{module: precog_assets.automation.run_workers, class: LocalRunLauncher}}
# Retries of runs are for crashed processes; what is transient is retried by the step itself, after 30, 60 and 120 s.
run_retries: {{enabled: true, max_retries: 2, retry_on_asset_or_op_failure: false}}
retention:
  sensor: {{purge_after_days: {{skipped: 1, success: 7, failure: 30, started: 7}}}}
  schedule: {{purge_after_days: {{skipped: 7, success: 30, failure: 90, started: 7}}}}
  auto_materialize: {{purge_after_days: {{skipped: 1, success: 7, failure: 30, started: 7}}}}
freshness: {{enabled: true}}
telemetry: {{enabled: false}}
nux: {{enabled: false}}
"""


def dagster_home(environment: Environment) -> Path:
    """DAGSTER_HOME of an environment, absolute."""
    return environment.home / "dagster" / environment.name


def write_instance(environment: Environment) -> Path:
    """Write dagster.yaml, unless the user made it their own; the folder."""
    folder = dagster_home(environment)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "dagster.yaml"
    if path.exists() and not path.read_text(encoding="utf-8").startswith(MANAGED):
        return folder
    text = _TEMPLATE.format(
        managed=MANAGED,
        variable=STORAGE_VARIABLE,
        base=json.dumps(str(folder)),
        logs=json.dumps(str(folder / "compute_logs")),
    )
    _replace(path, text)
    return folder


def write_workspace(environment: Environment) -> Path:
    """Write the workspace file that points UI and daemon at the code server; its path."""
    path = dagster_home(environment) / "workspace.yaml"
    server = {"host": "127.0.0.1", "port": environment.settings.precog_code_server_port, "location_name": LOCATION_NAME}
    _replace(path, f"load_from:\n  - grpc_server: {json.dumps(server)}\n")
    return path


def variables(environment: Environment, storage_url: str) -> dict[str, str]:
    """What Dagster's processes need beyond the settings: `storage_url` is `services.dagster_storage_url`'s."""
    return {
        "PRECOG_HOME": str(environment.home),
        "DAGSTER_HOME": str(dagster_home(environment)),
        "DAGSTER_MODULE_NAME": DEFINITIONS_MODULE,
        STORAGE_VARIABLE: storage_url,
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }


def has_password(url: str) -> bool:
    """Whether an address carries a secret: it must not be printed, nor stand in a command line."""
    parts = urlsplit(url)
    return bool(parts.password) or "password" in parse_qs(parts.query)


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, and only when it differs: other processes may be reading it."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
