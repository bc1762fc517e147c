"""`precog explain`: the chain behind a decision, down to the raw responses, as a tree or as JSON; and their bytes.

Belongs here: options and drawing. Does not: reading the chain (`queries.explain`), the bytes (`store.kept_segments`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from precog_assets.queries.explain import Node

app = typer.Typer(no_args_is_help=True, help="Show where a number came from.")
_COLOURS = {"response": "cyan", "missing": "red", "decision": "bold"}
_SHOWN = {
    "response": ("sha256", "response_id"),
    "link": ("rule", "evidence"),
    "quote": ("confirmed_at", "origin"),
    "forecast": ("computed_at", "as_of"),
}
"""Values with a line of their own; all of them are in the JSON."""
LONGEST = 140
"""Characters of a line's end; an address of a hundred tickers is cut in the middle, and whole in the JSON."""


@app.callback()
def explain() -> None:
    """Show where a number came from."""


@app.command("decision")
def explain_decision(
    decision_id: Annotated[
        str, typer.Argument(metavar="ID", help="The decision's id, or the first four or more digits of it.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the tree as JSON, with every stored value.")] = False,
) -> None:
    """Show the chain of a decision: price, forecast, ratings, the games that moved them, quotes, raw responses.

    Example: `precog explain decision 1f3a9c --json`
    """
    import json

    from rich.console import Console

    from precog_assets.cli.asking import asked
    from precog_assets.queries.explain import explain_decision as explain

    with asked() as (engine, _):
        found = explain(engine, decision_id)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for line in lines(found):
        console.print(line, soft_wrap=True)


@app.command("response")
def explain_response(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="`response_id` of a fact, as the JSON has it.")],
    offset: Annotated[
        int | None, typer.Option(help="Of the frame, where the response is a segment of a stream.", min=0)
    ] = None,
) -> None:
    """Print what a source said, byte for byte: an answer, or a frame of a stream.

    Example: `precog explain response 1204 --offset 88211`
    """
    import sys

    from precog_assets.cli.asking import asked
    from precog_assets.domain.errors import ConfigurationError
    from precog_assets.environment import resolve
    from precog_assets.store.archive import open_archive
    from precog_assets.store.kept_segments import kept_bytes

    environment = resolve()
    folder = environment.home / "segments" / environment.name
    with asked() as (engine, _), engine.connect() as connection:
        try:
            found = kept_bytes(connection, open_archive(environment.archive_url), folder, number, offset)
        except FileNotFoundError as error:
            raise ConfigurationError(f"response {number}: {error}.") from error
    sys.stdout.buffer.write(found)
    sys.stdout.buffer.flush()


def lines(node: Node) -> Iterator[str]:
    """The node and everything below it, a line each with the tree's branches, in rich's markup."""
    shown: set[str] = set()
    yield _styled(node)
    yield from _below(node, "", shown)


def _below(node: Node, indent: str, shown: set[str]) -> Iterator[str]:
    values = [] if str(node.values.get("sha256")) in shown else _values(node)
    if node.kind == "response":
        shown.add(str(node.values["sha256"]))
    bar = "│  " if node.children else "   "
    for line in values:
        yield f"[dim]{indent}{bar}{line}[/dim]"
    for child in node.children:
        is_last = child is node.children[-1]
        yield f"[dim]{indent}{'└─ ' if is_last else '├─ '}[/dim]{_styled(child)}"
        yield from _below(child, indent + ("   " if is_last else "│  "), shown)


def _values(node: Node) -> list[str]:
    from rich.markup import escape

    found = ((name, node.values.get(name)) for name in _SHOWN.get(node.kind, ()))
    return [escape(f"{name}: {_cut(_text(value))}") for name, value in found if value]


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return str(value)


def _cut(text: str) -> str:
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} ... {text[-half:]}"


def _styled(node: Node) -> str:
    from rich.markup import escape

    colour, title = _COLOURS.get(node.kind), escape(_cut(node.title))
    return f"[{colour}]{title}[/]" if colour else title
