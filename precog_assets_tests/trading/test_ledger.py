"""The ledger: legs that sum to zero, positions with what they cost, pairs that redeem at a dollar."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import Fill, LedgerEntry, Position, QuoteFacts, Side
from precog_assets.trading.ledger import Ledger, position_account, unrealised
from precog_assets.trading.settlement import GameResult, Settlements, VenueResult
from precog_assets_tests.trading.paper_things import MARKET, NOW, D, book, fill, later

YES, NO = position_account(MARKET, Side.YES), position_account(MARKET, Side.NO)


def funded(dollars: str = "100") -> Ledger:
    ledger = Ledger()
    ledger.deposit("deposit:1", D(dollars), at=NOW)
    return ledger


def held(ledger: Ledger, side: Side) -> Position:
    return next(position for position in ledger.positions() if position.side is side)


def amounts(entries: tuple[LedgerEntry, ...]) -> list[tuple[str, Decimal]]:
    return [(entry.account, entry.amount) for entry in entries]


def test_a_deposit_and_a_withdrawal_stand_on_accounts_of_their_own() -> None:
    ledger = funded()
    assert amounts(ledger.withdraw("w:1", D("30.5"), at=NOW)) == [("cash", D("-30.5")), ("withdrawals", D("30.5"))]
    assert ledger.balances == {"cash": D("69.5"), "deposits": D("-100"), "withdrawals": D("30.5")}


@pytest.mark.parametrize("dollars", ["0", "-1", "100.01"])
def test_more_than_there_is_cannot_be_withdrawn(dollars: str) -> None:
    with pytest.raises(ValueError, match="withdrawal of"):
        funded().withdraw("w:1", D(dollars), at=NOW)
    with pytest.raises(ValueError, match="deposit of"):
        Ledger().deposit("d:1", -abs(D(dollars)), at=NOW)


def test_a_purchase_moves_cash_to_the_position_and_the_fee_to_its_own_account() -> None:
    ledger = funded()
    entries = ledger.fill(fill("1", Side.YES, "0.54", 10, "0.18"), "s")
    assert amounts(entries) == [("cash", D("-5.40")), (YES, D("5.40")), ("cash", D("-0.18")), ("fees", D("0.18"))]
    assert {(entry.transaction_id, entry.strategy) for entry in entries} == {("fill:1", "s")}
    assert [entry.leg for entry in entries] == [0, 1, 2, 3]
    assert ledger.cash == D("94.42")


def test_a_fill_told_twice_is_booked_once() -> None:
    ledger = funded()
    ledger.fill(fill("1", Side.YES, "0.54", 10), "s")
    assert ledger.fill(fill("1", Side.YES, "0.54", 10), "s") == ()
    assert held(ledger, Side.YES).contracts == 10


def test_the_average_price_is_by_contracts_without_fees() -> None:
    ledger = funded()
    ledger.fill(fill("1", Side.YES, "0.50", 10, "0.20"), "s")
    ledger.fill(fill("2", Side.YES, "0.60", 30, "0.40"), "s")
    position = held(ledger, Side.YES)
    assert (position.contracts, position.average_price) == (40, D("0.575"))
    assert (position.fees, position.realised) == (D("0.60"), D("-0.60"))


def test_buying_the_other_side_sells_and_redeems_pairs_at_a_dollar_at_once() -> None:
    ledger = funded()
    ledger.fill(fill("1", Side.YES, "0.40", 10), "s")
    entries = ledger.fill(fill("2", Side.NO, "0.45", 4, "0.10"), "s")
    # Sold 4 YES at 0.55 that cost 0.40.
    assert [amount for account, amount in amounts(entries) if account == "profit"] == [D("-0.60")]
    assert ledger.cash == D("100") - D("4.00") + D("4") * D("0.55") - D("0.10")
    assert (ledger.balances[YES], ledger.balances[NO]) == (D("2.40"), 0)
    assert held(ledger, Side.YES).contracts == 6
    assert held(ledger, Side.YES).realised == D("0.60")
    assert (held(ledger, Side.NO).contracts, held(ledger, Side.NO).realised) == (0, D("-0.10"))


def test_buying_more_of_the_other_side_than_is_held_turns_the_position_round() -> None:
    ledger = funded()
    ledger.fill(fill("1", Side.YES, "0.40", 10), "one")
    entries = ledger.fill(fill("2", Side.NO, "0.70", 15), "two")
    assert (held(ledger, Side.YES).contracts, held(ledger, Side.NO).contracts) == (0, 5)
    assert held(ledger, Side.NO).average_price == D("0.70")
    assert held(ledger, Side.YES).realised == D("10") * (D("0.30") - D("0.40"))
    assert {entry.strategy for entry in entries if entry.account == YES} == {"one"}
    assert {entry.strategy for entry in entries if entry.account == NO} == {"two"}


def test_a_third_leaves_nothing_behind_when_the_last_part_goes() -> None:
    ledger = funded()
    ledger.fill(fill("1", Side.YES, "0.3333", 3), "s")
    ledger.fill(fill("1b", Side.YES, "0.50", 4), "s")
    for number in range(7):
        ledger.fill(fill(f"2{number}", Side.NO, "0.5", 1), "s")
    assert (ledger.balances[YES], held(ledger, Side.YES).contracts) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        fill("1", Side.YES, "1.01", 1),
        fill("1", Side.YES, "-0.01", 1),
        fill("1", Side.YES, "0.5", 0),
        fill("1", Side.YES, "0.5", 1, "-0.01"),
        fill("1", Side.YES, "0.123456789", 1),
        fill("1", Side.YES, "0.5", "NaN"),
    ],
)
def test_an_impossible_fill_is_refused_and_leaves_no_trace(wrong: Fill) -> None:
    ledger = funded()
    with pytest.raises(ValueError, match="expected a"):
        ledger.fill(wrong, "s")
    assert (ledger.cash, ledger.positions()) == (100, [])


def quote(yes: list[tuple[str, int]], no: list[tuple[str, int]]) -> QuoteFacts:
    return QuoteFacts(observed_at=NOW, confirmed_at=NOW, origin="live", book=book(yes, no))


def test_marks_are_the_mid_and_what_selling_everything_would_bring() -> None:
    ledger = funded()
    ledger.fill(fill("1", Side.YES, "0.40", 10, "0.10"), "s")
    quotes = {MARKET: quote([("0.50", 6), ("0.45", 2)], [("0.40", 9)])}
    position = ledger.positions(quotes)[0]
    assert position.mark_mid == D("0.55")
    assert position.mark_liquidation == (6 * D("0.50") + 2 * D("0.45")) / 10
    assert unrealised(position, at_mid=True) == D("1.50")
    assert unrealised(position) == D("-0.10")
    assert ledger.equity(quotes).value == D("95.90") + D("3.90")


def test_no_side_is_marked_by_the_bids_for_no() -> None:
    ledger = funded()
    ledger.fill(fill("1", Side.NO, "0.40", 5), "s")
    position = ledger.positions({MARKET: quote([("0.50", 6)], [("0.40", 9)])})[0]
    assert (position.mark_mid, position.mark_liquidation) == (D("0.45"), D("0.40"))


def test_an_empty_book_brings_nothing_and_no_quote_is_not_known() -> None:
    ledger = funded()
    ledger.fill(fill("1", Side.YES, "0.40", 10), "s")
    empty = ledger.positions({MARKET: quote([], [])})[0]
    assert (empty.mark_mid, empty.mark_liquidation) == (None, 0)
    unknown = ledger.positions({})[0]
    assert (unknown.mark_mid, unknown.mark_liquidation, unrealised(unknown)) == (None, None, None)
    equity = ledger.equity({})
    assert (equity.value, equity.unmarked) == (100, (MARKET,))


PRICES = st.integers(0, 10_000).map(lambda steps: Decimal(steps) / 10_000)
COUNTS = st.integers(1, 100_000).map(lambda hundredths: Decimal(hundredths) / 100)
FEES = st.integers(0, 50_000).map(lambda steps: Decimal(steps) / 10_000)
MARKETS = st.sampled_from(["kalshi:A", "kalshi:B"])
EVENTS = st.one_of(
    st.tuples(st.just("deposit"), st.integers(1, 10**9).map(lambda cents: Decimal(cents) / 100)),
    st.tuples(st.just("withdraw"), st.integers(1, 10**9).map(lambda cents: Decimal(cents) / 100)),
    st.tuples(st.just("fill"), MARKETS, st.sampled_from(Side), PRICES, COUNTS, FEES),
    st.tuples(st.just("settle"), MARKETS, st.sampled_from(["yes", "no", "scalar", "void"]), PRICES),
)


def play(events: list[tuple]) -> tuple[Ledger, list[LedgerEntry]]:
    ledger, entries = Ledger(), list[LedgerEntry]()
    settlements = Settlements(ledger)
    for number, event in enumerate(events):
        at = later(number)
        match event:
            case "deposit", dollars:
                entries += ledger.deposit(f"d:{number}", dollars, at=at)
            case "withdraw", dollars if dollars <= ledger.cash:
                entries += ledger.withdraw(f"w:{number}", dollars, at=at)
            case "fill", market_id, side, price, contracts, fee:
                made = replace(fill(str(number), side, "0.5", 1), market_id=market_id)
                entries += ledger.fill(replace(made, price=price, contracts=contracts, fee=fee), "s")
            case "settle", market_id, result, value:
                scalar = value if result == "scalar" else None
                entries += settlements.settle(
                    VenueResult(market_id, result, scalar, at), GameResult(Outcome.HOME, None, False)
                ).entries
    return ledger, entries


@given(st.lists(EVENTS, max_size=30))
def test_the_ledger_sums_to_zero_after_any_sequence(events: list[tuple]) -> None:
    ledger, entries = play(events)
    assert sum(ledger.balances.values(), Decimal(0)) == 0
    by_transaction: dict[str, Decimal] = {}
    for entry in entries:
        by_transaction[entry.transaction_id] = by_transaction.get(entry.transaction_id, Decimal(0)) + entry.amount
    assert set(by_transaction.values()) <= {0}
    assert len({(entry.transaction_id, entry.leg) for entry in entries}) == len(entries)
    assert {account: amount for account, amount in ledger.balances.items() if amount} == {
        account: total
        for account in ledger.balances
        if (total := sum((e.amount for e in entries if e.account == account), Decimal(0)))
    }


@given(st.lists(EVENTS, max_size=30))
def test_accounts_and_positions_tell_the_same(events: list[tuple]) -> None:
    ledger, _ = play(events)
    for market_id in ("kalshi:A", "kalshi:B"):
        for side in Side:
            holding = ledger.holding(market_id, side)
            assert holding.contracts >= 0
            assert holding.cost >= 0
            assert holding.cost == ledger.balances.get(position_account(market_id, side), 0)
            assert bool(holding.contracts) or not holding.cost
    realised = sum((position.realised for position in ledger.positions()), Decimal(0))
    assert realised == -ledger.balances.get("profit", 0) - ledger.balances.get("fees", 0)


@given(st.lists(EVENTS, max_size=20))
def test_a_ledger_is_the_same_when_built_again_from_the_same_events(events: list[tuple]) -> None:
    first, second = play(events), play(events)
    assert first[0].balances == second[0].balances
    assert first[1] == second[1]
