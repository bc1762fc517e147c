"""What a process works with: opened once, seeded once, refused loudly, closed again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from precog_assets.config import load_leagues
from precog_assets.domain.errors import ConfigurationError, PrecogError
from precog_assets.domain.times import FixedClock, SystemClock
from precog_assets.environment import Environment, Settings, resolve
from precog_assets.seeds import kalshi_codes, team_seeds
from precog_assets.services import (
    build_services,
    clock_of,
    close_services,
    dagster_storage_url,
    open_database,
    opened,
    services_for,
    world_file,
)
from precog_assets.simulator.clock import FollowedClock
from precog_assets.store import migrate, tables
from precog_assets.store.engine import engine_for
from precog_assets_tests.databases import count

LOOPBACK = "http://127.0.0.1:9"
NOW = FixedClock(datetime(2026, 11, 22, 18, tzinfo=UTC))


@pytest.fixture
def environment(emptied: str, tmp_path: Path) -> Environment:
    return made(emptied, tmp_path)


def made(url: str, home: Path, **given: object) -> Environment:
    values = {
        "precog_env": "test",
        "precog_home": home,
        "espn_base_url": LOOPBACK,
        "kalshi_base_url": LOOPBACK,
        "database_url": SecretStr(url),
        **given,
    }
    return resolve(Settings(_env_file=None, **values))  # type: ignore[arg-type]


@pytest.fixture
def nothing_open() -> Iterator[None]:
    close_services()
    yield
    close_services()


def test_a_new_database_is_made_migrated_stamped_and_seeded(postgres: object, one_for_all: str, tmp_path: Path) -> None:
    name = "precog_test_sim"
    url = one_for_all.replace(one_for_all.split("/")[3].split("?")[0], "postgres")
    environment = made(url, tmp_path)
    assert environment.database_name == name
    try:
        database = open_database(environment, NOW)
        assert (database.is_new, database.embedded) == (True, False)
        engine = engine_for(database.url)
        assert count(engine, tables.teams) == len(team_seeds())
        assert count(engine, tables.team_aliases) == len(kalshi_codes())
        with engine.connect() as connection:
            stamped = connection.execute(sa.select(tables.stamp)).one()
        assert (stamped.env, stamped[2], stamped.stamped_at) == ("test", "sim", NOW.instant)
        assert not open_database(environment, NOW).is_new
        storage = dagster_storage_url(database)
        assert storage.startswith("postgresql+psycopg2://")
        assert f"/{name}_dagster?" in storage
        assert migrate.can_reach(database.dagster_url)
        assert dagster_storage_url(database) == storage
    finally:
        engine_for(url.replace("/postgres?", f"/{name}?")).dispose()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]
            connection.execute(f"DROP DATABASE IF EXISTS {name}_dagster WITH (FORCE)")  # type: ignore[arg-type]


def test_seeds_that_went_missing_are_written_again(environment: Environment, emptied: str) -> None:
    """Players met on boards do not make up for them."""
    engine = engine_for(emptied)
    with engine.begin() as connection:
        connection.execute(sa.delete(tables.team_aliases).where(tables.team_aliases.c.team_id == "nfl:12"))
        connection.execute(sa.delete(tables.teams).where(tables.teams.c.team_id == "nfl:12"))
        player = {
            "league": "atp",
            "kind": "player",
            "display_name": "P",
            "provisional": False,
            "first_seen_at": NOW.instant,
        }
        rows = [{"team_id": f"atp:{number}", "espn_team_id": str(number), **player} for number in range(3)]
        connection.execute(sa.insert(tables.teams), rows)
    open_database(environment, NOW)
    with engine.connect() as connection:
        names = sa.select(tables.teams.c.display_name).where(tables.teams.c.team_id == "nfl:12")
        assert connection.execute(names).scalar_one() == "Kansas City Chiefs"


def test_codes_that_the_seeds_gained_are_written_at_the_next_start(environment: Environment, emptied: str) -> None:
    engine = engine_for(emptied)
    with engine.begin() as connection:
        connection.execute(sa.delete(tables.team_aliases).where(tables.team_aliases.c.team_id == "nfl:12"))
    open_database(environment, NOW)
    assert count(engine, tables.team_aliases) == len(kalshi_codes())


def test_services_reach_the_venues_of_their_environment(environment: Environment) -> None:
    with opened(environment, leagues=[load_leagues()["nfl"]]) as services:
        assert [league.key for league in services.leagues] == ["nfl"]
        assert {client.base_url for client in services.http} == {LOOPBACK}
        assert isinstance(services.clock, SystemClock)
        assert services.archive.describe()
        assert (environment.home / "raw" / "test_sim").is_dir()


def test_leagues_come_from_the_settings_of_the_environment(emptied: str, tmp_path: Path) -> None:
    with opened(made(emptied, tmp_path, precog_leagues="mls,nba")) as services:
        assert [league.key for league in services.leagues] == ["mls", "nba"]


def test_a_process_keeps_one_set_of_services_an_environment(environment: Environment, nothing_open: None) -> None:
    first = services_for(environment)
    assert services_for(environment) is first
    close_services()
    assert services_for(environment) is not first


def test_another_environments_database_is_refused(emptied: str, tmp_path: Path) -> None:
    environment = made(emptied, tmp_path, precog_env="dev")
    with pytest.raises(ConfigurationError, match="is stamped test_sim, but PRECOG_ENV=dev"):
        build_services(environment)


def test_a_server_that_is_away_is_a_system_error_that_shows_no_password(tmp_path: Path) -> None:
    environment = made("postgresql://me:hunter2@127.0.0.1:9/sports", tmp_path)
    with pytest.raises(PrecogError, match=r"The database sports cannot be opened.*See DATABASE_URL") as failed:
        build_services(environment)
    assert failed.value.code == "system.database"
    assert "hunter2" not in str(failed.value)


def test_a_user_who_may_not_migrate_is_told_so(emptied: str, tmp_path: Path) -> None:
    engine = engine_for(emptied)
    reader = emptied.replace("postgres@", f"{migrate.READER_ROLE}@")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE ops.stamp SET env = 'test'"))
    try:
        with pytest.raises(PrecogError, match="cannot be opened: permission denied"):
            open_database(made(reader, tmp_path), NOW)
    finally:
        engine_for(reader).dispose()


def test_over_our_own_simulator_the_clock_is_the_worlds(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None,
        precog_env="test",
        precog_home=tmp_path,
        sim_speed=60.0,
        sim_start=datetime(2026, 11, 22, 18, tzinfo=UTC),
    )
    environment = resolve(settings)
    clock = clock_of(environment)
    assert isinstance(clock, FollowedClock)
    assert clock.speed == 60.0
    assert clock.world_anchor == datetime(2026, 11, 22, 18, tzinfo=UTC)
    assert world_file(environment).is_file()
    assert clock_of(environment) == clock


def test_over_venues_that_are_not_ours_the_clock_is_the_machines(environment: Environment) -> None:
    assert isinstance(clock_of(environment), SystemClock)
    assert not world_file(environment).exists()
