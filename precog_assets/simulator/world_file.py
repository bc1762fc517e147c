"""A simulated world that outlives its process: which world, when it began, how fast it runs, in one JSON file.

The file holds the seed, the leagues, the calendar, the anchor the world was made with, and the stretches that
tie world time to real time. The world's content depends on seed, anchor, leagues and calendar only. What else
belongs to a world (its ledger, its accounts, the key of the first of them) lies beside its file and goes with it.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import ScaledClock, parse_instant
from precog_assets.simulator.clock import FollowedClock, Stretches, checked_speed
from precog_assets.simulator.world import WorldSettings, default_anchor
from precog_assets.simulator.world.settings import Calendar

DEFAULT_PORT = 8100
CALENDARS: tuple[Calendar, ...] = get_args(Calendar)
_FORMAT = 1
_COMPANIONS = {"ledger": ".ledger.jsonl", "exchange": ".exchange.jsonl"}
_KEY = ".key.pem"


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """One simulator: its world and its clock. Instants are aware.

    Raises ConfigurationError for a speed out of range, a naive anchor, and an unknown league.
    """

    seed: int
    anchor: datetime
    """The instant the world was made for; with seed and leagues it decides every game."""
    real_anchor: datetime
    """When, in real time, the world's clock showed `world_anchor`."""
    world_anchor: datetime
    speed: float = 1.0
    leagues: tuple[str, ...] = ()
    """Empty means the default leagues of the configuration; they are written out, as their order matters."""
    calendar: Calendar = "together"
    """`together`: every league is in season at the anchor. `real`: each by its own calendar."""
    earlier: tuple[ScaledClock, ...] = ()
    """How the clock ran before, oldest first."""

    def __post_init__(self) -> None:
        checked_speed(self.speed)
        object.__setattr__(self, "leagues", self.world.leagues)

    @property
    def clock(self) -> ScaledClock:
        return ScaledClock(self.real_anchor, self.world_anchor, self.speed)

    @property
    def stretches(self) -> Stretches:
        """How the clock ran, and runs."""
        return Stretches((*self.earlier, self.clock))

    def moved(self, stretches: Stretches) -> SimulatorSettings:
        """The same world with its clock as it runs after a move."""
        *earlier, current = stretches.all
        return replace(
            self,
            real_anchor=current.real_anchor,
            world_anchor=current.world_anchor,
            speed=current.speed,
            earlier=tuple(earlier),
        )

    @property
    def world(self) -> WorldSettings:
        """What makes the world."""
        return WorldSettings(anchor=self.anchor, seed=self.seed, leagues=self.leagues, calendar=self.calendar)


def new_settings(
    *,
    real_now: datetime,
    seed: int = 1,
    speed: float = 1.0,
    anchor: datetime | None = None,
    leagues: tuple[str, ...] = (),
    calendar: Calendar = "together",
) -> SimulatorSettings:
    """A world that begins now at `anchor`, by default on the last Saturday evening, when every league plays."""
    start = (anchor or default_anchor(real_now)).astimezone(UTC)
    return SimulatorSettings(
        seed=seed,
        anchor=start,
        real_anchor=real_now,
        world_anchor=start,
        speed=speed,
        leagues=leagues,
        calendar=calendar,
    )


def load_or_create_world(
    path: Path,
    *,
    real_now: datetime,
    seed: int | None = None,
    speed: float | None = None,
    anchor: datetime | None = None,
    leagues: tuple[str, ...] | None = None,
    calendar: Calendar | None = None,
    reset: bool = False,
    change_speed: bool = False,
) -> SimulatorSettings:
    """The world of the file, its time gone on; or a new one, written there, if there is none or `reset`.

    What is given must agree with the file, else ConfigurationError names both values; None agrees with
    anything. With `change_speed` a new speed is taken over instead: world time goes on from where it is,
    and the file is rewritten.
    """
    if reset or not path.exists():
        settings = new_settings(
            real_now=real_now,
            seed=1 if seed is None else seed,
            speed=1.0 if speed is None else speed,
            anchor=anchor,
            leagues=leagues or (),
            calendar=calendar or "together",
        )
        if begin_world(path, settings, replace_old=reset):
            return settings
    settings = read_world(path)
    for name, asked, stored in (
        ("seed", seed, settings.seed),
        ("anchor", anchor, settings.anchor),
        ("leagues", leagues or None, settings.leagues),
        ("calendar", calendar, settings.calendar),
        ("speed", None if change_speed else speed, settings.speed),
    ):
        if asked is not None and asked != stored:
            raise ConfigurationError(
                f"{path}: the stored world has {name} {_shown(stored)}, {_shown(asked)} was asked for. "
                f"Leave {name} out to go on with the stored world, or reset it to begin a new one."
            )
    if change_speed and speed is not None and speed != settings.speed:
        settings = settings.moved(settings.stretches.then(real_now, settings.clock.at(real_now), speed))
        write_world(path, settings)
    return settings


def begin_world(path: Path, settings: SimulatorSettings, *, replace_old: bool) -> bool:
    """Write a new world's file and forget what belonged to the one before it.

    False when, without `replace_old`, another process was first: its world is the one to go on with.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(path, settings)
    if replace_old:
        forget_world(path)
        draft.replace(path)
        return True
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def write_world(path: Path, settings: SimulatorSettings) -> None:
    """Replace the file by one of the same world, its clock moved; whole or not at all."""
    _draft(path, settings).replace(path)


def companion(path: Path, kind: Literal["ledger", "exchange"]) -> Path:
    """Where a part of the world's memory lies: beside its file."""
    return path.with_name(path.stem + _COMPANIONS[kind])


def key_file(path: Path, member: str) -> Path:
    """Where the private key of an account of the world lies."""
    return path.with_name(f"{path.stem}.{member}{_KEY}")


def forget_world(path: Path) -> None:
    """Remove a world's file and what belongs to it, as far as it is there."""
    beside = [path.with_name(path.stem + suffix) for suffix in _COMPANIONS.values()]
    for file in (path, *beside, *path.parent.glob(f"{path.stem}.*{_KEY}")):
        file.unlink(missing_ok=True)


def read_world(path: Path) -> SimulatorSettings:
    """The world of a file. Raises ConfigurationError naming the file and what is wrong in it."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != _FORMAT:
            raise ConfigurationError(f"{path}: world format {stored['format']!r}; this version reads {_FORMAT}.")
        if stored.get("calendar", CALENDARS[0]) not in CALENDARS:
            raise ConfigurationError(
                f"{path}: calendar {stored['calendar']!r}; expected one of {', '.join(CALENDARS)}."
            )
        return SimulatorSettings(
            seed=int(stored["seed"]),
            anchor=parse_instant(stored["anchor"]),
            real_anchor=parse_instant(stored["real_anchor"]),
            world_anchor=parse_instant(stored["world_anchor"]),
            speed=float(stored["speed"]),
            leagues=tuple(stored["leagues"]),
            calendar=stored.get("calendar", CALENDARS[0]),
            earlier=tuple(
                ScaledClock(parse_instant(real), parse_instant(world), float(speed))
                for real, world, speed in stored.get("earlier", ())
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{path}: not a world file ({type(error).__name__}: {error}); mend it, or reset the world."
        ) from error


def read_stretches(path: Path) -> Stretches:
    """How the clock of a file's world ran, and runs. Raises as `read_world` does, FileNotFoundError without a file."""
    return read_world(path).stretches


def followed_clock(path: Path) -> FollowedClock:
    """The clock of the file's world, as whoever runs it moves it."""
    return FollowedClock(path, read_stretches)


def _draft(path: Path, settings: SimulatorSettings) -> Path:
    """The file's new content beside it: a process killed while writing leaves the old file."""
    stored: dict[str, Any] = {
        "format": _FORMAT,
        "seed": settings.seed,
        "anchor": settings.anchor.isoformat(),
        "real_anchor": settings.real_anchor.isoformat(),
        "world_anchor": settings.world_anchor.isoformat(),
        "speed": settings.speed,
        "leagues": list(settings.leagues),
        "calendar": settings.calendar,
        "earlier": [[s.real_anchor.isoformat(), s.world_anchor.isoformat(), s.speed] for s in settings.earlier],
    }
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
    draft.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    return draft


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)
