"""`precog usage`: how much of each source's rate limit is used, by every process of this machine."""

from __future__ import annotations

import typer


def usage() -> None:
    """Show the rate limits in force and their use in the current window.

    Example: `precog usage`
    """
    from rich.console import Console
    from rich.table import Table

    from precog_assets.environment import resolve
    from precog_assets.sources.limits import RateLimiter

    limiter = RateLimiter(resolve().home / "limits")
    uses = limiter.usage()
    limiter.close()
    if not uses:
        typer.echo("No source was asked yet.")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("source", "mode", "used", "of", "in"):
        table.add_column(name, justify="right" if name in ("used", "of", "in") else "left")
    for use in uses:
        for window in use.windows:
            used = "?" if window.used is None else str(window.used)
            table.add_row(use.source, use.mode, used, str(window.limit), f"{window.period_s:g} s")
    Console(highlight=False).print(table)
