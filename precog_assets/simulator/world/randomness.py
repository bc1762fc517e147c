"""Where the world's chance comes from: streams named by what they decide, the same in every process.

Only `random()` of Python's Mersenne Twister is relied on, whose sequence for an integer seed is
guaranteed across versions; Python's own `hash` is not, and is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")


def digest(*parts: object) -> int:
    """A 64-bit number that depends on the parts only."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def stream(*parts: object) -> Random:
    """The stream of chance with that name; asking twice gives the same numbers."""
    return Random(digest(*parts))


def shuffled(items: Sequence[T], rng: Random) -> list[T]:
    """The items in an order drawn from `rng`, by sorting on `random()`."""
    return [item for _, _, item in sorted((rng.random(), i, item) for i, item in enumerate(items))]
