"""Teams and players as payloads show them: on boards, in team lists, in standings.

Not here: seeds and aliases. An undecided side (`TBD`) is no team.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from precog_assets.domain.facts import Parsed, TeamSeen
from precog_assets.domain.leagues import League
from precog_assets.sources.contract import Contract
from precog_assets.sources.espn.fields import Unreadable, first_text, identifier, items, load_json, mapping, text
from precog_assets.sources.espn.payloads import STANDINGS, STANDINGS_ENTRY, TEAM, TEAM_LIST, TEAM_PAGE
from precog_assets.sources.espn.reading import Reading, failed, too_deep

_UNDECIDED_ID = "2147483647"
"""Undecided players on boards of 2022; later ones are -3 and -4, teams -1 and -2."""


@dataclass(frozen=True, slots=True)
class StandingSeen:
    """Where a team stands in its league's groups, outermost group first."""

    team_id: str
    league: str
    espn_team_id: str
    display_name: str
    conference: str | None
    """Innermost group that ESPN marks as a conference; None where none is marked (soccer)."""
    groups: tuple[str, ...]


def is_undecided(espn_id: str, *names: str | None) -> bool:
    """Whether an id or a name stands for `to be decided`."""
    return espn_id.startswith("-") or espn_id == _UNDECIDED_ID or "TBD" in names


def team_of(raw: Mapping[str, Any], league: str) -> TeamSeen | None:
    """The team an object describes, None where undecided. Raises Unreadable without a usable id."""
    espn_id = identifier(raw)
    abbreviation = text(raw.get("abbreviation"))
    display_name = first_text(raw, "displayName", "shortDisplayName", "name", "location", "abbreviation")
    if is_undecided(espn_id, abbreviation, display_name):
        return None
    return TeamSeen(
        team_id=f"{league}:{espn_id}",
        league=league,
        espn_team_id=espn_id,
        kind="team",
        abbreviation=abbreviation,
        display_name=display_name or espn_id,
        location=text(raw.get("location")),
        name=text(raw.get("name")) or text(raw.get("nickname")),
    )


def player_of(competitor: Mapping[str, Any], league: str) -> TeamSeen | None:
    """The tennis player a competitor is, None where undecided. Raises Unreadable without a usable id."""
    espn_id = identifier(competitor)
    athlete = mapping(competitor.get("athlete"))
    display_name = first_text(athlete, "displayName", "fullName", "shortName")
    if is_undecided(espn_id, display_name):
        return None
    return TeamSeen(
        team_id=f"{league}:{espn_id}",
        league=league,
        espn_team_id=espn_id,
        kind="player",
        abbreviation=None,
        display_name=display_name or espn_id,
        location=text(mapping(athlete.get("flag")).get("alt")),
        name=text(athlete.get("shortName")),
    )


def parse_teams(body: bytes, league: League) -> Parsed[TeamSeen]:
    """Read a league's team list, or one team's page.

    A body that is neither gives one rejection: `not_json` or `not_a_team_list`.
    """
    try:
        return teams_of(load_json(body), league)
    except Unreadable as error:
        return failed("espn.teams", error)
    except RecursionError:
        return failed("espn.teams", too_deep(body))


def teams_of(document: Any, league: League) -> Parsed[TeamSeen]:
    reading: Reading[TeamSeen] = Reading(league)
    top = mapping(document)
    contract = TEAM_PAGE if "team" in top else TEAM
    if contract is TEAM:
        reading.tally.observe(TEAM_LIST, top)
        if not isinstance(top.get("sports"), list):
            return failed("espn.teams", Unreadable("not_a_team_list", "no `sports` list"), document, reading)
    for place, wrapped in _listed(top):
        reading.add(
            "espn.team",
            place,
            wrapped,
            lambda raw: _listed_team(raw, contract, reading),
            key_of=lambda row: row.team_id,
        )
    return reading.parsed()


def _listed(top: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if "team" in top:
        yield "team", top
        return
    for sport in items(top.get("sports")):
        for league in items(mapping(sport).get("leagues")):
            for index, wrapped in enumerate(items(mapping(league).get("teams"))):
                yield f"teams[{index}]", wrapped


def _listed_team(wrapped: Mapping[str, Any], contract: Contract, reading: Reading[TeamSeen]) -> TeamSeen:
    raw = wrapped.get("team")
    if not isinstance(raw, dict):
        raise Unreadable("missing_key:team", "no `team` object")
    reading.tally.observe(contract, raw)
    seen = team_of(raw, reading.league.key)
    if seen is None:
        raise Unreadable("undecided_team", f"id {raw.get('id')!r} stands for an undecided team")
    return seen


def parse_standings(body: bytes, league: League) -> Parsed[StandingSeen]:
    """Read standings into one row a team, with the groups it stands in.

    A body that is none gives one rejection: `not_json`, or `not_standings` (the stub of the site path).
    """
    try:
        return standings_of(load_json(body), league)
    except Unreadable as error:
        return failed("espn.standings", error)
    except RecursionError:
        return failed("espn.standings", too_deep(body))


def standings_of(document: Any, league: League) -> Parsed[StandingSeen]:
    reading: Reading[StandingSeen] = Reading(league)
    top = mapping(document)
    reading.tally.observe(STANDINGS, top)
    if not isinstance(top.get("children"), list) and not isinstance(top.get("standings"), dict):
        return failed("espn.standings", Unreadable("not_standings", "no `children`"), document, reading)
    stack: list[tuple[Mapping[str, Any], tuple[str, ...], str | None]] = [(top, (), None)]
    while stack:
        group, names, conference = stack.pop()
        for index, entry in enumerate(items(mapping(group.get("standings")).get("entries"))):
            place = f"{'/'.join(names)} entries[{index}]"
            reading.add(
                "espn.standings_entry",
                place,
                entry,
                lambda raw, names=names, conference=conference: _standing(raw, reading, names, conference),
                key_of=lambda row: row.team_id,
            )
        for child in reversed(items(group.get("children"))):
            inner = mapping(child)
            name = text(inner.get("name"))
            stack.append(
                (
                    inner,
                    (*names, name) if name else names,
                    name if inner.get("isConference") is True else conference,
                )
            )
    return reading.parsed()


def _standing(
    entry: Mapping[str, Any], reading: Reading[StandingSeen], groups: tuple[str, ...], conference: str | None
) -> StandingSeen:
    reading.tally.observe(STANDINGS_ENTRY, entry)
    raw = entry.get("team")
    if not isinstance(raw, dict):
        raise Unreadable("missing_key:team", "no `team` object")
    reading.tally.observe(TEAM, raw)
    team = team_of(raw, reading.league.key)
    if team is None:
        raise Unreadable("undecided_team", f"id {raw.get('id')!r} stands for an undecided team")
    return StandingSeen(team.team_id, team.league, team.espn_team_id, team.display_name, conference, groups)
