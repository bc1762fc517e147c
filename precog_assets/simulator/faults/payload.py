"""What faults do to the JSON of an answer: pure changes of a parsed body, told as the number of places changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

import orjson

from precog_assets.simulator.faults.engine import Strike
from precog_assets.simulator.faults.paths import KeyPath, owners
from precog_assets.simulator.faults.rules import (
    EmptyEvents,
    FieldGone,
    FieldValue,
    RenamedField,
    StuckStatus,
    Vanished,
)

_LISTS = ("events", "markets", "competitions", "groupings", "milestones")
"""Under which keys games and markets stand in lists."""
_EVENTS = ("events", "markets")
CHANGES = (EmptyEvents, FieldGone, FieldValue, RenamedField, StuckStatus, Vanished)


def changed(body: Any, strike: Strike) -> int:
    """Change the body in place as a strike of one of `CHANGES` says; in how many places."""
    rule = strike.rule
    if isinstance(rule, EmptyEvents):
        return _emptied(body, strike, rule)
    if isinstance(rule, Vanished):
        return _thinned(body, strike, rule)
    if isinstance(rule, StuckStatus):
        return _stuck(body, strike, rule)
    if isinstance(rule, FieldGone | FieldValue | RenamedField):
        return _altered(body, strike, rule)
    raise TypeError(f"{rule.kind} does not change a body")


def broken(body: bytes, lot: float) -> bytes:
    """Bytes of about the same length that are not JSON: a colon is lost, or a bracket is too many."""
    at = body.find(b":", int(len(body) * lot))
    cut = body[:at] + body[at + 1 :] if at >= 0 else body + b"}"
    try:
        orjson.loads(cut)
    except orjson.JSONDecodeError:
        return cut
    return body + b"}"


def name_of(thing: dict[str, Any]) -> str:
    """What a game, an event or a market is called."""
    return str(thing.get("ticker") or thing.get("event_ticker") or thing.get("id") or "")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of the body, outer ones first."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)


def _emptied(body: Any, strike: Strike, rule: EmptyEvents) -> int:
    count = place = 0
    for key in _EVENTS:
        rows = body.get(key) if isinstance(body, dict) else None
        if not isinstance(rows, list):
            continue
        for number in range(len(rows)):
            if strike.lot(place) < rule.share:
                rows[number] = {}
                count += 1
            place += 1
    return count


def _thinned(body: Any, strike: Strike, rule: Vanished) -> int:
    """Chosen by name, so that what vanished from one answer is missing in all: it does not come and go."""
    count = 0
    for owner in list(_objects(body)):
        for key in _LISTS:
            rows = owner.get(key)
            if isinstance(rows, list):
                kept = [row for row in rows if not (isinstance(row, dict) and _vanishes(row, strike, rule))]
                count += len(rows) - len(kept)
                owner[key] = kept
    return count


def _vanishes(row: dict[str, Any], strike: Strike, rule: Vanished) -> bool:
    name = name_of(row)
    if not name:
        return False
    if rule.names:
        return any(fnmatchcase(name, glob) for glob in rule.names)
    # The answer in which a thing is first seen decides; later ones must agree.
    number = int.from_bytes(name.encode()[-6:], "big")
    return strike.remembered(name, strike.lot(number) < rule.share)


def _stuck(body: Any, strike: Strike, rule: StuckStatus) -> int:
    count = 0
    for thing in _objects(body):
        name = name_of(thing)
        if "status" not in thing or not any(fnmatchcase(name, glob) for glob in rule.names):
            continue
        status = thing["status"]
        if rule.status is None:
            thing["status"] = strike.remembered(name, status)
        else:
            thing["status"] = _as(status, rule.status)
        count += thing["status"] != status
    return count


def _as(status: Any, name: str) -> Any:
    """The status with another name; ESPN's is an object with the name in its type."""
    if not isinstance(status, dict):
        return name
    kind = status.get("type")
    return {**status, "type": {**kind, "name": name}} if isinstance(kind, dict) else {**status, "name": name}


def _altered(body: Any, strike: Strike, rule: FieldGone | FieldValue | RenamedField) -> int:
    change = _change_of(rule)
    count = 0
    roots = [body]
    if rule.names:
        roots = [one for one in _objects(body) if any(fnmatchcase(name_of(one), glob) for glob in rule.names)]
    places = [place for root in roots for place in owners(root, rule.key_path)]
    for place, (owner, key) in enumerate(places):
        if strike.lot(place) < rule.share:
            count += change(owner, key)
    return count


def renamed_field(body: Any, path: KeyPath, to_name: str) -> int:
    """Give a field another name, in its place; in how many objects."""
    return sum(_renamed(owner, key, to_name) for owner, key in list(owners(body, path)))


def _renamed(owner: dict[str, Any], key: str, to_name: str) -> bool:
    if key not in owner:
        return False
    old = dict(owner)
    owner.clear()
    owner.update({(to_name if name == key else name): value for name, value in old.items()})
    return True


def _change_of(rule: FieldGone | FieldValue | RenamedField) -> Callable[[dict[str, Any], str], bool]:
    """What is done to one field of an object; whether it was there to be done."""

    def gone(owner: dict[str, Any], key: str) -> bool:
        if key not in owner:
            return False
        if rule.kind == "null_field":
            owner[key] = None
        else:
            del owner[key]
        return True

    def renamed(owner: dict[str, Any], key: str) -> bool:
        return isinstance(rule, RenamedField) and _renamed(owner, key, rule.to_name)

    def given(owner: dict[str, Any], key: str) -> bool:
        if not isinstance(rule, FieldValue) or (rule.kind == "changed_field" and key not in owner):
            return False
        owner[key] = rule.value
        return True

    return gone if isinstance(rule, FieldGone) else renamed if isinstance(rule, RenamedField) else given
