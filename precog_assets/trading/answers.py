"""Answers that several gates give alike: of ages, and of room under a limit.

Belongs here: the comparison and its words. Does not: which age or exposure is meant (`gates.py`).
"""

from __future__ import annotations

from decimal import Decimal
from math import inf

from precog_assets.domain.trading import GateResult
from precog_assets.trading.asked import Rules, number

FUTURE = "from the future"
ZONES = "times with and without a time zone"


def answer_age(rules: Rules, name: str, age_s: float, most: float, unit_s: float) -> GateResult:
    """An age in seconds against the most in units of `unit_s`; a time that is yet to come fails."""
    age = age_s / unit_s
    if age >= 0:
        return rules.answer(name, age <= most, age, most)
    return GateResult(name, False, None if age != age else age, most, when(-age_s))


def when(ahead_s: float) -> str:
    """How far from the future something is; NaN: it cannot be said."""
    return f"{FUTURE} by {ahead_s:g} s" if ahead_s == ahead_s else ZONES


def answer_room(rules: Rules, name: str, exposure: Decimal) -> GateResult:
    """What is at stake against its limit: there must be some room."""
    used, limit = number(exposure), rules.exposures[name]
    if -inf < used < inf:
        return rules.answer(name, used < limit, used, limit)
    return GateResult(name, False, None, limit, "exposure is no number")
