"""Tuning never looks at the season it tests, repeats itself, and proposes what did best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from precog_assets.ratings.games import Games, games_from
from precog_assets.ratings.model import Model
from precog_assets.ratings.tuning import tunable, tune
from precog_assets_tests.ratings.builders import LEAGUES, games_file


def games(league: str = "nba", **drawn: int) -> Games:
    return games_from(games_file(league, **{"seasons": 6, "days": 20, **drawn}).frame, LEAGUES[league])


@pytest.mark.parametrize(("league", "name"), [("nba", "default"), ("nba", "plain"), ("epl", "default")])
def test_the_choice_for_a_season_does_not_see_it(league: str, name: str) -> None:
    played = games(league)
    last = played.season == played.season[-1]
    turned = replace(
        played,
        result=np.where(last, 1.0 - played.result, played.result),
        home_score=np.where(last, played.away_score, played.home_score),
        away_score=np.where(last, played.home_score, played.away_score),
    )
    model = Model(LEAGUES[league], name)
    one, other = (tune(model, given, sets=12, test_seasons=2) for given in (played, turned))
    assert one.tested[0] == other.tested[0]
    assert one.tested[1] != other.tested[1]


def test_equal_seeds_give_equal_proposals_and_others_other_ones() -> None:
    model, played = Model(LEAGUES["nba"], "plain"), games()
    assert tune(model, played, sets=20, test_seasons=2) == tune(model, played, sets=20, test_seasons=2)
    assert (
        tune(model, played, sets=20, test_seasons=2).after != tune(model, played, sets=20, test_seasons=2, seed=2).after
    )


def test_before_is_the_model_in_force() -> None:
    model, played = Model(LEAGUES["nba"]), games()
    found = tune(model, played, sets=3, test_seasons=1)
    p = model.run(played).probabilities
    happened = np.where(played.result == 1.0, p[:, 0], p[:, 1])[played.season == played.season[-1]]
    assert found.tested[0].before == pytest.approx(-np.log(happened).mean())
    assert found.before == tunable(LEAGUES["nba"].rating, "margin")


def test_wrong_parameters_are_found_and_mended() -> None:
    league = LEAGUES["nba"]
    elo = league.rating.elo.model_copy(update={"k": 90.0})
    wild = league.model_copy(update={"rating": league.rating.model_copy(update={"elo": elo})})
    found = tune(Model(wild, "plain"), games(days=40), sets=60, test_seasons=3)
    assert found.gain > 0
    assert found.better_seasons >= 2
    assert found.after["k"] < 90


def test_progress_counts_up_to_all_sets() -> None:
    told: list[int] = []
    tune(Model(LEAGUES["nba"]), games(), sets=4, test_seasons=2, progress=told.append)
    assert told == [1, 2, 3, 4, 5]


def test_too_few_seasons_are_refused() -> None:
    with pytest.raises(ValueError, match="6 seasons of nba; testing 4 needs at least 7"):
        tune(Model(LEAGUES["nba"]), games(), sets=1, test_seasons=4)
