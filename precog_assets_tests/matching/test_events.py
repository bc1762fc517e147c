"""The markets of an event are one game, each side once; what does not fit together is refused together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Outcome
from precog_assets.matching.events import check_event
from precog_assets.matching.results import Match, Reason, Refusal
from precog_assets_tests.matching.builders import fixture, match

NFL, EPL = load_leagues()["nfl"], load_leagues()["epl"]


def tied(game_id: str, outcome: Outcome | None) -> Match:
    return Match(game_id, outcome, "only_game_of_pair", {"codes": "A+B"}, 1.0, ("matched",))


def test_two_sides_of_one_game_are_complete() -> None:
    game = fixture("nfl", "TB", "DAL", "2026-10-08 20:15")
    event = "KXNFLGAME-26OCT08TBDAL"
    found = check_event(NFL, {f"{event}-{code}": match(f"{event}-{code}", game) for code in ("TB", "DAL")})
    said = {ticker: (one.outcome, one.evidence["event_complete"]) for ticker, one in found.items()}  # type: ignore[union-attr]
    assert said == {f"{event}-TB": (Outcome.AWAY, True), f"{event}-DAL": (Outcome.HOME, True)}


def test_three_markets_of_a_soccer_event_are_home_away_and_draw() -> None:
    game = fixture("epl", "MNC", "CRY", "2026-08-28 15:00")
    event = "KXEPLGAME-26AUG28CRYMCI"
    codes = ["CRY", "MCI", "TIE"]
    results = {code: match(f"{event}-{code}", game, event_codes=codes) for code in codes}
    found = check_event(EPL, results)
    assert {one.outcome for one in found.values() if isinstance(one, Match)} == set(EPL.outcomes)
    assert all(one.evidence["event_complete"] for one in found.values() if isinstance(one, Match))


def test_a_soccer_event_without_its_draw_is_matched_and_not_complete() -> None:
    found = check_event(EPL, {"A": tied("epl:1", Outcome.HOME), "B": tied("epl:1", Outcome.AWAY)})
    assert [one.evidence["event_complete"] for one in found.values() if isinstance(one, Match)] == [False, False]


def test_two_markets_that_pay_on_one_side_are_both_refused() -> None:
    found = check_event(NFL, {"A": tied("nfl:1", Outcome.HOME), "B": tied("nfl:1", Outcome.HOME)})
    for one in found.values():
        assert isinstance(one, Refusal)
        assert (one.reason, one.candidates, one.score) == (Reason.AMBIGUOUS, ("nfl:1",), 0.75)
        assert "A pays on home, B pays on home" in one.detail
        assert one.steps[-1].startswith("refused")


def test_markets_of_an_event_on_two_games_are_all_refused_with_both_games() -> None:
    found = check_event(NFL, {"A": tied("nfl:1", Outcome.HOME), "B": tied("nfl:2", Outcome.AWAY)})
    assert {one.candidates for one in found.values() if isinstance(one, Refusal)} == {("nfl:1", "nfl:2")}


def test_a_refused_sibling_stays_refused_and_leaves_the_other_incomplete() -> None:
    other = Refusal(Reason.UNKNOWN_CODE, "no code")
    found = check_event(NFL, {"A": tied("nfl:1", Outcome.HOME), "B": other})
    assert found["B"] is other
    assert isinstance(found["A"], Match)
    assert found["A"].evidence["event_complete"] is False


def test_an_event_of_which_nothing_matched_is_returned_as_it_is() -> None:
    results: dict[str, Match | Refusal] = {"A": Refusal(Reason.NO_GAME, "none"), "B": tied("nfl:1", None)}
    assert check_event(NFL, results) == results


@given(
    st.dictionaries(
        st.sampled_from("ABCD"),
        st.builds(tied, st.sampled_from(["epl:1", "epl:2"]), st.sampled_from([*Outcome, None])),
    )
)
def test_what_is_left_matched_is_one_game_with_each_side_once(results: dict[str, Match]) -> None:
    left = [one for one in check_event(EPL, results).values() if isinstance(one, Match) and one.outcome is not None]
    assert len({one.game_id for one in left}) <= 1
    assert len({one.outcome for one in left}) == len(left)
