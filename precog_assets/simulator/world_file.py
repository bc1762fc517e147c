"""A simulated world that outlives its process: which world, when it began, how fast it runs, in one JSON file.

The file holds the seed, the leagues, the anchor the world was made with, and the pair of instants and the
speed that tie world time to real time. The world's content depends on seed, anchor and leagues only.
"""

from __future__ import annotations

import json
import math
import os
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from precog_assets.domain.errors import ConfigurationError
from precog_assets.domain.times import ScaledClock, parse_instant
from precog_assets.simulator.world import WorldSettings, default_anchor

DEFAULT_PORT = 8100
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """One simulator: its world, its clock, and where it listens. Instants are aware.

    Raises ConfigurationError for a speed that is not above 0, a naive anchor, and an unknown league.
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
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT

    def __post_init__(self) -> None:
        if not (math.isfinite(self.speed) and self.speed > 0):
            raise ConfigurationError(f"Simulator speed {self.speed}: expected a number above 0, e.g. 1 or 60.")
        object.__setattr__(self, "leagues", self.world.leagues)

    @property
    def clock(self) -> ScaledClock:
        return ScaledClock(self.real_anchor, self.world_anchor, self.speed)

    @property
    def world(self) -> WorldSettings:
        """What makes the world."""
        return WorldSettings(anchor=self.anchor, seed=self.seed, leagues=self.leagues)


def new_settings(
    *,
    real_now: datetime,
    seed: int = 1,
    speed: float = 1.0,
    anchor: datetime | None = None,
    leagues: tuple[str, ...] = (),
) -> SimulatorSettings:
    """A world that begins now at `anchor`, by default on the last Saturday evening, when every league plays."""
    start = (anchor or default_anchor(real_now)).astimezone(UTC)
    return SimulatorSettings(
        seed=seed, anchor=start, real_anchor=real_now, world_anchor=start, speed=speed, leagues=leagues
    )


def load_or_create_world(
    path: Path,
    *,
    real_now: datetime,
    seed: int | None = None,
    speed: float | None = None,
    anchor: datetime | None = None,
    leagues: tuple[str, ...] | None = None,
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
        )
        if _write(path, settings, replace_old=reset):
            return settings
    settings = read_world(path)
    for name, asked, stored in (
        ("seed", seed, settings.seed),
        ("anchor", anchor, settings.anchor),
        ("leagues", leagues or None, settings.leagues),
        ("speed", None if change_speed else speed, settings.speed),
    ):
        if asked is not None and asked != stored:
            raise ConfigurationError(
                f"{path}: the stored world has {name} {_shown(stored)}, {_shown(asked)} was asked for. "
                f"Leave {name} out to go on with the stored world, or reset it to begin a new one."
            )
    if change_speed and speed is not None and speed != settings.speed:
        settings = replace(settings, real_anchor=real_now, world_anchor=settings.clock.at(real_now), speed=speed)
        _write(path, settings, replace_old=True)
    return settings


def read_world(path: Path) -> SimulatorSettings:
    """The world of a file. Raises ConfigurationError naming the file and what is wrong in it."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["format"] != _FORMAT:
            raise ConfigurationError(f"{path}: world format {stored['format']!r}; this version reads {_FORMAT}.")
        return SimulatorSettings(
            seed=int(stored["seed"]),
            anchor=parse_instant(stored["anchor"]),
            real_anchor=parse_instant(stored["real_anchor"]),
            world_anchor=parse_instant(stored["world_anchor"]),
            speed=float(stored["speed"]),
            leagues=tuple(stored["leagues"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{path}: not a world file ({type(error).__name__}: {error}); mend it, or reset the world."
        ) from error


def _write(path: Path, settings: SimulatorSettings, *, replace_old: bool) -> bool:
    """Write whole or not at all: a process killed while writing leaves the old file.

    False when, without `replace_old`, another process was first: its world is the one to go on with.
    """
    stored = {
        "format": _FORMAT,
        "seed": settings.seed,
        "anchor": settings.anchor.isoformat(),
        "real_anchor": settings.real_anchor.isoformat(),
        "world_anchor": settings.world_anchor.isoformat(),
        "speed": settings.speed,
        "leagues": list(settings.leagues),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
    draft.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    if replace_old:
        draft.replace(path)
        return True
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)
