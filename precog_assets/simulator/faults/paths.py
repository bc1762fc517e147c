"""Paths into JSON: `markets[*].yes_bid_dollars`, `events[0].status`, `**.score`; read once, walked often.

Parts are separated by dots: a key, `*` for every key, `[n]` and `[*]` for elements of a list, `**` for any depth.
The last part is a key or `*`: what is done is done to an object's field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_PART = re.compile(r"(?P<deep>\*\*)|(?P<key>\*|[A-Za-z_][A-Za-z0-9_\-]*)|\[(?P<index>\*|\d{1,6})\]")

Step = str | int | None
"""A key (`*` for all, `**` for any depth), an index, or None for all elements."""
KeyPath = tuple[Step, ...]


@lru_cache(maxsize=512)
def read_path(text: str) -> KeyPath:
    """The steps of a path. Raises ValueError naming what cannot be read."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        if text[at] == "." and steps:
            at += 1
        found = _PART.match(text, at)
        if found is None:
            raise ValueError(f"path {text!r}: cannot read {text[at:]!r}; expected e.g. markets[*].yes_bid_dollars")
        index = found["index"]
        steps.append((None if index == "*" else int(index)) if index else found["key"] or "**")
        at = found.end()
    if not steps or not isinstance(steps[-1], str) or steps[-1] == "**":
        raise ValueError(f"path {text!r}: must end with the name of a field, e.g. markets[*].yes_bid_dollars")
    return tuple(steps)


def owners(body: Any, path: KeyPath) -> Iterator[tuple[dict[str, Any], str]]:
    """Every object the path leads to, with the key its last step names; for an absent key too, but not for `*`."""
    *steps, last = path
    for owner in _walk(body, tuple(steps)):
        if isinstance(owner, dict):
            for key in list(owner) if last == "*" else [str(last)]:
                yield owner, key


def _walk(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step == "**":
        yield from _walk(value, rest)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from _walk(inner, steps)
    elif isinstance(value, list) and not isinstance(step, str):
        for element in value if step is None else value[step : step + 1]:
            yield from _walk(element, rest)
    elif isinstance(value, dict) and isinstance(step, str):
        for inner in list(value.values()) if step == "*" else [value[step]] if step in value else ():
            yield from _walk(inner, rest)
