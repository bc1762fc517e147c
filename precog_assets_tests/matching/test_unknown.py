"""A code nobody knows: told by its sub-title where that names one club, else refused with what a person may accept."""

import pytest

from precog_assets.domain.leagues import Outcome
from precog_assets.matching.results import Alias, Reason
from precog_assets_tests.matching.builders import fixture, matched, refused

GAME = fixture("nfl", "TB", "DAL", "2026-10-08 20:15")
UNKNOWN = "KXNFLGAME-26OCT08TBCOW"


@pytest.mark.parametrize("title", ["Dallas", "Cowboys", "Dallas Cowboys", " dallas "])
def test_a_sub_title_that_names_one_club_stands_for_the_code(title):
    result = matched(f"{UNKNOWN}-COW", GAME, names={"TB": "Tampa Bay", "COW": title})
    assert (result.game_id, result.outcome, result.rule, result.score) == (GAME.game_id, Outcome.HOME, "sub_title", 0.8)
    assert result.evidence["sub_title"] == f"COW is {title}"


def test_the_known_side_of_such_an_event_is_matched_too():
    assert matched(f"{UNKNOWN}-TB", GAME, names={"COW": "Dallas"}, event_codes=["TB", "COW"]).outcome is Outcome.AWAY


@pytest.mark.parametrize("title", ["New York", "Los Angeles", "Springfield", "", "Tampa Bay", "Dall"])
def test_a_sub_title_of_two_clubs_of_none_or_of_the_other_side_is_no_evidence(title):
    refusal = refused(f"{UNKNOWN}-COW", GAME, names={"COW": title})
    assert refusal.reason is Reason.UNKNOWN_CODE


def test_a_sub_title_is_not_read_where_the_code_is_known():
    result = matched("KXNFLGAME-26OCT08TBDAL-DAL", GAME, names={"DAL": "Tampa Bay", "TB": "Dallas"})
    assert (result.outcome, result.rule) == (Outcome.HOME, "only_game_of_pair")


def test_a_code_of_other_days_is_not_taken_for_its_sub_titles_club():
    game = fixture("nfl", "NYG", "LAR", "2026-09-21 20:15")
    refusal = refused("KXNFLGAME-26SEP21NYGLA-LA", game, names={"LA": "Los Angeles Rams"})
    assert refusal.reason is Reason.UNKNOWN_CODE


def test_the_refusal_names_the_alias_that_would_mend_it():
    refusal = refused(f"{UNKNOWN}-COW", GAME)
    assert refusal.alias == Alias("nfl", "COW", GAME.home_team_id)
    assert (refusal.candidates, refusal.score) == ((GAME.game_id,), 0.35)
    assert "Dallas Cowboys" in refusal.suggestion


def test_two_games_that_could_be_meant_offer_no_alias():
    first = fixture("mlb", "TB", "BOS", "2026-07-17 13:35", key="mlb:1")
    second = fixture("mlb", "TB", "BOS", "2026-07-17 19:10", key="mlb:2")
    refusal = refused("KXMLBGAME-26JUL17TBXXX-TB", first, second)
    assert (refusal.alias, set(refusal.candidates)) == (None, {"mlb:1", "mlb:2"})


def test_nothing_known_of_either_side_scores_lowest_and_offers_nothing():
    refusal = refused("KXNFLGAME-26OCT08QQQXXX-QQQ", GAME)
    assert (refusal.reason, refusal.alias, refusal.candidates, refusal.score) == (Reason.UNKNOWN_CODE, None, (), 0.25)
