"""States of games and markets: classified by what is certain, never guessed from a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.statuses import QUOTED, UNPLAYED_BY_NAME, GamePhase, MarketStatus, game_phase


@pytest.mark.parametrize(
    ("name", "state", "completed", "phase"),
    [
        ("STATUS_SCHEDULED", "pre", False, GamePhase.SCHEDULED),
        ("STATUS_IN_PROGRESS", "in", False, GamePhase.IN_PLAY),
        ("STATUS_HALFTIME", "in", False, GamePhase.IN_PLAY),
        ("STATUS_RAIN_DELAY", "in", False, GamePhase.DELAYED),
        ("STATUS_DELAYED", "pre", False, GamePhase.SCHEDULED),
        ("STATUS_FINAL", "post", True, GamePhase.FINAL),
        ("STATUS_FULL_TIME", "post", True, GamePhase.FINAL),
        ("STATUS_FINAL", "post", False, GamePhase.UNRESOLVED),
        ("STATUS_POSTPONED", "post", False, GamePhase.POSTPONED),
        ("STATUS_SUSPENDED", "post", False, GamePhase.SUSPENDED),
        ("STATUS_CANCELED", "post", False, GamePhase.CANCELED),
        ("STATUS_ABANDONED", "post", False, GamePhase.CANCELED),
        ("STATUS_NEVER_SEEN", "post", False, GamePhase.UNRESOLVED),
        ("STATUS_NEVER_SEEN", "in", False, GamePhase.IN_PLAY),
        ("STATUS_NEVER_SEEN", "pre", False, GamePhase.SCHEDULED),
        ("STATUS_NEVER_SEEN", "post", True, GamePhase.FINAL),
        ("STATUS_FORFEIT", "halted", False, GamePhase.UNRESOLVED),
    ],
)
def test_a_status_is_classified_by_its_state_first(name: str, state: str, completed: bool, phase: GamePhase) -> None:
    assert game_phase(name, state, completed=completed) is phase


@given(st.text(), st.sampled_from(["pre", "in", "post"]), st.booleans())
def test_only_a_completed_game_that_is_over_is_final(name: str, state: str, completed: bool) -> None:
    assert (game_phase(name, state, completed=completed) is GamePhase.FINAL) is (completed and state == "post")


@pytest.mark.parametrize("name", UNPLAYED_BY_NAME)
def test_a_name_of_an_unplayed_game_never_overrules_a_result(name: str) -> None:
    assert game_phase(name, "post", completed=True) is GamePhase.FINAL


def test_quotes_are_read_only_while_a_market_can_be_traded_or_is_paused() -> None:
    assert {MarketStatus.ACTIVE, MarketStatus.INACTIVE} == QUOTED
