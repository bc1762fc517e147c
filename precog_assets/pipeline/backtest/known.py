"""What is known at an instant of a backtest, and the snapshot a decision reads, made of it and of nothing else.

Belongs here: taking facts in, and laying them out as `Snapshot`s. Does not: when that happens (`run.py`), and what
was done about it (`account.py`). Nothing can be taken in that is later than the instant reached, and nothing is
handed out for an earlier one: looking ahead raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from precog_assets.domain.leagues import League, Outcome
from precog_assets.domain.trading import (
    Book,
    ExposureFacts,
    ForecastFacts,
    GameFacts,
    Level,
    LinkFacts,
    MarketFacts,
    PriceFacts,
    QuoteFacts,
    SkillFacts,
    Snapshot,
)
from precog_assets.pipeline.backtest.feed import (
    NO_PRICE,
    ORIGINS,
    STEPS,
    Fact,
    ForecastKnown,
    GameKnown,
    MarketKnown,
    Quotes,
    instant,
)
from precog_assets.pricing.event import Sides, event_prices

_Priced = tuple[str, tuple[tuple[Outcome, Sides], ...]]
"""An event, and bid and ask of its outcomes."""


class Known:
    """The facts taken in until now. Markets that are settled are to be forgotten, so that it does not grow."""

    def __init__(self, leagues: Mapping[str, League]) -> None:
        self.now: datetime | None = None
        self.markets: dict[str, MarketKnown] = {}
        self.games: dict[str, GameKnown] = {}
        self.forecasts: dict[str, ForecastKnown] = {}
        self.quotes: dict[str, QuoteFacts] = {}
        self.of_game: dict[str, list[str]] = {}
        """Markets of a game, in the order they were listed."""
        self._leagues = leagues
        self._priced: dict[str, dict[_Priced, dict[Outcome, PriceFacts] | None]] = {}
        """By game, prices made of equal quotes under the forecast that holds: most quotes repeat."""

    def reach(self, at: datetime) -> None:
        """Time goes on. Raises ValueError when it would go back."""
        if self.now is not None and at < self.now:
            raise ValueError(f"time goes back from {self.now.isoformat()} to {at.isoformat()}")
        self.now = at

    def take(self, fact: Fact) -> None:
        """Take a fact in. Raises ValueError for one that is not known yet."""
        self._not_ahead(fact.known_at)
        if isinstance(fact, MarketKnown):
            market_id, game_id = fact.market.market_id, fact.link.game_id
            before = self.markets.get(market_id)
            if before is not None and before.link.game_id not in (None, game_id):
                self._unlink(market_id, before.link.game_id)
            self.markets[market_id] = fact
            if game_id is not None and market_id not in self.of_game.setdefault(game_id, []):
                self.of_game[game_id].append(market_id)
        elif isinstance(fact, GameKnown):
            self.games[fact.game.game_id] = fact
        elif isinstance(fact, ForecastKnown):
            self.forecasts[fact.game_id] = fact
            self._priced.pop(fact.game_id, None)

    def quote(self, market_id: str, quote: QuoteFacts, known_at: datetime) -> None:
        """Take a quote in. Raises ValueError for one that is not known yet."""
        self._not_ahead(known_at)
        self.quotes[market_id] = quote

    def forget(self, market_id: str) -> None:
        """A market is settled: it, and its game with the last of its markets, are needed no more."""
        market = self.markets.pop(market_id, None)
        self.quotes.pop(market_id, None)
        if market is not None and market.link.game_id is not None:
            self._unlink(market_id, market.link.game_id)

    def snapshot(self, market_id: str, exposure: ExposureFacts, skill: SkillFacts) -> Snapshot | None:
        """The market as it is known now; None where it was never listed."""
        if self.now is None:
            raise ValueError("no instant was reached yet")
        known = self.markets.get(market_id)
        if known is None:
            return None
        link, quote = known.link, self.quotes.get(market_id)
        if quote is not None and quote.confirmed_at > self.now:
            quote = replace(quote, confirmed_at=self.now)
        return Snapshot(
            as_of=self.now,
            market=known.market,
            link=link,
            game=self.game(link.game_id),
            quote=quote,
            forecast=self.forecast(link),
            price=self.price(known.market, link),
            skill=skill,
            exposure=exposure,
        )

    def game(self, game_id: str | None) -> GameFacts | None:
        """The game's facts, seen now where its source has no states, else when its state was last confirmed."""
        known = self.games.get(game_id) if game_id is not None else None
        if known is None or self.now is None:
            return None
        seen = self.now if known.confirmed_at is None else min(known.confirmed_at, self.now)
        return replace(known.game, observed_at=seen)

    def forecast(self, link: LinkFacts) -> ForecastFacts | None:
        """The game's forecast, of what YES pays for."""
        known = self.forecasts.get(link.game_id) if link.game_id is not None else None
        if known is None or link.outcome is None or link.outcome not in known.probabilities:
            return None
        return ForecastFacts(
            model_version=known.model_version,
            p_model=known.probabilities[link.outcome],
            games_home=known.games_home,
            games_away=known.games_away,
            rated_at=known.rated_at,
            as_of=known.as_of,
            computed_at=known.computed_at,
        )

    def price(
        self, market: MarketFacts, link: LinkFacts, sides: dict[Outcome, Sides] | None = None
    ) -> PriceFacts | None:
        """What the market says of YES by the mids of all outcomes, and what may be traded on.

        `sides`: bid and ask of the event's markets, in the order of `siblings`; by default as they are quoted now.
        """
        league = self._leagues.get(market.league or "")
        if league is None or link.game_id is None or link.outcome is None or link.outcome not in league.outcomes:
            return None
        sides, kept = self._sides(market) if sides is None else sides, self._priced.setdefault(link.game_id, {})
        key = (market.event_ticker, tuple(sides.items()))
        if key not in kept:
            forecast = self.forecasts.get(link.game_id)
            model = None if forecast is None else forecast.probabilities
            weight = 0.0 if forecast is None else forecast.model_weight
            kept[key] = event_prices(league.outcomes, sides, model, weight)
        prices = kept[key]
        return None if prices is None else prices[link.outcome]

    def siblings(self, market_id: str) -> dict[Outcome, str]:
        """The markets of the same event by what YES pays for, the market itself among them."""
        known = self.markets[market_id]
        return {
            other.link.outcome: other.market.market_id
            for other in (self.markets[one] for one in self.of_game.get(known.link.game_id or "", ()))
            if other.link.outcome is not None and other.market.event_ticker == known.market.event_ticker
        }

    def _sides(self, market: MarketFacts) -> dict[Outcome, Sides]:
        sides: dict[Outcome, Sides] = {}
        for outcome, market_id in self.siblings(market.market_id).items():
            quote = self.quotes.get(market_id)
            if quote is not None:
                sides[outcome] = (quote.bid, quote.ask)
        return sides

    def _unlink(self, market_id: str, game_id: str | None) -> None:
        left = self.of_game.get(game_id or "", [])
        if market_id in left:
            left.remove(market_id)
        if not left and game_id is not None:
            self.of_game.pop(game_id, None)
            self.games.pop(game_id, None)
            self.forecasts.pop(game_id, None)
            self._priced.pop(game_id, None)

    def _not_ahead(self, known_at: datetime) -> None:
        if self.now is None or known_at > self.now:
            raise ValueError(f"a fact known at {known_at.isoformat()} is not known yet at {self.now}")


def quote_at(quotes: Quotes, row: int) -> QuoteFacts:
    """One row of the arrays as the facts a snapshot carries."""
    bid, ask, last = int(quotes.bid[row]), int(quotes.ask[row]), int(quotes.last[row])
    yes, no = (), ()
    if bid > 0:
        yes = (Level(Decimal(bid) / STEPS, Decimal(str(quotes.bid_size[row]))),)
    if ask != NO_PRICE and ask < STEPS:
        no = (Level(Decimal(STEPS - ask) / STEPS, Decimal(str(quotes.ask_size[row]))),)
    return QuoteFacts(
        observed_at=instant(quotes.observed_us[row]),
        confirmed_at=instant(max(quotes.observed_us[row], quotes.confirmed_us[row])),
        origin=ORIGINS[quotes.origin[row]].value,
        book=Book(yes, no),
        last_price=None if last == NO_PRICE else Decimal(last) / STEPS,
        synthetic=bool(quotes.synthetic[row]),
    )
