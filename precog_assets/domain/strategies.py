"""What a strategy and the limits around it are: the types; the rows are data in `config/strategies.yaml`."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from precog_assets.domain.rating_rules import Row


class Gates(Row):
    """Thresholds of a strategy's gates, in the order they are asked; meanings in `trading/gates.py`."""

    min_games: int = Field(ge=0)
    """Rated games each side must have."""
    max_rating_age_days: float = Field(gt=0)
    max_quote_age_s: float = Field(gt=0)
    max_game_state_age_s: float = Field(gt=0)
    min_hours_to_start: float = Field(ge=0)
    max_hours_to_start: float = Field(gt=0)
    max_spread: Decimal = Field(gt=0, le=1)
    """Dollars between YES bid and ask."""
    min_depth_contracts: Decimal = Field(ge=0)
    """Contracts that must be offered at the best price of the side to buy."""
    min_price: Decimal = Field(ge=0, le=1)
    max_price: Decimal = Field(ge=0, le=1)
    min_net_value: Decimal
    """Expected dollars a contract, after everything."""
    max_net_value: Decimal = Field(gt=0)
    """More than this is taken for an error until somebody confirms it."""
    in_play: bool = False
    """Games in play are traded too, wherever the model of games in play gives a probability."""

    @model_validator(mode="after")
    def _ordered(self) -> Gates:
        for low, high in (
            ("min_hours_to_start", "max_hours_to_start"),
            ("min_price", "max_price"),
            ("min_net_value", "max_net_value"),
        ):
            if getattr(self, low) >= getattr(self, high):
                raise ValueError(f"{low} {getattr(self, low)} is not below {high} {getattr(self, high)}")
        return self


class Sizing(Row):
    """How much: a fraction of Kelly, capped."""

    kelly_fraction: float = Field(gt=0, le=1)
    max_equity_share: float = Field(gt=0, le=1)
    """Of equity, at most, in one market."""
    max_contracts: Decimal = Field(gt=0)
    correlation: float = Field(default=0.0, ge=-1, le=1)
    """Assumed between markets of one game that are not exclusive."""


class Climb(Row):
    """What a strategy must have shown in a league to leave `shadow` for `paper`, and to stay there."""

    min_graded: int = Field(gt=0)
    min_skill_low: float
    """Lower end of the interval of its skill against the market."""
    min_closing_line_value_low: float
    """Dollars a contract, lower end of the interval."""


class Strategy(Row):
    """A strategy: what it trades, on which probability, through which gates, how much."""

    name: str
    leagues: tuple[str, ...] = Field(min_length=1)
    probability: Literal["market_aware", "model"] = "market_aware"
    """`model` is for shadow comparison only: raw ratings do not beat the market."""
    model: str = "default"
    """Name of the league's model in config/leagues.yaml."""
    entry: Literal["taker", "maker"] = "taker"
    maker_improvement: Decimal = Field(default=Decimal("0"), ge=0)
    """Makers bid this much above the best bid, where that stays below the ask."""
    order_lifetime_s: float = Field(gt=0)
    highest_rung: Literal["shadow", "paper", "live"] = "paper"
    start_rung: Literal["shadow", "paper"] = "shadow"
    """Where it stands before it has shown anything; `paper` for a paper book from the first day."""
    gates: Gates
    sizing: Sizing
    climb: Climb

    @property
    def hash(self) -> str:
        """Twelve hex digits of everything that decides what it does."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


class Limits(Row):
    """What binds every strategy together, after its own sizing. Dollars that can be lost."""

    starting_cash: Decimal = Field(gt=0)
    """Deposit of the paper account."""
    per_market: Decimal = Field(gt=0)
    per_game: Decimal = Field(gt=0)
    per_league: Decimal = Field(gt=0)
    per_day: Decimal = Field(gt=0)
    total: Decimal = Field(gt=0)
    max_drawdown: float = Field(gt=0, lt=1)
    """Share of the highest equity; below it nothing new is taken."""
    orders_per_minute: int = Field(gt=0)


class Backtests(Row):
    """What a backtest assumes where the data does not say."""

    synthetic_half_spread: Decimal = Field(gt=0)
    """Dollars, for prices without bid and ask."""
    synthetic_depth_contracts: Decimal = Field(gt=0)
    unknown_start_margin_minutes: float = Field(ge=0)
    """Where only an assumed start is known, the pre-game price is the last one this long before it."""
    min_bets_for_roi: int = Field(gt=0)


class TradingRules(Row):
    """The whole of `config/strategies.yaml`."""

    strategies: dict[str, Strategy]
    limits: Limits
    backtests: Backtests
