"""Checks of the live path: who feeds, how late it is, what waits on disk, gaps of streams, clocks.

Belongs here: reading leases, gaps and clocks, and when they are wrong. Does not: who feeds what (`pipeline.roles`), the
collector's folders (`pipeline.live.on_disk`).
Ages of heartbeats are by the database's clock; a collector that stopped is a warning: the sensors have taken over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import sqlalchemy as sa

from precog_assets.assets.games import RAW_GAMES
from precog_assets.assets.markets import RAW_MARKETS
from precog_assets.checks.findings import Finding, told
from precog_assets.resources import PrecogServices
from precog_assets.store.clocks import Measured, read_clocks
from precog_assets.store.leases import EXPIRY_S, Held, Kind, read_leases

if TYPE_CHECKING:
    from precog_assets.pipeline.live.on_disk import OnDisk

DECIDED_WITHIN_S = 2.0
GIB = 1024**3
OPEN_TOO_LONG = timedelta(minutes=1)
_OVERLOAD = ("venue_lag_p50_s", "venue_lag_p99_s", "markets_not_followed", "quotes_coalesced", "quotes_shed")
"""What a collector tells beside its lag, shown with it."""
_NOBODY = "no collector is there to move them: start `precog collect`"
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
            description="No fact waits in the spool for the database, or was damaged there; raw segments reach the "
            "archive",
        ),
        dg.AssetCheckSpec("clocks", asset=RAW_MARKETS, description="Our clock agrees with those of all sources"),
    ],
)
def live_markets_checks(services: PrecogServices) -> Iterator[dg.AssetCheckResult]:
    """Who reads the markets, how late, what waits; and the clocks, by which every fact is dated."""
    from precog_assets.pipeline.clocks import clock_limits_s
    from precog_assets.pipeline.feeds import in_database
    from precog_assets.pipeline.live.on_disk import folders_of, look

    opened = services.get()
    found, budget_gib = look(folders_of(opened.environment)), opened.environment.settings.segments_budget_gb
    with in_database(opened.engine) as connection:
        held, clocks_read = read_leases(connection).get("kalshi"), read_clocks(connection)
        gaps_read = read_gaps(connection, "kalshi", opened.clock.now())
    yield told(RAW_MARKETS, "heartbeat", heartbeat("kalshi", held))
    yield told(RAW_MARKETS, "lag", lag(held, gaps_read))
    yield told(RAW_MARKETS, "waiting_on_disk", waiting_on_disk(held, budget_gib, found))
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
    facts |= {name: value for name in _OVERLOAD if (value := _number(held, name)) is not None}
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


def waiting_on_disk(held: Held | None, segments_budget_gib: float, found: OnDisk | None = None) -> Finding:
    """Fails when facts in the spool were damaged; a warning when any wait, or raw segments that nobody will move.

    `found` is what lies in this home. With a collector what it tells counts too, for it may run in another home;
    without one its last word counts only where this home has never had one.
    """
    damage = spool_damage(held)
    parts = spool_depth(held, found), damage, raw_segments(held, segments_budget_gib, found)
    said = "; ".join(part.description for part in parts)
    facts = {name: value for part in parts for name, value in part.facts.items()}
    return Finding(all(part.passed for part in parts), said, warn=damage.passed, facts=facts)


def spool_depth(held: Held | None, found: OnDisk | None = None) -> Finding:
    """A warning while facts wait on disk: the database was away or is slow, or the collector that had them is gone."""
    depth = _waits(held, "spool_depth", None if found is None else found.spool_depth)
    if not depth:
        return Finding(True, "no fact waits in the spool", facts={"spool_depth": 0})
    then = "they are written in order when it answers" if _collects(held) else _NOBODY
    said = f"{depth} facts wait in the spool for the database; {then}"
    return Finding(False, said, warn=True, facts={"spool_depth": depth})


def spool_damage(held: Held | None) -> Finding:
    """Fails when a collector found damage in its spool: what was in it is missing from the tables."""
    damaged, unreadable = (int(_told(held, name) or 0) for name in ("spool_damaged_bytes", "spool_unreadable"))
    facts = {"spool_damaged_bytes": damaged, "spool_unreadable": unreadable}
    if not damaged and not unreadable:
        return Finding(True, "none in it was damaged", facts=facts)
    said = (
        f"{damaged} bytes of the spool were damaged and {unreadable} facts in it could not be read: they are missing "
        "from the tables, their frames are kept raw; see the collector's log of its start"
    )
    return Finding(False, said, facts=facts)


def raw_segments(held: Held | None, budget_gib: float, found: OnDisk | None = None) -> Finding:
    """A warning when more raw segments wait for the archive than SEGMENTS_BUDGET_GB allows, or any without a
    collector that will move them."""
    size_bytes = _waits(held, "segments_bytes", None if found is None else found.segments_bytes)
    facts = {"segments_bytes": size_bytes, "budget_bytes": int(budget_gib * GIB)}
    said = f"{size_bytes / GIB:.2f} of {budget_gib:g} GiB of raw segments wait for the archive"
    over, left = size_bytes > budget_gib * GIB, size_bytes > 0 and not _collects(held)
    if left:
        said += f", and {_NOBODY}"
    elif over:
        said += ": it does not take them; see the failures of code system.archive, or raise SEGMENTS_BUDGET_GB"
    return Finding(not over and not left, said, warn=True, facts=facts)


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


def _waits(held: Held | None, name: str, found: int | None) -> int:
    """How much waits, by what lies in this home and by what a collector told."""
    told = int(_told(held, name) or 0)
    if found is None:
        return told
    return max(found, told) if _collects(held) else found


def _collects(held: Held | None) -> bool:
    return held is not None and held.live and held.kind == Kind.COLLECTOR


def _number(held: Held | None, name: str) -> float | None:
    """What a collector that is there tells of itself."""
    return _told(held, name) if _collects(held) else None


def _told(held: Held | None, name: str) -> float | None:
    """What a collector told of itself last, whether it is there or not."""
    if held is None or held.kind != Kind.COLLECTOR:
        return None
    value = held.details.get(name)
    return float(value) if isinstance(value, int | float) else None
