"""Small ESPN payloads for tests: one event with defaults, and the ways in which it can differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from precog_assets.config import load_leagues
from precog_assets.domain.facts import GameSeen
from precog_assets.domain.leagues import League
from precog_assets.sources.espn.parse import ScoreboardParsed, parse_scoreboard

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "espn"
STATUSES: dict[str, tuple[str, bool]] = {
    "STATUS_SCHEDULED": ("pre", False),
    "STATUS_IN_PROGRESS": ("in", False),
    "STATUS_RAIN_DELAY": ("in", False),
    "STATUS_SHOOTOUT": ("in", False),
    "STATUS_FINAL": ("post", True),
    "STATUS_FULL_TIME": ("post", True),
    "STATUS_FINAL_PEN": ("post", True),
    "STATUS_POSTPONED": ("post", False),
    "STATUS_SUSPENDED": ("post", False),
    "STATUS_CANCELED": ("post", False),
    "STATUS_RETIRED": ("post", True),
    "STATUS_WALKOVER": ("post", True),
}


def league(key: str) -> League:
    """A configured league."""
    return load_leagues()[key]


def status(name: str, **more: Any) -> dict[str, Any]:
    """A status object under a known name."""
    state, completed = STATUSES[name]
    kind = {"id": "0", "name": name, "state": state, "completed": completed, "detail": name.lower()}
    return {"clock": 0.0, "displayClock": "0:00", "period": 1, "type": kind, **more}


def side(home_away: str, team_id: str, score: Any = None, **more: Any) -> dict[str, Any]:
    """A competitor; its team is named after its id."""
    team = {"id": team_id, "abbreviation": f"T{team_id}", "displayName": f"Team-{team_id}"}
    found: dict[str, Any] = {"id": team_id, "homeAway": home_away, "team": team, **more}
    if score is not None:
        found["score"] = score
    return found


def event(
    *,
    event_id: str = "1",
    name: str = "STATUS_SCHEDULED",
    home: dict[str, Any] | None = None,
    away: dict[str, Any] | None = None,
    competition: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One event of a board; `competition` and the further names replace or add keys."""
    inner = {
        "id": event_id,
        "date": "2026-11-22T18:00Z",
        "timeValid": True,
        "neutralSite": False,
        "competitors": [home or side("home", "10", "0"), away or side("away", "20", "0")],
        "status": status(name),
        **(competition or {}),
    }
    season = {"year": 2026, "type": 2, "slug": "regular-season"}
    return {"id": event_id, "date": inner["date"], "season": season, "competitions": [inner], **more}


def board(*events: Any, **more: Any) -> bytes:
    """A board's bytes."""
    return orjson.dumps({"leagues": [], "events": list(events), **more})


def read(key: str, *events: Any, **more: Any) -> ScoreboardParsed:
    """What a league's board of these events reads as."""
    return parse_scoreboard(board(*events, **more), league(key))


def one(key: str, single: Any, **more: Any) -> GameSeen:
    """The row of a board with one event, which must not be rejected."""
    parsed = read(key, single, **more).games
    assert parsed.rejections == []
    assert parsed.seen == 1
    return parsed.rows[0]


def reasons(parsed: ScoreboardParsed) -> list[str]:
    """Reasons of all rejections in their order."""
    return [rejection.reason for rejection in parsed.games.rejections]


def player(espn_id: str, *sets: int, won: tuple[bool, ...] | None = None, **more: Any) -> dict[str, Any]:
    """A tennis competitor with games by set; `won` gives the winner flag of each set, None leaves them out."""
    lines: list[dict[str, Any]] = [{"value": float(games)} for games in sets]
    for line, flag in zip(lines, won or (), strict=False):
        line["winner"] = flag
    return {"id": espn_id, "type": "athlete", "athlete": {"displayName": f"P{espn_id}"}, "linescores": lines, **more}


def match(match_id: str, name: str, *players: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A tennis competition."""
    found = {"id": match_id, "date": "2026-06-01T09:00Z", "competitors": list(players), "status": status(name)}
    return {**found, **more}


def tournament(**draws: list[Any]) -> dict[str, Any]:
    """A tournament with draws by slug, underscores for hyphens."""
    groupings = [
        {"grouping": {"slug": slug.replace("_", "-")}, "competitions": matches} for slug, matches in draws.items()
    ]
    return {"id": "5-2026", "name": "Open", "season": {"year": 2026, "type": 2}, "groupings": groupings}
