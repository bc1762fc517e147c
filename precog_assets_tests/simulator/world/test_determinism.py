"""Equal settings make equal worlds, in this process and in another one."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import timedelta

from precog_assets.simulator.world import World, WorldSettings
from precog_assets_tests.simulator.world.conftest import ANCHOR

_OTHER_PROCESS = """
from precog_assets_tests.simulator.world.test_determinism import SOME, fingerprint
from precog_assets.simulator.world import World, WorldSettings
from precog_assets_tests.simulator.world.conftest import ANCHOR
print(fingerprint(World(WorldSettings(anchor=ANCHOR, seed=1, leagues=SOME))))
"""


SOME = ("nfl", "nba", "nhl", "mlb", "ncaab", "epl", "wta")
"""One league a sport, and college."""


def fingerprint(world: World) -> str:
    """A hash over the games of a few days of several leagues and their states before, during and after."""
    digest = hashlib.sha256()
    day = world.settings.anchor_day
    for league in SOME:
        for back in (0, 1, 150):
            for game in world.games_on(league, day - timedelta(days=back))[:3]:
                digest.update(repr(game).encode())
                for minutes in (-60, 30, 75, 400):
                    digest.update(repr(world.truth(game, game.start + timedelta(minutes=minutes))).encode())
    return digest.hexdigest()


def test_two_worlds_of_one_seed_agree(world: World) -> None:
    other = World(WorldSettings(anchor=ANCHOR, seed=1, leagues=SOME))
    assert fingerprint(other) == fingerprint(world)


def test_another_process_with_another_hash_seed_agrees(world: World) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    done = subprocess.run(
        [sys.executable, "-c", _OTHER_PROCESS], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == fingerprint(world)


def test_answers_do_not_depend_on_what_was_asked_before(world: World) -> None:
    fresh = World(WorldSettings(anchor=ANCHOR, seed=1, leagues=("nhl", "atp")))
    day = fresh.settings.anchor_day
    for league in ("atp", "nhl"):
        assert [game.home for game in fresh.games_on(league, day)] == [
            game.home for game in world.games_on(league, day)
        ]
        for game in fresh.games_on(league, day):
            twin = next(one for one in world.games_on(league, day) if one.event_id == game.event_id)
            assert fresh.timeline(game) == world.timeline(twin)


def test_another_seed_is_another_world(world: World) -> None:
    other = World(WorldSettings(anchor=ANCHOR, seed=2, leagues=("nba",)))
    day = other.settings.anchor_day
    assert [game.home for game in other.games_on("nba", day)] != [game.home for game in world.games_on("nba", day)]


def test_worlds_of_neighbouring_anchors_do_not_share_event_ids(world: World) -> None:
    later = World(WorldSettings(anchor=ANCHOR + timedelta(days=7), seed=1, leagues=("nba",)))
    first = {game.event_id for game in world.games_on("nba", world.settings.anchor_day)}
    second = {game.event_id for game in later.games_on("nba", later.settings.anchor_day)}
    assert first
    assert second
    assert not first & second
