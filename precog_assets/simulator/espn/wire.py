"""Small pieces that ESPN's payloads are built of: instants, status, lines, links, and invented ornaments."""

from __future__ import annotations

from datetime import UTC, datetime

from precog_assets.domain.leagues import Sport
from precog_assets.simulator.world.model import Listing, SimGame, Truth
from precog_assets.simulator.world.play.frame import ordinal, scheduled_detail, short_scheduled
from precog_assets.simulator.world.randomness import digest

Json = dict[str, object]

STATUS_IDS = {
    "STATUS_SCHEDULED": ("1", "Scheduled"),
    "STATUS_IN_PROGRESS": ("2", "In Progress"),
    "STATUS_FINAL": ("3", "Final"),
    "STATUS_CANCELED": ("5", "Canceled"),
    "STATUS_POSTPONED": ("6", "Postponed"),
    "STATUS_DELAYED": ("7", "Delayed"),
    "STATUS_SUSPENDED": ("8", "Suspended"),
    "STATUS_RAIN_DELAY": ("17", "Rain Delay"),
    "STATUS_END_PERIOD": ("22", "End of Period"),
    "STATUS_HALFTIME": ("23", "Halftime"),
    "STATUS_OVERTIME": ("24", "Overtime"),
    "STATUS_FIRST_HALF": ("25", "First Half"),
    "STATUS_SECOND_HALF": ("26", "Second Half"),
    "STATUS_ABANDONED": ("27", "Abandoned"),
    "STATUS_FULL_TIME": ("28", "Full Time"),
    "STATUS_RETIRED": ("38", "Retired"),
    "STATUS_WALKOVER": ("40", "Walkover"),
    "STATUS_SHOOTOUT": ("44", "Shootout"),
    "STATUS_FINAL_AET": ("45", "Final Score - After Extra Time"),
    "STATUS_FINAL_PEN": ("47", "Final Score - After Penalties"),
    "STATUS_HALFTIME_ET": ("49", "Extra Time Halftime"),
    "STATUS_END_OF_REGULATION": ("53", "End of Regulation"),
}
BROKEN_OFF = frozenset({"STATUS_POSTPONED", "STATUS_CANCELED"})
"""Statuses of games of which nothing was played under this date."""
_PERIOD_WORDS = (" Quarter", " Half", " Period")
_SHORT = {"Penalties": "Pens"}
STALE_FINALS = 200
"""One basketball final in so many keeps the clock of a period that never began (Q18)."""


def instant(moment: datetime) -> str:
    """Minutes only, always Z, as every recorded board writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def status_type(truth: Truth, listing: Listing, *, quoted: bool = False) -> Json:
    """`status.type` of a state; the texts name the announced hour, or TBD while it is a placeholder.

    Tennis writes that word in quotes.
    """
    number, description = STATUS_IDS[truth.status]
    detail = f"{description}, {half_inning(truth)}" if truth.status == "STATUS_RAIN_DELAY" else truth.detail
    short = detail
    if truth.status == "STATUS_SCHEDULED":
        detail, short = scheduled_detail(listing.start), short_scheduled(listing.start)
        if not (listing.time_valid and listing.decided):
            day, _, _ = short.partition(" - ")
            detail, short = f"{day} - 'TBD'" if quoted else f"{day} - TBD", "TBD"
    else:
        short = _SHORT.get(short, short)
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


def half_inning(truth: Truth) -> str:
    """`Top 3rd` or `Bot 3rd`, by whose turn it is to have runs."""
    half = "Top" if len(truth.away_lines) > len(truth.home_lines) else "Bot"
    return f"{half} {ordinal(truth.period)}"


def status(truth: Truth, game: SimGame, sport: Sport, listing: Listing) -> Json:
    """`status` as the event carries it; the competition's may have more."""
    kind = status_type(truth, listing, quoted=sport is Sport.TENNIS)
    if sport is Sport.TENNIS:
        return {"period": max(1, truth.period), "type": kind}
    stale = truth.completed and sport is Sport.BASKETBALL and digest("stale", game.event_id) % STALE_FINALS == 0
    result: Json = {
        "clock": 720.0 if stale else truth.clock_s,
        "displayClock": "12:00" if stale else truth.display_clock,
    }
    if sport is not Sport.SOCCER or truth.state != "pre":
        result["period"] = truth.period
    result["type"] = kind
    return result


def lines(scores: tuple[int, ...]) -> list[Json]:
    """`linescores` by period."""
    return [
        {"value": float(score), "displayValue": str(score), "period": period}
        for period, score in enumerate(scores, start=1)
    ]


def guid(*parts: object) -> str:
    """An invented identifier in the form of a GUID."""
    digits = f"{digest('guid', *parts):016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:]}-0000-000000000000"


def colors(team_id: str, league: str) -> tuple[str, str]:
    """Two invented colours, as six hexadecimal digits."""
    number = digest("colors", league, team_id)
    return f"{number & 0xFFFFFF:06x}", f"{number >> 24 & 0xFFFFFF:06x}"


def link(rel: str, href: str, text: str, *, about: str = "event", short: str | None = None) -> Json:
    """A link as events carry them."""
    return {
        "language": "en-US",
        "rel": [rel, "desktop", about],
        "href": href,
        "text": text,
        "shortText": short or text,
        "isExternal": False,
        "isPremium": False,
    }
