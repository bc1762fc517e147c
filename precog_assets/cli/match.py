"""`precog match`: what matching does with a ticker, step by step."""

from __future__ import annotations

from typing import Annotated

import typer


def match(
    tickers: Annotated[list[str], typer.Argument(metavar="TICKER...", help="Kalshi market or event tickers.")],
) -> None:
    """Explain how each ticker is tied to a game, or why it is refused, against the stored games.

    Exit code 0 also where a ticker stays unmatched: a refusal is an answer.

    Example: `precog match KXNFLGAME-26JAN18HOUNE-NE`
    """
    from precog_assets.environment import resolve
    from precog_assets.pipeline.link import explain_tickers
    from precog_assets.services import opened

    with opened(resolve()) as services:
        for position, explanation in enumerate(explain_tickers(services, tickers)):
            if position:
                typer.echo()
            typer.echo("\n".join(explanation.lines))
