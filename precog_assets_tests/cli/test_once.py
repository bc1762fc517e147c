from __future__ import annotations

from datetime import UTC, datetime

import pytest

from precog_assets.cli.children import can_bind
from precog_assets.cli.once import EMPTY_EXIT, FAILED_EXIT, Result, exit_code
from precog_assets.domain.errors import PrecogError
from precog_assets.pipeline.report import StepReport

# One worker fills the home; they all read it.
pytestmark = pytest.mark.xdist_group("filled home")


def _report(step: str, rows_in: int, **outcomes: int) -> Result:
    report = StepReport(step, "c", datetime(2026, 11, 22, tzinfo=UTC), rows_in=rows_in)
    report.outcomes.update({code.replace("_", ".", 1): count for code, count in outcomes.items()})
    return Result(step, report)


def test_a_pass_over_the_simulator_prints_a_table_of_steps_and_rows(filled):
    _, table = filled
    lines = {line.split("  ")[0].strip(): line.split() for line in table.splitlines()}
    assert {"games", "series", "markets", "links", "order books", "ratings nfl", "upkeep"} <= set(lines)
    for step in ("games", "markets"):
        assert int(lines[step][1].replace(",", "")) > 0
        assert lines[step][-1] == "ok"


def test_a_second_pass_succeeds_on_what_is_there_and_leaves_no_simulator_behind(filled, precog):
    home, _ = filled
    done = precog("once")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert can_bind("127.0.0.1", int(home.variables["SIM_PORT"]))


def test_a_source_that_does_not_answer_is_a_failure_with_its_code(filled, precog):
    home, _ = filled
    nobody = f"http://127.0.0.1:{home.variables['PRECOG_UI_PORT']}"
    done = precog("once", ESPN_BASE_URL=nobody, KALSHI_BASE_URL=f"{nobody}/trade-api/v2")
    assert done.exit_code == FAILED_EXIT
    assert "http.connection" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("results", "stored_near", "code"),
    [
        ([_report("games", 3, ok=1), _report("markets", 0, ok=1)], 3, 0),
        ([_report("games", 0, ok=1), _report("markets", 0, ok=1)], 0, EMPTY_EXIT),
        ([_report("games", 0, ok=1), _report("markets", 0, ok=1)], 9, EMPTY_EXIT),
        ([_report("games", 0, http_unchanged=1), _report("markets", 0, http_unchanged=1)], 9, 0),
        ([_report("games", 0, http_unchanged=1), _report("markets", 0, http_unchanged=1)], 0, EMPTY_EXIT),
        ([_report("games", 0, http_blocked=1), _report("markets", 5, ok=1)], 5, FAILED_EXIT),
        ([Result("games", PrecogError("system.database", "away")), _report("markets", 5, ok=1)], 5, FAILED_EXIT),
    ],
    ids=["rows", "nothing new", "empty boards now", "unchanged", "unchanged and empty", "blocked", "step failed"],
)
def test_the_exit_code_tells_success_from_failure_from_nothing_shown(results, stored_near, code):
    assert exit_code(results, stored_near) == code
