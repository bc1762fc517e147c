"""A model walks forward, mirrors on neutral ground, and goes on from a state as if it had never stopped."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.pipeline.offline import forecast_games
from precog_assets.ratings.frozen import from_bytes, to_bytes
from precog_assets.ratings.games import Games, games_from
from precog_assets.ratings.model import Model, NeedsHistory, Run
from precog_assets_tests.ratings.builders import LEAGUES, games_file, season_frame

ONE_OF_EACH = ("nfl", "nba", "nhl", "mlb", "ncaab", "epl", "atp")
MODELS = [(league, name) for league in ONE_OF_EACH for name in LEAGUES[league].rating.models]
SIDES = ("p_home", "p_draw", "p_away")
SWAPPED = {"home": "away", "away": "home", "home_score": "away_score", "away_score": "home_score"}


def arrays(league: str, frame: pl.DataFrame | None = None, **drawn: int) -> Games:
    return games_from(games_file(league, frame, **drawn).frame, LEAGUES[league])


def probabilities(league: str, frame: pl.DataFrame, name: str = "default") -> np.ndarray:
    found = forecast_games(games_file(league, frame), name).frame
    return found.select(SIDES).to_numpy()


def same(one: Run, other: Run, first: int, last: int) -> bool:
    """`other` has the games first to last of `one`, to the last bit."""
    rated = all(
        np.array_equal(getattr(one.rated, f.name)[first:last], getattr(other.rated, f.name), equal_nan=True)
        for f in fields(one.rated)
    )
    return rated and np.array_equal(one.probabilities[first:last], other.probabilities)


@pytest.mark.parametrize(("league", "name"), MODELS)
def test_probabilities_are_positive_and_sum_to_one(league: str, name: str) -> None:
    run = Model(LEAGUES[league], name).run(arrays(league))
    assert run.probabilities.shape[1] == len(LEAGUES[league].outcomes)
    assert (run.probabilities > 0).all()
    assert run.probabilities.sum(axis=1) == pytest.approx(np.ones(len(run.probabilities)), abs=1e-12)
    assert np.isfinite(run.rated.before).all()
    assert np.isfinite(run.rated.after).all()


@pytest.mark.parametrize(("league", "name"), MODELS)
def test_no_forecast_knows_a_result_of_its_own_day_or_later(league: str, name: str) -> None:
    frame = season_frame(league, seed=3)
    cut = sorted(frame["date"].unique())[25]
    swapped = frame.with_columns(
        home_score=pl.when(pl.col("date") >= cut).then("away_score").otherwise("home_score"),
        away_score=pl.when(pl.col("date") >= cut).then("home_score").otherwise("away_score"),
    )
    if LEAGUES[league].is_individual:  # rows count in the order given: of the day itself only the first is safe
        safe = frame.with_row_index().filter(pl.col("date") >= cut)["index"][0] + 1
    else:
        safe = frame.filter(pl.col("date") <= cut).height
    before, after = probabilities(league, frame, name), probabilities(league, swapped, name)
    np.testing.assert_array_equal(before[:safe], after[:safe])
    if name == "default":
        assert not np.array_equal(before[safe:], after[safe:])


@pytest.mark.parametrize("league", ONE_OF_EACH)
def test_going_on_from_a_kept_state_equals_never_having_stopped(league: str) -> None:
    games = arrays(league, seed=5)
    model = Model(LEAGUES[league])
    season = int(np.flatnonzero(games.season == games.season[-1])[0])
    days = np.flatnonzero(np.diff(games.batch)) + 1
    cuts = [season, int(days[days > season][4]), len(games)]
    whole = model.run(games, keep=cuts)
    for first in cuts[:2]:
        state = from_bytes(to_bytes(whole.kept[first]))
        assert same(whole, model.run(games.part(first, len(games)), state), first, len(games))


def test_running_on_leaves_the_state_it_was_given_as_it_was() -> None:
    games = arrays("nfl")
    model = Model(LEAGUES["nfl"])
    first = int(np.flatnonzero(games.season == games.season[-1])[0])
    state = model.run(games, keep=[first]).kept[first]
    content = to_bytes(state)
    model.run(games.part(first, len(games)), state)
    assert to_bytes(state) == content


def test_a_side_met_later_is_the_same_as_one_known_from_the_start() -> None:
    frame = season_frame("nfl", seasons=1)
    newcomer = frame.with_columns(home=pl.when(pl.col("date") > "2015-09-20").then(pl.lit("t99")).otherwise("home"))
    newcomer = newcomer.unique(["date", "home"], keep="first", maintain_order=True)
    whole = arrays("nfl", newcomer)
    model = Model(LEAGUES["nfl"])
    cut = int(np.flatnonzero(newcomer.sort("date", "home", "away")["date"].to_numpy() > "2015-09-20")[0])
    early = games_file("nfl", newcomer).frame[:cut]
    state = model.run(games_from(early, LEAGUES["nfl"])).state
    late = games_from(games_file("nfl", newcomer).frame[cut:], LEAGUES["nfl"], state.teams)
    assert late.teams[-1] == "t99"
    assert same(model.run(whole), model.run(late, state), cut, len(whole))


def test_a_new_season_or_another_version_needs_the_history() -> None:
    games = arrays("nfl")
    first = int(np.flatnonzero(games.season == games.season[-1])[0])
    model = Model(LEAGUES["nfl"])
    state = model.run(games.part(0, first)).state
    with pytest.raises(NeedsHistory, match="new season"):
        model.run(games.part(first, len(games)), state)
    with pytest.raises(NeedsHistory, match="nfl-plain"):
        Model(LEAGUES["nfl"], "plain").run(games.part(first - 1, first), state)


@pytest.mark.parametrize("league", [league for league in ONE_OF_EACH if league != "atp"])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_a_days_games_does_not_matter_in_team_leagues(league: str, seed: int) -> None:
    frame = season_frame(league, seed=seed % 7).with_row_index("at")
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    one, other = probabilities(league, frame.drop("at")), probabilities(league, shuffled.drop("at"))
    np.testing.assert_array_equal(one, other[np.argsort(shuffled["at"].to_numpy())])


@pytest.mark.parametrize(("league", "name"), MODELS)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), flips=st.integers(0, 10_000))
def test_swapping_the_sides_mirrors_the_forecast_on_neutral_ground(
    league: str, name: str, seed: int, flips: int
) -> None:
    frame = season_frame(league, seed=seed, seasons=2, neutral=True)
    flip = pl.Series(np.random.default_rng(flips).random(frame.height) < 0.5)
    swapped = frame.with_columns(
        *(
            pl.when(flip).then(pl.col(two)).otherwise(pl.col(one)).alias(one)
            for one, two in (
                ("home", "away"),
                ("away", "home"),
                ("home_score", "away_score"),
                ("away_score", "home_score"),
            )
        )
    )
    before, after = probabilities(league, frame, name), probabilities(league, swapped, name)
    turned = np.where(flip.to_numpy()[:, None], after[:, ::-1], after)
    np.testing.assert_allclose(np.nan_to_num(before), np.nan_to_num(turned), atol=1e-9)


def test_games_without_scores_are_forecast_and_teach_nothing() -> None:
    frame = season_frame("nba", seasons=1)
    last = frame["date"].max()
    open_games = frame.with_columns(
        pl.when(pl.col("date") == last).then(None).otherwise(pl.col(side)).alias(side)
        for side in ("home_score", "away_score")
    )
    np.testing.assert_array_equal(probabilities("nba", frame), probabilities("nba", open_games))


def test_a_better_model_than_a_coin_comes_out_of_games_that_have_a_better_side() -> None:
    frame = season_frame("nba", seasons=4, days=40)
    p = probabilities("nba", frame)[:, 0]
    won = (frame["home_score"] > frame["away_score"]).to_numpy()
    late = frame["season"].to_numpy() == 2018
    assert ((p - won)[late] ** 2).mean() < 0.23


def test_a_franchise_that_moves_keeps_its_rating() -> None:
    league = LEAGUES["nhl"]
    assert league.rating.franchises == {"nhl:129764": "nhl:24"}
    frame = season_frame("nhl", seasons=1).with_columns(pl.col("home", "away").replace({"t03": "nhl:24"}))
    moved = frame.with_columns(
        pl.when(pl.col("date") > "2015-09-15")
        .then(pl.col(side).replace({"nhl:24": "nhl:129764"}))
        .otherwise(side)
        .alias(side)
        for side in ("home", "away")
    )
    np.testing.assert_array_equal(probabilities("nhl", frame), probabilities("nhl", moved))


def test_a_team_may_play_twice_a_day() -> None:
    frame = season_frame("mlb", seasons=1)
    twice = pl.concat([frame, frame.with_columns(home_score=pl.col("home_score") + 1)])
    p = probabilities("mlb", twice)
    np.testing.assert_array_equal(p[: frame.height, 0], p[frame.height :, 0])
