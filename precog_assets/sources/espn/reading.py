"""One payload being read: rows, rejections, contract counts, and the sum that must come out.

Every element handed to `Reading.add` ends as a row or as a rejection of a stable reason, so that
rows + rejections == seen. A payload that is no list of elements at all counts as one element, rejected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from precog_assets.domain.facts import Parsed, Rejection, TeamSeen
from precog_assets.domain.leagues import League
from precog_assets.sources.contract import sample_of
from precog_assets.sources.espn.fields import MAX_TEXT, Unreadable
from precog_assets.sources.espn.payloads import Tally

RowT = TypeVar("RowT")

EXPECTED = frozenset({"doubles", "duplicate", "other_draw"})
"""Reasons that stand for rows which are out of scope, not for rows that went wrong."""
PAYLOAD_REASONS = frozenset(
    {
        "not_json",
        "too_deep",
        "not_a_board",
        "not_a_schedule",
        "not_a_summary",
        "not_an_event",
        "not_a_team_list",
        "not_standings",
        "unsupported_payload",
    }
)
"""Reasons that reject a whole payload."""


class Reading(Generic[RowT]):
    """Gathers what one payload of one league holds."""

    def __init__(self, league: League, board_season: int | None = None) -> None:
        self.league = league
        self.board_season = board_season
        self.tally = Tally()
        self.teams: dict[str, TeamSeen] = {}
        self.rows: list[RowT] = []
        self.rejections: list[Rejection] = []
        self.seen = 0
        self._keys: set[str] = set()

    def add(
        self,
        payload_type: str,
        place: str,
        raw: Any,
        read: Callable[[Mapping[str, Any]], RowT],
        *,
        key_of: Callable[[RowT], str],
    ) -> None:
        """Read one element into a row, or reject it; the second row of a key is rejected as `duplicate`."""
        self.seen += 1
        if not isinstance(raw, dict):
            self.reject(payload_type, place, Unreadable("not_an_object", f"{type(raw).__name__}, not an object"), raw)
            return
        if not raw:
            self.reject(payload_type, place, Unreadable("empty_event", "an empty object"), raw)
            return
        try:
            row = read(raw)
            key = key_of(row)
            if key in self._keys:
                raise Unreadable("duplicate", f"{key} stands in this payload already")
        except Unreadable as error:
            self.reject(payload_type, place, error, raw)
            return
        self._keys.add(key)
        self.rows.append(row)

    def reject(self, payload_type: str, place: str, error: Unreadable, raw: Any) -> None:
        """Keep a rejection, named by the element's own id where it has one, else by its place."""
        own = raw.get("id") if isinstance(raw, dict) else None
        key = str(own) if isinstance(own, str | int) and own != "" else place
        sample = "" if error.reason in EXPECTED else sample_of(raw)
        self.rejections.append(Rejection(payload_type, key[:64], error.reason, error.detail[:MAX_TEXT], sample))

    def parsed(self) -> Parsed[RowT]:
        """What was gathered."""
        return Parsed(self.rows, self.rejections, self.tally.counts(), self.seen)


def failed(
    payload_type: str, error: Unreadable, document: Any = None, reading: Reading[Any] | None = None
) -> Parsed[Any]:
    """A payload rejected as a whole: no rows, one rejection, one element seen."""
    sample = "" if document is None else sample_of(document)
    rejection = Rejection(payload_type, "payload", error.reason, error.detail[:MAX_TEXT], sample)
    return Parsed([], [rejection], reading.tally.counts() if reading else [], 1)


def too_deep(body: bytes) -> Unreadable:
    """For a body whose nesting exceeds what Python can walk; no real payload comes near."""
    return Unreadable("too_deep", f"{len(body)} bytes nested deeper than can be read")
