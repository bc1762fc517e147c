"""Team games: one event of a board, a team schedule or a summary header, as one `GameSeen`.

Home and away come from `homeAway`, never from the order in the array. Not here: tennis, where an event
is a tournament (`tennis`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from precog_assets.domain.facts import GameSeen
from precog_assets.domain.leagues import Sport
from precog_assets.domain.statuses import GamePhase
from precog_assets.sources.espn.fields import Unreadable, flag, identifier, instant, items, mapping, shown, text, whole
from precog_assets.sources.espn.kinds import (
    can_tie,
    game_kind,
    makeup_of_date,
    note_headlines,
    read_season,
    read_week,
)
from precog_assets.sources.espn.payloads import BOARD_SHAPE, TEAM, Shape
from precog_assets.sources.espn.reading import Reading
from precog_assets.sources.espn.situation import read_situation
from precog_assets.sources.espn.status import SCORED, read_linescores, read_scores, read_status, winner_of
from precog_assets.sources.espn.teams import team_of


def add_game(raw: Any, place: str, reading: Reading[GameSeen], shape: Shape = BOARD_SHAPE) -> None:
    """Read one event into the reading: a row or a rejection."""
    reading.add(
        shape.event.payload_type, place, raw, lambda event: read_game(event, reading, shape), key_of=lambda g: g.game_id
    )


def read_game(event: Mapping[str, Any], reading: Reading[GameSeen], shape: Shape) -> GameSeen:
    """One team game. Raises Unreadable with the reason for which nothing can be said about it."""
    league, tally = reading.league, reading.tally
    tally.observe(shape.event, event)
    event_id = identifier(event)
    competition = _competition(event, event_id)
    tally.observe(shape.competition, competition)
    start = read_start(competition, event)
    own_status = competition.get("status")
    status = read_status(event.get("status") if own_status is None else own_status, league.sport, tally)
    home, away = _sides(competition, reading, shape)
    home_team, away_team = _team(home, reading), _team(away, reading)
    home_id, away_id = _seen(home_team, reading), _seen(away_team, reading)
    if home_id is not None and home_id == away_id:
        raise Unreadable("bad_competitors", f"{home_id} on both sides")
    scores = read_scores(home, away, status.phase)
    season = read_season(event, league, start, reading.board_season)
    week = read_week(event, league)
    headlines = note_headlines(competition)
    headline = headlines[0] if headlines else text(event.get("gameNote"))
    kind = game_kind(season, league, competition, (home_team, away_team), week=week, note=headline)
    final = status.phase is GamePhase.FINAL
    scored = status.phase in SCORED
    return GameSeen(
        game_id=f"{league.key}:{event_id}",
        league=league.key,
        espn_event_id=event_id,
        season=season.year,
        season_type=season.type,
        game_kind=kind,
        start_time=start,
        start_time_valid=competition.get("timeValid", event.get("timeValid")) is not False,
        home_team_id=home_id,
        away_team_id=away_id,
        neutral_site=flag(competition.get("neutralSite")),
        status=status.name,
        state=status.state,
        completed=status.completed,
        phase=status.phase.value,
        period=status.period,
        clock=status.clock,
        display_clock=status.display_clock,
        home_score=scores[0],
        away_score=scores[1],
        winner=winner_of((home.get("winner"), away.get("winner")), scores, can_tie=can_tie(league, kind))
        if final
        else None,
        detail=status.detail,
        venue=text(mapping(competition.get("venue")).get("fullName"))
        or text(mapping(event.get("venue")).get("displayName")),
        week=week,
        headline=headline,
        makeup_of_date=makeup_of_date(headlines),
        home_shootout_score=whole(home.get("shootoutScore")) if scored else None,
        away_shootout_score=whole(away.get("shootoutScore")) if scored else None,
        linescores=None if league.sport is Sport.SOCCER else read_linescores(home, away, status.phase),
        situation=read_situation(competition.get("situation"), league.sport, home, away)
        if status.state == "in"
        else None,
    )


def read_start(competition: Mapping[str, Any], event: Mapping[str, Any]) -> datetime:
    """When a competition starts, else its event. Raises Unreadable (`missing_key:date`, `bad_date`)."""
    sent = [value for value in (competition.get("date"), event.get("date")) if value is not None]
    if not sent:
        raise Unreadable("missing_key:date", "neither the competition nor the event has a `date`")
    for value in sent:
        start = instant(value)
        if start is not None:
            return start
    raise Unreadable("bad_date", f"`date` is {shown(sent[0])}; expected e.g. 2026-10-09T00:15Z")


def _competition(event: Mapping[str, Any], event_id: str) -> Mapping[str, Any]:
    found = event.get("competitions")
    if found is None:
        raise Unreadable("missing_key:competitions", "no `competitions`")
    competitions = [one for one in items(found) if isinstance(one, dict) and one]
    if not competitions:
        raise Unreadable("no_competition", "`competitions` holds no competition")
    if len(competitions) > 1:
        competitions = [one for one in competitions if one.get("id") == event_id]
        if len(competitions) != 1:
            raise Unreadable("many_competitions", f"{len(items(found))} competitions, none of them the event's own")
    if competitions[0].get("id") is None:
        raise Unreadable("missing_key:competition.id", "the competition has no `id`")
    return competitions[0]


def _sides(
    competition: Mapping[str, Any], reading: Reading[GameSeen], shape: Shape
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    found = competition.get("competitors")
    if found is None:
        raise Unreadable("missing_key:competitors", "no `competitors`")
    sides: dict[Any, Mapping[str, Any]] = {}
    competitors = items(found)
    for competitor in competitors:
        raw = mapping(competitor)
        if raw:
            reading.tally.observe(shape.competitor, raw)
            side = raw.get("homeAway")
            if isinstance(side, str):
                sides[side] = raw
    if len(competitors) != 2 or sides.keys() != {"home", "away"}:
        raise Unreadable("bad_competitors", f"{len(competitors)} competitors; expected one home and one away")
    return sides["home"], sides["away"]


def _team(competitor: Mapping[str, Any], reading: Reading[GameSeen]) -> Mapping[str, Any]:
    raw = competitor.get("team")
    if not isinstance(raw, dict):
        raise Unreadable("missing_key:team", "a competitor has no `team` object")
    reading.tally.observe(TEAM, raw)
    return raw


def _seen(raw: Mapping[str, Any], reading: Reading[GameSeen]) -> str | None:
    team = team_of(raw, reading.league.key)
    if team is None:
        return None
    reading.teams.setdefault(team.team_id, team)
    return team.team_id
