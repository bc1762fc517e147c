"""Amounts as text and back: prices, contracts and money, exactly; the package says the units."""

from __future__ import annotations

import re

DOLLAR = 10_000
"""A price of one dollar: what a contract pays at most."""
CENT_MONEY = 10_000
"""One cent as money."""
LEAST_MONEY = 100
"""Balances and fees are multiples of $0.0001."""
DOLLAR_MONEY = 1_000_000

_PRICE = re.compile(r"(\d{1,9})(?:\.(\d{1,6}))?", re.ASCII)
_COUNT = re.compile(r"(\d{1,15})(?:\.(\d{1,2}))?", re.ASCII)


def parse_price(text: str) -> int | None:
    """A price of up to six decimals; None when it is not one, or finer than 1/10,000 dollars."""
    found = _PRICE.fullmatch(text)
    if found is None:
        return None
    micro = int(found.group(2).ljust(6, "0")) if found.group(2) else 0
    return None if micro % 100 else int(found.group(1)) * DOLLAR + micro // 100


def parse_count(text: str) -> int | None:
    """Contracts of up to two decimals; None when the text is no such number."""
    found = _COUNT.fullmatch(text)
    if found is None:
        return None
    return int(found.group(1)) * 100 + (int(found.group(2).ljust(2, "0")) if found.group(2) else 0)


def dollars_text(money: int, decimals: int = 6) -> str:
    """Money as dollars, e.g. 98_018_600 -> `98.018600`; finer digits are cut off towards zero."""
    sign, whole = ("-", -money) if money < 0 else ("", money)
    return f"{sign}{whole // DOLLAR_MONEY}.{whole % DOLLAR_MONEY:06d}"[: -(6 - decimals) or None]


def price_text(price: int) -> str:
    """A price as dollars with four decimals."""
    return f"{price // DOLLAR}.{price % DOLLAR:04d}"


def signed_count_text(count: int) -> str:
    """Contracts with two decimals, below zero for NO positions."""
    return ("-" if count < 0 else "") + f"{abs(count) // 100}.{abs(count) % 100:02d}"


def cents(money: int) -> int:
    """Whole cents, what is less cut off."""
    return money // CENT_MONEY


def floored(money: int) -> int:
    """Down to a multiple of $0.0001, as balances move."""
    return money // LEAST_MONEY * LEAST_MONEY
