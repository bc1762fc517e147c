"""Reading recorded files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from precog_assets.domain.errors import ConfigurationError


def read_json(path: Path) -> Any:
    """The file's JSON value. Raises ConfigurationError naming the file when it is not JSON."""
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{path}: not JSON ({error}); recorded payloads are JSON files.") from error
