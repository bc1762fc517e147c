"""How the exchange itself says no: the nested error shape, with the codes that were recorded, or observed by others.

`market_closed` and `market_not_active` (400) have not been recorded; they are worded like the rest.
"""

from __future__ import annotations

from precog_assets.simulator.kalshi.answers import Refusal


def refused(status_code: int, code: str, details: str | None = None, *, service: bool = True) -> Refusal:
    """An error of the exchange; its message is its code in words."""
    error = {"code": code, "message": code.replace("_", " ")}
    if details is not None:
        error["details"] = details
    elif service:
        error["service"] = "exchange"
    return Refusal(status_code, {"error": error})


def invalid_order(details: str) -> Refusal:
    """400 with the reason in `details`."""
    return refused(400, "invalid_order", details)


def paused(*, exchange: bool) -> Refusal:
    """409 while trading, or the whole exchange, is stopped."""
    return refused(409, "exchange_is_paused" if exchange else "trading_is_paused", service=False)
