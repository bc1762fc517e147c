"""Boards read while the database is away: kept whole in a spool, and written in order when it is back.

Belongs here: reading without a database, and the form of a kept board. Does not: when boards are read (`phases`), what
is read while the database answers (`boards`). A board that is the one before is not kept again. Facts of a kept board
are observations of the instant it was answered, whenever they are written; written twice they are the same rows.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from precog_assets.config import load_leagues
from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import Observation, Origin
from precog_assets.domain.ports import Captured, RawResponse
from precog_assets.domain.times import board_days, parse_instant
from precog_assets.pipeline.feeds import in_database
from precog_assets.pipeline.live.boards import games_changed, poll_board
from precog_assets.pipeline.report import new_correlation_id
from precog_assets.sources.espn.client import EspnClient, requests_for
from precog_assets.sources.espn.parse import parse_scoreboard
from precog_assets.sources.http import HttpClient
from precog_assets.store.games import write_games, write_teams_seen
from precog_assets.store.response_log import DatabaseResponseLog
from precog_assets.store.spool import Spool
from precog_assets.store.spool_files import Spooled
from precog_assets.store.spool_state import SpoolState

if TYPE_CHECKING:
    from precog_assets.services import Services

BOARD = "board"
AT_ONCE = 20
_HEAD = (
    "source",
    "feed",
    "url",
    "status_code",
    "content_type",
    "elapsed_ms",
    "outcome",
    "code",
    "correlation_id",
)


class _InSpool:
    """A response log that keeps answers in the spool; those of a feed that changed."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._last: dict[str, str] = {}

    def capture(self, response: RawResponse) -> Captured:
        """Raises SpoolFull."""
        sha256 = hashlib.sha256(response.body).hexdigest()
        unchanged = self._last.get(response.feed) == sha256
        if not unchanged and response.code == "ok":
            self._spool.append(BOARD, packed(response))
            self._last[response.feed] = sha256
        return Captured(None, sha256, unchanged)


class BoardPoller:
    """Reads boards, whether the database is there or not. Safe for threads."""

    def __init__(self, services: Services, folder: Path) -> None:
        """Raises PrecogError(system.archive) when the folder cannot be used, or is another process's."""
        self._services, self._spool = services, Spool(folder)
        self._log = DatabaseResponseLog(services.engine, services.archive)
        venue = services.environment.venues["espn"]
        self._http = HttpClient(
            lambda: services.limiter.config("espn"),
            mode=venue.mode,
            base_url=venue.base_url,
            user_agent=services.environment.settings.http_user_agent,
            response_log=_InSpool(self._spool),
            clock=services.clock,
            limiter=services.limiter,
        )
        self._draining = threading.Lock()

    @property
    def depth(self) -> int:
        """Boards that wait to be written."""
        return self._spool.depth

    def state(self) -> SpoolState:
        """How the spool of boards stands."""
        return self._spool.state()

    def __call__(self, league: str) -> tuple[str, ...]:
        """Read a league's boards; the games that changed. Raises BoardUnanswered, or PrecogError(system.*)."""
        try:
            changed = self._drain()
            return (*changed, *poll_board(self._services, league))
        except PrecogError as error:
            if error.code != "system.database":
                raise
            self._keep(league)
            raise

    def close(self) -> None:
        """Let go of folder and connections; nothing is lost."""
        self._http.close()
        self._spool.close()

    def _keep(self, league: str) -> None:
        client, correlation_id = EspnClient(self._http), new_correlation_id()
        for day in board_days(self._services.clock.now()):
            for request in requests_for(load_leagues()[league], day):
                client.fetch(request, correlation_id=correlation_id)

    def _drain(self) -> tuple[str, ...]:
        if not self._spool.depth or not self._draining.acquire(blocking=False):
            return ()
        since: list[datetime] = []
        try:
            self._spool.drain(lambda records: since.append(self._write(records)), batch=AT_ONCE)
        finally:
            self._draining.release()
        return games_changed(self._services, None, min(since)) if since else ()

    def _write(self, records: Sequence[Spooled]) -> datetime:
        answers = [unpacked(record.body) for record in records]
        for answer in answers:
            league = load_leagues()[answer.feed.split(":")[2]]
            captured = self._log.capture(answer)
            parsed = parse_scoreboard(answer.body, league)
            seen = Observation(answer.observed_at, Origin.LIVE, captured.response_id)
            games = {game.game_id: (game, seen) for game in parsed.games.rows}
            with in_database(self._services.engine) as connection:
                write_teams_seen(connection, parsed.teams, answer.observed_at)
                write_games(connection, list(games.values()), load_leagues())
        return min(answer.observed_at for answer in answers)


def packed(response: RawResponse) -> bytes:
    """An answer as the spool keeps it: a line that describes it, then its body."""
    said: dict[str, Any] = {name: getattr(response, name) for name in _HEAD}
    said["observed_at"] = response.observed_at.isoformat()
    return orjson.dumps(said) + b"\n" + response.body


def unpacked(data: bytes) -> RawResponse:
    """The answer. Raises ValueError for what `packed` did not make."""
    head, _, body = data.partition(b"\n")
    said = orjson.loads(head)
    observed_at = parse_instant(said.pop("observed_at"))
    return RawResponse(**said, observed_at=observed_at, body=body, origin=Origin.LIVE)
