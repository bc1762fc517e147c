"""What rows of prices and of the book must satisfy; `schemas.ALL` holds these with the others.

Belongs here: columns with their meaning and limits, rules across columns. Does not: rules across rows (a ledger that
sums to zero), which are checks.
"""

from __future__ import annotations

from precog_assets.domain.table_rules import Column, Rule, TableRules
from precog_assets.domain.trading import Action, OrderStatus, Rung, Side

_RUNGS = tuple(rung.value for rung in Rung)
_SIDES = tuple(side.value for side in Side)
_MARKET = r"^[a-z]+:\S+$"
_NAME = r"^[a-z_]+$"
_HASH = r"^[0-9a-f]{12}$"
_ACCOUNT = r"^(cash|fees|deposits|withdrawals|profit|position:\S+:(yes|no))$"

PRICES = TableRules(
    "model.prices",
    (
        Column("market_id", "text", "Market of market.markets", matches=_MARKET),
        Column("game_id", "text", "Game of core.games"),
        Column("outcome", "text", "What YES pays for", one_of=("home", "away", "draw")),
        Column("model_version", "text", "Model whose forecast is in it", matches=r"\S"),
        Column("as_of", "instant", "What was known then is in it, nothing later"),
        Column("p_model", "number", "The model's probability; null without a forecast", nullable=True, low=0, high=1),
        Column("p_market", "number", "Mids of all outcomes brought to sum 1", low=0, high=1),
        Column("p_trading", "number", "The market moved towards the model by its weight", low=0, high=1),
        Column("model_weight", "number", "Weight of the model, learnt on seasons before", low=0, high=1),
        Column("divergence", "number", "Model less market; no edge", nullable=True, low=-1, high=1),
        Column("forecast_computed_at", "instant", "When that forecast was made", nullable=True),
        Column("quote_observed_at", "instant", "When these quotes appeared"),
        Column("computed_at", "instant", "When it was computed"),
    ),
    (
        Rule("a divergence exactly where there is a model", "(p_model IS NULL) = (divergence IS NULL)"),
        Rule("the divergence is model less market", "abs(p_model - p_market - divergence) <= 0.000001"),
        Rule("the market alone without a model", "p_model IS NOT NULL OR abs(p_trading - p_market) <= 0.000001"),
        Rule("no quote of after its instant", "quote_observed_at <= as_of"),
        Rule("made when its facts were known", "as_of <= computed_at"),
    ),
)

DECISIONS = TableRules(
    "book.decisions",
    (
        Column("decision_id", "text", "Of market, strategy and instant", unique=True, matches=r"^[0-9a-f]{20}$"),
        Column("market_id", "text", "Market of market.markets", matches=_MARKET),
        Column("game_id", "text", "Null unless matched", nullable=True),
        Column("league", "text", "Null where the series is of no league", nullable=True),
        Column("strategy", "text", "Strategy of config/strategies.yaml", matches=_NAME),
        Column("strategy_hash", "text", "Of everything that decides what it does", matches=_HASH),
        Column("limits_hash", "text", "Of the limits around it", matches=r"\S"),
        Column("as_of", "instant", "What was known then was read, nothing later"),
        Column("action", "text", "Pass, or take a position", one_of=tuple(action.value for action in Action)),
        Column("reason", "text", "First gate that failed; taken where none did", matches=_NAME),
        Column("side", "text", "The better side, where one could be valued", nullable=True, one_of=_SIDES),
        Column("limit_price", "price", "Dollars a contract of the side", nullable=True, low=0, high=1),
        Column("contracts", "count", "Contracts wanted, or that would be but for the rung", low=0),
        Column("p_model", "number", "The model's probability of YES", nullable=True, low=0, high=1),
        Column("p_market", "number", "The market's probability of YES", nullable=True, low=0, high=1),
        Column("p_trading", "number", "The market-aware probability of YES", nullable=True, low=0, high=1),
        Column("divergence", "number", "Model less market; no edge", nullable=True, low=-1, high=1),
        Column("net_value", "price", "Dollars a contract, everything paid", nullable=True, low=-2, high=1),
        Column("rung", "text", "How far the strategy may go in the league", one_of=_RUNGS),
        Column("repeats", "integer", "Times the same verdict came again", low=0),
        Column("last_repeated_at", "instant", "When it last came again", nullable=True),
        Column("computed_at", "instant", "When it was decided"),
    ),
    (
        Rule("taken exactly when no gate failed", "(action = 'take') = (reason = 'taken')"),
        Rule(
            "a position has side, price and size",
            "action = 'pass' OR (side IS NOT NULL AND limit_price IS NOT NULL AND contracts > 0)",
        ),
        Rule("only a matched market is taken", "action = 'pass' OR game_id IS NOT NULL"),
        Rule("repeated exactly when there was a repeat", "(repeats > 0) = (last_repeated_at IS NOT NULL)"),
        Rule("repeats come later", "last_repeated_at >= as_of"),
        Rule("decided when its facts were known", "as_of <= computed_at"),
    ),
)

ORDERS = TableRules(
    "book.orders",
    (
        Column("client_id", "text", "Ours, made from the decision: sent twice it is one", unique=True, matches=r"\S"),
        Column("venue", "text", "Where it was sent", matches=r"\S"),
        Column("market_id", "text", "Market of market.markets", matches=_MARKET),
        Column("side", "text", "What is bought", one_of=_SIDES),
        Column("limit_price", "price", "At most, dollars a contract of the side", low=0, high=1),
        Column("contracts", "count", "Contracts wanted", low=0.01),
        Column("filled", "count", "Contracts bought so far", low=0),
        Column("post_only", "boolean", "Rests as a maker or is refused"),
        Column("strategy", "text", "Strategy that wanted it"),
        Column("decision_id", "text", "Decision it carries out", nullable=True),
        Column("status", "text", "Where it stands", one_of=tuple(status.value for status in OrderStatus)),
        Column("reason", "text", "Why it was rejected, canceled or expired"),
        Column("created_at", "instant", "Written before it was sent"),
        Column("expires_at", "instant", "Ends by itself then", nullable=True),
        Column("last_changed_at", "instant", "Last change of the row"),
    ),
    (
        Rule("no more filled than wanted", "filled <= contracts"),
        Rule("filled is whole", "status <> 'filled' OR filled = contracts"),
        Rule("what was rejected was not filled", "status <> 'rejected' OR filled = 0"),
        Rule("an end has a reason", "status NOT IN ('rejected', 'canceled', 'expired') OR reason <> ''"),
        Rule("changed not before it was written", "last_changed_at >= created_at"),
    ),
)

FILLS = TableRules(
    "book.fills",
    (
        Column("fill_id", "text", "The venue's id", unique=True, matches=r"\S"),
        Column("client_id", "text", "Order of book.orders"),
        Column("market_id", "text", "Market of market.markets", matches=_MARKET),
        Column("side", "text", "What was bought", one_of=_SIDES),
        Column("price", "price", "Paid, dollars a contract of the side", low=0, high=1),
        Column("contracts", "count", "Contracts bought", low=0.01),
        Column("fee", "price", "Dollars in all", low=0),
        Column("is_maker", "boolean", "Whether our order rested"),
        Column("filled_at", "instant", "When they changed hands"),
        Column("recorded_at", "instant", "When it was booked"),
    ),
    (Rule("recorded not before it happened", "recorded_at >= filled_at"),),
)

LEDGER = TableRules(
    "book.ledger",
    (
        Column("transaction_id", "text", "Of what caused it: written twice it is one", matches=r"\S"),
        Column("leg", "integer", "Number of the leg; legs of a transaction sum to zero", low=0),
        Column("at", "instant", "When it happened"),
        Column("venue", "text", "Whose account", matches=r"\S"),
        Column("account", "text", "Cash, fees, deposits, withdrawals, profit, a position", matches=_ACCOUNT),
        Column("amount", "money", "Dollars; positive comes in"),
        Column("strategy", "text", "Strategy that caused it; empty for deposits"),
        Column("note", "text", "In words"),
        Column("recorded_at", "instant", "When it was booked"),
    ),
)

SETTLEMENTS = TableRules(
    "book.settlements",
    (
        Column("market_id", "text", "Market of market.markets", matches=_MARKET),
        Column("amends", "integer", "0, or the number of the amendment", low=0),
        Column("result", "text", "What the venue said", one_of=("yes", "no", "scalar", "void")),
        Column("yes_value", "price", "Dollars a YES contract paid", low=0, high=1),
        Column("venue_value", "price", "As the venue named it; null for a void", nullable=True, low=0, high=1),
        Column("settled_at", "instant", "When the venue settled"),
        Column("game_agrees", "boolean", "Whether the game says the same; null: cannot be said", nullable=True),
        Column("recorded_at", "instant", "When it was booked"),
    ),
    (
        Rule("yes pays a dollar", "result <> 'yes' OR yes_value = 1.0"),
        Rule("no pays nothing", "result <> 'no' OR yes_value = 0.0"),
    ),
)

RUNGS = TableRules(
    "book.rungs",
    (
        Column("strategy", "text", "Strategy of config/strategies.yaml", matches=_NAME),
        Column("league", "text", "League key of config/leagues.yaml"),
        Column("rung", "text", "How far it may go", one_of=_RUNGS),
        Column("reason", "text", "Why, in words"),
        Column("graded", "integer", "Games graded until then", low=0),
        Column("skill", "number", "1 - Brier / the market's Brier", nullable=True, high=1),
        Column("skill_low", "number", "Lower end of its interval", nullable=True, high=1),
        Column("closing_line_value", "number", "Dollars a contract", nullable=True, low=-1, high=1),
        Column("closing_line_value_low", "number", "Lower end of its interval", nullable=True, low=-1, high=1),
        Column("decided_at", "instant", "When it was decided"),
    ),
    (
        Rule("the skill not below its interval", "skill_low <= skill"),
        Rule("the value not below its interval", "closing_line_value_low <= closing_line_value"),
    ),
)

BOOK = (PRICES, DECISIONS, ORDERS, FILLS, LEDGER, SETTLEMENTS, RUNGS)
