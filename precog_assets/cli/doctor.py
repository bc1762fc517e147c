"""`precog doctor`: is everything here to run, and if not, what to do."""

from __future__ import annotations

import typer

MARKS = {"ok": ("ok  ", typer.colors.GREEN), "warn": ("warn", typer.colors.YELLOW), "fail": ("FAIL", typer.colors.RED)}


def doctor() -> None:
    """Check versions, configuration, ports, database, archive, disk, clocks, roles and each venue; say what to do.

    Exit code 0: nothing failed (warnings allowed). 1: something did.

    Example: `precog --market-mode espn=live --market-mode kalshi=live doctor`
    """
    from precog_assets.cli import checks_here, checks_live, checks_outside
    from precog_assets.environment import resolve

    environment = resolve()
    failed = False
    for check in (*checks_here.ALL, *checks_live.ALL, *checks_outside.ALL):
        for finding in check(environment):
            mark, colour = MARKS[finding.status]
            typer.echo(f"{typer.style(mark, fg=colour)}  {finding.what}: {finding.found}")
            if finding.action:
                typer.echo(f"      -> {finding.action}")
            failed = failed or finding.status == "fail"
    raise typer.Exit(1 if failed else 0)
