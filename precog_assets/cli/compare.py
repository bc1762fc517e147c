"""`precog compare paper backtest`: where the paper book and a backtest of the same markets differ, and why.

Belongs here: options and tables. Does not: pairing, causes, running.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from precog_assets.cli.tables import bars, console_of_tables, drawn
from precog_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from precog_assets.pipeline.backtest.compare import Comparison, Difference
    from precog_assets.pipeline.backtest.tables import Table

BOOKS = ("paper", "backtest")
SHOWN = 30


def compare(
    one: Annotated[str, typer.Argument(metavar="paper", help="The book that was kept.")],
    other: Annotated[str, typer.Argument(metavar="backtest", help="The same markets, stepped through again.")],
    first: Annotated[
        datetime, typer.Option("--from", metavar="DAY", formats=["%Y-%m-%d"], help="First Eastern day of decisions.")
    ],
    last: Annotated[
        datetime, typer.Option("--to", metavar="DAY", formats=["%Y-%m-%d"], help="Last Eastern day, included.")
    ],
    league: Annotated[
        str | None, typer.Option("--league", metavar="KEY", help="One league; otherwise all that are worked on.")
    ] = None,
    strategy: Annotated[str | None, typer.Option("--strategy", metavar="NAME", help="One strategy.")] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0, metavar="SECONDS", help="Instants so near are one.")
    ] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Everything found, as JSON on stdout.")] = False,
) -> None:
    """Replay the decisions of some days through the backtest, and say where the two books differ.

    The stored decisions' markets are stepped through again under the configuration that was recorded with them. Causes:
    **gate** (one took a position, the other not, or both passed for other reasons), **latency** (both took, at other
    instants), **price**, **fee**, **fill** (other numbers of contracts). What a position's profits differ by is shared
    among its causes, to the cent.

    Example: `precog compare paper backtest --from 2026-11-20 --to 2026-11-22`
    """
    from precog_assets.cli.backtest import bounds
    from precog_assets.config import chosen_leagues, load_trading_rules
    from precog_assets.environment import resolve
    from precog_assets.pipeline.backtest.stored import StoredFeed
    from precog_assets.pipeline.divergence import compare_book
    from precog_assets.services import opened

    if (one, other) != BOOKS:
        raise ConfigurationError(f"compare {one} {other}: expected compare {' '.join(BOOKS)}.")
    since, until = bounds(first, last)
    assert since is not None
    assert until is not None
    rules, environment = load_trading_rules(), resolve()
    if strategy is not None and strategy not in rules.strategies:
        known = ", ".join(rules.strategies)
        raise ConfigurationError(f"--strategy {strategy}: unknown; config/strategies.yaml has {known}.")
    leagues = chosen_leagues(league or environment.settings.precog_leagues)
    with (
        opened(environment, leagues=leagues) as services,
        bars() as shown,
        shown.counting("replaying", "days") as step,
    ):
        found = compare_book(
            services.engine,
            leagues,
            lambda of, start, end: StoredFeed(services.engine, of, start, end, assumptions=rules.backtests),
            rules.backtests,
            since=since,
            until=until,
            strategy=strategy,
            tolerance=timedelta(seconds=tolerance),
            progress=step,
        )
    if as_json:
        typer.echo(json.dumps(_as_json(found), indent=2, allow_nan=False))
    else:
        _print(found)


def _as_json(found: Comparison) -> dict[str, Any]:
    from precog_assets.pipeline.backtest.report import plain_of

    causes = {
        cause.value: {"count": count, "dollars": float(dollars), "not_settled": unsettled}
        for cause, (count, dollars, unsettled) in found.by_cause().items()
    }
    return {**plain_of(found), "by_cause": causes}


def _print(found: Comparison) -> None:
    console = console_of_tables()
    if not found.paper_taken and not found.backtest_taken and not found.differences and not found.passes:
        console.print("No decision was made in that time.")
        return
    console.print(
        f"{found.paper_taken:,} positions on paper, {found.backtest_taken:,} in the backtest; {found.pairs:,} of both, "
        f"{found.same:,} without any difference; {found.passes:,} passes for the same reason",
        markup=False,
    )
    console.print(drawn(_causes(found)))
    if found.differences:
        console.print()
        console.print(drawn(_differences(found.differences[:SHOWN])))
    if len(found.differences) > SHOWN:
        console.print(f"and {len(found.differences) - SHOWN:,} more; --json tells all")


def _causes(found: Comparison) -> Table:
    from precog_assets.pipeline.backtest.tables import Table, dollars

    rows = [
        (cause.value, f"{count:,}", dollars(amount), f"{unsettled:,}")
        for cause, (count, amount, unsettled) in found.by_cause().items()
    ]
    difference = found.paper_profit - found.backtest_profit
    rows.append(("paper less backtest", f"{len(found.differences):,}", dollars(difference), ""))
    return Table("Causes", ("cause", "differences", "dollars", "not settled"), tuple(rows))


def _differences(shown: tuple[Difference, ...]) -> Table:
    from precog_assets.pipeline.backtest.tables import Table, dollars

    rows = tuple(
        (
            f"{one.at:%m-%d %H:%M:%S}",
            one.market_id.partition(":")[2],
            one.cause.value,
            one.paper,
            one.backtest,
            "–" if one.seconds is None else f"{one.seconds:+.1f} s",
            "open" if one.dollars is None else dollars(one.dollars),
        )
        for one in shown
    )
    headings = ("UTC", "market", "cause", "paper", "backtest", "later by", "dollars")
    return Table("Differences", headings, rows, words=True)
