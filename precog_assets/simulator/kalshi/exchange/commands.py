"""Commands by name, as the journal keeps them: what a name and its terms do to the floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from precog_assets.simulator.kalshi.exchange import membership, trading
from precog_assets.simulator.kalshi.exchange.accounts import Account
from precog_assets.simulator.kalshi.exchange.floor import Floor
from precog_assets.simulator.kalshi.exchange.trading import Amendment, Ticket

Act = Callable[[Floor, Account, Mapping[str, Any]], Any]


def _amend(floor: Floor, account: Account, terms: Mapping[str, Any]) -> Any:
    wanted = Amendment(**terms["wanted"])
    return trading.amend(floor, account, terms["order_id"], terms["subaccount"], wanted)


ACTS: dict[str, Act] = {
    "place": lambda floor, account, terms: trading.place(floor, account, Ticket(**terms)),
    "cancel": lambda floor, account, terms: trading.cancel(floor, account, **terms),
    "cancel_all": lambda floor, account, terms: trading.cancel_all(floor, account, **terms),
    "decrease": lambda floor, account, terms: trading.decrease(floor, account, **terms),
    "amend": _amend,
    "deposit": lambda floor, account, terms: membership.deposit(floor, account, **terms),
    "create_subaccount": lambda floor, account, _: membership.create_subaccount(floor, account),
    "transfer": lambda floor, account, terms: membership.transfer(floor, account, **terms),
    "set_netting": lambda floor, account, terms: membership.set_netting(floor, account, **terms),
    "create_group": lambda floor, account, terms: membership.create_group(floor, account, **terms),
    "trigger_group": lambda floor, account, terms: membership.trigger_group(floor, account, **terms),
    "reset_group": lambda floor, account, terms: membership.reset_group(floor, account, **terms),
    "limit_group": lambda floor, account, terms: membership.limit_group(floor, account, **terms),
    "delete_group": lambda floor, account, terms: membership.delete_group(floor, account, **terms),
}


def act(floor: Floor, do: str, account_id: str, terms: Mapping[str, Any]) -> Any:
    """Do a command at the floor's time. Raises Refusal, or ValueError, before anything has changed."""
    if do == "open_account":
        return membership.open_account(floor, **terms)
    if do == "add_key":
        return membership.add_key(floor, account_id, **{**terms, "scopes": tuple(terms["scopes"])})
    return ACTS[do](floor, floor.accounts[account_id], terms)
