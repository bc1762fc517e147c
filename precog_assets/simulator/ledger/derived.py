"""What the world decided in a span: score changes, makers' quote changes and public trades, derived when asked for.

Nothing here is stored. Quotes are the makers' own, before accounts traded on them; trades are those the venue
published, with accounts' part in them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from precog_assets.domain.times import days_between, eastern_day
from precog_assets.simulator.kalshi.exchange.view import Overlay
from precog_assets.simulator.kalshi.instants import HOUR_US, instant_of, microseconds
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.kalshi.market import WorldMarket
from precog_assets.simulator.ledger import Kind
from precog_assets.simulator.ledger.rows import Happening, contracts, dollars, happening
from precog_assets.simulator.world.model import SimGame, Truth, WorldView

PLAYED_WITHIN = timedelta(days=3)
"""How long after its Eastern day a game may still change: suspended ones end on a later day."""
LISTED_BEFORE, TRADED_AFTER = timedelta(days=16), timedelta(days=5)
"""How long before and after its Eastern day a game's markets may be listed, moved games included."""


@dataclass(frozen=True, slots=True)
class Span:
    """start_us < time <= end_us."""

    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Subject:
    """Of whom to tell: all, a league, an event's markets, or a market."""

    league: str | None = None
    ticker: str | None = None

    def takes(self, event: Event) -> bool:
        if self.league is not None and event.game.league != self.league:
            return False
        return self.ticker is None or self.ticker in (event.ticker, *(market.ticker for market in event.markets))


class Derived:
    """The derived part of a ledger, over one world and its exchange."""

    def __init__(self, world: WorldView, market: WorldMarket, overlay: Overlay) -> None:
        self._world = world
        self._market = market
        self._overlay = overlay

    def games(self, span: Span, subject: Subject) -> list[SimGame]:
        """Games that may change in the span."""
        leagues = [league for league in self._world.leagues if subject.league in (None, league)]
        days = _days(span, before=PLAYED_WITHIN, after=timedelta(0))
        found = [game for league in leagues for day in days for game in self._world.games_on(league, day)]
        if subject.ticker is None:
            return found
        event = self._market.catalog.event(subject.ticker) or self._event_of(subject.ticker)
        return [game for game in found if event is not None and game.event_id == event.game.event_id]

    def listed(self, span: Span, subject: Subject) -> list[tuple[Event, Listed]]:
        """Markets that may be quoted or traded in the span."""
        if subject.ticker is not None:
            event = self._market.catalog.event(subject.ticker) or self._event_of(subject.ticker)
            events = [event] if event is not None and subject.takes(event) else []
        else:
            days = _days(span, before=TRADED_AFTER, after=LISTED_BEFORE)
            series = self._market.catalog.series.values()
            wanted = [terms for terms in series if subject.league in (None, terms.league)]
            events = list(self._market.catalog.walk(wanted, days[0], days[-1]))
        return [
            (event, market)
            for event in events
            for market in event.markets
            if self._trades_in(event, span) and subject.ticker in (None, event.ticker, market.ticker)
        ]

    def between(self, span: Span, subject: Subject, kinds: frozenset[Kind]) -> Iterator[Happening]:
        """What happened in the span, in order; made as it is read."""
        streams: list[Iterator[Happening]] = []
        if "score" in kinds:
            streams += [self._scores(game, span) for game in self.games(span, subject)]
        if kinds & {"quote", "trade"}:
            for event, market in self.listed(span, subject):
                if "quote" in kinds:
                    streams.append(self._quotes(event, market, span))
                if "trade" in kinds:
                    streams.append(self._trades(event, market, span))
        return heapq.merge(*streams, key=lambda row: row.place)

    def _event_of(self, ticker: str) -> Event | None:
        found = self._market.catalog.market(ticker)
        return found[0] if found else None

    def _trades_in(self, event: Event, span: Span) -> bool:
        """Whether the event's markets are open at some instant of the span."""
        if microseconds(event.opened) > span.end_us:
            return False
        ending = self._market.lifecycle.over(event, instant_of(span.start_us))
        return ending is None or microseconds(ending.close) >= span.start_us

    def _scores(self, game: SimGame, span: Span) -> Iterator[Happening]:
        last = self._world.truth(game, instant_of(span.end_us))
        if microseconds(last.at) <= span.start_us:
            return
        for number, (before, after) in enumerate(pairwise(self._world.timeline(game))):
            time_us = microseconds(after.at)
            if time_us > span.end_us:
                return
            if time_us > span.start_us and _shown(before) != _shown(after):
                name = f"{game.event_id}/{number:05d}"
                yield happening("score", time_us, name, _score_columns(game, after))

    def _quotes(self, event: Event, market: Listed, span: Span) -> Iterator[Happening]:
        depth = self._market.depth
        time_us = span.start_us
        before = depth.quote(event, market, time_us)
        while (time_us := depth.next_change_us(event, market, time_us)) <= span.end_us:
            quote = depth.quote(event, market, time_us)
            if quote != before:
                before = quote
                columns = {
                    **_market_columns(event, market),
                    "yes_bid": dollars(quote.yes_bid),
                    "yes_ask": dollars(quote.yes_ask),
                    "bid_size": contracts(quote.bid_size),
                    "ask_size": contracts(quote.ask_size),
                }
                yield happening("quote", time_us, market.ticker, columns)

    def _trades(self, event: Event, market: Listed, span: Span) -> Iterator[Happening]:
        """Hour by hour, so that no more are drawn than are read."""
        start_us = span.start_us
        while start_us < span.end_us:
            end_us = min((start_us // HOUR_US + 1) * HOUR_US, span.end_us)
            yield from sorted(self._printed(event, market, start_us, end_us), key=lambda row: row.place)
            start_us = end_us

    def _printed(self, event: Event, market: Listed, start_us: int, end_us: int) -> Iterator[Happening]:
        flow, overlay = self._market.flow, self._overlay
        touched = overlay.touched(market.ticker)
        diverted = overlay.diverted(market.ticker) if touched else {}
        for printed in flow.trades(event, market, start_us, end_us):
            count = printed.size - diverted.get((printed.hour, printed.place), 0)
            if count > 0:
                taker = "yes" if printed.taker_yes else "no"
                price, trade_id = flow.price_of(event, market, printed), flow.trade_id(market, printed)
                yield _trade(event, market, printed.time_us, trade_id, price, count, taker)
        if touched:
            for made in overlay.trades(market.ticker, start_us, end_us):
                yield _trade(event, market, made.time_us, made.trade_id, made.price, made.count, made.taker)


def _days(span: Span, *, before: timedelta, after: timedelta) -> list[date]:
    first, last = eastern_day(instant_of(span.start_us)) - before, eastern_day(instant_of(span.end_us)) + after
    return days_between(first, last)


def _shown(truth: Truth) -> tuple[str, int, int, int, bool]:
    return (truth.status, truth.period, truth.home_score, truth.away_score, truth.completed)


def _score_columns(game: SimGame, truth: Truth) -> dict[str, Any]:
    return {
        "league": game.league,
        "event_id": game.event_id,
        "status": truth.status,
        "period": truth.period,
        "display_clock": truth.display_clock,
        "home_score": truth.home_score,
        "away_score": truth.away_score,
        "home_win": truth.home_win,
        "draw": truth.draw,
        "away_win": truth.away_win,
    }


def _market_columns(event: Event, market: Listed) -> dict[str, Any]:
    return {
        "league": event.game.league,
        "event_id": event.game.event_id,
        "event_ticker": event.ticker,
        "ticker": market.ticker,
    }


def _trade(event: Event, market: Listed, time_us: int, trade_id: str, price: int, count: int, taker: str) -> Happening:
    columns = {
        **_market_columns(event, market),
        "price": dollars(price),
        "count": contracts(count),
        "taker_side": taker,
        "trade_id": trade_id,
    }
    return happening("trade", time_us, f"{market.ticker}/{trade_id}", columns)
