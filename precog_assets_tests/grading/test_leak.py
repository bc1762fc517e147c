"""The leak guard: which figures it does not believe, from how many games on, and what it says of them."""

import pytest

from precog_assets.grading.intervals import Interval
from precog_assets.grading.leak import LeakBand, leak_findings

NFL = LeakBand("brier", 0.205, 0.70)
EPL = LeakBand("rps", 0.185, 0.60)


def findings(
    band: LeakBand | None = NFL, *, games=600, brier=0.215, rps=None, accuracy=0.65, priced_games=0, skill=None
):
    return leak_findings(
        "nfl",
        "elo-nfl-1",
        band,
        games=games,
        brier=brier,
        rps=rps,
        accuracy=accuracy,
        priced_games=priced_games,
        skill=skill,
    )


def skill_of(estimate, low, high):
    return Interval(estimate, low, high, 0.95, 2000, 200)


def test_a_credible_model_is_left_in_peace():
    assert findings(priced_games=600, skill=skill_of(-0.03, -0.05, -0.01)) == ()


def test_a_score_below_the_band_is_found_with_its_figures():
    (found,) = findings(brier=0.2)
    assert (found.rule, found.score, found.games, found.figure, found.limit) == (
        "score_below_band",
        "brier",
        600,
        0.2,
        0.205,
    )
    assert found.reason.startswith("nfl: Brier 0.2000 over 600 games is below 0.205")


def test_an_accuracy_above_the_band_is_found():
    (found,) = findings(accuracy=0.71)
    assert (found.rule, found.figure, found.limit) == ("accuracy_above_band", 0.71, 0.70)


def test_the_band_of_a_league_with_draws_is_of_its_rps():
    (found,) = findings(EPL, brier=0.55, rps=0.18, accuracy=0.5)
    assert (found.score, found.figure) == ("rps", 0.18)


def test_an_open_bound_accuses_nobody():
    assert findings(LeakBand("brier", None, None), brier=0.01, accuracy=0.99) == ()


def test_luck_over_few_games_is_no_leak():
    assert findings(games=499, brier=0.15, accuracy=0.8) == ()
    assert len(findings(games=500, brier=0.15, accuracy=0.8)) == 2


def test_beating_the_close_without_doubt_is_found_also_where_no_band_is_known():
    (found,) = findings(None, priced_games=300, skill=skill_of(0.03, 0.01, 0.05))
    assert (found.rule, found.games, found.figure, found.low, found.high) == ("beats_close", 300, 0.03, 0.01, 0.05)
    assert "+3.00% over 300 games (95% interval +1.00% to +5.00%)" in found.reason


@pytest.mark.parametrize(
    ("priced_games", "skill"),
    [(300, skill_of(0.03, -0.001, 0.06)), (300, skill_of(0.009, 0.001, 0.02)), (99, skill_of(0.05, 0.01, 0.09))],
    ids=["in doubt", "by less than one percent", "over too few games"],
)
def test_beating_the_close_is_no_leak(priced_games, skill):
    assert findings(priced_games=priced_games, skill=skill) == ()


def test_a_band_of_rps_for_two_outcomes_is_refused():
    with pytest.raises(ValueError, match="right is brier"):
        findings(EPL)


@pytest.mark.parametrize("band", [("log_loss", 0.5, None), ("brier", 1.5, None), ("brier", None, 0.0)])
def test_a_band_that_means_nothing_is_refused(band):
    with pytest.raises(ValueError, match="leak band"):
        LeakBand(*band)
