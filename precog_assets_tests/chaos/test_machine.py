"""A machine whose disk is full while the database is away, and one whose clock is set.

Belongs here: what the machine under a collector does. Does not: venues, processes, the database alone.
The disk is a small file system in memory, which takes the right to mount one; the clock is libfaketime's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from precog_assets import embedded
from precog_assets_tests.chaos.conftest import Tell
from precog_assets_tests.chaos.world import LiveWorld, counted, pass_s, settled, streaming, until

pytestmark = pytest.mark.chaos
DISK_MB = 4
JUMP_S = 20
"""Facts that were stamped ahead of their time keep everything from being decided for as long."""
FAKETIME = next((str(path) for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), "")


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of a few megabytes at a folder; the test is skipped where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    options = f"size={DISK_MB}m"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"mounting takes root, or the right CAP_SYS_ADMIN: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_under_the_spool_holds_facts_back_until_there_is_room(world: LiveWorld, tell: Tell) -> None:
    spool = world.home.folder / "spool"
    with small_disk(spool), world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now()
        ballast = spool / "ballast"
        world.engine.dispose()
        embedded.stop(world.home.folder)
        try:
            with ballast.open("wb") as file:
                file.write(b"\0" * max(0, shutil.disk_usage(spool).free - 8_192))
            until(
                lambda: collecting.last()["counts"].get("spool_full", 0) > 0,
                collecting,
                what="the disk was not full for the spool",
            )
            pass_s(10.0, collecting)
            assert collecting.last()["connected"], "frames are taken in all the while"
        finally:
            ballast.unlink(missing_ok=True)
            embedded.start(world.home.folder)
        back_s = time.monotonic()
        until(lambda: collecting.last()["spool_depth"] == 0, collecting, what="the spool was not drained")
        found, _ = settled(world, began, collecting, visible_s=60.0)
        assert "system.spool" in counted(world, began)
        tell("disk", "full for the spool, the database away", time.monotonic() - back_s, found)


@pytest.mark.skipif(not FAKETIME, reason="no /usr/lib/*/faketime/libfaketimeMT.so.1: install the package libfaketime")
@pytest.mark.parametrize("jump_s", [JUMP_S, -JUMP_S], ids=["ahead", "back"])
def test_a_clock_that_is_set_stops_deciding_until_it_is_right_again(world: LiveWorld, tell: Tell, jump_s: int) -> None:
    said = world.home.folder / "clock"

    def set_clock(seconds: float) -> None:
        new = said.with_suffix(".new")
        new.write_text(f"{seconds:+.1f}\n", encoding="ascii")
        os.replace(new, said)

    set_clock(0)
    given = {
        "LD_PRELOAD": FAKETIME,
        "FAKETIME_TIMESTAMP_FILE": str(said),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    taken = "SELECT count(*) FROM book.orders"
    refused = "SELECT 1 FROM book.decisions WHERE reason = 'clock' AND computed_at > :since LIMIT 1"
    with world.collector(**given) as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        until(lambda: world.one(taken) > 0, collecting, what="nothing was ordered")
        began = world.services.clock.now()
        set_clock(jump_s)
        until(lambda: collecting.last()["counts"].get("clock_jumps", 0) > 0, collecting, what="the jump went unnoticed")
        until(lambda: bool(world.rows(refused, since=began)), collecting, what="decisions went on by a wrong clock")
        before = world.one(taken)
        pass_s(5.0, collecting)
        assert world.one(taken) == before, "an order was written by a wrong clock"
        set_clock(0)
        # What was stamped by the wrong clock is held against nothing; it ends so much ahead of now.
        right = world.services.clock.now() + timedelta(seconds=world.speed * (max(jump_s, 0) + 1.0))
        until(lambda: streaming(collecting), collecting, what="no stream after the clock was set right")
        until(lambda: world.services.clock.now() > right, collecting)
        found, took_s = settled(world, right, collecting, visible_s=60.0)
    tell("clock", f"set by {jump_s:+d} s, and right again", took_s, found)
