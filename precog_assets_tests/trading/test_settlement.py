"""Settlement: the venue's result is paid once, held against the game, and amended by reversal."""

from __future__ import annotations

from decimal import Decimal

import pytest

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import Side
from precog_assets.trading.ledger import Ledger
from precog_assets.trading.settlement import GameResult, Settlements, VenueResult, agreement
from precog_assets_tests.trading.paper_things import MARKET, NOW, D, fill, later


def holding(yes: int = 10, no: int = 0, price: str = "0.40", fee: str = "0.20") -> Settlements:
    ledger = Ledger()
    ledger.deposit("d", D(100), at=NOW)
    for side, contracts in ((Side.YES, yes), (Side.NO, no)):
        if contracts:
            ledger.fill(fill(side.value, side, price, contracts, fee), "s")
    return Settlements(ledger)


def result(said: str, value: str | None = None, seconds: float = 60) -> VenueResult:
    return VenueResult(MARKET, said, None if value is None else D(value), later(seconds))


@pytest.mark.parametrize(
    ("said", "value", "cash"),
    [
        ("yes", "1.0000", "105.80"),
        ("yes", None, "105.80"),
        ("no", "0.0000", "95.80"),
        ("scalar", "0.5", "100.80"),
        ("scalar", "0.11", "96.90"),
        ("void", None, "99.80"),
        ("void", "0.45", "100.30"),
    ],
)
def test_what_a_result_pays_for_ten_yes_bought_at_forty_cents(said: str, value: str | None, cash: str) -> None:
    settlements = holding()
    settled = settlements.settle(result(said, value))
    ledger = settlements.ledger
    assert ledger.cash == D(cash)
    assert sum((entry.amount for entry in settled.entries), Decimal(0)) == 0
    position = ledger.positions()[0]
    assert (position.contracts, position.realised) == (0, D(cash) - 100)


def test_no_contracts_are_paid_the_rest_of_the_dollar() -> None:
    settlements = holding(yes=0, no=10)
    settlements.settle(result("scalar", "0.30"))
    assert settlements.ledger.cash == D("95.80") + D("7")


def test_nothing_settles_twice() -> None:
    settlements = holding()
    first = settlements.settle(result("yes"))
    again = settlements.settle(result("yes", "1", seconds=600))
    assert (len(first.entries), again.entries, again.is_new) == (3, (), False)
    assert settlements.ledger.cash == D("105.80")


def test_an_amended_result_is_a_reversal_and_a_new_settlement() -> None:
    settlements = holding()
    first = settlements.settle(result("yes"))
    amended = settlements.settle(result("no", seconds=600))
    ids = [entry.transaction_id for entry in amended.entries]
    assert sorted(set(ids)) == [f"settlement:{MARKET}:0:reversed", f"settlement:{MARKET}:1"]
    assert [-e.amount for e in amended.entries[:3]] == [e.amount for e in first.entries]
    assert (amended.settlement.amends, amended.is_new) == (1, True)
    assert settlements.ledger.cash == D("95.80")
    assert settlements.ledger.positions()[0].realised == D("-4.20")
    back = settlements.settle(result("yes", seconds=700))
    assert (back.settlement.amends, settlements.ledger.cash) == (2, D("105.80"))


def test_an_answer_older_than_the_one_that_stands_changes_nothing() -> None:
    settlements = holding()
    settlements.settle(result("no", seconds=600))
    old = settlements.settle(result("yes", seconds=60))
    assert (old.is_new, old.entries, old.settlement.result) == (False, (), "no")


def test_a_fill_that_is_reported_after_the_settlement_is_paid_when_the_result_is_told_again() -> None:
    settlements = holding()
    settlements.settle(result("yes"))
    settlements.ledger.fill(fill("late", Side.YES, "0.50", 2), "s")
    late = settlements.settle(result("yes"))
    assert {entry.transaction_id for entry in late.entries} == {f"settlement:{MARKET}:0:late1"}
    assert settlements.ledger.cash == D("106.80")
    settlements.settle(result("no", seconds=600))
    assert settlements.ledger.cash == D("94.80")


def test_a_result_without_a_position_is_noted_and_moves_nothing() -> None:
    settlements = Settlements(Ledger())
    settled = settlements.settle(result("yes"))
    assert (settled.entries, settled.is_new) == ((), True)
    assert settlements.latest(MARKET) == settled.settlement


@pytest.mark.parametrize(
    ("said", "value", "match"),
    [
        ("maybe", None, "expected one of yes"),
        ("scalar", None, "never guessed"),
        ("scalar", "1.01", "from 0 to 1"),
        ("scalar", "-0.01", "from 0 to 1"),
        ("yes", "0.5", "result yes with a value of 0.5"),
        ("no", "1", "result no with a value of 1"),
    ],
)
def test_a_result_that_makes_no_sense_pays_nothing(said: str, value: str | None, match: str) -> None:
    settlements = holding()
    with pytest.raises(ValueError, match=match):
        settlements.settle(result(said, value))
    assert settlements.ledger.cash == D("95.80")
    assert settlements.latest(MARKET) is None


@pytest.mark.parametrize(
    ("said", "value", "game", "agrees"),
    [
        ("yes", None, GameResult(Outcome.HOME, Outcome.HOME, False), True),
        ("no", None, GameResult(Outcome.HOME, Outcome.AWAY, False), True),
        ("yes", None, GameResult(Outcome.HOME, Outcome.AWAY, False), False),
        ("scalar", "0.5", GameResult(Outcome.HOME, Outcome.DRAW, False), True),
        ("scalar", "0.50", GameResult(Outcome.AWAY, Outcome.DRAW, False), True),
        ("no", None, GameResult(Outcome.HOME, Outcome.DRAW, False), False),
        ("no", None, GameResult(Outcome.HOME, Outcome.DRAW, True), True),
        ("yes", None, GameResult(Outcome.DRAW, Outcome.DRAW, True), True),
        ("scalar", "0.11", GameResult(Outcome.HOME, Outcome.HOME, False), False),
        ("scalar", "0.11", GameResult(Outcome.HOME, None, False), None),
        ("yes", None, None, None),
        ("void", None, GameResult(Outcome.HOME, Outcome.HOME, False), None),
    ],
)
def test_the_game_agrees_disagrees_or_cannot_say(
    said: str, value: str | None, game: GameResult | None, agrees: bool | None
) -> None:
    assert agreement(result(said, value), game) is agrees


def test_a_result_the_game_contradicts_is_paid_as_the_venue_says_and_marked() -> None:
    settlements = holding()
    settled = settlements.settle(result("yes"), GameResult(Outcome.HOME, Outcome.AWAY, False))
    assert settled.settlement.game_agrees is False
    assert settlements.ledger.cash == D("105.80")


def test_a_game_that_ends_after_the_settlement_is_checked_then() -> None:
    settlements = holding()
    assert settlements.settle(result("yes")).settlement.game_agrees is None
    checked = settlements.settle(result("yes"), GameResult(Outcome.HOME, Outcome.HOME, False))
    assert (checked.settlement.game_agrees, checked.entries) == (True, ())
