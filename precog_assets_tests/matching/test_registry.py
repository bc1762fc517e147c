"""Codes by league and day, and the cuts of two codes."""

from datetime import date

from precog_assets.matching.registry import AliasRegistry, halves
from precog_assets.seeds import CodeSeed
from precog_assets_tests.matching.builders import REGISTRY

DAY = date(2026, 10, 8)


def code(text: str, team: str, league: str = "nfl", first: date | None = None, last: date | None = None) -> CodeSeed:
    return CodeSeed("kalshi", league, text, f"{league}:{team}", first, last)


def test_the_rams_are_la_until_july_2026_and_lar_from_august():
    assert REGISTRY.teams("nfl", "LA", date(2025, 10, 19)) == {"nfl:14"}
    assert REGISTRY.teams("nfl", "LAR", date(2025, 10, 19)) == frozenset()
    assert REGISTRY.teams("nfl", "LA", date(2026, 9, 21)) == frozenset()
    assert REGISTRY.teams("nfl", "LAR", date(2026, 9, 21)) == {"nfl:14"}


def test_a_code_means_different_clubs_in_different_leagues():
    assert REGISTRY.teams("nba", "UTA", DAY) == {"nba:26"}
    assert REGISTRY.teams("nhl", "UTA", DAY) == {"nhl:129764"}


def test_a_team_with_a_code_of_its_own_is_not_known_by_espns_abbreviation():
    assert REGISTRY.teams("nfl", "JAC", DAY)
    assert not REGISTRY.teams("nfl", "JAX", DAY)


def test_codes_of_other_sources_are_not_read():
    other = CodeSeed("polymarket", "nfl", "KC", "nfl:12", None, None)
    assert not AliasRegistry([other]).teams("nfl", "KC", DAY)


def test_two_to_six_letters_are_cut_wherever_both_sides_are_known():
    assert REGISTRY.split("nfl", "TBDAL", DAY) == [("TB", "DAL")]
    assert REGISTRY.split("ncaab", "MICHARIZ", DAY) == [("MICH", "ARIZ")]
    assert REGISTRY.split("nfl", "GBXYZ", DAY) == []


def test_every_cut_that_fits_is_returned():
    registry = AliasRegistry([code("MI", "1"), code("MIA", "2"), code("AHO", "3"), code("HO", "4")])
    assert registry.split("nfl", "MIAHO", DAY) == [("MI", "AHO"), ("MIA", "HO")]


def test_a_code_that_does_not_hold_on_the_day_does_not_cut():
    registry = AliasRegistry([code("LA", "14", last=date(2026, 7, 31)), code("JAC", "30")])
    assert registry.split("nfl", "LAJAC", date(2025, 10, 19)) == [("LA", "JAC")]
    assert registry.split("nfl", "LAJAC", DAY) == []


def test_a_code_shared_by_two_colleges_names_both():
    registry = AliasRegistry([code("OSU", "194", "ncaaf"), code("OSU", "3161", "ncaaf")])
    assert registry.teams("ncaaf", "OSU", DAY) == {"ncaaf:194", "ncaaf:3161"}


def test_the_known_side_of_a_half_known_cut_comes_first():
    assert ("PHI", "JAX") in REGISTRY.half_known("nfl", "PHIJAX", DAY)
    assert ("PHI", "JAX") in REGISTRY.half_known("nfl", "JAXPHI", DAY)


def test_a_text_too_short_for_two_codes_has_no_cut():
    assert halves("ABC") == []
    assert halves("") == []


def test_guests_and_names_come_from_the_seeds():
    assert REGISTRY.guest("nba", "GUA")
    assert REGISTRY.guest("nfl", "GUA") is None
    assert REGISTRY.name("nfl:12") == "Kansas City Chiefs"
    assert REGISTRY.name("nfl:999") == "nfl:999"
