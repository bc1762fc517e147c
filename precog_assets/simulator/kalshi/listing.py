"""What is listed for a game: its event and markets, with tickers, texts and the times known beforehand.

No price, no status and no result is here: those depend on the instant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from precog_assets.config import load_leagues
from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import EASTERN
from precog_assets.simulator.kalshi.instants import SECOND_US, microseconds
from precog_assets.simulator.kalshi.moves import DEADLINE_AFTER, LISTED_BEFORE, Offer
from precog_assets.simulator.kalshi.noise import key_of, mix, stable_uuid
from precog_assets.simulator.kalshi.sports import TIE_UUID, SeriesTerms, rules
from precog_assets.simulator.world.model import SimGame, SimTeam

Side = Literal["home", "away", "draw"]

EXPECTED_DURATION = timedelta(hours=3)
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NOT_IN_CODES = re.compile(r"[^A-Z0-9]")


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """One market of an event."""

    ticker: str
    side: Side
    key: int
    """Root of this market's own noise."""
    name: str
    """What YES is about, e.g. `Dallas`; also the expiration value when it wins."""
    target: str
    """The structured target's UUID."""
    title: str
    rules_primary: str
    rules_secondary: str


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """The event of a game with its markets; all instants aware UTC."""

    ticker: str
    series: SeriesTerms
    sport: Sport
    game: SimGame
    key: int
    """Root of the event's noise: its markets are quoted from one opinion."""
    first_start: datetime
    """When the game was to start as the event was listed; the ticker's day, and what the deadline counts from."""
    created: datetime
    opened: datetime
    deadline: datetime
    created_us: int
    opened_us: int
    deadline_us: int
    start_us: int
    """Of the game, in truth."""
    over_from_us: int
    """Nothing of its end needs to be looked up before."""
    title: str
    sub_title: str
    milestone_title: str
    milestone_id: str
    markets: tuple[Listed, ...] = field(default=())

    @property
    def has_draw(self) -> bool:
        return self.sport is Sport.SOCCER

    @property
    def sort_key(self) -> tuple[int, str]:
        return (microseconds(self.first_start) // SECOND_US, self.ticker)


def code_of(team: SimTeam) -> str:
    """The team's code as a ticker can carry it: upper-case letters and digits only."""
    code = _NOT_IN_CODES.sub("", (team.kalshi_code or team.abbreviation).upper())
    return code or f"T{team.espn_id}"


def event_ticker(series: SeriesTerms, game: SimGame, start: datetime, order: str, *, number: int | None) -> str:
    """`SERIES-YYMMMDD[HHMM]CODES[Gn]` with the US Eastern day of `start`, and the hour in baseball.

    `order` is the league's (`away_home`, `home_away`, `none`); `none` is tossed by the game's id.
    """
    local = start.astimezone(EASTERN)
    stamp = f"{local:%y}{_MONTHS[local.month - 1]}{local:%d}"
    if game.league == "mlb":
        stamp += f"{local:%H%M}"
    home, away = _codes(game)
    home_first = order == "home_away" or (order == "none" and key_of("order", game.event_id) % 2 == 0)
    pair = home + away if home_first else away + home
    return f"{series.ticker}-{stamp}{pair}" + (f"G{number}" if number else "")


def _codes(game: SimGame) -> tuple[str, str]:
    home, away = code_of(game.home), code_of(game.away)
    return (home + "1", away + "2") if home == away else (home, away)


def list_event(series: SeriesTerms, game: SimGame, offer: Offer, ticker: str) -> Event:
    """The event of a game under its ticker, as it was to start when it was listed."""
    sport = load_leagues()[game.league].sport
    start = offer.start
    key = key_of("event", game.league, game.event_id, repr(game.home_gap), *(["again"] if offer.again else []))
    created = start - LISTED_BEFORE - timedelta(seconds=mix(key, 1) % 21_600)
    begins = min(start, game.start)
    created = min(max(created, offer.since), begins - timedelta(minutes=10))
    opened = created + timedelta(seconds=300 + mix(key, 2) % 3_300)
    opened = min(opened, begins - timedelta(minutes=5)).replace(second=0, microsecond=0)
    day = start.astimezone(EASTERN)
    when = f"{day:%b} {day.day}, {day.year}"
    home, away = _codes(game)
    names = _names(game, sport)
    short, title = _titles(game, sport, home, away, names)
    competition = series.competition.removesuffix(" (M)").removesuffix(" (W)")
    contest = f"{title} {competition}" if sport is not Sport.TENNIS else f"{title} professional tennis match"
    if sport is Sport.SOCCER:
        contest = f"{title} professional {competition}"
    markets = []
    for side in _sides(sport):
        name = names[side]
        code = {"home": home, "away": away, "draw": "TIE"}[side]
        primary, secondary = rules(sport, name, contest, when)
        markets.append(
            Listed(
                ticker=f"{ticker}-{code}",
                side=side,
                key=key_of("market", key, side),
                name=name,
                target=_target(game, side),
                title="Tie is the result" if side == "draw" else f"{name} wins",
                rules_primary=primary,
                rules_secondary=secondary,
            )
        )
    deadline = (start + DEADLINE_AFTER).astimezone(UTC)
    return Event(
        ticker=ticker,
        series=series,
        sport=sport,
        game=game,
        key=key,
        first_start=start,
        created=created,
        opened=opened,
        deadline=deadline,
        created_us=microseconds(created),
        opened_us=microseconds(opened),
        deadline_us=microseconds(deadline),
        start_us=microseconds(game.start),
        over_from_us=microseconds(min(game.start, deadline, _given_up(game))),
        title=title,
        sub_title=f"{short} ({day:%b} {day.day})",
        milestone_title=title if sport in (Sport.SOCCER, Sport.TENNIS) else f"{names['away']} at {names['home']}",
        milestone_id=stable_uuid("milestone", game.league, game.event_id),
        markets=tuple(markets),
    )


def _given_up(game: SimGame) -> datetime:
    """When it became certain that nothing comes of the game, where that ends its markets at once."""
    early = game.fate in ("canceled", "walkover") and game.off_from is not None
    return game.off_from if early and game.off_from is not None else game.start


def market_uuid(ticker: str) -> str:
    """The UUID of a market."""
    return stable_uuid("market", ticker)


def target_of(team: SimTeam) -> str:
    """The structured target's UUID of a team or player; the same in every world."""
    return stable_uuid("target", team.league, team.espn_id)


def _target(game: SimGame, side: Side) -> str:
    if side == "draw":
        return TIE_UUID
    return target_of(game.home if side == "home" else game.away)


def _sides(sport: Sport) -> tuple[Side, ...]:
    return ("home", "away", "draw") if sport is Sport.SOCCER else ("away", "home")


def _names(game: SimGame, sport: Sport) -> dict[Side, str]:
    if sport is Sport.TENNIS:
        home, away = game.home.display_name, game.away.display_name
    else:
        home, away = game.home.location, game.away.location
        if home == away:
            home, away = game.home.display_name, game.away.display_name
    return {"home": home, "away": away, "draw": "Tie"}


def _titles(game: SimGame, sport: Sport, home: str, away: str, names: dict[Side, str]) -> tuple[str, str]:
    """Sub-title without its date, and title, in the form recorded for the sport."""
    if sport is Sport.SOCCER:
        return f"{home} vs {away}", f"{names['home']} vs {names['away']}"
    if sport is Sport.FOOTBALL and game.league == "nfl":
        return f"{away} vs {home}", f"{away} {game.away.name} vs {home} {game.home.name}"
    if game.league in ("ncaab", "wncaab", "ncaaf"):
        return f"{away} at {home}", f"{names['away']} at {names['home']}"
    if sport is Sport.TENNIS:
        return f"{away} vs {home}", f"{game.away.name} vs {game.home.name}"
    return f"{away} vs {home}", f"{names['away']} vs {names['home']}"
