"""`header` of a summary: the game once more, in a shape of its own.

No score before the game, linescores as texts only, a status without clock and period.
"""

from __future__ import annotations

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.catalog import stage_type
from precog_assets.simulator.espn.competition import competition
from precog_assets.simulator.espn.competitor import competitor, records
from precog_assets.simulator.espn.event import event_status
from precog_assets.simulator.espn.figures import featured_profiles, probable_profiles
from precog_assets.simulator.espn.links import event_links
from precog_assets.simulator.espn.schedule import week_of
from precog_assets.simulator.espn.season_series import SeasonSeries
from precog_assets.simulator.espn.showing import Showing
from precog_assets.simulator.espn.teams import board_team, conference_ids, logos, shared_conference
from precog_assets.simulator.espn.wire import BROKEN_OFF, Json, guid, instant, link

_STATUS_KEYS = ("type", "isTBDFlex", "featuredAthletes")
_COMPETITION_KEYS = ("neutralSite", "conferenceCompetition", "recent", "groups")
_SIDE_KEYS = ("id", "uid", "order", "homeAway", "winner")
_LATER_KEYS = ("hits", "errors", "shootoutScore", "advance", "curatedRank")
_TEAM_KEYS = ("id", "uid", "location", "name", "abbreviation", "displayName", "color", "alternateColor")


def header(show: Showing, meetings: SeasonSeries) -> Json:
    """The header of the summary of a game."""
    face, game = show.face, show.game
    result: Json = {
        "id": game.event_id,
        "uid": face.event_uid(game.event_id),
        "season": {"year": game.season, "type": stage_type(face, game.season, game.season_type)},
        "timeValid": show.listing.time_valid and show.listing.decided,
        "competitions": [_competition(show, meetings)],
        "links": [_unlocalised(one) for one in event_links(face, game, show.truth)],
        "league": _league(show),
    }
    week = week_of(show)
    if week is not None:
        result["week"] = week
    if show.listing.note:
        result["gameNote"] = show.listing.note
    return result


def _unlocalised(one: Json) -> Json:
    return {key: value for key, value in one.items() if key != "language"}


def _league(show: Showing) -> Json:
    face = show.face
    league: Json = {"id": face.league_id, "uid": face.uid, "name": face.name, "abbreviation": face.abbreviation}
    if face.midsize:
        league["midsizeName"] = face.midsize
    index = link("index", f"https://www.espn.com/{face.slug}/", "Index", about="league")
    links = [{key: index[key] for key in ("rel", "href", "text")}]
    return league | {"slug": face.slug, "isTournament": False, "links": links}


def _competition(show: Showing, meetings: SeasonSeries) -> Json:
    face, game, truth = show.face, show.game, show.truth
    board = competition(show, event_status(show))
    begun = truth.state != "pre" and truth.status not in BROKEN_OFF
    source = "full" if begun else "none"
    status = board["status"] if isinstance(board["status"], dict) else {}
    result: Json = {
        "id": game.event_id,
        "uid": f"{face.event_uid(game.event_id)}~c:{game.event_id}",
        "date": instant(show.listing.start),
        **{key: board[key] for key in _COMPETITION_KEYS if key in board},
        "boxscoreAvailable": begun,
        "commentaryAvailable": begun and face.sport is Sport.SOCCER,
        "liveAvailable": False,
        "onWatchESPN": False,
        "wallclockAvailable": begun,
        "boxscoreSource": source,
        "playByPlaySource": source,
        "competitors": [_side(show, home=True), _side(show, home=False)],
        "status": _status(show, status),
        "broadcasts": _broadcasts(board),
        "boxscoreMinutes": begun,
    }
    series = [*([board["series"]] if "series" in board else []), *meetings.short()]
    if series and face.sport is not Sport.FOOTBALL and not face.college:
        result["series"] = series
    if face.sport is Sport.BASKETBALL:
        result |= dict.fromkeys(("shotChartAvailable", "timeoutsAvailable", "possessionArrowAvailable"), False)
    shared = shared_conference(game)
    if "groups" in result and shared is not None:
        result["groups"] = _group(*shared)
    return result


def _conference(number: str, name: str) -> Json:
    """`team.groups` of a college: its conference below Division I."""
    slug = name.lower().replace(" ", "-")
    division: Json = {"id": "50", "name": "NCAA Division I", "slug": "ncaa-division-i"}
    return {"id": number, "name": name, "slug": slug, "isConference": True, "parent": division}


def _group(number: str, name: str) -> Json:
    return {"id": number, "name": name, "abbreviation": name.lower(), "shortName": name, "midsizeName": name}


def _broadcasts(board: Json) -> list[Json]:
    shows = board["geoBroadcasts"] if isinstance(board["geoBroadcasts"], list) else []
    return [show | {"isNational": show["market"]["type"] == "National"} for show in shows]


def _status(show: Showing, status: Json) -> Json:
    """The type alone, and what only some sports add."""
    shown = {key: status[key] for key in _STATUS_KEYS if key in status}
    if "featuredAthletes" in shown:
        shown["featuredAthletes"] = featured_profiles(show.face, show.game, show.truth)
    if show.face.sport is Sport.BASEBALL and show.truth.state != "pre":
        shown["periodPrefix"] = "Top" if show.truth.detail.startswith(("Top", "Mid")) else "Bottom"
    return shown


def _side(show: Showing, *, home: bool) -> Json:
    truth = show.truth
    board = competitor(show, home=home)
    team = board["team"] if isinstance(board["team"], dict) else {}
    known = show.listing.home_known if home else show.listing.away_known
    shown: Json = {key: team[key] for key in _TEAM_KEYS if key in team}
    if known:
        side = show.game.home if home else show.game.away
        shown |= {"guid": guid("team", side.league, side.espn_id), "nickname": side.name}
        shown |= {"logos": logos(show.face, side), "links": board_team(show.face, side)["links"]}
        if show.face.college and (own := conference_ids(side.league).get(side.espn_id)):
            shown["groups"] = _conference(*own)
    result: Json = {key: board[key] for key in _SIDE_KEYS if key in board} | {"team": shown}
    if truth.state != "pre":
        result["score"] = board["score"]
        scores = truth.home_lines if home else truth.away_lines
        played: Json = {"hits": 0, "errors": 0} if show.face.sport is Sport.BASEBALL else {}
        result["linescores"] = [{"displayValue": str(points)} | played for points in scores]
    tally = show.tally(home=home)
    result["record"] = [
        {"type": line["type"], "summary": line["summary"], "displayValue": line["summary"]}
        for line in records(show.face, tally)
    ]
    possession = (truth.situation or {}).get("possession")
    result["possession"] = truth.state == "in" and possession == board["id"]
    result |= {key: board[key] for key in _LATER_KEYS if key in board}
    if "probables" in board and known:
        result["probables"] = probable_profiles(show.face, show.game, show.truth, home=home)
    return result
