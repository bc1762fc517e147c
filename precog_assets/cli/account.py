"""`precog account`: balance and positions of the configured Kalshi key; reads only."""

from __future__ import annotations


def account() -> None:
    """Show balance and positions of the account behind KALSHI_KEY_ID and KALSHI_PRIVATE_KEY_PATH.

    Example: `precog --market-mode espn=live --market-mode kalshi=live account`
    """
    from rich.console import Console
    from rich.table import Table

    from precog_assets.environment import resolve
    from precog_assets.pipeline.account import read_account
    from precog_assets.pipeline.report import new_correlation_id
    from precog_assets.services import opened

    with opened(resolve()) as services:
        balance, positions = read_account(services, correlation_id=new_correlation_id())
    console = Console(highlight=False)
    console.print(f"available ${balance.available:,.2f}, in positions ${balance.positions_value:,.2f}")
    if not positions:
        console.print("no positions")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("ticker", "contracts", "exposure $", "realized $", "fees $"):
        table.add_column(name, justify="left" if name == "ticker" else "right")
    for one in positions:
        table.add_row(one.ticker, f"{one.contracts}", f"{one.exposure}", f"{one.realized_pnl}", f"{one.fees_paid}")
    console.print(table)
