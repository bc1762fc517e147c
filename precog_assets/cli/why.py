"""`precog why` and `precog funnel`: why a market is or is not traded, and where markets fall out on the way.

Belongs here: options, tables for people. Does not: reading and wording (`queries.why`, `queries.decisions`).
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from precog_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from precog_assets.domain.trading import GateResult
    from precog_assets.queries.decisions import RecordedDecision
    from precog_assets.queries.why import Answer, Why

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(min|h|d|w)")
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

_GATE_UNITS = {
    "rated": "games",
    "rating_age": "days",
    "quote_age": "s",
    "game_state_age": "s",
    "time_to_start": "hours",
    "spread": "$",
    "depth": "contracts",
    "price_bounds": "$",
    "min_net_value": "$ a contract",
    "max_net_value": "$ a contract",
    "drawdown": "of equity",
    "order_rate": "a minute",
    "size": "contracts",
}

StrategyOption = Annotated[
    str | None, typer.Option("--strategy", metavar="NAME", help="One strategy of config/strategies.yaml; default: all.")
]


def why(
    ticker: Annotated[str, typer.Argument(metavar="TICKER", help="A market's or an event's ticker.")],
    strategy: StrategyOption = None,
) -> None:
    """Say why there is no trade in a market, or why this one: each strategy's last decision, gate by gate.

    The gate that decided is marked; `-` gates could not be asked, since an earlier one lacked what they need. A market
    that was never decided on is answered too: tied to no game and why, closed, never quoted.

    Example: `precog why KXNFLGAME-26JAN18HOUNE-NE --strategy value`
    """
    from rich.console import Console

    from precog_assets.cli.asking import asked
    from precog_assets.queries.why import why as ask

    with asked() as (engine, now):
        found = ask(engine, ticker, now=now, strategy=strategy)
    console = Console(highlight=False)
    for position, one in enumerate(found):
        if position:
            console.print()
        _show(console, one)


def _show(console: Console, one: Why) -> None:
    from rich.markup import escape

    console.print(f"[bold]{escape(one.ticker)}[/bold]")
    for line in one.standing:
        console.print(f"  {escape(line)}")
    if one.undecided:
        console.print(escape(one.undecided))
        for candidate in one.candidates:
            console.print(f"  considered {escape(candidate)}")
        if one.suggestion:
            console.print(f"  to check: {escape(one.suggestion)}")
    for answer in one.answers:
        console.print()
        _answer(console, answer)


def _answer(console: Console, answer: Answer) -> None:
    from rich.markup import escape

    from precog_assets.queries.why import count_text, later_failures, price_text

    decision = answer.decision
    console.print(f"[{'green' if decision.taken else 'yellow'}]{escape(answer.sentence)}[/]")
    if answer.needed:
        console.print(f"  to trade: {escape(answer.needed)}")
        also = later_failures(decision.gates, decision.reason)
        if also:
            console.print(f"  it would then be stopped by: {', '.join(also)}")
    for order in answer.orders:
        why_not = f": {order['reason']}" if order["reason"] else ""
        console.print(
            f"  order {order['status']}: {count_text(order['filled'])} of {count_text(order['contracts'])} "
            f"{order['side'].upper()} at "
            f"{price_text(order['limit_price'])}, {order['venue']}{escape(why_not)}"
        )
    console.print(_gates(decision))
    console.print(f"  [dim]decision {decision.decision_id}; `precog explain decision {decision.decision_id[:8]}`[/dim]")


def _gates(decision: RecordedDecision) -> Table:
    from rich.markup import escape
    from rich.table import Table

    from precog_assets.queries.why import value_text

    table = Table(box=None, header_style="dim", pad_edge=True)
    notes = any(gate.detail for gate in decision.gates)
    for name in ("", "gate", "value", "wanted", "", "verdict", *(("note",) if notes else ())):
        one_line = name in ("gate", "value", "verdict")
        table.add_column(name, justify="right" if name == "value" else "left", overflow="fold", no_wrap=one_line)
    for gate in decision.gates:
        first = gate.name == decision.reason
        unit = "" if gate.value is None else _unit(gate.name)
        cells = (gate.name, value_text(gate.value), value_text(gate.threshold), unit, _verdict(gate), gate.detail)
        style = "bold red" if first else "dim" if gate.passed is None else None
        table.add_row(">" if first else "", *(escape(cell) for cell in cells[: 6 if notes else 5]), style=style)
    return table


def _unit(gate: str) -> str:
    return "$" if gate.startswith("exposure_") else _GATE_UNITS.get(gate, "")


def _verdict(gate: GateResult) -> str:
    return {True: "passed", False: "failed", None: "-"}[gate.passed]


def funnel(
    since: Annotated[
        str, typer.Option("--since", metavar="SPAN", help="How far back, e.g. `90min`, `24h`, `7d`, `2w`.")
    ] = "24h",
    league: Annotated[str | None, typer.Option("--league", metavar="KEY", help="One league; default: all.")] = None,
    strategy: StrategyOption = None,
) -> None:
    """Show how many markets passed each gate, in the order asked, and what share that is.

    A market counts once a strategy, by the decision that came furthest in that time.

    Example: `precog funnel --since 24h --league nfl`
    """
    from rich.console import Console

    from precog_assets.cli.asking import asked
    from precog_assets.cli.forecasts import the_league
    from precog_assets.queries.decisions import funnel as count

    back = span(since)
    if league is not None:
        the_league(league)
    with asked() as (engine, now):
        found = count(engine, since=now - back, until=now + timedelta(seconds=1), league=league, strategy=strategy)
    console = Console(highlight=False)
    if found.is_empty():
        console.print(f"no decision in the last {since}" + (f" in {league}" if league else ""))
        return
    for name, rows in found.group_by("strategy", maintain_order=True):
        came = rows.filter(rows["markets"] > 0)
        console.print(_funnel_table(str(name[0]), came.iter_rows(named=True)))
        beyond = rows.height - came.height
        console.print(f" [dim]and {beyond} gates that none came to[/dim]\n" if beyond else "")


def span(text: str) -> timedelta:
    """A length of time such as `24h`. Raises ConfigurationError."""
    match = _SPAN.fullmatch(text.strip())
    if match is None or float(match[1]) == 0:
        raise ConfigurationError(f"--since {text}: expected a number with min, h, d or w, e.g. 24h.")
    return float(match[1]) * _UNITS[match[2]]


def _funnel_table(strategy: str, rows: Any) -> Table:
    from rich.table import Table

    table = Table(title=strategy, title_justify="left", title_style="bold", box=None, header_style="bold")
    for name in ("gate", "came", "passed", "stopped", "share", "of all", ""):
        table.add_column(name, justify="left" if name in ("gate", "") else "right")
    for row in rows:
        came = "-" if row["share_passed"] is None else f"{row['share_passed']:.0%}"
        of_all = row["share_of_all"] or 0.0
        table.add_row(
            row["gate"],
            f"{row['markets']:,}",
            f"{row['passed']:,}",
            f"{row['stopped']:,}" if row["stopped"] else "",
            came,
            f"{of_all:.0%}",
            "█" * round(of_all * 30),
        )
    return table
