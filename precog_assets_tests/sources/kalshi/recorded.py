"""The recorded Kalshi payloads that lie beside the checkout, without the wrappers of those who recorded them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import yaml

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "recorded" / "kalshi"
NOT_PAYLOADS = (".meta.json", ".md", "openapi.yaml", "asyncapi.yaml", "_recording_summary.json")
_BARE = {"event_ticker": "event", "start_date": "milestone", "frequency": "series"}
"""A key that tells what a bare object is, and the envelope that the API would have put around it."""


def payloads() -> Iterator[tuple[str, bytes]]:
    """Name and body of every recorded payload; a cassette gives one for each of its answers."""
    for path in sorted(RECORDED.rglob("*")):
        name = path.relative_to(RECORDED).as_posix()
        if not path.is_file() or name.endswith(NOT_PAYLOADS):
            continue
        if path.suffix == ".yaml":
            for number, interaction in enumerate(yaml.safe_load(path.read_text())["interactions"]):
                yield f"{name}#{number}", interaction["response"]["body"]["string"].encode()
        elif path.suffix == ".jsonl":
            for number, line in enumerate(filter(None, path.read_text().splitlines())):
                yield f"{name}#{number}", line.encode()
        else:
            yield name, _unwrapped(path.read_bytes())


def body(name: str) -> bytes:
    """One recorded payload by its name."""
    return _unwrapped((RECORDED / name).read_bytes())


def _unwrapped(raw: bytes) -> bytes:
    document: dict[str, Any] = json.loads(raw)
    if "_metadata" in document:
        return orjson.dumps(document["response"])
    if "_capture" in document:
        return orjson.dumps({key: value for key, value in document.items() if key != "_capture"})
    if "fixture_id" in document:
        payload = document["payload"]
        envelope = next(name for key, name in _BARE.items() if key in payload)
        return orjson.dumps({envelope: payload})
    return raw
