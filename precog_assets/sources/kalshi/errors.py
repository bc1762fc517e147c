"""Kalshi's refusals: the shapes of its error bodies, read into one.

Shapes on the wire: nested `{"error": {code, message, details?, service?}}`, flat `{code, message, details}`,
bare `{"msg": ...}` from parameter validation, and `{"error": "too many requests"}` with 429.
"""

from __future__ import annotations

from typing import Any

import orjson

from precog_assets.sources.kalshi.rows import ApiError

PARAMETER_VALIDATION = "parameter_validation"
"""Our name for the bare shape, which carries no code."""


def parse_error(body: bytes) -> ApiError | None:
    """The refusal in a body; None when it is not one of the known shapes. Never raises."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return error_of(document) if isinstance(document, dict) else None


def error_of(document: dict[str, Any]) -> ApiError | None:
    """As `parse_error`, of an object already read."""
    if len(document) > 4:
        return None
    nested = document.get("error")
    if isinstance(nested, dict):
        return ApiError(_text(nested.get("code")), _text(nested.get("message")), _text(nested.get("details")))
    if isinstance(nested, str):
        return ApiError(_slug(nested), nested)
    if document.keys() == {"msg"}:
        return ApiError(PARAMETER_VALIDATION, _text(document["msg"]))
    if "code" in document and "message" in document:
        return ApiError(_text(document["code"]), _text(document["message"]), _text(document.get("details")))
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(type(value).__name__)


def _slug(message: str) -> str:
    return "_".join(message.lower().split())[:60]
