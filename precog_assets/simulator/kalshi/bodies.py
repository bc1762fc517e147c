"""Request bodies, decoded as the venue's Go server decodes them: unknown fields pass, wrong kinds are refused.

Undecodable bodies get the flat 400 with Go's words, fields that are missing or not allowed the nested
`invalid_parameters`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from precog_assets.simulator.kalshi.answers import Refusal, bad_request
from precog_assets.simulator.kalshi.exchange.refusals import refused
from precog_assets.simulator.kalshi.exchange.units import parse_count, parse_price

Kind = Literal["string", "int64", "bool"]
_INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body; `choices` of an enumeration."""

    name: str
    kind: Kind = "string"
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Struct:
    """A body's type by its name in the venue's errors."""

    name: str
    fields: tuple[Field, ...]

    def decode(self, value: Any) -> dict[str, Any]:
        """The fields that were sent, each of its kind; null counts as not sent. Raises Refusal."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad_request(f"json: cannot unmarshal {_json_kind(value)} into Go value of type {self.name}")
        found: dict[str, Any] = {}
        for field in self.fields:
            sent = value.get(field.name)
            if sent is not None:
                self._check_kind(field, sent)
                found[field.name] = sent
        return found

    def _check_kind(self, field: Field, sent: Any) -> None:
        kind = _json_kind(sent)
        fits = {"string": kind == "string", "bool": kind == "bool", "int64": type(sent) is int and abs(sent) < _INT64}
        if not fits[field.kind]:
            shown = f"number {sent}" if field.kind == "int64" and kind == "number" else kind
            raise bad_request(
                f"json: cannot unmarshal {shown} into Go struct field {self.name}.{field.name} of type {field.kind}"
            )

    def validate(self, found: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is missing, and values no enumeration has."""
        for field in self.fields:
            sent = found.get(field.name)
            if field.required and sent in (None, ""):
                raise self.invalid(field.name, "required")
            if field.choices and sent is not None and sent not in field.choices:
                raise self.invalid(field.name, "oneof")
        return found

    def invalid(self, name: str, rule: str) -> Refusal:
        """400 naming the field and the rule it broke."""
        key = "".join(part.title() for part in name.split("_"))
        return refused(
            400,
            "invalid_parameters",
            f"Key: '{self.name}.{key}' Error:Field validation for '{key}' failed on the '{rule}' tag",
        )

    def read(self, body: bytes) -> dict[str, Any]:
        """A whole body, decoded and validated; an empty one where no field is required."""
        if not body.strip() and not any(field.required for field in self.fields):
            return {}
        return self.validate(self.decode(parse(body)))

    def price(self, found: dict[str, Any], name: str = "price") -> int:
        """A price field; its place on the market's grid is not checked here."""
        price = parse_price(found[name])
        if price is None:
            raise refused(400, "invalid_price")
        return price

    def count(self, found: dict[str, Any], name: str = "count") -> int:
        """A contract count field."""
        count = parse_count(found[name])
        if count is None:
            raise self.invalid(name, "fixed_point_count")
        return count

    def subaccount(self, found: dict[str, Any], name: str = "subaccount") -> int:
        """A subaccount number, 0 where none was sent."""
        number = found.get(name, 0)
        if number < 0:
            raise self.invalid(name, "gte")
        return number

    def shard(self, found: dict[str, Any]) -> None:
        """Refuse an exchange shard on which no sports market is; -1 and 0 lead there."""
        if found.get("exchange_index", 0) not in (-1, 0):
            raise self.invalid("exchange_index", "oneof")


def parse(body: bytes) -> Any:
    """JSON of a body. Raises Refusal with the words of Go's decoder."""
    try:
        return json.loads(body.decode(), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise bad_request("invalid UTF-8 in body") from error
    except json.JSONDecodeError as error:
        text = error.doc
        if not text.strip():
            raise bad_request("EOF") from error
        if error.pos >= len(text):
            raise bad_request("unexpected EOF") from error
        raise bad_request(f"invalid character {text[error.pos]!r} looking for beginning of value") from error
    except RecursionError as error:
        raise bad_request("json: exceeded max depth") from error


def _no_constant(name: str) -> Any:
    raise bad_request(f"invalid character {name[0]!r} looking for beginning of value")


def items(struct: Struct, whole: str, body: bytes) -> list[dict[str, Any]]:
    """The decoded `orders` of a batch, not validated yet. Raises Refusal for the batch as a whole."""
    value = parse(body)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise bad_request(f"json: cannot unmarshal {_json_kind(value)} into Go value of type {whole}")
    rows = value.get("orders")
    if rows is not None and not isinstance(rows, list):
        raise bad_request(
            f"json: cannot unmarshal {_json_kind(rows)} into Go struct field {whole}.orders of type []{struct.name}"
        )
    if not rows:
        raise Struct(whole, ()).invalid("orders", "required")
    return [struct.decode(row) for row in rows]


def item_count(body: bytes) -> int:
    """How many orders a batch has, for its bill; 1 for a body that is no batch."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return 1
    rows = value.get("orders") if isinstance(value, dict) else None
    return max(1, len(rows)) if isinstance(rows, list) else 1


def _json_kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]


def error_row(refusal: Refusal) -> dict[str, Any]:
    """A refusal as a batch's answer carries it: the flat shape."""
    error = refusal.body.get("error", refusal.body)
    return {key: error[key] for key in ("code", "message", "details") if key in error}


def names(fields: Sequence[str], kind: Kind = "string") -> tuple[Field, ...]:
    """Optional fields of one kind."""
    return tuple(Field(name, kind) for name in fields)
