"""Kalshi's wire values as exact types: dollar strings, contract counts, instants.

Belongs here: one validator per kind of value, for the models in `payloads.py`. Does not: payloads.
Texts repeat across thousands of rows, so text -> value is cached. No value passes through a float.
The error types raised here (`bad_price` ...) are the reasons that rejections are counted by.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, LiteralString

from pydantic import GetCoreSchemaHandler, PlainValidator, StringConstraints
from pydantic_core import PydanticCustomError, core_schema

from precog_assets.domain.times import parse_instant

ZERO = Decimal(0)
ONE = Decimal(1)

_FIXED_POINT = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?")
_CACHED = 32_768
_LATEST_UNIX_S = 253_402_300_799
"""The last second of the year 9999, where datetime ends."""


_PRICE = "a dollar string such as '0.8100'"
_COUNT = "a contract count string such as '14.18'"
_SIGNED = "a fixed-point string such as '-2.500000'"
_INSTANT = "an RFC 3339 instant such as '2026-10-09T00:15:00Z'"


def _bad(kind: LiteralString, expected: str, value: object) -> PydanticCustomError:
    shown = repr(value[:40]) if isinstance(value, str) else type(value).__name__
    return PydanticCustomError(kind, "expected {expected}, got {shown}", {"expected": expected, "shown": shown})


@lru_cache(maxsize=_CACHED)
def price(text: str) -> Decimal:
    """Dollars per contract in [0, 1]."""
    if not _FIXED_POINT.fullmatch(text):
        raise _bad("bad_price", _PRICE, text)
    value = Decimal(text)
    if not 0 <= value <= 1:
        raise _bad("price_out_of_range", "dollars per contract from 0 to 1", text)
    return value


@lru_cache(maxsize=_CACHED)
def count(text: str) -> Decimal:
    """Contracts, not negative; fractions of 0.01 are real."""
    if not _FIXED_POINT.fullmatch(text) or text[0] == "-":
        raise _bad("bad_count", _COUNT, text)
    return Decimal(text)


@lru_cache(maxsize=_CACHED)
def optional_instant(text: str) -> datetime | None:
    """An instant; None for the empty text and for Go's zero time (year 1), which stand for "unset"."""
    if not text:
        return None
    try:
        found = parse_instant(text)
    except (ValueError, OverflowError):
        raise _bad("bad_time", _INSTANT, text) from None
    return None if found.year == 1 else found


@lru_cache(maxsize=_CACHED)
def instant(text: str) -> datetime:
    """An instant that must be set."""
    found = optional_instant(text)
    if found is None:
        raise _bad("bad_time", _INSTANT, text)
    return found


@lru_cache(maxsize=_CACHED)
def optional_price(text: str) -> Decimal | None:
    """As `price`; None for the empty text."""
    return price(text) if text else None


@lru_cache(maxsize=_CACHED)
def optional_count(text: str) -> Decimal | None:
    return count(text) if text else None


@lru_cache(maxsize=_CACHED)
def signed(text: str) -> Decimal:
    """Money of any size, or a position (below zero is NO)."""
    if not _FIXED_POINT.fullmatch(text):
        raise _bad("bad_amount", _SIGNED, text)
    return Decimal(text)


def unix_seconds(value: Any) -> datetime:
    """Unix seconds as a JSON integer."""
    if type(value) is int and 0 < value <= _LATEST_UNIX_S:
        return datetime.fromtimestamp(value, UTC)
    raise _bad("bad_time", "Unix seconds such as 1789690500", value)


def cents(value: Any) -> Decimal:
    """Whole cents as a JSON integer, in dollars."""
    if type(value) is int:
        return Decimal(value).scaleb(-2)
    raise _bad("bad_amount", "whole cents as an integer", value)


def factor(value: Any) -> Decimal:
    """A multiplier that is a JSON number: its shortest decimal text, exactly."""
    if type(value) in (int, float) and 0 <= value < 1_000_000:
        return Decimal(str(value))
    raise _bad("bad_number", "a number from 0 up", value)


def optional_factor(value: Any) -> Decimal | None:
    """As `factor`; None for null."""
    return None if value is None else factor(value)


@lru_cache(maxsize=256)
def _one_range(start: str, end: str, step: str) -> tuple[tuple[Decimal, Decimal, Decimal]]:
    low, high, tick = price(start), price(end), price(step)
    if low >= high or tick <= 0:
        raise _bad("bad_price_ranges", "start below end and a step above 0", f"{start} {end} {step}")
    return ((low, high, tick),)


def price_ranges(value: Any) -> tuple[tuple[Decimal, Decimal, Decimal], ...]:
    """A market's price grid, `[{start, end, step}]`, as tuples in that order; most have one range."""
    try:
        if len(value) == 1:
            row = value[0]
            return _one_range(row["start"], row["end"], row["step"])
        return tuple(_one_range(row["start"], row["end"], row["step"])[0] for row in value)
    except (TypeError, KeyError):
        raise _bad("bad_price_ranges", "a list of {start, end, step} as strings", value) from None


def levels(value: Any) -> tuple[tuple[Decimal, Decimal], ...]:
    """One side of a book, `[[price, count], ...]`, ascending by price whatever order it came in; null is empty."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _bad("bad_level", "a list of [price, count]", value)
    side: dict[Decimal, Decimal] = {}
    for level in value:
        if not isinstance(level, list) or len(level) != 2:
            raise _bad("bad_level", "[price, count]", level)
        if not isinstance(level[0], str) or not isinstance(level[1], str):
            raise _bad("bad_level", "[price, count] as strings", str(level))
        at, size = price(level[0]), count(level[1])
        if not 0 < at < 1:
            raise _bad("price_out_of_range", "a bid above 0 and below 1", level[0])
        if not size or at in side:
            raise _bad("bad_level", "each price once, with a count above 0", str(level))
        side[at] = size
    return tuple(sorted(side.items()))


class _Text:
    """A field's schema: a JSON string, checked in the core, turned into a value by a cached function."""

    def __init__(self, read: Callable[[str], Any], *, nullable: bool = False) -> None:
        schema = core_schema.no_info_after_validator_function(read, core_schema.str_schema(strict=True))
        self._schema = core_schema.nullable_schema(schema) if nullable else schema

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return self._schema


Ident = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Price = Annotated[Decimal, _Text(price)]
OptionalPrice = Annotated[Decimal | None, _Text(optional_price, nullable=True)]
Count = Annotated[Decimal, _Text(count)]
OptionalCount = Annotated[Decimal | None, _Text(optional_count, nullable=True)]
Instant = Annotated[datetime, _Text(instant)]
OptionalInstant = Annotated[datetime | None, _Text(optional_instant, nullable=True)]
Signed = Annotated[Decimal, _Text(signed)]
UnixSeconds = Annotated[datetime, PlainValidator(unix_seconds)]
Cents = Annotated[Decimal, PlainValidator(cents)]
Factor = Annotated[Decimal, PlainValidator(factor)]
OptionalFactor = Annotated[Decimal | None, PlainValidator(optional_factor)]
PriceRanges = Annotated[tuple[tuple[Decimal, Decimal, Decimal], ...], PlainValidator(price_ranges)]
Levels = Annotated[tuple[tuple[Decimal, Decimal], ...], PlainValidator(levels)]
