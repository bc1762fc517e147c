"""Questions to the ledger: read from a query, bounded, answered in pages or as one Parquet file."""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from precog_assets.domain.times import parse_instant
from precog_assets.simulator.clock import Stretches
from precog_assets.simulator.kalshi.instants import HOUR_US, instant_of, microseconds
from precog_assets.simulator.ledger import DERIVED, KINDS, Kind
from precog_assets.simulator.ledger.derived import Derived, Span, Subject
from precog_assets.simulator.ledger.recorded import Recorded
from precog_assets.simulator.ledger.rows import Happening, Place, to_json, write_parquet

DEFAULT_SPAN = timedelta(minutes=10)
DEFAULT_LIMIT, HIGHEST_LIMIT = 100, 1_000
MOST_MARKET_HOURS = 5_000
"""Of quotes and trades in one question: some two million rows."""
MOST_GAMES = 6_000
"""Of score changes in one question."""
LONGEST_SPAN = timedelta(days=400)
_PARAMETERS = ("kinds", "from", "to", "league", "ticker", "limit", "cursor", "format")


class Nonsense(ValueError):
    """A question that cannot be answered; the message names what was read and what would be right."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `after` is where the page goes on."""

    span: Span
    now_us: int
    """Nothing the world has still to decide is told; what was recorded before the clock was set back is."""
    kinds: frozenset[Kind]
    subject: Subject
    limit: int = DEFAULT_LIMIT
    after: Place | None = None


def read_question(query: Mapping[str, str], now: datetime, leagues: tuple[str, ...]) -> Question:
    """The question of a query; by default everything of the last ten minutes. Raises Nonsense."""
    unknown = [name for name in query if name not in _PARAMETERS]
    if unknown:
        raise Nonsense(f"unknown parameter {unknown[0]!r}; known: {', '.join(_PARAMETERS)}")
    end = _instant(query, "to") or now
    start = _instant(query, "from") or min(end, now) - DEFAULT_SPAN
    if start >= end:
        raise Nonsense(f"from {start.isoformat()} is not before to {end.isoformat()}; the span is from < time <= to")
    if end - start > LONGEST_SPAN:
        raise Nonsense(f"a span of {(end - start).days} days; ask for at most {LONGEST_SPAN.days}")
    league = query.get("league") or None
    if league is not None and league not in leagues:
        raise Nonsense(f"league {league!r} is not played in this world; it has {', '.join(leagues)}")
    return Question(
        span=Span(microseconds(start), microseconds(end)),
        now_us=microseconds(now),
        kinds=_kinds(query.get("kinds")),
        subject=Subject(league, query.get("ticker") or None),
        limit=_limit(query.get("limit")),
        after=_place(query.get("cursor")),
    )


class Ledger:
    """Both parts of a ledger as one, in the order of world time. Callers take their turn (`turns`)."""

    def __init__(self, recorded: Recorded, derived: Derived, stretches: Callable[[], Stretches]) -> None:
        self.recorded = recorded
        self._derived = derived
        self._stretches = stretches

    def page(self, question: Question) -> dict[str, Any]:
        """Up to `limit` happenings, and the cursor of the next page; '' on the last. Raises Nonsense."""
        rows = list(islice(self.rows(question), question.limit + 1))
        more = len(rows) > question.limit
        rows = rows[: question.limit]
        return {
            "happenings": [to_json(row) for row in rows],
            "cursor": _cursor(rows[-1].place) if more else "",
            "from": instant_of(question.span.start_us).isoformat(),
            "to": instant_of(question.span.end_us).isoformat(),
        }

    def save(self, question: Question, path: Path) -> int:
        """Write all of it as Parquet; how many rows. Raises Nonsense."""
        return write_parquet(self.rows(question), path)

    def rows(self, question: Question) -> Iterator[Happening]:
        """All of it, in order, with wall times. Raises Nonsense before the first row for more than is sensible."""
        span, after = question.span, question.after
        if after is not None:
            span = Span(max(span.start_us, after.time_us - 1), span.end_us)
        decided = Span(span.start_us, max(span.start_us, min(span.end_us, question.now_us)))
        kinds = question.kinds
        self._refuse_too_much(decided, question.subject, kinds)
        recorded = (
            row
            for row in self.recorded.between(span.start_us, span.end_us, kinds - DERIVED)
            if _is_about(row, question.subject)
        )
        merged = heapq.merge(
            self._derived.between(decided, question.subject, kinds & DERIVED), recorded, key=lambda row: row.place
        )
        stretches = self._stretches()
        return (_timed(row, stretches) for row in merged if after is None or row.place > after)

    def _refuse_too_much(self, span: Span, subject: Subject, kinds: frozenset[Kind]) -> None:
        if "score" in kinds and subject.ticker is None:
            games = len(self._derived.games(span, subject))
            if games > MOST_GAMES:
                raise Nonsense(f"scores of {games} games; ask for at most {MOST_GAMES}: a league, or a shorter span")
        if kinds & {"quote", "trade"}:
            hours = (span.end_us - span.start_us) / HOUR_US
            if hours > MOST_MARKET_HOURS:
                raise Nonsense(f"quotes and trades of {hours:.0f} hours; ask for at most {MOST_MARKET_HOURS}")
            markets = len(self._derived.listed(span, subject))
            if markets * hours > MOST_MARKET_HOURS:
                raise Nonsense(
                    f"quotes and trades of {markets} markets over {hours:.1f} hours; ask for at most "
                    f"{MOST_MARKET_HOURS} market hours: a league, a ticker, or a shorter span"
                )


def _timed(row: Happening, stretches: Stretches) -> Happening:
    if row.wall_us is not None:
        return row
    wall = stretches.wall_of(instant_of(row.place.time_us))
    return row if wall is None else row._replace(wall_us=microseconds(wall))


def _is_about(row: Happening, subject: Subject) -> bool:
    columns = row.columns
    if subject.league is not None and columns.get("league") != subject.league:
        return False
    ticker = columns.get("ticker") or columns.get("event_ticker") or ""
    return subject.ticker is None or ticker == subject.ticker or ticker.startswith(f"{subject.ticker}-")


def _instant(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        return parse_instant(text.replace(" ", "+"))
    except ValueError as error:
        raise Nonsense(f"{name}: {error}") from error


def _kinds(text: str | None) -> frozenset[Kind]:
    asked = [part.strip() for part in (text or "").split(",") if part.strip()]
    unknown = [part for part in asked if part not in KINDS]
    if unknown:
        raise Nonsense(f"kinds: {unknown[0]!r}; expected some of {', '.join(KINDS)}, separated by commas")
    return frozenset(kind for kind in KINDS if not asked or kind in asked)


def _limit(text: str | None) -> int:
    if not text:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= HIGHEST_LIMIT:
        raise Nonsense(f"limit: {text!r}; expected a whole number from 1 to {HIGHEST_LIMIT}")
    return int(text)


def _cursor(place: Place) -> str:
    text = f"{place.time_us}:{place.kind}:{place.name}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _place(text: str | None) -> Place | None:
    if not text:
        return None
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        time_us, kind, name = decoded.split(":", 2)
        return Place(int(time_us), int(kind), name)
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise Nonsense(f"cursor: {text!r} is not one this ledger gave out; leave it out to begin anew") from error
