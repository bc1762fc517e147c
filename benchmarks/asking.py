"""`precog why`, `explain` and `replay decision` on a database of ten million quotes: the function, and the command.

Belongs here: filling that database, and the time and the plans of what people ask of it. Does not: deciding (its own
benchmark). Quotes, states, books, answers and older decisions are made by the server; the decisions that are asked
for are made by the step that makes them live. Every question is asked of another market or decision.
"""

from __future__ import annotations

import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import event

from benchmarks import asking_sql as statements
from benchmarks.house import House, house
from benchmarks.measure import Figure, Scale, Target
from precog_assets.config import load_leagues
from precog_assets.domain.times import FixedClock
from precog_assets.environment import Settings
from precog_assets.pipeline.decide import decide_markets
from precog_assets.pipeline.replay.decision import replay_decision
from precog_assets.queries.decisions import funnel
from precog_assets.queries.explain import explain_decision
from precog_assets.queries.why import why
from precog_assets.ratings.versions import described, model_version
from precog_assets.services import Services
from precog_assets.store import partitions
from precog_assets.store.forecasts import write_version
from precog_assets.store.tables import PARTITIONED

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
DAYS = 84
NOWHERE = "http://127.0.0.1:9"
LIMIT_S = 1.0
ASKED = 20
RUNS = 5
Question = Callable[[str], object]


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """How much is stored."""

    games: int
    ahead: int
    """Of them yet to be played, with two markets each."""
    quotes_each: int
    """Of a market."""
    states_each: int
    books_each: int
    older_decisions: int
    """For each that is made."""

    def given(self) -> dict[str, Any]:
        version = model_version(load_leagues()["nfl"])
        return {**dataclasses.asdict(self), "now": NOW, "days": DAYS, "version": version}


FULL = Size(2_050, 250, 2_600, 150, 40, 40)
SMALL = Size(200, 50, 100, 20, 10, 4)


def measure(scale: Scale) -> list[Figure]:
    """Seconds of each question asked by its function and by its command, and what the planner thinks of them."""
    size = SMALL if scale.quick else FULL
    with house() as place, place.services("asking", NOWHERE, [load_leagues()["nfl"]]) as services:
        began = time.perf_counter()
        counted = _fill(services, size)
        made = time.perf_counter() - began
        asked = scale.of(ASKED, 4)
        tickers, decisions = _asked_for(services, asked)
        note = f"{counted['quotes']:,} quotes, {counted['decisions']:,} decisions"
        figures = [Figure("database to ask made", made, "s", note=note, detail=counted)]
        questions: list[tuple[str, list[str], Sequence[str], Question]] = [
            ("why", ["why"], tickers, lambda one: why(services.engine, one, now=NOW)),
            ("explain", ["explain", "decision"], decisions, lambda one: explain_decision(services.engine, one)),
            ("replay decision", ["replay", "decision"], decisions, lambda one: _same(services.engine, one)),
        ]
        for name, command, subjects, question in questions:
            figures += _figures(place, services.engine, name, command, subjects, question, scale.of(RUNS, 2))
        began = time.perf_counter()
        rows = funnel(services.engine, since=NOW - timedelta(hours=24), until=NOW + timedelta(seconds=1)).height
        took = time.perf_counter() - began
        return [*figures, Figure("precog funnel --since 24h, in the process", took, "s", note=f"{rows} rows, {note}")]


def _figures(
    place: House,
    engine: sa.Engine,
    name: str,
    command: list[str],
    subjects: Sequence[str],
    question: Question,
    runs: int,
) -> list[Figure]:
    took = []
    for one in subjects:
        began = time.perf_counter()
        question(one)
        took.append(time.perf_counter() - began)
    with _listened(engine) as sent:
        question(subjects[-1])
    costs = _costs(engine, sent)
    before = os.times()
    whole = [_command(place, [*command, one]) for one in subjects[:runs]]
    after = os.times()
    cpu = (after.children_user + after.children_system - before.children_user - before.children_system) / len(whole)
    in_ms = [round(one * 1000, 1) for one in took]
    return [
        Figure(
            f"precog {name}: slowest of {len(took)}, in the process",
            max(took),
            "s",
            Target("<=", LIMIT_S),
            f"median {statistics.median(took) * 1000:.0f} ms; {len(sent)} statements, planned at {sum(costs):,.0f} in "
            f"all, {max(costs):,.0f} the dearest",
            {"took_ms": in_ms, "plan_costs": [round(one, 1) for one in costs]},
        ),
        Figure(
            f"precog {name}: the whole command",
            statistics.median(whole),
            "s",
            Target("<=", LIMIT_S),
            f"median of {len(whole)} processes, interpreter and imports included; {cpu:.2f} s of processor each",
            {"took_s": [round(one, 3) for one in whole]},
        ),
    ]


def _same(engine: sa.Engine, decision_id: str) -> None:
    found = replay_decision(engine, decision_id)
    if not found.same:
        raise RuntimeError(f"{decision_id} is not made again as it was: {found.as_json()}")


def _command(place: House, arguments: list[str]) -> float:
    """Seconds of a command in a process of its own, on this database."""
    ours = {name.upper() for name in Settings.model_fields}
    given = {
        "PRECOG_HOME": str(place.home),
        "DATABASE_URL": place.server.url("asking"),
        "RAW_ARCHIVE_URL": str(place.home / "raw" / "asking"),
        "ESPN_BASE_URL": NOWHERE,
        "KALSHI_BASE_URL": f"{NOWHERE}/trade-api/v2",
    }
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    command = [sys.executable, "-m", "precog_assets.cli.main", *arguments]
    began = time.perf_counter()
    done = subprocess.run(command, env={**inherited, **given}, check=False, capture_output=True, text=True)
    took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"precog {' '.join(arguments)}: exit code {done.returncode}: {done.stdout}{done.stderr}")
    return took


@contextmanager
def _listened(engine: sa.Engine) -> Iterator[list[tuple[str, Any]]]:
    """Every statement sent within the block that can be explained, with what was given."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            sent.append((statement, given))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def _costs(engine: sa.Engine, sent: Sequence[tuple[str, Any]]) -> list[float]:
    """The planner's cost of each statement, in its own units (a page read in order is 1)."""
    found = []
    with engine.connect() as connection:
        for statement, given in sent:
            plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given).scalar_one()
            read = json.loads(plan) if isinstance(plan, str) else plan
            found.append(float(read[0]["Plan"]["Total Cost"]))
    return found


def _asked_for(services: Services, number: int) -> tuple[list[str], list[str]]:
    """Tickers of markets old and open, and ids of decisions, half of them sized together with others."""
    with services.engine.connect() as connection:
        tickers = list(connection.scalars(statements.TICKERS, {"number": number}))
        sized = list(connection.scalars(statements.DECISIONS, {"number": (number + 1) // 2, "sized": True}))
        others = list(connection.scalars(statements.DECISIONS, {"number": number // 2, "sized": False}))
    if not sized or not others:
        raise RuntimeError(f"of the decisions {len(sized)} were sized and {len(others)} not: the slate is none")
    return tickers, sized + others


def _fill(services: Services, size: Size) -> dict[str, int]:
    """The database: facts of three months, decisions of now, and older ones like them. Rows of it."""
    given = size.given()
    months = {(one.year, one.month) for one in (NOW - timedelta(days=day) for day in range(-30, DAYS + 30))}
    league = load_leagues()["nfl"]
    with services.engine.begin() as connection:
        for table in PARTITIONED:
            partitions.ensure_months(connection, table, sorted(months))
        write_version(connection, given["version"], "nfl", "default", described(league, "default"), NOW)
        for statement in statements.FACTS:
            connection.execute(statement, given)
    _analyse(services.engine)
    decide_markets(dataclasses.replace(services, clock=FixedClock(NOW)), correlation_id="bench")
    with services.engine.begin() as connection:
        connection.execute(statements.OLDER_DECISIONS, given)
    _analyse(services.engine)
    with services.engine.connect() as connection:
        return orjson.loads(connection.execute(statements.COUNTS).scalar_one())


def _analyse(engine: sa.Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM (ANALYZE)"))
