"""What a request to the core API asks for: days (ranges too), season and type, week, page and its size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from precog_assets.domain.times import days_between
from precog_assets.simulator.espn.query import YEARS

PAGE_SIZE = 25
MOST_A_PAGE = 1000
LONGEST = timedelta(days=400)


class Malformed(Exception):
    """Parameters the core API answers with 400; the message is the body's."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which page of a list."""

    page: int = 1
    size: int = PAGE_SIZE


def window(parameters: Mapping[str, str]) -> Window:
    """`page` and `limit`; raises Malformed for what is no count."""
    size = _number(parameters, "limit", PAGE_SIZE)
    return Window(max(1, _number(parameters, "page", 1)), min(MOST_A_PAGE, max(1, size)))


def _number(parameters: Mapping[str, str], name: str, otherwise: int) -> int:
    text = parameters.get(name, "")
    if not text:
        return otherwise
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise Malformed(f"Invalid value for parameter {name}: {text}")
    return int(text)


def asked_days(text: str) -> list[date]:
    """The days of `YYYY`, `YYYYMM`, `YYYYMMDD`, or of a range of such; raises Malformed for anything else."""
    first, _, last = text.partition("-")
    begin, end = _bounds(first)
    if last:
        end = _bounds(last)[1]
    if not timedelta(0) <= end - begin <= LONGEST:
        raise Malformed(f"Invalid dates: {text}")
    return days_between(begin, end)


def _bounds(text: str) -> tuple[date, date]:
    if not re.fullmatch(r"\d{4}(\d{2}(\d{2})?)?", text, re.ASCII) or int(text[:4]) not in YEARS:
        raise Malformed(f"Invalid dates: {text}")
    try:
        first = date(int(text[:4]), int(text[4:6] or 1), int(text[6:8] or 1))
    except ValueError as error:
        raise Malformed(f"Invalid dates: {text}") from error
    if len(text) == 8:
        return first, first
    if len(text) == 6:
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first, date(first.year, 12, 31)
