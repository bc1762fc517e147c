"""The account behind the configured key: balance and positions, signed reads that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from precog_assets.domain.errors import PrecogError
from precog_assets.sources.kalshi.parse_account import parse_balance, parse_positions
from precog_assets.sources.kalshi.rows import BalanceSeen, PositionSeen

if TYPE_CHECKING:
    from precog_assets.services import Services
    from precog_assets.sources.outcome import Fetch


def read_account(services: Services, *, correlation_id: str) -> tuple[BalanceSeen, list[PositionSeen]]:
    """Balance and every open position of the account.

    Raises ConfigurationError without keys, and PrecogError with the fetch's code when a read fails.
    """
    answer = _answered(services.kalshi.balance(correlation_id=correlation_id))
    balance = parse_balance(answer.body)
    if not balance.rows:
        raise PrecogError("contract.vanished", f"kalshi:balance: {balance.rejections[0].detail}")
    positions = [
        row
        for fetch in services.kalshi.positions(correlation_id=correlation_id)
        for row in parse_positions(_answered(fetch).body).rows
    ]
    return balance.rows[0], positions


def _answered(fetch: Fetch) -> Fetch:
    if not fetch.ok:
        raise PrecogError(fetch.code, f"{fetch.feed}: {fetch.detail}")
    return fetch
