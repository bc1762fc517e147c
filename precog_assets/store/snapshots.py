"""Snapshots: everything a decision reads, as it was known at an instant; made for many, and made again for one.

Belongs here: putting facts, prices and exposure together, and the snapshot as JSON in a decision. Does not: reading
facts (`known.py`) and exposure (`exposure.py`), deciding (`trading`).

Made twice for an instant a snapshot is the same, with one reserve: of a fact that stays as it is only the last
confirmation is remembered, so that its age at an earlier instant is forgotten, and of a link only the last verdict. A
decision keeps what it saw, and a replay that names it gets that back wherever the stored facts allow it; what our clock
was is kept in decisions alone. So it is with facts that were observed in the last seconds before the instant and
written after it: the decision cannot have read them, and what was known without them is the same again, or it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa

from precog_assets.config import load_leagues
from precog_assets.domain.strategies import Strategy
from precog_assets.domain.trading import GameFacts, LinkFacts, QuoteFacts, Rung, SkillFacts, Snapshot
from precog_assets.ratings.versions import model_version
from precog_assets.store.exposure import Exposure, read_standing
from precog_assets.store.known import Known, read_known
from precog_assets.store.known_sql import Basis

PAPER = "paper"
"""The account that decisions count on."""
IN_FLIGHT = timedelta(seconds=5)
"""From the observation of a fact until it is written, at most: an answer is observed before it is parsed."""
MOST_TRIED = 4
TICK = timedelta(microseconds=1)


def versions_of(strategies: Iterable[Strategy]) -> dict[str, list[str]]:
    """The model versions that the strategies read in each of their leagues."""
    leagues, found = load_leagues(), dict[str, list[str]]()
    for strategy in strategies:
        for key in strategy.leagues:
            version = version_of(key, strategy.model)
            if key in leagues and version not in found.setdefault(key, []):
                found[key].append(version)
    return found


@cache
def version_of(league: str, model: str) -> str:
    """The version in force of a league's model."""
    return model_version(load_leagues()[league], model)


def snapshot_of(known: Known, exposure: Exposure, market_id: str, strategy: Strategy, as_of: datetime) -> Snapshot:
    """What `strategy` reads of a market of `known`. Raises KeyError for one that was not known."""
    market, link = known.markets[market_id], known.links[market_id]
    game = known.games.get(link.game_id or "")
    league = game.league if game is not None else market.league
    version = version_of(league, strategy.model) if league in strategy.leagues else None
    skill = known.skills.get((strategy.name, league or "")) or SkillFacts(rung=Rung(strategy.start_rung))
    return Snapshot(
        as_of=as_of,
        market=market,
        link=link,
        game=game,
        quote=known.quotes.get(market_id),
        forecast=None if version is None else known.forecast(market_id, version),
        price=known.price(market_id, version or ""),
        skill=skill,
        exposure=exposure.facts(market_id),
        kill_switch=known.kill_switch,
        play=known.play(market_id, version or ""),
        clock=known.clock,
        venue_away=known.venue_away,
    )


def read_for(
    connection: sa.Connection,
    market_ids: Iterable[str],
    strategies: Iterable[Strategy],
    at: datetime,
    *,
    venue: str = PAPER,
    basis: Basis = "observed",
    links: Mapping[str, LinkFacts] | None = None,
    facts_until: datetime | None = None,
) -> tuple[Known, Exposure]:
    """Facts and exposure at `at` for snapshots of these markets under these strategies: a dozen statements in all.

    `links`: taken instead of what is stored of these markets; `facts_until`: facts as they were known earlier.
    """
    standing = read_standing(connection, venue, at)
    wanted, versions = {*market_ids, *standing.market_ids}, versions_of(strategies)
    known = read_known(connection, wanted, facts_until or at, versions=versions, basis=basis, links=links)
    return known, Exposure(standing, known)


def snapshot_at(
    connection: sa.Connection,
    market_id: str,
    strategy: Strategy,
    as_of: datetime,
    *,
    venue: str = PAPER,
    basis: Basis = "observed",
    recorded: Snapshot | None = None,
) -> Snapshot | None:
    """The snapshot of one market from stored facts, as it was known at `as_of`; None where it was not known.

    `basis`: `observed` for a replay, `known` for a backtest (`known_sql`). `recorded`: what the decision says it
    read; its confirmations, and its link where that changed since, are taken where the facts that stand allow them.
    """
    known, exposure = read_for(connection, [market_id], [strategy], as_of, venue=venue, basis=basis)
    if market_id not in known.markets:
        return None
    if recorded is None:
        return snapshot_of(known, exposure, market_id, strategy, as_of)
    links = {market_id: recorded.link} if market_id in known.links_changed_later else None
    if links is not None:
        known, exposure = read_for(connection, [market_id], [strategy], as_of, venue=venue, basis=basis, links=links)
    rebuilt = _confirmed(snapshot_of(known, exposure, market_id, strategy, as_of), known, recorded)
    for instant in _written_late(known, as_of) if rebuilt != recorded else ():
        until = instant - TICK
        known, exposure = read_for(
            connection, [market_id], [strategy], as_of, venue=venue, basis=basis, links=links, facts_until=until
        )
        if market_id in known.markets:
            tried = _confirmed(snapshot_of(known, exposure, market_id, strategy, as_of), known, recorded)
            if tried == recorded:
                return tried
    return rebuilt


def _written_late(known: Known, as_of: datetime) -> list[datetime]:
    """When the last facts before `as_of` were observed, latest first, of those that may have been written after it."""
    observed = {quote.observed_at for quote in known.quotes.values()} | set(known.state_observed_at.values())
    return sorted((one for one in observed if as_of - IN_FLIGHT < one <= as_of), reverse=True)[:MOST_TRIED]


def _confirmed(snapshot: Snapshot, known: Known, recorded: Snapshot) -> Snapshot:
    return replace(
        snapshot,
        quote=_quote_confirmed(snapshot.quote, recorded.quote),
        game=_game_confirmed(known, snapshot.game, recorded.game),
        clock=recorded.clock,
        venue_away=recorded.venue_away,
    )


def _quote_confirmed(stored: QuoteFacts | None, recorded: QuoteFacts | None) -> QuoteFacts | None:
    if stored is None or recorded is None or stored.observed_at != recorded.observed_at:
        return stored
    allowed = stored.observed_at <= recorded.confirmed_at <= stored.confirmed_at
    return replace(stored, confirmed_at=recorded.confirmed_at) if allowed else stored


def _game_confirmed(known: Known, stored: GameFacts | None, recorded: GameFacts | None) -> GameFacts | None:
    if stored is None or recorded is None or stored.game_id != recorded.game_id:
        return stored
    allowed = known.state_observed_at[stored.game_id] <= recorded.observed_at <= stored.observed_at
    return replace(stored, observed_at=recorded.observed_at) if allowed else stored


def to_json(snapshot: Snapshot) -> str:
    """The snapshot as JSON text: prices and counts as strings, instants in ISO 8601."""
    return orjson.dumps(snapshot, default=str).decode()


def from_json(text: str | bytes | dict[str, Any]) -> Snapshot:
    """The snapshot that `to_json` made a text of. Raises pydantic.ValidationError for anything else."""
    return _adapter().validate_json(orjson.dumps(text) if isinstance(text, dict) else text)


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Snapshot)
