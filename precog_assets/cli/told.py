"""How commands of the book tell numbers, instants and tables, and whole results as JSON.

Belongs here: the text of one value, and of any value as JSON. Does not: what is shown (the commands).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from precog_assets.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

JsonOption = Annotated[bool, typer.Option("--json", help="Everything as JSON on stdout.")]


def number(option: str, text: str) -> Decimal:
    """A number given on the command line, exact. Raises ConfigurationError naming the option."""
    try:
        given = Decimal(text)
    except InvalidOperation:
        given = Decimal("NaN")
    if not given.is_finite():
        raise ConfigurationError(f"{option} {text}: not a number.")
    return given


def console() -> Console:
    """Where tables go."""
    from rich.console import Console

    return Console(highlight=False, markup=True)


def table(*columns: str) -> Table:
    """A plain table; `>` before a name sets the column to the right."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=True)
    for name in columns:
        table.add_column(name.removeprefix(">"), justify="right" if name.startswith(">") else "left", overflow="fold")
    return table


def price_text(price: Decimal | None) -> str:
    """A price without the zeros at its end; `-` for none."""
    return "-" if price is None else f"{price:.4f}".rstrip("0").rstrip(".") if price else "0"


def money(dollars: Decimal | None, digits: int = 2) -> str:
    """Dollars; `-` for none."""
    return "-" if dollars is None else f"${dollars:,.{digits}f}"


def instant(at: datetime | None) -> str:
    """A UTC instant to the second; `-` for none."""
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def print_json(value: Any) -> None:
    """A result of any depth as JSON: exact numbers as text, instants in ISO 8601."""
    import json

    typer.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False))


def _plain(value: Any) -> Any:
    import dataclasses

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value
