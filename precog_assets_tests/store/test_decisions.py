"""Decisions as stored: a row for each change of verdict, a count of the same again, the rules they were made by."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.strategies import Limits, Strategy
from precog_assets.domain.trading import Snapshot
from precog_assets.store import tables
from precog_assets.store.decisions import WrittenDecisions, limits_hash, write_decisions, write_rules
from precog_assets.store.snapshots import from_json
from precog_assets.trading.decide import decide
from precog_assets_tests.databases import count, rolled_back
from precog_assets_tests.trading.builders import AS_OF, limits, snapshot, strategy

SECOND = timedelta(seconds=1)
LIMITS_HASH = limits_hash(limits())


def seen(second: int = 0, **changes: Any) -> Snapshot:
    """The builder's snapshot, so many seconds later."""
    return replace(snapshot(**changes), as_of=AS_OF + second * SECOND)


def put(engine: sa.Engine, *snapshots: Snapshot, by: Strategy | None = None) -> WrittenDecisions:
    decided = [(decide(one, by or strategy(), limits()), one) for one in snapshots]
    with engine.begin() as connection:
        return write_decisions(connection, decided, LIMITS_HASH, decided[0][0].as_of)


def rows(engine: sa.Engine) -> list[Any]:
    table = tables.decisions
    with engine.connect() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.as_of, table.c.market_id)))


def test_a_decision_is_stored_with_every_gate_and_everything_it_read(store: sa.Engine) -> None:
    one = seen()
    made = decide(one, strategy(), limits())
    assert put(store, one) == WrittenDecisions(frozenset({made.decision_id}), 0)
    (row,) = rows(store)
    assert (row.action, row.reason, row.side, row.rung) == ("take", "taken", "yes", "paper")
    assert (row.limit_price, row.contracts, row.net_value) == (made.limit_price, made.contracts, made.net_value)
    assert (row.strategy, row.strategy_hash, row.limits_hash) == ("value", strategy().hash, LIMITS_HASH)
    assert [gate["name"] for gate in row.gates] == [gate.name for gate in made.gates]
    assert from_json(row.snapshot) == one
    assert row.details == made.details


def test_the_same_verdict_again_is_counted_and_not_written(store: sa.Engine) -> None:
    stopped: dict[str, Any] = {"kill_switch": True}
    assert len(put(store, seen(0, **stopped)).new) == 1
    for second in (1, 2, 3):
        assert put(store, seen(second, **stopped)) == WrittenDecisions(frozenset(), 1)
    (row,) = rows(store)
    assert (row.repeats, row.as_of, row.last_repeated_at) == (3, AS_OF, AS_OF + 3 * SECOND)


def test_another_reason_or_side_or_version_of_the_strategy_is_a_row(store: sa.Engine) -> None:
    put(store, seen(0, kill_switch=True))
    put(store, seen(1, price={"p_trading": 0.42}, kill_switch=True))
    put(store, seen(2, price={"p_trading": 0.42}, market={"status": "closed"}))
    put(store, seen(3, price={"p_trading": 0.42}, market={"status": "closed"}), by=strategy(gates={"min_games": 3}))
    put(store, seen(4, kill_switch=True))
    assert [(row.reason, row.side) for row in rows(store)] == [
        ("kill_switch", "yes"),
        ("kill_switch", "no"),
        ("market_open", "no"),
        ("market_open", "no"),
        ("kill_switch", "yes"),
    ]


def test_every_take_is_a_row_since_an_order_follows_from_it(store: sa.Engine) -> None:
    assert len(put(store, seen(0)).new) == 1
    assert len(put(store, seen(1)).new) == 1
    assert [row.repeats for row in rows(store)] == [0, 0]


def test_strategies_are_counted_apart(store: sa.Engine) -> None:
    put(store, seen(0, kill_switch=True))
    assert len(put(store, seen(1, kill_switch=True), by=strategy("maker")).new) == 1


def test_a_decision_written_twice_changes_nothing(store: sa.Engine) -> None:
    put(store, seen(0, kill_switch=True))
    put(store, seen(1, kill_switch=True))
    before = rows(store)
    assert put(store, seen(1, kill_switch=True)) == WrittenDecisions(frozenset(), 0)
    assert put(store, seen(0, kill_switch=True)) == WrittenDecisions(frozenset(), 0)
    assert rows(store) == before


def test_what_is_rolled_back_was_never_decided(store: sa.Engine) -> None:
    one = seen()
    with rolled_back(store) as connection:
        write_decisions(connection, [(decide(one, strategy(), limits()), one)], LIMITS_HASH, one.as_of)
    assert count(store, tables.decisions) == 0
    assert len(put(store, one).new) == 1


def test_numbers_that_are_none_are_stored_as_such(store: sa.Engine) -> None:
    put(store, seen(price=None, quote=None, forecast=None, game=None))
    (row,) = rows(store)
    assert (row.p_model, row.p_market, row.p_trading, row.net_value, row.side) == (None, None, None, None, None)
    assert row.contracts == Decimal(0)


def test_rules_are_kept_once_a_version_with_all_their_settings(store: sa.Engine) -> None:
    for second, cash in ((0, "10000"), (1, "10000"), (2, "500")):
        with store.begin() as connection:
            write_rules(connection, [strategy()], limits(starting_cash=cash), AS_OF + second * SECOND)
    with store.connect() as connection:
        (kept,) = connection.execute(sa.select(tables.strategies)).all()
        bounds = connection.execute(sa.select(tables.limits).order_by(tables.limits.c.created_at)).all()
    assert Strategy.model_validate(kept.parameters).hash == kept.strategy_hash == strategy().hash
    assert kept.created_at == AS_OF
    assert [limits_hash(Limits.model_validate(row.parameters)) for row in bounds] == [row.limits_hash for row in bounds]
    assert len({row.limits_hash for row in bounds}) == 2
