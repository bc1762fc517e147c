"""Deterministic randomness: hashes of keys to numbers. No generator state, no clock."""

from __future__ import annotations

import hashlib
import uuid

_MASK = (1 << 64) - 1
_NAMESPACE = uuid.UUID("6d1f5a52-0f0b-5c8e-9a1b-2f6f7b1f9c11")


def key_of(*parts: object) -> int:
    """A 64-bit key of the parts, the same in every process."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def mix(key: int, index: int) -> int:
    """The `index`-th 64-bit number of a key (splitmix64)."""
    z = (key + index * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def unit(key: int, index: int = 0) -> float:
    """Uniform in [0, 1)."""
    return mix(key, index) / 18446744073709551616.0


def centred(key: int, index: int) -> float:
    """Triangular in (-1, 1) around 0."""
    z = mix(key, index)
    return ((z >> 32) + (z & 0xFFFFFFFF)) / 4294967296.0 - 1.0


def smooth(key: int, position: float) -> float:
    """A continuous wander in (-1, 1): `centred` values at whole positions, joined by straight lines."""
    left = int(position // 1)
    share = position - left
    return centred(key, left) * (1.0 - share) + centred(key, left + 1) * share


def stable_uuid(*parts: object) -> str:
    """A UUID that the parts alone decide."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join(map(str, parts))))
