"""A book written by hand over the small world of `sql_world`: decisions, orders, fills, a ledger, settlements."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.trading import Fill, LedgerEntry, Side
from precog_assets.store import tables
from precog_assets_tests.pipeline.sql_world import NOW

KC, JAC = "kalshi:KXNFLGAME-26NOV22JACKC-KC", "kalshi:KXNFLGAME-26NOV22JACKC-JAC"
LATER = "kalshi:KXNFLGAME-26NOV28JACKC-KC"
STRATEGY_HASH = "0123456789ab"
_numbers = itertools.count(1)


def gates(*passed: bool | None, names: Sequence[str] = ("matched", "rated", "spread", "skill")) -> list[dict[str, Any]]:
    """A decision's gates as they are stored; those not given passed."""
    verdicts = itertools.chain(passed, itertools.repeat(True))
    return [
        {"name": name, "passed": verdict, "value": 0.07, "threshold": "0.05", "detail": f"{name} says"}
        for name, verdict in zip(names, verdicts, strict=False)
    ]


def decision(market_id: str = KC, **given: Any) -> dict[str, Any]:
    """A row of book.decisions: taken, unless a reason is given."""
    taken = given.get("reason", "taken") == "taken"
    as_of = given.get("as_of", NOW - timedelta(hours=1))
    row = {
        "decision_id": f"{next(_numbers):020x}",
        "market_id": market_id,
        "game_id": "nfl:1",
        "league": "nfl",
        "strategy": "value",
        "strategy_hash": STRATEGY_HASH,
        "limits_hash": "0" * 12,
        "as_of": as_of,
        "action": "take" if taken else "pass",
        "reason": "taken",
        "side": "yes" if taken else None,
        "limit_price": Decimal("0.50") if taken else None,
        "contracts": Decimal(10 if taken else 0),
        "p_model": 0.6,
        "p_market": 0.5,
        "p_trading": 0.55,
        "divergence": 0.1,
        "net_value": Decimal("0.03"),
        "rung": "paper",
        "gates": gates(),
        "snapshot": {},
        "details": {"would_take": given.get("reason", "taken") in ("taken", "skill")},
        "repeats": 0,
        "last_repeated_at": None,
        "computed_at": as_of,
    }
    return {**row, **given}


def order(client_id: str, market_id: str = KC, **given: Any) -> dict[str, Any]:
    """A row of book.orders: filled whole."""
    contracts = given.get("contracts", Decimal(10))
    created = given.get("created_at", NOW - timedelta(hours=1))
    row = {
        "client_id": client_id,
        "venue": "paper",
        "market_id": market_id,
        "ticker": market_id.partition(":")[2],
        "side": "yes",
        "limit_price": Decimal("0.50"),
        "contracts": contracts,
        "filled": contracts,
        "post_only": False,
        "strategy": "value",
        "decision_id": None,
        "status": "filled",
        "reason": "",
        "venue_order_id": None,
        "created_at": created,
        "placed_at": created,
        "expires_at": None,
        "last_changed_at": created,
    }
    return {**row, **given}


def fill(fill_id: str, market_id: str, side: Side, price: str, contracts: int, fee: str = "0", **given: Any) -> Fill:
    values: dict[str, Any] = {"filled_at": NOW - timedelta(hours=1), "is_maker": False, **given}
    return Fill(
        fill_id=fill_id,
        client_id=values.pop("client_id", f"order of {fill_id}"),
        market_id=market_id,
        side=side,
        price=Decimal(price),
        contracts=Decimal(contracts),
        fee=Decimal(fee),
        **values,
    )


def settlement(market_id: str, result: str = "yes", **given: Any) -> dict[str, Any]:
    """A row of book.settlements."""
    value = Decimal({"yes": 1, "no": 0}.get(result, 0))
    row = {
        "market_id": market_id,
        "amends": 0,
        "result": result,
        "yes_value": value,
        "venue_value": None if result == "void" else value,
        "settled_at": NOW,
        "game_agrees": True,
        "recorded_at": NOW,
    }
    return {**row, **given}


def put(engine: sa.Engine, table: sa.Table, *rows: Mapping[str, Any]) -> None:
    """Insert rows as they are."""
    if rows:
        with engine.begin() as connection:
            connection.execute(sa.insert(table), [dict(row) for row in rows])


def put_fills(engine: sa.Engine, fills: Iterable[Fill], *, venue: str = "paper") -> None:
    """Fills, each with an order of its own."""
    fills = list(fills)
    orders = [
        order(
            one.client_id,
            one.market_id,
            venue=venue,
            side=one.side.value,
            limit_price=one.price,
            contracts=one.contracts,
            created_at=one.filled_at,
        )
        for one in fills
    ]
    put(engine, tables.orders, *orders)
    rows = [
        {
            "fill_id": one.fill_id,
            "client_id": one.client_id,
            "market_id": one.market_id,
            "side": one.side.value,
            "price": one.price,
            "contracts": one.contracts,
            "fee": one.fee,
            "is_maker": one.is_maker,
            "filled_at": one.filled_at,
            "recorded_at": one.filled_at,
        }
        for one in fills
    ]
    put(engine, tables.fills, *rows)


def put_ledger(engine: sa.Engine, entries: Iterable[LedgerEntry], *, venue: str = "paper") -> None:
    """Legs as the ledger gave them."""
    rows = [
        {
            "transaction_id": one.transaction_id,
            "leg": one.leg,
            "at": one.at,
            "venue": venue,
            "account": one.account,
            "amount": one.amount,
            "strategy": one.strategy,
            "note": one.note,
            "recorded_at": one.at,
        }
        for one in entries
    ]
    put(engine, tables.ledger, *rows)


def put_strategy(engine: sa.Engine, probability: str = "market_aware", strategy_hash: str = STRATEGY_HASH) -> None:
    row = {
        "strategy_hash": strategy_hash,
        "name": "value",
        "parameters": {"probability": probability},
        "limits": {},
        "created_at": NOW - timedelta(days=30),
    }
    put(engine, tables.strategies, row)


def eastern(day: int, hour: int = 12) -> datetime:
    """An instant of November 2026 by the Eastern clock, five hours behind UTC."""
    return NOW.replace(day=day, hour=0, minute=0) + timedelta(hours=hour + 5)
