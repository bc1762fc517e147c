"""`precog match review` and `accept` as a person uses them: the refusal, its ready command, and what it mends."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from precog_assets.cli.main import app
from precog_assets.services import Services
from precog_assets_tests.pipeline.conftest import clock, services, venue
from precog_assets_tests.pipeline.kalshi_payloads import market
from precog_assets_tests.pipeline.test_link import link, play, show
from precog_assets_tests.venues import Venue, board_event

__all__ = ["clock", "services", "venue"]

STRANGE = "KXNFLGAME-26NOV22ZZZKC"
Precog = Callable[..., Result]


@pytest.fixture
def precog(services: Services, venue: Venue, runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> Precog:
    """The command against a database that holds a game and an event with a code that nobody knows."""

    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[Services]:
        yield services

    play(services, venue, board_event("401"))
    show(services, venue, market(f"{STRANGE}-ZZZ"), market(f"{STRANGE}-KC"))
    link(services)
    monkeypatch.setattr("precog_assets.services.opened", opened)
    return lambda *arguments: runner.invoke(app, ["match", *arguments])


def test_review_shows_the_refusal_and_its_command_mends_it(precog: Precog) -> None:
    said = precog("review", "--league", "nfl")
    assert said.exit_code == 0, said.output
    assert f"{STRANGE} (nfl) unknown_code, score 0.35" in said.output
    assert "considered: nfl:401 Jacksonville Jaguars at Kansas City Chiefs" in said.output
    assert "1 events refused, 2 markets; 1 commands may mend some" in said.output
    command = next(line.partition("to accept: ")[2] for line in said.output.splitlines() if "to accept: " in line)
    done = precog(*shlex.split(command)[2:], "--author", "mia")
    assert done.exit_code == 0, done.output
    assert "nfl ZZZ stands for nfl:30 Jacksonville Jaguars from ever to now on, accepted by mia" in done.output
    assert f"{STRANGE}-ZZZ: unknown_code -> nfl:401, YES = away" in done.output
    assert "2 markets became matched" in done.output
    assert "0 events refused" in precog("review").output


def test_the_author_is_the_user_unless_named(precog: Precog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "noor")
    assert "accepted by noor" in precog("accept", "nfl", "zzz", "Jaguars", "--from", "2026-11-01").output


def test_review_prints_json(precog: Precog) -> None:
    (one,) = json.loads(precog("review", "--json", "--since", "7d").stdout)
    assert (one["reason"], one["command"]) == ("unknown_code", "precog match accept nfl ZZZ nfl:30")
    assert one["tickers"] == [f"{STRANGE}-KC", f"{STRANGE}-ZZZ"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("review", "--league", "xfl"), "--league xfl: unknown; known: nfl"),
        (("review", "--since", "soon"), "--since soon: expected a number"),
        (("accept", "nfl", "ZZZ", "Springfield"), "team Springfield: no team of nfl"),
        (("accept", "nfl", "DAL", "Jaguars"), "code DAL: it stands for nfl:6"),
        (("accept", "nfl", "ZZZ", "Jaguars", "--author", ""), "--author: expected a name"),
    ],
)
def test_nonsense_ends_as_one_line_and_exit_code_2(precog: Precog, arguments: tuple[str, ...], said: str) -> None:
    done = precog(*arguments)
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_a_ticker_needs_no_word_before_it(precog: Precog) -> None:
    said = precog(f"{STRANGE}-ZZZ")
    assert "unmatched: unknown_code" in said.output
    assert "to accept: precog match accept nfl ZZZ nfl:30" in said.output
