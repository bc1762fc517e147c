"""The simulated leagues beside the real ones: points, margins, draws, overtimes, home wins, favourites, retirements.

Every bound is stated in the row of its league or as a constant here. The real games are the last seasons of
`shared/data/games`; neutral ground and postseasons are left out on both sides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean, pstdev

import polars as pl
import pytest

from precog_assets.simulator.world import World, WorldSettings
from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets_tests.simulator.world.conftest import ANCHOR

MEAN_WITHIN = 0.04
"""Relative, of points a side."""
SPREAD_WITHIN = 0.09
"""Relative, of the standard deviation of points a side and of their sum."""
MARGIN_WITHIN = 0.09
HOME_MARGIN_WITHIN = 0.08
"""Of standard deviations of the margin: how far the mean margin may be off."""
DRAWS_WITHIN = 0.025
HOME_WINS_WITHIN = 0.025
OVERTIMES_WITHIN = 0.012
FAVOURITES_WITHIN = 0.025
"""Of the mean chance of the favourite."""
RETIREMENTS_WITHIN = 0.008


@dataclass(frozen=True, slots=True)
class Row:
    """Which real seasons a league is compared with, and how many worlds it is simulated in."""

    league: str
    first: int
    last: int
    worlds: int


ROWS = (
    Row("nfl", 2018, 2022, 5),
    Row("nba", 2019, 2023, 2),
    Row("nhl", 2019, 2023, 2),
    Row("mlb", 2018, 2022, 1),
    Row("epl", 2015, 2022, 4),
    Row("ligue1", 2015, 2022, 4),
    Row("ncaab", 2012, 2016, 1),
    Row("wncaab", 2018, 2022, 1),
)
TOURS = (Row("atp", 2017, 2021, 1), Row("wta", 2017, 2021, 1))
LEAGUES = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.league)


@dataclass(frozen=True, slots=True)
class Scores:
    home: tuple[float, ...]
    away: tuple[float, ...]

    @property
    def margins(self) -> list[float]:
        return [home - away for home, away in zip(self.home, self.away, strict=True)]

    @property
    def sums(self) -> list[float]:
        return [home + away for home, away in zip(self.home, self.away, strict=True)]

    def share(self, *, ahead: bool) -> float:
        """Share of home wins, or of draws."""
        return fmean((margin > 0) if ahead else (margin == 0) for margin in self.margins)


@cache
def simulated(row: Row) -> tuple[tuple[World, SimGame, Truth], ...]:
    """Regular games of two seasons in each of the row's worlds, with their endings."""
    found = []
    for seed in range(1, row.worlds + 1):
        world = World(WorldSettings(anchor=ANCHOR, seed=seed, leagues=(row.league,), calendar="real"))
        for season in world.seasons(row.league)[:2]:
            for day in world.game_days(row.league, season):
                found += [
                    (world, game, world.ending(game))
                    for game in world.games_on(row.league, day)
                    if game.season == season and game.season_type == 2 and game.fate == "played" and not game.exhibition
                ]
    return tuple(found)


def simulated_scores(row: Row) -> Scores:
    endings = [truth for _, game, truth in simulated(row) if not game.neutral]
    return Scores(tuple(truth.home_score for truth in endings), tuple(truth.away_score for truth in endings))


def real_games(shared: Path, row: Row) -> pl.DataFrame:
    games = pl.read_parquet(shared / "data" / "games" / f"{row.league}.parquet")
    return games.filter(pl.col("season").is_between(row.first, row.last))


def real_scores(shared: Path, row: Row) -> Scores:
    games = real_games(shared, row).filter(~pl.col("neutral") & ~pl.col("playoff") & pl.col("home_score").is_not_null())
    home, away = (tuple(float(score) for score in games[column].to_list()) for column in ("home_score", "away_score"))
    assert len(home) > 1000
    return Scores(home, away)


def near(simulated: Sequence[float], real: Sequence[float], within: float) -> bool:
    return math.isclose(pstdev(simulated), pstdev(real), rel_tol=within)


@LEAGUES
def test_points_a_side_have_the_mean_and_the_spread_of_the_real_league(shared: Path, row: Row) -> None:
    ours, theirs = simulated_scores(row), real_scores(shared, row)
    for own, real in ((ours.home, theirs.home), (ours.away, theirs.away)):
        assert fmean(own) == pytest.approx(fmean(real), rel=MEAN_WITHIN)
        assert near(own, real, SPREAD_WITHIN)
    assert near(ours.sums, theirs.sums, SPREAD_WITHIN)


@LEAGUES
def test_margins_are_as_wide_and_lean_as_much_to_the_home_side(shared: Path, row: Row) -> None:
    ours, theirs = simulated_scores(row).margins, real_scores(shared, row).margins
    assert near(ours, theirs, MARGIN_WITHIN)
    assert abs(fmean(ours) - fmean(theirs)) < HOME_MARGIN_WITHIN * pstdev(theirs)


@LEAGUES
def test_home_sides_win_and_games_end_level_as_often(shared: Path, row: Row) -> None:
    ours, theirs = simulated_scores(row), real_scores(shared, row)
    assert abs(ours.share(ahead=True) - theirs.share(ahead=True)) < HOME_WINS_WITHIN
    assert abs(ours.share(ahead=False) - theirs.share(ahead=False)) < DRAWS_WITHIN


@pytest.mark.parametrize("league", ["nba", "nfl"])
def test_games_go_to_overtime_as_often(shared: Path, league: str) -> None:
    row = next(row for row in ROWS if row.league == league)
    quarters = pl.read_parquet(shared / "data" / "periods" / f"{league}_quarters.parquet")
    home, away = (pl.sum_horizontal([f"q{number}_{side}" for number in range(1, 5)]) for side in ("home", "away"))
    real = quarters.select((home == away).mean()).item()
    ours = fmean(truth.period > 4 for _, _, truth in simulated(row))
    assert abs(ours - real) < OVERTIMES_WITHIN


@pytest.mark.parametrize(
    "row", [row for row in (*ROWS, *TOURS) if "caab" not in row.league], ids=lambda row: row.league
)
def test_favourites_are_as_strong_as_bookmakers_make_them(shared: Path, row: Row) -> None:
    games = pl.read_parquet(shared / "data" / "games" / f"{row.league}.parquet")
    games = games.filter(pl.col("close_home").is_not_null())
    last = games["season"].max()
    assert isinstance(last, int)
    closing = games.filter(pl.col("season") > last - 5)
    expected = closing["close_home"] + (closing["close_draw"].cast(pl.Float64).fill_null(0.0) / 2)
    real = [max(chance, 1.0 - chance) for chance in expected.to_list()]
    chances = []
    for world, game, _ in simulated(row)[::5]:
        before = world.truth(game, game.start.replace(year=game.start.year - 1))
        home = before.home_win + before.draw / 2
        chances.append(max(home, 1.0 - home))
    assert abs(fmean(chances) - fmean(real)) < FAVOURITES_WITHIN


@pytest.mark.parametrize("row", TOURS, ids=lambda row: row.league)
def test_players_retire_as_often(shared: Path, row: Row) -> None:
    real = real_games(shared, row).filter(pl.col("level") != "D")["retired"].cast(pl.Float64).mean()
    assert isinstance(real, float)
    ours = fmean(truth.status == "STATUS_RETIRED" for _, _, truth in simulated(row))
    assert abs(ours - real) < RETIREMENTS_WITHIN


def test_a_set_of_men_is_longer_and_they_hold_serve_more_than_women() -> None:
    def games_a_set(row: Row) -> float:
        whole = [truth for _, _, truth in simulated(row) if truth.status == "STATUS_FINAL"]
        return fmean(h + a for truth in whole for h, a in zip(truth.home_lines, truth.away_lines, strict=True))

    men, women = (games_a_set(row) for row in TOURS)
    assert 9.4 < women < men < 10.6


def test_about_a_third_of_the_matches_of_three_sets_need_the_third() -> None:
    for row in TOURS:
        short = [truth for _, game, truth in simulated(row) if game.best_of == 3 and truth.status == "STATUS_FINAL"]
        assert 0.3 < fmean(len(truth.home_lines) == 3 for truth in short) < 0.4
