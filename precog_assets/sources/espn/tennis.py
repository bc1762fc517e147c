"""Tennis: an event is a tournament, and each competition of its singles draws is one game.

A match belongs to the tour of its draw, whichever feed it came in: slams and the Olympics stand in both
feeds with the same ids, so men's singles are `atp:ID` and women's singles `wta:ID` in either. Home is
the competitor with the smaller id as text, since `homeAway` is not unique here; while one of the two is
undecided, both sides are None. Scores are sets won. Doubles are out of scope, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from precog_assets.domain.facts import GameKind, GameSeen
from precog_assets.domain.statuses import GamePhase
from precog_assets.sources.espn.events import read_start
from precog_assets.sources.espn.fields import Unreadable, identifier, items, mapping, text, whole
from precog_assets.sources.espn.kinds import read_season
from precog_assets.sources.espn.payloads import GROUPING, MATCH, PLAYER, TOURNAMENT
from precog_assets.sources.espn.reading import Reading
from precog_assets.sources.espn.situation import read_server
from precog_assets.sources.espn.status import SCORED, Status, linescore, read_status, winner_of
from precog_assets.sources.espn.teams import player_of

_PAYLOAD = MATCH.payload_type
_TOUR_OF_DRAW = {"mens-singles": "atp", "womens-singles": "wta"}
_DRAW_OF_TYPE_ID = {
    "1": "mens-singles",
    "2": "womens-singles",
    "3": "mens-doubles",
    "4": "womens-doubles",
    "6": "mixed-doubles",
}
_TOUR_OF_UID = {"~l:851~": "atp", "~l:900~": "wta"}
_PLAYED = frozenset({"STATUS_FINAL"})
"""Completed statuses that promise played sets; a walk-over has none and a retirement may have none."""
_SET_GAMES = 6


def add_tournament(raw: Any, place: str, reading: Reading[GameSeen]) -> None:
    """Read every match of one tournament; a tournament without any match is one rejection."""
    if not isinstance(raw, dict) or not raw:
        reading.add(TOURNAMENT.payload_type, place, raw, _never, key_of=lambda g: g.game_id)
        return
    reading.tally.observe(TOURNAMENT, raw)
    any_match = False
    for draw, at, match in _matches(raw, place, reading):
        any_match = True
        reading.add(_PAYLOAD, at, match, lambda m, draw=draw: _read_match(m, draw, raw, reading), key_of=_key)
    if not any_match:
        reading.seen += 1
        error = Unreadable("no_competition", "a tournament without `groupings` or `competitions` that hold a match")
        reading.reject(TOURNAMENT.payload_type, place, error, raw)


def _key(game: GameSeen) -> str:
    return game.game_id


def _never(_: Mapping[str, Any]) -> GameSeen:
    raise Unreadable("not_an_object", "a tournament that is no object")


def _matches(event: Mapping[str, Any], place: str, reading: Reading[GameSeen]) -> Iterator[tuple[str | None, str, Any]]:
    """Every match with its draw's slug (None where the shape of 2022 names no draw) and its place."""
    for g, grouping in enumerate(items(event.get("groupings"))):
        group = mapping(grouping)
        if group:
            reading.tally.observe(GROUPING, group)
        slug = text(mapping(group.get("grouping")).get("slug"))
        for c, match in enumerate(items(group.get("competitions"))):
            yield slug, f"{place}.groupings[{g}].competitions[{c}]", match
    for c, match in enumerate(items(event.get("competitions"))):
        yield None, f"{place}.competitions[{c}]", match


def _read_match(
    match: Mapping[str, Any], draw: str | None, event: Mapping[str, Any], reading: Reading[GameSeen]
) -> GameSeen:
    match_id = identifier(match)
    tour = _tour(match, draw, reading)
    tally, league = reading.tally, reading.league
    tally.observe(MATCH, match)
    start = read_start(match, event)
    status = read_status(match.get("status"), league.sport, tally)
    home, away = _players(match, reading)
    home_player, away_player = player_of(home, tour), player_of(away, tour)
    for player in (home_player, away_player):
        if player is not None:
            reading.teams.setdefault(player.team_id, player)
    decided = home_player is not None and away_player is not None
    sets, linescores = _sets(home, away, status)
    winner = _winner(home, away, sets, status)
    season = read_season(event, league, start, reading.board_season)
    return GameSeen(
        game_id=f"{tour}:{match_id}",
        league=tour,
        espn_event_id=match_id,
        season=season.year,
        season_type=season.type,
        game_kind=GameKind.REGULAR,
        start_time=start,
        start_time_valid=match.get("timeValid") is not False,
        home_team_id=home_player.team_id if home_player and decided else None,
        away_team_id=away_player.team_id if away_player and decided else None,
        neutral_site=None,
        status=status.name,
        state=status.state,
        completed=status.completed,
        phase=status.phase.value,
        period=status.period,
        clock=None,
        display_clock=None,
        home_score=sets[0],
        away_score=sets[1],
        winner=winner,
        detail=status.detail,
        venue=text(mapping(match.get("venue")).get("fullName")) or text(mapping(event.get("venue")).get("displayName")),
        headline=_headline(match, event),
        linescores=linescores,
        situation=read_server(home, away) if status.state == "in" else None,
    )


def _tour(match: Mapping[str, Any], draw: str | None, reading: Reading[GameSeen]) -> str:
    """League key of the match's draw; Unreadable for doubles and for draws of no tour (juniors, wheelchair)."""
    kind = mapping(match.get("type"))
    slug = draw or text(kind.get("slug")) or _DRAW_OF_TYPE_ID.get(text(kind.get("id")) or "")
    if slug is None:
        pair = any(mapping(competitor).get("type") == "team" for competitor in items(match.get("competitors")))
        slug = "doubles" if pair else None
    if slug is None:
        uid = text(match.get("uid")) or ""
        return next((tour for mark, tour in _TOUR_OF_UID.items() if mark in uid), reading.league.key)
    if "doubles" in slug:
        raise Unreadable("doubles", f"draw {slug}: doubles are not followed")
    if slug not in _TOUR_OF_DRAW:
        raise Unreadable("other_draw", f"draw {slug}: neither men's nor women's singles")
    return _TOUR_OF_DRAW[slug]


def _players(match: Mapping[str, Any], reading: Reading[GameSeen]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Both competitors, the smaller id as text first."""
    found = match.get("competitors")
    if found is None:
        raise Unreadable("missing_key:competitors", "no `competitors`")
    players = [mapping(competitor) for competitor in items(found)]
    if len(players) != 2:
        raise Unreadable("bad_competitors", f"{len(players)} competitors; expected two")
    for player in players:
        reading.tally.observe(PLAYER, player)
    first, second = identifier(players[0]), identifier(players[1])
    if first == second and player_of(players[0], "") is not None:
        raise Unreadable("bad_competitors", f"{first} on both sides")
    return (players[0], players[1]) if first <= second else (players[1], players[0])


def _sets(
    home: Mapping[str, Any], away: Mapping[str, Any], status: Status
) -> tuple[tuple[int | None, int | None], tuple[tuple[str, ...], tuple[str, ...]] | None]:
    """Sets won, and games by set; both None where a score means nothing yet.

    Raises Unreadable (`no_score`) for a match played to its end that shows no sets.
    """
    if status.phase not in SCORED:
        return (None, None), None
    lines = linescore(home.get("linescores")), linescore(away.get("linescores"))
    if status.phase is GamePhase.FINAL and status.name in _PLAYED and not (lines[0] and lines[1]):
        raise Unreadable("no_score", f"{status.name} without `linescores`; expected the games of each set")
    won = [0, 0]
    sets = [
        (mapping(home_set), mapping(away_set))
        for home_set, away_set in zip(items(home.get("linescores")), items(away.get("linescores")), strict=False)
    ]
    # Where any set carries a flag, one without is still being played, whatever its games say.
    set_winner = _flagged if any("winner" in one or "winner" in other for one, other in sets) else _by_games
    for one, other in sets:
        side = set_winner(one, other)
        if side is not None:
            won[side] += 1
    return (won[0], won[1]), (lines if lines[0] or lines[1] else None)


def _flagged(home: Mapping[str, Any], away: Mapping[str, Any]) -> int | None:
    """0 or 1 for the side whose flag says it won the set."""
    flags = home.get("winner") is True, away.get("winner") is True
    return None if flags[0] == flags[1] else (0 if flags[0] else 1)


def _by_games(home: Mapping[str, Any], away: Mapping[str, Any]) -> int | None:
    """0 or 1 for the side that won a set by its games, for boards without flags (2022)."""
    games = whole(home.get("value")), whole(away.get("value"))
    if games[0] is None or games[1] is None:
        return None
    most, least = max(games[0], games[1]), min(games[0], games[1])
    if most < _SET_GAMES or not (most - least >= 2 or (most, least) == (_SET_GAMES + 1, _SET_GAMES)):
        return None
    return 0 if games[0] > games[1] else 1


def _winner(
    home: Mapping[str, Any], away: Mapping[str, Any], sets: tuple[int | None, int | None], status: Status
) -> str | None:
    """Who won a completed match: by the flags; a final with both flags false by its sets.

    Raises Unreadable (`no_score`) for a final with neither.
    """
    if status.phase is not GamePhase.FINAL:
        return None
    played = status.name in _PLAYED
    winner = winner_of((home.get("winner"), away.get("winner")), sets if played else (None, None), can_tie=False)
    if winner is None and played:
        raise Unreadable("no_score", f"{status.name} with neither a winner flag nor more sets on one side")
    return winner


def _headline(match: Mapping[str, Any], event: Mapping[str, Any]) -> str | None:
    """Tournament and round, e.g. `Roland Garros, Quarterfinal`."""
    parts = text(event.get("name")), text(mapping(match.get("round")).get("displayName"))
    return ", ".join(part for part in parts if part) or None
