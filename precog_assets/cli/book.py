"""`precog positions`, `precog orders` and `precog ledger`: the book as people look at it.

Belongs here: options and tables. Does not: reading (`queries.book`), booking (`pipeline`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from precog_assets.cli.told import JsonOption, console, instant, money, price_text, print_json, table

if TYPE_CHECKING:
    from rich.console import Console

    from precog_assets.queries.book import Account

VenueOption = Annotated[
    str | None, typer.Option("--venue", metavar="NAME", help="One account, e.g. `paper` or `kalshi`; default: all.")
]


def positions(
    venue: VenueOption = None,
    closed: Annotated[bool, typer.Option("--closed", help="Also what is held no more, with what it brought.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what every account holds, marked at the mid and at what selling it now would bring, and its equity.

    Example: `precog positions --venue paper`
    """
    from rich.markup import escape

    from precog_assets.environment import resolve
    from precog_assets.queries.book import accounts, kill_switch
    from precog_assets.services import opened

    with opened(resolve()) as services:
        found = accounts(services.engine, services.clock.now(), venue=venue, closed=closed)
        switch = kill_switch(services.engine)
    if as_json:
        print_json({"accounts": found, "kill_switch": switch})
        return
    out = console()
    if switch is not None and switch.is_on:
        said = escape(f"by {switch.author} at {instant(switch.set_at)}: {switch.reason}")
        out.print(f"[bold red]stopped[/bold red] {said}")
    if not found:
        out.print("no account" + (f" at {venue}" if venue else "") + " was opened yet")
    for account in found:
        _account(out, account)


def _account(out: Console, account: Account) -> None:
    out.print(
        f"[bold]{account.venue}[/bold]: equity {money(account.equity)}, cash {money(account.cash)}, realised "
        f"{money(account.realised)}"
    )
    if account.unmarked:
        out.print(f"  without a quote, counted at cost: {', '.join(sorted(set(account.unmarked)))}")
    if not account.held:
        out.print("  nothing is held")
        return
    rows = table("ticker", "side", ">contracts", ">average", ">mid", ">sells at", ">unrealised", ">realised", "starts")
    for one in account.held:
        position = one.position
        rows.add_row(
            one.ticker,
            position.side.value.upper(),
            f"{position.contracts:,.2f}",
            price_text(position.average_price if position.contracts else None),
            price_text(position.mark_mid),
            price_text(position.mark_liquidation),
            money(one.unrealised_liquidation),
            money(position.realised),
            instant(one.starts_at),
        )
    out.print(rows)


def orders(
    venue: VenueOption = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only orders that are written or rest.")] = False,
    newest: Annotated[int, typer.Option("--newest", metavar="N", min=1, help="How many, newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show orders, newest first: what was asked for, what became of it and why, and what it was filled at.

    Example: `precog orders --open`
    """
    from rich.markup import escape

    from precog_assets.environment import resolve
    from precog_assets.queries.book import orders as read
    from precog_assets.services import opened

    with opened(resolve()) as services:
        found = read(services.engine, venue=venue, open_only=open_only, newest=newest)
    if as_json:
        print_json(found)
        return
    out = console()
    if not found:
        out.print("no open order" if open_only else "no order was written yet")
        return
    rows = table("written", "venue", "ticker", "side", ">limit", ">filled", ">at", ">fees", "status", "strategy")
    for one in found:
        rows.add_row(
            instant(one["created_at"]),
            one["venue"],
            one["ticker"],
            one["side"].upper(),
            price_text(one["limit_price"]),
            f"{one['filled']:,.2f} of {one['contracts']:,.2f}",
            price_text(one["average_price"]),
            money(one["fees"]),
            escape(f"{one['status']} ({one['reason']})" if one["reason"] else one["status"]),
            one["strategy"],
        )
    out.print(rows)


def ledger(
    venue: VenueOption = None,
    newest: Annotated[int, typer.Option("--newest", metavar="N", min=1, help="Transactions, newest first.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the double-entry ledger: the newest transactions leg by leg, and every balance, which sum to zero.

    Example: `precog ledger --newest 5`
    """
    from rich.markup import escape

    from precog_assets.environment import resolve
    from precog_assets.queries.book import balances, ledger_legs
    from precog_assets.services import opened

    with opened(resolve()) as services:
        legs = ledger_legs(services.engine, venue=venue, newest=newest)
        totals = balances(services.engine, venue=venue)
    sums = {name: sum(held.values(), Decimal(0)) for name, held in totals.items()}
    if as_json:
        print_json({"balances": totals, "sums": sums, "legs": legs})
        return
    out = console()
    if not legs:
        out.print("nothing was booked yet")
        return
    rows = table("booked", "venue", "transaction", "account", ">dollars", "strategy", "note")
    before = None
    for one in legs:
        first = one["transaction_id"] != before
        before = one["transaction_id"]
        rows.add_row(
            instant(one["at"]) if first else "",
            one["venue"] if first else "",
            one["transaction_id"] if first else "",
            one["account"],
            f"{one['amount']:+,.4f}",
            one["strategy"],
            escape(one["note"]),
        )
    out.print(rows)
    for name, held in totals.items():
        told = ", ".join(f"{account} {amount:+,.2f}" for account, amount in held.items())
        out.print(f"[bold]{name}[/bold]: {told}; in sum {sums[name]:f}")
