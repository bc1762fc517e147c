"""`precog preview`: what an order would do, without sending it.

Belongs here: options and the table. Does not: reading and reckoning (`queries.order_preview`, `trading.preview`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from precog_assets.cli.told import JsonOption, console, money, number, price_text, print_json, table

if TYPE_CHECKING:
    from precog_assets.queries.order_preview import OrderPreview


class BoughtSide(StrEnum):
    yes = "yes"
    no = "no"


def preview(
    ticker: Annotated[str, typer.Argument(metavar="TICKER", help="The market's ticker.")],
    price: Annotated[str, typer.Option("--price", metavar="DOLLARS", help="Limit for the side bought, above 0 to 1.")],
    contracts: Annotated[str, typer.Option("--contracts", metavar="N", help="How many contracts.")],
    side: Annotated[BoughtSide, typer.Option("--side", help="What is bought.")] = BoughtSide.yes,
    maker: Annotated[
        bool, typer.Option("--maker", help="Rest at the price instead of taking what is offered.")
    ] = False,
    strategy: Annotated[
        str, typer.Option("--strategy", metavar="NAME", help="Whose probability the value is reckoned by.")
    ] = "value",
    venue: Annotated[str, typer.Option("--venue", metavar="NAME", help="The account that would buy.")] = "paper",
    as_json: JsonOption = False,
) -> None:
    """Show what an order would do, without sending it: cost, fee, value, and what would be held and at stake after it.

    Example: `precog preview KXNFLGAME-26JAN18HOUNE-NE --side yes --price 0.55 --contracts 10`
    """
    from precog_assets.domain.trading import Side
    from precog_assets.environment import resolve
    from precog_assets.queries.order_preview import order_preview
    from precog_assets.services import opened

    limit, count = number("--price", price), number("--contracts", contracts)
    with opened(resolve()) as services:
        found = order_preview(
            services.engine,
            ticker,
            side=Side(side.value),
            limit_price=limit,
            contracts=count,
            post_only=maker,
            strategy=strategy,
            now=services.clock.now(),
            venue=venue,
        )
    if as_json:
        print_json(found)
        return
    out = console()
    how = "resting" if maker else "taking"
    out.print(
        f"[bold]{found.market.ticker}[/bold]: {how} {count:f} {side.value.upper()} at {price_text(limit)} or better"
    )
    rows = table("", ">")
    for name, value in _preview_rows(found):
        rows.add_row(name, value)
    out.print(rows)


def _preview_rows(found: OrderPreview) -> list[tuple[str, str]]:
    made, quote, price = found.preview, found.quote, found.price
    rows = [
        ("market", found.market.status),
        ("bid / ask of YES", f"{price_text(quote and quote.bid)} / {price_text(quote and quote.ask)}"),
        ("would buy", f"{made.contracts:,.2f}" + (f", {made.unfilled:,.2f} not to be had" if made.unfilled else "")),
        ("average price", price_text(made.average_price)),
        ("cost", money(made.cost)),
        ("fee", money(made.fee, 4)),
    ]
    if made.redeemed:
        rows.append(("redeemed with what is held", money(made.redeemed)))
    rows += [
        ("cash needed", money(made.cash_needed) + ("" if made.affordable else ", which is not there")),
        ("probability of YES", "not known" if price is None else f"{price.p_trading:.3f}"),
        ("value after cost and fee", money(made.value)),
        ("held after it", f"{made.held_yes:,.2f} YES, {made.held_no:,.2f} NO"),
        ("at stake in the market", money(made.exposure.market)),
        ("in the game", money(made.exposure.game)),
        ("in the league", money(made.exposure.league)),
        ("on the day", money(made.exposure.day)),
        ("in all", money(made.exposure.total)),
    ]
    return rows
