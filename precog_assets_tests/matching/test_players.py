"""Tennis: names where they are known, letters where they are not, and no guess between two."""

import pytest

from precog_assets.domain.leagues import Outcome
from precog_assets.matching.players import code_fits, same_player
from precog_assets.matching.results import Reason
from precog_assets_tests.matching.builders import matched, meeting, refused

FINAL = meeting("atp", "Ben Shelton", "Alexander Zverev", "2026-09-13 14:00")
NAMES = {"ZVE": "Alexander Zverev", "SHE": "Ben Shelton"}

# Real pairs of code and yes_sub_title.
REAL_CODES = [
    ("CIG", "Thiago Cigarran"),
    ("ROC", "Oriol Roca Batalla"),
    ("PDA", "Matheus Pucinelli de Almeida"),
    ("HUE", "Arklon Huertas Del Pino Cordova"),
    ("CER", "Juan Manuel Cerundolo"),
    ("VAN", "Botic Van de Zandschulp"),
    ("MAX", "Lea Ma"),
    ("LLE", "Sophie LLEWELLYN"),
    ("JIM", "Victoria Jimenez Kasintseva"),
    ("CAD", "Elena-Teodora Cadar"),
    ("KHA", "Ekaterina Khayrutdinova"),
]


@pytest.mark.parametrize(("code", "name"), REAL_CODES)
def test_a_real_code_fits_its_players_name(code, name):
    assert code_fits(code, name)


def test_a_code_is_not_read_from_the_first_name():
    assert not code_fits("CAR", "Carlos Alcaraz")
    assert not code_fits("ALE", "Alexander Zverev")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Félix Auger-Aliassime", "Felix Auger Aliassime"),
        ("Botic van de Zandschulp", "Botic Van de Zandschulp"),
        ("B. Shelton", "Ben Shelton"),
        ("Hugo Dellien", "Hugo Dellien Velasco"),
        ("Zheng Qinwen", "Qinwen Zheng"),
        ("Alex Michelsen", "Alexander Michelsen"),
        ("Iga Świątek", "Iga Swiatek"),
        ("Holger Vitus Nødskov Rune", "Holger Rune"),
        ("Christopher O'Connell", "Christopher OConnell"),
    ],
)
def test_two_spellings_of_one_player_agree(first, second):
    assert same_player(first, second)
    assert same_player(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Francisco Cerundolo", "Juan Manuel Cerundolo"),
        ("Mirra Andreeva", "Erika Andreeva"),
        ("Ben Shelton", "Bryan Shelton"),
        ("", "Ben Shelton"),
        ("Shelton", "Ben Shelton"),
    ],
)
def test_two_players_do_not_agree_however_alike(first, second):
    assert not same_player(first, second)


@pytest.mark.parametrize(("code", "outcome"), [("SHE", Outcome.HOME), ("ZVE", Outcome.AWAY)])
def test_names_find_the_match_and_the_side(code, outcome):
    result = matched(f"KXATPMATCH-26SEP13ZVESHE-{code}", FINAL, names=NAMES)
    assert (result.game_id, result.outcome, result.rule) == (FINAL.game_id, outcome, "player_names")
    assert result.score == 1.0


def test_letters_alone_find_a_unique_match_with_a_lower_score():
    result = matched("KXATPMATCH-26SEP13ZVESHE-ZVE", FINAL)
    assert (result.outcome, result.rule, result.score) == (Outcome.AWAY, "surname_codes", 0.8)


def test_one_name_and_one_code_find_a_unique_match():
    result = matched("KXATPMATCH-26SEP13ZVESHE-ZVE", FINAL, names={"ZVE": "Alexander Zverev"})
    assert (result.outcome, result.rule) == (Outcome.AWAY, "one_name_one_code")


@pytest.mark.parametrize("day", ["26SEP12", "26SEP14"])
def test_a_match_may_be_played_a_day_off_the_ticker(day):
    result = matched(f"KXATPMATCH-{day}ZVESHE-ZVE", FINAL, names=NAMES)
    assert abs(int(result.evidence["days_apart"])) == 1


def test_a_match_two_days_off_is_only_suggested():
    refusal = refused("KXATPMATCH-26SEP11ZVESHE-ZVE", FINAL, names=NAMES)
    assert (refusal.reason, refusal.suggestion) == (Reason.NO_GAME, FINAL.game_id)


def test_two_matches_that_fit_the_letters_are_ambiguous_and_names_decide():
    other = meeting("atp", "Jack Sherif", "Bob Zvereva", "2026-09-13 11:00")
    refusal = refused("KXATPMATCH-26SEP13ZVESHE-ZVE", FINAL, other)
    assert refusal.reason is Reason.AMBIGUOUS
    assert set(refusal.candidates) == {FINAL.game_id, other.game_id}
    assert matched("KXATPMATCH-26SEP13ZVESHE-ZVE", FINAL, other, names=NAMES).game_id == FINAL.game_id


def test_wrong_names_beat_fitting_letters():
    names = {"ZVE": "Mischa Zverev", "SHE": "Ben Shelton"}
    assert refused("KXATPMATCH-26SEP13ZVESHE-ZVE", FINAL, names=names).reason is Reason.NO_GAME


def test_brothers_of_one_code_are_ambiguous():
    brothers = meeting("atp", "Francisco Cerundolo", "Juan Manuel Cerundolo", "2026-08-30 14:00")
    assert refused("KXATPMATCH-26AUG30CERCER-CER", brothers).reason is Reason.AMBIGUOUS


def test_a_given_name_as_code_needs_the_name():
    game = meeting("wta", "Nao Hibino", "Chanya Ng", "2026-09-18 03:00")
    assert refused("KXWTAMATCH-26SEP18HIBKAI-KAI", game).reason is Reason.NO_GAME
    names = {"KAI": "Kai Ning Chanya Ng", "HIB": "Nao Hibino"}
    assert matched("KXWTAMATCH-26SEP18HIBKAI-KAI", game, names=names).outcome is Outcome.AWAY


def test_challengers_are_not_matched_by_letters():
    game = meeting("atp", "Hugo Kasler", "Facundo Gomez", "2026-02-14 10:00")
    refusal = refused("KXATPCHALLENGERMATCH-26FEB14KASGOM-KAS", game)
    assert refusal.reason is Reason.AMBIGUOUS
    assert "names" in refusal.detail
    names = {"KAS": "Hugo Kasler", "GOM": "Facundo Gomez"}
    assert matched("KXATPCHALLENGERMATCH-26FEB14KASGOM-KAS", game, names=names).outcome is Outcome.HOME


def test_the_tours_are_kept_apart():
    women = meeting("wta", "Ben Shelton", "Alexander Zverev", "2026-09-13 14:00")
    assert refused("KXATPMATCH-26SEP13ZVESHE-ZVE", women, names=NAMES).reason is Reason.NO_GAME


def test_a_side_that_is_not_in_the_ticker_is_the_wrong_market_type():
    assert refused("KXATPMATCH-26SEP13ZVESHE-ALC", FINAL).reason is Reason.WRONG_MARKET_TYPE


def test_an_event_ticker_is_matched_without_a_side():
    assert matched("KXATPMATCH-26SEP13ZVESHE", FINAL).outcome is None


def test_the_tournament_in_the_markets_text_decides_between_two_matches_of_the_letters():
    tokyo = meeting("atp", "Ben Shelton", "Alexander Zverev", "2026-09-13 14:00", key="tokyo", tournament="Tokyo Open")
    other = meeting("atp", "Jack Sherif", "Bob Zvereva", "2026-09-13 11:00", key="other", tournament="Chengdu Open")
    ticker = "KXATPMATCH-26SEP13ZVESHE-ZVE"
    assert matched(ticker, tokyo, other, text="Zverev against Shelton in the 2026 Tokyo Open").game_id == "tokyo"
    assert refused(ticker, tokyo, other, text="a match").reason is Reason.AMBIGUOUS
    assert refused(ticker, tokyo, other, text="Tokyo Open or Chengdu Open").reason is Reason.AMBIGUOUS
