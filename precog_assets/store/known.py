"""What was known at an instant of many markets at once: states, links, games, quotes, forecasts, weights, rungs.

Belongs here: a few statements for any number of markets, and their rows as the types of `domain.trading`. Does not:
which of two rows a quote is (`known_quotes.py`), what an account has at stake (`exposure.py`), snapshots
(`snapshots.py`), deciding (`trading`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Outcome
from precog_assets.domain.play import PlayFacts
from precog_assets.domain.statuses import PLAYING, QUOTED, game_phase
from precog_assets.domain.trading import (
    ForecastFacts,
    GameFacts,
    LinkFacts,
    MarketFacts,
    PriceFacts,
    QuoteFacts,
    Rung,
    SkillFacts,
)
from precog_assets.pricing.event import Sides, event_prices, market_probabilities
from precog_assets.store import known_sql
from precog_assets.store.known_quotes import quote_of
from precog_assets.store.known_sql import Basis
from precog_assets.store.plays import FORECAST, MARKET, Before, GamePlay, State, in_play_weight, plays_of

NOT_LOOKED_AT = "not_looked_at"
"""The verdict of a market that matching had not met."""
_UNTIED = LinkFacts(NOT_LOOKED_AT)


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
    clock: str = ""
    """Why our clock forbids deciding; said by who decides, kept nowhere but in decisions."""
    venue_away: str = ""
    """Which way to the venue is away; likewise."""
    states: dict[str, State] = field(default_factory=dict)
    """Of games in play."""
    priced_before: dict[str, Before] = field(default_factory=dict)
    """Of games in play that lack a forecast: the market's last word before the start."""
    _plays: dict[tuple[str, str], dict[str, GamePlay]] = field(default_factory=dict)
    """By league and model version."""
    _events: dict[tuple[str, str], dict[Outcome, str]] = field(default_factory=dict)
    _prices: dict[tuple[str, str, str], dict[Outcome, PriceFacts] | None] = field(default_factory=dict)

    def began(self, game_id: str) -> datetime:
        """The instant before which something was thought of a game: of one in play its start, else `at`."""
        return min(self.at, self.states[game_id].start_time) if game_id in self.states else self.at

    def siblings(self, market_id: str) -> Mapping[Outcome, str]:
        """The markets of the same event and game by what YES pays for, the market itself among them."""
        return self._events.get((self.markets[market_id].event_ticker, self.links[market_id].game_id or ""), {})

    def forecast(self, market_id: str, version: str) -> ForecastFacts | None:
        """The version's forecast for what YES of the market pays for."""
        link = self.links[market_id]
        found = self.forecasts.get((link.game_id or "", version))
        return None if found is None or link.outcome is None else found.facts.get(link.outcome)

    def play(self, market_id: str, version: str) -> PlayFacts | None:
        """Where the market's game stands and what that makes of YES, begun from the version's forecast.

        None for a game that is not in play. Every game of the league is asked about together, once.
        """
        link = self.links[market_id]
        state = self.states.get(link.game_id or "")
        if state is None or link.outcome is None:
            return None
        return state.facts(self._play(state, version), link.outcome)

    def p_model(self, market_id: str, version: str) -> float | None:
        """The model's probability of YES now: of a game in play what `play` says, and never the forecast."""
        play = self.play(market_id, version)
        if play is not None:
            return play.p_in_play
        forecast = self.forecast(market_id, version)
        return None if forecast is None else forecast.p_model

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
        state = self.states.get(game.game_id)
        if state is not None:
            model, weight = self._play(state, version).probabilities, in_play_weight(game.league)
        else:
            forecast = self.forecasts.get((game.game_id, version))
            model = None if forecast is None else forecast.probabilities
            weight = 0.0 if forecast is None else forecast.model_weight
        return event_prices(league.outcomes, self.sides(market_id), model, weight)

    def _play(self, state: State, version: str) -> GamePlay:
        key = (state.league, version)
        if key not in self._plays:
            asked = [one for one in self.states.values() if one.league == state.league]
            before = {one.game_id: begun for one in asked if (begun := self._before(one.game_id, version)) is not None}
            self._plays[key] = plays_of(load_leagues()[state.league], asked, before)
        return self._plays[key][state.game_id]

    def _before(self, game_id: str, version: str) -> Before | None:
        forecast = self.forecasts.get((game_id, version))
        return self.priced_before.get(game_id) if forecast is None else Before(forecast.probabilities, FORECAST)


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
        quote = quote_of(row)
        if quote is not None:
            known.quotes[keys[row.market_key]] = quote
    game_ids = sorted({link.game_id for link in known.links.values() if link.game_id is not None})
    teams: dict[str, tuple[str | None, str | None]] = {}
    for row in connection.execute(known_sql.GAMES[basis], {"game_ids": game_ids, "at": at}):
        game = known.games[row.game_id] = _game(row)
        if game.phase in PLAYING and game.league in load_leagues():
            known.states[row.game_id] = State.of(row)
        known.state_observed_at[row.game_id] = row.observed_at
        teams[row.game_id] = (row.home_team_id, row.away_team_id)
    _add_forecasts(connection, known, versions, teams, basis)
    _add_priced_before(connection, known, versions, keys, basis)
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
    given = {
        "game_ids": [game for game, _ in pairs],
        "versions": [version for _, version in pairs],
        "began": [known.began(game) for game, _ in pairs],
        "at": known.at,
    }
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


def _add_priced_before(
    connection: sa.Connection,
    known: Known,
    versions: Mapping[str, Sequence[str]],
    keys: Mapping[int, str],
    basis: Basis,
) -> None:
    """What the market said last before the start, of games in play that some version has no forecast of.

    Not asked where no versions are: who reads positions wants no probabilities.
    """
    if not versions:
        return
    lacking = {
        game_id: one
        for game_id, one in known.states.items()
        if not all((game_id, version) in known.forecasts for version in versions.get(one.league, ("",)))
    }
    asked = {key: known.links[market_id].game_id for key, market_id in keys.items()}
    asked = {key: game_id for key, game_id in asked.items() if game_id in lacking}
    if not asked:
        return
    given = {
        "game_ids": list(lacking),
        "starts": [one.start_time for one in lacking.values()],
        "keys": list(asked),
        "of_games": list(asked.values()),
        "at": known.at,
    }
    rows = connection.execute(known_sql.BEGINNINGS[basis], given)
    shown = {keys[row.market_key]: quote for row in rows if (quote := quote_of(row)) is not None}
    for (_, game_id), markets in sorted(known._events.items()):
        if game_id not in lacking or game_id in known.priced_before:
            continue
        outcomes = load_leagues()[known.states[game_id].league].outcomes
        sides = {one: (shown[other].bid, shown[other].ask) for one, other in markets.items() if other in shown}
        said = market_probabilities(outcomes, sides)
        if said is not None:
            known.priced_before[game_id] = Before(dict(zip(outcomes, said, strict=True)), MARKET)
