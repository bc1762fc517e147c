"""The links of an event and of a team, which differ by sport and state."""

from __future__ import annotations

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.wire import BROKEN_OFF, Json, link
from precog_assets.simulator.world.model import SimGame, SimTeam, Truth

_LISTED = (("clubhouse", "Clubhouse"), ("roster", "Roster"), ("stats", "Statistics"), ("schedule", "Schedule"))
_CLUB = (("clubhouse", "Clubhouse"), ("schedule", "Fixtures"), ("squad", "Squad"), ("stats", "Stats"))
_SITE = "https://www.espn.com"


def event_links(face: Face, game: SimGame, truth: Truth) -> list[Json]:
    """Where a browser follows the game: Gamecast before, live while it is played, box score and recap after."""
    if face.sport is Sport.SOCCER:
        return _match_links(game, truth)
    page = f"{_SITE}/{face.slug}"
    shown = [("live" if truth.state == "in" else "summary", "game", "Gamecast")]
    if truth.state != "pre" and truth.status not in BROKEN_OFF:
        shown += [("boxscore", "boxscore", "Box Score"), ("pbp", "playbyplay", "Play-by-Play")]
    if truth.completed:
        shown.append(("recap", "recap", "Recap"))
    return [link(rel, f"{page}/{folder}/_/gameId/{game.event_id}", text) for rel, folder, text in shown]


def _match_links(game: SimGame, truth: Truth) -> list[Json]:
    first = ("live", "match", "Gamecast", "Live") if truth.state == "in" else ("summary", "match", "Summary", None)
    shown = [first, ("stats", "matchstats", "Statistics", None)]
    if truth.completed:
        shown.append(("recap", "report", "Report", None))
    return [
        link(rel, f"{_SITE}/soccer/{folder}/_/gameId/{game.event_id}", text, short=short) | {"isHidden": False}
        for rel, folder, text, short in shown
    ]


def team_links(face: Face, team: SimTeam) -> list[Json]:
    """The pages of a team, as boards carry them."""
    soccer = face.sport is Sport.SOCCER
    root = f"{_SITE}/soccer/club" if soccer else f"{_SITE}/{face.slug}/team"
    hidden: Json = {"isHidden": False} if soccer else {}
    return [
        {
            "rel": [rel, "desktop", "team"],
            "href": f"{root}/_/id/{team.espn_id}" if rel == "clubhouse" else f"{root}/{rel}/_/id/{team.espn_id}",
            "text": text,
            "isExternal": False,
            "isPremium": False,
        }
        | hidden
        for rel, text in (_CLUB if soccer else _LISTED)
    ]
