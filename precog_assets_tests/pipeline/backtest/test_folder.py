"""Files of a folder told apart by their columns and the league in their names."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.backtest.folder import files_for

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
COLUMNS = {
    "kalshi/nba_markets": ("ticker", "result", "open_time"),
    "kalshi/nba_candles": ("ticker", "timestamp", "close"),
    "kalshi/nba_lines": ("ticker", "price_time_unix", "yes_bid_close", "yes_ask_close"),
    "kalshi/nfl_markets": ("ticker", "result"),
    "games/nba": ("season", "date", "home", "away", "home_score", "away_score"),
    "games/wncaab": ("season", "date", "home", "away", "home_score", "away_score"),
    "schedules/nba_2025": ("date", "home", "away"),
    "odds/nba_odds": ("date", "home", "away", "home_odds"),
    "kalshi/pairs_nba": ("event_ticker", "game_date", "home_team", "away_team", "home_score"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, columns in COLUMNS.items():
        write(tmp_path / f"{name}.csv", *columns)
    (tmp_path / "nba_notes.txt").write_text("no table")
    return tmp_path


def write(path: Path, *columns: str) -> None:
    path.parent.mkdir(exist_ok=True)
    pl.DataFrame({name: ["x"] for name in columns}).write_csv(path)


def test_each_kind_is_found_by_its_columns(folder: Path) -> None:
    found = files_for(folder, "nba")
    assert found.markets == folder / "kalshi/nba_markets.csv"
    assert found.quotes == (folder / "kalshi/nba_candles.csv", folder / "kalshi/nba_lines.csv")
    assert found.games == folder / "games/nba.csv"
    assert found.schedule == (folder / "schedules/nba_2025.csv", folder / "kalshi/pairs_nba.csv")


def test_what_is_given_goes_before_what_is_found(folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    found = files_for(folder, "nba", quotes=[mine], games=mine)
    assert (found.quotes, found.games) == ((mine,), mine)
    assert found.markets == folder / "kalshi/nba_markets.csv"


def test_everything_given_needs_no_folder(tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    found = files_for(None, "nba", markets=mine, quotes=[mine], games=mine)
    assert found.schedule == ()


def test_what_is_missing_is_named_with_its_option(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"has no such file of nfl; .* needs --quotes FILE, --games FILE"):
        files_for(folder, "nfl")
    with pytest.raises(ConfigurationError, match=r"^a backtest of files needs --markets FILE, --quotes FILE"):
        files_for(None, "nfl", games=folder / "games/nba.csv")
    with pytest.raises(ConfigurationError, match="no such folder"):
        files_for(folder / "nowhere", "nba")


def test_two_files_of_a_kind_are_asked_about(folder: Path) -> None:
    write(folder / "kalshi/nba_markets_2026.csv", "ticker", "result")
    with pytest.raises(
        ConfigurationError, match=r"2 files of markets of nba: .*nba_markets.*; say which with --markets"
    ):
        files_for(folder, "nba")


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "nba_broken.parquet").write_bytes(b"PAR0")
    with pytest.raises(ConfigurationError, match=r"nba_broken.parquet: cannot be read"):
        files_for(folder, "nba")


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no shared data at {SHARED}")
@pytest.mark.parametrize(("league", "quotes"), [("nba", 2), ("nfl", 1)])
def test_the_shared_files_of_2025_are_found(league: str, quotes: int) -> None:
    found = files_for(SHARED, league)
    assert found.markets.stem == f"kalshi_{league}_game_markets_2025"
    assert len(found.quotes) == quotes
    assert found.games == SHARED / "games" / f"{league}.parquet"
    assert [path.parent.name for path in found.schedule] == ["schedules", "kalshi"]
