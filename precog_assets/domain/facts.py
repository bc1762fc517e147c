"""What was observed: games, states, markets, quotes, trades, as frozen rows ready to be written.

A parser yields these from bytes, without clock or identity of its own: `observed_at`, `known_at`,
`origin` and `response_id` come from the fetch and are stamped by the pipeline when it writes.
All instants are aware UTC; prices are Decimal dollars per contract in [0, 1]; counts are Decimal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar


class Origin(StrEnum):
    LIVE = "live"
    BACKFILL = "backfill"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Observation:
    """Which fetch facts were read from: the stamp that the pipeline puts on every row of it."""

    observed_at: datetime
    origin: Origin
    response_id: int | None = None
    response_offset: int | None = None
    """Of the frame in its segment, where the response is a segment of a stream."""


class GameKind(StrEnum):
    """Which games count: only `regular` and `postseason` ones are rated."""

    PRESEASON = "preseason"
    REGULAR = "regular"
    POSTSEASON = "postseason"
    EXHIBITION = "exhibition"
    ALL_STAR = "all_star"


RATED_KINDS = frozenset({GameKind.REGULAR, GameKind.POSTSEASON})


@dataclass(frozen=True, slots=True)
class TeamSeen:
    """A competitor as a board shows it; `espn_team_id` is unique within the league only."""

    team_id: str
    """`{league}:{espn_team_id}`, e.g. `nfl:12`."""
    league: str
    espn_team_id: str
    kind: str
    """`team` or `player`."""
    abbreviation: str | None
    display_name: str
    location: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class GameSeen:
    """One observation of one game: what identifies it, when it is played, and its state."""

    game_id: str
    """`{league}:{espn_event_id}`, e.g. `nfl:401772714`; in tennis the competition id."""
    league: str
    espn_event_id: str
    season: int
    season_type: str
    """As the provider means it: preseason, regular, postseason, offseason, or a soccer stage's slug."""
    game_kind: GameKind
    start_time: datetime
    start_time_valid: bool
    """False while the time is a placeholder (flex scheduling, undecided opponents)."""
    home_team_id: str | None
    """None while the side is undecided."""
    away_team_id: str | None
    neutral_site: bool | None
    """None where the board does not say (soccer, tennis)."""
    status: str
    """The provider's name, e.g. STATUS_FINAL, kept as sent."""
    state: str
    """pre, in or post, as sent."""
    completed: bool
    phase: str
    """`domain.statuses.GamePhase`."""
    period: int | None
    clock: float | None
    """Seconds as the provider counts them (down in football, up in soccer); None where there is none."""
    display_clock: str | None
    home_score: int | None
    """Points; in tennis sets won. None before the start and for undecided scores."""
    away_score: int | None
    winner: str | None
    """home, away or draw on a completed game, by the provider's flag or the score; else None."""
    detail: str | None
    """Human text as sent; language and zone vary, so never parsed for time."""
    venue: str | None = None
    week: int | None = None
    headline: str | None = None
    """First note's headline (series, make-up, bowl name)."""
    makeup_of_date: str | None = None
    """`MM-DD` of the postponed game this one makes up, read from the notes; linked by the pipeline."""
    home_shootout_score: int | None = None
    away_shootout_score: int | None = None
    linescores: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    """Scores by period (home, away) as sent; None where the board has none."""
    situation: Mapping[str, Any] | None = None
    """Sport-specific live fields (down, bases, possession ...), a small flat mapping; None when not in play."""


@dataclass(frozen=True, slots=True)
class SeriesSeen:
    ticker: str
    title: str
    category: str
    frequency: str
    fee_type: str
    fee_multiplier: Decimal
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventSeen:
    event_ticker: str
    series_ticker: str
    title: str
    sub_title: str
    mutually_exclusive: bool
    strike_date: datetime | None = None
    competition: str | None = None
    competition_scope: str | None = None
    fee_type_override: str | None = None
    """None: the event is charged as its series; so the multiplier."""
    fee_multiplier_override: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MarketSeen:
    """One observation of one market: its definition, its state and, while it is quoted, its quote."""

    market_id: str
    """`{venue}:{ticker}`, e.g. `kalshi:KXNFLGAME-26JAN18HOUNE-NE`."""
    venue: str
    ticker: str
    event_ticker: str
    series_ticker: str
    title: str
    yes_sub_title: str
    market_type: str
    status: str
    result: str
    """'', yes, no or scalar, as sent."""
    open_time: datetime
    close_time: datetime
    """A deadline, moved to the real end; never the start of the game."""
    expected_expiration_time: datetime | None
    occurrence_time: datetime | None
    settlement_value: Decimal | None
    settlement_time: datetime | None
    expiration_value: str
    strike_type: str | None
    strike: Mapping[str, Any] | None
    price_level_structure: str
    price_ranges: tuple[tuple[Decimal, Decimal, Decimal], ...]
    """(start, end, step) in dollars."""
    rules_primary: str
    quote: QuoteSeen | None
    """None when the market is not in a quoted status: its 0 and 1 are placeholders."""
    created_time: datetime | None = None
    updated_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuoteSeen:
    """Top of book as seen from YES; None means no price there, never zero."""

    yes_bid: Decimal | None
    yes_ask: Decimal | None
    yes_bid_size: Decimal | None
    yes_ask_size: Decimal | None
    last_price: Decimal | None
    volume: Decimal | None
    volume_24h: Decimal | None
    open_interest: Decimal | None


@dataclass(frozen=True, slots=True)
class OrderBookSeen:
    """Both sides are bids, best last: (price, count) in dollars and contracts, ascending by price."""

    market_id: str
    yes: tuple[tuple[Decimal, Decimal], ...]
    no: tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class TradeSeen:
    trade_id: str
    market_id: str
    created_time: datetime
    yes_price: Decimal
    count: Decimal
    taker_side: str
    """yes or no: the outcome the taker is positioned for."""
    is_block: bool


@dataclass(frozen=True, slots=True)
class CandleSeen:
    """One candlestick; prices in dollars, None where nothing traded or nobody quoted."""

    market_id: str
    period_minutes: int
    end_time: datetime
    yes_bid_close: Decimal | None
    yes_ask_close: Decimal | None
    price_open: Decimal | None
    price_high: Decimal | None
    price_low: Decimal | None
    price_close: Decimal | None
    volume: Decimal
    open_interest: Decimal


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row that could not be read: named, counted, and kept with a sample."""

    payload_type: str
    key: str
    """The row's own id where it could be read, else its place, e.g. `events[3]`."""
    reason: str
    """Short and stable, e.g. `empty_event`, `bad_date`, `unknown_series`; counted by it."""
    detail: str
    sample: str = ""


OUT_OF_SCOPE = frozenset({"doubles", "other_draw", "duplicate", "combo"})
"""Reasons that say a row is well-formed and not ours; counted, never kept one by one, never alarming."""


@dataclass(slots=True)
class ContractCounts:
    """What a payload type's rows held against what was declared: the tripwire's tally.

    `unknown` and `missing` count rows by key; `nulls` counts null values by key.
    """

    payload_type: str
    rows: int = 0
    unknown: dict[str, int] = field(default_factory=dict)
    missing_required: dict[str, int] = field(default_factory=dict)
    missing_optional: dict[str, int] = field(default_factory=dict)
    nulls: dict[str, int] = field(default_factory=dict)
    sample: str = ""
    """The first row that lacked a required key, cut to 2,000 characters."""

    @property
    def broken(self) -> bool:
        """Some row lacked a required key; that row is rejected, the rest can be read."""
        return bool(self.missing_required)

    @property
    def vanished(self) -> list[str]:
        """Required keys gone from most rows: the source changed its shape, and the payload stands still."""
        return sorted(key for key, count in self.missing_required.items() if count * 2 > self.rows)


RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[RowT]):
    """What a parser made of one payload: every element is a row or a named rejection."""

    rows: list[RowT]
    rejections: list[Rejection]
    contracts: list[ContractCounts]
    seen: int
    """Elements in the payload; rows + rejections account for all of them."""
    next_cursor: str = ""
    """Where the next page starts; empty on the last."""
