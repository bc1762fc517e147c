"""The errors of the stream's commands, with Kalshi's codes and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

UNPROCESSABLE = 1
PARAMS_REQUIRED = 2
CHANNELS_REQUIRED = 3
SIDS_REQUIRED = 4
UNKNOWN_COMMAND = 5
UNKNOWN_SID = 7
UNKNOWN_CHANNEL = 8
INVALID_PARAMETER = 11
ONE_SID_REQUIRED = 12
UNSUPPORTED_ACTION = 13
MARKET_REQUIRED = 14
ACTION_REQUIRED = 15
SHARD_FACTOR_POSITIVE = 19
SHARD_FACTOR_REQUIRED = 20
SHARD_KEY_RANGE = 21
SHARD_FACTOR_LARGE = 22
INDICES_REQUIRED = 24
BUFFER_OVERFLOW = 25
MARKET_LIMIT = 26
COMMAND_RATE = 27
UNDERLYINGS_REQUIRED = 28

WORDS = {
    UNPROCESSABLE: "Unable to process message",
    PARAMS_REQUIRED: "Params required",
    CHANNELS_REQUIRED: "Channels required",
    SIDS_REQUIRED: "Subscription IDs required",
    UNKNOWN_COMMAND: "Unknown command",
    UNKNOWN_SID: "Unknown subscription ID",
    UNKNOWN_CHANNEL: "Unknown channel name",
    INVALID_PARAMETER: "Invalid parameter",
    ONE_SID_REQUIRED: "Exactly one subscription ID is required",
    UNSUPPORTED_ACTION: "Unsupported action",
    MARKET_REQUIRED: "Market Ticker required",
    ACTION_REQUIRED: "Action required",
    SHARD_FACTOR_POSITIVE: "shard_factor must be > 0",
    SHARD_FACTOR_REQUIRED: "shard_factor is required when shard_key is set",
    SHARD_KEY_RANGE: "shard_key must be >= 0 and < shard_factor",
    SHARD_FACTOR_LARGE: "shard_factor must be <= 100",
    INDICES_REQUIRED: "Index IDs required",
    BUFFER_OVERFLOW: "Subscription buffer overflow",
    MARKET_LIMIT: "Subscription market limit exceeded",
    COMMAND_RATE: "Too many requests",
    UNDERLYINGS_REQUIRED: "Underlying tickers required",
}
"""By code. The codes that are missing are retired, or cannot arise: every connection is signed."""


class CommandError(Exception):
    """A command the venue refuses; `code` as in the AsyncAPI file, `tickers` the markets it is about."""

    def __init__(self, code: int, tickers: Sequence[str] = ()) -> None:
        super().__init__(f"{code} {WORDS[code]}")
        self.code = code
        self.tickers = tuple(tickers)

    def msg(self) -> dict[str, Any]:
        """The error's `msg` object."""
        said: dict[str, Any] = {"code": self.code, "msg": WORDS[self.code]}
        return {**said, "market_tickers": list(self.tickers)} if self.tickers else said
