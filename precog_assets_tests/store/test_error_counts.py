"""Failures counted by hour, source and code, from any number of processes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from precog_assets.store.error_counts import Counted, count_errors, read_errors
from precog_assets_tests.store.conftest import START


def test_failures_add_up_within_the_hour_and_what_went_well_is_no_failure(store: sa.Engine) -> None:
    last = START + timedelta(minutes=59)
    with store.begin() as connection:
        count_errors(connection, {("espn", "http.timeout"): 2, ("espn", "ok"): 5, ("espn", "http.unchanged"): 1}, last)
        count_errors(connection, {("espn", "http.timeout"): 1, ("kalshi", "http.blocked"): 1}, START)
        count_errors(connection, {("espn", "http.timeout"): 1}, START + timedelta(hours=1))
        assert read_errors(connection, START) == [
            Counted("espn", "http.timeout", 4, START + timedelta(hours=1)),
            Counted("kalshi", "http.blocked", 1, START),
        ]
        assert read_errors(connection, last) == [Counted("espn", "http.timeout", 4, START + timedelta(hours=1))]
        hours = connection.execute(sa.text("SELECT count(*) FROM ops.error_counts WHERE source = 'espn'"))
        assert hours.scalar_one() == 2


def test_a_failure_without_a_code_of_ours_is_refused(store: sa.Engine) -> None:
    with store.begin() as connection, pytest.raises(ValueError, match=r"http\.teapot"):
        count_errors(connection, {("espn", "http.teapot"): 1}, START)
