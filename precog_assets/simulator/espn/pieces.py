"""Parts of pages as bytes, and pages joined from them, plain or compressed.

A part is deflated once, on its own and ending on a whole byte, so that a page's gzip form is the joined parts
between a header and a checksum: a page of which one event changed compresses that event only.
"""

from __future__ import annotations

import struct
import zlib
from collections import OrderedDict
from collections.abc import Hashable, Sequence

_LEVEL = 1
"""Compression of what will be asked for again in a second or two."""
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
_GZIP_END = b"\x03\x00"
"""An empty last block."""
PAGES_BYTES = 48_000_000


class Piece:
    """A part of pages; equal only to itself."""

    __slots__ = ("_deflated", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._deflated: bytes | None = None

    @property
    def deflated(self) -> bytes:
        """The part as whole deflate blocks that refer to nothing before them."""
        if self._deflated is None:
            squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
            self._deflated = squeezer.compress(self.raw) + squeezer.flush(zlib.Z_FULL_FLUSH)
        return self._deflated


COMMA = Piece(b",")


def between(head: bytes, pieces: Sequence[Piece], tail: bytes) -> tuple[Piece, ...]:
    """A head, parts with commas between, and a tail."""
    parts = [Piece(head)]
    for place, piece in enumerate(pieces):
        parts += [COMMA, piece] if place else [piece]
    return (*parts, Piece(tail))


class Page:
    """An answer made of parts."""

    __slots__ = ("_zipped", "body", "parts")

    def __init__(self, parts: tuple[Piece, ...]) -> None:
        self.parts = parts
        self.body = b"".join(part.raw for part in parts)
        self._zipped: bytes | None = None

    def gzipped(self) -> bytes:
        """The page as a gzip file."""
        if self._zipped is None:
            check = struct.pack("<II", zlib.crc32(self.body), len(self.body) & 0xFFFFFFFF)
            blocks = b"".join(part.deflated for part in self.parts)
            self._zipped = b"".join((_GZIP_HEADER, blocks, _GZIP_END, check))
        return self._zipped


class Pages:
    """Pages by what was asked, each joined anew only when one of its parts is another; bounded by their size."""

    def __init__(self, size: int = PAGES_BYTES) -> None:
        self._size = size
        self._held = 0
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()

    def joined(self, asked: Hashable, parts: tuple[Piece, ...]) -> Page:
        """The page of these parts."""
        page = self._pages.get(asked)
        if page is not None and _same(page.parts, parts):
            self._pages.move_to_end(asked)
            return page
        if page is not None:
            self._held -= len(self._pages.pop(asked).body)
        page = Page(parts)
        self._pages[asked] = page
        self._held += len(page.body)
        while self._held > self._size and len(self._pages) > 1:
            _, dropped = self._pages.popitem(last=False)
            self._held -= len(dropped.body)
        return page


def _same(ours: Sequence[Piece], theirs: Sequence[Piece]) -> bool:
    """Equal in their bytes; nearly always the same objects but for head and tail."""
    if len(ours) != len(theirs):
        return False
    return all(one is other or one.raw == other.raw for one, other in zip(ours, theirs, strict=True))
