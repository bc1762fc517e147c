"""What a drive in football looks like from play to play: downs, distances and spots, for the eye only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from precog_assets.simulator.world.model import SimGame
from precog_assets.simulator.world.play.frame import ordinal

SNAP_S = 38.0
"""Clock between snaps."""


@dataclass(frozen=True, slots=True)
class DrivePlay:
    """The situation before a snap."""

    after_s: float
    """On the game clock since the drive began."""
    down: int
    distance: int
    spot: int
    """Yards from the own goal line."""
    gained: int


def drive_plays(rng: Random, length_s: float) -> Iterator[DrivePlay]:
    """The plays of a drive that lasts `length_s` on the game clock."""
    spot, down, distance, gained = 20 + int(20 * rng.random()), 1, 10, 0
    count = max(2, round(length_s / SNAP_S))
    for index in range(count):
        yield DrivePlay(length_s * index / count, down, distance, spot, gained)
        gained = min(int(-3 + 13 * rng.random()), 97 - spot)
        if down == 4:
            gained = min(max(gained, distance), 98 - spot)
        spot += gained
        if gained >= distance or down == 4:
            down, distance = 1, min(10, 100 - spot)
        else:
            down, distance = down + 1, distance - gained


_RESULTS = {0: "Punt", 3: "Field goal is good", 6: "Touchdown, kick missed", 7: "Touchdown", 8: "Touchdown, two points"}


def situation(game: SimGame, home: bool, play: DrivePlay | None, points: int = 0) -> dict[str, object]:
    """Flat facts of a snap, or of the end of a drive when `play` is None."""
    side, other = (game.home, game.away) if home else (game.away, game.home)
    if play is None:
        return {"text": f"{side.name}: {_RESULTS[points]}", "score_value": points, "team_id": side.espn_id}
    near = f"{side.abbreviation} {play.spot}" if play.spot <= 50 else f"{other.abbreviation} {100 - play.spot}"
    short = f"{ordinal(play.down)} & {play.distance}"
    return {
        "text": f"{side.name} gain of {play.gained} to {near}",
        "score_value": 0,
        "team_id": side.espn_id,
        "down": play.down,
        "distance": play.distance,
        "yard_line": play.spot if home else 100 - play.spot,
        "is_red_zone": play.spot >= 80,
        "possession": side.espn_id,
        "possession_text": near,
        "down_distance_text": f"{short} at {near}",
        "short_down_distance_text": short,
    }
