"""What matching is given from the database: games around the tickers' days, codes, the venue's ids.

Belongs here: reading. Does not: deciding and writing (`link.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from precog_assets.domain.facts import GameKind
from precog_assets.domain.tickers import TickerParts, TickerRefusal
from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.matching.games import GameCandidate, GameIndex
from precog_assets.matching.ids import TIE, VenueIds
from precog_assets.matching.registry import AliasRegistry
from precog_assets.seeds import CodeSeed, kalshi_guests, team_seeds

DAYS_AROUND = 4
"""Games this many days around a ticker's day are candidates: moved games, and hints for refusals."""
_GAMES = sa.text(
    """
    SELECT g.game_id, g.league, g.season, g.game_kind, g.start_time, g.start_time_valid, g.home_team_id,
           g.away_team_id, g.phase, h.display_name AS home_name, a.display_name AS away_name,
           coalesce(g.attributes->>'tourney', g.headline, '') AS tournament,
           (SELECT array_agg(DISTINCT s.start_time) FROM core.game_states s
            WHERE s.game_id = g.game_id AND s.start_time <> g.start_time) AS earlier_starts
    FROM core.games g
    LEFT JOIN core.teams h ON h.team_id = g.home_team_id LEFT JOIN core.teams a ON a.team_id = g.away_team_id
    WHERE g.league = ANY(:leagues) AND (
        (g.start_time >= :first AND g.start_time < :last)
        OR EXISTS (SELECT 1 FROM core.game_states s WHERE s.game_id = g.game_id
                   AND s.start_time >= :first AND s.start_time < :last AND s.start_time <> g.start_time))
    """
)


def venue_ids(
    league: str,
    strikes: Mapping[str, Mapping[str, Any] | None],
    milestone: Any | None,
    targets: Mapping[tuple[str, str], str],
) -> VenueIds:
    """What the venue's ids say of an event. `strikes`: YES code -> strike of its market; `milestone`: a row with
    start_time, home_target, away_target."""
    sides = {
        code: team
        for code, strike in strikes.items()
        if code != TIE and (team := targets.get((league, target_of(strike) or "")))
    }
    if milestone is None:
        return VenueIds(sides)
    home, away = (targets.get((league, one or "")) for one in (milestone.home_target, milestone.away_target))
    return VenueIds(sides, home, away, milestone.start_time)


def target_of(strike: Mapping[str, Any] | None) -> str | None:
    """The structured target of a market's strike, where it names exactly one."""
    texts = [value for value in (strike or {}).values() if isinstance(value, str) and value]
    return texts[0] if len(texts) == 1 else None


def read_registry(connection: sa.Connection) -> AliasRegistry:
    """The codes in force, from core.team_aliases."""
    rows = connection.execute(
        sa.text("SELECT source, league, code, team_id, valid_from, valid_to FROM core.team_aliases")
    )
    codes = [CodeSeed(*row) for row in rows]
    return AliasRegistry(codes, guests=kalshi_guests(), teams=team_seeds())


def read_games(connection: sa.Connection, parsed: Iterable[TickerParts | TickerRefusal]) -> GameIndex:
    """The games around the days that these tickers name."""
    days: dict[str, set[date]] = defaultdict(set)
    for parts in parsed:
        if isinstance(parts, TickerParts):
            days[parts.league].add(parts.eastern_date)
    candidates: list[GameCandidate] = []
    for league, wanted in days.items():
        for first, last in _spans(sorted(wanted)):
            rows = connection.execute(_GAMES, {"leagues": [league], "first": first, "last": last})
            candidates.extend(_candidate(row) for row in rows)
    return GameIndex({candidate.game_id: candidate for candidate in candidates}.values())


def _spans(days: Sequence[date]) -> list[tuple[datetime, datetime]]:
    """Stretches of time around the days, joined where they touch."""
    spans: list[tuple[datetime, datetime]] = []
    for day in days:
        first = eastern_day_bounds(day - timedelta(days=DAYS_AROUND))[0]
        last = eastern_day_bounds(day + timedelta(days=DAYS_AROUND))[1]
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _candidate(row: Any) -> GameCandidate:
    day = eastern_day(row.start_time)
    earlier = sorted({eastern_day(start) for start in row.earlier_starts or ()} - {day})
    return GameCandidate(
        game_id=row.game_id,
        league=row.league,
        start_time=row.start_time,
        start_time_valid=row.start_time_valid,
        home_team_id=row.home_team_id,
        away_team_id=row.away_team_id,
        game_kind=GameKind(row.game_kind),
        phase=row.phase,
        home_name=row.home_name or "",
        away_name=row.away_name or "",
        season=row.season,
        tournament=row.tournament,
        original_days=tuple(earlier),
    )
