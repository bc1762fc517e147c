"""`precog stop` and `precog resume`: the kill switch, with a reason and an author.

Belongs here: options and what is said. Does not: what the switch does (`pipeline`, `trading.gates`).
"""

from __future__ import annotations

from typing import Annotated

import typer

from precog_assets.cli.told import instant
from precog_assets.domain.errors import ConfigurationError

ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with it.")]
AuthorOption = Annotated[
    str | None, typer.Option("--author", metavar="NAME", help="Who says so; default: the user of this machine.")
]


def stop(reason: ReasonOption, author: AuthorOption = None) -> None:
    """Stop every new order, on paper and at the exchange, and take back what rests, until `precog resume`.

    Example: `precog stop --reason "scores of the NBA look wrong"`
    """
    _switch(on=True, reason=reason, author=author)


def resume(reason: ReasonOption, author: AuthorOption = None) -> None:
    """Release the stop: orders may be written and sent again.

    Example: `precog resume --reason "scores corrected"`
    """
    _switch(on=False, reason=reason, author=author)


def _switch(*, on: bool, reason: str, author: str | None) -> None:
    import getpass

    from precog_assets.environment import resolve
    from precog_assets.queries.book import kill_switch
    from precog_assets.services import opened
    from precog_assets.store.book import set_kill_switch

    if not reason.strip():
        raise ConfigurationError(f"--reason {reason!r}: say why; it is kept with the switch.")
    with opened(resolve()) as services:
        before = kill_switch(services.engine)
        if (before is not None and before.is_on) is on:
            said = f" by {before.author} at {instant(before.set_at)}: {before.reason}" if before is not None else ""
            typer.echo(f"already {'stopped' if on else 'running'}{said}")
            return
        now = services.clock.now()
        with services.engine.begin() as connection:
            set_kill_switch(connection, on=on, reason=reason, author=author or getpass.getuser(), at=now)
    typer.echo("stopped: no order is written or sent, what rests is taken back" if on else "running again")
