"""Which events and markets exist: by day, by ticker, in order. What is quoted or settled is elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache

from precog_assets.config import load_leagues
from precog_assets.domain.times import days_between, eastern_day, eastern_day_bounds
from precog_assets.simulator.kalshi.listing import Event, Listed, code_of, event_ticker, list_event
from precog_assets.simulator.kalshi.moves import LISTED_BEFORE, Offer, offers
from precog_assets.simulator.kalshi.sports import SeriesTerms, series_terms
from precog_assets.simulator.world.model import SimGame, WorldView

_DAYS_KEPT = 320
_DAY = re.compile(r"^(\d{2})([A-Z]{3})(\d{2})")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class Catalog:
    """The listings of a world, made day by day when asked for; the days asked for last are kept."""

    def __init__(self, world: WorldView) -> None:
        self._world = world
        self.day = lru_cache(maxsize=_DAYS_KEPT)(self._day)
        self.series: dict[str, SeriesTerms] = {
            ticker: terms for ticker, terms in series_terms().items() if terms.league in world.leagues
        }
        self._orders = {key: league.kalshi.order for key, league in load_leagues().items()}

    def _day(self, series: SeriesTerms, day: date) -> tuple[Event, ...]:
        """The series' events whose game was to start on that US Eastern day as they were listed, by start."""
        offered = self._offered(series.league, day) if series.has_games else []
        order = self._orders[series.league]
        events = []
        for game, offer in offered:
            ticker = event_ticker(series, game, offer.start, order, number=_number(game, offer, offered))
            events.append(list_event(series, game, offer, ticker))
        return tuple(sorted(events, key=lambda event: event.sort_key))

    def _offered(self, league: str, day: date) -> list[tuple[SimGame, Offer]]:
        """Games with an event for that day: those that start on it, and those that once were to."""
        begin, _ = eastern_day_bounds(day)
        games = {game.event_id: game for game in self._world.games_on(league, day)}
        for days in range(LISTED_BEFORE.days + 2):
            for game in self._world.listed_on(league, day, begin + timedelta(days=1 - days)):
                games[game.event_id] = game
        return [(game, offer) for game in games.values() for offer in offers(game) if eastern_day(offer.start) == day]

    def walk(self, series: Iterable[SeriesTerms], first: date, last: date) -> Iterator[Event]:
        """Events from the first to the last Eastern day by `sort_key`, listed as they are read."""
        chosen = [terms for terms in series if terms.has_games]
        for day in days_between(first, last):
            events = [event for terms in chosen for event in self.day(terms, day)]
            yield from sorted(events, key=lambda event: event.sort_key)

    def first_day(self) -> date:
        """The first Eastern day of any season the world knows."""
        return min(self._world.season_days(league, self._world.seasons(league)[0])[0] for league in self._world.leagues)

    def event(self, ticker: str) -> Event | None:
        """The event of that exact ticker, or None."""
        series_ticker, _, rest = ticker.partition("-")
        series = self.series.get(series_ticker)
        day = _day_of(rest)
        if series is None or day is None:
            return None
        return next((event for event in self.day(series, day) if event.ticker == ticker), None)

    def market(self, ticker: str) -> tuple[Event, Listed] | None:
        """The market of that exact ticker with its event, or None."""
        event = self.event(ticker.rpartition("-")[0])
        if event is None:
            return None
        return next(((event, market) for market in event.markets if market.ticker == ticker), None)

    def around(self, series: Iterable[SeriesTerms], day: date, *, before: int, after: int) -> Iterator[Event]:
        """Events of the days around one."""
        return self.walk(series, day - timedelta(days=before), day + timedelta(days=after))


def _number(game: SimGame, offer: Offer, offered: Iterable[tuple[SimGame, Offer]]) -> int | None:
    """Its place among the games of the pair that day known by the time it is listed; None where it is the only one."""
    listed = max(offer.since, offer.start - LISTED_BEFORE)
    known = sorted(
        (one.start, other.event_id)
        for other, one in offered
        if _pair(other) == _pair(game) and (other is game or one.since <= listed)
    )
    return known.index((offer.start, game.event_id)) + 1 if len(known) > 1 else None


def _pair(game: SimGame) -> tuple[str, str]:
    """What would make two tickers of one day equal: the codes, in any order."""
    first, second = sorted((code_of(game.home), code_of(game.away)))
    return first, second


def _day_of(text: str) -> date | None:
    found = _DAY.match(text)
    if found is None or found.group(2) not in _MONTHS:
        return None
    try:
        return date(2000 + int(found.group(1)), _MONTHS.index(found.group(2)) + 1, int(found.group(3)))
    except ValueError:
        return None
