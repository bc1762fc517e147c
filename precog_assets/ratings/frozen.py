"""A model's state as bytes and back, every number bit for bit.

What belongs here: the container (a NumPy archive with a JSON head). What does not: where the bytes are kept.
"""

from __future__ import annotations

import io
import json

import numpy as np

from precog_assets.ratings.calibration import Fitted
from precog_assets.ratings.model import ModelState
from precog_assets.ratings.systems import State


def to_bytes(state: ModelState) -> bytes:
    """The state, compressed. Floats and integers come back with the same bits."""
    head = {
        "version": state.version,
        "teams": list(state.teams),
        "season": state.season,
        "first_season": state.first_season,
        "parts": list(state.parts),
        "fitted": None if state.fitted is None else [state.fitted.season, state.fitted.games],
    }
    arrays: dict[str, np.ndarray] = {"head": np.frombuffer(json.dumps(head).encode(), np.uint8)}
    if state.fitted is not None:
        arrays["fitted"] = state.fitted.coefficients
    for name, part in state.parts.items():
        arrays |= {f"{name}/teams/{key}": value for key, value in part.teams.items()}
        arrays |= {f"{name}/league/{key}": value for key, value in part.league.items()}
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def from_bytes(content: bytes) -> ModelState:
    """What `to_bytes` wrote. Raises ValueError when the bytes are something else."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = dict(archive)
    head = json.loads(arrays.pop("head").tobytes())
    fitted = None
    if head["fitted"] is not None:
        season, games = head["fitted"]
        fitted = Fitted(season, arrays.pop("fitted"), games)
    parts = {name: State() for name in head["parts"]}
    for path, value in arrays.items():
        name, where, key = path.split("/")
        (parts[name].teams if where == "teams" else parts[name].league)[key] = value
    return ModelState(head["version"], tuple(head["teams"]), parts, head["season"], head["first_season"], fitted)
