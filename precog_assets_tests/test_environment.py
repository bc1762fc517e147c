"""Which environments exist, what they refuse, and that refusing says what would do."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from pydantic import SecretStr

from precog_assets.config import PACKAGED, load_sources
from precog_assets.domain.errors import ConfigurationError
from precog_assets.environment import (
    Environment,
    Settings,
    export_overrides,
    read_settings,
    resolve,
    variables_of,
)

ENVS = ("dev", "test", "staging", "prod")
MODES = ("sim", "demo", "live")
ACCEPTED = {
    ("test", "sim", "sim"): "sim",
    ("dev", "sim", "sim"): "sim",
    **{("dev", *modes): "demo" for modes in (("demo", "demo"), ("demo", "live"), ("live", "demo"))},
    **{("staging", *modes): "demo" for modes in (("demo", "demo"), ("demo", "live"), ("live", "demo"))},
    **{(env, "live", "live"): "live" for env in ("dev", "staging", "prod")},
}
REFUSED = [case for case in product(ENVS, MODES, MODES) if case not in ACCEPTED]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of the caller's and no `.env` file reaches these tests."""
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def made(**given: object) -> Environment:
    return resolve(Settings(_env_file=None, **given))  # type: ignore[arg-type]


def live(env: str = "prod", **given: object) -> Environment:
    return made(precog_env=env, espn_mode="live", kalshi_mode="live", **given)


def demo(env: str = "dev", **given: object) -> Environment:
    return made(precog_env=env, espn_mode="demo", kalshi_mode="demo", **given)


@pytest.mark.parametrize(("env", "espn", "kalshi"), ACCEPTED)
def test_an_accepted_combination_has_its_class_and_its_database(env: str, espn: str, kalshi: str) -> None:
    environment = made(precog_env=env, espn_mode=espn, kalshi_mode=kalshi)
    data_class = ACCEPTED[env, espn, kalshi]
    assert environment.data_class == data_class
    assert environment.name == f"{env}_{data_class}"
    assert environment.database_name == f"precog_{env}_{data_class}"
    assert environment.dagster_database_name == f"precog_{env}_{data_class}_dagster"
    assert (environment.venues["espn"].mode, environment.venues["kalshi"].mode) == (espn, kalshi)


@pytest.mark.parametrize(("env", "espn", "kalshi"), REFUSED)
def test_a_refused_combination_names_two_variables_what_was_read_and_what_would_do(
    env: str, espn: str, kalshi: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        made(precog_env=env, espn_mode=espn, kalshi_mode=kalshi)
    said = str(refused.value)
    read = {f"PRECOG_ENV={env}", f"ESPN_MODE={espn}", f"KALSHI_MODE={kalshi}"}
    assert sum(one in said for one in read) >= 2, said
    assert "accepts " in said or "Set both to sim, or neither" in said


def test_every_combination_is_decided() -> None:
    assert len(ACCEPTED) + len(REFUSED) == 36
    assert len(ACCEPTED) == 11


def test_a_refusal_by_the_environment_names_the_modes_it_accepts() -> None:
    with pytest.raises(
        ConfigurationError,
        match="PRECOG_ENV=staging does not go with ESPN_MODE=sim: staging accepts ESPN_MODE=demo or live",
    ):
        made(precog_env="staging", kalshi_mode="demo")


def test_sim_never_mixes_with_the_venues() -> None:
    with pytest.raises(ConfigurationError, match=r"KALSHI_MODE=sim does not go with ESPN_MODE=live.*demo, live"):
        made(espn_mode="live")


def test_by_default_everything_is_simulated_and_sensors_are_on() -> None:
    environment = resolve(read_settings())
    assert (environment.env, environment.data_class) == ("dev", "sim")
    assert environment.runs_simulator
    assert environment.sensors_start_by_default
    assert environment.venues["espn"].base_url == "http://127.0.0.1:8100"
    assert environment.venues["kalshi"].base_url == "http://127.0.0.1:8100/trade-api/v2"
    assert environment.home == Path.cwd() / ".precog"
    assert environment.archive_url == str(Path.cwd() / ".precog" / "raw" / "dev_sim")


def test_outside_dev_with_sim_the_operator_turns_sensors_on() -> None:
    assert not live().sensors_start_by_default
    assert not demo().sensors_start_by_default
    assert not made(precog_env="test").sensors_start_by_default


def test_live_and_demo_venues_come_from_the_configuration() -> None:
    sources = load_sources()
    assert live().venues["kalshi"].base_url == sources["kalshi"].modes["live"].base_url
    assert demo().venues["kalshi"].base_url == sources["kalshi"].modes["demo"].base_url
    assert not live().runs_simulator


def test_the_simulator_listens_where_its_port_says() -> None:
    assert made(sim_port=8123).venues["kalshi"].base_url == "http://127.0.0.1:8123/trade-api/v2"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "http://localhost:9000/", "http://[::1]:9000"])
def test_a_server_on_loopback_takes_the_place_of_our_simulator(url: str) -> None:
    environment = made(espn_base_url=url, kalshi_base_url=url)
    assert environment.venues["espn"].base_url == url.rstrip("/")
    assert not environment.runs_simulator


@pytest.mark.parametrize(
    "url", ["https://site.api.espn.com", "http://127.0.0.1.example.com", "http://10.0.0.1:80", "http://0.0.0.0:8100"]
)
def test_in_sim_only_loopback_addresses_are_venues(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"ESPN_BASE_URL=.*ESPN_MODE=sim.*loopback") as refused:
        made(espn_base_url=url)
    assert url in str(refused.value)


def test_in_live_only_listed_hosts_over_https_are_venues() -> None:
    shared = "https://api.elections.kalshi.com/trade-api/v2"
    assert live(kalshi_base_url=shared).venues["kalshi"].base_url == shared
    for url in (
        "https://external-api.demo.kalshi.co/trade-api/v2",
        "http://external-api.kalshi.com/trade-api/v2",
        "http://127.0.0.1:8100/trade-api/v2",
        "https://external-api.kalshi.com.example.org/trade-api/v2",
    ):
        with pytest.raises(ConfigurationError, match=r"KALSHI_BASE_URL=.*KALSHI_MODE=live.*external-api.kalshi.com"):
            live(kalshi_base_url=url)


def test_in_demo_the_production_exchange_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"KALSHI_MODE=demo.*external-api.demo.kalshi.co"):
        demo(kalshi_base_url="https://external-api.kalshi.com/trade-api/v2")


def test_the_stream_lives_beside_its_host() -> None:
    for url in ("wss://external-api-ws.kalshi.com/trade-api/ws/v2", "wss://api.elections.kalshi.com/trade-api/ws/v2"):
        assert live(kalshi_ws_url=url).settings.kalshi_ws_url == url
    assert made(kalshi_ws_url="ws://127.0.0.1:8100/ws").data_class == "sim"
    for url in ("wss://example.org/ws", "ws://external-api-ws.kalshi.com/trade-api/ws/v2"):
        with pytest.raises(ConfigurationError, match=r"KALSHI_WS_URL=.*KALSHI_MODE=live.*wss"):
            live(kalshi_ws_url=url)
    with pytest.raises(ConfigurationError, match=r"KALSHI_WS_URL=.*KALSHI_MODE=sim.*loopback"):
        made(kalshi_ws_url="wss://external-api-ws.kalshi.com/trade-api/ws/v2")


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8100", "ftp://127.0.0.1", "http://", "wss://127.0.0.1", "http://[::1", "http://127.0.0.1:x"]
)
def test_what_is_no_http_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"ESPN_BASE_URL=.*not an address"):
        made(espn_base_url=url)


@pytest.mark.parametrize("url", ["http://user:hunter2@127.0.0.1:8100", "user:hunter2@127.0.0.1"])
def test_an_address_with_a_password_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"ESPN_BASE_URL.*must not carry") as refused:
        made(espn_base_url=url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("env", ["dev", "staging"])
def test_demo_orders_need_the_demo_venue(env: str) -> None:
    assert demo(env, kalshi_trading="demo").settings.kalshi_trading == "demo"
    with pytest.raises(
        ConfigurationError, match=f"KALSHI_TRADING=demo.*PRECOG_ENV={env} and KALSHI_MODE=live.*KALSHI_MODE=demo"
    ):
        live(env, kalshi_trading="demo")


def test_demo_orders_are_refused_in_prod_test_and_sim() -> None:
    with pytest.raises(ConfigurationError, match=r"KALSHI_TRADING=demo.*PRECOG_ENV=prod"):
        live("prod", kalshi_trading="demo")
    for env in ("dev", "test"):
        with pytest.raises(ConfigurationError, match=f"KALSHI_TRADING=demo.*PRECOG_ENV={env} and KALSHI_MODE=sim"):
            made(precog_env=env, kalshi_trading="demo")


def test_real_orders_need_prod_live_keys_and_a_risk_limit_file(tmp_path: Path) -> None:
    key, limits = tmp_path / "key.pem", tmp_path / "limits.yaml"
    key.touch()
    limits.touch()
    whole = {
        "kalshi_trading": "live",
        "kalshi_private_key_path": key,
        "kalshi_risk_limits_path": limits,
        "kalshi_key_id": "id",
    }
    assert live(**whole).settings.kalshi_trading == "live"
    for missing in ("kalshi_private_key_path", "kalshi_risk_limits_path", "kalshi_key_id"):
        with pytest.raises(ConfigurationError, match=f"KALSHI_TRADING=live needs {missing.upper()}"):
            live(**{**whole, missing: None})
    with pytest.raises(ConfigurationError, match="KALSHI_PRIVATE_KEY_PATH to name a file"):
        live(**{**whole, "kalshi_private_key_path": tmp_path})
    for env in ("dev", "staging"):
        with pytest.raises(ConfigurationError, match=f"KALSHI_TRADING=live.*PRECOG_ENV={env}.*PRECOG_ENV=prod"):
            live(env, **whole)
    with pytest.raises(ConfigurationError, match=r"KALSHI_TRADING=live.*KALSHI_MODE=demo"):
        demo(**whole)


@pytest.mark.parametrize("path", ["", "/", "/postgres"])
def test_a_server_address_without_a_database_gets_ours(path: str) -> None:
    assert made(database_url=f"postgresql://me@db.example.com:5432{path}").database_name == "precog_dev_sim"


def test_a_database_of_ones_own_name_is_taken() -> None:
    assert made(database_url="postgresql://me@h/sports?sslmode=require").database_name == "sports"
    assert made(database_url="postgresql://me@h/precog_dev_sim").database_name == "precog_dev_sim"


@pytest.mark.parametrize("named", ["precog_prod_live", "precog_dev_live", "precog_test_sim"])
def test_the_database_of_another_environment_is_refused(named: str) -> None:
    with pytest.raises(
        ConfigurationError, match=f"DATABASE_URL names the database {named}, but PRECOG_ENV=dev"
    ) as refused:
        made(database_url=f"postgresql://me:hunter2@h/{named}")
    assert "precog_dev_sim" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_another_kind_of_database_is_refused_without_showing_its_password() -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL: scheme was 'mysql'; expected postgresql://") as refused:
        made(database_url="mysql://me:hunter2@h/sports")
    assert "hunter2" not in str(refused.value)


def test_months_are_archived_to_folders_only() -> None:
    assert made().partition_archive is None
    assert made(partition_archive_url="file:///var/months").partition_archive == Path("/var/months")
    assert made(partition_archive_url="months").partition_archive == Path.cwd() / "months"
    with pytest.raises(ConfigurationError, match=r"PARTITION_ARCHIVE_URL=s3://bucket/x.*a path or file://"):
        made(partition_archive_url="s3://bucket/x")


def test_secrets_are_masked_wherever_an_environment_is_shown(tmp_path: Path) -> None:
    environment = demo(kalshi_key_id="key-id-5", database_url="postgresql://me:hunter2@h/sports")
    shown = variables_of(environment)
    assert (shown["KALSHI_KEY_ID"], shown["DATABASE_URL"]) == ("********", "********")
    assert shown["PRECOG_ENV"] == "dev"
    assert shown["HTTP_USER_AGENT"] == ""
    assert list(shown) == [field.upper() for field in Settings.model_fields]
    for text in (repr(environment), str(environment.settings), repr(shown)):
        assert "hunter2" not in text
        assert "key-id-5" not in text


def test_variables_are_read_and_overrides_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRECOG_ENV", "staging")
    monkeypatch.setenv("espn_mode", "live")
    monkeypatch.setenv("KALSHI_MODE", "live")
    monkeypatch.setenv("SIM_START", "2026-11-22T18:00:00Z")
    settings = read_settings({"kalshi_mode": "demo"})
    assert (settings.precog_env, settings.espn_mode, settings.kalshi_mode) == ("staging", "live", "demo")
    assert settings.sim_start == datetime(2026, 11, 22, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("variable", "value", "legal"),
    [
        ("PRECOG_ENV", "production", "dev, test, staging, prod"),
        ("ESPN_MODE", "real", "sim, demo, live"),
        ("KALSHI_MODE", "LIVE", "sim, demo, live"),
        ("KALSHI_TRADING", "yes", "'off', 'demo' or 'live'"),
        ("SIM_PORT", "99999", "65535"),
        ("SIM_SPEED", "0", "greater than 0"),
        ("RAW_RETENTION_MONTHS", "0", "greater than or equal to 1"),
        ("RAW_ARCHIVE_BUDGET_GB", "much", "number"),
    ],
)
def test_a_bad_value_is_named_with_what_was_read_and_what_is_legal(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, legal: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    said = str(refused.value)
    assert said.startswith(f"{variable}: ")
    assert repr(value) in said
    assert legal in said


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PRECOG_ENV", "DATABASE_URL", "KALSHI_KEY_ID", "SIM_PORT", "PRECOG_CONFIG_DIR"):
        monkeypatch.setenv(variable, "")
    settings = read_settings()
    assert (settings.precog_env, settings.database_url, settings.kalshi_key_id) == ("dev", None, None)
    assert (settings.sim_port, settings.precog_config_dir) == (8100, None)


def test_a_dotenv_file_is_read_and_the_process_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("SIM_PORT=8200\nSIM_SEED=5\nDATABASE_URL=\nANOTHER_TOOL=1\n")
    monkeypatch.setenv("SIM_SEED", "6")
    settings = read_settings()
    assert (settings.sim_port, settings.sim_seed, settings.database_url) == (8200, 6, None)


def test_choices_on_the_command_line_reach_child_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIM_PORT", "8000")
    export_overrides({"sim_port": 8300, "precog_env": "test"})
    again = read_settings()
    assert (again.sim_port, again.precog_env) == (8300, "test")
    monkeypatch.delenv("PRECOG_ENV")
    with pytest.raises(ConfigurationError, match="SIM_PORT"):
        export_overrides({"sim_port": 0})
    assert read_settings().sim_port == 8300


def test_a_mode_that_the_users_sources_lack_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = tmp_path / "config"
    own.mkdir()
    kept = [
        line for line in (PACKAGED / "sources.yaml").read_text().splitlines() if not line.lstrip().startswith("demo:")
    ]
    (own / "sources.yaml").write_text("\n".join(kept))
    monkeypatch.setenv("PRECOG_CONFIG_DIR", str(own))
    load_sources.cache_clear()
    try:
        with pytest.raises(
            ConfigurationError, match=r"ESPN_MODE=demo: `sources.espn.modes.demo` is not in .*sources.yaml"
        ):
            demo()
    finally:
        monkeypatch.delenv("PRECOG_CONFIG_DIR")
        load_sources.cache_clear()


def test_secret_fields_are_typed_as_secrets() -> None:
    secrets = {
        name for name, field in Settings.model_fields.items() if SecretStr in getattr(field.annotation, "__args__", ())
    }
    assert secrets == {"kalshi_key_id", "database_url"}
