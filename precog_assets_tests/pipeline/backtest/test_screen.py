"""What the screen leaves out is what `decide` would have refused, for the very reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precog_assets.config import load_leagues
from precog_assets.domain.trading import Action, ExposureFacts
from precog_assets.pipeline.backtest.feed import Fact, MarketPaid, by_time, instant, micros
from precog_assets.pipeline.backtest.known import Known, quote_at
from precog_assets.pipeline.backtest.run import ON_PAPER, on_paper
from precog_assets.pipeline.backtest.screen import ASK, GATE_NAMES, Screen
from precog_assets.trading.decide import Decider
from precog_assets_tests.pipeline.backtest.random_worlds import MARKETS, facts, instants, quote_rows
from precog_assets_tests.pipeline.backtest.worlds import (
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

MONEY = ExposureFacts(*(RULES.limits.starting_cash,) * 3)


def decided(told: list[Fact], rows: list[QuoteRow], ages: list[int], **gates: object) -> list[tuple[str, str]]:
    """(reason by the screen or `ask`, reason by decide) of each quote, all facts being taken in before."""
    decider = Decider(on_paper(eager(**gates)), RULES.limits)
    known = Known(load_leagues())
    known.reach(LISTED - timedelta(hours=2))
    for fact in told:
        known.reach(fact.known_at)
        known.take(fact)
    stretch = quotes(rows, MARKETS)
    seen = stretch.known_us - np.array(ages, np.int64) * 1_000_000
    stretch = replace(stretch, observed_us=seen, confirmed_us=seen)
    codes = Screen(MARKETS, known, decider.rules).reasons(stretch)
    answers: list[tuple[str, str]] = []
    for row, code in enumerate(codes.tolist()):
        market_id, at = MARKETS[stretch.market[row]], instant(stretch.known_us[row])
        known.reach(at)
        known.quote(market_id, quote_at(stretch, row), at)
        snapshot = known.snapshot(market_id, MONEY, ON_PAPER)
        if snapshot is None:
            answers.append(("ask" if code == ASK else GATE_NAMES[code], "not listed"))
            continue
        decision = decider.decide(snapshot, complete=False)
        assert code == ASK or decision.action is Action.PASS
        answers.append(("ask" if code == ASK else GATE_NAMES[code], decision.reason))
    return answers


@settings(max_examples=300, deadline=None)
@given(facts(), quote_rows(), instants(), st.data())
def test_every_quote_that_is_screened_out_is_refused_by_decide_for_the_same_reason(told, rows, until, data):
    known = sorted((one for one in told if one.known_at <= until and not isinstance(one, MarketPaid)), key=by_time)
    rows = [(max(at, until), *rest) for at, *rest in rows]
    ages = data.draw(st.lists(st.sampled_from((0, 0, 0, 60, 500, -5)), min_size=len(rows), max_size=len(rows)))
    for screened, reason in decided(known, rows, ages):
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


@settings(max_examples=60, deadline=None)
@given(facts(), quote_rows(most=40))
def test_a_backtest_is_the_same_with_and_without_the_screen(told, rows):
    given_feed = feed(told, rows)
    quick, whole = run(given_feed), run(given_feed, screened=False)
    assert quick.by_gate == whole.by_gate
    assert quick.decisions == whole.decisions
    assert quick.equity == whole.equity
    assert quick.balances == whole.balances
    assert quick.asked <= whole.asked


def test_a_stretch_is_screened_from_what_was_known_before_it_alone():
    told = facts_of_one_game()
    rows = [(START - timedelta(hours=2), HOME_MARKET, 48, 50), (START - timedelta(hours=1), HOME_MARKET, 0, 50)]
    both = decided(told, rows, [0, 0])
    assert decided(told, rows[:1], [0]) == both[:1]
    assert micros(rows[0][0]) < micros(rows[1][0])
