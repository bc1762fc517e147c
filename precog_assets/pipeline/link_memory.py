"""What this process last decided from what, so that a league of which nothing changed costs a query, not a pass.

Belongs here: comparing fingerprints of what matching reads. Does not: reading it (`link_reading`), deciding (`link`).
A process that begins knows nothing and decides everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from precog_assets.matching.registry import AliasRegistry
from precog_assets.pipeline.link_reading import (
    Span,
    code_prints,
    events_to_decide,
    game_prints,
    market_prints,
    read_registry,
)
from precog_assets.store.links import read_targets


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes and structured targets in force, with the fingerprint of each league's."""

    prints: Mapping[str, str]
    registry: AliasRegistry
    targets: Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Pass:
    """A league as a pass found it, and what it decided."""

    markets: str
    codes: str
    games: str = ""
    span: Span | None = None
    """The stretch of time whose games `games` is of; the same as long as the markets are."""
    verdicts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class News:
    """What a pass has to decide."""

    codes: Codes
    events: Sequence[str]
    """Those with markets to decide, of all leagues."""
    changed: Mapping[str, Pass]
    """Leagues to decide ('' for markets of none), as they are now; games and verdicts are not known yet."""
    spared: Mapping[str, Pass]
    """Leagues that are as they were."""


@dataclass(slots=True)
class Memory:
    """Of one database."""

    leagues: Mapping[str, Pass] = field(default_factory=dict)
    known: Codes | None = None

    def codes(self, connection: sa.Connection) -> Codes:
        """The codes in force; read again only where one changed."""
        prints = code_prints(connection)
        if self.known is None or self.known.prints != prints:
            self.known = Codes(prints, read_registry(connection), read_targets(connection))
        return self.known

    def news(self, connection: sa.Connection, now: datetime) -> News:
        """Which leagues have markets to decide, and what stands of the others."""
        codes, events = self.codes(connection), events_to_decide(connection, now)
        found = {
            league: (Pass(one.print, codes.prints.get(league, "")), one.undecided)
            for league, one in market_prints(connection, events).items()
        }
        alike: dict[str, Pass] = {}
        for league, (one, undecided) in found.items():
            before = self.leagues.get(league)
            if before and not undecided and (before.markets, before.codes) == (one.markets, one.codes):
                alike[league] = before
        games = game_prints(connection, {league: one.span for league, one in alike.items() if one.span})
        spared = {league: one for league, one in alike.items() if games.get(league, "") == one.games}
        return News(codes, events, {league: one for league, (one, _) in found.items() if league not in spared}, spared)

    def keep(self, news: News, decided: Mapping[str, Pass]) -> None:
        """Remember what was decided; to be called once the pass is committed."""
        self.leagues = {**news.spared, **decided}


_memories: dict[str, Memory] = {}


def memory_of(engine: sa.Engine) -> Memory:
    """This process's memory of the engine's database."""
    return _memories.setdefault(str(engine.url), Memory())
