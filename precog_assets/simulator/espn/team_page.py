"""Lists of teams, and the page of one team with its next game."""

from __future__ import annotations

from datetime import datetime

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.records import Tally
from precog_assets.simulator.espn.schedule import Schedules, groups_of, league_block, record_words
from precog_assets.simulator.espn.teams import listed_team
from precog_assets.simulator.espn.wire import Json, link
from precog_assets.simulator.world.model import SimTeam, WorldView

COLLEGE_TEAMS = 50
"""Teams a college list has unless `limit` asks for more."""


def team_list(world: WorldView, face: Face, season: int, limit: int) -> Json:
    """The answer of `teams`: by name, cut at the limit."""
    sport = face.path.partition("/")[0]
    teams = sorted(world.teams(face.key), key=lambda team: team.display_name)[:limit]
    league: Json = {
        "id": face.league_id,
        "uid": face.uid,
        "name": face.name,
        "abbreviation": face.abbreviation,
        "shortName": face.abbreviation,
        "slug": face.slug,
        "teams": [{"team": listed_team(face, team)} for team in teams],
        "year": season,
        "season": {"year": season, "displayName": str(season)},
    }
    named: Json = {"id": face.sport_id, "uid": f"s:{face.sport_id}", "name": sport.title(), "slug": sport}
    return {"sports": [named | {"leagues": [league]}]}


def team_page(schedules: Schedules, face: Face, team: SimTeam, season: int, summary: str, now: datetime) -> Json:
    """The answer of `teams/{id or abbreviation}`; `summary` says where the team stands."""
    shown = dict(listed_team(face, team))
    del shown["isAllStar"]
    shown["record"] = {"items": [_record(face, schedules.tally(face, team, season, now))]}
    shown["groups"] = groups_of(face, team)
    if face.sport is Sport.SOCCER:
        page = f"https://www.espn.com/soccer/league/_/name/{face.slug}"
        shown["defaultLeague"] = league_block(face) | {
            "season": {"type": {"hasStandings": True}},
            "links": [link("index", page, "Index", about="league")],
            "logos": shown["logos"],
        }
        shown["leagueAbbrev"] = face.slug
    shown["nextEvent"] = schedules.next_event(face, team, season, now)
    shown["standingSummary"] = summary
    return {"team": shown}


def _record(face: Face, tally: Tally) -> Json:
    won, drawn, lost = tally.total
    numbers = {
        "gamesPlayed": won + drawn + lost,
        "wins": won,
        "losses": lost,
        "ties": drawn,
        "pointsFor": tally.scored,
        "pointsAgainst": tally.conceded,
        "pointDifferential": tally.scored - tally.conceded,
    }
    return {
        "description": "Overall Record",
        "type": "total",
        "summary": record_words(face, tally),
        "stats": [{"name": name, "value": float(value)} for name, value in numbers.items()],
    }
