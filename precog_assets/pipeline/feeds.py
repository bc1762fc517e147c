"""Fetching many feeds in one step: side by side, within a budget, skipping bytes already applied."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.facts import Observation, Origin
from precog_assets.pipeline.report import StepReport
from precog_assets.store.engine import FAILURES, database_error
from precog_assets.store.response_log import applied

if TYPE_CHECKING:
    from precog_assets.sources.outcome import Fetch

WORKERS = 8
PATIENCE_S = 1800.0
TURN_S = 0.5
_TRY_LOCK = sa.text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_UNLOCK = sa.text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
log = logging.getLogger("precog.pipeline")
RequestT = TypeVar("RequestT")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to ask for: a name for it, and how it is asked, by one fetch or one a page."""

    label: str
    send: Callable[[], Iterable[Fetch]]


@dataclass(frozen=True, slots=True)
class Fetched(Generic[RequestT]):
    """An answered request. `fresh`: its bytes are not the ones whose facts were last written."""

    request: RequestT
    fetch: Fetch
    fresh: bool

    @property
    def applied(self) -> dict[str, str]:
        """What `mark_applied` takes once its facts are written: the feed and the hash of its bytes."""
        return {self.fetch.feed: self.fetch.sha256} if self.fetch.sha256 else {}

    def observation(self, origin: Origin) -> Observation:
        return Observation(self.fetch.observed_at, origin, self.fetch.response_id)


def fetch_all(
    requests: Sequence[RequestT],
    send: Callable[[RequestT], Iterable[Fetch]],
    report: StepReport,
    engine: sa.Engine,
    *,
    budget_s: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Fetched[RequestT]]:
    """Send requests side by side and count every outcome; the answered ones, in the order asked.

    A request is answered by one fetch, or by one a page. With a budget (ticks), requests not begun when it is
    used up are not sent, counted as `system.budget`, and left to the next tick. Without one (batches), a request
    that our own rate limit held back waits for its turn, PATIENCE_S in all. Failures are in the report; they
    are never returned as empty answers.
    """
    if not requests:
        return []
    began = time.monotonic()

    def one(request: RequestT) -> list[Fetch] | None:
        if budget_s is not None and time.monotonic() - began > budget_s:
            return None
        fetches = list(send(request))
        while budget_s is None and _held_back(fetches) and time.monotonic() - began < PATIENCE_S:
            sleep(TURN_S)
            fetches = list(send(request))
        return fetches

    with ThreadPoolExecutor(min(WORKERS, len(requests)), thread_name_prefix="precog-fetch") as pool:
        pages = list(pool.map(one, requests))
    report.http_ms += (time.monotonic() - began) * 1000
    answered: list[tuple[RequestT, Fetch]] = []
    for request, fetches in zip(requests, pages, strict=True):
        if fetches is None:
            report.outcomes["system.budget"] += 1
            continue
        for fetch in fetches:
            report.fetched(fetch)
            if fetch.ok:
                answered.append((request, fetch))
    if not answered:
        return []
    with in_database(engine) as connection:
        known = applied(connection, [fetch.feed for _, fetch in answered])
    return [Fetched(request, fetch, known.get(fetch.feed) != fetch.sha256) for request, fetch in answered]


def _held_back(fetches: Sequence[Fetch]) -> bool:
    return bool(fetches) and fetches[-1].code == "http.budget"


@contextmanager
def in_database(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction. A server that is away is PrecogError(system.database), said loudly."""
    try:
        with engine.begin() as connection:
            yield connection
    except FAILURES as error:
        away = database_error(error)
        if away is None:
            raise
        raise away from error


@contextmanager
def only_one(engine: sa.Engine, name: str) -> Iterator[bool]:
    """True when no other process of this database is in the same block; False: yield to it.

    Held by a connection of its own, so it is free again the moment its process dies, or the server. Raises
    PrecogError(system.database) where the server is away at the beginning; what the block raises is left as it is.
    """
    key = {"name": f"precog step {name}"}
    with ExitStack() as opened:
        try:
            connection = opened.enter_context(engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
            mine = bool(connection.scalar(_TRY_LOCK, key))
        except DBAPIError as error:
            away = database_error(error)
            raise away or PrecogError("system.internal", str(error)) from error
        try:
            yield mine
        finally:
            if mine:
                _unlock(connection, key)


def _unlock(connection: sa.Connection, key: Mapping[str, str]) -> None:
    """Give a lock back; a server that went meanwhile has taken it back itself."""
    if connection.invalidated:
        return
    try:
        connection.execute(_UNLOCK, key)
    except FAILURES as error:
        if database_error(error) is None:
            raise
        log.warning("%s was given back by the server that went away", key["name"])
