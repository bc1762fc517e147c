"""The venue's own ids come first: they find games that tickers cannot, and never overrule a known code in silence."""

from datetime import date

import pytest

from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.statuses import GamePhase
from precog_assets.matching.results import Reason
from precog_assets_tests.matching.builders import TEAMS, fixture, match, matched, meeting, named, refused

GAME = fixture("nfl", "TB", "DAL", "2026-10-08 20:15")
MILESTONE = named("nfl", away="TB", home="DAL", start="2026-10-08 20:15")
EARLY = fixture("mlb", "TB", "BOS", "2026-07-17 13:35", key="mlb:early")
LATE = fixture("mlb", "TB", "BOS", "2026-07-17 19:10", key="mlb:late")


def test_the_milestone_is_the_evidence_where_it_names_the_game():
    result = matched("KXNFLGAME-26OCT08TBDAL-DAL", GAME, ids=MILESTONE)
    assert (result.game_id, result.outcome, result.rule, result.score) == (GAME.game_id, Outcome.HOME, "venue_ids", 1.0)
    assert (result.evidence["ids"], result.evidence["codes_agree"]) == ("milestone", True)
    assert result.evidence["start_differs_minutes"] == 0


@pytest.mark.parametrize(("yes", "outcome"), [("TB", Outcome.AWAY), ("XX", Outcome.HOME)])
def test_a_code_nobody_knows_is_matched_by_ids_and_its_side_by_its_target(yes, outcome):
    ids = named("nfl", away="TB", home="DAL", start="2026-10-08 20:15", TB="TB", XX="DAL")
    result = matched(f"KXNFLGAME-26OCT08TBXX-{yes}", GAME, ids=ids)
    assert (result.game_id, result.outcome, result.evidence["codes_agree"]) == (GAME.game_id, outcome, False)


def test_without_the_target_of_an_unknown_yes_code_the_milestone_does_not_tell_the_side():
    assert refused("KXNFLGAME-26OCT08TBXX-XX", GAME, ids=MILESTONE).reason is Reason.UNKNOWN_CODE


def test_structured_targets_alone_name_the_pair():
    result = matched("KXNFLGAME-26OCT08TBXX-XX", GAME, ids=named("nfl", TB="TB", XX="DAL"))
    assert (result.evidence["ids"], result.outcome) == ("structured targets", Outcome.HOME)


def test_ids_and_codes_that_name_different_teams_are_refused_with_both():
    refusal = refused(
        "KXNFLGAME-26OCT08TBDAL-DAL", GAME, fixture("nfl", "KC", "BUF", "2026-10-08 20:15"),
        ids=named("nfl", away="KC", home="BUF"),
    )  # fmt: skip
    assert refusal.reason is Reason.AMBIGUOUS
    assert all(name in refusal.detail for name in ("Buffalo Bills", "Kansas City Chiefs", "TBDAL"))
    assert refusal.score == 0.5


def test_a_yes_code_whose_target_is_the_other_side_is_refused():
    refusal = refused("KXNFLGAME-26OCT08TBDAL-DAL", GAME, ids=named("nfl", TB="DAL", DAL="TB"))
    assert (refusal.reason, refusal.candidates) == (Reason.AMBIGUOUS, (GAME.game_id,))
    assert "different sides" in refusal.detail
    assert refusal.score == 0.75


def test_the_milestones_start_tells_the_games_of_a_doubleheader_apart():
    for game, start in ((EARLY, "2026-07-17 13:30"), (LATE, "2026-07-17 19:05")):
        ids = named("mlb", away="TB", home="BOS", start=start)
        assert matched("KXMLBGAME-26JUL17TBBOS-TB", EARLY, LATE, ids=ids).game_id == game.game_id


def test_the_milestones_start_alone_tells_them_apart_too_where_no_target_is_known():
    ids = named("mlb", start="2026-07-17 19:05")
    result = matched("KXMLBGAME-26JUL17TBBOS-TB", EARLY, LATE, ids=ids)
    assert (result.game_id, result.rule) == (LATE.game_id, "nearest_start")


def test_a_milestone_between_two_games_of_a_day_leaves_them_ambiguous():
    early, late = (fixture("mlb", "TB", "BOS", f"2026-07-17 {at_}", key=at_) for at_ in ("13:00", "17:00"))
    ids = named("mlb", away="TB", home="BOS", start="2026-07-17 15:00")
    assert refused("KXMLBGAME-26JUL17TBBOS-TB", early, late, ids=ids).reason is Reason.AMBIGUOUS


def test_a_moved_game_is_followed_by_its_milestone():
    moved = fixture("nfl", "TB", "DAL", "2026-10-10 16:00", original_days=[date(2026, 10, 8)])
    ids = named("nfl", away="TB", home="DAL", start="2026-10-10 16:00")
    result = matched("KXNFLGAME-26OCT08TBDAL-DAL", moved, ids=ids)
    assert (result.game_id, result.rule, result.evidence["moved"]) == (moved.game_id, "venue_ids", True)


def test_a_game_moved_before_we_first_saw_it_is_found_by_the_milestones_start_alone():
    moved = fixture("nfl", "TB", "DAL", "2026-10-10 16:00")
    ids = named("nfl", away="TB", home="DAL", start="2026-10-10 16:00")
    result = matched("KXNFLGAME-26OCT08TBDAL-DAL", moved, ids=ids)
    assert (result.evidence["moved"], result.score) == (True, 0.9)
    without = named("nfl", TB="TB", DAL="DAL")
    assert refused("KXNFLGAME-26OCT08TBDAL-DAL", moved, ids=without).reason is Reason.NO_GAME


def test_a_milestone_that_starts_far_from_the_tickers_day_moves_nothing():
    later = fixture("nfl", "TB", "DAL", "2026-12-10 16:00")
    ids = named("nfl", away="TB", home="DAL", start="2026-12-10 16:00")
    assert refused("KXNFLGAME-26OCT08TBDAL-DAL", later, ids=ids).reason is Reason.NO_GAME


def test_a_game_of_the_pair_on_another_day_is_not_taken_for_it():
    refusal = refused("KXNFLGAME-26OCT09TBDAL-DAL", GAME, ids=named("nfl", TB="TB", DAL="DAL"))
    assert (refusal.reason, refusal.suggestion) == (Reason.NO_GAME, GAME.game_id)


def test_a_game_that_was_called_off_is_left_to_the_ticker():
    off = fixture("nfl", "TB", "DAL", "2026-10-08 20:15", phase=GamePhase.POSTPONED)
    assert matched("KXNFLGAME-26OCT08TBDAL-DAL", off, ids=MILESTONE).rule == "only_game_of_pair"


@pytest.mark.parametrize("kind", [GameKind.PRESEASON, GameKind.EXHIBITION, GameKind.ALL_STAR])
def test_an_unrated_game_named_by_id_is_an_exhibition(kind):
    game = fixture("nfl", "TB", "DAL", "2026-08-15 20:15", kind=kind)
    refusal = refused("KXNFLGAME-26AUG15TBDAL-DAL", game, ids=named("nfl", away="TB", home="DAL"))
    assert (refusal.reason, refusal.candidates) == (Reason.EXHIBITION, (game.game_id,))


def test_a_draw_has_no_target_and_is_still_a_draw():
    game = fixture("epl", "MNC", "CRY", "2026-08-28 15:00")
    ids = named("epl", home="CRY", away="MNC", CRY="CRY", MCI="MNC")
    assert matched("KXEPLGAME-26AUG28CRYMCI-TIE", game, ids=ids).outcome is Outcome.DRAW
    assert refused("KXNFLGAME-26OCT08TBDAL-TIE", GAME, ids=MILESTONE).reason is Reason.WRONG_MARKET_TYPE


def test_the_venues_other_home_side_is_noted_and_the_side_follows_the_team():
    result = matched("KXNFLGAME-26OCT08TBDAL-DAL", GAME, ids=named("nfl", away="DAL", home="TB"))
    assert (result.outcome, result.evidence["venue_home_differs"]) == (Outcome.HOME, True)


def test_tennis_players_are_found_by_target_a_day_off_and_whatever_their_letters():
    game = meeting("wta", "Nao Hibino", "Chanya Ng", "2026-09-19 03:00")
    sides = {"HIB": "wta:Nao Hibino", "KAI": "wta:Chanya Ng"}
    ids = type(MILESTONE)(sides)
    result = matched("KXWTAMATCH-26SEP18HIBKAI-KAI", game, ids=ids)
    assert (result.outcome, result.rule) == (Outcome.AWAY, "venue_ids")
    assert match("KXWTAMATCH-26SEP16HIBKAI-KAI", game, ids=ids) != result


def test_every_known_team_has_an_id_so_the_helper_names_real_teams():
    assert TEAMS["nfl", "DAL"].team_id == GAME.home_team_id
