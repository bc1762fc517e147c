"""What rows of the main tables must satisfy: the one source of asset checks and column descriptions.

Belongs here: columns with their meaning and limits, rules across columns, and the Pandera schema made of
them. Does not: SQL types (`store.tables`), reading rows, Dagster. Pandera and polars are imported only
when a schema is built, since descriptions are wanted where definitions load.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.statuses import GamePhase, MarketStatus

if TYPE_CHECKING:
    import pandera.polars as pa

Kind = Literal["text", "integer", "number", "price", "count", "boolean", "instant"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it means, and what its values may be. `low` and `high` are inclusive."""

    name: str
    kind: Kind
    description: str
    nullable: bool = False
    unique: bool = False
    one_of: tuple[str, ...] = ()
    matches: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def limits(self) -> list[str]:
        """The limits on values, in words."""
        said = [f"one of {', '.join(self.one_of)}"] if self.one_of else []
        if self.matches:
            said.append(f"matches {self.matches}")
        if self.low is not None:
            said.append(f">= {self.low:g}")
        if self.high is not None:
            said.append(f"<= {self.high:g}")
        return said


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on a row in polars' SQL; a row of which it cannot be said (null) satisfies it."""

    name: str
    condition: str


@dataclass(frozen=True, slots=True)
class TableRules:
    """The rows of one table."""

    table: str
    """Schema and name, e.g. `core.games`."""
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()


_SCORE = 400
_IN_ORDER = (Rule("confirmed not before observed", "confirmed_at >= observed_at"),)

TEAMS = TableRules(
    "core.teams",
    (
        Column("team_id", "text", "`{league}:{espn_team_id}`", unique=True, matches=r"^[a-z0-9_]+:.+$"),
        Column("league", "text", "League key of config/leagues.yaml"),
        Column("espn_team_id", "text", "ESPN's id, unique within the league"),
        Column("kind", "text", "A team, or a player in tennis", one_of=("team", "player")),
        Column("abbreviation", "text", "Short name as ESPN shows it", nullable=True),
        Column("display_name", "text", "Full name", matches=r"\S"),
        Column("provisional", "boolean", "Met on a board, in no seed table"),
    ),
)

GAMES = TableRules(
    "core.games",
    (
        Column("game_id", "text", "`{league}:{espn_event_id}`", unique=True, matches=r"^[a-z0-9_]+:.+$"),
        Column("league", "text", "League key of config/leagues.yaml"),
        Column("season", "integer", "Season label of the provider", low=1990, high=2100),
        Column("game_kind", "text", "Which games count", one_of=tuple(kind.value for kind in GameKind)),
        Column("start_time", "instant", "Scheduled start, UTC"),
        Column("home_team_id", "text", "Null while undecided", nullable=True),
        Column("away_team_id", "text", "Null while undecided", nullable=True),
        Column("status", "text", "The provider's name, as sent", matches=r"\S"),
        Column("state", "text", "As sent", one_of=("pre", "in", "post")),
        Column("completed", "boolean", "Only true makes a result"),
        Column("phase", "text", "What the status certainly means", one_of=tuple(one.value for one in GamePhase)),
        Column("home_score", "integer", "Points; sets in tennis", nullable=True, low=0, high=_SCORE),
        Column("away_score", "integer", "Points; sets in tennis", nullable=True, low=0, high=_SCORE),
        Column("winner", "text", "Null without a result", nullable=True, one_of=tuple(one.value for one in Outcome)),
        Column("first_observed_at", "instant", "First seen, our clock"),
        Column("last_changed_at", "instant", "Last change of what this row shows"),
    ),
    (
        Rule("two different sides", "home_team_id <> away_team_id"),
        Rule("a winner only of a completed game", "winner IS NULL OR completed"),
        Rule("completed is final", "NOT completed OR phase = 'final'"),
    ),
)

GAME_STATES = TableRules(
    "core.game_states",
    (
        Column("game_id", "text", "Game of core.games"),
        Column("observed_at", "instant", "Our clock, once per response"),
        Column("known_at", "instant", "When it could be known; observed_at for live facts"),
        Column("confirmed_at", "instant", "Last observation of the same values"),
        Column("origin", "text", "How it came", one_of=("live", "backfill", "import")),
        Column("status", "text", "The provider's name, as sent", matches=r"\S"),
        Column("completed", "boolean", "Only true makes a result"),
        Column("period", "integer", "Quarter, half, inning or set", nullable=True, low=0, high=60),
        Column("clock", "number", "Seconds as the provider counts them", nullable=True, low=0),
        Column("home_score", "integer", "Points; sets in tennis", nullable=True, low=0, high=_SCORE),
        Column("away_score", "integer", "Points; sets in tennis", nullable=True, low=0, high=_SCORE),
    ),
    (*_IN_ORDER, Rule("live facts are known when observed", "origin <> 'live' OR known_at = observed_at")),
)

MARKETS = TableRules(
    "market.markets",
    (
        Column("market_id", "text", "`{venue}:{ticker}`", unique=True, matches=r"^[a-z]+:\S+$"),
        Column("ticker", "text", "The venue's ticker", matches=r"^\S+$"),
        Column("event_ticker", "text", "Event it belongs to", matches=r"^\S+$"),
        Column("series_ticker", "text", "Series it belongs to", matches=r"^\S+$"),
        Column("league", "text", "Null where the series is of no configured league", nullable=True),
        Column("status", "text", "The venue's status", one_of=tuple(status.value for status in MarketStatus)),
        Column("result", "text", "Empty until determined", matches="^[a-z_]*$"),
        Column("open_time", "instant", "Trading begins"),
        Column("close_time", "instant", "Trading ends at the latest"),
        Column("settlement_value", "price", "Dollars a YES contract pays", nullable=True, low=0, high=1),
        Column("last_changed_at", "instant", "Last change of what this row shows"),
    ),
    (Rule("opens before it closes", "open_time <= close_time"),),
)

QUOTES = TableRules(
    "market.quotes",
    (
        Column("market_key", "integer", "Compact key of market.markets"),
        Column("observed_at", "instant", "Our clock, once per response"),
        Column("known_at", "instant", "When it could be known; observed_at for live facts"),
        Column("confirmed_at", "instant", "Last observation of the same quote"),
        Column("origin", "text", "How it came", one_of=("live", "backfill", "import")),
        Column("yes_bid", "price", "Best bid for YES, dollars; null: none", nullable=True, low=0, high=1),
        Column("yes_ask", "price", "Best ask for YES, dollars; null: none", nullable=True, low=0, high=1),
        Column("last_price", "price", "Last trade, dollars", nullable=True, low=0, high=1),
        Column("volume", "count", "Contracts traded so far", nullable=True, low=0),
        Column("open_interest", "count", "Contracts open", nullable=True, low=0),
    ),
    (Rule("bid not above ask", "yes_bid <= yes_ask"), *_IN_ORDER),
)

MARKET_GAMES = TableRules(
    "market.market_games",
    (
        Column("market_id", "text", "Market of market.markets", unique=True),
        Column("verdict", "text", "matched, or the reason of the refusal", matches=r"^[a-z_]+$"),
        Column("game_id", "text", "Null unless matched", nullable=True),
        Column("outcome", "text", "What YES pays for", nullable=True, one_of=tuple(one.value for one in Outcome)),
        Column("detail", "text", "Why, in words"),
    ),
    (
        Rule("a game exactly when matched", "(verdict = 'matched') = (game_id IS NOT NULL)"),
        Rule("an outcome when matched", "verdict <> 'matched' OR outcome IS NOT NULL"),
    ),
)

RATINGS = TableRules(
    "model.ratings",
    (
        Column("league", "text", "League key of config/leagues.yaml"),
        Column("game_id", "text", "Game that changed the rating"),
        Column("team_id", "text", "Team or player"),
        Column("model_version", "text", "Model and hash of its parameters", matches=r"^[a-z]+-"),
        Column("rating_before", "number", "Rating points", low=0, high=4000),
        Column("rating_after", "number", "Rating points", low=0, high=4000),
        Column("expected_score", "number", "Expected before the game", low=0, high=1),
        Column("games_before", "integer", "Rated games until then", low=0),
    ),
)

ALL: dict[str, TableRules] = {
    rules.table: rules for rules in (TEAMS, GAMES, GAME_STATES, MARKETS, QUOTES, MARKET_GAMES, RATINGS)
}


def frame_schema(rules: TableRules) -> dict[str, Any]:
    """Polars types of the columns, by name."""
    import polars as pl

    types = {
        "text": pl.String,
        "integer": pl.Int64,
        "number": pl.Float64,
        "price": pl.Decimal(18, 6),
        "count": pl.Decimal(20, 2),
        "boolean": pl.Boolean,
        "instant": pl.Datetime("us", "UTC"),
    }
    return {column.name: types[column.kind] for column in rules.columns}


@cache
def pandera_schema(table: str) -> pa.DataFrameSchema:
    """The Pandera schema of a table of ALL; frames must have exactly its columns."""
    import pandera.polars as pa
    import polars as pl

    rules = ALL[table]
    types = frame_schema(rules)

    def holds(rule: Rule) -> pa.Check:
        condition = pl.sql_expr(rule.condition).fill_null(True).alias("holds")
        return pa.Check(lambda data: data.lazyframe.select(condition), name=rule.name, error=rule.name)

    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                types[column.name],
                checks=_checks(column, pa),
                nullable=column.nullable,
                unique=column.unique,
                description=column.description,
            )
            for column in rules.columns
        },
        checks=[holds(rule) for rule in rules.rules],
        strict=True,
    )


def _checks(column: Column, pa: Any) -> list[Any]:
    checks = []
    if column.one_of:
        checks.append(pa.Check.isin(list(column.one_of)))
    if column.matches:
        checks.append(pa.Check.str_contains(column.matches))
    if column.low is not None:
        checks.append(pa.Check.ge(_as(column, column.low)))
    if column.high is not None:
        checks.append(pa.Check.le(_as(column, column.high)))
    return checks


def _as(column: Column, limit: float) -> Any:
    from decimal import Decimal

    return Decimal(str(limit)) if column.kind in ("price", "count") else limit
