"""The version of a model: a named set of choices and the hash of everything that decides its numbers.

What belongs here: collecting those choices and hashing them. Light on purpose: readers and sensors name versions
without loading what computes them.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from precog_assets.domain.leagues import League

REVISION = 1
"""Of the formulas: raised when code, not configuration, changes a number."""
SYSTEMS = ("elo", "glicko", "bayes", "margin", "scoring", "goals")


def parts_of(league: League, name: str) -> set[str]:
    """Systems and sources of terms a model reads, by name: `margin`, `schedule`, `race` ..."""
    choice = league.rating.models[name]
    return {choice.ratings, *(term.partition(".")[0] for term in choice.terms if "." in term)}


def described(league: League, name: str = "default") -> dict[str, Any]:
    """Everything that decides a model's numbers, as JSON-able data: what its version is the hash of."""
    rules = league.rating.model_dump(mode="json")
    used = parts_of(league, name)
    return {
        "revision": REVISION,
        "league": league.key,
        "model": rules["models"][name],
        **{part: rules[part] for part in (*SYSTEMS, "race") if part in used},
        **({"stakes": rules["stakes"]} if "goals" in used else {}),
        "franchises": rules["franchises"],
        "closed_doors": rules["closed_doors"],
    }


def model_version(league: League, name: str = "default") -> str:
    """E.g. `nfl-default-0a1b2c3d`. Any parameter that changes a number changes it; labels do not."""
    canonical = json.dumps(described(league, name), sort_keys=True, separators=(",", ":"))
    return f"{league.key}-{name}-{hashlib.sha256(canonical.encode()).hexdigest()[:8]}"
