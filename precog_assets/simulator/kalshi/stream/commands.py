"""What clients ask of the stream: command texts read into records, or refused with the venue's error.

Only what a text says by itself is judged here; whether a subscription or a market exists is the session's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from precog_assets.simulator.kalshi.stream.channels import CHANNELS, COMMUNICATIONS, Channel
from precog_assets.simulator.kalshi.stream.refusals import (
    CHANNELS_REQUIRED,
    INVALID_PARAMETER,
    ONE_SID_REQUIRED,
    PARAMS_REQUIRED,
    SHARD_FACTOR_LARGE,
    SHARD_FACTOR_POSITIVE,
    SHARD_FACTOR_REQUIRED,
    SHARD_KEY_RANGE,
    SIDS_REQUIRED,
    UNKNOWN_CHANNEL,
    UNKNOWN_COMMAND,
    UNPROCESSABLE,
    CommandError,
)

HIGHEST_SHARD_FACTOR = 100


@dataclass(frozen=True, slots=True)
class Named:
    """What a command names: markets by ticker, by UUID, and the ids of feeds that are no markets."""

    tickers: tuple[str, ...] = ()
    market_ids: tuple[str, ...] = ()
    feed_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Open channels, or add to open ones."""

    channels: tuple[Channel, ...]
    named: Named
    initial_snapshot: bool = False
    quiet_acks: bool = False
    """`skip_ticker_ack`: `ok` answers list no markets."""
    yes_price: bool = False
    """`use_yes_price`: bids for NO are priced as asks for YES."""


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Close subscriptions."""

    sids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """Change, or ask something of, one open subscription; `action` is not yet known to be one."""

    sid: int
    action: str | None
    named: Named
    initial_snapshot: bool = False


@dataclass(frozen=True, slots=True)
class ListSubscriptions:
    """Tell which channels are open."""


Command = Subscribe | Unsubscribe | Update | ListSubscriptions
Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A text as far as it is one command: its id, 0 where it has none, and what it asks."""

    command_id: int
    cmd: object
    params: object


def read_message(text: str | bytes) -> Message:
    """The envelope of a command. Raises CommandError where the text is no JSON object, or its id no id."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CommandError(UNPROCESSABLE) from error
    if not isinstance(found, dict):
        raise CommandError(UNPROCESSABLE)
    command_id = found.get("id", 0)
    if not _is_integer(command_id) or command_id < 0:
        raise CommandError(UNPROCESSABLE)
    return Message(command_id, found.get("cmd"), found.get("params"))


def read_command(message: Message) -> Command:
    """What the message asks. Raises CommandError as the venue refuses it."""
    cmd = message.cmd
    if cmd == "list_subscriptions":
        return ListSubscriptions()
    if cmd not in ("subscribe", "unsubscribe", "update_subscription"):
        raise CommandError(UNKNOWN_COMMAND)
    params = message.params
    if not isinstance(params, dict):
        raise CommandError(PARAMS_REQUIRED)
    if cmd == "subscribe":
        return _subscribe(params)
    return _unsubscribe(params) if cmd == "unsubscribe" else _update(params)


def _subscribe(params: Params) -> Subscribe:
    names = params.get("channels")
    if not names:
        raise CommandError(CHANNELS_REQUIRED)
    if not isinstance(names, list):
        raise CommandError(INVALID_PARAMETER)
    channels = []
    for name in names:
        channel = CHANNELS.get(name) if isinstance(name, str) else None
        if channel is None:
            raise CommandError(UNKNOWN_CHANNEL)
        if channel not in channels:
            channels.append(channel)
    if COMMUNICATIONS in channels:
        _check_communications(params)
    return Subscribe(
        tuple(channels),
        _named(params),
        _flag(params, "send_initial_snapshot"),
        _flag(params, "skip_ticker_ack"),
        _flag(params, "use_yes_price"),
    )


def _check_communications(params: Params) -> None:
    if params.get("user_filter", "") not in ("", "self"):
        raise CommandError(INVALID_PARAMETER)
    factor, key = params.get("shard_factor"), params.get("shard_key")
    if not all(value is None or _is_integer(value) for value in (factor, key)):
        raise CommandError(INVALID_PARAMETER)
    if factor is None:
        if key is not None:
            raise CommandError(SHARD_FACTOR_REQUIRED)
    elif factor <= 0:
        raise CommandError(SHARD_FACTOR_POSITIVE)
    elif factor > HIGHEST_SHARD_FACTOR:
        raise CommandError(SHARD_FACTOR_LARGE)
    elif key is not None and not 0 <= key < factor:
        raise CommandError(SHARD_KEY_RANGE)


def _unsubscribe(params: Params) -> Unsubscribe:
    sids = params.get("sids")
    if not sids:
        raise CommandError(SIDS_REQUIRED)
    if not isinstance(sids, list) or not all(_is_integer(sid) for sid in sids):
        raise CommandError(INVALID_PARAMETER)
    return Unsubscribe(tuple(dict.fromkeys(sids)))


def _update(params: Params) -> Update:
    sid, sids = params.get("sid"), params.get("sids")
    if sid is None and isinstance(sids, list) and len(sids) == 1:
        sid, sids = sids[0], None
    if sid is None or sids:
        raise CommandError(ONE_SID_REQUIRED)
    if not _is_integer(sid):
        raise CommandError(INVALID_PARAMETER)
    action = params.get("action")
    if action is not None and not isinstance(action, str):
        raise CommandError(INVALID_PARAMETER)
    return Update(sid, action or None, _named(params), _flag(params, "send_initial_snapshot"))


def _named(params: Params) -> Named:
    tickers = _one_or_many(params, "market_ticker", "market_tickers")
    market_ids = _one_or_many(params, "market_id", "market_ids")
    if tickers and market_ids:
        raise CommandError(INVALID_PARAMETER)
    feeds = _texts(params, "index_ids") + _texts(params, "underlying_tickers")
    return Named(tickers, market_ids, feeds)


def _one_or_many(params: Params, one: str, many: str) -> tuple[str, ...]:
    found = _texts(params, many)
    single = params.get(one)
    if single is None or single == "":
        return found
    if found or not isinstance(single, str):
        raise CommandError(INVALID_PARAMETER)
    return (single,)


def _texts(params: Params, name: str) -> tuple[str, ...]:
    found = params.get(name)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(text, str) and text for text in found):
        raise CommandError(INVALID_PARAMETER)
    return tuple(dict.fromkeys(found))


def _flag(params: Params, name: str) -> bool:
    found = params.get(name, False)
    if not isinstance(found, bool):
        raise CommandError(INVALID_PARAMETER)
    return found


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
