"""The ledger's endpoint: pages of JSON, or the whole span as a Parquet file."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from precog_assets.simulator.control.asking import answer
from precog_assets.simulator.control.worldtime import Current
from precog_assets.simulator.ledger.asking import Nonsense, read_question
from precog_assets.simulator.turns import TURNS

_PIECE = 1 << 16


class Happenings:
    """GET of the ledger."""

    def __init__(self, current: Current) -> None:
        self._current = current

    async def show(self, request: Request) -> Response:
        simulation = self._current()
        how = request.query_params.get("format", "json")
        if how not in ("json", "parquet"):
            raise Nonsense(f"format: {how!r}; expected json or parquet")
        question = read_question(request.query_params, simulation.clock.now(), simulation.world.leagues)
        if how == "json":
            return answer(await TURNS.run(lambda: simulation.ledger.page(question)))
        if "limit" in request.query_params or "cursor" in request.query_params:
            raise Nonsense("limit and cursor: a Parquet file has the whole span; leave them out")
        with ExitStack() as undone:
            folder = undone.enter_context(tempfile.TemporaryDirectory(prefix="precog-ledger-"))
            file = Path(folder) / "ledger.parquet"
            count = await TURNS.run(lambda: simulation.ledger.save(question, file))
            sent = undone.pop_all()
        headers = {"Content-Disposition": 'attachment; filename="ledger.parquet"', "X-Rows": str(count)}
        return StreamingResponse(_pieces(file, sent), 200, headers, "application/vnd.apache.parquet")


async def _pieces(file: Path, sent: ExitStack) -> AsyncIterator[bytes]:
    """The file, piece by piece; its folder goes when it was sent, or the client left."""
    with sent:
        async with await anyio.open_file(file, "rb") as stream:
            while piece := await stream.read(_PIECE):
                yield piece
