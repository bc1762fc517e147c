"""What a scenario says, checked whole when it is read."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from precog_assets.config import load_leagues
from precog_assets.simulator.clock import HIGHEST_SPEED, LOWEST_SPEED
from precog_assets.simulator.faults.rules import AnyRule, later, read_rule
from precog_assets.simulator.kalshi.limits import TIERS
from precog_assets.simulator.world_file import Calendar, SimulatorSettings, new_settings

_LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def read_length(said: Any) -> timedelta:
    """A length of time such as `1h30m`, `45s`, `2d`. Raises ValueError."""
    found = _LENGTH.fullmatch(said) if isinstance(said, str) and said else None
    if found is None:
        raise ValueError("expected a length such as 1h30m, 45s or 2d")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


Length = Annotated[timedelta, BeforeValidator(read_length)]


class Member(BaseModel):
    """An account of the simulated exchange that is there from the start; its key lies beside the world's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    balance_dollars: Decimal = Field(ge=0, le=100_000_000, decimal_places=4)
    tier: str = "basic"

    @field_validator("tier")
    @classmethod
    def _is_known(cls, tier: str) -> str:
        if tier not in TIERS:
            raise ValueError(f"expected one of {', '.join(TIERS)}")
        return tier


class TimedFault(BaseModel):
    """A fault that begins `at` so long after the anchor, and lasts `for` so long, or to the end."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    at: Length = timedelta(0)
    length: Length | None = Field(None, alias="for")

    def rule(self, anchor: datetime, place: str) -> AnyRule:
        """The rule with its window. Raises ConfigurationError naming the field."""
        begins = anchor + self.at
        window: dict[str, Any] = {"from": begins}
        if self.length is not None:
            window["to"] = begins + self.length
        rule = read_rule({**(self.model_extra or {}), **window}, place)
        return later(rule, anchor, self.at, self.length)


class Scenario(BaseModel):
    """A world, its clock, and what is to happen to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    description: str = Field(min_length=1, max_length=200)
    anchor: AwareDatetime
    """The world's instant at the start."""
    calendar: Calendar = "real"
    seed: int = 1
    leagues: tuple[str, ...] = ()
    """Empty: all that are played."""
    speed: float = Field(1.0, ge=LOWEST_SPEED, le=HIGHEST_SPEED)
    accounts: tuple[Member, ...] = ()
    faults: tuple[TimedFault, ...] = ()

    @field_validator("leagues")
    @classmethod
    def _are_known(cls, leagues: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [key for key in leagues if key not in load_leagues()]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no league; known: {', '.join(load_leagues())}")
        return leagues

    @property
    def rules(self) -> list[AnyRule]:
        """The faults with their times. Raises ConfigurationError naming the fault and the field."""
        return [fault.rule(self.anchor, f"faults[{number}]") for number, fault in enumerate(self.faults)]

    def settings(self, real_now: datetime) -> SimulatorSettings:
        """Its world, beginning now. Raises ConfigurationError for what no world can be."""
        return new_settings(
            real_now=real_now,
            seed=self.seed,
            speed=self.speed,
            anchor=self.anchor,
            leagues=self.leagues,
            calendar=self.calendar,
        )
