"""The entry: refusals of tickers pass through, anything typed is answered, and the answer is explained."""

from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.matching.games import GameIndex
from precog_assets.matching.match import explain
from precog_assets.matching.results import Match, Reason, Refusal
from precog_assets_tests.matching.builders import REGISTRY, fixture, match, meeting, refused

GAME = fixture("nfl", "HOU", "NE", "2026-01-18 15:00")
FIRST = fixture("mlb", "TB", "BOS", "2026-07-17 13:35", key="mlb:first")
SECOND = fixture("mlb", "TB", "BOS", "2026-07-17 19:10", key="mlb:second")
GAMES = GameIndex([GAME, FIRST, SECOND, meeting("atp", "Ben Shelton", "Alexander Zverev", "2026-09-13 14:00")])


def told(ticker: str) -> list[str]:
    return explain(ticker, GAMES, REGISTRY, load_leagues()).lines


@pytest.mark.parametrize(
    ("ticker", "reason"),
    [
        ("KXMVENFLSINGLEGAME-S202513E70FA7695-688BECB3826", Reason.MULTI_EVENT),
        ("KXNFLSPREAD-26JAN18HOUNE-NE7", Reason.WRONG_MARKET_TYPE),
        ("KXNBAPTS-26OCT20BOSDET-X", Reason.WRONG_MARKET_TYPE),
        ("KXLALIGAGAME-26SEP16LEVATH", Reason.WRONG_MARKET_TYPE),
        ("KXBUNDESLIGAGAME-26SEP18BMUUNI-TIE", Reason.WRONG_MARKET_TYPE),
        ("KXITFMATCH-26JUN11BARVEL-BAR", Reason.WRONG_MARKET_TYPE),
        ("KXNFLGAME-26FEB30HOUNE-NE", Reason.PARSE_FAIL),
        ("KXNFLGAME", Reason.PARSE_FAIL),
        ("", Reason.PARSE_FAIL),
    ],
)
def test_what_is_no_winner_market_is_refused_with_its_reason(ticker, reason):
    refusal = refused(ticker)
    assert refusal.reason is reason
    assert refusal.detail


def test_start_and_number_of_a_doubleheader_are_both_read():
    result = match("KXMLBGAME-26JUL171335TBBOSG1", FIRST, SECOND)
    assert isinstance(result, Match)
    assert result.game_id == "mlb:first"


def test_the_reasons_are_exactly_these():
    assert {reason.value for reason in Reason} == {
        "parse_fail",
        "unknown_code",
        "no_game",
        "ambiguous",
        "exhibition",
        "wrong_market_type",
        "multi_event",
    }


def test_an_explanation_tells_the_steps_the_verdict_and_the_evidence():
    lines = told("kxnflgame-26jan18houne-ne ")
    assert lines[0] == "KXNFLGAME-26JAN18HOUNE-NE"
    assert any("cut into known codes as HOU+NE on 2026-01-18" in line for line in lines)
    assert any(f"matched: {GAME.game_id}, YES = home (rule only_game_of_pair, score 1.0)" in line for line in lines)
    assert any("reversed_order: False" in line for line in lines)


def test_an_explanation_of_a_refusal_ends_with_what_may_help():
    lines = told("KXNFLGAME-26JAN19HOUNE-NE")
    assert any(line.startswith("  unmatched: no_game: no game of Houston Texans") for line in lines)
    assert lines[-1] == f"    perhaps: {GAME.game_id}"


def test_the_same_question_gets_the_same_answer_in_any_order_of_games():
    ticker = "KXMLBGAME-26JUL171335TBBOS-TB"
    assert match(ticker, FIRST, SECOND) == match(ticker, SECOND, FIRST)


@given(ticker=st.text(max_size=60))
@example(ticker="KXNFLGAME-26JAN18HOUNE-NE")
@example(ticker="KXNFLGAME-26JAN18ÅÄÖNE-NE")
@settings(max_examples=200, deadline=None)
def test_any_text_is_answered(ticker):
    result = explain(ticker, GAMES, REGISTRY, load_leagues())
    assert isinstance(result.result, Match | Refusal)
    assert result.lines


@given(
    series=st.sampled_from(["KXNFLGAME", "KXMLBGAME", "KXNCAAFGAME", "KXATPMATCH", "KXEPLGAME"]),
    teams=st.text("ABCDEGHLMNOSTUVZE", min_size=4, max_size=9),
    yes=st.one_of(st.none(), st.text("ABCEHNOSUVZ", min_size=2, max_size=4)),
    clock=st.sampled_from(["", "1335", "1910", "2359"]),
)
@settings(max_examples=200, deadline=None)
def test_a_match_is_only_ever_a_game_of_that_league(series, teams, yes, clock):
    ticker = f"{series}-26JAN18{clock}{teams}" + (f"-{yes}" if yes else "")
    result = explain(ticker, GAMES, REGISTRY, load_leagues()).result
    if isinstance(result, Match):
        assert result.game_id == GAME.game_id
        assert (series, set(result.evidence["codes"].split("+"))) == ("KXNFLGAME", {"HOU", "NE"})


@given(shift=st.integers(-400, 400))
@settings(max_examples=80, deadline=None)
def test_only_the_eastern_day_of_the_game_matches(shift):
    day = date(2026, 1, 18) + timedelta(days=shift)
    result = match(f"KXNFLGAME-{day:%y%b%d}HOUNE-NE".upper(), GAME)
    assert isinstance(result, Match) == (shift == 0)
