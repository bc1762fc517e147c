"""What follows from new facts: links when markets or games appear, ratings and forecasts when results or fixtures do.

Belongs here: telling whether anything is new, and calling the steps. Does not: Dagster.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from precog_assets.automation.replays import LeagueFacts, facts_of_leagues, waiting
from precog_assets.automation.ticks import BUDGET_S
from precog_assets.pipeline.feeds import in_database, only_one
from precog_assets.pipeline.link import link_markets
from precog_assets.pipeline.rate import rate_league
from precog_assets.pipeline.report import StepReport

if TYPE_CHECKING:
    from precog_assets.services import Services

_MARKETS = sa.text(
    "SELECT count(*), coalesce(bit_xor(hashtextextended(market_id || status, 0)), 0) FROM market.markets "
    "WHERE status <> 'finalized'"
)
_GAMES = sa.text(
    "SELECT count(*), coalesce(bit_xor(hashtextextended(concat_ws('|', game_id, start_time, home_team_id, "
    "away_team_id, phase), 0)), 0) FROM core.games WHERE start_time > :since"
)
_NAMES = sa.text(
    "SELECT (SELECT count(*) FROM core.team_aliases), (SELECT max(accepted_at) FROM core.team_aliases), "
    "(SELECT coalesce(bit_xor(hashtextextended(concat_ws('|', event_ticker, start_time, status), 0)), 0) "
    "FROM market.milestones)"
)
AROUND = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Derived:
    """Fingerprints of the facts that links, ratings and forecasts were last made from: the sensor's cursor."""

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


def links_now(connection: sa.Connection, services: Services) -> str:
    """The fingerprint of the markets, games, codes and milestones that links are made from."""
    markets = tuple(connection.execute(_MARKETS).one())
    games = tuple(connection.execute(_GAMES, {"since": services.clock.now() - AROUND}).one())
    names = tuple(connection.execute(_NAMES).one())
    return f"{markets}{games}{names}"


def leagues_to_rate(before: Mapping[str, str], now: Mapping[str, LeagueFacts]) -> list[str]:
    """The leagues whose results, fixtures, day or parameters differ from what was last rated; shortest replay first."""
    changed = [league for league, facts in now.items() if before.get(league) != facts.fingerprint]
    return sorted(changed, key=lambda league: now[league].games)


def derive_tick(
    services: Services, before: Derived, correlation_id: str, *, monotonic: Callable[[], float] = time.monotonic
) -> DeriveTick:
    """Link if markets or games are new, rate and forecast the leagues with new results or fixtures, in budget.

    A league that the budget left out keeps its old fingerprint, so the next tick takes it up. So does one whose whole
    history would have to be replayed: `catch_up` asks for the job `rerate`, after which a tick can go on.
    Raises PrecogError(system.database).
    """
    with in_database(services.engine) as connection:
        links = links_now(connection, services)
        facts = facts_of_leagues(connection, services.leagues, services.clock.now(), known=before.ratings)
        changed = leagues_to_rate(before.ratings, facts)
        left = waiting(connection, services.leagues, {key: facts[key] for key in changed})
    to_rate = [key for key in changed if key not in left]
    to_link = links != before.links
    too_long = [f"{key} left to the job rerate: a full replay of {games:,} games" for key, games in left.items()]
    if not to_link and not to_rate:
        return DeriveTick("; ".join(too_long) or "links and ratings: nothing new", before)
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
    said += [rated_sentence(report) for report in rated.values()]
    if rest := len(to_rate) - len(rated):
        said.append(f"{rest} leagues left to the next tick")
    ratings = {**before.ratings, **{key: facts[key].fingerprint for key in rated}}
    new_links = linked is not None and (linked.written or not before.links_version)
    version = correlation_id if new_links else before.links_version
    return DeriveTick("; ".join([*said, *too_long]), Derived(links, ratings, version), linked, rated)


def rated_sentence(report: StepReport) -> str:
    """E.g. `ratings nfl: 1 in, 2 changed, 12 ms, 3 of 30 forecasts changed`."""
    notes = report.notes
    return f"{report.sentence()}, {notes['forecasts_changed']} of {notes['forecasts']} forecasts changed"
