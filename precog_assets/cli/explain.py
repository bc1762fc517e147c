"""`precog explain decision`: the chain behind a decision, down to the raw responses, as a tree or as JSON.

Belongs here: options and drawing. Does not: reading the chain (`queries.explain`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.tree import Tree

    from precog_assets.queries.explain import Node

app = typer.Typer(no_args_is_help=True, help="Show where a number came from.")
_COLOURS = {"response": "dim", "missing": "red", "decision": "bold"}
_SHOWN = {
    "response": ("sha256", "observed_at"),
    "link": ("rule", "evidence"),
    "quote": ("confirmed_at", "origin"),
    "forecast": ("computed_at", "as_of"),
}


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

    from precog_assets.environment import resolve
    from precog_assets.queries.explain import explain_decision as explain
    from precog_assets.services import opened

    with opened(resolve()) as services:
        found = explain(services.engine, decision_id)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
        return
    Console(highlight=False, soft_wrap=True).print(tree(found))


def tree(node: Node) -> Tree:
    """The node and everything below it, for a terminal."""
    from rich.markup import escape
    from rich.tree import Tree

    drawn = Tree(_line(node), guide_style="dim")
    for name in _SHOWN.get(node.kind, ()):
        if node.values.get(name):
            drawn.add(f"[dim]{name}: {escape(str(node.values[name]))}[/dim]")
    for child in node.children:
        drawn.children.append(tree(child))
    return drawn


def _line(node: Node) -> str:
    from rich.markup import escape

    colour = _COLOURS.get(node.kind)
    return f"[{colour}]{escape(node.title)}[/]" if colour else escape(node.title)
