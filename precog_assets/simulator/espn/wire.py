"""Small pieces that ESPN's payloads are built of: instants, status, lines, and invented ornaments."""

from __future__ import annotations

from datetime import UTC, datetime

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.world.model import SimGame, Truth
from precog_assets.simulator.world.play.frame import short_scheduled
from precog_assets.simulator.world.randomness import digest

Json = dict[str, object]

STATUS_IDS = {
    "STATUS_SCHEDULED": ("1", "Scheduled"),
    "STATUS_IN_PROGRESS": ("2", "In Progress"),
    "STATUS_FINAL": ("3", "Final"),
    "STATUS_CANCELED": ("5", "Canceled"),
    "STATUS_POSTPONED": ("6", "Postponed"),
    "STATUS_SUSPENDED": ("8", "Suspended"),
    "STATUS_RAIN_DELAY": ("17", "Rain Delay"),
    "STATUS_END_PERIOD": ("22", "End of Period"),
    "STATUS_HALFTIME": ("23", "Halftime"),
    "STATUS_FIRST_HALF": ("25", "First Half"),
    "STATUS_SECOND_HALF": ("26", "Second Half"),
    "STATUS_FULL_TIME": ("28", "Full Time"),
    "STATUS_RETIRED": ("38", "Retired"),
    "STATUS_WALKOVER": ("40", "Walkover"),
}
_PERIOD_WORDS = (" Quarter", " Half", " Period")


def instant(moment: datetime) -> str:
    """Minutes only, always Z, as every recorded board writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def status_type(truth: Truth, start: datetime, *, undecided: bool = False) -> Json:
    """`status.type` of a state; `undecided` while the sides are not known."""
    number, description = STATUS_IDS[truth.status]
    detail = truth.detail
    short = detail
    if truth.state == "pre":
        short = short_scheduled(start)
        if undecided:
            day, _, _ = short.partition(" - ")
            detail, short = f"{day} - TBD", "TBD"
    else:
        for word in _PERIOD_WORDS:
            short = short.replace(word, "")
    kind: Json = {
        "id": number,
        "name": truth.status,
        "state": truth.state,
        "completed": truth.completed,
        "description": description,
        "detail": detail,
        "shortDetail": short,
    }
    if truth.completed and detail.startswith("Final/"):
        kind["altDetail"] = detail.removeprefix("Final/") if not detail[6:].isdigit() else f"F/{detail[6:]}"
    return kind


def status(truth: Truth, game: SimGame, sport: Sport, *, undecided: bool = False) -> Json:
    """`status` as event and competition carry it."""
    kind = status_type(truth, game.start, undecided=undecided)
    if sport is Sport.TENNIS:
        return {"period": max(1, truth.period), "type": kind}
    result: Json = {"clock": truth.clock_s, "displayClock": truth.display_clock}
    if sport is not Sport.SOCCER or truth.state != "pre":
        result["period"] = truth.period
    result["type"] = kind
    if game.league == "nfl":
        result["isTBDFlex"] = False
    if game.league == "nhl" and truth.completed:
        result["featuredAthletes"] = []
    return result


def lines(scores: tuple[int, ...]) -> list[Json]:
    """`linescores` by period."""
    return [
        {"value": float(score), "displayValue": str(score), "period": period}
        for period, score in enumerate(scores, start=1)
    ]


def colors(team_id: str, league: str) -> tuple[str, str]:
    """Two invented colours, as six hexadecimal digits."""
    number = digest("colors", league, team_id)
    return f"{number & 0xFFFFFF:06x}", f"{number >> 24 & 0xFFFFFF:06x}"


def link(rel: str, href: str, text: str) -> Json:
    """A link as every part of a payload carries them."""
    return {
        "language": "en-US",
        "rel": [rel, "desktop"],
        "href": href,
        "text": text,
        "shortText": text,
        "isExternal": False,
        "isPremium": False,
    }
