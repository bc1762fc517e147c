"""Standings: the teams of a league by conference, with the numbers their regular season has brought so far."""

from __future__ import annotations

from datetime import datetime, timedelta

from precog_assets.domain.leagues import Sport
from precog_assets.domain.times import eastern_day, eastern_day_bounds
from precog_assets.simulator.espn.catalog import TYPE_NAMES, Face, season_words
from precog_assets.simulator.espn.records import NOTHING, Records, Tallies, Tally, summarised
from precog_assets.simulator.espn.teams import conference_ids, listed_team
from precog_assets.simulator.espn.wire import Json, instant, link
from precog_assets.simulator.world.model import SimTeam, WorldView
from precog_assets.simulator.world.play.frame import ordinal

_EUROPE = 4
_DOWN = 3


def standings_page(world: WorldView, records: Records, face: Face, season: int, now: datetime) -> Json:
    """The answer of `apis/v2/.../standings`: one child a conference, or one for the league without them."""
    tallies = records.before(face.key, season, eastern_day(now) + timedelta(days=1), now)
    groups = _groups(world, face)
    children: list[Json] = []
    for (number, name), teams in sorted(groups.items()):
        ranked = _ranked(face, teams, tallies)
        children.append(
            {
                "uid": f"{face.uid}~g:{number}",
                "id": number,
                "name": name,
                "abbreviation": name,
                "shortName": name,
                "isConference": len(groups) > 1,
                "standings": {
                    "id": "0",
                    "name": "overall",
                    "displayName": "Standings",
                    "links": [_table_link(face, number)],
                    "season": season,
                    "seasonType": 1 if face.stage else 2,
                    "seasonDisplayName": season_words(face, season),
                    "entries": [
                        _entry(face, team, place, len(ranked), tallies.get(team.espn_id, NOTHING))
                        for place, team in enumerate(ranked, start=1)
                    ],
                },
            }
        )
    return {
        "uid": face.uid,
        "id": face.league_id,
        "name": face.name,
        "abbreviation": face.abbreviation,
        "shortName": face.abbreviation,
        "children": children,
        "isConference": False,
        "links": [_table_link(face, face.league_id)],
        "seasons": [_season(world, face, one) for one in reversed(world.seasons(face.key))],
    }


def _table_link(face: Face, number: str) -> Json:
    page = f"https://www.espn.com/{face.slug}/standings/_/group/{number}"
    return link("standings", page, "Table", about="league", short="Standings")


def _season(world: WorldView, face: Face, season: int) -> Json:
    """A season and its types, all within the days it has games on."""
    first, last = world.season_days(face.key, season)
    span: Json = {"startDate": instant(eastern_day_bounds(first)[0]), "endDate": instant(eastern_day_bounds(last)[1])}
    types: list[Json] = [
        {"id": str(kind), "name": name, "abbreviation": short, **span, "hasStandings": kind != 3}
        for kind, (name, short) in TYPE_NAMES.items()
        if kind < 4
    ]
    return {"year": season, **span, "displayName": season_words(face, season), "types": types}


def _entry(face: Face, team: SimTeam, place: int, count: int, tally: Tally) -> Json:
    """A row of a table; soccer notes who goes to Europe and who goes down."""
    stats = _stats(face, tally)
    if face.sport is not Sport.SOCCER:
        return {"team": listed_team(face, team), "stats": stats}
    stats.insert(-1, _stat("rank", "Rank", "R", place))
    entry: Json = {"team": listed_team(face, team) | {"isNational": False}, "stats": stats}
    if place <= _EUROPE and face.key != "mls":
        entry["note"] = {"color": "#81D6AC", "description": "Champions League", "rank": place}
    elif place > count - _DOWN and face.key != "mls":
        entry["note"] = {"color": "#FF7F84", "description": "Relegation", "rank": place}
    return entry


def place_in_words(world: WorldView, records: Records, face: Face, team: SimTeam, season: int, now: datetime) -> str:
    """`1st in AFC West`: where a team stands in its conference, or league."""
    tallies = records.before(face.key, season, eastern_day(now) + timedelta(days=1), now)
    for (_, name), teams in _groups(world, face).items():
        ranked = _ranked(face, teams, tallies)
        if team in ranked:
            return f"{ordinal(ranked.index(team) + 1)} in {name}"
    return ""


def _groups(world: WorldView, face: Face) -> dict[tuple[str, str], list[SimTeam]]:
    """Teams by (id, name) of their conference; all in one where the league has none."""
    groups: dict[tuple[str, str], list[SimTeam]] = {}
    for team in world.teams(face.key):
        group = conference_ids(face.key).get(team.espn_id, ("1", face.name))
        groups.setdefault(group, []).append(team)
    return groups


def _ranked(face: Face, teams: list[SimTeam], tallies: Tallies) -> list[SimTeam]:
    return sorted(teams, key=lambda team: (-_rank(face, tallies.get(team.espn_id, NOTHING)), team.espn_id))


def _rank(face: Face, tally: Tally) -> float:
    won, drawn, lost = tally.total
    if face.sport is Sport.SOCCER:
        return 3 * won + drawn + (tally.scored - tally.conceded) / 1000
    return (won + drawn / 2) / max(1, won + drawn + lost)


def _stats(face: Face, tally: Tally) -> list[Json]:
    won, drawn, lost = tally.total
    played = won + drawn + lost
    stats = [
        _stat("gamesPlayed", "Games Played", "GP", played),
        _stat("wins", "Wins", "W", won),
        _stat("losses", "Losses", "L", lost),
        _stat("ties", "Draws" if face.sport is Sport.SOCCER else "Ties", "D", drawn),
        _stat("pointsFor", "Points For", "PF", tally.scored),
        _stat("pointsAgainst", "Points Against", "PA", tally.conceded),
        _stat("pointDifferential", "Point Differential", "DIFF", tally.scored - tally.conceded),
    ]
    if face.sport is Sport.SOCCER:
        stats.append(_stat("points", "Points", "P", 3 * won + drawn))
    elif face.sport is Sport.HOCKEY:
        stats.append(_stat("otLosses", "Overtime Losses", "OTL", tally.overtime_losses))
        stats.append(_stat("points", "Points", "PTS", 2 * won + tally.overtime_losses))
    else:
        share = (won + drawn / 2) / played if played else 0.0
        stats.append(_stat("winPercent", "Winning Percentage", "PCT", round(share, 6), f"{share:.3f}".lstrip("0")))
    rows = (("overall", "total", tally.total), ("Home", "home", tally.home), ("Road", "road", tally.road))
    return stats + [_record(face, *row) for row in (rows[:1] if face.sport is Sport.SOCCER else rows)]


def _record(face: Face, name: str, kind: str, counts: tuple[int, int, int]) -> Json:
    """A record among the numbers: without a value."""
    words = "Overall" if name == "overall" else name
    shown = "-".join(map(str, counts)) if face.sport is Sport.SOCCER else summarised(counts)
    return {
        "id": "0",
        "name": name,
        "abbreviation": "Total" if name == "overall" else name,
        "displayName": words,
        "shortDisplayName": words[:4].upper(),
        "description": f"{words} Record",
        "type": kind,
        "summary": shown,
        "displayValue": shown,
    }


def _stat(name: str, words: str, short: str, value: float, shown: str | None = None) -> Json:
    return {
        "name": name,
        "displayName": words,
        "shortDisplayName": short,
        "description": words,
        "abbreviation": short,
        "type": name.lower(),
        "value": float(value),
        "displayValue": shown or f"{value:g}",
    }
