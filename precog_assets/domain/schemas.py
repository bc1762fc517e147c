"""What rows of the main tables must satisfy: the one source of asset checks and column descriptions.

Belongs here: columns with their meaning and limits, rules across columns, and the Pandera schema made of
them. Does not: SQL types (`store.tables`), reading rows, Dagster. Pandera and polars are imported only
when a schema is built, since descriptions are wanted where definitions load.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from precog_assets.domain.book_schemas import BOOK
from precog_assets.domain.facts import GameKind
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.statuses import GamePhase, MarketStatus
from precog_assets.domain.table_rules import Column, Rule, TableRules

if TYPE_CHECKING:
    import pandera.polars as pa

_SCORE = 400
_FIRST_SEASON = 1900
_VERSION = r"^[a-z0-9_]+-[a-z0-9_]+-[0-9a-f]{8}$"
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
        Column("season", "integer", "Season label of the provider", low=_FIRST_SEASON, high=2100),
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
        Column("model_version", "text", "Model and hash of its parameters", matches=_VERSION),
        Column("rating_before", "number", "Rating points", low=0, high=4000),
        Column("rating_after", "number", "Rating points", low=0, high=4000),
        Column("expected_score", "number", "Expected before the game", low=0, high=1),
        Column("games_before", "integer", "Rated games until then", low=0),
    ),
)

FORECASTS = TableRules(
    "model.forecasts",
    (
        Column("league", "text", "League key of config/leagues.yaml"),
        Column("game_id", "text", "Game of core.games"),
        Column("model_version", "text", "Model and hash of its parameters", matches=_VERSION),
        Column("season", "integer", "Season label of the provider", low=_FIRST_SEASON, high=2100),
        Column("start_time", "instant", "Scheduled start when it was made, UTC"),
        Column("home_team_id", "text", "Home side when it was made"),
        Column("away_team_id", "text", "Away side when it was made"),
        Column("p_home", "number", "Probability that the home side wins", low=0, high=1),
        Column("p_draw", "number", "Of a draw; null in leagues of two outcomes", nullable=True, low=0, high=1),
        Column("p_away", "number", "Probability that the away side wins", low=0, high=1),
        Column("rating_home", "number", "Rating points before the game", low=0, high=4000),
        Column("rating_away", "number", "Rating points before the game", low=0, high=4000),
        Column("games_home", "integer", "Rated games until then", low=0),
        Column("games_away", "integer", "Rated games until then", low=0),
        Column("as_of", "instant", "Results known before this instant were used, none later"),
        Column("computed_at", "instant", "Before the start: made ahead; after it: a replay"),
    ),
    (
        Rule("probabilities sum to one", "abs(p_home + coalesce(p_draw, 0.0) + p_away - 1.0) <= 0.000001"),
        Rule("two different sides", "home_team_id <> away_team_id"),
        Rule("nothing of after the start", "as_of <= start_time"),
        Rule("made when its facts were known", "as_of <= computed_at"),
    ),
)

EVALUATIONS = TableRules(
    "model.evaluations",
    (
        Column("league", "text", "League key of config/leagues.yaml"),
        Column("model_version", "text", "Model that is graded", matches=_VERSION),
        Column("forecast", "text", "The model, or its blend with the price", one_of=("model", "market_aware")),
        Column("scope", "text", "What is graded together", one_of=("all", "season", "month")),
        Column("label", "text", "all, the season, or the month as YYYY-MM", matches=r"^(all|\d{4}|\d{4}-\d{2})$"),
        Column("games", "integer", "Games graded", low=1),
        Column("ties_left_out", "integer", "Ties of leagues of two outcomes, not graded", low=0),
        Column("brier", "number", "Mean squared error, summed over outcomes where three", low=0, high=2),
        Column("log_loss", "number", "Mean of -ln of what happened", low=0),
        Column("rps", "number", "Ranked probability score; null where outcomes are two", nullable=True, low=0, high=1),
        Column("accuracy", "number", "Share in which the likeliest outcome happened", low=0, high=1),
        Column("ece", "number", "Expected calibration error, in ten bins", low=0, high=1),
        Column("priced_games", "integer", "Of them with a closing price for every outcome", low=0),
        Column("closing_brier", "number", "Of the closing price, on those", nullable=True, low=0, high=2),
        Column("closing_log_loss", "number", "Of the closing price, on those", nullable=True, low=0),
        Column("closing_rps", "number", "Of the closing price, on those", nullable=True, low=0, high=1),
        Column("skill", "number", "1 - score / closing score, on those", nullable=True, high=1),
        Column("skill_low", "number", "Lower end of its 95 % interval", nullable=True, high=1),
        Column("skill_high", "number", "Upper end of its 95 % interval", nullable=True, high=1),
        Column("computed_at", "instant", "When it was graded"),
    ),
    (
        Rule("no more priced than graded", "priced_games <= games"),
        Rule("a closing score exactly when priced", "(priced_games > 0) = (closing_log_loss IS NOT NULL)"),
        Rule("the skill within its interval", "skill_low <= skill AND skill <= skill_high"),
    ),
)

ALL: dict[str, TableRules] = {
    rules.table: rules
    for rules in (TEAMS, GAMES, GAME_STATES, MARKETS, QUOTES, MARKET_GAMES, RATINGS, FORECASTS, EVALUATIONS, *BOOK)
}


def frame_schema(rules: TableRules) -> dict[str, Any]:
    """Polars types of the columns, by name."""
    import polars as pl

    types = {
        "text": pl.String,
        "integer": pl.Int64,
        "number": pl.Float64,
        "price": pl.Decimal(18, 6),
        "money": pl.Decimal(24, 8),
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

    return Decimal(str(limit)) if column.kind in ("price", "money", "count") else limit
