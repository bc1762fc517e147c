"""The report: groups, gates, curves, JSON, and the remarks without which figures mislead."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

import pytest

from precog_assets.domain.facts import Origin
from precog_assets.pipeline.backtest.report import GateRow, Report, as_json, bets_frame, report_of
from precog_assets_tests.pipeline.backtest.bets import bet, points, result


def report(*bets, **fields) -> Report:
    return report_of(result(*bets, **fields), resamples=100)


def said(found: Report, text: str) -> bool:
    return any(text in remark for remark in found.remarks)


def test_bets_are_grouped_by_league_and_by_the_month_of_the_decision() -> None:
    found = report(bet(), bet(1, day=20, yes_value="0"), bet(2, day=20, league="nfl"))
    assert {key: one.bets for key, one in found.by_league.items()} == {"nba": 2, "nfl": 1}
    assert {key: one.profit for key, one in found.by_month.items()} == {
        "2025-10": Decimal("4.8"),
        "2025-11": Decimal("-0.4"),
    }
    assert found.total.bets == 3


def test_gates_are_counted_by_league_and_month_and_in_all() -> None:
    counts = Counter({("nba", "2025-10", "rated"): 5, ("nba", "2025-11", "rated"): 2, ("nba", "2025-11", "taken"): 1})
    found = report(by_gate=counts)
    assert found.gates[0] == GateRow("nba", "2025-10", "rated", 5)
    assert found.by_gate() == {"rated": 7, "taken": 1}


def test_below_a_hundred_bets_the_report_says_why_there_is_no_return() -> None:
    found = report(bet(), bet(1, day=1))
    assert found.total.roi is None
    assert said(found, "No return on investment is given: 2 settled bets; at least 100.")


def test_synthetic_quotes_are_said_with_what_was_assumed_of_them() -> None:
    found = report(bet(synthetic=True), events=200, synthetic=150)
    assert said(found, "150 of 200 quotes (75.0%) are synthetic")
    assert said(found, "Half a spread of 0.01 dollars")
    assert said(found, "1 of 1 bets were made on synthetic quotes")
    assert not said(report(bet(), events=200), "synthetic")


def test_assumed_starts_imports_and_open_bets_are_said() -> None:
    found = report(
        bet(yes_value=None),
        assumed_starts=3,
        disputed=1,
        origins=Counter({Origin.LIVE: 1, Origin.IMPORT: 3}),
    )
    assert said(found, "start of 3 games is assumed")
    assert said(found, "45 minutes earlier")
    assert said(found, "75.0% of the facts were imported")
    assert said(found, "1 bets were open at the end")
    assert said(found, "1 markets have a result that is none")


def test_where_nothing_was_bought_the_commonest_gate_is_named() -> None:
    found = report(by_gate=Counter({("nba", "2025-10", "rated"): 5, ("nba", "2025-10", "spread"): 2}))
    assert said(found, "Nothing was bought: of 7 quotes 5 failed first at the gate rated.")
    unfilled = report(by_gate=Counter({("nba", "2025-10", "taken"): 2}))
    assert said(unfilled, "2 decisions took a position and none of their orders was filled.")


def test_a_ledger_that_does_not_sum_to_zero_is_said() -> None:
    assert said(report(balances={"cash": Decimal(1)}), "does not sum to zero but to 1")
    assert not said(report(balances={"cash": Decimal(1), "deposits": Decimal(-1)}), "does not sum")


def test_the_curve_of_prices_paid_leaves_ties_out() -> None:
    found = report(bet(), bet(1, day=1, yes_value="0"), bet(2, day=2, yes_value="0.5"))
    assert found.prices_paid is not None
    assert found.prices_paid.pairs == 2
    assert found.prices_paid.bins[5].observed_share == pytest.approx(0.5)
    assert found.believed is not None
    assert report().prices_paid is None


def test_bets_are_rows_in_the_order_of_deciding() -> None:
    frame = bets_frame([bet(1, day=1, yes_value=None), bet(closing_mid=0.53)])
    assert frame["decision_id"].to_list() == ["d0-0", "d1-1"]
    assert frame["profit"].to_list() == [4.8, None]
    assert frame["closing_line_value"].to_list() == [pytest.approx(0.03), None]
    assert bets_frame([]).columns == frame.columns


def test_remarks_of_the_feed_come_last() -> None:
    assert report_of(result(), remarks=["of the files"], resamples=50).remarks[-1] == "of the files"


def test_a_report_survives_json() -> None:
    found = report(bet(), bet(1, day=1, closing_mid=0.5), equity=points("10004.8", "10009.6"))
    held = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert held["total"]["profit"] == pytest.approx(9.6)
    assert held["total"]["refused"]["roi"] == "2 settled bets; at least 100"
    assert held["equity"][1] == ["2025-10-23", 10009.6]
    assert held["risk"]["final_equity"] == pytest.approx(10009.6)
    assert held["strategy"] == "value"
