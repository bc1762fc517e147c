"""The shape of JSON values seen together: which keys all of them have, with which types."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any


def kind(value: Any) -> str:
    """null, bool, number, string, list or object."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", list: "list", dict: "object"}[type(value)]


@dataclass
class Shape:
    """What values of one place have in common."""

    seen: int = 0
    kinds: set[str] = field(default_factory=set)
    objects: int = 0
    keys: dict[str, Shape] = field(default_factory=dict)
    lists: int = 0
    filled: int = 0
    """Lists that are not empty."""
    items: Shape | None = None

    def add(self, value: Any) -> None:
        self.seen += 1
        self.kinds.add(kind(value))
        if isinstance(value, dict):
            self.objects += 1
            for key, inner in value.items():
                self.keys.setdefault(key, Shape()).add(inner)
        elif isinstance(value, list):
            self.lists += 1
            self.filled += bool(value)
            self.items = self.items or Shape()
            for inner in value:
                self.items.add(inner)

    @classmethod
    def of(cls, values: Iterable[Any]) -> Shape:
        shape = cls()
        for value in values:
            shape.add(value)
        return shape


def lacking(theirs: Shape, ours: Shape, may_be_empty: Collection[str] = (), path: str = "") -> list[str]:
    """Keys all of theirs have and some of ours lack, and values of ours of a type theirs never have.

    A list counts as lacking where theirs always holds something and ours may hold nothing, unless its path
    is among `may_be_empty`.
    """
    other = ours.kinds - theirs.kinds
    if other:
        return [f"{path}: {'/'.join(sorted(other))} instead of {'/'.join(sorted(theirs.kinds))}"]
    if len(theirs.kinds) > 1:
        return []
    found: list[str] = []
    for key, inner in theirs.keys.items():
        if inner.seen < theirs.objects:
            continue
        place = f"{path}.{key}" if path else key
        mine = ours.keys.get(key)
        if mine is None or mine.seen < ours.objects:
            found.append(place)
        else:
            found += lacking(inner, mine, may_be_empty, place)
    if theirs.items is not None and theirs.items.seen and ours.items is not None:
        if theirs.filled == theirs.lists and ours.filled < ours.lists and path not in may_be_empty:
            found.append(f"{path}[]: sometimes empty")
        elif ours.items.seen:
            found += lacking(theirs.items, ours.items, may_be_empty, f"{path}[]")
    return found
