"""One home with a filled database, shared by the commands that only need some data."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner, Result

from precog_assets.cli.main import app
from precog_assets.environment import Settings
from precog_assets_tests.cli.homes import Home, fresh_home


@pytest.fixture(scope="session")
def filled() -> Iterator[tuple[Home, str]]:
    """A home after `precog once`, and what that printed."""
    with fresh_home() as home:
        done = home.precog("once")
        assert done.returncode == 0, done.stdout + done.stderr
        yield home, done.stdout


@pytest.fixture
def precog(filled: tuple[Home, str], runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command in this process, on the filled home; keywords are further variables."""
    home, _ = filled

    def run(*arguments: str, **more: str) -> Result:
        for name, value in (dict(home.variables) | more).items():
            monkeypatch.setenv(name, value)
        return runner.invoke(app, arguments)

    return run


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path) -> CliRunner:
    """The command in this process, with no variable of ours set and nothing of it left in the environment."""
    for field in Settings.model_fields:
        # Set first, so that what the command exports is undone too.
        monkeypatch.setenv(field.upper(), "")
        monkeypatch.delenv(field.upper())
    monkeypatch.chdir(tmp_path)
    return CliRunner()
