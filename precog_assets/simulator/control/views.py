"""What the world looks like now, for the page and whoever wants to look: games, books, trades, state, requests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from precog_assets.domain.times import eastern_day
from precog_assets.simulator.control.asking import answer, only, whole
from precog_assets.simulator.control.faults import faults_json
from precog_assets.simulator.control.requestlog import REQUESTS_KEPT, RequestLog
from precog_assets.simulator.control.worldtime import Current, clock_json
from precog_assets.simulator.kalshi.exchange.view import Book
from precog_assets.simulator.kalshi.instants import DAY_US, microseconds
from precog_assets.simulator.kalshi.listing import Event, Listed
from precog_assets.simulator.ledger.asking import Nonsense
from precog_assets.simulator.ledger.rows import contracts, dollars, time_text
from precog_assets.simulator.simulation import Simulation
from precog_assets.simulator.turns import TURNS
from precog_assets.simulator.world.model import SimGame, Truth

MARKETS, LEVELS, TRADES, REQUESTS = 40, 8, 14, 40
_YESTERDAYS = 1
SOON = timedelta(hours=12)
_TRADES_WITHIN_US = 600_000_000


class Views:
    """GET of games, books, state and requests."""

    def __init__(self, current: Current, requests: RequestLog) -> None:
        self._current = current
        self._requests = requests

    async def games(self, request: Request) -> Response:
        only(request)
        simulation = self._current()
        return answer({"games": await TURNS.run(lambda: live_games(simulation, simulation.clock.now()))})

    async def books(self, request: Request) -> Response:
        """The books of one market, or of the busiest of live games."""
        only(request, "ticker", "limit")
        simulation = self._current()
        limit = whole(request, "limit", MARKETS, 500)
        ticker = request.query_params.get("ticker")
        return answer({"books": await TURNS.run(lambda: _books(simulation, ticker, limit))})

    async def requests(self, request: Request) -> Response:
        only(request, "limit")
        limit = whole(request, "limit", 100, REQUESTS_KEPT)
        return answer({"requests": self._requests.newest(limit), "count": self._requests.count})

    async def state(self, request: Request) -> Response:
        """Everything the page shows, in one answer."""
        only(request, "ticker")
        simulation = self._current()
        ticker = request.query_params.get("ticker") or None
        body = await TURNS.run(lambda: _state(simulation, ticker))
        newest = self._requests.newest(REQUESTS)
        return answer({**body, "requests": newest, "request_count": self._requests.count})


def live_games(simulation: Simulation, now: datetime) -> list[dict[str, Any]]:
    """The games in play, by league."""
    return [_game_json(simulation, game, truth) for game, truth in _games(simulation, now) if truth.state == "in"]


def _games(simulation: Simulation, now: datetime) -> list[tuple[SimGame, Truth]]:
    """The games of these days with their truth."""
    world, today = simulation.world, eastern_day(now)
    days = [today - timedelta(days=back) for back in range(_YESTERDAYS, -1, -1)]
    return [
        (game, world.truth(game, now))
        for league in world.leagues
        for day in days
        for game in world.games_on(league, day)
    ]


def _game_json(simulation: Simulation, game: SimGame, truth: Truth) -> dict[str, Any]:
    event = _event_of(simulation, game)
    return {
        "league": game.league,
        "event_id": game.event_id,
        "start": game.start.isoformat(),
        "home": game.home.abbreviation or game.home.display_name,
        "away": game.away.abbreviation or game.away.display_name,
        "home_name": game.home.display_name,
        "away_name": game.away.display_name,
        "home_score": truth.home_score,
        "away_score": truth.away_score,
        "home_lines": list(truth.home_lines),
        "away_lines": list(truth.away_lines),
        "state": truth.state,
        "status": truth.status,
        "detail": truth.detail,
        "home_win": round(truth.home_win, 4),
        "draw": round(truth.draw, 4),
        "away_win": round(truth.away_win, 4),
        "event_ticker": None if event is None else event.ticker,
        "tickers": [] if event is None else [market.ticker for market in event.markets],
    }


def _event_of(simulation: Simulation, game: SimGame) -> Event | None:
    """The event listed on a game."""
    catalog = simulation.kalshi.market.catalog
    day = eastern_day(game.start)
    for terms in catalog.series.values():
        if terms.league == game.league:
            for event in catalog.day(terms, day):
                if event.game.event_id == game.event_id:
                    return event
    return None


def _books(simulation: Simulation, ticker: str | None, limit: int) -> list[dict[str, Any]]:
    now = simulation.clock.now()
    if ticker is not None:
        return [_book_json(simulation, *_need_market(simulation, ticker), now, depth=None)]
    found: list[tuple[Event, Listed]] = []
    for game, truth in _games(simulation, now):
        event = _event_of(simulation, game) if truth.state == "in" else None
        found += [(event, market) for market in event.markets] if event is not None else []
    flow, now_us = simulation.kalshi.market.flow, microseconds(now)
    found.sort(key=lambda pair: -flow.volume(*pair, now_us))
    return [_book_json(simulation, event, market, now, depth=1) for event, market in found[:limit]]


def _need_market(simulation: Simulation, ticker: str) -> tuple[Event, Listed]:
    found = simulation.kalshi.market.catalog.market(ticker)
    if found is None:
        raise Nonsense(f"ticker: {ticker!r} is no market of this world; GET /simulator/games names those in play")
    return found


def _book_json(
    simulation: Simulation, event: Event, market: Listed, now: datetime, *, depth: int | None
) -> dict[str, Any]:
    venue, now_us = simulation.kalshi, microseconds(now)
    exchange = venue.exchange
    if exchange.busy:
        exchange.advance(now_us)
    base = venue.market.depth.book(event, market, now_us)
    book = exchange.laid_over(market.ticker, base) if exchange.touched(market.ticker) else base
    status = venue.market.lifecycle.status_at(event, now_us)
    volume = venue.market.flow.volume(event, market, now_us) + exchange.volume(market.ticker, now_us)
    return {
        "ticker": market.ticker,
        "league": event.game.league,
        "title": market.title,
        "event_title": event.title,
        "status": None if status is None else status.value,
        "volume": str(contracts(volume)),
        "volume_24h": str(contracts(volume - venue.market.flow.volume(event, market, now_us - DAY_US))),
        "yes": _levels(book, "yes", depth),
        "no": _levels(book, "no", depth),
    }


def _levels(book: Book, side: str, depth: int | None) -> list[list[str]]:
    """Price and contracts, best first."""
    levels = book.yes if side == "yes" else book.no
    best_first = levels[::-1][:depth]
    return [[str(dollars(price)), str(contracts(count))] for price, count in best_first]


def _state(simulation: Simulation, ticker: str | None) -> dict[str, Any]:
    now = simulation.clock.now()
    everything = _games(simulation, now)
    live = [_game_json(simulation, game, truth) for game, truth in everything if truth.state == "in"]
    soon = [game for game, truth in everything if truth.state == "pre" and now < game.start <= now + SOON]
    chosen = ticker if ticker is not None and simulation.kalshi.market.catalog.market(ticker) else None
    if chosen is None:
        chosen = next((name for game in live for name in game["tickers"]), None)
    body: dict[str, Any] = {
        "scenario": simulation.scenario,
        "seed": simulation.settings.seed,
        "calendar": simulation.settings.calendar,
        "leagues": list(simulation.world.leagues),
        "clock": clock_json(simulation),
        "games": live,
        "next": [_next_json(game) for game in sorted(soon, key=lambda game: game.start)[:12]],
        "faults": faults_json(simulation),
        "recorded": len(simulation.recorded),
        "book": None,
        "trades": [],
    }
    if chosen is not None:
        event, market = _need_market(simulation, chosen)
        body["book"] = _book_json(simulation, event, market, now, depth=LEVELS)
        body["trades"] = _trades(simulation, event, market, now)
    return body


def _next_json(game: SimGame) -> dict[str, str]:
    return {
        "league": game.league,
        "home": game.home.display_name,
        "away": game.away.display_name,
        "start": game.start.isoformat(),
    }


def _trades(simulation: Simulation, event: Event, market: Listed, now: datetime) -> list[dict[str, str]]:
    """The newest trades of a market, newest first."""
    flow, exchange, now_us = simulation.kalshi.market.flow, simulation.kalshi.exchange, microseconds(now)
    begin_us = now_us - _TRADES_WITHIN_US
    found = [
        (trade.time_us, flow.price_of(event, market, trade), trade.size, "yes" if trade.taker_yes else "no")
        for trade in flow.trades(event, market, begin_us, now_us)[-TRADES:]
    ]
    made = exchange.trades(market.ticker, begin_us, now_us)[-TRADES:]
    found += [(trade.time_us, trade.price, trade.count, trade.taker) for trade in made]
    return [
        {"time": time_text(time_us), "price": str(dollars(price)), "count": str(contracts(count)), "taker": taker}
        for time_us, price, count, taker in sorted(found, reverse=True)[:TRADES]
    ]
