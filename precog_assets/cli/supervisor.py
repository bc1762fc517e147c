"""Keeping children running: waiting until each answers, restarting with backoff, stopping in reverse order.

Belongs here: when a child is started, restarted or given up. Does not: what the children are (`up.py`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from precog_assets.cli.children import GRACE_S, Child, Program
from precog_assets.domain.errors import PrecogError

State = Literal["starting", "running", "waiting", "done", "failed"]
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
HEALTHY_S = 60.0
GIVE_UP_AFTER = 5
PROBE_EVERY_S = 0.1


class StopAsked(Exception):
    """A stop signal came while something was being waited for."""


@dataclass(slots=True)
class Kept:
    """A program that is to run as long as `up` does."""

    program: Program
    essential: bool = False
    """Dying again and again ends `up`."""
    child: Child | None = None
    state: State = "starting"
    deaths: int = 0
    restart_at: float = 0.0


@dataclass(slots=True)
class Chore:
    """Programs that run once, one after the other."""

    program: Program
    child: Child | None = None
    state: State = "waiting"


@dataclass(slots=True)
class Supervisor:
    """The children of one `up`. `say` is told what people should know."""

    say: Callable[[str], None]
    stop: threading.Event
    changed: Callable[[list[int]], None] = lambda _pids: None
    """Told the process ids of the children whenever they change."""
    kept: list[Kept] = field(default_factory=list)
    chores: list[Chore] = field(default_factory=list)

    def start(self, program: Program, *, essential: bool = False) -> Kept:
        """Start a program; `wait_for` says when it answers."""
        one = Kept(program, essential)
        self.kept.append(one)
        one.child = Child(program)
        self._tell()
        return one

    def wait_for(self, wanted: Sequence[Kept], timeout_s: float) -> None:
        """Until all of them answer. Raises PrecogError with the end of its log for one that does not, StopAsked."""
        deadline = time.monotonic() + timeout_s
        pending = list(wanted)
        while pending:
            for one in list(pending):
                assert one.child is not None
                if one.program.ready():
                    one.state = "running"
                    pending.remove(one)
                elif one.child.exit_code is not None or time.monotonic() > deadline:
                    raise PrecogError("system.internal", _did_not_start(one.child, timeout_s))
            if pending and self.stop.wait(PROBE_EVERY_S):
                raise StopAsked

    def look(self) -> None:
        """Notice deaths and readiness, restart what is due, begin the next chore.

        Raises PrecogError when an essential program dies again and again.
        """
        for one in self.kept:
            self._look_at(one)
        for chore in self.chores:
            if chore.state == "done" or chore.state == "failed":
                continue
            if not self._look_at_chore(chore):
                break

    def end(self) -> bool:
        """Stop everything, the last started first; False when something had to be killed."""
        running = [chore.child for chore in self.chores if chore.child and chore.state == "running"]
        running += [one.child for one in reversed(self.kept) if one.child is not None]
        clean = True
        for child in running:
            if not child.stop(GRACE_S):
                self.say(
                    f"{child.program.name} did not stop within {GRACE_S:g} s and was killed; see {child.program.log}"
                )
                clean = False
        return clean

    def states(self) -> dict[str, State]:
        """Each program's state, by name."""
        return {one.program.name: one.state for one in (*self.kept, *self.chores)}

    def _look_at(self, one: Kept) -> None:
        if one.child is None:
            if time.monotonic() >= one.restart_at:
                one.child = Child(one.program)
                one.state = "starting"
                self._tell()
            return
        code = one.child.exit_code
        if code is None:
            if one.state == "starting" and one.program.ready():
                one.state = "running"
            return
        one.deaths = 1 if one.child.age_s > HEALTHY_S else one.deaths + 1
        if one.essential and one.deaths >= GIVE_UP_AFTER:
            raise PrecogError(
                "system.internal",
                f"{one.program.name} ended {one.deaths} times in a row (exit code {code}). "
                f"The end of {one.program.log}:\n{one.child.tail()}\n",
            )
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (one.deaths - 1))
        self.say(f"{one.program.name} ended (exit code {code}); again in {wait_s:g} s. Log: {one.program.log}")
        one.child.stop()
        one.child, one.state, one.restart_at = None, "waiting", time.monotonic() + wait_s

    def _look_at_chore(self, chore: Chore) -> bool:
        """Whether the next chore may begin."""
        if chore.child is None:
            chore.child = Child(chore.program)
            chore.state = "running"
            self._tell()
            return False
        code = chore.child.exit_code
        if code is None:
            return False
        chore.state = "done" if code == 0 else "failed"
        chore.child.stop()
        if code:
            self.say(f"{chore.program.name} ended with exit code {code}; see {chore.program.log}")
        self._tell()
        return True

    def _tell(self) -> None:
        children = [one.child for one in (*self.kept, *self.chores)]
        self.changed([child.process.pid for child in children if child is not None and child.exit_code is None])


def _did_not_start(child: Child, timeout_s: float) -> str:
    code = child.exit_code
    why = f"did not answer within {timeout_s:g} s" if code is None else f"ended at once with exit code {code}"
    return f"{child.program.name} {why}. The end of {child.program.log}:\n{child.tail()}\n"
