"""Work that falls is begun again, by name and counted, and everything ends together."""

from __future__ import annotations

import asyncio
import logging
from random import Random

import pytest

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.pacing import Pace
from precog_assets.pipeline.live.supervise import Supervisor

QUICK = Pace(initial_s=0.001, max_s=0.001)


def test_work_that_fails_is_begun_again_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    async def what() -> None:
        steady_began, tries, enough = 0, 0, asyncio.Event()

        async def steady() -> None:
            nonlocal steady_began
            steady_began += 1
            await asyncio.Event().wait()

        async def falling() -> None:
            nonlocal tries
            tries += 1
            if tries == 1:
                raise PrecogError("system.database", "away")
            if tries == 2:
                raise KeyError("a defect")
            if tries == 4:
                enough.set()
                await asyncio.Event().wait()

        supervisor = Supervisor(Random(1), QUICK)
        supervisor.add("steady", steady)
        supervisor.add("falling", falling)
        running = asyncio.create_task(supervisor.run())
        await asyncio.wait_for(enough.wait(), 10)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert steady_began == 1
        assert supervisor.failures == {"system.database": 1, "system.internal": 1}
        assert supervisor.restarts == {"falling": 3}
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with caplog.at_level(logging.WARNING):
        asyncio.run(what())
    assert "a defect" in caplog.text


def test_a_name_is_kept_alive_once() -> None:
    async def work() -> None:
        pass

    supervisor = Supervisor(Random(1))
    supervisor.add("a", work)
    with pytest.raises(ValueError, match="'a' is kept alive already"):
        supervisor.add("a", work)
