"""The tripwire: what a payload's rows held against the keys their model declares.

Counting only; whether a vanished key stops an asset is decided where counts are stored and checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from pydantic import BaseModel

from precog_assets.domain.facts import ContractCounts

SAMPLE_CHARS = 2000


def sample_of(row: Any) -> str:
    """A row as JSON text, cut to what a rejection or a broken contract keeps."""
    try:
        return orjson.dumps(row).decode()[:SAMPLE_CHARS]
    except (TypeError, ValueError, RecursionError):
        return f"<{type(row).__name__} that cannot be written as JSON>"


class Contract:
    """The keys one payload type must have, may have, and nothing else."""

    def __init__(self, payload_type: str, *, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        self.payload_type = payload_type
        self.required = frozenset(required)
        self.optional = frozenset(optional)
        self._known = self.required | self.optional

    @classmethod
    def of_model(cls, payload_type: str, model: type[BaseModel], *, ignored: Iterable[str] = ()) -> Contract:
        """The contract a payload model declares: required fields, optional fields, and known keys nobody reads."""
        required = {f.alias or name for name, f in model.model_fields.items() if f.is_required()}
        optional = {f.alias or name for name, f in model.model_fields.items() if not f.is_required()}
        return cls(payload_type, required=required, optional={*optional, *ignored})

    def counts(self) -> ContractCounts:
        return ContractCounts(self.payload_type)

    def observe(self, row: Mapping[str, Any], into: ContractCounts) -> None:
        """Add one row to the tally."""
        into.rows += 1
        keys = row.keys()
        if keys != self._known:
            for key in keys - self._known:
                into.unknown[key] = into.unknown.get(key, 0) + 1
            for key in self._known - keys:
                if key in self.required:
                    into.missing_required[key] = into.missing_required.get(key, 0) + 1
                    into.sample = into.sample or sample_of(row)
                else:
                    into.missing_optional[key] = into.missing_optional.get(key, 0) + 1
        if None in row.values():
            for key, value in row.items():
                if value is None:
                    into.nulls[key] = into.nulls.get(key, 0) + 1
