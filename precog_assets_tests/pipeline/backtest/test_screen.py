"""What the screen leaves out is what `decide` would have refused, for the very reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.config import load_fees, load_leagues
from precog_assets.domain.fees import FeeFact, FeeScope, FeeTermsSeen
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.strategies import Strategy
from precog_assets.domain.trading import Action, ExposureFacts
from precog_assets.pipeline.backtest import values
from precog_assets.pipeline.backtest.feed import Fact, MarketPaid, by_time, instant, micros
from precog_assets.pipeline.backtest.known import Known, quote_at
from precog_assets.pipeline.backtest.run import ON_PAPER, on_paper
from precog_assets.pipeline.backtest.screen import ASK, GATE_NAMES, Screen
from precog_assets.pricing.fee_book import FeeBook
from precog_assets.trading.decide import Decider
from precog_assets.trading.gates import depth
from precog_assets_tests.pipeline.backtest.random_worlds import MARKETS, facts, instants, quote_rows
from precog_assets_tests.pipeline.backtest.worlds import (
    AWAY_MARKET,
    HOME_MARKET,
    LISTED,
    RULES,
    START,
    QuoteRow,
    eager,
    feed,
    forecast,
    game,
    market,
    quotes,
    run,
)
from precog_assets_tests.trading.builders import strategy

MONEY = ExposureFacts(*(RULES.limits.starting_cash,) * 3)


def decided(
    told: list[Fact],
    rows: list[QuoteRow],
    ages: list[int],
    chosen: Strategy | None = None,
    *,
    fees: FeeBook | None = None,
    contracts: float = 500.0,
) -> list[tuple[str, str]]:
    """(reason by the screen or `ask`, reason by decide) of each quote, all facts being taken in before."""
    decider = Decider(on_paper(chosen or eager()), RULES.limits, fees=fees)
    known = Known(load_leagues())
    known.reach(LISTED - timedelta(hours=2))
    for fact in told:
        known.reach(fact.known_at)
        known.take(fact)
    stretch = quotes(rows, MARKETS, contracts=contracts)
    seen = stretch.known_us - np.array(ages, np.int64) * 1_000_000
    stretch = replace(stretch, observed_us=seen, confirmed_us=seen)
    codes = Screen(MARKETS, known, decider.rules).reasons(stretch)
    answers: list[tuple[str, str]] = []
    for row, code in enumerate(codes.tolist()):
        market_id, at = MARKETS[stretch.market[row]], instant(stretch.known_us[row])
        known.reach(at)
        same = np.flatnonzero(stretch.known_us == stretch.known_us[row]).tolist()
        for other in same:
            known.quote(MARKETS[stretch.market[other]], quote_at(stretch, other), at)
        if any(other > row and stretch.market[other] == stretch.market[row] for other in same):
            continue
        snapshot = known.snapshot(market_id, MONEY, ON_PAPER)
        if snapshot is None:
            answers.append(("ask" if code == ASK else GATE_NAMES[code], "not listed"))
            continue
        decision = decider.decide(snapshot, complete=False)
        assert code == ASK or decision.action is Action.PASS
        answers.append(("ask" if code == ASK else GATE_NAMES[code], decision.reason))
    return answers


LOOSE = {"max_net_value": "0.50", "max_spread": "0.10", "max_hours_to_start": 200}
CHOSEN = {
    "taker": eager(),
    "strict": eager(max_net_value="0.10", min_net_value="0.03"),
    "maker": strategy("maker", gates=LOOSE),
    "model": eager().model_copy(update={"probability": "model"}),
}


@settings(max_examples=400, deadline=None)
@given(facts(), quote_rows(), instants(), st.sampled_from(sorted(CHOSEN)), st.sampled_from((5.0, 500.0)), st.data())
def test_every_quote_that_is_screened_out_is_refused_by_decide_for_the_same_reason(
    told, rows, until, name, contracts, data
):
    known = sorted((one for one in told if one.known_at <= until and not isinstance(one, MarketPaid)), key=by_time)
    rows = [(max(at, until), *rest) for at, *rest in rows]
    ages = data.draw(st.lists(st.sampled_from((0, 0, 0, 60, 500, -5)), min_size=len(rows), max_size=len(rows)))
    for screened, reason in decided(known, rows, ages, CHOSEN[name], contracts=contracts):
        assert screened in ("ask", reason)


def facts_of_one_game() -> list[Fact]:
    return [game(), market(), forecast()]


@pytest.mark.parametrize(
    ("told", "row", "reason"),
    [
        ([game(), market(league="nba"), forecast()], (0, 48, 50), "matched"),
        ([game(), market()], (0, 48, 50), "rated"),
        ([game(), market(), forecast(games_away=7)], (0, 48, 50), "rated"),
        ([game(), market(), forecast(rated_at=START - timedelta(days=201))], (0, 48, 50), "rating_age"),
        ([game(game_kind="preseason"), market(), forecast()], (0, 48, 50), "not_exhibition"),
        ([game(confirmed_at=LISTED), market(), forecast()], (0, 48, 50), "game_state_age"),
        ([game(), market(status="closed"), forecast()], (0, 48, 50), "market_open"),
        ([game(), market(close_time=START - timedelta(hours=3)), forecast()], (0, 48, 50), "market_open"),
        ([game(phase="postponed"), market(), forecast()], (0, 48, 50), "game_phase"),
        ([game(phase="in_play"), market(), forecast()], (0, 48, 50), "no_in_play_model"),
        ([game(start_time_valid=False), market(), forecast()], (0, 48, 50), "time_to_start"),
        ([game(start_time=START - timedelta(hours=2)), market(), forecast()], (0, 48, 50), "time_to_start"),
        (facts_of_one_game(), (600, 48, 50), "quote_age"),
        (facts_of_one_game(), (0, 0, 50), "spread"),
        (facts_of_one_game(), (0, 50, 50), "spread"),
        (facts_of_one_game(), (0, 52, 50), "spread"),
        (facts_of_one_game(), (0, 40, 51), "spread"),
        ([game(), market(), forecast(0.49)], (0, 48, 50), "min_net_value"),
        (facts_of_one_game(), (0, 1, 3), "price_bounds"),
        (facts_of_one_game(), (0, 48, 50), "ask"),
        (facts_of_one_game(), (0, 40, 50), "ask"),
    ],
)
def test_each_gate_that_fails_before_a_value_is_named_without_asking(told, row, reason):
    age, bid, ask = row
    at = START - timedelta(hours=1)
    [(screened, by_decide)] = decided(told, [(at, HOME_MARKET, bid, ask)], [age])
    assert screened == reason
    assert reason in ("ask", by_decide)


def test_a_forecast_that_is_yet_to_come_is_asked_about_each_time():
    told = [game(), market(), forecast(as_of=START - timedelta(hours=2))]
    rows = [(START - timedelta(hours=hours), HOME_MARKET, 48, 50) for hours in (3, 1)]
    before, after = decided(told, rows, [0, 0])
    assert before == ("ask", "rated")
    assert after[0] == "ask"
    assert after[1] != "rated"


def test_a_market_that_was_never_listed_is_left_to_the_loop():
    assert decided([game()], [(START - timedelta(hours=1), HOME_MARKET, 48, 50)], [0]) == [("ask", "not listed")]


@settings(max_examples=120, deadline=None)
@given(facts(), quote_rows(most=40), st.sampled_from(sorted(CHOSEN)))
def test_a_backtest_is_the_same_with_and_without_the_screen(told, rows, name):
    given_feed, chosen = feed(told, rows), CHOSEN[name]
    quick, whole = run(given_feed, chosen), run(given_feed, chosen, screened=False)
    assert quick.by_gate == whole.by_gate
    assert quick.decisions == whole.decisions
    assert quick.equity == whole.equity
    assert quick.balances == whole.balances
    assert quick.asked <= whole.asked


AHEAD = START - timedelta(hours=1)


def test_too_few_contracts_and_too_much_value_are_named_without_asking():
    row = [(AHEAD, HOME_MARKET, 48, 50)]
    assert decided(facts_of_one_game(), row, [0], contracts=5.0) == [("depth", "depth")]
    greedy = eager(max_net_value="0.02")
    assert decided(facts_of_one_game(), row, [0], greedy) == [("max_net_value", "max_net_value")]


def test_a_value_is_of_what_the_other_side_is_quoted_at_by_then():
    """Home is worth its price only beside an away side that is cheap."""
    told = [game(), market(), market(AWAY_MARKET, Outcome.AWAY), forecast(0.5, model_weight=0.0)]
    minutes = [AHEAD + timedelta(minutes=at) for at in range(4)]
    rows = [
        (minutes[0], AWAY_MARKET, 50, 52),
        (minutes[1], HOME_MARKET, 48, 50),
        (minutes[2], AWAY_MARKET, 39, 41),
        (minutes[3], HOME_MARKET, 48, 50),
    ]
    answers = decided(told, rows, [0] * 4)
    assert answers[1] == ("min_net_value", "min_net_value")
    assert answers[3][0] == "ask"


def test_a_price_quoted_at_the_same_instant_counts():
    told = [game(), market(), market(AWAY_MARKET, Outcome.AWAY), forecast(0.5, model_weight=0.0)]
    rows = [(AHEAD, HOME_MARKET, 48, 50), (AHEAD, AWAY_MARKET, 39, 41)]
    assert decided(told, rows, [0, 0])[0][0] == "ask"


def test_quotes_alike_are_asked_about_once(monkeypatch):
    asked: list[object] = []
    monkeypatch.setitem(values.GATES, "depth", lambda one: asked.append(one) or depth(one))
    rows = [(AHEAD + timedelta(seconds=at), HOME_MARKET, 50 - at % 2, 52 - at % 2) for at in range(50)]
    decider = Decider(on_paper(eager(min_net_value="0.30")), RULES.limits)
    known = Known(load_leagues())
    for fact in facts_of_one_game():
        known.reach(fact.known_at)
        known.take(fact)
    screen = Screen(MARKETS, known, decider.rules)
    codes = screen.reasons(quotes(rows, MARKETS))
    assert [GATE_NAMES[code] for code in set(codes.tolist())] == ["min_net_value"]
    assert len(asked) == 2
    screen.reasons(quotes(rows, MARKETS))
    assert len(asked) == 2
    screen.touch([HOME_MARKET])
    screen.reasons(quotes(rows, MARKETS))
    assert len(asked) == 4


def test_a_fee_that_changes_between_quotes_is_heeded():
    """A fee so high that nothing is worth it holds from the middle of the stretch on."""
    change = FeeTermsSeen("kalshi", "c", FeeScope.SERIES, "KXNFLGAME", "KXNFLGAME", AHEAD, "quadratic", Decimal(5))
    known_at = LISTED - timedelta(days=1)
    fees = FeeBook.of(load_fees(), [FeeFact(change, known_at, known_at, known_at)])
    before, after = [(AHEAD + timedelta(minutes=at), HOME_MARKET, 48, 50) for at in (-1, 1)]
    [first, second] = decided(facts_of_one_game(), [before, after], [0, 0], fees=fees)
    assert (first[0], second) == ("ask", ("ask", "min_net_value"))
    assert decided(facts_of_one_game(), [after], [0], fees=fees) == [("min_net_value", "min_net_value")]


def test_a_stretch_is_screened_from_what_was_known_before_it_alone():
    told = facts_of_one_game()
    rows = [(START - timedelta(hours=2), HOME_MARKET, 48, 50), (START - timedelta(hours=1), HOME_MARKET, 0, 50)]
    both = decided(told, rows, [0, 0])
    assert decided(told, rows[:1], [0]) == both[:1]
    assert micros(rows[0][0]) < micros(rows[1][0])
