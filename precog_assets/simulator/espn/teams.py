"""Teams as ESPN writes them: on boards, in lists, and the sides that are not decided yet."""

from __future__ import annotations

from functools import lru_cache

from precog_assets.domain.leagues import Sport
from precog_assets.seeds import team_seeds
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.links import team_links
from precog_assets.simulator.espn.places import venue_id
from precog_assets.simulator.espn.wire import Json, colors, link
from precog_assets.simulator.world.guests import ALL_STARS
from precog_assets.simulator.world.model import SimGame, SimTeam

STARS = frozenset(team for sides in ALL_STARS.values() for team in sides)


@lru_cache(maxsize=32)
def conference_ids(league: str) -> dict[str, tuple[str, str]]:
    """ESPN team id to (conference id, name); ids are this simulator's own, in the order of the names."""
    seeds = [seed for seed in team_seeds() if seed.league == league and seed.current]
    names = sorted({seed.conference for seed in seeds if seed.conference})
    return {
        seed.espn_team_id: (str(101 + names.index(seed.conference)), seed.conference)
        for seed in seeds
        if seed.conference
    }


def shared_conference(game: SimGame) -> tuple[str, str] | None:
    """(id, name) of the conference both sides belong to."""
    known = conference_ids(game.league)
    home = known.get(game.home.espn_id)
    return home if home is not None and home == known.get(game.away.espn_id) else None


def logo(face: Face, team: SimTeam) -> str:
    folder = "ncaa" if face.college else "soccer" if face.sport is Sport.SOCCER else face.slug
    return f"https://a.espncdn.com/i/teamlogos/{folder}/500/{team.espn_id}.png"


def short_name(face: Face, team: SimTeam) -> str:
    return team.location if face.college else team.name


@lru_cache(maxsize=4096)
def board_team(face: Face, team: SimTeam) -> Json:
    """`competitor.team`. Shared between events: never change it."""
    first, second = colors(team.espn_id, team.league)
    result: Json = {
        "id": team.espn_id,
        "uid": face.team_uid(team.espn_id),
        "location": team.location,
        "name": team.name,
        "abbreviation": team.abbreviation,
        "displayName": team.display_name,
        "shortDisplayName": short_name(face, team),
        "color": first,
        "alternateColor": second,
        "isActive": True,
    }
    if face.sport is not Sport.BASEBALL:
        result["venue"] = {"id": venue_id(team)}
    if team in STARS:
        result["isAllStar"] = True
    result["links"] = team_links(face, team)
    result["logo"] = logo(face, team)
    if face.college and team.espn_id in conference_ids(team.league):
        result["conferenceId"] = conference_ids(team.league)[team.espn_id][0]
    return result


def undecided_team(face: Face, *, home: bool) -> Json:
    """A side that is not known yet: id -1 at home, -2 away, without name or colours."""
    number = "-1" if home else "-2"
    return {
        "id": number,
        "uid": face.team_uid(number),
        "location": "TBD",
        "abbreviation": "TBD",
        "displayName": "TBD",
        "shortDisplayName": "TBD",
        "nickname": "TBD",
        "isActive": False,
        "links": [],
    }


@lru_cache(maxsize=4096)
def listed_team(face: Face, team: SimTeam) -> Json:
    """A team of the `teams` list and of standings."""
    first, second = colors(team.espn_id, team.league)
    return {
        "id": team.espn_id,
        "uid": face.team_uid(team.espn_id),
        "slug": team.display_name.lower().replace(" ", "-"),
        "abbreviation": team.abbreviation,
        "displayName": team.display_name,
        "shortDisplayName": short_name(face, team),
        "name": team.name,
        "nickname": team.location,
        "location": team.location,
        "color": first,
        "alternateColor": second,
        "isActive": True,
        "isAllStar": False,
        "logos": logos(face, team),
        "links": [
            link("clubhouse", f"https://www.espn.com/{face.slug}/team/_/id/{team.espn_id}", "Clubhouse", about="team")
            | {"isHidden": False}
        ],
    }


def logos(face: Face, team: SimTeam) -> list[Json]:
    picture: Json = {"href": logo(face, team), "alt": "", "width": 500, "height": 500}
    return [picture | {"rel": ["full", word], "lastUpdated": "2026-01-15T12:00Z"} for word in ("default", "dark")]
