"""The commands on accounts: opening, keys, money in and out, subaccounts, order groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from precog_assets.simulator.kalshi.answers import not_found
from precog_assets.simulator.kalshi.exchange.accounts import (
    LAST_SUBACCOUNT,
    Account,
    Deposit,
    Group,
    Key,
    Purse,
    Transfer,
)
from precog_assets.simulator.kalshi.exchange.events import GroupChanged
from precog_assets.simulator.kalshi.exchange.floor import Floor
from precog_assets.simulator.kalshi.exchange.model import OrderGroup
from precog_assets.simulator.kalshi.exchange.refusals import invalid_order, refused
from precog_assets.simulator.kalshi.exchange.trading import need_exchange, purse_of
from precog_assets.simulator.kalshi.exchange.units import CENT_MONEY
from precog_assets.simulator.kalshi.limits import TIERS
from precog_assets.simulator.kalshi.noise import stable_uuid

SCOPES = frozenset(
    {
        "read",
        "write",
        "read::block_trade_accept",
        "read::portfolio_balance",
        "write::trade",
        "write::transfer",
        "write::fcm_risk",
        "write::block_trade_accept",
    }
)


def check_tier(tier: str) -> None:
    """Raises ValueError for a tier unknown."""
    if tier not in TIERS:
        raise ValueError(f"usage tier {tier!r}: expected one of {', '.join(TIERS)}")


def check_scopes(scopes: Sequence[str]) -> None:
    """Raises ValueError for no scopes, and unknown ones."""
    unknown = sorted(set(scopes) - SCOPES)
    if unknown or not scopes:
        raise ValueError(f"key scopes {unknown or list(scopes)}: expected some of {', '.join(sorted(SCOPES))}")


def open_account(floor: Floor, *, tier: str) -> Account:
    """A new account without money or keys. Raises ValueError for a tier unknown."""
    check_tier(tier)
    account_id = stable_uuid("account", len(floor.accounts))
    account = floor.accounts[account_id] = Account(account_id, tier, {0: Purse(0, updated_us=floor.now_us)})
    return account


def add_key(floor: Floor, account_id: str, *, key_id: str, public_pem: str, scopes: tuple[str, ...]) -> Key:
    """A key for an account. Raises ValueError for an unknown account or scope, and an id that is taken."""
    if account_id not in floor.accounts:
        raise ValueError(f"account {account_id!r}: there is none of that id")
    if not key_id or key_id in floor.keys:
        raise ValueError(f"key id {key_id!r}: must be new and not empty")
    check_scopes(scopes)
    key = floor.keys[key_id] = Key(key_id, account_id, public_pem, tuple(scopes))
    return key


def deposit(floor: Floor, account: Account, money: int) -> None:
    """Bring money in, or take it out where it is below 0. Raises ValueError when there is not so much."""
    purse = account.purses[0]
    if purse.available + money < 0:
        raise ValueError(f"withdrawal of {-money / 1e6:.4f} dollars: only {purse.available / 1e6:.4f} are available")
    deposit_id = stable_uuid("deposit", account.account_id, len(account.deposits))
    account.deposits.append(Deposit(deposit_id, money, floor.now_us))
    purse.cash += money
    purse.updated_us = floor.now_us


def create_subaccount(floor: Floor, account: Account) -> int:
    """The number of a new subaccount."""
    need_exchange(floor)
    number = len(account.purses)
    if number > LAST_SUBACCOUNT:
        raise refused(400, "subaccount_limit_reached")
    account.purses[number] = Purse(number, updated_us=floor.now_us)
    return number


def transfer(floor: Floor, account: Account, *, transfer_id: str, source: int, target: int, amount_cents: int) -> None:
    """Move money between subaccounts; a transfer of a known id is not done again."""
    need_exchange(floor)
    giving, taking = purse_of(account, source), purse_of(account, target)
    if transfer_id in account.transfers:
        return
    if amount_cents <= 0 or source == target:
        raise refused(400, "invalid_parameters", "amount_cents must be positive, and the subaccounts two")
    money = amount_cents * CENT_MONEY
    if money > giving.available:
        raise refused(400, "insufficient_balance")
    giving.cash -= money
    taking.cash += money
    giving.updated_us = taking.updated_us = floor.now_us
    account.transfers[transfer_id] = Transfer(transfer_id, source, target, amount_cents, floor.now_us)


def set_netting(floor: Floor, account: Account, *, subaccount: int, enabled: bool) -> None:
    """Keep the choice; the simulator's collateral does not net between markets."""
    need_exchange(floor)
    purse_of(account, subaccount).netting = enabled


def create_group(floor: Floor, account: Account, *, limit: int, subaccount: int) -> OrderGroup:
    """A new order group; `limit` in 1/100 contracts."""
    need_exchange(floor)
    purse_of(account, subaccount)
    if limit <= 0:
        raise invalid_order("contracts_limit must be positive")
    group_id = stable_uuid("group", account.account_id, account.numbered)
    account.numbered += 1
    record = OrderGroup(group_id, account.account_id, limit, subaccount)
    account.groups[group_id] = Group(record)
    floor.tell(GroupChanged(floor.now_us, replace(record), "created"))
    return record


def group_of(account: Account, group_id: str, subaccount: int | None) -> Group:
    """Raises Refusal (404) for a group the account, or the subaccount, does not have."""
    group = account.groups.get(group_id)
    if group is None or subaccount not in (None, group.record.subaccount):
        raise not_found()
    return group


def trigger_group(floor: Floor, account: Account, *, group_id: str, subaccount: int | None) -> None:
    """Cancel the group's orders and refuse it new ones."""
    need_exchange(floor)
    group_of(account, group_id, subaccount)
    floor.trigger(account, group_id, floor.now_us)


def reset_group(floor: Floor, account: Account, *, group_id: str, subaccount: int | None) -> None:
    """Count from nothing, and take orders again."""
    need_exchange(floor)
    group = group_of(account, group_id, subaccount)
    group.recent.clear()
    group.record.triggered = False
    floor.tell(GroupChanged(floor.now_us, replace(group.record), "reset"))


def limit_group(floor: Floor, account: Account, *, group_id: str, subaccount: int | None, limit: int) -> None:
    """Another limit; the group is triggered at once where its fills of late have reached it."""
    need_exchange(floor)
    group = group_of(account, group_id, subaccount)
    if limit <= 0:
        raise invalid_order("contracts_limit must be positive")
    group.record.limit = limit
    floor.tell(GroupChanged(floor.now_us, replace(group.record), "limit_updated"))
    if not group.record.triggered and floor.filled_of_late(group, floor.now_us) >= limit:
        floor.trigger(account, group_id, floor.now_us)


def delete_group(floor: Floor, account: Account, *, group_id: str, subaccount: int | None) -> None:
    """Cancel the group's orders and forget it."""
    need_exchange(floor)
    group = group_of(account, group_id, subaccount)
    floor.cancel_group(account, group, floor.now_us)
    del account.groups[group_id]
    floor.tell(GroupChanged(floor.now_us, replace(group.record), "deleted"))
