"""What a venue's ticker says by its structure alone: series, Eastern day, start, codes, game number.

Belongs here: taking a ticker apart, and refusing when it is not the winner market of one game.
Does not: splitting the codes into teams or finding the game (that needs the registry: `matching`).
Nothing here knows which series exist; the caller passes series -> league.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Literal

from precog_assets.domain.times import EASTERN

COMBO_PREFIX = "KXMVE"
"""Multivariate events (combos of several games' legs) carry this prefix."""

_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
_SERIES = re.compile(r"[A-Z0-9]{2,64}")
_GAME = re.compile(
    r"(?P<year>[0-9]{2})(?P<month>[A-Z]{3})(?P<day>[0-9]{2})(?P<start>[0-9]{4})?"
    r"(?P<teams>[A-Z][A-Z0-9]{3,23}?)(?:G(?P<game>[1-9]))?"
)
_CODE = re.compile(r"[A-Z0-9]{1,16}")
_EXAMPLE = "KXNFLGAME-26JAN18HOUNE-NE"


class TickerReason(StrEnum):
    """Why a ticker alone cannot name one game's winner market."""

    PARSE_FAIL = "parse_fail"
    WRONG_MARKET_TYPE = "wrong_market_type"
    MULTI_EVENT = "multi_event"


@dataclass(frozen=True, slots=True)
class TickerParts:
    """A ticker taken apart; nothing in it has been checked against teams or schedules."""

    ticker: str
    series: str
    league: str
    event_ticker: str
    eastern_date: date
    """The US Eastern day in the ticker; most evening games are on the next day in UTC."""
    eastern_start: time | None
    """Start on the Eastern wall clock, where the ticker carries one (MLB since 2026)."""
    start_time: datetime | None
    """The same as an instant in UTC; at the end of DST the first of the two."""
    teams: str
    """Both codes without a separator, e.g. `HOUNE`; the order is the league's."""
    game_number: int | None
    """1 or 2 in a doubleheader."""
    yes_code: str | None
    """Code of the side that YES stands for (`TIE` for a draw); None for an event ticker."""
    kind: Literal["event", "market"]


@dataclass(frozen=True, slots=True)
class TickerRefusal:
    ticker: str
    reason: TickerReason
    detail: str
    """For people: what was read, and what would be right."""


def series_of(ticker: str) -> str:
    """The series a market or event ticker belongs to: what stands before its first `-`."""
    return ticker.partition("-")[0]


def is_combo(ticker: str) -> bool:
    return ticker.startswith(COMBO_PREFIX)


def parse_ticker(ticker: str, league_of_series: Mapping[str, str]) -> TickerParts | TickerRefusal:
    """Take a game's event or market ticker apart, or say why it is none. Never raises.

    `league_of_series` maps exact series tickers to league keys; a series that is not in it (a spread,
    a total, a player prop, another sport) is of the wrong market type.
    """
    series, _, rest = ticker.partition("-")
    if is_combo(series):
        return _refuse(ticker, TickerReason.MULTI_EVENT, f"{series} combines several games; no single game decides it")
    if not _SERIES.fullmatch(series):
        return _refuse(ticker, TickerReason.PARSE_FAIL, f"no series before the first '-'; expected e.g. {_EXAMPLE}")
    league = league_of_series.get(series)
    if league is None:
        return _refuse(
            ticker, TickerReason.WRONG_MARKET_TYPE, f"{series} is not the winner series of a configured league"
        )
    event, separator, code = rest.partition("-")
    found = _GAME.fullmatch(event)
    if found is None:
        return _refuse(
            ticker, TickerReason.PARSE_FAIL, f"{event[:40]!r} is not YYMMMDD[HHMM]TEAMS[Gn]; e.g. {_EXAMPLE}"
        )
    if separator and not _CODE.fullmatch(code):
        return _refuse(ticker, TickerReason.PARSE_FAIL, f"{code[:40]!r} is not a side's code; e.g. {_EXAMPLE}")
    try:
        day = date(2000 + int(found["year"]), _MONTHS[found["month"]], int(found["day"]))
    except (KeyError, ValueError):
        return _refuse(ticker, TickerReason.PARSE_FAIL, f"{event[:7]!r} is not a day as YYMMMDD, e.g. 26JAN18")
    eastern_start, start_time = None, None
    if found["start"]:
        try:
            eastern_start = time(int(found["start"][:2]), int(found["start"][2:]))
        except ValueError:
            return _refuse(ticker, TickerReason.PARSE_FAIL, f"{found['start']!r} is not a time of day as HHMM")
        start_time = _instant(day, eastern_start)
        if start_time is None:
            return _refuse(ticker, TickerReason.PARSE_FAIL, f"{found['start']} does not exist on {day} (DST begins)")
    return TickerParts(
        ticker=ticker,
        series=series,
        league=league,
        event_ticker=f"{series}-{event}",
        eastern_date=day,
        eastern_start=eastern_start,
        start_time=start_time,
        teams=found["teams"],
        game_number=int(found["game"]) if found["game"] else None,
        yes_code=code if separator else None,
        kind="market" if separator else "event",
    )


def _instant(day: date, at: time) -> datetime | None:
    local = datetime.combine(day, at, EASTERN)
    instant = local.astimezone(UTC)
    return instant if instant.astimezone(EASTERN).replace(tzinfo=None) == local.replace(tzinfo=None) else None


def _refuse(ticker: str, reason: TickerReason, detail: str) -> TickerRefusal:
    return TickerRefusal(ticker, reason, detail)
