from __future__ import annotations

import pytest
import yaml

from precog_assets.cli.instance import (
    LOCATION_NAME,
    STORAGE_VARIABLE,
    dagster_home,
    has_password,
    write_instance,
    write_workspace,
)
from precog_assets.environment import Environment, read_settings, resolve


@pytest.fixture
def environment(tmp_path) -> Environment:
    return resolve(read_settings({"precog_home": tmp_path, "precog_code_server_port": 4300}))


def test_the_storage_address_is_a_variable_so_no_password_reaches_the_disk(environment):
    written = yaml.safe_load((write_instance(environment) / "dagster.yaml").read_text())
    assert written["storage"] == {"postgres": {"postgres_url": {"env": STORAGE_VARIABLE}}}


def test_no_default_limit_of_pools_is_set_since_it_breaks_on_postgresql(environment):
    written = yaml.safe_load((write_instance(environment) / "dagster.yaml").read_text())
    assert "concurrency" not in written
    assert written["run_queue"]["tag_concurrency_limits"]


def test_a_file_that_people_made_their_own_is_left_alone(environment):
    path = write_instance(environment) / "dagster.yaml"
    path.write_text("telemetry: {enabled: false}\n")
    write_instance(environment)
    assert path.read_text() == "telemetry: {enabled: false}\n"


def test_a_managed_file_is_written_anew(environment):
    path = write_instance(environment) / "dagster.yaml"
    whole = path.read_text()
    path.write_text(whole.replace("dequeue_interval_seconds: 1", "dequeue_interval_seconds: 60"))
    write_instance(environment)
    assert path.read_text() == whole


def test_each_environment_has_a_dagster_home_of_its_own(tmp_path):
    live = {"precog_home": tmp_path, "espn_mode": "live", "kalshi_mode": "live"}
    homes = {
        dagster_home(resolve(read_settings({"precog_home": tmp_path}))),
        dagster_home(resolve(read_settings(live))),
    }
    assert homes == {tmp_path / "dagster" / "dev_sim", tmp_path / "dagster" / "dev_live"}


def test_the_workspace_points_at_the_code_server(environment):
    write_instance(environment)
    written = yaml.safe_load(write_workspace(environment).read_text())
    server = {"host": "127.0.0.1", "port": 4300, "location_name": LOCATION_NAME}
    assert written == {"load_from": [{"grpc_server": server}]}


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("postgresql+psycopg2://u:p@h/d", True),
        ("postgresql+psycopg2://u@h/d?password=p", True),
        ("postgresql+psycopg2://postgres@/d?host=/run/x", False),
    ],
)
def test_an_address_with_a_password_is_known_as_a_secret(address, secret):
    assert has_password(address) is secret
