"""Candidates and short ways to match, for the matching tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from precog_assets.config import league_of_series, load_leagues
from precog_assets.domain.facts import GameKind
from precog_assets.domain.statuses import GamePhase
from precog_assets.domain.tickers import parse_ticker
from precog_assets.domain.times import EASTERN
from precog_assets.matching.games import GameCandidate, GameIndex
from precog_assets.matching.ids import NOTHING, VenueIds
from precog_assets.matching.match import match_market
from precog_assets.matching.registry import packaged_registry
from precog_assets.matching.results import Match, Refusal
from precog_assets.seeds import team_seeds

REGISTRY = packaged_registry()
TEAMS = {(team.league, team.abbreviation): team for team in team_seeds() if team.current}


def at(text: str) -> datetime:
    """An Eastern wall clock time such as `2026-01-18 15:00` as an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=EASTERN).astimezone(UTC)


def fixture(
    league: str,
    away: str,
    home: str,
    start: str,
    *,
    key: str = "",
    kind: GameKind = GameKind.REGULAR,
    phase: GamePhase = GamePhase.SCHEDULED,
    valid: bool = True,
    original_days: Sequence[date] = (),
) -> GameCandidate:
    """A game of two seeded teams by their ESPN abbreviations, at an Eastern time."""
    home_team, away_team = TEAMS[league, home], TEAMS[league, away]
    return GameCandidate(
        game_id=key or f"{league}:{away}{home}-{start[:10]}",
        league=league,
        start_time=at(start),
        start_time_valid=valid,
        home_team_id=home_team.team_id,
        away_team_id=away_team.team_id,
        game_kind=kind,
        phase=phase,
        home_name=home_team.display_name,
        away_name=away_team.display_name,
        original_days=tuple(original_days),
    )


def meeting(league: str, home: str, away: str, start: str, *, key: str = "", tournament: str = "") -> GameCandidate:
    """A tennis match of two players by name."""
    return GameCandidate(
        game_id=key or f"{league}:{home}-{away}-{start[:10]}",
        league=league,
        start_time=at(start),
        start_time_valid=True,
        home_team_id=f"{league}:{home}",
        away_team_id=f"{league}:{away}",
        game_kind=GameKind.REGULAR,
        phase=GamePhase.SCHEDULED,
        home_name=home,
        away_name=away,
        tournament=tournament,
    )


def named(league: str, *, away: str = "", home: str = "", start: str | None = None, **sides: str) -> VenueIds:
    """What the venue's ids say: a milestone's sides and start, and YES code -> side by structured target."""

    def team(abbreviation: str) -> str:
        return TEAMS[league, abbreviation].team_id

    return VenueIds(
        {code: team(side) for code, side in sides.items()},
        team(home) if home else None,
        team(away) if away else None,
        at(start) if start else None,
    )


def match(
    ticker: str,
    *games: GameCandidate,
    event_codes: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    ids: VenueIds = NOTHING,
    text: str = "",
) -> Match | Refusal:
    return match_market(
        parse_ticker(ticker, league_of_series()),
        GameIndex(games),
        REGISTRY,
        load_leagues(),
        event_codes=event_codes,
        names=names,
        ids=ids,
        text=text,
    )


def matched(ticker: str, *games: GameCandidate, **more: Any) -> Match:
    result = match(ticker, *games, **more)
    assert isinstance(result, Match), result
    return result


def refused(ticker: str, *games: GameCandidate, **more: Any) -> Refusal:
    result = match(ticker, *games, **more)
    assert isinstance(result, Refusal), result
    return result
