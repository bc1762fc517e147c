"""The loop: when decisions are made, what they meet, what they are paid, and that nothing looks ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.trading import Side
from precog_assets.pipeline.backtest.feed import (
    Chunk,
    Fact,
    ForecastKnown,
    GameKnown,
    MarketKnown,
    MarketPaid,
    MemoryFeed,
)
from precog_assets.pipeline.backtest.known import Known, quote_at
from precog_assets_tests.pipeline.backtest.random_worlds import facts, instants, quote_rows
from precog_assets_tests.pipeline.backtest.worlds import (
    AWAY_MARKET,
    DAY,
    HOME_MARKET,
    LISTED,
    RULES,
    START,
    QuoteRow,
    feed,
    forecast,
    game,
    market,
    paid,
    quotes,
    run,
)
from precog_assets_tests.trading.builders import strategy

HOUR = timedelta(hours=1)
ONE_GAME: list[Fact] = [game(), market(), forecast()]


def test_a_bet_is_filled_at_the_ask_and_paid_by_the_result():
    result = run(feed([*ONE_GAME, paid(result="yes")], [(START - 3 * HOUR, HOME_MARKET, 48, 50)]))
    [bet] = result.bets
    assert (bet.side, bet.price, bet.yes_value) == (Side.YES, 0.5, 1)
    assert bet.profit == bet.contracts * Decimal("0.5") - bet.fees
    assert bet.fees > 0
    assert result.equity[-1].equity == RULES.limits.starting_cash + bet.profit
    assert result.by_gate == {("nfl", "2026-11", "taken"): 1}


def test_a_lost_bet_costs_its_price_and_fee():
    result = run(feed([*ONE_GAME, paid(result="no")], [(START - 3 * HOUR, HOME_MARKET, 48, 50)]))
    [bet] = result.bets
    assert bet.profit == -bet.cost - bet.fees
    assert result.equity[-1].equity == RULES.limits.starting_cash + bet.profit


def test_a_bet_on_no_is_paid_what_yes_is_not():
    told = [game(), market(), forecast(0.35), paid(result="no")]
    [bet] = run(feed(told, [(START - 3 * HOUR, HOME_MARKET, 50, 52)])).bets
    assert (bet.side, bet.price) == (Side.NO, 0.5)
    assert bet.profit == bet.contracts * Decimal("0.5") - bet.fees


@pytest.mark.parametrize(("result", "value", "profit"), [("scalar", "0.5", Decimal(0)), ("void", None, Decimal(0))])
def test_ties_pay_half_a_dollar_and_voids_give_the_price_back(result, value, profit):
    told = [*ONE_GAME, paid(result=result, value=value)]
    [bet] = run(feed(told, [(START - 3 * HOUR, HOME_MARKET, 48, 50)])).bets
    assert bet.profit == profit - bet.fees


def test_a_result_that_is_none_leaves_the_position_open_and_is_counted():
    told = [*ONE_GAME, paid(result="maybe")]
    result = run(feed(told, [(START - 3 * HOUR, HOME_MARKET, 48, 50)]))
    assert result.disputed == 1
    assert result.bets[0].profit is None


def test_the_ledger_sums_to_zero():
    rows = [(START - 3 * HOUR, HOME_MARKET, 48, 50), (START - 2 * HOUR, AWAY_MARKET, 46, 48)]
    away = market(AWAY_MARKET, Outcome.AWAY)
    result = run(feed([*ONE_GAME, away, paid(), paid(AWAY_MARKET, "no")], rows))
    assert len(result.bets) == 2
    assert sum(result.balances.values()) == 0


def test_the_closing_line_is_the_last_two_sided_quote_before_the_start():
    rows = [
        (START - 3 * HOUR, HOME_MARKET, 48, 50),
        (START - 1 * HOUR, HOME_MARKET, 54, 56),
        (START - 0.5 * HOUR, HOME_MARKET, 54, 100),
        (START + HOUR, HOME_MARKET, 80, 82),
    ]
    [bet, *_] = run(feed([*ONE_GAME, paid()], rows)).bets
    assert bet.closing_mid == pytest.approx(0.55)
    assert bet.closing_line_value == pytest.approx(0.05)


def test_of_an_assumed_start_the_closing_line_is_that_of_the_margin_before_it():
    assumed = game(start_time=START - timedelta(minutes=45), assumed_start=START)
    rows = [
        (START - 3 * HOUR, HOME_MARKET, 48, 50),
        (START - timedelta(minutes=50), HOME_MARKET, 52, 54),
        (START - timedelta(minutes=30), HOME_MARKET, 70, 72),
    ]
    result = run(feed([assumed, market(), forecast(), paid()], rows))
    assert result.bets[0].closing_mid == pytest.approx(0.53)
    assert result.assumed_starts == 1
    assert result.by_gate["nfl", "2026-11", "time_to_start"] == 1


def test_markets_of_one_game_at_one_instant_are_decided_together():
    rows = [(START - 3 * HOUR, HOME_MARKET, 48, 50), (START - 3 * HOUR, AWAY_MARKET, 48, 50)]
    result = run(feed([*ONE_GAME, market(AWAY_MARKET, Outcome.AWAY)], rows), keep_all=True)
    assert len(result.decisions) == 2
    assert {one.as_of for one in result.decisions} == {START - 3 * HOUR}
    # Both mids are one price: half and half, whichever was read first.
    assert [one.p_market for one in result.decisions] == [0.5, 0.5]


def test_of_two_quotes_of_a_market_at_one_instant_the_last_counts():
    rows = [(START - 3 * HOUR, HOME_MARKET, 10, 90), (START - 3 * HOUR, HOME_MARKET, 48, 50)]
    result = run(feed(ONE_GAME, rows))
    assert result.by_gate == {("nfl", "2026-11", "taken"): 1}


def test_decisions_are_made_in_the_time_asked_for_alone():
    rows = [(START - hours * HOUR, HOME_MARKET, 48, 50) for hours in (30, 20, 10)]
    result = run(feed(ONE_GAME, rows), since=START - 20 * HOUR, until=START - 10 * HOUR, keep_all=True)
    assert [one.as_of for one in result.decisions] == [START - 20 * HOUR]


def test_a_quote_of_a_market_nobody_listed_is_counted_as_unknown():
    result = run(feed([], [(START - HOUR, HOME_MARKET, 48, 50)]))
    assert result.by_gate == {("", "2026-11", "unknown_market"): 1}


def test_a_resting_order_is_filled_when_the_offer_comes_to_it():
    maker = strategy("maker", gates={"max_net_value": "0.50", "max_hours_to_start": 200, "max_spread": "0.10"})
    rows = [
        (START - 3 * HOUR, HOME_MARKET, 46, 50),
        (START - 3 * HOUR + timedelta(seconds=30), HOME_MARKET, 45, 46),
    ]
    result = run(feed([*ONE_GAME, paid()], rows), maker)
    first = result.bets[0]
    assert first.maker
    assert first.price == pytest.approx(0.47)
    assert first.fills[0].filled_at == rows[1][0]


def test_a_resting_order_that_nobody_meets_is_no_bet():
    maker = strategy("maker", gates={"max_net_value": "0.50", "max_hours_to_start": 200, "max_spread": "0.10"})
    result = run(feed([*ONE_GAME, paid()], [(START - 3 * HOUR, HOME_MARKET, 46, 50)]), maker)
    assert (result.bets, result.orders_sent) == ([], 1)
    assert result.equity[-1].equity == RULES.limits.starting_cash
    assert result.equity[-1].at_stake == 0


def test_what_was_bought_of_a_standing_offer_is_not_there_again():
    rows = [(START - (3 - step / 10) * HOUR, HOME_MARKET, 48, 50) for step in range(4)]
    result = run(feed([*ONE_GAME, paid()], rows, contracts=20.0))
    assert sum(bet.contracts for bet in result.bets) <= 20


def test_synthetic_quotes_are_counted_and_marked_on_the_bets():
    result = run(feed([*ONE_GAME, paid()], [(START - 3 * HOUR, HOME_MARKET, 48, 50)], synthetic=True))
    assert (result.synthetic, result.bets[0].synthetic) == (1, True)
    assert result.not_live_share == 1.0


def test_the_strategy_is_left_as_it_is_configured_but_for_its_rung():
    configured = strategy("value")
    result = run(feed(ONE_GAME, [(START - 3 * HOUR, HOME_MARKET, 48, 50)]), configured)
    assert result.strategy == configured


def test_progress_is_told_after_every_chunk():
    told: list[tuple[str, int, int | None]] = []
    run(feed(ONE_GAME, [(START - 30 * HOUR, HOME_MARKET, 48, 50)]), progress=lambda *said: told.append(said))
    assert told == [("2026-11-19", 1, 2), ("2026-11-20", 2, 2)]


def test_facts_in_the_wrong_order_are_refused():
    late = Chunk(LISTED, LISTED + DAY, facts=(forecast(known_at=LISTED + 2 * HOUR), game(known_at=LISTED + HOUR)))
    with pytest.raises(ValueError, match="not in the order they were known"):
        run(MemoryFeed([late]))
    with pytest.raises(ValueError, match="a fact known at 2026-11-21"):
        run(MemoryFeed([Chunk(LISTED, LISTED + DAY, facts=(game(known_at=START),))]))
    with pytest.raises(ValueError, match="begins before"):
        run(MemoryFeed([Chunk(LISTED + DAY, LISTED + 2 * DAY), Chunk(LISTED, LISTED + DAY)]))
    rows: list[QuoteRow] = [(LISTED + 2 * HOUR, HOME_MARKET, 48, 50), (LISTED + HOUR, HOME_MARKET, 48, 50)]
    with pytest.raises(ValueError, match="quotes of the chunk"):
        run(MemoryFeed([Chunk(LISTED, LISTED + DAY, (HOME_MARKET,), quotes(rows, (HOME_MARKET,)))]))


def test_what_is_known_cannot_be_asked_ahead_or_behind():
    known = Known(load_leagues())
    known.reach(LISTED)
    with pytest.raises(ValueError, match="not known yet"):
        known.take(game(known_at=START))
    row = quotes([(START, HOME_MARKET, 48, 50)], (HOME_MARKET,))
    with pytest.raises(ValueError, match="not known yet"):
        known.quote(HOME_MARKET, quote_at(row, 0), START)
    with pytest.raises(ValueError, match="time goes back"):
        known.reach(LISTED - HOUR)


def perturbed(fact: Fact, draw: st.DataObject) -> Fact:
    """The fact with something else in it."""
    if isinstance(fact, MarketPaid):
        return replace(fact, result="no" if fact.result == "yes" else "yes")
    if isinstance(fact, ForecastKnown):
        return forecast(draw.draw(st.floats(0.01, 0.99)), game_id=fact.game_id, known_at=fact.known_at)
    if isinstance(fact, GameKnown):
        changed = replace(fact.game, phase="canceled", start_time=fact.game.start_time + timedelta(days=1))
        return replace(fact, game=changed)
    assert isinstance(fact, MarketKnown)
    return replace(fact, market=replace(fact.market, status="closed", close_time=fact.known_at))


@settings(max_examples=80, deadline=None)
@given(facts(), quote_rows(least=5, most=40), instants(), quote_rows(most=20), st.data())
def test_whatever_happens_later_changes_no_earlier_decision(told, rows, until, others, data):
    """The future is drawn anew: facts changed, quotes replaced; what was decided, sent and filled until then stays."""
    before = run(feed(told, rows), keep_all=True)
    changed = [one if one.known_at <= until else perturbed(one, data) for one in told]
    later = [row for row in rows if row[0] <= until] + [row for row in others if row[0] > until]
    if not later:
        return
    after = run(feed(changed, later), keep_all=True)

    def by_then(result):
        decisions = [one for one in result.decisions if one.as_of <= until]
        fills = [one for bet in result.bets for one in bet.fills if one.filled_at <= until]
        return decisions, fills

    assert by_then(before) == by_then(after)
