"""From bytes to rows and named rejections: the one loop all Kalshi parsers share.

Belongs here: opening a body, walking its elements, counting keys, naming what could not be read.
Does not: what a market or a trade is (`payloads.py`, `parse_*.py`). Nothing here raises on any bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from pydantic import ValidationError

from precog_assets.domain.facts import ContractCounts, Parsed, Rejection
from precog_assets.domain.tickers import is_combo
from precog_assets.sources.contract import Contract, sample_of
from precog_assets.sources.kalshi.errors import error_of

ModelT = TypeVar("ModelT")
RowT = TypeVar("RowT")

_DETAIL_CHARS = 300
_NUL = re.compile(rb"\\u0000")
_FIXED_POINT_SUFFIXES = ("_dollars", "_fp")


@dataclass(frozen=True, slots=True)
class Reader(Generic[ModelT, RowT]):
    """How one payload type becomes a row."""

    contract: Contract
    validate: Callable[[Any], ModelT]
    """The payload model's validation; raises pydantic's ValidationError."""
    build: Callable[[ModelT], RowT]
    key: str = "ticker"
    """The field that names a row in a rejection."""
    refuse: Callable[[dict[str, Any]], tuple[str, str] | None] | None = None
    """Reason and detail for rows that are well-formed and not wanted, before their keys are counted."""


def refuse_combo(row: dict[str, Any]) -> tuple[str, str] | None:
    """Multivariate markets pay on several games at once: no row of ours."""
    ticker = row.get("ticker") or row.get("event_ticker")
    if isinstance(ticker, str) and is_combo(ticker):
        return "combo", f"{ticker[:80]} is multivariate"
    if row.get("mve_collection_ticker"):
        return "combo", "it belongs to a multivariate collection"
    return None


class _Tally:
    """A contract's counts over many rows: rows of one shape share one comparison with the contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._shapes: dict[tuple[str, ...], tuple[list[int], ContractCounts]] = {}
        self._nulls: dict[str, int] = {}

    def observe(self, row: dict[str, Any]) -> None:
        keys = tuple(row)
        known = self._shapes.get(keys)
        if known is None:
            counts = self._contract.counts()
            self._contract.observe(row, counts)
            known = self._shapes[keys] = ([0], counts)
        known[0][0] += 1
        if None in row.values():
            for key, value in row.items():
                if value is None:
                    self._nulls[key] = self._nulls.get(key, 0) + 1

    def counts(self) -> ContractCounts:
        total = self._contract.counts()
        total.nulls = self._nulls
        for (rows,), shape in self._shapes.values():
            total.rows += rows
            total.sample = total.sample or shape.sample
            for name in ("unknown", "missing_required", "missing_optional"):
                tally = getattr(total, name)
                for key in getattr(shape, name):
                    tally[key] = tally.get(key, 0) + rows
        return total


class Reading(Generic[ModelT, RowT]):
    """One payload being read: rows, rejections and tallies as they gather."""

    def __init__(self, reader: Reader[ModelT, RowT]) -> None:
        self._reader = reader
        self._tally = _Tally(reader.contract)
        self._pages: list[ContractCounts] = []
        self._rows: list[RowT] = []
        self._rejections: list[Rejection] = []
        self._seen = 0
        self._cursor = ""
        self._may_hold_nul = False

    def open(self, body: bytes) -> dict[str, Any] | None:
        """The body's object; None when it is none or an error, which is then rejected as a whole."""
        self._may_hold_nul = _NUL.search(body) is not None
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            self.fail("not_json", str(error), body[:200].decode("utf-8", "replace"))
            return None
        if not isinstance(document, dict):
            self.fail("not_an_object", f"the body is a {type(document).__name__}", sample_of(document))
            return None
        refused = error_of(document)
        if refused is not None:
            self.fail("error_body", f"{refused.code}: {refused.message} {refused.details}".strip(), sample_of(document))
            return None
        return document

    def page(self, contract: Contract, document: dict[str, Any]) -> None:
        """Count the envelope's keys and note where the next page starts."""
        counts = contract.counts()
        contract.observe(document, counts)
        self._pages.append(counts)
        cursor = document.get("cursor")
        self._cursor = cursor if isinstance(cursor, str) else ""

    def fail(self, reason: str, detail: str, sample: str = "", key: str = "body") -> None:
        """Reject one thing that is no element: the body, or a list that is none."""
        self._seen += 1
        self._reject(key, reason, detail, sample)

    def vanished(self, contract: Contract, document: dict[str, Any]) -> None:
        """Reject a body without the key that should hold its rows, and count the loss in its contract."""
        self.page(contract, document)
        expected = ", ".join(sorted(contract.required))
        self.fail(f"missing_key:{expected}", f"keys are {sorted(document)[:20]}", sample_of(document))

    def add_all(self, elements: object, place: str, build: Callable[[ModelT], RowT] | None = None) -> None:
        """Read a list's elements; null is an empty list. `build` stands in for the reader's own."""
        if elements is None:
            return
        if not isinstance(elements, list):
            self.fail("not_a_list", f"{place} is a {type(elements).__name__}", sample_of(elements), key=place)
            return
        for index, element in enumerate(elements):
            self.add(element, place, index, build)

    def add(
        self,
        element: object,
        place: str,
        index: int | None = None,
        build: Callable[[ModelT], RowT] | None = None,
    ) -> None:
        """Read one element into a row or a rejection. `build` stands in for the reader's own."""
        self._seen += 1
        try:
            refused = self._read(element, build or self._reader.build)
        except RecursionError:
            refused = ("too_deep", "nested deeper than any payload of this venue")
        if refused is not None:
            name = element.get(self._reader.key) if isinstance(element, dict) else None
            where = place if index is None else f"{place}[{index}]"
            self._reject(name[:200] if isinstance(name, str) and name else where, *refused, sample_of(element))

    def _read(self, element: object, build: Callable[[ModelT], RowT]) -> tuple[str, str] | None:
        reader = self._reader
        if not isinstance(element, dict):
            return "not_an_object", f"expected an object, got {type(element).__name__}"
        if reader.refuse is not None:
            refused = reader.refuse(element)
            if refused is not None:
                return refused
        self._tally.observe(element)
        if self._may_hold_nul and _holds_nul(element):
            return "bad_text", "a text holds the character NUL, which no database column takes"
        try:
            self._rows.append(build(reader.validate(element)))
        except ValidationError as error:
            return _reason(error, element)
        except RowError as error:
            return error.reason, error.detail
        return None

    def _reject(self, key: str, reason: str, detail: str, sample: str) -> None:
        payload_type = self._reader.contract.payload_type
        self._rejections.append(Rejection(payload_type, key, reason, detail[:_DETAIL_CHARS], sample))

    def done(self) -> Parsed[RowT]:
        return Parsed(self._rows, self._rejections, [*self._pages, self._tally.counts()], self._seen, self._cursor)


class RowError(Exception):
    """Raised by a reader's `build` for a row whose fields are fine one by one and wrong together."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


def _reason(error: ValidationError, row: dict[str, Any]) -> tuple[str, str]:
    """The most telling of a row's errors: the old shape, then a missing key, then the first bad value."""
    problems = error.errors(include_url=False, include_input=False)
    missing = [".".join(str(part) for part in p["loc"]) for p in problems if p["type"] == "missing"]
    legacy = [key for key in missing if _has_legacy(key, row)]
    if legacy:
        return "legacy_shape", f"has integers of before April 2026 in place of {', '.join(legacy)}"
    if missing:
        return f"missing_key:{missing[0]}", f"missing: {', '.join(missing)}"
    first = problems[0]
    where = ".".join(str(part) for part in first["loc"])
    kind = first["type"]
    if kind in _OWN_KINDS:
        return kind, f"{where}: {first['msg']}"
    return f"{'wrong_type' if kind.endswith('_type') else 'bad_value'}:{first['loc'][0]}", f"{where}: {first['msg']}"


_OWN_KINDS = frozenset(
    {
        "bad_price",
        "price_out_of_range",
        "bad_count",
        "bad_time",
        "bad_amount",
        "bad_number",
        "bad_price_ranges",
        "bad_level",
    }
)


def _has_legacy(key: str, row: dict[str, Any]) -> bool:
    for suffix in _FIXED_POINT_SUFFIXES:
        if key.endswith(suffix) and isinstance(row.get(key.removesuffix(suffix)), int):
            return True
    return False


def _holds_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(_holds_nul(part) for part in value)
