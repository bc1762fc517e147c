"""What trading is made of: snapshots, decisions, orders, fills, ledger entries, positions, settlements.

Types only, frozen. Prices are dollars a contract (0 to 1) and counts contracts, both Decimal; probabilities are
floats. A price is always that of the side named: buying NO at 0.40 is selling YES at 0.60. None is "not known",
never zero. `as_of` is the instant whose knowledge a thing rests on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from precog_assets.domain.leagues import Outcome
from precog_assets.domain.play import GameFacts, PlayFacts


class Side(StrEnum):
    """What is bought: a contract that pays a dollar on YES, or on NO."""

    YES = "yes"
    NO = "no"

    @property
    def other(self) -> Side:
        return Side.NO if self is Side.YES else Side.YES


class Rung(StrEnum):
    """How far a strategy may go in a league: up by figures, down by itself."""

    SHADOW = "shadow"
    PAPER = "paper"
    LIVE = "live"


class Action(StrEnum):
    PASS = "pass"  # noqa: S105 - not a password
    TAKE = "take"


@dataclass(frozen=True, slots=True)
class Level:
    """A price and the contracts wanted or offered there."""

    price: Decimal
    contracts: Decimal


@dataclass(frozen=True, slots=True)
class Book:
    """Offers to buy, best first. A YES ask is one less the best NO bid: buying YES meets `no_bids`."""

    yes_bids: tuple[Level, ...] = ()
    no_bids: tuple[Level, ...] = ()

    def bids(self, side: Side) -> tuple[Level, ...]:
        return self.yes_bids if side is Side.YES else self.no_bids

    def asks(self, side: Side) -> tuple[Level, ...]:
        """What `side` can be bought at, best first."""
        return tuple(Level(1 - level.price, level.contracts) for level in self.bids(side.other))


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """A market as it was known."""

    market_id: str
    venue: str
    ticker: str
    event_ticker: str
    series_ticker: str
    league: str | None
    status: str
    close_time: datetime
    price_ranges: tuple[tuple[Decimal, Decimal, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What the market was tied to, or why to nothing: `verdict` is `matched` or the reason of the refusal."""

    verdict: str
    game_id: str | None = None
    outcome: Outcome | None = None
    """What YES pays for."""


@dataclass(frozen=True, slots=True)
class QuoteFacts:
    """The market's prices as they were known. `book` holds at least the top where there is one."""

    observed_at: datetime
    confirmed_at: datetime
    """Last observation of the same prices: what the age of a quote is counted from."""
    origin: str
    book: Book
    last_price: Decimal | None = None
    synthetic: bool = False
    """Bid and ask were made from one price (candles without a book)."""

    @property
    def bid(self) -> Decimal | None:
        return self.book.yes_bids[0].price if self.book.yes_bids else None

    @property
    def ask(self) -> Decimal | None:
        return 1 - self.book.no_bids[0].price if self.book.no_bids else None

    @property
    def mid(self) -> Decimal | None:
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2


@dataclass(frozen=True, slots=True)
class ForecastFacts:
    """A model's forecast of the game, for what YES pays for."""

    model_version: str
    p_model: float
    games_home: int
    games_away: int
    rated_at: datetime | None
    """Start of the last game that either side was rated by; None: never."""
    as_of: datetime
    computed_at: datetime


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """The market's own probability and the one that may be traded on, for what YES pays for."""

    p_market: float
    """Mids of all outcomes brought to sum 1."""
    p_trading: float
    """Market-aware: the market moved towards the model by a weight that earlier seasons earned."""
    model_weight: float
    divergence: float | None
    """Model less market; no edge. None without a forecast; in play the model of games in play."""


@dataclass(frozen=True, slots=True)
class SkillFacts:
    """What the strategy's graded decisions in the league have shown until then."""

    rung: Rung = Rung.SHADOW
    graded: int = 0
    skill: float | None = None
    skill_low: float | None = None
    closing_line_value: float | None = None
    """Dollars a contract."""
    closing_line_value_low: float | None = None


@dataclass(frozen=True, slots=True)
class ExposureFacts:
    """What is at stake already, in dollars that can be lost, with resting orders counted as filled."""

    equity: Decimal
    """Cash and positions at what they would fetch."""
    cash: Decimal
    peak_equity: Decimal
    market: Decimal = Decimal(0)
    game: Decimal = Decimal(0)
    league: Decimal = Decimal(0)
    day: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    orders_last_minute: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a decision on one market reads, as it was known at `as_of`. Nothing else may be read."""

    as_of: datetime
    market: MarketFacts
    link: LinkFacts
    game: GameFacts | None
    quote: QuoteFacts | None
    forecast: ForecastFacts | None
    price: PriceFacts | None
    skill: SkillFacts
    exposure: ExposureFacts
    kill_switch: bool = False
    play: PlayFacts | None = None
    """Of a game in play, or delayed within it."""
    clock: str = ""
    """Why our clock forbids deciding: every age above is counted with it. Empty where it agrees with the sources'."""
    venue_away: str = ""
    """Which way to the venue is away, and for how long it must have been. Empty where both are there."""

    @property
    def p_model(self) -> float | None:
        """The model's probability of YES now: in play what the score makes of the forecast, and never the forecast."""
        if self.play is not None:
            return self.play.p_in_play
        return None if self.forecast is None else self.forecast.p_model


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate: what it read, what it wanted, whether that was so. `passed` None: it could not be asked."""

    name: str
    passed: bool | None
    value: str | float | None
    threshold: str | float | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided on one market: pass, with the reason, or take a position; every gate's value with it."""

    decision_id: str
    """Of market, strategy and instant: equal inputs give equal ids."""
    as_of: datetime
    market_id: str
    game_id: str | None
    league: str | None
    strategy: str
    strategy_hash: str
    action: Action
    reason: str
    """Name of the first gate that failed; `taken` where none did."""
    gates: tuple[GateResult, ...]
    side: Side | None = None
    limit_price: Decimal | None = None
    contracts: Decimal = Decimal(0)
    p_model: float | None = None
    p_market: float | None = None
    p_trading: float | None = None
    divergence: float | None = None
    net_value: Decimal | None = None
    """Expected dollars a contract after fee, half-spread and slippage, of the better side."""
    rung: Rung = Rung.SHADOW
    details: dict[str, Any] = field(default_factory=dict)
    """Components of the value and of the size, JSON-able."""


class OrderStatus(StrEnum):
    """`written`: in our table and not at the venue, what a crash leaves to be reconciled."""

    WRITTEN = "written"
    RESTING = "resting"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def is_open(self) -> bool:
        return self in (OrderStatus.WRITTEN, OrderStatus.RESTING)


@dataclass(frozen=True, slots=True)
class Order:
    """An order to buy `contracts` of a side at `limit_price` or better; selling is buying the other side."""

    client_id: str
    """Ours, made from the decision: sent twice it is one order."""
    venue: str
    market_id: str
    ticker: str
    side: Side
    limit_price: Decimal
    contracts: Decimal
    post_only: bool
    """Rest as a maker or be refused; otherwise take what is there and cancel the rest at once."""
    created_at: datetime
    expires_at: datetime | None
    strategy: str
    decision_id: str | None = None
    status: OrderStatus = OrderStatus.WRITTEN
    filled: Decimal = Decimal(0)
    venue_order_id: str | None = None
    reason: str = ""
    """Why it was rejected, canceled or expired."""

    @property
    def remaining(self) -> Decimal:
        return self.contracts - self.filled


@dataclass(frozen=True, slots=True)
class Fill:
    """Contracts that changed hands for an order."""

    fill_id: str
    client_id: str
    market_id: str
    side: Side
    price: Decimal
    contracts: Decimal
    fee: Decimal
    """Dollars, in all."""
    is_maker: bool
    filled_at: datetime


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One leg of a transaction; the legs of a transaction sum to zero."""

    transaction_id: str
    """Of what caused it (`fill:...`, `settlement:...`): written twice it is one."""
    leg: int
    at: datetime
    account: str
    """cash, fees, deposits, withdrawals, profit, or position:{market_id}:{side}."""
    amount: Decimal
    """Dollars; positive comes in. A position's account holds what it cost."""
    strategy: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """What is held of one side of a market."""

    market_id: str
    side: Side
    contracts: Decimal
    average_price: Decimal
    fees: Decimal
    realised: Decimal
    """Dollars won or lost by sales and settlement, fees counted."""
    mark_mid: Decimal | None
    """Dollars a contract at the mid; None without a two-sided quote."""
    mark_liquidation: Decimal | None
    """Dollars a contract that selling all of it now would bring, before fees."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How the venue settled a market, once; later amendments are new rows with a later `amends`."""

    market_id: str
    result: str
    """yes, no, scalar or void."""
    yes_value: Decimal
    """Dollars a YES contract paid."""
    settled_at: datetime
    game_agrees: bool | None
    """Whether the game's result says the same; None where it cannot be said."""
    amends: int = 0
