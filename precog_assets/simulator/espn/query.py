"""What a scoreboard request asks for, and what ESPN refuses: dates, groups, limits, weeks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from precog_assets.domain.times import days_between

DEFAULT_LIMIT = 100
TRAP_LIMIT = 600
TRAPPED = 25
"""From a limit of 600 on, 25 events come and nothing says so."""
YEARS = range(1900, 2101)
"""Years a date may be of."""
LONGEST_RANGE = timedelta(days=366)
REFUSED = "Failed to get events endpoint."


class Refused(Exception):
    """A request ESPN answers with 400; the message is the body's."""


@dataclass(frozen=True, slots=True)
class BoardQuery:
    """A request that can be answered; None is what was not said."""

    day: date | None = None
    days: tuple[date, ...] = ()
    """A month or a year."""
    year: int | None = None
    limit: int = DEFAULT_LIMIT
    group: str | None = None
    season_type: int | None = None
    week: int | None = None

    @property
    def dated(self) -> bool:
        return self.day is not None or bool(self.days)

    @property
    def at_most(self) -> int:
        """Events that come back at most."""
        return TRAPPED if self.limit >= TRAP_LIMIT else self.limit


def parse_query(parameters: Mapping[str, str], *, ranges: bool = False) -> BoardQuery:
    """The request read; raises Refused for a malformed date or number, and for a range of days.

    `ranges`: they are taken, as tennis still does.
    """
    day, days, year = _dates(parameters.get("dates", ""), ranges=ranges)
    return BoardQuery(
        day=day,
        days=days,
        year=year,
        limit=_number(parameters, "limit") or DEFAULT_LIMIT,
        group=parameters.get("groups") or None,
        season_type=_number(parameters, "seasontype"),
        week=_number(parameters, "week"),
    )


def _number(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name, "")
    if not text:
        return None
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise Refused(REFUSED)
    return int(text)


def _dates(text: str, *, ranges: bool) -> tuple[date | None, tuple[date, ...], int | None]:
    if not text:
        return None, (), None
    if ranges and "-" in text:
        return None, _range(text), None
    if not re.fullmatch(r"\d{4}(\d{2}(\d{2})?)?", text, re.ASCII) or int(text[:4]) not in YEARS:
        raise Refused(REFUSED)
    try:
        first = date(int(text[:4]), int(text[4:6] or 1), int(text[6:8] or 1))
    except ValueError as error:
        raise Refused(REFUSED) from error
    if len(text) == 8:
        return first, (), None
    if len(text) == 6:
        following = (first + timedelta(days=31)).replace(day=1)
        return None, tuple(days_between(first, following - timedelta(days=1))), None
    return None, tuple(days_between(first, date(first.year, 12, 31))), first.year


def _range(text: str) -> tuple[date, ...]:
    begin, _, end = text.partition("-")
    first, last = _dates(begin, ranges=False)[0], _dates(end, ranges=False)[0]
    if first is None or last is None or not timedelta(0) <= last - first <= LONGEST_RANGE:
        raise Refused(REFUSED)
    return tuple(days_between(first, last))
