"""Tasks that must not stop: each is begun again after a failure, later and later, and all end together.

Belongs here: keeping asyncio tasks alive, and naming why one fell. Does not: what they do.
A PrecogError of class system, transient, blocked or contract is trouble outside: the task is begun again. Any other
exception is a defect: it is logged with its trace and begun again as well, because the others must go on, and counted
as `system.internal`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.pacing import Backoff, Pace

log = logging.getLogger("precog.live")

DEFECT = "system.internal"
Work = Callable[[], Awaitable[object]]


class Supervisor:
    """Runs named work until it is stopped. `failures` counts by code, `restarts` by name."""

    def __init__(self, random: Random, pace: Pace | None = None) -> None:
        self.failures: Counter[str] = Counter()
        self.restarts: Counter[str] = Counter()
        self._random, self._pace = random, pace or Pace(initial_s=0.5, max_s=10.0, floor_s=0.05)
        self._work: dict[str, Work] = {}

    def add(self, name: str, work: Work) -> None:
        """Work to be kept alive; what returns is begun again too, as if it had failed."""
        if name in self._work:
            raise ValueError(f"{name!r} is kept alive already")
        self._work[name] = work

    async def run(self) -> None:
        """Keep everything alive until cancelled; on return no task of it is left."""
        async with asyncio.TaskGroup() as group:
            for name, work in self._work.items():
                group.create_task(self._keep(name, work), name=name)

    async def _keep(self, name: str, work: Work) -> None:
        loop = asyncio.get_running_loop()
        backoff = Backoff(self._pace, self._random)
        while True:
            backoff.succeeded(loop.time())
            await self._once(name, work)
            wait_s = backoff.failed(loop.time())
            self.restarts[name] += 1
            await asyncio.sleep(wait_s)

    async def _once(self, name: str, work: Work) -> None:
        task = asyncio.ensure_future(work())
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            raise
        error = None if task.cancelled() else task.exception()
        if error is None:
            log.warning("%s ended and is begun again", name)
            return
        if isinstance(error, PrecogError):
            self.failures[error.code] += 1
            log.warning("%s failed and is begun again: code=%s %s", name, error.code, error)
        else:
            self.failures[DEFECT] += 1
            log.error("%s fell by a defect and is begun again", name, exc_info=error)
