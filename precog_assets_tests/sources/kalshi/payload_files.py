"""The hand-written payloads, and variations of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "kalshi"


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.json").read_bytes()


def element(name: str, index: int = 0, key: str | None = None) -> dict[str, Any]:
    """One row of a hand-written list, fresh for changing."""
    return json.loads(fixture(name))[key or name][index]


def market_page(*changes: dict[str, Any], base: int = 0) -> bytes:
    """A page of copies of one hand-written market, each with its own changes; a value of `...` removes the key."""
    return page("markets", *(changed(element("markets", base), change) for change in changes))


def changed(row: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**row, **change}.items() if value is not ...}


def page(key: str, *rows: object) -> bytes:
    return orjson.dumps({"cursor": "", key: list(rows)})
