"""Schedules and pairs under one set of columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from precog_assets.domain.errors import ConfigurationError
from precog_assets.pipeline.backtest.schedules import read_schedules

SCHEDULE = "date,home,away,kickoff_eastern\n2025-10-22,phx,sac,22:00\n"
PAIRS = "event_ticker,game_date,home_team,away_team,home_score,away_score\nE,2025-10-22,Phoenix Suns,Kings,120,116\n"


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_files_of_both_kinds_become_one_with_known_starts_last(tmp_path: Path) -> None:
    paths = [write(tmp_path, "schedule.csv", SCHEDULE), write(tmp_path, "pairs.csv", PAIRS)]
    found = read_schedules(paths)
    assert found is not None
    assert found["home"].to_list() == ["Phoenix Suns", "phx"]
    assert found["kickoff_eastern"].to_list() == [None, "22:00"]


def test_results_of_pairs_are_left_out_and_those_of_schedules_kept(tmp_path: Path) -> None:
    found = read_schedules([write(tmp_path, "pairs.csv", PAIRS)])
    assert found is not None
    assert found.columns == ["date", "home", "away"]
    assert found.row(0) == ("2025-10-22", "Phoenix Suns", "Kings")
    found = read_schedules(
        [write(tmp_path, "schedule.csv", "date,home,away,home_score,away_score\n2025-10-22,a,b,1,1\n")]
    )
    assert found is not None
    assert found.row(0) == ("2025-10-22", "a", "b", 1, 1)


def test_no_files_are_no_schedule_and_one_needs_no_list(tmp_path: Path) -> None:
    assert read_schedules([]) is None
    assert read_schedules(None) is None
    found = read_schedules(write(tmp_path, "schedule.csv", SCHEDULE))
    assert found is not None
    assert found.height == 1


def test_a_file_that_is_none_is_refused_by_its_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "odd.csv", "date,home\n2025-10-22,phx\n")
    with pytest.raises(ConfigurationError, match=r"odd.csv: columns date, home; a schedule needs .*away or away_team"):
        read_schedules([path])
