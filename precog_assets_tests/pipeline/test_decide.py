"""The deciding step: decisions and orders together or not at all, one balance counted once, reasons by name."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from precog_assets.checks.bridge import checked
from precog_assets.config import load_trading_rules
from precog_assets.domain.facts import GameKind
from precog_assets.domain.fees import FeeScope, seen_terms
from precog_assets.domain.strategies import Strategy, TradingRules
from precog_assets.domain.trading import Rung
from precog_assets.pipeline.book import work_book
from precog_assets.pipeline.decide import LAST_WORD, decide_markets
from precog_assets.pipeline.replay.decision import replay_decision
from precog_assets.pipeline.report import StepReport
from precog_assets.services import Services
from precog_assets.store import tables
from precog_assets.store.book import set_kill_switch, take_turn
from precog_assets.store.fees import write_fee_terms
from precog_assets.store.snapshots import PAPER, from_json, snapshot_at
from precog_assets.trading.decide import Decider
from precog_assets.trading.identity import order_client_id
from precog_assets_tests.databases import count
from precog_assets_tests.pipeline.conftest import TestClock
from precog_assets_tests.pipeline.slate_world import (
    NOW,
    PROVEN,
    SEEN,
    START,
    event,
    game_row,
    jac,
    kc,
    live,
    market_row,
    put_games,
    put_link,
    put_markets,
    put_quote,
    put_rung,
    put_slate,
)

RULES = load_trading_rules()
STEP = timedelta(microseconds=1)


def decide(services: Services, **given: Any) -> StepReport:
    return decide_markets(services, correlation_id="c", **given)


def rows(engine: sa.Engine, market_id: str | None = None, strategy: str = "value") -> list[Any]:
    """Decisions on a market, in time."""
    table = tables.decisions
    chosen = sa.select(table).where(table.c.strategy == strategy, table.c.market_id == (market_id or kc()))
    with engine.connect() as connection:
        return list(connection.execute(chosen.order_by(table.c.as_of)))


def orders(engine: sa.Engine) -> list[Any]:
    table = tables.orders
    with engine.connect() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.created_at, table.c.client_id)))


def under(monkeypatch: pytest.MonkeyPatch, *strategies: Strategy, **limits: Any) -> None:
    """Run the step by these strategies and limits."""
    bounds = RULES.limits.model_copy(update={name: Decimal(value) for name, value in limits.items()})
    chosen = {one.name: one for one in strategies} or RULES.strategies
    rules = TradingRules(strategies=chosen, limits=bounds, backtests=RULES.backtests)
    monkeypatch.setattr("precog_assets.pipeline.decide.load_trading_rules", lambda: rules)


def on_paper(name: str = "value", **fields: Any) -> Strategy:
    """The strategy `value` on paper from the first day."""
    return RULES.strategies["value"].model_copy(update={"name": name, "start_rung": "paper", **fields})


def test_every_default_strategy_decides_on_every_market(services: Services) -> None:
    put_slate(services.engine, 2)
    report = decide(services)
    assert (report.rows_in, report.inserted, report.failed) == (4 * len(RULES.strategies), 12, False)
    for strategy in RULES.strategies:
        for market_id in (kc(1), jac(1), kc(2), jac(2)):
            (row,) = rows(services.engine, market_id, strategy)
            assert row.strategy_hash == RULES.strategies[strategy].hash
            assert row.gates[0] == {"name": "matched", "passed": True, "value": "matched", "threshold": "matched"} | {
                "detail": ""
            }


def test_the_stored_decisions_pass_their_own_check(services: Services) -> None:
    put_slate(services.engine, 2)
    decide(services)
    with services.engine.connect() as connection:
        found = checked(connection, "book.decisions", NOW + timedelta(minutes=1))
    assert found.passed, found.description


def test_in_shadow_what_would_be_done_is_recorded_and_nothing_is_ordered(services: Services) -> None:
    put_slate(services.engine)
    report = decide(services)
    (row,) = rows(services.engine)
    assert (row.action, row.reason, row.rung, row.details["would_take"]) == ("pass", "skill", "shadow", True)
    assert row.contracts > 0
    assert (orders(services.engine), report.notes["orders"]) == ([], 0)
    assert report.notes["worth_taking"] != 0


def test_a_take_is_written_with_its_order_before_anything_is_sent(services: Services) -> None:
    put_slate(services.engine)
    put_rung(services.engine)
    report = decide(services)
    (row,) = rows(services.engine)
    assert (row.action, row.reason, row.rung, row.side) == ("take", "taken", "paper", "yes")
    order = next(one for one in orders(services.engine) if one.market_id == kc())
    assert order.client_id == order_client_id(row.decision_id)
    assert (order.status, order.placed_at, order.filled) == ("written", None, 0)
    assert (order.limit_price, order.contracts, order.post_only) == (row.limit_price, row.contracts, False)
    assert order.expires_at - order.created_at == timedelta(seconds=RULES.strategies["value"].order_lifetime_s)
    assert report.notes["orders"] == len(orders(services.engine))


def test_nothing_here_stands_above_paper_whatever_rung_is_noted(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_slate(services.engine)
    put_rung(services.engine, facts=replace(PROVEN, rung=Rung.LIVE))
    under(monkeypatch, on_paper(highest_rung="live"))
    decide(services)
    assert rows(services.engine)[0].rung == "paper"
    assert {order.venue for order in orders(services.engine)} == {"paper"}


def test_a_maker_rests_and_never_takes(services: Services) -> None:
    put_slate(services.engine)
    put_rung(services.engine, "maker")
    with services.engine.begin() as connection:
        for market_id in (kc(), jac()):
            put_quote(connection, market_id, "0.48", "0.52", NOW)
    decide(services)
    (row,) = rows(services.engine, kc(), "maker")
    order = next(one for one in orders(services.engine) if one.decision_id == row.decision_id)
    assert (order.post_only, order.limit_price) == (True, Decimal("0.49"))


def test_the_same_verdict_again_is_counted(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    decide(services)
    clock.forward(10)
    report = decide(services)
    assert (report.inserted, report.unchanged) == (0, 6)
    (row,) = rows(services.engine)
    assert (row.repeats, row.last_repeated_at) == (1, clock.now())


def test_passes_that_come_again_buy_up_to_the_limits_and_then_no_more(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    put_rung(services.engine)
    for _ in range(6):
        decide(services)
        clock.forward(10)
    placed = orders(services.engine)
    at_stake = {one: sum(o.contracts * o.limit_price for o in placed if o.market_id == one) for one in (kc(), jac())}
    assert 0 < max(at_stake.values()) <= RULES.limits.per_market
    assert sum(at_stake.values()) <= RULES.limits.per_game
    decide(services)
    assert orders(services.engine) == placed
    assert rows(services.engine)[-1].action == "pass"


@pytest.mark.parametrize(
    ("quoted", "reason", "detail"),
    [
        (("0.55", "0.53"), "spread", "crossed book"),
        (("0.53", "0.53"), "spread", "locked book"),
        (("0.53", None), "spread", "one-sided book"),
        ((None, "0.55"), "spread", "one-sided book"),
        ((None, None), "spread", "empty book"),
        (("0", "0.02"), "spread", "one-sided book"),
        (("0.98", "1"), "spread", "one-sided book"),
        (("0", "1"), "spread", "empty book"),
        (("0.40", "0.60"), "spread", ""),
    ],
)
def test_a_book_that_cannot_be_traded_is_named(
    services: Services, quoted: tuple[str | None, str | None], reason: str, detail: str
) -> None:
    """Among them what a renamed field leaves of a quote: nulls."""
    put_slate(services.engine)
    put_rung(services.engine)
    with services.engine.begin() as connection:
        put_quote(connection, kc(), *quoted, NOW)
    decide(services)
    (row,) = rows(services.engine)
    assert (row.action, row.reason) == ("pass", reason)
    assert next(gate["detail"] for gate in row.gates if gate["name"] == reason) == detail


def test_a_stale_quote_a_game_in_play_a_preseason_game_and_a_tie_to_nothing_are_named(
    services: Services, clock: TestClock
) -> None:
    put_slate(services.engine, 3)
    with services.engine.begin() as connection:
        put_games(connection, game_row(1, status="STATUS_IN_PROGRESS", state="in"), at=NOW)
        put_games(connection, game_row(2, game_kind=GameKind.PRESEASON), at=NOW)
        put_link(connection, kc(3), None, verdict="ambiguous", at=NOW)
    decide(services)
    assert rows(services.engine, kc(1))[-1].reason == "no_in_play_model"
    assert rows(services.engine, kc(2))[-1].reason == "not_exhibition"
    refused = rows(services.engine, kc(3))[-1]
    assert (refused.reason, refused.game_id, refused.gates[0]["value"]) == ("matched", None, "ambiguous")
    clock.forward(600)
    decide(services)
    assert rows(services.engine, jac(3))[-1].reason == "quote_age"


def test_a_game_in_play_that_the_model_speaks_of_is_not_traded_and_its_state_is_recorded(services: Services) -> None:
    put_slate(services.engine)
    put_rung(services.engine)
    playing = {"status": "STATUS_IN_PROGRESS", "state": "in", "period": 3, "clock": 425.0, "home_score": 17}
    with services.engine.begin() as connection:
        put_games(connection, game_row(**{**playing, "away_score": 14}), at=NOW - timedelta(seconds=1))
    decide(services)
    (row,) = rows(services.engine)
    assert (row.action, row.reason) == ("pass", "game_phase"), "it was seen in play before its announced start"
    play = row.snapshot["play"]
    assert (play["home_score"], play["away_score"], play["p_before"]) == (17, 14, 0.75)
    assert row.p_model == play["p_in_play"] > 0.75
    gates = {gate["name"]: gate for gate in row.gates}
    assert (gates["no_in_play_model"]["passed"], gates["no_in_play_model"]["value"]) == (True, play["p_in_play"])


def test_a_settled_market_that_still_quotes_gets_its_last_word_and_then_none(
    services: Services, clock: TestClock
) -> None:
    put_slate(services.engine)
    clock.forward(5)
    with services.engine.begin() as connection:
        put_markets(connection, market_row(kc(), status="finalized", quote=None), at=clock.now())
        put_quote(connection, kc(), "0.98", "0.99", clock.now())
    assert decide(services).notes["markets"] == 2
    assert rows(services.engine)[-1].reason == "market_open"
    clock.forward(LAST_WORD.total_seconds())
    assert decide(services).notes["markets"] == 1


def test_the_kill_switch_stops_every_order(services: Services) -> None:
    put_slate(services.engine)
    put_rung(services.engine)
    with services.engine.begin() as connection:
        set_kill_switch(connection, on=True, reason="a test", author="a test", at=SEEN)
    decide(services)
    (row,) = rows(services.engine)
    assert (row.action, row.reason) == ("pass", "kill_switch")
    assert orders(services.engine) == []


def test_a_strategy_is_not_asked_about_leagues_that_it_does_not_trade(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_slate(services.engine)
    under(monkeypatch, on_paper(leagues=("nba",)))
    assert decide(services).rows_in == 0


def test_a_day_without_markets_is_a_pass_with_nothing_in_it(services: Services) -> None:
    report = decide(services)
    assert (report.rows_in, report.written, report.failed) == (0, 0, False)
    assert decide(services, market_ids=["kalshi:NEVER-SEEN"]).rows_in == 0


def test_only_the_markets_that_are_named_are_decided(services: Services) -> None:
    put_slate(services.engine, 2)
    assert decide(services, market_ids=[kc(2)]).rows_in == len(RULES.strategies)
    assert rows(services.engine, kc(1)) == []


def test_fees_are_those_that_the_venue_named(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    decide(services)
    clock.forward(1)
    terms = seen_terms("kalshi", FeeScope.SERIES, "KXNFLGAME", "KXNFLGAME", "quadratic", Decimal(4))
    with services.engine.begin() as connection:
        write_fee_terms(connection, [(terms, live(clock.now()))])
    decide(services)
    before, after = rows(services.engine)
    assert (before.reason, after.reason) == ("skill", "min_net_value")
    assert before.details["fee_per_contract"] < 0.02
    assert after.details["fee_per_contract"] == pytest.approx(0.28 * 0.51 * 0.49)


def test_a_later_strategy_counts_what_those_before_it_ordered(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_slate(services.engine)
    under(monkeypatch, on_paper("one"), on_paper("two"))
    decide(services)
    (one,), (two,) = rows(services.engine, strategy="one"), rows(services.engine, strategy="two")
    assert two.as_of - one.as_of == STEP
    assert Decimal(two.snapshot["exposure"]["market"]) == one.contracts * one.limit_price
    assert Decimal(two.snapshot["exposure"]["cash"]) < Decimal(one.snapshot["exposure"]["cash"])


def test_two_passes_at_once_count_one_balance_once(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    put_slate(services.engine)
    under(monkeypatch, on_paper(), per_game="60", per_market="60")
    ready = threading.Barrier(3)
    reports: list[StepReport] = []

    def one_pass() -> None:
        ready.wait(timeout=30)
        reports.append(decide(services))

    threads = [threading.Thread(target=one_pass) for _ in range(2)]
    with services.engine.begin() as held:
        # Both passes come while the account is another's, so that both wait for the same turn.
        take_turn(held, PAPER, lambda: NOW)
        for thread in threads:
            thread.start()
        ready.wait(timeout=30)
    for thread in threads:
        thread.join(timeout=60)
    assert len(reports) == 2
    written = orders(services.engine)
    at_stake = sum(order.contracts * order.limit_price for order in written)
    assert 40 < at_stake <= 60, "what the second ordered counts beside the first, not once more"
    table = tables.decisions
    with services.engine.connect() as connection:
        instants = sorted(set(connection.scalars(sa.select(table.c.as_of))))
        opened = connection.scalar(
            sa.select(sa.func.sum(tables.ledger.c.amount)).where(tables.ledger.c.account == "cash")
        )
    assert len(instants) == 2
    assert opened == RULES.limits.starting_cash


def test_a_pass_that_dies_leaves_no_decision_no_order_and_no_deposit(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_slate(services.engine)
    put_rung(services.engine)

    def dies(_report: StepReport, _connection: sa.Connection) -> None:
        raise RuntimeError("the process dies")

    with monkeypatch.context() as patched:
        patched.setattr(StepReport, "record", dies)
        with pytest.raises(RuntimeError, match="dies"):
            decide(services)
    assert [count(services.engine, one) for one in (tables.decisions, tables.orders, tables.ledger)] == [0, 0, 0]
    assert decide(services).notes["orders"] == len(orders(services.engine)) > 0


def test_an_order_that_was_written_before_a_crash_is_placed_once_by_the_next_turn(
    services: Services, clock: TestClock
) -> None:
    put_slate(services.engine)
    put_rung(services.engine)
    decide(services)
    clock.forward(5)
    work_book(services, correlation_id="c")
    placed = orders(services.engine)
    assert [(one.status, one.filled) for one in placed] == [("filled", one.contracts) for one in placed]
    fills = count(services.engine, tables.fills)
    work_book(services, correlation_id="c")
    assert (count(services.engine, tables.fills), orders(services.engine)) == (fills, placed)


def test_an_order_whose_time_was_over_before_the_next_turn_is_never_sent(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    put_rung(services.engine)
    decide(services)
    clock.forward(RULES.strategies["value"].order_lifetime_s + 1)
    work_book(services, correlation_id="c")
    assert {(one.status, one.filled) for one in orders(services.engine)} == {("expired", 0)}
    assert count(services.engine, tables.fills) == 0


def test_the_account_is_opened_once_with_its_starting_cash(services: Services, clock: TestClock) -> None:
    put_slate(services.engine)
    decide(services)
    clock.forward(10)
    decide(services)
    work_book(services, correlation_id="c")
    with services.engine.connect() as connection:
        legs = connection.execute(sa.select(tables.ledger.c.account, tables.ledger.c.amount)).all()
    assert dict(map(tuple, legs)) == {"cash": 10_000, "deposits": -10_000}
    (row,) = rows(services.engine)
    assert Decimal(row.snapshot["exposure"]["equity"]) == 10_000


def test_what_a_pass_decided_is_decided_again_from_what_is_stored(services: Services, clock: TestClock) -> None:
    """Whatever came later: quotes, states, orders of its own and their fills."""
    put_slate(services.engine, 3)
    put_rung(services.engine)
    decide(services)
    clock.forward(5)
    work_book(services, correlation_id="c")
    with services.engine.begin() as connection:
        put_quote(connection, kc(1), "0.60", "0.62", clock.now())
        put_quote(connection, kc(2), "0.49", "0.51", clock.now())
        put_games(connection, game_row(3, start_time=START + timedelta(hours=1)), at=clock.now())
    decide(services)
    with services.engine.connect() as connection:
        made = connection.execute(sa.select(tables.decisions)).all()
        for row in made:
            strategy, recorded = RULES.strategies[row.strategy], from_json(row.snapshot)
            rebuilt = snapshot_at(connection, row.market_id, strategy, row.as_of, recorded=recorded)
            assert rebuilt == recorded
            again = Decider(strategy, RULES.limits).decide(recorded)
            assert (again.decision_id, again.reason, again.side) == (row.decision_id, row.reason, row.side)
            assert again.rung is Rung(row.rung)
    assert len(made) > 6 * len(RULES.strategies)
    assert {replay_decision(services.engine, row.decision_id).summary for row in made} == {"same"}


def test_the_rules_are_kept_with_the_decisions(services: Services) -> None:
    put_slate(services.engine)
    decide(services)
    with services.engine.connect() as connection:
        hashes = set(connection.scalars(sa.select(tables.strategies.c.strategy_hash)))
        bounds = connection.scalar(sa.select(tables.limits.c.limits_hash))
    assert hashes == {one.hash for one in RULES.strategies.values()}
    assert {row.limits_hash for row in rows(services.engine)} == {bounds}
    assert event() in kc()
