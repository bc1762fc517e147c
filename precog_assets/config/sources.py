"""The shape of `sources.yaml`: endpoints by mode, rates, timeouts, retries, breaker, cadence."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["sim", "demo", "live"]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rate(_Row):
    requests: int = Field(gt=0)
    per_s: float = Field(gt=0)


class ModeConfig(_Row):
    base_url: str
    hosts: tuple[str, ...]
    rates: tuple[Rate, ...] = Field(min_length=1)


class Timeouts(_Row):
    connect: float = Field(gt=0)
    read: float = Field(gt=0)
    total: float = Field(gt=0)
    """Bound on one call with all its retries."""


class Retries(_Row):
    attempts: int = Field(ge=1, le=10)
    wait_initial_s: float = Field(ge=0)
    wait_max_s: float = Field(ge=0)


class Breaker(_Row):
    failures: int = Field(ge=1)
    recovery_s: float = Field(gt=0)


class Cadence(_Row):
    """Seconds between polls of one feed by phase; `pregame_window_min` before the start counts as pre-game."""

    idle_s: float = Field(gt=0)
    pregame_s: float = Field(gt=0)
    live_s: float = Field(gt=0)
    pregame_window_min: float = Field(ge=0)


class SourceConfig(_Row):
    name: str
    title: str
    modes: dict[Mode, ModeConfig]
    timeout_s: Timeouts
    retries: Retries
    breaker: Breaker
    poll: Cadence
    clock_limit_s: float = Field(default=2.0, gt=0)
    """Nothing is decided while our clock and the source's surely differ by more."""
