"""Fault rules are read whole or refused, naming the field, what was read, and what would be right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from precog_assets.domain.errors import ConfigurationError
from precog_assets.simulator.faults.paths import owners, read_path
from precog_assets.simulator.faults.rules import KINDS, later, read_fault_file, read_rule, read_rules, to_json

TERMS: dict[str, dict[str, Any]] = {
    "latency": {"delay_ms": 800},
    "renamed_field": {"field": "a", "to_name": "b"},
    "missing_field": {"field": "a"},
    "null_field": {"field": "a"},
    "extra_field": {"field": "a", "value": 1},
    "changed_field": {"field": "a", "value": 1},
    "stale_read": {"age_s": 60},
    "clock_skew": {"skew_s": -30},
    "maintenance": {"from": "2026-11-22T01:00:00Z", "to": "2026-11-22T02:00:00Z"},
    "delay_frame": {"delay_ms": 100},
    "renamed_frame_field": {"field": "a", "to_name": "b"},
}
"""What a kind needs besides its name."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_comes_back_as_it_was_given(kind: str) -> None:
    given = {"kind": kind, "id": "mine", **TERMS.get(kind, {})}
    assert to_json(read_rule(given)) == given
    assert read_rule(to_json(read_rule(given))) == read_rule(given)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("latency", "fault: 'latency'; expected an object"),
        ({"delay_ms": 5}, "fault.kind: None; expected one of latency"),
        ({"kind": "gremlins"}, "fault.kind: 'gremlins'; expected one of latency"),
        ({"kind": "latency"}, "fault.delay_ms: missing"),
        ({"kind": "latency", "delay_ms": "long"}, "fault.delay_ms: 'long'; input should be a valid number"),
        ({"kind": "latency", "delay_ms": -1}, "fault.delay_ms: -1; input should be greater than 0"),
        ({"kind": "blocked", "color": "red"}, "fault.color: no such field here"),
        ({"kind": "blocked", "venue": "nyse"}, "fault.venue: 'nyse'; input should be 'espn', 'kalshi' or 'stream'"),
        ({"kind": "blocked", "probability": 2}, "fault.probability: 2; input should be less than or equal to 1"),
        ({"kind": "blocked", "count": 0}, "fault.count: 0; input should be greater than or equal to 1"),
        ({"kind": "blocked", "from": "2026-11-22T01:00"}, "fault.from: '2026-11-22T01:00'; input should have timezone"),
        (
            {"kind": "blocked", "from": "2026-11-22T02:00Z", "to": "2026-11-22T01:00Z"},
            "to 2026-11-22T01:00:00+00:00 is not after from 2026-11-22T02:00:00+00:00",
        ),
        ({"kind": "blocked", "channel": "trade"}, "only faults of frames have a channel"),
        ({"kind": "drop_frame", "path": "/x"}, "strikes frames: path, methods, query and league do not apply"),
        ({"kind": "drop_frame", "venue": "espn"}, "strikes the stream, not venue 'espn'"),
        ({"kind": "missing_field", "field": "markets[x].status"}, "path 'markets[x].status': cannot read '[x].status'"),
        ({"kind": "maintenance"}, "a maintenance window needs both"),
        ({"kind": "maintenance", **TERMS["maintenance"], "clock": "real"}, "by the world's clock"),
    ],
)
def test_what_is_no_rule_is_refused_naming_it(raw: Any, said: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read_rule(raw)
    assert said in str(refusal.value)


def test_of_several_rules_the_wrong_one_is_numbered() -> None:
    with pytest.raises(ConfigurationError, match=r"faults\[1\]\.delay_ms: missing"):
        read_rules([{"kind": "blocked"}, {"kind": "latency"}])
    with pytest.raises(ConfigurationError, match="expected a list of faults"):
        read_rules({"kind": "blocked"})


def test_times_are_kept_in_utc() -> None:
    rule = read_rule({"kind": "blocked", "from": "2026-11-21T20:00:00-05:00"})
    assert to_json(rule)["from"] == "2026-11-22T01:00:00Z"


def test_a_rule_is_put_after_an_anchor() -> None:
    anchor = datetime(2026, 11, 22, 1, tzinfo=UTC)
    rule = later(read_rule({"kind": "latency", "delay_ms": 5}), anchor, timedelta(minutes=5), timedelta(minutes=2))
    assert (rule.begins, rule.ends) == (anchor + timedelta(minutes=5), anchor + timedelta(minutes=7))
    assert later(rule, anchor, timedelta(0), None).ends is None


def test_a_file_of_faults_is_read_and_named_when_it_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("- {kind: latency, delay_ms: 100}\n- {kind: blocked, venue: espn}\n")
    assert [rule.kind for rule in read_fault_file(file)] == ["latency", "blocked"]
    file.write_text("faults:\n  - {kind: latency}\n")
    with pytest.raises(ConfigurationError, match=r"faults\.yaml\[0\]\.delay_ms: missing"):
        read_fault_file(file)
    file.write_text("- {kind: [\n")
    with pytest.raises(ConfigurationError, match=r"faults\.yaml: not YAML"):
        read_fault_file(file)
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml: cannot be read"):
        read_fault_file(tmp_path / "nowhere.yaml")


BODY = {"events": [{"id": "1", "score": 1, "teams": [{"score": 2}, {"score": 3}]}, {"id": "2"}], "cursor": ""}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("cursor", [""]),
        ("events[*].id", ["1", "2"]),
        ("events[1].id", ["2"]),
        ("events[9].id", []),
        ("events[*].teams[*].score", [2, 3]),
        ("**.score", [1, 2, 3]),
        ("events[0].*", ["1", 1, [{"score": 2}, {"score": 3}]]),
        ("*", [BODY["events"], ""]),
        ("cursor.deeper", []),
    ],
)
def test_a_path_leads_to_the_fields_it_names(path: str, found: list[Any]) -> None:
    assert [owner[key] for owner, key in owners(BODY, read_path(path)) if key in owner] == found


@pytest.mark.parametrize("path", ["", "a..b", "a[*]", "a[-1].b", "**", "a b", ".a", "a[b].c"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        read_path(path)
