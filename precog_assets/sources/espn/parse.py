"""From bytes to rows: the entry points, one per payload shape, and the one that recognises the shape.

Pure functions of the bytes and the league. None raises, whatever the bytes: an element that cannot be
read is a rejection with a stable reason, and rows + rejections == seen. A body that is not the payload
at all (not JSON, another shape, an error document) is one rejection out of one seen, so that it can
never pass for an empty board; `contract_error` gives the code for it. An empty list of events is a
board with nothing seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from precog_assets.domain.facts import GameSeen, Parsed, TeamSeen
from precog_assets.domain.leagues import League
from precog_assets.sources.espn.events import add_game
from precog_assets.sources.espn.fields import Unreadable, load_json, mapping, shown
from precog_assets.sources.espn.kinds import board_season
from precog_assets.sources.espn.payloads import BOARD, EVENT, SCHEDULE, SCHEDULE_SHAPE, SUMMARY, SUMMARY_SHAPE
from precog_assets.sources.espn.reading import PAYLOAD_REASONS, Reading, failed, too_deep
from precog_assets.sources.espn.teams import StandingSeen, parse_standings, parse_teams, standings_of, teams_of
from precog_assets.sources.espn.tennis import add_tournament

__all__ = [
    "AnyParsed",
    "ScoreboardParsed",
    "contract_error",
    "parse_any",
    "parse_event",
    "parse_schedule",
    "parse_scoreboard",
    "parse_standings",
    "parse_summary",
    "parse_teams",
]


@dataclass(frozen=True, slots=True)
class ScoreboardParsed:
    """Games of a payload, and every decided team or player that stands in it, once each."""

    games: Parsed[GameSeen]
    teams: list[TeamSeen]


@dataclass(frozen=True, slots=True)
class AnyParsed:
    """A payload by its recognised shape: board, event, schedule, summary, teams, standings or other."""

    shape: str
    parsed: Parsed[GameSeen] | Parsed[TeamSeen] | Parsed[StandingSeen]
    teams: list[TeamSeen]


def contract_error(parsed: Parsed[Any]) -> str | None:
    """The code of `domain.errors` for a payload that broke its contract; None where it held."""
    reasons = {rejection.reason for rejection in parsed.rejections}
    if "not_json" in reasons:
        return "contract.not_json"
    if reasons & PAYLOAD_REASONS or any(counts.broken for counts in parsed.contracts):
        return "contract.vanished"
    return None


def parse_scoreboard(body: bytes, league: League) -> ScoreboardParsed:
    """Read a board. Rejects the whole body as `not_json` or `not_a_board` (no `events` list)."""
    return _guarded(_board, body, league, BOARD.payload_type)


def parse_schedule(body: bytes, league: League) -> ScoreboardParsed:
    """Read a team's schedule. Rejects the whole body as `not_json` or `not_a_schedule`."""
    return _guarded(_schedule, body, league, SCHEDULE.payload_type)


def parse_summary(body: bytes, league: League) -> ScoreboardParsed:
    """Read the game in a summary's header. Rejects the whole body as `not_json` or `not_a_summary`.

    A status here has neither clock nor period.
    """
    return _guarded(_summary, body, league, SUMMARY.payload_type)


def parse_event(body: bytes, league: League) -> ScoreboardParsed:
    """Read one event object of a board. Rejects the whole body as `not_json` or `not_an_event`."""
    return _guarded(_event, body, league, EVENT.payload_type)


def parse_any(body: bytes, league: League) -> AnyParsed:
    """Read a payload of any known shape; an unknown one is a single rejection, `unsupported_payload`."""
    try:
        return _any(load_json(body), league)
    except Unreadable as error:
        return AnyParsed("other", failed("espn.other", error), [])
    except RecursionError:
        return AnyParsed("other", failed("espn.other", too_deep(body)), [])


def _any(document: Any, league: League) -> AnyParsed:
    shape = shape_of(document)
    if shape == "teams":
        return AnyParsed(shape, teams_of(document, league), [])
    if shape == "standings":
        return AnyParsed(shape, standings_of(document, league), [])
    read = {"board": _board, "schedule": _schedule, "summary": _summary, "event": _event}.get(shape)
    if read is None:
        keys = ", ".join(list(mapping(document))[:8])
        error = Unreadable("unsupported_payload", f"{type(document).__name__} with keys: {keys or 'none'}")
        return AnyParsed(shape, failed("espn.other", error, document), [])
    games = read(document, league)
    return AnyParsed(shape, games.games, games.teams)


def shape_of(document: Any) -> str:
    """Which payload a document is, by its top-level keys."""
    top = mapping(document)
    if isinstance(top.get("events"), list):
        return "schedule" if "requestedSeason" in top or "team" in top else "board"
    if isinstance(top.get("header"), dict):
        return "summary"
    if isinstance(top.get("competitions"), list) or isinstance(top.get("groupings"), list):
        return "event"
    if isinstance(top.get("sports"), list) or (top.keys() == {"team"} and isinstance(top["team"], dict)):
        return "teams"
    if isinstance(top.get("children"), list) or isinstance(mapping(top.get("standings")).get("entries"), list):
        return "standings"
    return "other"


def _guarded(
    read: Callable[[Any, League], ScoreboardParsed], body: bytes, league: League, payload_type: str
) -> ScoreboardParsed:
    try:
        return read(load_json(body), league)
    except Unreadable as error:
        return ScoreboardParsed(failed(payload_type, error), [])
    except RecursionError:
        return ScoreboardParsed(failed(payload_type, too_deep(body)), [])


def _board(document: Any, league: League) -> ScoreboardParsed:
    top = mapping(document)
    reading: Reading[GameSeen] = Reading(league, board_season(top))
    reading.tally.observe(BOARD, top)
    events = _events(document, top, reading, BOARD.payload_type, "not_a_board")
    if isinstance(events, ScoreboardParsed):
        return events
    add = add_tournament if league.is_individual else add_game
    for index, event in enumerate(events):
        add(event, f"events[{index}]", reading)
    return _parsed(reading)


def _schedule(document: Any, league: League) -> ScoreboardParsed:
    top = mapping(document)
    reading: Reading[GameSeen] = Reading(league)
    reading.tally.observe(SCHEDULE, top)
    events = _events(document, top, reading, SCHEDULE.payload_type, "not_a_schedule")
    if isinstance(events, ScoreboardParsed):
        return events
    for index, event in enumerate(events):
        add_game(event, f"events[{index}]", reading, SCHEDULE_SHAPE)
    return _parsed(reading)


def _summary(document: Any, league: League) -> ScoreboardParsed:
    top = mapping(document)
    reading: Reading[GameSeen] = Reading(league)
    reading.tally.observe(SUMMARY, top)
    header = top.get("header")
    if not isinstance(header, dict):
        error = Unreadable("not_a_summary", _found(document, "header", "an object"))
        return ScoreboardParsed(failed(SUMMARY.payload_type, error, document, reading), [])
    add_game(header, "header", reading, SUMMARY_SHAPE)
    return _parsed(reading)


def _event(document: Any, league: League) -> ScoreboardParsed:
    reading: Reading[GameSeen] = Reading(league)
    if not isinstance(document, dict):
        error = Unreadable("not_an_event", f"{type(document).__name__}; expected an object")
        return ScoreboardParsed(failed(EVENT.payload_type, error, document), [])
    if league.is_individual:
        add_tournament(document, "event", reading)
    else:
        add_game(document, "event", reading)
    return _parsed(reading)


def _events(
    document: Any, top: Mapping[str, Any], reading: Reading[GameSeen], payload_type: str, reason: str
) -> list[Any] | ScoreboardParsed:
    events = top.get("events")
    if isinstance(events, list):
        return events
    error = Unreadable(reason, _found(document, "events", "a list"))
    return ScoreboardParsed(failed(payload_type, error, document, reading), [])


def _found(document: Any, key: str, expected: str) -> str:
    if not isinstance(document, dict):
        return f"{type(document).__name__}; expected an object with `{key}`"
    return f"`{key}` is {shown(document.get(key))}; expected {expected}"


def _parsed(reading: Reading[GameSeen]) -> ScoreboardParsed:
    return ScoreboardParsed(reading.parsed(), list(reading.teams.values()))
