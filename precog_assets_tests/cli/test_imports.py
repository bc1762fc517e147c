"""`precog import` as a person uses it: a refusal with suggestions, the aliases, the import, and again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from typer.testing import CliRunner, Result

from precog_assets import embedded
from precog_assets.cli.main import app
from precog_assets_tests.cli.homes import Home, fresh_home

# One worker opens the home; they all use it.
pytestmark = pytest.mark.xdist_group("home of imports")

GAMES = """league,season,date,home,away,home_score,away_score,close_home,close_away
nfl,2020,2020-09-10,Chiefs,Texans,34,20,0.8,0.2
nfl,2020,2020-09-13,49ers,Cardinals,20,24,0.7,0.3
nfl,2020,2020-09-20,Texans,Ravens,,,,
nfl,2020,2020-09-20,Chiefs,Chiefs,1,0,,
"""


@pytest.fixture(scope="module")
def empty() -> Iterator[Home]:
    """A home without games."""
    with fresh_home() as home:
        yield home


@pytest.fixture
def precog(empty: Home, runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def run(*arguments: object) -> Result:
        for name, value in empty.variables.items():
            monkeypatch.setenv(name, value)
        return runner.invoke(app, ["import", *map(str, arguments)])

    return run


def line(done: Result, name: str) -> str:
    """The figure beside a name in the summary."""
    found = re.search(rf"^{re.escape(name)} +(\S+)$", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    return found[1]


def test_a_file_of_foreign_names_is_refused_then_mapped_then_imported_then_unchanged(empty, precog, tmp_path):
    file, codes = tmp_path / "games.csv", tmp_path / "codes.csv"
    file.write_text(GAMES)
    refused = precog("games", file, "--source", "book", "--aliases-out", codes)
    assert refused.exit_code == 1
    assert "nfl:12 Kansas City Chiefs 1.00" in refused.stdout
    assert "4 ids of book mean no one team of nfl; nothing was written" in refused.stderr
    assert "nfl,Chiefs,nfl:12,,,Kansas City Chiefs,1.0," in codes.read_text()

    mapped = precog("aliases", codes, "--source", "book")
    assert mapped.exit_code == 0, mapped.output
    assert mapped.stdout == "4 aliases of book: 4 new, 0 changed, 0 unchanged.\n"

    tried = precog("games", file, "--source", "book", "--dry-run")
    assert "nfl from book: dry run, nothing written" in tried.stdout
    assert (line(tried, "rows read"), line(tried, "new games")) == ("4", "2")

    done = precog("games", file, "--source", "book")
    assert done.exit_code == 0, done.output
    assert (line(done, "new games"), line(done, "not played: no scores")) == ("2", "1")
    assert (line(done, "rejected: self play"), line(done, "closing odds written")) == ("1", "2")
    assert "self play: row 4 of games.csv: a side playing itself" in done.stdout

    again = precog("games", file, "--source", "book")
    assert (line(again, "new games"), line(again, "unchanged")) == ("0", "2")
    with psycopg.connect(embedded.start(empty.folder).url("precog_dev_sim")) as connection:
        found = connection.execute("SELECT step, inserted, unchanged, rejected FROM ops.steps ORDER BY step_id")
        recorded = found.fetchall()
    assert recorded == [
        ("import games nfl", 0, 0, 2),
        ("import aliases", 4, 0, 0),
        ("import games nfl", 2, 0, 1),
        ("import games nfl", 0, 2, 1),
    ]


def test_names_with_brackets_are_shown_as_they_are(precog, tmp_path):
    file = tmp_path / "games.csv"
    file.write_text(GAMES.replace("Chiefs", "[red]KC[/x]"))
    shown = precog("games", file, "--source", "odd")
    assert shown.exit_code == 1
    assert "[red]KC[/x]" in shown.stdout


def test_partial_imports_what_it_can(precog, tmp_path):
    file = tmp_path / "games.csv"
    file.write_text(GAMES.replace("Chiefs", "KC").replace("Texans", "HOU"))
    done = precog("games", file, "--source", "espn", "--partial")
    assert done.exit_code == 0, done.output
    assert line(done, "left out: an id means no team") == "1"


def test_players_can_be_made(precog, tmp_path):
    file = tmp_path / "games.csv"
    file.write_text(GAMES.replace("nfl,", "atp,"))
    assert "--create-players" in precog("games", file, "--source", "book").stderr
    done = precog("games", file, "--source", "book", "--create-players")
    assert done.exit_code == 0, done.output
    assert (line(done, "new games"), line(done, "players created")) == ("2", "4")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("games", "absent.csv", "--source", "book", "--league", "nfl"), 1, "absent.csv: no such file"),
        (("games", "absent.csv", "--source", "Book"), 2, "--source 'Book'"),
        (("games", "absent.csv", "--source", "book", "--league", "xfl"), 2, "Unknown league 'xfl'"),
        (("aliases", "absent.csv", "--source", "book"), 2, "absent.csv: no such file"),
        (("aliases", "absent.csv", "--source", "kalshi"), 2, "come with the package"),
    ],
)
def test_what_cannot_be_done_ends_as_one_line(precog, arguments, code, told):
    done = precog(*arguments)
    assert done.exit_code == code
    assert told in done.stderr
    assert "Traceback" not in done.output


def test_a_file_that_breaks_the_format_is_told_by_row(precog, tmp_path):
    file = tmp_path / "games.csv"
    file.write_text(GAMES.replace("2020-09-13", "2020-19-13").replace("34", "many"))
    done = precog("games", file, "--source", "book")
    assert done.exit_code == 1
    assert "contract.games_file" in done.stderr
    assert "row 1 has 'many'" in done.stderr


def test_the_help_names_every_column_and_shows_the_three_commands(runner):
    shown = runner.invoke(app, ["import", "games", "--help"], env={"COLUMNS": "120"})
    for column in ("season", "date", "home_score", "winner_only", "best_of", "tourney", "close_draw", "home_name"):
        assert column in shown.stdout
    assert shown.stdout.count("precog import") >= 3
