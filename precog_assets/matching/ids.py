"""The venue's own ids, which come first: teams by structured target, games by milestone.

What a target stands for is learnt from markets that were matched by code (`pipeline.links_learnt`). Ids never overrule
a known code: where both speak and differ, the market is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from precog_assets.domain.leagues import League, Outcome
from precog_assets.domain.tickers import TickerParts
from precog_assets.domain.times import eastern_day
from precog_assets.matching.games import GameCandidate, GameIndex
from precog_assets.matching.registry import AliasRegistry
from precog_assets.matching.results import DAY, SIDES, Match, Reason
from precog_assets.matching.trace import Trace

TIE = "TIE"
START_TOLERANCE = timedelta(hours=3)
MOVED_DAYS = 4
"""A milestone's start moves an event at most this far from its ticker's day."""


@dataclass(frozen=True, slots=True)
class VenueIds:
    """What the venue says of one event by id, as far as its ids are known here."""

    sides: Mapping[str, str] = field(default_factory=dict)
    """YES code -> team id that the market's structured target stands for."""
    home: str | None = None
    """Team id of the milestone's home side."""
    away: str | None = None
    start: datetime | None = None
    """The milestone's start, UTC."""

    @property
    def pair(self) -> frozenset[str]:
        """Team ids of the two sides; fewer where an id is not known."""
        if self.home and self.away:
            return frozenset((self.home, self.away))
        return frozenset(self.sides.values())


NOTHING = VenueIds()


def match_ids(
    parts: TickerParts, league: League, registry: AliasRegistry, games: GameIndex, ids: VenueIds, trace: Trace
) -> Match | None:
    """The one game that ids and day agree on; None where ids do not single one out and the ticker must.

    Raises Refused where ids and codes name different teams, or the game is not rated.
    """
    pair = ids.pair
    if len(pair) != 2:
        return None
    splits = registry.split(league.key, parts.teams, parts.eastern_date)
    told = {
        frozenset((one, other))
        for first, second in splits
        for one in registry.teams(league.key, first, parts.eastern_date)
        for other in registry.teams(league.key, second, parts.eastern_date)
    }
    names = " and ".join(registry.name(team) for team in sorted(pair))
    if told and pair not in told:
        trace.reach(SIDES)
        raise trace.refuse(Reason.AMBIGUOUS, f"the venue's ids name {names}, the codes {parts.teams} do not")
    slack = 1 if league.is_individual else 0
    of_pair = [game for game in games.of_pair(league.key, pair) if _near(game, ids.start)]
    found = [game for game in of_pair if _days_off(game, parts) <= slack]
    if not found and ids.home and ids.away and ids.start:
        # Moved before it was first seen here: the venue says where it went.
        found = [game for game in of_pair if game.start_time_valid and _days_off(game, parts) <= MOVED_DAYS]
    if len(found) != 1 or found[0].is_off:
        trace.say(f"the venue's ids name {names}: {len(found)} games of theirs fit day and start, the ticker decides")
        return None
    game = found[0]
    trace.reach(DAY)
    trace.say(f"the venue's ids name {names}: {game.in_words()}")
    if game.is_exhibition:
        detail = f"{game.in_words()} is a {game.game_kind} game and is not rated"
        raise trace.refuse(Reason.EXHIBITION, detail, (game.game_id,))
    outcome = _outcome(parts, league, registry, ids, game, trace)
    if outcome is None and parts.yes_code is not None:
        return None
    evidence: dict[str, str | int | bool] = {
        "ids": "milestone" if ids.home and ids.away else "structured targets",
        "codes_agree": bool(told),
        "eastern_day": parts.eastern_date.isoformat(),
        "game_start": game.start_time.isoformat(),
        "phase": game.phase,
        "moved": game.day != parts.eastern_date,
    }
    if ids.start is not None:
        evidence["start_differs_minutes"] = round((game.start_time - ids.start).total_seconds() / 60)
    if ids.home and game.home_team_id != ids.home:
        evidence["venue_home_differs"] = True
    trace.say(f"matched {game.in_words()}" + (f"; YES is {outcome}" if outcome else ""))
    score = 1.0 if abs((game.day - parts.eastern_date).days) <= slack else 0.9
    return Match(game.game_id, outcome, "venue_ids", evidence, score, trace.steps)


def _days_off(game: GameCandidate, parts: TickerParts) -> int:
    return min(abs((day - parts.eastern_date).days) for day in game.days)


def _near(game: GameCandidate, start: datetime | None) -> bool:
    if start is None:
        return True
    if game.start_time_valid:
        return abs(game.start_time - start) <= START_TOLERANCE
    return game.day == eastern_day(start)


def _outcome(
    parts: TickerParts, league: League, registry: AliasRegistry, ids: VenueIds, game: GameCandidate, trace: Trace
) -> Outcome | None:
    """What YES pays on, by the market's own target and, where it is known, by its code; None where neither tells."""
    code = parts.yes_code
    if code is None:
        return None
    if code == TIE:
        if league.has_draw:
            return Outcome.DRAW
        raise trace.refuse(Reason.WRONG_MARKET_TYPE, f"{TIE} in {league.key}, whose games have no draw")
    by_code = registry.teams(league.key, code, parts.eastern_date) & game.teams
    target = ids.sides.get(code)
    if target is not None and ((by_code and target not in by_code) or target not in game.teams):
        detail = f"the YES code {code} and its target, {registry.name(target)}, name different sides"
        raise trace.refuse(Reason.AMBIGUOUS, detail, (game.game_id,))
    team = target or (next(iter(by_code)) if len(by_code) == 1 else None)
    if team is None:
        return None
    return Outcome.HOME if team == game.home_team_id else Outcome.AWAY
