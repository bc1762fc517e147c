"""What follows from new facts: links when markets or games appear, ratings when results do.

Belongs here: telling whether anything is new, and calling the steps. Does not: Dagster.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.automation.ticks import BUDGET_S
from precog_assets.pipeline.feeds import in_database, only_one
from precog_assets.pipeline.link import link_markets
from precog_assets.pipeline.rate import rate_league
from precog_assets.pipeline.report import StepReport
from precog_assets.ratings.versions import model_version

if TYPE_CHECKING:
    from precog_assets.services import Services

_MARKETS = sa.text(
    "SELECT count(*), coalesce(bit_xor(hashtextextended(market_id || status, 0)), 0) FROM market.markets "
    "WHERE status <> 'finalized'"
)
_GAMES = sa.text(
    "SELECT count(*), coalesce(bit_xor(hashtextextended(concat_ws('|', game_id, start_time, home_team_id, "
    "away_team_id), 0)), 0) FROM core.games WHERE start_time > :since"
)
_RESULTS = sa.text("SELECT league, count(*), max(last_changed_at) FROM core.games WHERE completed GROUP BY league")
AROUND = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Derived:
    """Fingerprints of the facts that links and ratings were last made from: the sensor's cursor."""

    links: str = ""
    ratings: Mapping[str, str] = field(default_factory=dict)
    links_version: str = ""
    """Data version of the links: the tick that last changed one."""

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Derived:
        """What a cursor holds; nothing when it was reset, which makes everything anew, with the same rows."""
        if not cursor:
            return cls()
        read = json.loads(cursor)
        return cls(read.get("links", ""), read.get("ratings", {}), read.get("links_version", ""))

    def to_cursor(self) -> str:
        told = {"links": self.links, "ratings": dict(self.ratings), "links_version": self.links_version}
        return json.dumps(told, sort_keys=True)


@dataclass(frozen=True, slots=True)
class DeriveTick:
    """What a tick made: the reports, by `links` or league, and the next cursor."""

    sentence: str
    state: Derived
    links: StepReport | None = None
    ratings: Mapping[str, StepReport] = field(default_factory=dict)


def facts_now(services: Services) -> Derived:
    """The fingerprints of what is stored now. Raises PrecogError(system.database)."""
    with in_database(services.engine) as connection:
        markets = tuple(connection.execute(_MARKETS).one())
        games = tuple(connection.execute(_GAMES, {"since": services.clock.now() - AROUND}).one())
        results = {row[0]: _said(row[1], row[2]) for row in connection.execute(_RESULTS)}
    versions = {league.key: model_version(league) for league in services.leagues}
    return Derived(
        f"{markets}{games}",
        {key: f"{results[key]} {version}" for key, version in versions.items() if key in results},
    )


def _said(count: int, changed_at: datetime) -> str:
    return f"{count} {changed_at.isoformat()}"


def leagues_to_rate(before: Derived, now: Derived) -> list[str]:
    """The leagues whose results, or parameters, differ from what was last rated."""
    return [league for league, facts in now.ratings.items() if before.ratings.get(league) != facts]


def derive_tick(
    services: Services, before: Derived, correlation_id: str, *, monotonic: Callable[[], float] = time.monotonic
) -> DeriveTick:
    """Link if markets or games are new, rate the leagues with new results, within the tick's budget.

    A league that the budget left out keeps its old fingerprint, so the next tick takes it up.
    """
    now = facts_now(services)
    to_rate = leagues_to_rate(before, now)
    to_link = now.links != before.links
    if not to_link and not to_rate:
        return DeriveTick("links and ratings: nothing new", before)
    began = monotonic()
    with only_one(services.engine, "links and ratings") as mine:
        if not mine:
            return DeriveTick("links and ratings: another process works", before)
        linked = link_markets(services, correlation_id=correlation_id) if to_link else None
        rated: dict[str, StepReport] = {}
        by_key = {league.key: league for league in services.leagues}
        for key in to_rate:
            if rated and monotonic() - began > BUDGET_S:
                break
            rated[key] = rate_league(services, by_key[key], correlation_id=correlation_id)
    said = [linked.sentence()] if linked else []
    said += [report.sentence() for report in rated.values()]
    if left := len(to_rate) - len(rated):
        said.append(f"{left} leagues left to the next tick")
    ratings = {**before.ratings, **{key: now.ratings[key] for key in rated}}
    changed = linked is not None and (linked.written or not before.links_version)
    version = correlation_id if changed else before.links_version
    return DeriveTick("; ".join(said), Derived(now.links, ratings, version), linked, rated)
