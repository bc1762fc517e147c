"""`summary?event=`: one game at length. Its keys differ by sport, and by whether the game has begun."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.espn.betting import odds
from precog_assets.simulator.espn.catalog import Face
from precog_assets.simulator.espn.competition import attendance
from precog_assets.simulator.espn.figures import leaders, statistics
from precog_assets.simulator.espn.media import recap, shown_by, stamp, tickets
from precog_assets.simulator.espn.people import player
from precog_assets.simulator.espn.periods import game_format
from precog_assets.simulator.espn.places import venue_of
from precog_assets.simulator.espn.plays import Told, told
from precog_assets.simulator.espn.season_series import SeasonSeries
from precog_assets.simulator.espn.showing import Showing
from precog_assets.simulator.espn.situation import details
from precog_assets.simulator.espn.summary_header import header
from precog_assets.simulator.espn.teams import board_team, logos
from precog_assets.simulator.espn.wire import BROKEN_OFF, Json
from precog_assets.simulator.world.model import SimTeam, Truth
from precog_assets.simulator.world.randomness import digest

_NOT_IN_SOCCER = (
    "againstTheSpread",
    "seasonseries",
    "injuries",
    "winprobability",
    "wallclockAvailable",
    "predictor",
)
NONE_YET = 40
"""One game in so many has no summary while it is on the board and has not begun (Q23)."""


def has_summary(event_id: str, truth: Truth) -> bool:
    """False for the few games whose summary is not there yet."""
    return truth.state != "pre" or digest("summary", event_id) % NONE_YET != 0


def summary_page(
    show: Showing, course: tuple[Truth, ...], meetings: SeasonSeries, standings: Json, now: datetime
) -> Json:
    """The answer; `course` is what the game has gone through so far."""
    face, truth = show.face, show.truth
    begun = truth.state != "pre" and truth.status not in BROKEN_OFF
    story = told(show, course) if begun else Told((), (), ())
    page: Json = {
        "boxscore": _boxscore(show, begun=begun),
        "format": game_format(face),
        "gameInfo": _game_info(show, begun=begun),
        "leaders": [_led(show, home=home) for home in (True, False)] if show.listing.decided else [],
        "seasonseries": meetings.long(),
        "injuries": [],
        "broadcasts": [_broadcast(market, name) for market, name in shown_by(face, show.game)],
        "pickcenter": [odds(face, show.game, truth, show.opening)] if show.listing.decided and not begun else [],
        "againstTheSpread": [{"team": _named(face, team), "records": []} for team in _sides(show)],
        "odds": [],
        "news": _news(face),
        "header": header(show, meetings),
        "article": _article(show, truth, now),
        "videos": [],
        "winprobability": list(story.chances),
        "wallclockAvailable": begun,
        "meta": _meta(show, story),
        "standings": standings,
    }
    page |= _told_keys(show, story) if begun else _waiting_keys(show)
    if show.listing.decided and (face.college or not begun):
        page["predictor"] = _predictor(show)
    return _without(page, face)


def _without(page: Json, face: Face) -> Json:
    """Some sports lack what the others have."""
    lacking = {
        Sport.SOCCER: _NOT_IN_SOCCER,
        Sport.FOOTBALL: ("seasonseries",),
        Sport.BASEBALL: ("leaders",),
        Sport.HOCKEY: ("winprobability",),
    }.get(face.sport, ())
    return {key: value for key, value in page.items() if key not in lacking}


def _told_keys(show: Showing, story: Told) -> Json:
    """What only a game that has begun has."""
    face, game, truth = show.face, show.game, show.truth
    if face.sport is Sport.FOOTBALL:
        return {"drives": {"previous": list(story.drives)}, "scoringPlays": list(story.scoring)}
    if face.sport is Sport.SOCCER:
        return {
            "keyEvents": details(face, game, truth),
            "commentary": [],
            "rosters": [_roster(show, home=home) for home in (True, False)],
            "hasOdds": True,
        }
    keys: Json = {"plays": list(story.plays)}
    if face.sport is Sport.BASEBALL:
        keys |= {
            "notes": [],
            "rosters": [_roster(show, home=home) for home in (True, False)],
            "playsMap": {str(play["id"]): {"$ref": f"#/plays/{place}"} for place, play in enumerate(story.plays)},
            "atBats": {str(play["atBatId"]): [{"$ref": f"#/plays/{place}"}] for place, play in enumerate(story.plays)},
        }
    if face.sport is Sport.HOCKEY:
        keys["onIce"] = [{"entries": [], "teamId": team.espn_id} for team in _sides(show)]
    return keys


def _waiting_keys(show: Showing) -> Json:
    """What only a game that is still to come has."""
    if show.face.sport is Sport.SOCCER or not show.listing.decided:
        return {}
    home, away = show.game.home, show.game.away
    return {
        "lastFiveGames": [
            {"displayOrder": order, "team": _named(show.face, team), "events": []}
            for order, team in ((2, away), (1, home))
        ],
        "ticketsInfo": {"tickets": tickets(show.game)},
    }


def _predictor(show: Showing) -> Json:
    """What was expected before the game."""
    home, away = show.game.home, show.game.away
    chance = round(100 * (show.opening.home_win + show.opening.draw / 2), 1)
    return {
        "header": "Matchup Predictor",
        "homeTeam": {"id": home.espn_id, "gameProjection": f"{chance}", "teamChanceLoss": f"{100 - chance:.1f}"},
        "awayTeam": {"id": away.espn_id, "gameProjection": f"{100 - chance:.1f}", "teamChanceLoss": f"{chance}"},
    }


def _sides(show: Showing) -> tuple[SimTeam, ...]:
    """Away and home, as far as both are known."""
    return (show.game.away, show.game.home) if show.listing.decided else ()


def _named(face: Face, team: SimTeam) -> Json:
    board = board_team(face, team)
    keys = ("id", "uid", "displayName", "abbreviation", "links", "logo")
    return {key: board[key] for key in keys} | {"logos": logos(face, team)}


def _boxscore(show: Showing, *, begun: bool) -> Json:
    teams: list[Json] = []
    for order, home in ((1, False), (2, True)):
        team = show.game.home if home else show.game.away
        if (show.listing.home_known if home else show.listing.away_known) is False:
            continue
        board = board_team(show.face, team)
        keys = ("id", "uid", "location", "name", "abbreviation", "displayName", "shortDisplayName", "color", "logo")
        shown = [
            {"name": line["name"], "displayValue": line["displayValue"], "label": line["abbreviation"]}
            for line in statistics(show.face, show.game, show.truth, home=home)
        ]
        teams.append(
            {
                "team": {key: board[key] for key in keys},
                "statistics": shown,
                "displayOrder": order,
                "homeAway": "home" if home else "away",
            }
        )
    result: Json = {"teams": teams}
    return result | ({"players": []} if begun else {})


def _game_info(show: Showing, *, begun: bool) -> Json:
    venue = dict(venue_of(show.face, show.game))
    venue.pop("indoor", None)
    info: Json = {"venue": venue | {"grass": False, "images": []}}
    if begun:
        info |= {"attendance": attendance(show.truth, show.game), "officials": []}
    return info


def _led(show: Showing, *, home: bool) -> Json:
    team = show.game.home if home else show.game.away
    return {
        "team": _named(show.face, team),
        "leaders": [
            {key: line[key] for key in ("name", "displayName", "leaders")}
            for line in leaders(show.face, show.game, show.truth, home=home)
        ],
    }


def _broadcast(market: str, station: str) -> Json:
    number = {"national": "1", "home": "2", "away": "3"}[market]
    return {
        "type": {"id": "1", "shortName": "TV", "longName": "TV", "slug": "tv"},
        "station": station,
        "market": {"id": number, "type": market.title()},
        "media": {"callLetters": station, "name": station, "shortName": station},
        "lang": "en",
        "region": "us",
        "isNational": market == "national",
    }


def _news(face: Face) -> Json:
    words = f"{face.abbreviation} News"
    index: Json = {
        "language": "en",
        "rel": ["index", "desktop", "league"],
        "href": f"https://www.espn.com/{face.slug}/",
        "text": f"All {words}",
        "shortText": "All News",
        "isExternal": False,
        "isPremium": False,
    }
    return {"header": words, "link": index, "articles": []}


def _article(show: Showing, truth: Truth, now: datetime) -> Json:
    game = show.game
    text = recap(show.face, game, truth)["shortLinkText"] if truth.completed else f"{game.league} preview"
    number = 38_000_000 + digest("article", game.event_id) % 9_000_000
    return {
        "id": number,
        "nowId": f"1-{number}",
        "contentKey": f"{number}-1-21-1",
        "dataSourceIdentifier": f"{digest('source', game.event_id):013x}",
        "publishedkey": f"{show.face.slug}{game.event_id}",
        "type": "Recap" if truth.completed else "Preview",
        "gameId": game.event_id,
        "headline": text,
        "description": f"— {text}",
        "linkText": text,
        "categorized": stamp(truth.at if truth.completed else min(now, show.listing.start)),
    }


def _meta(show: Showing, story: Told) -> Json:
    sport = show.face.path.partition("/")[0]
    topic = f"{sport}-{show.face.slug}-{show.game.event_id}"
    meta: Json = {"gp_topic": f"gp-{topic}", "picker_topic": f"picker-{topic}", "gameState": show.truth.state}
    if story.plays:
        first, last = story.plays[0]["wallclock"], story.plays[-1]["wallclock"]
        meta |= {"lastUpdatedAt": last, "firstPlayWallClock": first, "lastPlayWallClock": last}
    return meta


def _roster(show: Showing, *, home: bool) -> Json:
    game = show.game
    team = game.home if home else game.away
    result: Json = {"homeAway": "home" if home else "away"}
    if show.truth.completed:
        result["winner"] = show.truth.winner == result["homeAway"]
    entries: list[Json] = []
    for place in range(9):
        one = player(show.face, team, place)
        facts: dict[str, Any] = one.named()
        entries.append({"active": True, "starter": True, "jersey": one.jersey, "athlete": facts, "stats": []})
    return result | {"team": _named(show.face, team), "roster": entries}


def standings_block(face: Face, page: Json, season: int) -> Json:
    """`standings` of a summary, cut out of the league's."""
    children = page["children"] if isinstance(page["children"], list) else []
    groups: list[Json] = []
    for child in children:
        entries = [
            {
                "team": entry["team"]["location"],
                "link": entry["team"]["links"][0]["href"],
                "id": entry["team"]["id"],
                "uid": entry["team"]["uid"],
                "stats": entry["stats"],
                "logo": entry["team"]["logos"],
            }
            for entry in child["standings"]["entries"]
        ]
        groups.append({"standings": {"entries": entries}, "header": child["name"], "href": ""})
    full: Json = {"text": "Full Standings", "href": f"https://www.espn.com/{face.slug}/standings"}
    return {"fullViewLink": full, "header": f"{season} Standings", "groups": groups}
