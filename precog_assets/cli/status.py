"""The live status line of `up`: what the database says is going on, and how the children are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from rich.text import Text

from precog_assets.domain.errors import PrecogError
from precog_assets.domain.times import Clock, speed_of
from precog_assets.pipeline.feeds import in_database

_QUERY = sa.text(
    """
    SELECT (SELECT count(*) FROM core.games
            WHERE phase IN ('in_play', 'delayed') AND start_time > :long_ago) AS in_play,
           (SELECT count(*) FROM core.games) AS games,
           (SELECT count(*) FROM market.markets WHERE status = 'active') AS markets,
           (SELECT max(last_polled_at) FROM ops.feeds) AS polled_at,
           (SELECT coalesce(sum(changed), 0) FROM ops.steps
            WHERE step = ANY(:market_steps) AND started_at > :minute_ago) AS quotes,
           (SELECT coalesce(sum(rows_in), 0) FROM ops.steps
            WHERE step = 'decisions' AND started_at > :minute_ago) AS decisions,
           (SELECT count(*) FROM book.orders WHERE status IN ('written', 'resting')) AS open_orders,
           (SELECT count(*) FROM ops.backfill_units WHERE job = ANY(:jobs) AND unit >= :first) AS days_done
    """
)
MARKET_STEPS = ("markets", "markets live", "discovery")
"""Steps that write quotes: of the pass, of the sensor, of the schedule."""
_COLOURS = {"running": "green", "done": "green", "starting": "yellow", "waiting": "yellow", "failed": "red"}


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the line shows; ages and rates are in real time also over a faster clock."""

    world_now: datetime
    games_in_play: int
    games: int
    markets: int
    poll_age_s: float | None
    quotes_per_min: float
    decisions_per_min: float
    open_orders: int
    days_done: int
    days_wanted: int


def read_numbers(engine: sa.Engine, clock: Clock, leagues: list[str], bootstrap_days: int) -> Numbers:
    """One query. Raises PrecogError(system.database) when the database does not answer."""
    now = clock.now()
    speed = speed_of(clock)
    first = date.fromordinal(now.date().toordinal() - bootstrap_days - 1).isoformat()
    parameters = {
        "long_ago": now - timedelta(days=3),
        "minute_ago": now - timedelta(seconds=60 * speed),
        "market_steps": list(MARKET_STEPS),
        "jobs": [f"games:{league}" for league in leagues],
        "first": first,
    }
    with in_database(engine) as connection:
        row = connection.execute(_QUERY, parameters).one()
    wanted = bootstrap_days * len(leagues)
    return Numbers(
        world_now=now,
        games_in_play=row.in_play,
        games=row.games,
        markets=row.markets,
        poll_age_s=None if row.polled_at is None else max(0.0, (now - row.polled_at).total_seconds() / speed),
        quotes_per_min=float(row.quotes),
        decisions_per_min=float(row.decisions),
        open_orders=row.open_orders,
        days_done=min(row.days_done, wanted),
        days_wanted=wanted,
    )


def line(numbers: Numbers | PrecogError, states: Mapping[str, str]) -> Text:
    """The line, for a terminal; `.plain` for a log."""
    text = Text()
    if isinstance(numbers, PrecogError):
        text.append(f"{numbers.code}: {numbers}", style="red")
    else:
        age = "no poll yet" if numbers.poll_age_s is None else f"last poll {numbers.poll_age_s:.0f} s ago"
        text.append(
            f"{numbers.world_now:%Y-%m-%d %H:%M:%S} UTC · {numbers.games_in_play} of {numbers.games} games in play · "
            f"{numbers.markets} markets · {numbers.quotes_per_min:.0f} quotes/min · "
            f"{numbers.decisions_per_min:.0f} decisions/min · {numbers.open_orders} open orders · {age}"
        )
        if numbers.days_wanted:
            text.append(f" · past seasons {numbers.days_done}/{numbers.days_wanted} days")
    text.append(" · ")
    for position, (name, state) in enumerate(states.items()):
        text.append(("" if position == 0 else ", ") + name, style=_COLOURS[state])
        if state != "running":
            text.append(f" ({state})", style=_COLOURS[state])
    return text
