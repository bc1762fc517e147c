"""Checks of the live path: who feeds, how late it is, what waits in the spool, gaps of streams, clocks.

Belongs here: reading leases, gaps and clocks, and when they are wrong. Does not: who feeds what (`pipeline.roles`).
Ages of heartbeats are by the database's clock; a collector that stopped is a warning: the sensors have taken over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.games import RAW_GAMES
from precog_assets.assets.markets import RAW_MARKETS
from precog_assets.checks.findings import Finding, told
from precog_assets.resources import PrecogServices
from precog_assets.store.clocks import Measured, read_clocks
from precog_assets.store.leases import EXPIRY_S, Held, Kind, read_leases

DECIDED_WITHIN_S = 2.0
GIB = 1024**3
OPEN_TOO_LONG = timedelta(minutes=1)
_GAPS = sa.text(
    """
    SELECT count(*) AS gaps, count(*) FILTER (WHERE ended_at IS NULL AND began_at < :before) AS still_open,
        coalesce(sum(frames_lost), 0)::bigint AS frames_lost, jsonb_object_agg(reason, n) AS reasons
    FROM (SELECT *, count(*) OVER (PARTITION BY reason) AS n FROM ops.stream_gaps
          WHERE source = :source AND began_at > :since) AS recent
    """
)


@dataclass(frozen=True, slots=True)
class Gaps:
    """Gaps of a stream in the last day."""

    gaps: int
    still_open: int
    """For longer than OPEN_TOO_LONG."""
    frames_lost: int
    reasons: Mapping[str, int]


_HEARTBEAT = "Whoever feeds this source is there, or gave it up"


@dg.multi_asset_check(
    name="live_games_checks",
    specs=[dg.AssetCheckSpec("heartbeat", asset=RAW_GAMES, description=_HEARTBEAT)],
)
def live_games_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """Who reads the boards."""
    from precog_assets.pipeline.feeds import in_database

    with in_database(services.get().engine) as connection:
        held = read_leases(connection).get("espn")
    yield told(RAW_GAMES, "heartbeat", heartbeat("espn", held))


@dg.multi_asset_check(
    name="live_markets_checks",
    specs=[
        dg.AssetCheckSpec("heartbeat", asset=RAW_MARKETS, description=_HEARTBEAT),
        dg.AssetCheckSpec("lag", asset=RAW_MARKETS, description="Prices are decided on in time, gaps are closed"),
        dg.AssetCheckSpec(
            "waiting_on_disk",
            asset=RAW_MARKETS,
            description="No fact waits in the spool for the database, and raw segments reach the archive",
        ),
        dg.AssetCheckSpec("clocks", asset=RAW_MARKETS, description="Our clock agrees with those of all sources"),
    ],
)
def live_markets_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """Who reads the markets, how late, what waits; and the clocks, by which every fact is dated."""
    from precog_assets.pipeline.clocks import clock_limits_s
    from precog_assets.pipeline.feeds import in_database

    opened = services.get()
    with in_database(opened.engine) as connection:
        held, clocks_read = read_leases(connection).get("kalshi"), read_clocks(connection)
        gaps_read = read_gaps(connection, "kalshi", opened.clock.now())
    yield told(RAW_MARKETS, "heartbeat", heartbeat("kalshi", held))
    yield told(RAW_MARKETS, "lag", lag(held, gaps_read))
    yield told(RAW_MARKETS, "waiting_on_disk", waiting_on_disk(held, opened.environment.settings.segments_budget_gb))
    yield told(RAW_MARKETS, "clocks", clocks(clocks_read, clock_limits_s(opened)))


def heartbeat(source: str, held: Held | None) -> Finding:
    """A warning when a collector fell silent without giving the source up: the sensors feed it then."""
    if held is None:
        return Finding(True, f"nobody has fed {source} yet; the sensors do while they run")
    facts = {"holder": held.holder, "epoch": held.epoch, "heartbeat_age_s": round(held.age_s, 1)}
    if held.released:
        return Finding(True, f"{held.holder} gave {source} up; the sensors feed it while they run", facts=facts)
    if held.kind == Kind.COLLECTOR and not held.live:
        return Finding(
            False,
            f"the collector of {source} was last heard {held.age_s:.0f} s ago ({held.holder}); from {EXPIRY_S:g} s on "
            "the sensors feed it. See its log, and start it again",
            warn=True,
            facts=facts,
        )
    return Finding(True, f"{source} is fed by {held.said()}", facts=facts)


def lag(held: Held | None, gaps: Gaps) -> Finding:
    """A warning when the collector's slowest decisions come late, or a gap of the stream stays open."""
    late_s = _number(held, "decided_p99_s")
    facts: dict[str, Any] = {"gaps": gaps.gaps, "still_open": gaps.still_open, "frames_lost": gaps.frames_lost}
    said = f"{gaps.gaps} gaps of the stream in a day, {gaps.still_open} open for over a minute"
    if gaps.reasons:
        facts["reasons"] = dict(gaps.reasons)
    if late_s is None:
        said = f"no collector measures lag now, sensors decide at their intervals; {said}"
    else:
        facts["decided_p99_s"] = late_s
        said = f"99 of 100 changes are decided on within {late_s:.2f} s; {said}"
    in_time = late_s is None or late_s <= DECIDED_WITHIN_S
    return Finding(in_time and not gaps.still_open, said, warn=True, facts=facts)


def waiting_on_disk(held: Held | None, segments_budget_gib: float) -> Finding:
    """A warning when the spool is not empty, or raw segments are over their budget."""
    spool, segments = spool_depth(held), raw_segments(held, segments_budget_gib)
    said = f"{spool.description}; {segments.description}"
    return Finding(spool.passed and segments.passed, said, warn=True, facts={**spool.facts, **segments.facts})


def spool_depth(held: Held | None) -> Finding:
    """A warning while facts wait on disk: the database was away, or is slow."""
    depth = _number(held, "spool_depth")
    if not depth:
        return Finding(True, "no fact waits in the spool", facts={"spool_depth": 0})
    said = f"{depth:.0f} facts wait in the spool for the database; they are written in order when it answers"
    return Finding(False, said, warn=True, facts={"spool_depth": int(depth)})


def raw_segments(held: Held | None, budget_gib: float) -> Finding:
    """A warning when more raw segments wait for the archive than SEGMENTS_BUDGET_GB allows."""
    size_bytes = _number(held, "segments_bytes") or 0.0
    facts = {"segments_bytes": int(size_bytes), "budget_bytes": int(budget_gib * GIB)}
    said = f"{size_bytes / GIB:.2f} of {budget_gib:g} GiB of raw segments wait for the archive"
    if size_bytes > budget_gib * GIB:
        said += ": it does not take them; see the failures of code system.archive, or raise SEGMENTS_BUDGET_GB"
    return Finding(size_bytes <= budget_gib * GIB, said, warn=True, facts=facts)


def read_gaps(connection: sa.Connection, source: str, now: datetime) -> Gaps:
    """The gaps of a source's stream in the last day; `now` is the clock that dates them."""
    given = {"source": source, "since": now - timedelta(days=1), "before": now - OPEN_TOO_LONG}
    row = connection.execute(_GAPS, given).one()
    return Gaps(row.gaps, row.still_open, row.frames_lost, row.reasons or {})


def clocks(measured: Mapping[str, Measured], limits_s: Mapping[str, float]) -> Finding:
    """Fails when a clock surely differs by more than its limit: nothing is decided then."""
    lately = [measured[source] for source in sorted(limits_s) if source in measured and measured[source].fresh]
    if not lately:
        return Finding(True, "no source's clock was measured lately")
    said = "; ".join(f"{one.said()}, limit {limits_s[one.source]:g} s" for one in lately)
    wrong = any(one.surely_beyond(limits_s[one.source]) for one in lately)
    return Finding(not wrong, said, facts={f"{one.source}_offset_s": round(one.offset_s, 3) for one in lately})


def _number(held: Held | None, name: str) -> float | None:
    if held is None or not held.live or held.kind != Kind.COLLECTOR:
        return None
    value = held.details.get(name)
    return float(value) if isinstance(value, int | float) else None
