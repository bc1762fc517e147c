"""ESPN's boards that refuse, hang, are empty, lose a game, take a score back, reopen a final or move a start.

Belongs here: boards. What a board says that never was is stored as what the board said, and put right by the next one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from precog_assets_tests.chaos.conftest import Tell
from precog_assets_tests.chaos.world import LiveWorld, counted, faults, pass_s, settled, streaming, until

pytestmark = pytest.mark.chaos
LASTS_S = 20.0
PATIENT_S = 70.0
"""Longer than a breaker keeps everybody from a host, and a board."""
TROUBLES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("403 with a page of HTML", {"kind": "blocked"}, "http.blocked"),
    ("no answer for 30 s", {"kind": "timeout"}, "http.timeout"),
    ("503 to four of five", {"kind": "unavailable", "probability": 0.8}, "http.server_error"),
    ("boards cut short", {"kind": "truncated", "probability": 0.8}, "contract.not_json"),
)
GAME = """
SELECT g.espn_event_id AS event_id, s.status, s.period, s.home_score, s.away_score, g.start_time
FROM core.games g JOIN LATERAL (
    SELECT * FROM core.game_states s WHERE s.game_id = g.game_id ORDER BY s.observed_at DESC LIMIT 1) s ON true
WHERE g.phase = :phase AND coalesce(s.home_score, 0) >= :least AND g.league = ANY(:leagues)
  AND (g.phase = 'in_play' OR g.start_time > :later)
ORDER BY g.start_time, g.game_id LIMIT 1
"""
NEWEST = """
SELECT s.status, s.home_score, g.phase, g.start_time FROM core.games g JOIN core.game_states s USING (game_id)
WHERE g.espn_event_id = :event_id ORDER BY s.observed_at DESC LIMIT 1
"""


def a_game(world: LiveWorld, phase: str, least: int = 0) -> Any:
    """One in a phase with so many points at home; a scheduled one begins today, and not within the hour."""
    later = world.services.clock.now() + timedelta(hours=1)
    leagues = [league.key for league in world.services.leagues]
    found = world.rows(GAME, phase=phase, least=least, leagues=leagues, later=later)
    assert found, f"no game is {phase}"
    return found[0]


@pytest.mark.parametrize(("done", "rule", "code"), TROUBLES, ids=[done for done, _, _ in TROUBLES])
def test_boards_that_do_not_come_are_read_when_they_do(
    world: LiveWorld, tell: Tell, done: str, rule: Any, code: str
) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now()
        with faults(world, {**rule, "venue": "espn"}) as struck:
            pass_s(LASTS_S, collecting)
            assert struck() > 0, "no board was struck"
        found, took_s = settled(world, began, collecting, visible_s=PATIENT_S)
        assert code in counted(world, began)
    tell("ESPN", done, took_s, found)


def test_events_that_are_empty_objects_are_refused_by_name_and_the_others_read(world: LiveWorld, tell: Tell) -> None:
    refused = "SELECT 1 FROM ops.rejections WHERE last_seen_at >= :began AND payload_type LIKE 'espn%'"
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began = world.services.clock.now()
        with faults(world, {"kind": "empty_events", "venue": "espn", "share": 0.5}):
            until(lambda: bool(world.rows(refused, began=began)), collecting, what="no event was refused")
            pass_s(LASTS_S, collecting)
        found, took_s = settled(world, began, collecting, visible_s=PATIENT_S)
    tell("ESPN", "events that are {}", took_s, found)


def test_a_game_that_vanishes_stays_what_it_was_and_goes_on_when_it_is_back(world: LiveWorld, tell: Tell) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began, game = world.services.clock.now(), a_game(world, "in_play", 1)
        with faults(world, {"kind": "vanished", "venue": "espn", "names": [game.event_id]}) as struck:
            pass_s(LASTS_S, collecting)
            assert struck() > 0
            assert world.rows(NEWEST, event_id=game.event_id)[0].phase == "in_play"
        found, took_s = settled(world, began, collecting, visible_s=PATIENT_S)
    tell("ESPN", "a game vanishes", took_s, found)


def test_a_score_that_goes_back_is_what_the_board_said_until_it_says_otherwise(world: LiveWorld, tell: Tell) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began, game = world.services.clock.now(), a_game(world, "in_play", 2)
        rule = {"kind": "changed_field", "venue": "espn", "names": [game.event_id], "value": "1"}
        with faults(world, {**rule, "field": "competitions[*].competitors[*].score"}):
            until(
                lambda: world.rows(NEWEST, event_id=game.event_id)[0].home_score == 1,
                collecting,
                what="the score that went back was not stored",
            )
        until(
            lambda: world.rows(NEWEST, event_id=game.event_id)[0].home_score > 1,
            collecting,
            what="the score was not put right",
        )
        told = {game.event_id: (began, world.services.clock.now())}
        found, took_s = settled(world, began, collecting, told=told)
    tell("ESPN", "a score goes back", took_s, found)


def test_a_final_that_is_reopened_is_in_play_again_and_goes_on(world: LiveWorld, tell: Tell) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began, game = world.services.clock.now(), a_game(world, "in_play", 1)
        ended = [
            {
                "kind": "changed_field",
                "venue": "espn",
                "names": [game.event_id],
                "field": f"{place}.type.{field}",
                "value": value,
            }
            for place in ("status", "competitions[*].status")
            for field, value in (("name", "STATUS_FINAL"), ("state", "post"), ("completed", True))
        ]
        with faults(world, *ended):
            until(
                lambda: world.rows(NEWEST, event_id=game.event_id)[0].phase == "final",
                collecting,
                what="the board's final was not stored",
            )
        until(
            lambda: world.rows(NEWEST, event_id=game.event_id)[0].phase == "in_play",
            collecting,
            what="the final was not reopened",
        )
        told = {game.event_id: (began, world.services.clock.now())}
        found, took_s = settled(world, began, collecting, told=told)
    tell("ESPN", "a final is reopened", took_s, found)


def test_a_start_that_moves_is_the_new_one_and_then_the_old_one(world: LiveWorld, tell: Tell) -> None:
    with world.collector() as collecting:
        until(lambda: streaming(collecting), collecting, what="no stream")
        began, game = world.services.clock.now(), a_game(world, "scheduled")
        moved = game.start_time + timedelta(minutes=45)
        rule = {"kind": "changed_field", "venue": "espn", "names": [game.event_id], "value": f"{moved:%Y-%m-%dT%H:%MZ}"}
        with faults(world, {**rule, "field": "date"}, {**rule, "field": "competitions[*].date"}):
            until(
                lambda: world.rows(NEWEST, event_id=game.event_id)[0].start_time == moved,
                collecting,
                what="the start did not move",
            )
        until(
            lambda: world.rows(NEWEST, event_id=game.event_id)[0].start_time == game.start_time,
            collecting,
            what="the start did not move back",
        )
        told = {game.event_id: (began, world.services.clock.now())}
        found, took_s = settled(world, began, collecting, told=told)
    tell("ESPN", "a start is moved", took_s, found)
