"""What Kalshi takes as query parameters: its limits, its words, and what it would refuse.

Belongs here: checks and pieces of requests, pure. Does not: paths and feeds (`client.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from urllib.parse import quote

MAX_TICKERS = 100
"""Tickers in one batch call."""
MAX_CANDLES = 10_000
"""Candlesticks in one batch call, over all its markets."""
MARKETS_PER_PAGE = 1000
EVENTS_PER_PAGE = 200
MILESTONES_PER_PAGE = 500
QUERY_STATUSES = ("unopened", "open", "paused", "closed", "settled")
"""What `status` may ask for; the statuses in answers have other names (`domain.statuses.MarketStatus`)."""
PERIODS_MIN = (1, 60, 1440)

Params = Mapping[str, str | int | Sequence[str]]


def given(**params: str | int | None) -> dict[str, str | int | Sequence[str]]:
    """The parameters that say something: not None and not empty."""
    return {name: value for name, value in params.items() if value is not None and value != ""}


def query_status(status: str | None) -> str | None:
    """The status as it is. Raises ValueError for one that cannot be asked for."""
    if status is not None and status not in QUERY_STATUSES:
        raise ValueError(f"status {status!r} cannot be asked for; expected one of {', '.join(QUERY_STATUSES)}")
    return status


def subject(series_ticker: str | None, event_ticker: str | None, tickers: Sequence[str]) -> str:
    """What a list is about, for its feed's name."""
    return event_ticker or series_ticker or ("tickers" if tickers else "all")


def segment(ticker: str) -> str:
    """A ticker as one segment of a path, whatever is in it."""
    return quote(ticker, safe="")


def batches(tickers: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(tickers), size):
        yield list(tickers[start : start + size])


def candles_in(start_ts: int, end_ts: int, period_minutes: int) -> int:
    """How many candlesticks one market has in a window. Raises ValueError when they cannot be asked for."""
    if period_minutes not in PERIODS_MIN:
        raise ValueError(f"period_minutes {period_minutes!r}; expected one of {PERIODS_MIN}")
    if end_ts <= start_ts:
        raise ValueError(f"end_ts {end_ts} is not after start_ts {start_ts}")
    each = ceil((end_ts - start_ts) / (period_minutes * 60)) + 1
    if each > MAX_CANDLES:
        raise ValueError(
            f"{each} candlesticks of {period_minutes} min in one window; at most {MAX_CANDLES}: shorten it"
        )
    return each


def window(start_ts: int, end_ts: int, period_minutes: int) -> dict[str, str | int | Sequence[str]]:
    return {"start_ts": start_ts, "end_ts": end_ts, "period_interval": period_minutes}
