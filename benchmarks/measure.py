"""How things are measured: sides in turn (A B A B ...), a fixed number of rounds, medians, ratios pair by pair.

Belongs here: timing, and the form of a figure. Does not: what is measured.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Better = Literal["<=", ">="]


@dataclass(frozen=True, slots=True)
class Target:
    """What the figure has to reach: `value` compared by `better`."""

    better: Better
    value: float

    def met_by(self, measured: float) -> bool:
        return measured <= self.value if self.better == "<=" else measured >= self.value

    def __str__(self) -> str:
        return f"{self.better} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `detail`: what lies behind it, for the JSON."""

    name: str
    value: float
    unit: str
    target: Target | None = None
    note: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """None where no target is set."""
        return None if self.target is None else self.target.met_by(self.value)

    def as_json(self) -> dict[str, Any]:
        shown = asdict(self)
        shown["target"] = str(self.target) if self.target else None
        return {**shown, "value": float(f"{self.value:.6g}"), "met": self.met}


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured: everything, or with `quick` enough to see that it runs."""

    quick: bool = False

    def of(self, full: int, quick: int) -> int:
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Samples:
    """Seconds of each side, one value a round; the same index is the same round."""

    seconds: Mapping[str, Sequence[float]]

    def median(self, side: str) -> float:
        return statistics.median(self.seconds[side])

    def least(self, side: str) -> float:
        return min(self.seconds[side])

    def ratio(self, side: str, peer: str) -> float:
        """The median over rounds of side / peer, so that what slows a round slows both parts of it."""
        return statistics.median(a / b for a, b in zip(self.seconds[side], self.seconds[peer], strict=True))

    def detail(self, *sides: str) -> dict[str, Any]:
        """Median, least and greatest of each side in milliseconds, and the rounds."""
        return {
            side: {
                "median_ms": round(self.median(side) * 1000, 3),
                "min_ms": round(self.least(side) * 1000, 3),
                "max_ms": round(max(self.seconds[side]) * 1000, 3),
                "rounds": len(self.seconds[side]),
            }
            for side in (sides or tuple(self.seconds))
        }


def seconds_of(work: Callable[[], object]) -> float:
    """Seconds one call takes, after the garbage of those before it was collected."""
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleaved(
    sides: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    warm_up: int = 1,
    before: Callable[[str], object] = lambda _side: None,
) -> Samples:
    """Time the sides in turn for `rounds` rounds, after `warm_up` rounds that do not count.

    `before` prepares a side outside its time.
    """
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    gc.collect()
    # What the benchmark itself holds is not looked at again by each collection, inside a sample or before it.
    gc.freeze()
    try:
        for number in range(-warm_up, rounds):
            for side, work in sides.items():
                before(side)
                took = seconds_of(work)
                if number >= 0:
                    seconds[side].append(took)
    finally:
        gc.unfreeze()
    return Samples(seconds)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, by rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
