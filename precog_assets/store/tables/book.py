"""Schema `book`. Strategies and limits as they were, rungs, decisions, orders, fills, ledger, settlements, equity.

`recorded_at` and the instants of decisions and orders are our account's own clock: it never stands still between two
transactions of an account, so that what was known at an instant is what was recorded before it.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from precog_assets.store.tables.columns import COUNT, INSTANT, PRICE, metadata

DOLLARS = sa.Numeric(24, 8)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column("opened_at", INSTANT, nullable=False),
    sa.Column("last_at", INSTANT, nullable=False, comment="Latest instant given to a transaction of the account"),
    sa.PrimaryKeyConstraint("venue"),
    schema="book",
)

strategies = sa.Table(
    "strategies",
    metadata,
    sa.Column("strategy_hash", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("parameters", JSONB, nullable=False),
    sa.Column("limits", JSONB, nullable=False, comment="When it was first used; a decision names its own"),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("strategy_hash"),
    schema="book",
)

limits = sa.Table(
    "limits",
    metadata,
    sa.Column("limits_hash", sa.Text, nullable=False),
    sa.Column("parameters", JSONB, nullable=False),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("limits_hash"),
    schema="book",
)

rungs = sa.Table(
    "rungs",
    metadata,
    sa.Column("strategy", sa.Text, nullable=False),
    sa.Column("league", sa.Text, nullable=False),
    sa.Column("rung", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("graded", sa.Integer, nullable=False),
    sa.Column("skill", sa.Double),
    sa.Column("skill_low", sa.Double),
    sa.Column("closing_line_value", sa.Double, comment="Dollars a contract"),
    sa.Column("closing_line_value_low", sa.Double),
    sa.Column("decided_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("strategy", "league", "decided_at"),
    schema="book",
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("decision_id", sa.Text, nullable=False),
    sa.Column("market_id", sa.Text, nullable=False),
    sa.Column("game_id", sa.Text),
    sa.Column("league", sa.Text),
    sa.Column("strategy", sa.Text, nullable=False),
    sa.Column("strategy_hash", sa.Text, nullable=False),
    sa.Column("limits_hash", sa.Text, nullable=False),
    sa.Column("as_of", INSTANT, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("side", sa.Text),
    sa.Column("limit_price", PRICE),
    sa.Column("contracts", COUNT, nullable=False),
    sa.Column("p_model", sa.Double),
    sa.Column("p_market", sa.Double),
    sa.Column("p_trading", sa.Double),
    sa.Column("divergence", sa.Double),
    sa.Column("net_value", sa.Numeric(10, 6)),
    sa.Column("rung", sa.Text, nullable=False),
    sa.Column("gates", JSONB, nullable=False),
    sa.Column("snapshot", JSONB, nullable=False, comment="What was read: every fact with the instant it was observed"),
    sa.Column("details", JSONB, nullable=False),
    sa.Column("repeats", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_repeated_at", INSTANT),
    sa.Column("computed_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("decision_id"),
    sa.Index("decisions_market", "market_id", "strategy", "as_of"),
    sa.Index("decisions_as_of", "as_of"),
    sa.Index("decisions_game", "game_id"),
    comment="One row for each market, strategy and change of verdict; the same verdict again is counted",
    schema="book",
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column("market_id", sa.Text, nullable=False),
    sa.Column("ticker", sa.Text, nullable=False),
    sa.Column("side", sa.Text, nullable=False),
    sa.Column("limit_price", PRICE, nullable=False),
    sa.Column("contracts", COUNT, nullable=False),
    sa.Column("filled", COUNT, nullable=False),
    sa.Column("post_only", sa.Boolean, nullable=False),
    sa.Column("strategy", sa.Text, nullable=False),
    sa.Column("decision_id", sa.Text, sa.ForeignKey("book.decisions.decision_id")),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("venue_order_id", sa.Text),
    sa.Column("created_at", INSTANT, nullable=False),
    sa.Column("placed_at", INSTANT, comment="When the venue took it: since then it queues"),
    sa.Column("expires_at", INSTANT),
    sa.Column("last_changed_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("client_id"),
    sa.Index("orders_market", "market_id"),
    sa.Index("orders_open", "venue", postgresql_where=sa.text("status IN ('written', 'resting')")),
    sa.Index("orders_changed", "venue", "last_changed_at"),
    sa.Index("orders_decision", "decision_id"),
    schema="book",
)

fills = sa.Table(
    "fills",
    metadata,
    sa.Column("fill_id", sa.Text, nullable=False),
    sa.Column("client_id", sa.Text, sa.ForeignKey("book.orders.client_id"), nullable=False),
    sa.Column("market_id", sa.Text, nullable=False),
    sa.Column("side", sa.Text, nullable=False),
    sa.Column("price", PRICE, nullable=False),
    sa.Column("contracts", COUNT, nullable=False),
    sa.Column("fee", sa.Numeric(14, 6), nullable=False),
    sa.Column("is_maker", sa.Boolean, nullable=False),
    sa.Column("filled_at", INSTANT, nullable=False),
    sa.Column("recorded_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("fill_id"),
    sa.Index("fills_market", "market_id", "filled_at"),
    sa.Index("fills_client", "client_id"),
    schema="book",
)

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("transaction_id", sa.Text, nullable=False),
    sa.Column("leg", sa.Integer, nullable=False),
    sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False, comment="Order in which legs were booked"),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("amount", DOLLARS, nullable=False),
    sa.Column("strategy", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("recorded_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("transaction_id", "leg"),
    sa.Index("ledger_account", "account", "recorded_at"),
    comment="Double entry: the legs of a transaction sum to zero",
    schema="book",
)

settlements = sa.Table(
    "settlements",
    metadata,
    sa.Column("market_id", sa.Text, nullable=False),
    sa.Column("amends", sa.Integer, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("yes_value", PRICE, nullable=False),
    sa.Column("venue_value", PRICE, comment="As the venue named it; null: a void that returns what was paid"),
    sa.Column("settled_at", INSTANT, nullable=False),
    sa.Column("game_agrees", sa.Boolean),
    sa.Column("recorded_at", INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("market_id", "amends"),
    schema="book",
)

paper_markets = sa.Table(
    "paper_markets",
    metadata,
    sa.Column("market_id", sa.Text, nullable=False),
    sa.Column("taken", JSONB, nullable=False, comment="[[side, price, contracts], ...]: no longer there for us"),
    sa.Column("seen_until", INSTANT, nullable=False, comment="Books and trades observed until then were matched"),
    sa.PrimaryKeyConstraint("market_id"),
    comment="What the recorded book does not know: what our paper orders took of it",
    schema="book",
)

equity = sa.Table(
    "equity",
    metadata,
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column("at", INSTANT, nullable=False),
    sa.Column("cash", DOLLARS, nullable=False),
    sa.Column("positions_cost", DOLLARS, nullable=False),
    sa.Column("positions_mid", DOLLARS, nullable=False, comment="At the mid; at cost where there is none"),
    sa.Column("positions_liquidation", DOLLARS, nullable=False, comment="What selling all of it would bring"),
    sa.Column("resting", DOLLARS, nullable=False, comment="Tied up by resting orders"),
    sa.PrimaryKeyConstraint("venue", "at"),
    comment="One row for each change of what an account is worth",
    schema="book",
)

kill_switch = sa.Table(
    "kill_switch",
    metadata,
    sa.Column("set_at", INSTANT, nullable=False),
    sa.Column("is_on", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("set_at"),
    schema="book",
)
