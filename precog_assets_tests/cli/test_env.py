from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from precog_assets.automation.event_log import STORAGE_VARIABLE
from precog_assets.cli.main import app
from precog_assets.environment import Settings, read_settings

# One worker fills the home; they all read it.
pytestmark = pytest.mark.xdist_group("filled home")


ROOT = Path(__file__).resolve().parents[2]
SECRETS = {"KALSHI_KEY_ID": "key-of-mine", "DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:1/precog_dev_sim"}


def test_env_shows_what_was_resolved_and_masks_secrets(runner, monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    result = runner.invoke(app, ["env"])
    assert result.exit_code == 0, result.output
    assert "precog_dev_sim" in result.output
    assert "sim: http://127.0.0.1:8100/trade-api/v2" in result.output
    assert "********" in result.output
    assert "hunter2" not in result.output
    assert "key-of-mine" not in result.output


def test_export_gives_a_shell_in_which_plain_dagster_finds_definitions_and_storage(filled):
    home, _ = filled
    done = home.precog("env", "--export", KALSHI_KEY_ID="key-of-mine")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(re.fullmatch(r"export [A-Z_]+=.*", line) for line in lines)
    exported = dict(shlex.split(line)[1].split("=", 1) for line in lines)
    assert exported["PRECOG_HOME"] == str(home.folder)
    assert exported["DAGSTER_MODULE_NAME"] == "precog_assets.definitions"
    assert Path(exported["DAGSTER_HOME"]).is_absolute()
    assert exported["PRECOG_DAGSTER_DATABASE_URL"].startswith("postgresql+psycopg2://")
    assert exported["PRECOG_LEAGUES"] == "nfl,nba"
    assert "KALSHI_KEY_ID" not in exported
    assert "key-of-mine" not in done.stdout + done.stderr
    assert "KALSHI_KEY_ID" in done.stderr
    code = "import dagster; i = dagster.DagsterInstance.get(); print(i.storage_directory(), i.get_runs_count())"
    loaded = subprocess.run(
        [os.sys.executable, "-c", code],  # type: ignore[attr-defined]
        env={**os.environ, **exported},
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.returncode == 0, loaded.stderr
    assert str(home.folder) in loaded.stdout


def test_export_keeps_a_database_password_to_itself(postgres, runner, monkeypatch):
    address = f"postgresql://postgres:hunter2@/precog_dev_sim?host={postgres.socket_folder}"
    monkeypatch.setenv("DATABASE_URL", address)
    result = runner.invoke(app, ["env", "--export"])
    assert result.exit_code == 0, result.output
    assert "hunter2" not in result.output
    assert "DATABASE_URL" in result.stderr
    assert "PRECOG_DAGSTER_DATABASE_URL" in result.stderr
    assert "export PRECOG_HOME=" in result.stdout


def _example() -> dict[str, tuple[bool, str]]:
    """Variable to (commented out, value) of `.env.example`."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    found = [re.fullmatch(r"(# )?([A-Z_]+)=(.*)", line) for line in lines]
    return {match[2]: (bool(match[1]), match[3]) for match in found if match}


def test_the_example_file_lists_every_variable_and_no_other():
    assert set(_example()) == {field.upper() for field in Settings.model_fields}


def test_the_example_file_names_what_is_read_past_the_settings():
    names = (STORAGE_VARIABLE, "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("field", list(Settings.model_fields))
def test_the_example_file_gives_each_variable_its_default(field):
    commented, value = _example()[field.upper()]
    default = Settings.model_fields[field].get_default()
    assert commented == (default is None)
    assert value == ("" if default is None else str(default))


def test_the_example_file_as_it_stands_is_a_valid_configuration(runner, tmp_path):
    (tmp_path / ".env").write_text((ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8")
    settings = read_settings()
    assert settings.model_fields_set  # it was read
    for field, info in Settings.model_fields.items():
        assert getattr(settings, field) == info.get_default(), field
    assert not isinstance(settings.database_url, SecretStr)
