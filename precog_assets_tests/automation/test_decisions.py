"""What sensors decide, as plain functions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from precog_assets.automation.catch_up import overdue, to_rerate, ungraded
from precog_assets.automation.derive import Derived, leagues_to_rate
from precog_assets.automation.events import Told, contract_changes, version_to_tell
from precog_assets.automation.jobs import BATCHES
from precog_assets.automation.memory import TickMemory
from precog_assets.automation.replays import LeagueFacts
from precog_assets.automation.ticks import boards, polled_leagues, read_leagues
from precog_assets.checks.findings import Finding
from precog_assets.config import load_leagues
from precog_assets.pipeline.report import StepReport

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
KEY = dg.AssetKey(["raw", "espn_games"])


def report(*, written: int = 0, outcomes: dict[str, int] | None = None) -> StepReport:
    made = StepReport("games live", "new", NOW, changed=written)
    made.outcomes.update(outcomes or {"ok": 1})
    return made


def test_a_change_is_told_with_a_new_version() -> None:
    assert version_to_tell(report(written=3), Told("old"), heartbeat_due=False) == "new"


def test_the_first_answer_is_told_even_when_nothing_changed() -> None:
    assert version_to_tell(report(), Told(), heartbeat_due=False) == "new"


@pytest.mark.parametrize(("heartbeat_due", "version"), [(True, "old"), (False, None)])
def test_an_unchanged_poll_is_told_once_a_minute_with_the_old_version(heartbeat_due: bool, version: str | None) -> None:
    assert version_to_tell(report(), Told("old"), heartbeat_due=heartbeat_due) == version


@pytest.mark.parametrize(
    "outcomes",
    [
        pytest.param({"http.timeout": 4}, id="nobody answered"),
        pytest.param({"http.blocked": 1}, id="blocked"),
        pytest.param({"ok": 2, "contract.vanished": 2}, id="every answer broke its contract"),
    ],
)
def test_a_poll_that_read_nothing_is_no_heartbeat(outcomes: dict[str, int]) -> None:
    assert version_to_tell(report(outcomes=outcomes), Told("old"), heartbeat_due=True) is None


def test_a_tick_without_a_poll_says_nothing() -> None:
    assert version_to_tell(None, Told("old"), heartbeat_due=True) is None


def test_a_contract_is_told_when_it_breaks_and_when_it_is_mended_and_not_between() -> None:
    broken, whole = Finding(False, "kalshi.market lacks ticker"), Finding(True, "fine")
    told = Told("v")
    said = []
    for finding in (whole, whole, broken, broken, whole):
        events, told = contract_changes(told, KEY, finding)
        said += [(event.passed, event.check_name) for event in events]
    assert said == [(True, "contract"), (False, "contract"), (True, "contract")]
    assert told == Told("v", True)


def test_a_cursor_says_what_was_told_and_a_reset_one_nothing() -> None:
    told = Told("abc", False)
    assert Told.from_cursor(told.to_cursor()) == told
    assert Told.from_cursor(None) == Told.from_cursor("") == Told()
    derived = Derived("links", {"nfl": "3 now"}, "v")
    assert Derived.from_cursor(derived.to_cursor()) == derived
    assert Derived.from_cursor(None) == Derived()


def test_memory_counts_seconds_since_a_poll_by_feed() -> None:
    now = [100.0]
    memory = TickMemory(monotonic=lambda: now[0])
    memory.polled("games", ["nfl"], began_s=100.0)
    now[0] = 103.5
    memory.polled("games", ["nba"], began_s=101.0)
    memory.polled("markets", ["nfl"], began_s=103.0)
    assert memory.polled_s_ago("games") == {"nfl": 3.5, "nba": 2.5}


def test_a_heartbeat_is_due_at_first_and_a_minute_after_the_last_report() -> None:
    now = [100.0]
    memory = TickMemory(monotonic=lambda: now[0])
    assert memory.heartbeat_due("espn_live")
    memory.reported("espn_live")
    now[0] = 159.9
    assert not memory.heartbeat_due("espn_live")
    now[0] = 160.0
    assert memory.heartbeat_due("espn_live")


def test_leagues_whose_requests_were_left_out_stay_due() -> None:
    requests = ["nfl", "ncaab", "ncaab", "nba"]
    assert read_leagues(requests, 0) == ["nfl", "ncaab", "nba"]
    assert read_leagues(requests, 2) == ["nfl"]
    assert read_leagues(requests, 9) == []


@pytest.mark.parametrize(
    ("outcomes", "polled"),
    [
        pytest.param({"http.timeout": 1, "http.circuit_open": 1}, [], id="the source is away: ask again at once"),
        pytest.param({"http.blocked": 2}, ["nfl", "nba"], id="the source refuses: do not press"),
        pytest.param({"ok": 1, "http.timeout": 1}, ["nfl", "nba"], id="one failed: its turn comes again"),
        pytest.param({"ok": 1, "http.budget": 1}, ["nfl"], id="one was not sent: it stays due"),
    ],
)
def test_what_counts_as_polled(outcomes: dict[str, int], polled: list[str]) -> None:
    assert polled_leagues(["nfl", "nba"], report(outcomes=outcomes)) == polled


def test_boards_of_yesterday_are_read_until_early_morning_eastern() -> None:
    nfl = load_leagues()["nfl"]
    assert boards([nfl], datetime(2026, 11, 22, 18, tzinfo=UTC)) == [(nfl, date(2026, 11, 22))]
    assert boards([nfl], datetime(2026, 11, 23, 6, tzinfo=UTC)) == [
        (nfl, date(2026, 11, 22)),
        (nfl, date(2026, 11, 23)),
    ]


def test_leagues_whose_facts_differ_are_rated_the_shortest_replay_first() -> None:
    before = {"nfl": "10 a v1", "nba": "5 b v1"}
    now = {
        "nfl": LeagueFacts(11, 2026, "11 c v1"),
        "nba": LeagueFacts(5, 2027, "5 b v1"),
        "nhl": LeagueFacts(1, 2027, "1 d v1"),
    }
    assert leagues_to_rate(before, now) == ["nhl", "nfl"]
    assert leagues_to_rate(before, {"nfl": LeagueFacts(10, 2026, "10 a v1")}) == []


def test_a_league_is_rerated_for_facts_of_its_own_once_an_hour() -> None:
    first = LeagueFacts(30_000, 2027, "30000 a v1")
    later = LeagueFacts(30_001, 2027, "30001 b v1")
    asked = to_rerate({}, {"nba": first}, "T18")
    assert asked == {"nba": "T18 30000 a v1"}
    assert to_rerate(asked, {"nba": first}, "T19") == {}
    assert to_rerate(asked, {"nba": later}, "T18") == {}
    assert to_rerate(asked, {"nba": later}, "T19") == {"nba": "T19 30001 b v1"}


def test_rated_leagues_are_graded_that_never_were_or_not_for_a_day() -> None:
    hour = timedelta(hours=1)
    latest = {f"ratings {league}": NOW for league in ("nfl", "nba", "nhl")}
    latest |= {"evaluations nba": NOW - 25 * hour, "evaluations nhl": NOW - 27 * hour}
    assert ungraded(latest, ["nfl", "nba", "nhl", "mlb"], NOW) == ["nfl", "nhl"]
    assert ungraded(latest, ["nhl"], NOW, clock_speed=60) == []


def test_a_new_database_is_overdue_for_every_job_that_can_be() -> None:
    assert overdue({}, NOW) == ["calendar", "results", "discovery", "settlements", "ladder"]


def test_only_jobs_whose_step_is_too_old_are_overdue() -> None:
    latest = {batch.step: NOW - timedelta(hours=1) for batch in BATCHES if batch.step}
    assert overdue(latest, NOW) == []
    assert overdue({**latest, "results": NOW - timedelta(hours=6)}, NOW) == ["results"]


def test_in_a_world_that_runs_faster_jobs_are_overdue_by_our_time() -> None:
    latest = {batch.step: NOW - timedelta(hours=20) for batch in BATCHES if batch.step}
    assert "results" in overdue(latest, NOW)
    assert overdue(latest, NOW, clock_speed=60) == []
