"""What a fault's rule may ask for beside its kind: when to come again, and of which game."""

from __future__ import annotations

import pytest

from precog_assets_tests.simulator.serving import running

STATUS = "/trade-api/v2/exchange/status"
NFL = "/apis/site/v2/sports/football/nfl/scoreboard"


@pytest.mark.parametrize("kind", ["rate_limit", "unavailable"])
def test_a_refusal_says_when_to_come_again_where_the_rule_does(kind: str) -> None:
    with running() as one:
        rule = one.control("/faults", {"kind": kind, "venue": "kalshi", "retry_after_s": 7})["id"]
        assert one.get(STATUS).headers["Retry-After"] == "7"
        one.control(f"/faults/{rule}", method="DELETE")
        one.control("/faults", {"kind": kind, "venue": "kalshi"})
        assert "Retry-After" not in one.get(STATUS).headers


def test_a_field_of_a_named_game_is_changed_and_of_no_other() -> None:
    with running() as one:
        first, *others = [event["id"] for event in one.get(NFL, dates="20261122").json()["events"]]
        rule = {"kind": "changed_field", "field": "status.type.name", "names": [first], "value": "STATUS_HALFTIME_2"}
        one.control("/faults", rule)
        events = one.get(NFL, dates="20261122").json()["events"]
        said = {event["id"]: event["status"]["type"]["name"] for event in events}
        assert others
        assert [name for name, status in said.items() if status == "STATUS_HALFTIME_2"] == [first]
