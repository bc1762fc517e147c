"""Team leagues: which game, which side, and every refusal."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from precog_assets.config import league_of_series, load_leagues
from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.statuses import GamePhase
from precog_assets.domain.tickers import parse_ticker
from precog_assets.matching.games import GameIndex
from precog_assets.matching.match import match_market
from precog_assets.matching.registry import AliasRegistry
from precog_assets.matching.results import Reason
from precog_assets.seeds import CodeSeed
from precog_assets_tests.matching.builders import fixture, matched, refused

HOU_NE = fixture("nfl", "HOU", "NE", "2026-01-18 15:00", key="nfl:1")
ONE = fixture("mlb", "BAL", "DET", "2025-04-26 13:10", key="mlb:g1")
TWO = fixture("mlb", "BAL", "DET", "2025-04-26 18:40", key="mlb:g2")


# Every real ticker of the references: ticker, league, away and home (ESPN), Eastern start, YES.
REAL = [
    ("KXNFLGAME-26OCT08TBDAL-DAL", "nfl", "TB", "DAL", "2026-10-08 20:15", "home"),
    ("KXNFLGAME-26OCT11PHIJAC", "nfl", "PHI", "JAX", "2026-10-11 09:30", None),
    ("KXNFLGAME-26OCT11CINMIA", "nfl", "CIN", "MIA", "2026-10-11 13:00", None),
    ("KXNFLGAME-26SEP20CARATL-CAR", "nfl", "CAR", "ATL", "2026-09-20 13:00", "away"),
    ("KXNFLGAME-26SEP21NYGLAR-NYG", "nfl", "NYG", "LAR", "2026-09-21 20:15", "away"),
    ("KXNFLGAME-25SEP22DETBAL-BAL", "nfl", "DET", "BAL", "2025-09-22 20:15", "home"),
    ("KXNFLGAME-25NOV27GBDET", "nfl", "GB", "DET", "2025-11-27 13:00", None),
    ("KXNFLGAME-25DEC27BALGB-GB", "nfl", "BAL", "GB", "2025-12-27 20:00", "home"),
    ("KXNFLGAME-25OCT19LAJAC-LA", "nfl", "LAR", "JAX", "2025-10-19 09:30", "away"),
    ("KXNFLGAME-26JAN18HOUNE-NE", "nfl", "HOU", "NE", "2026-01-18 15:00", "home"),
    ("KXNBAGAME-26OCT20BOSDET-BOS", "nba", "BOS", "DET", "2026-10-20 19:30", "away"),
    ("KXNBAGAME-26MAY25NYKCLE-NYK", "nba", "NY", "CLE", "2026-05-25 20:00", "away"),
    ("KXNBAGAME-26MAR07NYKLAC", "nba", "NY", "LAC", "2026-03-07 22:30", None),
    ("KXNBAGAME-25DEC31GSWCHA-GSW", "nba", "GS", "CHA", "2025-12-31 13:00", "away"),
    ("KXMLBGAME-26JUL282210SEALAD-LAD", "mlb", "SEA", "LAD", "2026-07-28 22:10", "home"),
    ("KXMLBGAME-26JUN062210NYMSD", "mlb", "NYM", "SD", "2026-06-06 22:10", None),
    ("KXMLBGAME-26APR221310CINTB", "mlb", "CIN", "TB", "2026-04-22 13:10", None),
    ("KXMLBGAME-26APR07NYYBOS", "mlb", "NYY", "BOS", "2026-04-07 18:45", None),
    ("KXMLBGAME-26APR301235STLPIT", "mlb", "STL", "PIT", "2026-04-30 12:35", None),
    ("KXMLBGAME-26MAR261610BOSCIN-BOS", "mlb", "BOS", "CIN", "2026-03-26 16:10", "away"),
    ("KXMLBGAME-26JUN102138HOULAA", "mlb", "HOU", "LAA", "2026-06-10 21:38", None),
    ("KXMLBGAME-25SEP24KCLAA", "mlb", "KC", "LAA", "2025-09-24 21:38", None),
    ("KXNHLGAME-26JUN14CARVGK-CAR", "nhl", "CAR", "VGK", "2026-06-14 20:00", "away"),
    ("KXNHLGAME-26OCT10DALPIT-DAL", "nhl", "DAL", "PIT", "2026-10-10 19:00", "away"),
    ("KXNHLGAME-26OCT01FLASJ-FLA", "nhl", "FLA", "SJ", "2026-10-01 22:30", "away"),
    ("KXNHLGAME-26MAR25NYRTOR-TOR", "nhl", "NYR", "TOR", "2026-03-25 19:00", "home"),
    ("KXEPLGAME-26AUG28CRYMCI-CRY", "epl", "MNC", "CRY", "2026-08-28 15:00", "home"),
    ("KXEPLGAME-26AUG28CRYMCI-MCI", "epl", "MNC", "CRY", "2026-08-28 15:00", "away"),
    ("KXEPLGAME-26AUG28CRYMCI-TIE", "epl", "MNC", "CRY", "2026-08-28 15:00", "draw"),
    ("KXEPLGAME-26MAY04EVEMCI-EVE", "epl", "MNC", "EVE", "2026-05-04 15:00", "home"),
    ("KXEPLGAME-26MAY04CFCNFO-NFO", "epl", "NFO", "CHE", "2026-05-04 10:00", "away"),
    ("KXEPLGAME-25DEC27CFCAVL-TIE", "epl", "AVL", "CHE", "2025-12-27 12:30", "draw"),
    ("KXLIGUE1GAME-26SEP20OLMPSG", "ligue1", "PSG", "OLM", "2026-09-20 14:45", None),
    ("KXLIGUE1GAME-26SEP20NICLIL-LIL", "ligue1", "LILL", "NICE", "2026-09-20 09:00", "away"),
    ("KXLIGUE1GAME-26SEP19OLREN", "ligue1", "REN", "LYON", "2026-09-19 15:05", None),
    ("KXLIGUE1GAME-26FEB13RENPSG", "ligue1", "PSG", "REN", "2026-02-13 14:00", None),
    ("KXLIGUE1GAME-26MAR15HACOL-TIE", "ligue1", "LYON", "HAC", "2026-03-15 12:15", "draw"),
    ("KXLIGUE1GAME-26JAN25LILRCS-LIL", "ligue1", "STR", "LILL", "2026-01-25 14:45", "home"),
    ("KXLIGUE1GAME-26APR19ASMAUX-AUX", "ligue1", "AUX", "MON", "2026-04-19 09:00", "away"),
    ("KXNCAAMBGAME-26APR04MICHARIZ", "ncaab", "MICH", "ARIZ", "2026-04-04 20:49", None),
    ("KXNCAAMBGAME-26JAN19PROVMARQ-MARQ", "ncaab", "PROV", "MARQ", "2026-01-19 20:00", "home"),
    ("KXNCAAMBGAME-26FEB14VCURICH-VCU", "ncaab", "VCU", "RICH", "2026-02-14 14:00", "away"),
    ("KXNCAAWBGAME-26MAR19NAVYHARV", "wncaab", "NAVY", "HARV", "2026-03-19 19:00", None),
    ("KXNCAAWBGAME-26FEB11FORSLU", "wncaab", "FOR", "SLU", "2026-02-11 20:00", None),
    ("KXNCAAWBGAME-25DEC31DAYGMU-GMU", "wncaab", "DAY", "GMU", "2025-12-31 14:00", "home"),
    ("KXNCAAWBGAME-26NOV04UCONNLOU", "wncaab", "CONN", "LOU", "2026-11-04 17:30", None),
    ("KXNCAAFGAME-26JAN02WAKEMSST", "ncaaf", "WAKE", "MSST", "2026-01-02 20:00", None),
    ("KXNCAAFGAME-26SEP06WSUWASH", "ncaaf", "WSU", "WASH", "2026-09-06 16:00", None),
    ("KXNCAAFGAME-26SEP19FRESSJSU-FRES", "ncaaf", "FRES", "SJSU", "2026-09-19 22:30", "away"),
    ("KXNCAAFGAME-26SEP19PURUCLA-UCLA", "ncaaf", "PUR", "UCLA", "2026-09-19 22:30", "home"),
    ("KXWNBAGAME-26JUL17SEAIND", "wnba", "SEA", "IND", "2026-07-17 19:30", None),
    ("KXMLSGAME-26SEP19MINLAG", "mls", "LA", "MIN", "2026-09-19 20:30", None),
]


@pytest.mark.parametrize(("ticker", "league", "away", "home", "start", "yes"), REAL, ids=[row[0] for row in REAL])
def test_a_real_ticker_finds_its_game_and_its_side(ticker, league, away, home, start, yes):
    game = fixture(league, away, home, start)
    result = matched(ticker, game)
    assert result.game_id == game.game_id
    assert result.outcome == (Outcome(yes) if yes else None)
    assert result.evidence["reversed_order"] is False
    assert result.score == 1.0


@pytest.mark.parametrize(("ticker", "league", "away", "home", "start", "yes"), REAL[:20], ids=[r[0] for r in REAL[:20]])
def test_the_same_pair_a_day_later_is_not_taken_for_it(ticker, league, away, home, start, yes):
    later = fixture(league, away, home, f"{date.fromisoformat(start[:10]) + timedelta(days=1)} 18:00")
    refusal = refused(ticker, later)
    assert refusal.reason is Reason.NO_GAME
    assert refusal.suggestion == later.game_id
    assert "nearest is" in refusal.detail


def test_an_evening_game_is_found_by_its_eastern_day_though_utc_is_on_the_next():
    game = fixture("nfl", "TB", "DAL", "2026-10-08 20:15")
    assert game.start_time.date() == date(2026, 10, 9)
    assert matched("KXNFLGAME-26OCT08TBDAL-TB", game).outcome is Outcome.AWAY
    assert refused("KXNFLGAME-26OCT09TBDAL-TB", game).reason is Reason.NO_GAME


@pytest.mark.parametrize("day", [date(2026, 10, 8), date(2026, 3, 8), date(2026, 11, 1), date(2026, 12, 31)])
def test_midnight_eastern_parts_the_days_also_when_the_clocks_change(day):
    ticker = f"KXNFLGAME-{day:%y%b%d}TBDAL".upper()
    last = fixture("nfl", "TB", "DAL", f"{day} 23:59")
    after = fixture("nfl", "TB", "DAL", f"{day + timedelta(days=1)} 00:00")
    assert matched(ticker, last, after).game_id == last.game_id
    assert refused(ticker, after).reason is Reason.NO_GAME


def test_at_a_neutral_site_the_pair_decides_and_the_turned_order_is_reported():
    game = fixture("nfl", "KC", "LAC", "2025-09-05 20:00")
    result = matched("KXNFLGAME-25SEP05LACKC-LAC", game)
    assert (result.game_id, result.outcome) == (game.game_id, Outcome.HOME)
    assert result.evidence["reversed_order"] is True


def test_both_markets_of_an_event_are_the_two_sides():
    sides = {matched(f"KXNFLGAME-26JAN18HOUNE-{code}", HOU_NE).outcome for code in ("HOU", "NE")}
    assert sides == {Outcome.HOME, Outcome.AWAY}


def test_a_draw_in_a_league_without_draws_is_the_wrong_market_type():
    assert refused("KXNFLGAME-26JAN18HOUNE-TIE", HOU_NE).reason is Reason.WRONG_MARKET_TYPE


def test_a_yes_side_that_does_not_play_is_the_wrong_market_type():
    refusal = refused("KXNFLGAME-26JAN18HOUNE-KC", HOU_NE)
    assert refusal.reason is Reason.WRONG_MARKET_TYPE
    assert "KC is neither side of HOUNE" in refusal.detail


def test_a_yes_code_nobody_has_is_unknown():
    assert refused("KXNFLGAME-26JAN18HOUNE-XX", HOU_NE).reason is Reason.UNKNOWN_CODE


def test_an_event_of_three_sides_is_no_winner_event():
    refusal = refused("KXNFLGAME-26JAN18HOUNE-NE", HOU_NE, event_codes=["HOU", "NE", "KC"])
    assert refusal.reason is Reason.WRONG_MARKET_TYPE


def test_an_unknown_code_names_itself_and_suggests_the_side_its_neighbour_plays():
    game = fixture("nfl", "PHI", "JAX", "2026-10-11 09:30")
    refusal = refused("KXNFLGAME-26OCT11PHIJAX", game)
    assert refusal.reason is Reason.UNKNOWN_CODE
    assert "JAX (next to PHI)" in refusal.detail
    assert "Jacksonville Jaguars" in refusal.suggestion
    assert game.game_id in refusal.suggestion


def test_codes_of_which_nothing_is_known_are_refused_without_a_guess():
    refusal = refused("KXNFLGAME-26JAN18QQQZZZ", HOU_NE)
    assert (refusal.reason, refusal.suggestion) == (Reason.UNKNOWN_CODE, "")


def test_a_guest_from_outside_the_league_is_an_exhibition():
    refusal = refused("KXNBAGAME-25OCT06GUASAS-SAS")
    assert refusal.reason is Reason.EXHIBITION
    assert "Guangzhou" in refusal.detail


@pytest.mark.parametrize("kind", [GameKind.PRESEASON, GameKind.EXHIBITION, GameKind.ALL_STAR])
def test_an_unrated_game_is_named_and_refused_as_exhibition(kind):
    game = fixture("nfl", "HOU", "NE", "2026-08-18 19:00", kind=kind)
    refusal = refused("KXNFLGAME-26AUG18HOUNE-NE", game)
    assert refusal.reason is Reason.EXHIBITION
    assert refusal.candidates == (game.game_id,)


def test_a_pair_that_never_meets_has_no_suggestion():
    refusal = refused("KXNFLGAME-26JAN18HOUNE-NE")
    assert (refusal.reason, refusal.suggestion) == (Reason.NO_GAME, "")
    assert "Houston Texans and New England Patriots" in refusal.detail


@pytest.mark.parametrize(("suffix", "expected"), [("G1", "mlb:g1"), ("G2", "mlb:g2")])
def test_a_doubleheader_is_told_apart_by_number_in_order_of_start(suffix, expected):
    result = matched(f"KXMLBGAME-25APR26BALDET{suffix}", TWO, ONE)
    assert (result.game_id, result.rule) == (expected, "game_number")


def test_a_doubleheader_without_number_or_start_is_ambiguous():
    refusal = refused("KXMLBGAME-25APR26BALDET", ONE, TWO)
    assert refusal.reason is Reason.AMBIGUOUS
    assert set(refusal.candidates) == {"mlb:g1", "mlb:g2"}


def test_a_number_beyond_the_games_known_is_ambiguous():
    assert refused("KXMLBGAME-25APR26BALDETG2", ONE).reason is Reason.AMBIGUOUS
    assert refused("KXMLBGAME-25APR26BALDETG3", ONE, TWO).reason is Reason.AMBIGUOUS


def test_a_doubleheader_of_equal_starts_has_no_order():
    again = fixture("mlb", "BAL", "DET", "2025-04-26 13:10", key="mlb:g9")
    assert refused("KXMLBGAME-25APR26BALDETG1", ONE, again).reason is Reason.AMBIGUOUS


@pytest.mark.parametrize(
    ("clock", "expected"), [("1310", "mlb:g1"), ("1405", "mlb:g1"), ("1840", "mlb:g2"), ("2000", "mlb:g2")]
)
def test_a_doubleheader_is_told_apart_by_the_nearest_start(clock, expected):
    result = matched(f"KXMLBGAME-25APR26{clock}BALDET-BAL", ONE, TWO)
    assert (result.game_id, result.rule) == (expected, "nearest_start")


def test_a_start_in_the_middle_of_two_games_is_ambiguous():
    assert refused("KXMLBGAME-25APR261555BALDET-BAL", ONE, TWO).reason is Reason.AMBIGUOUS


def test_a_number_that_contradicts_the_start_is_ambiguous():
    assert refused("KXMLBGAME-25APR261310BALDETG2", ONE, TWO).reason is Reason.AMBIGUOUS
    assert matched("KXMLBGAME-25APR261310BALDETG1", ONE, TWO).game_id == "mlb:g1"


def test_a_single_game_far_from_the_tickers_start_is_not_taken():
    refusal = refused("KXMLBGAME-25APR261310BALDET-BAL", TWO)
    assert refusal.reason is Reason.AMBIGUOUS
    assert "within 3 h of 13:10 Eastern" in refusal.detail


def test_a_placeholder_start_cannot_contradict_the_ticker():
    game = fixture("mlb", "BAL", "DET", "2025-04-26 03:33", valid=False)
    assert matched("KXMLBGAME-25APR261310BALDET-BAL", game).evidence["start_is_placeholder"] is True


def test_a_postponed_game_that_keeps_its_id_is_found_on_its_first_day():
    moved = fixture("mlb", "BAL", "DET", "2025-04-28 19:00", original_days=[date(2025, 4, 26)])
    for ticker in ("KXMLBGAME-25APR26BALDET-DET", "KXMLBGAME-25APR261310BALDET-DET"):
        result = matched(ticker, moved)
        assert (result.game_id, result.rule, result.outcome) == (moved.game_id, "moved_game", Outcome.HOME)
        assert result.score < 1


def test_a_make_up_under_a_new_id_stands_for_the_postponed_game():
    off = fixture("mlb", "BAL", "DET", "2025-04-26 13:10", key="mlb:off", phase=GamePhase.POSTPONED)
    again = fixture("mlb", "BAL", "DET", "2025-05-28 19:00", key="mlb:again", original_days=[date(2025, 4, 26)])
    assert matched("KXMLBGAME-25APR26BALDET-DET", off, again).game_id == "mlb:again"
    assert matched("KXMLBGAME-25APR261310BALDET-DET", off, again).game_id == "mlb:again"


def test_the_game_that_was_played_on_a_day_with_a_postponed_one_keeps_its_own_start():
    off = fixture("mlb", "BAL", "DET", "2025-04-26 16:05", key="mlb:off", phase=GamePhase.POSTPONED)
    again = fixture("mlb", "BAL", "DET", "2025-05-28 19:00", key="mlb:again", original_days=[date(2025, 4, 26)])
    assert matched("KXMLBGAME-25APR261310BALDET-DET", ONE, off, again).game_id == "mlb:g1"
    assert matched("KXMLBGAME-25APR261605BALDET-DET", ONE, off, again).game_id == "mlb:again"
    assert refused("KXMLBGAME-25APR26BALDETG2", ONE, off, again).reason is Reason.AMBIGUOUS


def test_half_a_doubleheader_called_off_leaves_a_ticker_without_number_ambiguous():
    off = fixture("mlb", "BAL", "DET", "2025-04-26 16:05", key="mlb:off", phase=GamePhase.POSTPONED)
    assert refused("KXMLBGAME-25APR26BALDET-DET", ONE, off).reason is Reason.AMBIGUOUS
    assert matched("KXMLBGAME-25APR26BALDETG2-DET", ONE, off).game_id == "mlb:off"


def test_a_postponed_game_without_a_new_date_is_still_its_own():
    off = fixture("mlb", "BAL", "DET", "2025-04-26 13:10", phase=GamePhase.POSTPONED)
    result = matched("KXMLBGAME-25APR26BALDET-DET", off)
    assert result.evidence["phase"] == GamePhase.POSTPONED
    assert result.score < 1


def two_cuts(ticker):
    """MI+AHO and MIA+HO are both pairs of codes here, and both pairs play that day."""
    codes = [CodeSeed("kalshi", "nfl", code, f"nfl:{code}", None, None) for code in ("MI", "AHO", "MIA", "HO")]
    games = [
        replace(HOU_NE, game_id=f"nfl:{away}-{home}", away_team_id=f"nfl:{away}", home_team_id=f"nfl:{home}")
        for away, home in (("MI", "AHO"), ("MIA", "HO"))
    ]
    parsed = parse_ticker(ticker, league_of_series())
    return match_market(parsed, GameIndex(games), AliasRegistry(codes), load_leagues())


def test_two_cuts_are_decided_by_the_yes_code():
    assert two_cuts("KXNFLGAME-26JAN18MIAHO-MIA").game_id == "nfl:MIA-HO"
    assert two_cuts("KXNFLGAME-26JAN18MIAHO-AHO").game_id == "nfl:MI-AHO"


def test_two_cuts_that_both_have_a_game_are_ambiguous():
    refusal = two_cuts("KXNFLGAME-26JAN18MIAHO")
    assert refusal.reason is Reason.AMBIGUOUS
    assert len(refusal.candidates) == 2
