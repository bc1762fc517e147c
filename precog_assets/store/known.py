"""What was known at an instant of many markets at once: states, links, games, quotes, forecasts, weights, rungs.

Belongs here: a few statements for any number of markets, and their rows as the types of `domain.trading`. Does not:
what an account has at stake (`exposure.py`), snapshots (`snapshots.py`), deciding (`trading`).

Which of two rows a market's prices are read from depends on nothing that changes later: an order book counts unless
the quote's own row is newer and shows another top; then the top alone is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.statuses import QUOTED, game_phase
from precog_assets.domain.trading import (
    Book,
    ForecastFacts,
    GameFacts,
    Level,
    LinkFacts,
    MarketFacts,
    PriceFacts,
    QuoteFacts,
    Rung,
    SkillFacts,
)
from precog_assets.pricing.event import Sides, event_prices
from precog_assets.store import known_sql
from precog_assets.store.known_sql import Basis

LEVELS = 20
"""Of each side of a book that are read, best first: more contracts than any limit allows lie in fewer."""
NOT_LOOKED_AT = "not_looked_at"
"""The verdict of a market that matching had not met."""
_UNTIED = LinkFacts(NOT_LOOKED_AT)
_NOTHING, _ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """A stored forecast of a game, for every outcome, and what its season's blend gives the model."""

    probabilities: Mapping[Outcome, float]
    facts: Mapping[Outcome, ForecastFacts]
    model_weight: float


@dataclass(slots=True)
class Known:
    """Everything that was known at `at` of the markets asked for and of the other markets of their events."""

    at: datetime
    markets: dict[str, MarketFacts] = field(default_factory=dict)
    links: dict[str, LinkFacts] = field(default_factory=dict)
    links_changed_later: set[str] = field(default_factory=set)
    """Markets whose link was decided anew since: of links only the last is kept."""
    games: dict[str, GameFacts] = field(default_factory=dict)
    state_observed_at: dict[str, datetime] = field(default_factory=dict)
    """By game: when the state it is in first appeared; `GameFacts.observed_at` is its last confirmation."""
    quotes: dict[str, QuoteFacts] = field(default_factory=dict)
    forecasts: dict[tuple[str, str], Forecast] = field(default_factory=dict)
    """By game and model version."""
    skills: dict[tuple[str, str], SkillFacts] = field(default_factory=dict)
    """By strategy and league."""
    kill_switch: bool = False
    _events: dict[tuple[str, str], dict[Outcome, str]] = field(default_factory=dict)
    _prices: dict[tuple[str, str, str], dict[Outcome, PriceFacts] | None] = field(default_factory=dict)

    def siblings(self, market_id: str) -> Mapping[Outcome, str]:
        """The markets of the same event and game by what YES pays for, the market itself among them."""
        return self._events.get((self.markets[market_id].event_ticker, self.links[market_id].game_id or ""), {})

    def forecast(self, market_id: str, version: str) -> ForecastFacts | None:
        """The version's forecast for what YES of the market pays for."""
        link = self.links[market_id]
        found = self.forecasts.get((link.game_id or "", version))
        return None if found is None or link.outcome is None else found.facts.get(link.outcome)

    def price(self, market_id: str, version: str) -> PriceFacts | None:
        """The market's own probability of YES and the one that may be traded on; None without either."""
        link, market = self.links[market_id], self.markets[market_id]
        game = self.games.get(link.game_id or "")
        if game is None or link.outcome is None:
            return None
        key = (market.event_ticker, game.game_id, version)
        if key not in self._prices:
            self._prices[key] = self._event_prices(market_id, game, version)
        prices = self._prices[key]
        return None if prices is None else prices.get(link.outcome)

    def sides(self, market_id: str) -> dict[Outcome, Sides]:
        """Bid and ask of the market's event, of each outcome whose market is quoted; one that is over says nothing."""
        return {
            outcome: (quote.bid, quote.ask)
            for outcome, other in self.siblings(market_id).items()
            if self.markets[other].status in QUOTED and (quote := self.quotes.get(other)) is not None
        }

    def _event_prices(self, market_id: str, game: GameFacts, version: str) -> dict[Outcome, PriceFacts] | None:
        league = load_leagues().get(game.league)
        if league is None:
            return None
        forecast = self.forecasts.get((game.game_id, version))
        model = None if forecast is None else forecast.probabilities
        weight = 0.0 if forecast is None else forecast.model_weight
        return event_prices(league.outcomes, self.sides(market_id), model, weight)


def read_known(
    connection: sa.Connection,
    market_ids: Iterable[str],
    at: datetime,
    *,
    versions: Mapping[str, Sequence[str]],
    basis: Basis = "observed",
    links: Mapping[str, LinkFacts] | None = None,
) -> Known:
    """What was known at `at`, in seven statements however many markets are asked for.

    `versions`: the model versions wanted of each league; `links`: taken instead of what is stored of these markets.
    A market that nobody had seen by then is not there.
    """
    known = Known(at)
    keys: dict[int, str] = {}
    for row in connection.execute(known_sql.MARKETS[basis], {"market_ids": sorted(set(market_ids)), "at": at}):
        _add_market(known, row, (links or {}).get(row.market_id))
        keys[row.market_key] = row.market_id
    for row in connection.execute(known_sql.QUOTES[basis], {"keys": list(keys), "at": at}):
        quote = _quote(row)
        if quote is not None:
            known.quotes[keys[row.market_key]] = quote
    game_ids = sorted({link.game_id for link in known.links.values() if link.game_id is not None})
    teams: dict[str, tuple[str | None, str | None]] = {}
    for row in connection.execute(known_sql.GAMES[basis], {"game_ids": game_ids, "at": at}):
        known.games[row.game_id] = _game(row)
        known.state_observed_at[row.game_id] = row.observed_at
        teams[row.game_id] = (row.home_team_id, row.away_team_id)
    _add_forecasts(connection, known, versions, teams, basis)
    for row in connection.execute(known_sql.RUNGS, {"at": at}):
        known.skills[row.strategy, row.league] = SkillFacts(
            Rung(row.rung), row.graded, row.skill, row.skill_low, row.closing_line_value, row.closing_line_value_low
        )
    known.kill_switch = bool(connection.scalar(known_sql.KILL_SWITCH, {"at": at}))
    return known


def _add_market(known: Known, row: Any, given: LinkFacts | None) -> None:
    known.markets[row.market_id] = MarketFacts(
        market_id=row.market_id,
        venue=row.venue,
        ticker=row.ticker,
        event_ticker=row.event_ticker,
        series_ticker=row.series_ticker,
        league=row.league,
        status=row.status,
        close_time=row.close_time,
        price_ranges=_ranges(row.price_ranges),
    )
    link = given or _UNTIED
    if given is None and row.verdict is not None:
        link = LinkFacts(row.verdict, row.game_id, None if row.outcome is None else Outcome(row.outcome))
    known.links[row.market_id] = link
    if row.link_changed_at is not None and row.link_changed_at > known.at:
        known.links_changed_later.add(row.market_id)
    if link.game_id is not None and link.outcome is not None:
        known._events.setdefault((row.event_ticker, link.game_id), {})[link.outcome] = row.market_id


@lru_cache(maxsize=256)
def _ranges(text: str) -> tuple[tuple[Decimal, Decimal, Decimal], ...]:
    return tuple((Decimal(start), Decimal(end), Decimal(step)) for start, end, step in orjson.loads(text))


def _game(row: Any) -> GameFacts:
    return GameFacts(
        game_id=row.game_id,
        league=row.league,
        season=row.season,
        game_kind=row.game_kind,
        phase=game_phase(row.status, row.state, completed=row.completed).value,
        start_time=row.start_time,
        start_time_valid=row.start_time_valid,
        observed_at=row.confirmed_at,
    )


def _quote(row: Any) -> QuoteFacts | None:
    """The prices a market's two newest rows show together; None where it was never quoted."""
    quote = book = None
    if row.observed_at is not None:
        ask = None if row.yes_ask is None else 1 - row.yes_ask
        top = Book(_top(row.yes_bid, row.yes_bid_size), _top(ask, row.yes_ask_size))
        quote = QuoteFacts(row.observed_at, row.confirmed_at, row.origin, top, row.last_price)
    if row.book_at is not None:
        levels = Book(_levels(row.yes_levels), _levels(row.no_levels))
        book = QuoteFacts(row.book_at, row.book_confirmed_at, row.book_origin, levels, row.last_price)
    if quote is None or book is None:
        return quote or book
    if _same_top(quote.book, book.book):
        return replace(book, confirmed_at=max(book.confirmed_at, quote.confirmed_at))
    return book if book.observed_at >= quote.observed_at else quote


def _top(price: Decimal | None, contracts: Decimal | None) -> tuple[Level, ...]:
    """A side of a quote; at 0 and 1 nobody is there."""
    return () if price is None or not _NOTHING < price < _ONE else (Level(price, contracts or _NOTHING),)


@lru_cache(maxsize=8192)
def _levels(text: str) -> tuple[Level, ...]:
    """A side of a stored book, which lists the best bid last; made once for all passes that read it unchanged."""
    listed = orjson.loads(text)[: -LEVELS - 1 : -1]
    levels = (Level(Decimal(price), Decimal(contracts)) for price, contracts in listed)
    return tuple(level for level in levels if _NOTHING < level.price < _ONE)


def _same_top(top: Book, book: Book) -> bool:
    return top.yes_bids == book.yes_bids[:1] and top.no_bids == book.no_bids[:1]


def _add_forecasts(
    connection: sa.Connection,
    known: Known,
    versions: Mapping[str, Sequence[str]],
    teams: Mapping[str, tuple[str | None, str | None]],
    basis: Basis,
) -> None:
    pairs = [(game.game_id, one) for game in known.games.values() for one in versions.get(game.league, ())]
    if not pairs:
        return
    wanted = sorted({version for _, version in pairs})
    weights: dict[tuple[str, int], float] = defaultdict(float)
    for row in connection.execute(known_sql.BLENDS[basis], {"versions": wanted, "at": known.at}):
        weights[row.model_version, row.season] = row.model_weight
    given = {"game_ids": [game for game, _ in pairs], "versions": [version for _, version in pairs], "at": known.at}
    for row in connection.execute(known_sql.FORECASTS[basis], given):
        home, away = teams[row.game_id]
        if (home, away) != (row.home_team_id, row.away_team_id) and home is not None and away is not None:
            continue
        said = {Outcome.HOME: row.p_home, Outcome.AWAY: row.p_away}
        if row.p_draw is not None:
            said[Outcome.DRAW] = row.p_draw
        rated = (row.home_rated_at, row.away_rated_at)
        # Of the side that has not played for longer; a side never rated is counted by its games.
        rated_at = min((at for at in rated if at is not None), default=None)
        facts = {
            outcome: ForecastFacts(
                row.model_version, p, row.games_home, row.games_away, rated_at, row.as_of, row.computed_at
            )
            for outcome, p in said.items()
        }
        weight = weights[row.model_version, known.games[row.game_id].season]
        known.forecasts[row.game_id, row.model_version] = Forecast(said, facts, weight)
